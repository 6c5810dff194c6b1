"""One field, one solver: from a problem to a solution that has been measured."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import keras
import numpy as np
import tensorflow as tf

from pinn.app.automatic import auto_patch_scale, auto_sampling, auto_scale, auto_solver
from pinn.app.checkpoints import Checkpoints
from pinn.app.choices import Choices
from pinn.app.marching import marching, refusal
from pinn.app.record import config_of, summary_of
from pinn.app.solution import Solution, field_evaluator
from pinn.app.work import Watch, Work, trained
from pinn.calculus import Engine, engine_named
from pinn.fields import POINTS_A_FEATURE, Ansatz, FieldRecipe, FlatField, Patches, Patchwork, RandomFeatures, Slabs
from pinn.problems import Mean, Problem, rehearse
from pinn.solvers import Chain, GaussNewton, LeastSquares, LevenbergMarquardt, Solver
from pinn.training import (
    Enforcement,
    Observer,
    ResidualObjective,
    Sampling,
    Training,
    enforce,
    interior_points,
    linear,
    require_fit,
    terms_of,
    train,
)
from pinn.training.loop import INTERRUPTED
from pinn.training.terms import EQUATION, Term, within
from pinn.validation import Evaluator, Report, validate

VALIDATION_POINTS = 2**14
# Of the asked accuracy, where training may end: the error is watched on fewer points than it is judged on.
_MARGIN = 0.9
# Of the usual number of points: a few patches alone have no neighbours whose points they share.
_DENSER = 8
# What a steepness can be chosen with: a few steps say enough.
_OF_FEATURES = (LeastSquares, GaussNewton, LevenbergMarquardt)
# No epoch of training points gets as far as these seeds.
_VALIDATION_STREAM, _HELD_OUT_STREAM = 2**31, 2**30


@final
@dataclass(frozen=True)
class Attempt:
    """A solution, its relative error, true or estimated, and whether it is no use to try anything else."""

    solution: Solution
    error: float
    ended: bool


@dataclass(frozen=True)
class _Setting:
    """A network, how it is taken apart where it is one of patches, and its points."""

    network: FlatField
    patchwork: Patchwork | None
    sampling: Sampling

    def objective(self, ansatz: Ansatz, terms: Sequence[Term], engine: Engine, seed: int) -> ResidualObjective:
        """The residuals of some terms."""
        return ResidualObjective(self.network, ansatz, terms, engine=engine, seed=seed, patchwork=self.patchwork)


@final
@dataclass(frozen=True)
class Bench:
    """A problem made ready for attempts: what every field and solver has in common.

    Args:
        problem: what is to be solved.
        chosen: everything chosen besides the field and the solver.
        enforcement: which conditions hold exactly.
        held_out: points to validate on, `[N, d]`.
        running_on: the device.
        observer: told about progress.
        checkpoints: where trainings are kept, and go on from.
        asked: the config of the whole run, which they belong to.
        watched: how many of the points the error is watched on while training.
    """

    problem: Problem
    chosen: Choices
    enforcement: Enforcement
    held_out: np.ndarray
    running_on: str
    observer: Observer | None
    checkpoints: Checkpoints | None
    asked: Mapping[str, Any]
    watched: int = 2**11

    @classmethod
    def of(
        cls,
        problem: Problem,
        chosen: Choices,
        running_on: str,
        observer: Observer | None,
        checkpoints: Checkpoints | None,
    ) -> Bench:
        """Rehearse the problem and draw the points.

        Raises:
            ValueError, TypeError: a problem or conditions that cannot work.
        """
        rehearse(problem, tf.as_dtype(chosen.dtype))
        held_out = interior_points(
            problem.domain, VALIDATION_POINTS, kind="sobol", seed=(chosen.seed, _VALIDATION_STREAM)
        )
        require_fit(chosen.balance, problem.domain, resample_every=chosen.sampling.resample_every)
        enforcement = enforce(problem, chosen.conditions)
        asked = config_of(problem, chosen, chosen.field, chosen.solver)
        points = held_out.astype(chosen.dtype)
        return cls(problem, chosen, enforcement, points, running_on, observer, checkpoints, asked)

    def with_points(self, sampling: Sampling) -> Bench:
        """The bench with these points, where nobody has chosen others."""
        free = self.chosen.sampling == Sampling() and not self.chosen.balance.pointwise
        return replace(self, chosen=replace(self.chosen, sampling=sampling)) if free else self

    def is_linear(self) -> bool:
        """Whether the equation and all conditions are linear in the field."""
        dtype = tf.as_dtype(self.chosen.dtype)
        terms = terms_of(
            self.problem, self.problem.conditions(), self.chosen.sampling, dtype=dtype, weights=self.chosen.weights
        )
        return linear(terms, components=self.problem.components, dtype=dtype, engine=engine_named(self.chosen.engine))

    def serves(self, field: FieldRecipe | keras.Model) -> bool:
        """Whether a field can work with the conditions and the points that were chosen."""
        if isinstance(field, Slabs):
            return refusal(self) is None
        if not isinstance(field, Patches):
            return True
        asked = self.chosen.sampling.interior
        enough = asked is None or asked >= field.points(self.problem.domain).features
        elsewhere = any(self.enforcement.ansatz.fluxes) or any(isinstance(c, Mean) for c in self.enforcement.penalties)
        return enough and not elsewhere and not any(self.enforcement.periodic)

    def attempt(
        self,
        field: FieldRecipe | keras.Model,
        solver: Solver | None,
        *,
        number: int = 0,
        time_limit: float | None = None,
    ) -> Attempt:
        """Train a field by a solver (`None`: by `auto_solver`), and measure it; `number` counts a run's attempts."""
        began = time.perf_counter()
        work = marching(self, field, solver) if isinstance(field, Slabs) else self._work(field, solver)
        built = time.perf_counter()
        training = trained(
            work, time_limit, observer=self.observer, checkpoints=self.checkpoints, asked=self.asked, number=number
        )
        work.network.assign(training.weights)
        report = validate(work.evaluator, self.held_out, tolerance=self.chosen.tolerance)
        seconds = {
            "build": built - began,
            "compile": training.compile_seconds,
            "train": training.train_seconds,
            "total": time.perf_counter() - began,
        }
        solution = self._solution(work, training, report, seconds)
        error = report.errors.relative_l2 if report.errors else work.estimate(training.weights)
        return Attempt(solution, error if math.isfinite(error) else math.inf, _ended(training))

    def evaluator(self, model: keras.Model) -> Evaluator:
        """What measures a network; a truth that is not finite is found here, before any training."""
        chosen = self.chosen
        found = field_evaluator(
            self.problem, model, self.enforcement.ansatz, engine=engine_named(chosen.engine), dtype=chosen.dtype
        )
        if found.known:
            found.exact(self.held_out)
        return found

    def network(self, field: FieldRecipe | keras.Model) -> FlatField:
        """The network of a recipe, or one made by hand.

        Raises:
            ValueError: it does not fit the problem.
        """
        network = FlatField(self._model(field), tf.as_dtype(self.chosen.dtype))
        _require_shape(network, self.problem)
        return network

    def terms(self, sampling: Sampling) -> tuple[Term, ...]:
        """The equation and the conditions that are penalties."""
        return terms_of(
            self.problem,
            self.enforcement.penalties,
            sampling,
            dtype=tf.as_dtype(self.chosen.dtype),
            weights=self.chosen.weights,
            natural=not self.chosen.balance.absolute,
        )

    def _work(self, field: FieldRecipe | keras.Model, solver: Solver | None) -> Work:
        """A field and its solver, with all that training takes."""
        problem, chosen = self.problem, self.chosen
        network = self.network(field)
        patchwork = Patchwork.of(network.model) if isinstance(field, Patches) else None
        setting = _Setting(network, patchwork, auto_sampling(field, chosen.sampling, problem.domain))
        engine = engine_named(chosen.engine)
        objective, others = self._objective(setting, engine), self._held_out(setting)
        solver = solver or auto_solver(chosen.dtype, field, network.size, linear=self._is_linear_for(field))
        evaluator = self.evaluator(network.model)
        advance = solver.compile(objective)
        if isinstance(field, RandomFeatures) and field.scale is None and isinstance(solver, _OF_FEATURES):
            field = auto_scale(field, network, solver, advance=advance, others=others, seed=chosen.seed)
        if isinstance(field, Patches) and field.scale is None and isinstance(solver, LeastSquares | GaussNewton):
            hardest = self._near_the_hardest(field, setting, objective)
            field = auto_patch_scale(field, network, hardest, seed=chosen.seed)

        def watched(watch: Watch) -> Training:
            tolerance = chosen.tolerance
            return train(
                objective,
                solver,
                network.weights(),
                steps_planned=_steps_planned(solver),
                goal=None if tolerance is None else _MARGIN * tolerance,
                monitor=_monitor(evaluator, objective, self.held_out[: self.watched]),
                observer=watch.observer,
                observe_every=watch.every,
                resample_every=chosen.sampling.resample_every,
                balance=chosen.balance,
                time_limit=watch.time_limit,
                resume=watch.resume,
                advance=advance,
            )

        return Work(
            field,
            solver,
            network,
            evaluator,
            engine,
            train=watched,
            estimate=lambda weights: _estimate(others, weights),
            points=objective.points,
            weights_of_terms=lambda: {name: float(w.sum()) for name, w in objective.point_weights().items()},
        )

    def _solution(self, work: Work, training: Training, report: Report, seconds: Mapping[str, float]) -> Solution:
        points = work.points()
        summary = summary_of(
            self.problem,
            self.chosen,
            work.field,
            work.solver,
            training=training,
            report=report,
            seconds=seconds,
            weights=work.network.size,
            points=points,
            weights_of_terms=work.weights_of_terms(),
            running_on=self.running_on,
            engine=work.engine,
            names=[condition.name for condition in self.enforcement.penalties],
        )
        return Solution(
            problem=self.problem,
            model=work.network.model,
            evaluator=work.evaluator,
            summary=summary,
            config=config_of(self.problem, self.chosen, work.field, work.solver),
            history=training.history.columns(),
            collocation=points,
            validation=self.held_out,
        )

    def _model(self, field: FieldRecipe | keras.Model) -> keras.Model:
        if isinstance(field, keras.Layer):
            if any(self.enforcement.periodic):
                raise ValueError(
                    "field: expected a recipe of pinn.fields, which is made periodic along an axis; got a model made "
                    "by hand. Leave the field out, or drop the periodic condition."
                )
            return field
        lower, upper = self.problem.domain.bounds
        return field.build(
            lower=lower,
            upper=upper,
            components=self.problem.components,
            dtype=self.chosen.dtype,
            seed=self.chosen.seed,
            periodic=self.enforcement.periodic,
        )

    def _near_the_hardest(self, field: Patches, setting: _Setting, objective: ResidualObjective) -> ResidualObjective:
        """The equation around the corner of the grid where it is farthest from solved.

        A scale that serves a few patches serves all of that size, and is found in the time of a few.
        """
        points = objective.points()[EQUATION]
        start = np.abs(objective.evaluate(setting.network.weights())[: len(points)])
        lower, upper = field.cell(points[int(np.argmax(start))], self.problem.domain)
        interior = _DENSER * (setting.sampling.interior or len(points))
        denser = replace(setting, sampling=replace(setting.sampling, interior=interior, kind="uniform"))
        around = 2 ** len(lower) * POINTS_A_FEATURE * field.features
        terms = [within(self.terms(denser.sampling)[0], lower, upper, around)]
        return denser.objective(self.enforcement.ansatz, terms, engine_named(self.chosen.engine), self.chosen.seed)

    def _is_linear_for(self, field: FieldRecipe | keras.Model) -> bool:
        """Whether features meet a linear equation; asked for no other field."""
        return self.is_linear() if isinstance(field, RandomFeatures | Patches) else False

    def _objective(self, setting: _Setting, engine: Engine) -> ResidualObjective:
        return setting.objective(self.enforcement.ansatz, self.terms(setting.sampling), engine, self.chosen.seed)

    def _held_out(self, setting: _Setting) -> ResidualObjective:
        # Anywhere in the domain: points on a grid would be those of every other grid.
        elsewhere = replace(setting, sampling=replace(setting.sampling, kind="uniform", adapt=None))
        seed = self.chosen.seed + _HELD_OUT_STREAM
        return elsewhere.objective(
            self.enforcement.ansatz, self.terms(elsewhere.sampling), engine_named(self.chosen.engine), seed
        )


def _ended(training: Training) -> bool:
    return training.interrupted or training.stop_reason == INTERRUPTED


def _estimate(objective: ResidualObjective, weights: np.ndarray) -> float:
    """The residual on points held out, relative to that of the field with nothing learned."""
    loss = tf.function(objective.loss, autograph=False).get_concrete_function(
        tf.TensorSpec([objective.size], objective.dtype)
    )
    start, end = (float(loss(tf.constant(w, objective.dtype))) for w in (np.zeros_like(weights), weights))
    return math.sqrt(end / start) if start > 0 else math.sqrt(end)


def _require_shape(network: FlatField, problem: Problem) -> None:
    """Try the network at one point: a model made by hand may have any number of inputs and outputs."""
    point = tf.constant(np.mean(problem.domain.bounds, axis=0, keepdims=True), network.dtype)
    expected = f"field: expected a model [N, {point.shape[1]}] -> [N, {problem.components}]"
    try:
        value = network(tf.constant(network.weights()), point)
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(f"{expected}; got one that fails: {str(error).splitlines()[0]}") from error
    if value.shape != (1, problem.components):
        raise ValueError(f"{expected}; got one that makes {value.shape.as_list()} of one point")


def _monitor(evaluator: Evaluator, objective: ResidualObjective, points: np.ndarray) -> Any:
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
