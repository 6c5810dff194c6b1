"""What a classical solver needs: error and seconds of finite differences on a problem of `pinn`, grid after grid.

    .venv/bin/python experiments/classical.py problem=poisson_2d

Equation and data are those of the problem itself (`box_problems.py`); the domain must be a box with up to three axes in
space. Errors are relative L2 at points between the nodes, where the values are joined by splines of degree 5. Seconds
are of assembling and solving; evaluating the data is not counted.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
from box_problems import box_of, equation_of, solve_on, steps_of
from configs import composed, refusing
from finite_differences import ORDERS

from pinn.app.build import problem_from
from pinn.calculus import PointSet
from pinn.geometry.time_product import TimeProduct
from pinn.problems import Problem
from pinn.training import interior_points

SIZES = {1: (8, 16, 32, 64, 128, 256, 512, 1024), 2: (8, 16, 32, 64, 128, 256, 512), 3: (8, 12, 16, 24, 32, 48)}
"""Cells an axis by the number of axes in space."""

PATIENCE = 20.0
"""Seconds that a grid may be expected to take."""

HELD_OUT = 2**14
_SHORT = 0.05
_MOST_VALUES = 2e7  # of all levels of time together: 160 MB


@dataclass(frozen=True)
class Rung:
    """One grid: cells an axis, relative L2 error, seconds."""

    order: int
    cells: int
    error: float
    seconds: float


def held_out(problem: Problem) -> np.ndarray:
    """Points to measure errors at, `[16384, d]`."""
    return interior_points(problem.domain, HELD_OUT, kind="sobol", seed=(0, 2**31))


def ladder(problem: Problem, points: np.ndarray, *, order: int, patience: float = PATIENCE) -> Iterator[Rung]:
    """Grid after grid, twice as fine or so, until the next would take more than `patience` seconds.

    Raises:
        ValueError: a problem that finite differences of this order do not serve.
    """
    equation = equation_of(problem)
    if problem.exact is None:
        raise ValueError(f"{problem.name}: errors need the exact solution; it is not known")
    if order == 4 and any(not condition.fixes_value for condition in problem.conditions()):
        raise ValueError(f"{problem.name}: the compact stencil of order 4 is for values on all faces; a flux is given")
    truth = _truth(problem, points)
    axes, sizes = len(box_of(problem).axes), SIZES[len(box_of(problem).axes)]
    rungs: list[Rung] = []
    for cells in sizes:
        levels = steps_of(cells, order) + 1 if isinstance(problem.domain, TimeProduct) else 1
        if _expected(rungs, cells, axes) > patience or (cells + 1) ** axes * levels > _MOST_VALUES:
            return
        found = solve_on(problem, equation, cells, order=order)
        error = float(np.linalg.norm(found(points) - truth) / np.linalg.norm(truth))
        again = 2 if found.seconds < _SHORT else 0  # the least of several: a short time is easily disturbed
        seconds = [found.seconds, *(solve_on(problem, equation, cells, order=order).seconds for _ in range(again))]
        rungs.append(Rung(order, cells, error, min(seconds)))
        yield rungs[-1]


def _expected(rungs: Sequence[Rung], cells: int, axes: int) -> float:
    """The seconds that a grid will take: fill-in and steps grow like a power of the cells.

    The power is that of the last two grids, and at least that of a factorisation where it can be felt.
    """
    if len(rungs) < 2:
        return 0.0
    before, last = rungs[-2:]
    seen = math.log(last.seconds / before.seconds) / math.log(last.cells / before.cells)
    power = max(seen, 3.0 * axes - 3.0) if last.seconds > 0.1 else seen
    return last.seconds * (cells / last.cells) ** power


def _truth(problem: Problem, points: np.ndarray) -> np.ndarray:
    assert problem.exact is not None
    return tf.convert_to_tensor(problem.exact(PointSet(tf.constant(points), problem.domain.axes))).numpy()


def ladders(problem: Problem, points: np.ndarray, *, patience: float = PATIENCE) -> dict[int, list[Rung]]:
    """The ladder of every order that serves the problem.

    Raises:
        ValueError: none does.
    """
    found: dict[int, list[Rung]] = {}
    for order in ORDERS:
        try:
            found[order] = list(ladder(problem, points, order=order, patience=patience))
        except ValueError:
            if order == ORDERS[0]:
                raise
    return found


@dataclass(frozen=True)
class Equal:
    """The classical solution of equal error: order, cells an axis and seconds; `reached` is whether a measured grid is
    that accurate.
    """

    order: int
    cells: int
    seconds: float
    reached: bool

    def __str__(self) -> str:
        scheme = f"order {self.order}, {self.cells} cells, {self.seconds:.2g} s"
        return scheme if self.reached else f"beyond {scheme}"


def equal_accuracy(found: Mapping[int, Sequence[Rung]], error: float) -> Equal:
    """What the quicker scheme needs for an error, interpolated on its measured ladder in logarithms.

    Errors below all measured ones are not extrapolated: the most accurate grid is named instead.
    """
    reaching = [equal for rungs in found.values() if (equal := _between(rungs, error)) is not None]
    if reaching:
        return min(reaching, key=lambda equal: equal.seconds)
    best = min((rung for rungs in found.values() for rung in rungs), key=lambda rung: rung.error)
    return Equal(best.order, best.cells, best.seconds, reached=False)


def _between(rungs: Sequence[Rung], error: float) -> Equal | None:
    after = next((k for k, rung in enumerate(rungs) if rung.error <= error), None)
    if after is None:
        return None
    fine = rungs[after]
    if after == 0:
        return Equal(fine.order, fine.cells, fine.seconds, reached=True)
    coarse = rungs[after - 1]
    part = math.log(coarse.error / error) / math.log(coarse.error / fine.error)
    cells = math.exp(math.log(coarse.cells) + part * math.log(fine.cells / coarse.cells))
    seconds = math.exp(math.log(coarse.seconds) + part * math.log(fine.seconds / coarse.seconds))
    return Equal(fine.order, math.ceil(cells), seconds, reached=True)


def main(words: Sequence[str] | None = None) -> int:
    """Print the ladder of each order; the exit status is 2 where the problem cannot be served."""

    def run() -> None:
        problem = problem_from(composed(sys.argv[1:] if words is None else words)["problem"])
        print(f"{problem.name}: finite differences")
        print(f"{'order':>5}{'cells':>7}{'error':>10}{'seconds':>10}")
        for rungs in ladders(problem, held_out(problem)).values():
            for rung in rungs:
                print(f"{rung.order:5}{rung.cells:7}{rung.error:10.1e}{rung.seconds:10.3f}", flush=True)

    return refusing("classical", run)


if __name__ == "__main__":
    sys.exit(main())
