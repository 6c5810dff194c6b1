"""Problem in, solution out: the one call behind the command and the notebook."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pinn.app.automatic import AUTO, auto_scale, auto_solver
from pinn.app.choices import Choices, require
from pinn.app.describe import describe_field, describe_problem, describe_sampling, describe_solver, plain
from pinn.app.devices import on
from pinn.app.solution import Solution, field_evaluator
from pinn.calculus import Engine, PointSet, engine_named
from pinn.fields import FieldRecipe, FlatField, Mlp, RandomFeatures
from pinn.problems import Problem, rehearse
from pinn.solvers import Chain, LeastSquares, Solver
from pinn.training import (
    Enforcement,
    Observer,
    ResidualObjective,
    Sampling,
    Training,
    enforce,
    interior_points,
    terms_of,
    train,
)
from pinn.validation import Report, validate

VALIDATION_POINTS = 2**14
_MONITOR_POINTS = 2**11
# Of the asked accuracy, where training may end: the error is watched on fewer points than it is judged on.
_MARGIN = 0.9
_VALIDATION_STREAM = 2**31  # no epoch of training points gets this far


def solve(
    problem: Problem,
    field: FieldRecipe | keras.Model | None = None,
    solver: Solver | str = "auto",
    accuracy: float | None = None,
    seed: int = 0,
    *,
    sampling: Sampling | None = None,
    engine: str = "auto",
    conditions: str = "auto",
    weights: Mapping[str, float] | None = None,
    dtype: str = "float64",
    device: str = "auto",
    time_limit: float | None = None,
    observer: Observer | None = None,
) -> Solution:
    """Train a neural field until the residual of a problem vanishes, and measure it against the truth.

    Args:
        problem: the equation, its domain and conditions; with `exact` the verdict is against the exact solution.
        field: a recipe such as `Mlp(width=64)`, or a Keras model `[N, d] -> [N, m]`, which is trained in place.
            Default `Mlp()`.
        solver: `auto` (see `pinn.app.automatic.auto_solver`) or a solver.
        accuracy: the relative L2 error asked for: where the exact solution is known training ends when it is reached,
            and the verdict says whether it was met.
        seed: of the weights and the points: the same seed gives the same solution, bit for bit.
        sampling: how many collocation points and how they are spread. Default `Sampling()`.
        engine: how derivatives are computed, see `pinn.calculus.engine_named`.
        conditions: `auto`, `exact` or `penalty`, see `pinn.training.enforce`.
        weights: factors of the terms of the loss by name; `conditions` sets all conditions at once. Default: see
            `pinn.training.natural_weight`.
        dtype: `float64` or `float32`.
        device: `auto`, `cpu`, `gpu`, `gpu:1`, ...
        time_limit: seconds of training.
        observer: told about progress after every block of steps.

    Returns:
        The best field found, also when training failed or was interrupted: `solution.summary["stop_reason"]` says so.

    Raises:
        ValueError, TypeError: input that cannot work, before any training.
    """
    chosen = Choices(
        field=Mlp() if field is None else field,
        solver=_solver(solver),
        sampling=Sampling() if sampling is None else sampling,
        engine=engine,
        conditions=conditions,
        weights={} if weights is None else weights,
        accuracy=accuracy,
        seed=int(seed) if isinstance(seed, np.integer) else seed,
        dtype=dtype,
        device=device,
        time_limit=time_limit,
    )
    require(problem, chosen, observer)
    with on(device) as running_on:
        return _solve(problem, chosen, running_on, observer)


def _solve(problem: Problem, chosen: Choices, running_on: str, observer: Observer | None) -> Solution:
    began = time.perf_counter()
    rehearse(problem, tf.as_dtype(chosen.dtype))
    enforcement = enforce(problem, chosen.conditions)
    network = FlatField(_network(problem, chosen), tf.as_dtype(chosen.dtype))
    _require_shape(network, problem)
    engine = engine_named(chosen.engine)
    objective = _objective(problem, chosen, enforcement, network, engine)
    solver = chosen.solver or auto_solver(chosen.dtype, chosen.field, network.size)
    chosen = replace(chosen, solver=solver)
    evaluator = field_evaluator(
        problem, network.model, enforcement.ansatz, engine=engine_named(chosen.engine), dtype=chosen.dtype
    )
    held_out = interior_points(
        problem.domain, VALIDATION_POINTS, kind="sobol", seed=(chosen.seed, _VALIDATION_STREAM)
    ).astype(chosen.dtype)
    if problem.exact is not None:
        evaluator.exact(held_out)  # a truth that is not finite is found before any training
    if isinstance(chosen.field, RandomFeatures) and chosen.field.scale is None and isinstance(solver, LeastSquares):
        chosen = replace(chosen, field=auto_scale(chosen.field, network, objective, solver, chosen.seed))
    built = time.perf_counter()
    training = train(
        objective,
        solver,
        network.weights(),
        steps_planned=_steps_planned(solver),
        goal=None if chosen.accuracy is None else _MARGIN * chosen.accuracy,
        monitor=_monitor(problem, objective, held_out[:_MONITOR_POINTS]),
        observer=observer,
        resample_every=chosen.sampling.resample_every,
        time_limit=chosen.time_limit,
    )
    network.assign(training.weights)
    report = validate(evaluator, held_out, tolerance=chosen.accuracy)
    points = objective.points()
    seconds = {
        "build": built - began,
        "compile": training.compile_seconds,
        "train": training.train_seconds,
        "total": time.perf_counter() - began,
    }
    return Solution(
        problem=problem,
        model=network.model,
        evaluator=evaluator,
        summary=_summary(
            problem,
            chosen,
            solver,
            training=training,
            report=report,
            seconds=seconds,
            weights=network.size,
            points=points,
            running_on=running_on,
            engine=engine,
        ),
        config=_config(problem, chosen, solver),
        history=training.history.columns(),
        collocation=points,
        validation=held_out,
        state=training.state,
    )


def _solver(solver: Solver | str) -> Solver | None:
    if isinstance(solver, Solver):
        return solver
    if solver != AUTO:
        raise ValueError(f"solver: expected 'auto' or a solver such as pinn.solvers.Adam(); got {solver!r}")
    return None


def _network(problem: Problem, chosen: Choices) -> keras.Model:
    if isinstance(chosen.field, keras.Layer):
        return chosen.field
    lower, upper = problem.domain.bounds
    return chosen.field.build(
        lower=lower, upper=upper, components=problem.components, dtype=chosen.dtype, seed=chosen.seed
    )


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


def _objective(
    problem: Problem, chosen: Choices, enforcement: Enforcement, network: FlatField, engine: Engine
) -> ResidualObjective:
    terms = terms_of(problem, enforcement.penalties, chosen.sampling, dtype=network.dtype, weights=chosen.weights)
    return ResidualObjective(network, enforcement.ansatz, terms, engine=engine, seed=chosen.seed)


def _monitor(problem: Problem, objective: ResidualObjective, points: np.ndarray) -> Any:
    """The true relative L2 error as a function of the weights, on a few of the held-out points; absolute where the
    truth is zero, as in the validation.
    """
    if problem.exact is None:
        return None
    coordinates = tf.constant(points)
    truth = tf.convert_to_tensor(problem.exact(PointSet(coordinates, problem.domain.axes)))
    truth = truth[:, tf.newaxis] if truth.shape.rank == 1 else truth
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


def _summary(
    problem: Problem,
    chosen: Choices,
    solver: Solver,
    *,
    training: Training,
    report: Report,
    seconds: Mapping[str, float],
    weights: int,
    points: Mapping[str, np.ndarray],
    running_on: str,
    engine: Engine,
) -> dict[str, Any]:
    return {
        "problem": problem.name,
        "verdict": "fail" if training.failure else report.verdict,
        "tolerance": report.tolerance,
        "errors": asdict(report.errors) if report.errors else None,
        "residual": asdict(report.residual),
        "reference": asdict(report.reference) if report.reference else None,
        "seconds": dict(seconds),
        "steps": training.steps,
        "stop_reason": training.stop_reason if not training.failure else f"{training.stop_reason}; {training.failure}",
        "engine": engine.name,
        "solver": solver.name,
        "field": _field_name(chosen.field),
        "weights": weights,
        "points": {**{name: len(p) for name, p in points.items()}, "validation": report.points},
        "dtype": chosen.dtype,
        "seed": chosen.seed,
        "device": running_on,
        "versions": _versions(),
        "citation": problem.citation,
    }


def _field_name(field: FieldRecipe | keras.Model) -> str:
    return field.name if isinstance(field, keras.Layer) else str(describe_field(field)["name"])


def _versions() -> dict[str, str]:
    from pinn import __version__

    return {
        "pinn": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def _config(problem: Problem, chosen: Choices, solver: Solver) -> dict[str, Any]:
    recipe = None if isinstance(chosen.field, keras.Layer) else chosen.field
    config = {
        "name": problem.name,
        "problem": describe_problem(problem),
        "field": describe_field(recipe),
        "solver": describe_solver(solver),
        "sampling": describe_sampling(chosen.sampling),
        "engine": {"name": chosen.engine},
        "accuracy": chosen.accuracy,
        "conditions": chosen.conditions,
        "weights": dict(chosen.weights),
        "seed": chosen.seed,
        "dtype": chosen.dtype,
        "device": chosen.device,
        "time_limit": chosen.time_limit,
    }
    return {key: plain(value) for key, value in config.items()}
