"""One field, one solver: from a problem to a solution that has been measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import keras

from pinn.app import evolving, marching
from pinn.app.bench import Bench
from pinn.app.collocation import collocated
from pinn.app.record import config_of, summary_of
from pinn.app.solution import Solution
from pinn.app.work import Work, trained
from pinn.fields import EvolvingFeatures, FieldRecipe, Patches, Slabs
from pinn.solvers import Solver
from pinn.training import Training
from pinn.training.loop import INTERRUPTED
from pinn.validation import Report, validate


@final
@dataclass(frozen=True)
class Attempt:
    """A solution, its relative error, true or estimated, and whether it is no use to try anything else."""

    solution: Solution
    error: float
    ended: bool


class _Way(NamedTuple):
    """Why a field that goes through time cannot serve, if it cannot, and its work."""

    refusal: Callable[[Bench], str | None]
    make_ready: Callable[[Bench, Any, Solver | None], Work]


_THROUGH_TIME: Mapping[type, _Way] = {
    Slabs: _Way(marching.refusal, marching.marching),
    EvolvingFeatures: _Way(evolving.refusal, evolving.evolving),
}
"""All other fields are trained at points of the whole domain at once."""


def serves(bench: Bench, field: FieldRecipe | keras.Model) -> bool:
    """Whether a field can work with the conditions and the points that were chosen."""
    if type(field) in _THROUGH_TIME:
        return _THROUGH_TIME[type(field)].refusal(bench) is None
    if not isinstance(field, Patches):
        return True
    asked, enforcement = bench.chosen.sampling.interior, bench.enforcement
    enough = asked is None or asked >= field.points(bench.problem.domain).features
    return enough and not any(enforcement.ansatz.fluxes) and not any(enforcement.periodic)


def attempt(
    bench: Bench,
    field: FieldRecipe | keras.Model,
    solver: Solver | None,
    *,
    number: int = 0,
    time_limit: float | None = None,
) -> Attempt:
    """Train a field by a solver (`None`: by the one that serves it), and measure it; `number` counts a run's attempts.

    Raises:
        ValueError: they do not fit the problem or each other, or contradict the checkpoints.
    """
    began = time.perf_counter()
    make_ready = _THROUGH_TIME[type(field)].make_ready if type(field) in _THROUGH_TIME else collocated
    work = make_ready(bench, field, solver)
    built = time.perf_counter()
    training = trained(
        work, time_limit, observer=bench.observer, checkpoints=bench.checkpoints, asked=bench.asked, number=number
    )
    work.network.assign(training.weights)
    report = validate(work.evaluator, bench.held_out, tolerance=bench.chosen.tolerance)
    seconds = {
        "build": built - began,
        "compile": training.compile_seconds,
        "train": training.train_seconds,
        "total": time.perf_counter() - began,
    }
    solution = _solution(bench, work, training, report, seconds)
    estimated = solution.summary["self_consistency"]
    error = report.errors.relative_l2 if report.errors else estimated["value"]
    ended = training.interrupted or training.stop_reason == INTERRUPTED
    return Attempt(solution, error if math.isfinite(error) else math.inf, ended)


def _solution(bench: Bench, work: Work, training: Training, report: Report, seconds: Mapping[str, float]) -> Solution:
    points = work.points()
    penalties = [condition.name for condition in bench.enforcement.penalties]
    summary = summary_of(
        bench.problem,
        bench.chosen,
        work.field,
        work.solver,
        training=training,
        report=report,
        seconds=seconds,
        weights=work.network.size,
        points=points,
        weights_of_terms=work.weights_of_terms(),
        device=bench.running_on.described(work.replicas),
        replicas=work.replicas,
        engine=work.engine,
        names=penalties,
        exact=[condition.name for condition in bench.problem.conditions() if condition.name not in penalties],
        estimate=None if report.errors else work.estimate(training.weights),
        why_not=bench.truth.why_not,
        origin=bench.origin,
    )
    return Solution(
        problem=bench.problem,
        model=work.network.model,
        evaluator=work.evaluator,
        summary=summary,
        config=config_of(bench.problem, bench.chosen, work.field, work.solver),
        history=training.history.columns(),
        collocation=points,
        validation=bench.held_out,
    )
