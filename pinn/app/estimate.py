"""What a run will take, told before it: the field and solver that it begins with, memory, and seconds."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import final

import numpy as np
import tensorflow as tf

from pinn.app.automatic import SCALES, auto_sampling, auto_solver
from pinn.app.bench import Bench
from pinn.app.describe import describe_field
from pinn.app.ladder import Rung
from pinn.app.solve import planned
from pinn.calculus import engine_named
from pinn.fields import EvolvingFeatures, Patches, RandomFeatures, Slabs
from pinn.solvers import Solver, demand, fits_in_memory, operations
from pinn.training.terms import Term
from pinn.validation.checks import Finding

NAME = "cost"
_START = 10.0  # seconds to load, build and compile
_OF_PEAK = 0.25  # of the speed of a matrix product: an evaluation of a small network and its gradient
_SIDE, _TIMES = 512, 5  # of the matrices that are multiplied to measure the speed: other work spoils some of them
_AXES_OF_A_ROW = 2.0  # operations a weight and carried row


def cost(bench: Bench) -> list[Finding]:
    """Memory and seconds of the first pair of field and solver that a run tries, as the run itself would choose it.

    Memory is that which the solver is refused for where there is less (see `pinn.solvers.work.demand`). The seconds are
    operations over the speed of this machine, and those of all steps: a guess within some factor, from above where a
    solver ends before its last step.
    """
    rungs = planned(bench)
    first = rungs[0]
    others = f"; then {', '.join(dict.fromkeys(_name(rung) for rung in rungs[1:]))}" if rungs[1:] else ""
    if isinstance(first.field, Slabs | Patches | EvolvingFeatures):
        what = f"{_name(first)}, whose cost shows while it goes on{others}"
        return [Finding("ok", NAME, what, remedy="time_limit=60 ends training after as many seconds")]
    plan = _Plan.of(bench.with_points(first.sampling), first)
    asked = demand(plan.solver, plan.rows, plan.weights)
    numbers = {"weights": plan.weights, "rows": plan.rows, "bytes": asked.size, "seconds": plan.seconds}
    about = f"{_name(first)} by {plan.solver.name}: {plan.weights} weights, {plan.rows} residuals"
    try:
        fits_in_memory(*asked)
    except ValueError as error:
        return [Finding("error", NAME, f"{about}; {error}", _name(first), asked.remedy, numbers)]
    what = f"{about}, {_memory(asked.size)}, up to {_shown(plan.seconds)}{others}"
    return [Finding("ok", NAME, what, numbers=numbers)]


@final
@dataclass(frozen=True)
class _Plan:
    """A solver, the sizes that it meets, and the seconds that it takes."""

    solver: Solver
    weights: int
    rows: int
    seconds: float

    @classmethod
    def of(cls, bench: Bench, rung: Rung) -> _Plan:
        field = rung.field
        network = bench.network(field)
        terms = bench.terms(auto_sampling(field, bench.chosen.sampling, bench.problem.domain))
        sizes = [_size(bench, term) for term in terms]
        rows = sum(rows for rows, _ in sizes)
        weights = network.size
        features = isinstance(field, RandomFeatures)
        solver = rung.solver or auto_solver(bench.chosen.dtype, field, weights, linear=features and bench.is_linear())
        evaluation = _AXES_OF_A_ROW * weights * sum(carried for _, carried in sizes)
        taken = operations(solver, rows, weights, evaluation=evaluation)
        speed = _speed()
        tries = len(SCALES) + 1 if isinstance(field, RandomFeatures) and field.scale is None else 1
        seconds = tries * (taken.evaluations / (_OF_PEAK * speed) + taken.algebra / speed)
        return cls(solver, weights, rows, _START + seconds)


def _size(bench: Bench, term: Term) -> tuple[int, int]:
    """The residuals of a term, and the rows that its derivatives carry in all."""
    points, normals = term.draw((bench.chosen.seed,))
    dtype = tf.as_dtype(bench.chosen.dtype)
    point, normal = (tf.constant(array[:1], dtype) for array in (points, normals))
    ones = tf.ones([1, bench.problem.components], dtype)
    found = term.rows(lambda x: ones + 0.0 * x[:, :1], point, normal, engine_named(bench.chosen.engine))
    return len(points) * len(found), len(points) * term.needs.rows


def _speed() -> float:
    """Operations a second of a matrix product, measured in some milliseconds."""
    matrix = np.ones((_SIDE, _SIDE))
    best = math.inf
    for _ in range(_TIMES):
        began = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - began)
    return 2.0 * _SIDE**3 / max(best, 1e-6)


def _name(rung: Rung) -> str:
    return str(describe_field(rung.field)["name"])


def _memory(size: int) -> str:
    return f"{max(size / 2**20, 1.0):.0f} MiB" if size < 2**30 else f"{size / 2**30:.1f} GiB"


def _shown(seconds: float) -> str:
    """One digit is all that is known."""
    digit = 10 ** math.floor(math.log10(seconds))
    rounded = math.ceil(seconds / digit) * digit
    for most, unit, size in ((120, "s", 1), (7200, "min", 60)):
        if rounded <= most:
            return f"{rounded / size:.0f} {unit}"
    return f"{rounded / 3600:.0f} h"
