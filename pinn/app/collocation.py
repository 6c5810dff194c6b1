"""How fields are made ready to be trained at points of the whole domain at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from pinn.app.automatic import auto_patch_scale, auto_sampling, auto_scale, auto_solver
from pinn.app.bench import Bench
from pinn.app.running import Running
from pinn.app.work import Watch, Work
from pinn.calculus import Engine, engine_named
from pinn.fields import POINTS_A_FEATURE, FieldRecipe, FlatField, Patches, Patchwork, RandomFeatures
from pinn.solvers import Chain, GaussNewton, LeastSquares, LevenbergMarquardt, Solver
from pinn.training import ResidualObjective, Sampling, SpreadObjective, Training, train
from pinn.training.terms import EQUATION, Term, within
from pinn.validation import Evaluator

# Of the asked accuracy, where training may end: the error is watched on fewer points than it is judged on.
_MARGIN = 0.9
# Of the usual number of points: a few patches alone have no neighbours whose points they share.
_DENSER = 8
# What a steepness can be chosen with: a few steps say enough.
_OF_FEATURES = (LeastSquares, GaussNewton, LevenbergMarquardt)
# No epoch of training points gets as far as this seed.
_HELD_OUT_STREAM = 2**30


def collocated(bench: Bench, field: FieldRecipe | keras.Model, solver: Solver | None) -> Work:
    """A field and its solver (`None`: by `auto_solver`), with all that training takes.

    Raises:
        ValueError: they do not fit the problem or each other.
    """
    chosen = bench.chosen
    network = bench.network(field)
    setting = _Setting(
        bench,
        network,
        Patchwork.of(network.model) if isinstance(field, Patches) else None,
        auto_sampling(field, chosen.sampling, bench.problem.domain),
    )
    engine = engine_named(chosen.engine)  # `auto` comes to know what it takes for this objective
    objective, others = setting.objective(engine), setting.held_out()
    shared = _shared(objective, bench.running_on, field)
    of_features = isinstance(field, RandomFeatures | Patches)  # what a linear equation is asked for
    solver = solver or auto_solver(chosen.dtype, field, network.size, linear=of_features and bench.is_linear())
    evaluator = bench.evaluator(network.model)
    advance = solver.compile(shared)
    if isinstance(field, RandomFeatures) and field.scale is None and isinstance(solver, _OF_FEATURES):
        field = auto_scale(field, network, solver, advance=advance, others=others, seed=chosen.seed)
    if isinstance(field, Patches) and field.scale is None and isinstance(solver, LeastSquares | GaussNewton):
        field = auto_patch_scale(field, network, setting.near_the_hardest(field, objective), seed=chosen.seed)

    def watched(watch: Watch) -> Training:
        tolerance = chosen.tolerance
        return train(
            shared,
            solver,
            network.weights(),
            steps_planned=_steps_planned(solver),
            goal=None if tolerance is None else _MARGIN * tolerance,
            monitor=_monitor(evaluator, objective, bench.held_out[: bench.watched]),
            observer=watch.observer,
            keeper=watch.keeper,
            resample_every=chosen.sampling.resample_every,
            balance=chosen.balance,
            time_limit=watch.time_limit,
            resume=watch.resume,
            advance=advance,
            together=bench.running_on.together,
        )

    return Work(
        field,
        solver,
        network,
        evaluator,
        engine,
        train=watched,
        estimate=lambda weights: self_consistency(others, weights),
        points=objective.points,
        weights_of_terms=lambda: {name: float(w.sum()) for name, w in objective.point_weights().items()},
        replicas=shared.replicas if isinstance(shared, SpreadObjective) else 1,
    )


def _shared(
    objective: ResidualObjective, running: Running, field: FieldRecipe | keras.Model
) -> ResidualObjective | SpreadObjective:
    """The objective on all devices of a run. The sparse systems of patches are solved on one."""
    if running.replicas is None:
        return objective
    if isinstance(field, Patches):
        running.say_alone("field=patches")
        return objective
    return SpreadObjective(objective, running.replicas)


@dataclass(frozen=True)
class _Setting:
    """A network on a bench, how it is taken apart where it is one of patches, and its points."""

    bench: Bench
    network: FlatField
    patchwork: Patchwork | None
    sampling: Sampling

    def objective(
        self, engine: Engine | None = None, *, terms: Sequence[Term] | None = None, stream: int = 0
    ) -> ResidualObjective:
        """The residuals of some terms, or of all, at points of a stream of chance, by this engine or a fresh one."""
        return ResidualObjective(
            self.network,
            self.bench.enforcement.ansatz,
            self.bench.terms(self.sampling) if terms is None else terms,
            engine=engine or engine_named(self.bench.chosen.engine),
            seed=self.bench.chosen.seed + stream,
            patchwork=self.patchwork,
        )

    def held_out(self) -> ResidualObjective:
        """The residuals anywhere in the domain: points on a grid would be those of every other grid."""
        elsewhere = replace(self, sampling=replace(self.sampling, kind="uniform", towards=None, adapt=None))
        return elsewhere.objective(stream=_HELD_OUT_STREAM)

    def near_the_hardest(self, field: Patches, objective: ResidualObjective) -> ResidualObjective:
        """The equation around the corner of the grid where it is farthest from solved.

        A scale that serves a few patches serves all of that size, and is found in the time of a few.
        """
        points = objective.points()[EQUATION]
        start = np.abs(objective.evaluate(self.network.weights())[: len(points)])
        lower, upper = field.cell(points[int(np.argmax(start))], self.bench.problem.domain)
        interior = _DENSER * (self.sampling.interior or len(points))
        denser = replace(self, sampling=replace(self.sampling, interior=interior, kind="uniform"))
        around = 2 ** len(lower) * POINTS_A_FEATURE * field.features
        return denser.objective(terms=[within(self.bench.terms(denser.sampling)[0], lower, upper, around)])


def held_out(bench: Bench, network: FlatField) -> ResidualObjective:
    """The residuals of a network at points that nobody trains on."""
    return _Setting(bench, network, None, bench.chosen.sampling).held_out()


def self_consistency(objective: ResidualObjective, weights: np.ndarray) -> float:
    """The residual on points held out, relative to that of the field with nothing learned."""
    loss = tf.function(objective.loss, autograph=False).get_concrete_function(
        tf.TensorSpec([objective.size], objective.dtype)
    )
    start, end = (float(loss(tf.constant(w, objective.dtype))) for w in (np.zeros_like(weights), weights))
    return math.sqrt(end / start) if start > 0 else math.sqrt(end)


def _monitor(
    evaluator: Evaluator, objective: ResidualObjective, points: np.ndarray
) -> Callable[[np.ndarray], float] | None:
    """The true relative L2 error as a function of the weights, on a few of the held-out points; absolute where the
    truth is zero, as in the validation.
    """
    if not evaluator.known:
        return None
    coordinates = tf.constant(points)
    truth = tf.constant(evaluator.exact(points).reshape(len(points), -1), objective.dtype)
    scale = float(tf.norm(truth)) or math.sqrt(len(points))

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([objective.size], objective.dtype)])
    def error(weights: tf.Tensor) -> tf.Tensor:
        return tf.norm(objective.field(weights)(coordinates) - truth) / scale

    # A function that is traced anew in every run would have TensorFlow warn of it in a notebook or a sweep.
    traced = error.get_concrete_function()
    return lambda weights: float(traced(tf.constant(weights, objective.dtype)))


def _steps_planned(solver: Solver) -> int:
    stages = solver.stages if isinstance(solver, Chain) else (solver,)
    return sum(int(getattr(stage, "max_steps", 0)) for stage in stages)
