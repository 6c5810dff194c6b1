r"""What a classical solver needs: error and seconds of finite differences on a problem of `pinn`, grid after grid.

    .venv/bin/python experiments/classical.py problem=poisson_2d

Equation and data are those of the problem itself: its residual, tried on waves, must be
`\sum_i a_i u_{x_i x_i} + f` (Poisson) or `b u_t + \sum_i a_i u_{x_i x_i} + f` (heat) with numbers `a_i`, `b`; `f` is
the residual of the zero field. The domain must be a box with up to three axes in space. Errors are relative L2 at
points between the nodes, where the values are joined by splines of degree 5; seconds are of assembling and solving.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
from finite_differences import ORDERS, Boundary, Grid, GridSolution, heat, poisson

from pinn.calculus import PointSet, engine_named
from pinn.geometry import Box
from pinn.geometry.time_product import TimeProduct
from pinn.problems import Condition, Problem
from pinn.training import interior_points
from pinn.validation import Evaluator

SIZES = {1: (8, 16, 32, 64, 128, 256, 512, 1024), 2: (8, 16, 32, 64, 128, 256, 512), 3: (8, 12, 16, 24, 32, 48)}
"""Cells an axis by the number of axes in space."""

PATIENCE = 20.0
"""Seconds that a grid may be expected to take."""

HELD_OUT = 2**14
_MOST_VALUES = 2e7  # of all levels of time together: 160 MB
_TOGETHER = 2**17  # points that a function is asked for at once
_ROUND_OFF = 1e-9  # of a residual with second derivatives of waves


PointFunction = Callable[[np.ndarray], np.ndarray]  # points [N, d] -> [N]


@dataclass(frozen=True)
class Equation:
    r"""`rate u_t + \sum_i second[i] u_{x_i x_i} + f = 0`, with `f` a function of points `[N, d]`."""

    second: tuple[float, ...]
    rate: float
    source: PointFunction


@dataclass(frozen=True)
class Rung:
    """One grid: cells an axis, relative L2 error, seconds."""

    order: int
    cells: int
    error: float
    seconds: float


def equation_of(problem: Problem) -> Equation:
    """The equation of a problem, by trying its residual.

    Raises:
        ValueError: no box, more than three axes in space, several components, or another equation.
    """
    box = _box(problem)
    if problem.components != 1:
        raise ValueError(f"{problem.name}: finite differences are for one component; got {problem.components}")
    points = interior_points(problem.domain, 64, kind="sobol", seed=(0,))
    source = _residual(problem, lambda p: 0.0 * p[:, :1])
    basis, found = [], []
    for wave in np.random.default_rng(0).uniform(0.5, 2.0, (len(problem.domain.axes) + 2, len(problem.domain.axes))):
        phase = points @ wave
        columns = [-(wave[i] ** 2) * np.sin(phase) for i in range(len(box.axes))]
        basis.append(np.stack([*columns, wave[-1] * np.cos(phase)][: len(problem.domain.axes)], axis=1))
        field = _wave(wave)
        found.append(_residual(problem, field)(points) - source(points))
    matrix, values = np.concatenate(basis), np.concatenate(found)
    numbers, *_ = np.linalg.lstsq(matrix, values, rcond=None)
    second, rate = tuple(map(float, numbers[: len(box.axes)])), float(sum(numbers[len(box.axes) :]))
    misfit = np.abs(matrix @ numbers - values).max()
    if not misfit <= _ROUND_OFF * np.abs(values).max() or not _is_elliptic(second, rate):
        raise ValueError(
            f"{problem.name}: finite differences are for Poisson's equation and the heat equation with constant "
            "coefficients; the residual is another one"
        )
    return Equation(second, rate, source)


def _is_elliptic(second: Sequence[float], rate: float) -> bool:
    """Whether all `a_i` have one sign, the other one than that of the rate."""
    return all(a * second[0] > 0 and a * rate <= 0 for a in second)


def _box(problem: Problem) -> Box:
    """The domain in space.

    Raises:
        ValueError: it is no box, or one with more than three axes.
    """
    shape = problem.domain.space if isinstance(problem.domain, TimeProduct) else problem.domain
    if not isinstance(shape, Box):
        raise ValueError(
            f"{problem.name}: finite differences are for boxes; the domain is of the kind {type(shape).__name__}"
        )
    if len(shape.axes) > 3:
        raise ValueError(f"{problem.name}: a grid is for up to 3 axes in space; the domain has {len(shape.axes)}")
    return shape


def _wave(wave: np.ndarray) -> Callable[[tf.Tensor], tf.Tensor]:
    return lambda p: tf.sin(p @ tf.constant(wave[:, np.newaxis], p.dtype))


def _residual(problem: Problem, field: Callable[[tf.Tensor], tf.Tensor]) -> PointFunction:
    """The residual of a field as a function of points, `[N, d] -> [N]`."""
    evaluator = Evaluator(problem, field, engine_named("tape"), tf.float64)

    def residual(points: np.ndarray) -> np.ndarray:
        answers = evaluator.residuals(points)
        if len(answers) != 1:
            raise ValueError(f"{problem.name}: finite differences are for one equation; it has {', '.join(answers)}")
        return next(iter(answers.values()))

    return residual


def boundary_of(problem: Problem, grid: Grid, second: Sequence[float], times: np.ndarray | None) -> Boundary:
    """What the conditions of a problem say at the nodes of a grid, at all levels of time if there is time.

    Raises:
        ValueError: a condition on neither the value nor the flux, a face without a condition, no value at all.
    """
    points = grid.points
    shape = (len(points),) if times is None else (len(times), len(points))
    fixed, values, load = np.zeros(len(points), bool), np.zeros(shape), np.zeros(shape)
    axes = _box(problem).axes
    faces = {f"{axis}_{side}": (i, side == "max") for i, axis in enumerate(axes) for side in ("min", "max")}
    left = set(faces)
    for condition in problem.conditions():
        for part in (p.name for p in problem.domain.select(condition.on) if p.name in faces):
            axis, upper = faces[part]
            here = np.flatnonzero(grid.face(axis, upper=upper))
            given = _at_levels(_prescribed(condition, problem, axis, upper=upper), points[here], times)
            if condition.fixes_value:
                fixed[here], values[..., here] = True, given
            elif condition.fixes_flux:
                load[..., here] += second[axis] * 2.0 * given / grid.spacings[axis]
            else:
                raise ValueError(f"{problem.name}: finite differences know values and fluxes; got {condition.name}")
            left.discard(part)
    if left or not fixed.any():
        raise ValueError(
            f"{problem.name}: finite differences need a value or a flux on every face, and one value at least; "
            f"without: {', '.join(sorted(left)) or 'any value'}"
        )
    return Boundary(fixed, values, load)


def _prescribed(condition: Condition, problem: Problem, axis: int, *, upper: bool) -> PointFunction:
    """What a condition prescribes on the lower or upper face of an axis."""

    def prescribed(points: np.ndarray) -> np.ndarray:
        normals = np.zeros_like(points)
        normals[:, axis] = 1.0 if upper else -1.0
        p = PointSet(tf.constant(points), problem.domain.axes, tf.constant(normals))
        return np.asarray(condition.prescribed(p).numpy())

    return prescribed


def _at_levels(function: PointFunction, points: np.ndarray, times: np.ndarray | None) -> np.ndarray:
    """A function at points in space at all levels of time, `[levels, n]`; at the points, `[n]`, where there is none."""
    if times is None:
        return function(points)
    together = max(_TOGETHER // len(points), 1)

    def block(levels: np.ndarray) -> np.ndarray:
        tiled = np.tile(points, (len(levels), 1))
        return function(np.column_stack([tiled, np.repeat(levels, len(points))])).reshape(len(levels), -1)

    return np.concatenate([block(times[k : k + together]) for k in range(0, len(times), together)])


def solve_on(problem: Problem, equation: Equation, cells: int, *, order: int) -> GridSolution:
    """The solution with so many cells an axis.

    Steps in time are as many as cells, and for order 4 the square of that: both parts of the error fall together.
    """
    box = _box(problem)
    grid = Grid(box.lower, box.upper, (cells,) * len(box.axes))
    if not isinstance(problem.domain, TimeProduct):
        boundary = boundary_of(problem, grid, equation.second, None)
        return poisson(grid, equation.second, -equation.source(grid.points), boundary, order=order)
    second = tuple(-a / equation.rate for a in equation.second)
    times = np.linspace(problem.domain.start, problem.domain.end, steps_of(cells, order) + 1)
    initial = next((c for c in problem.conditions() if c.on == "initial" and c.fixes_value), None)
    if initial is None:
        raise ValueError(f"{problem.name}: the heat equation needs its initial value")
    return heat(
        grid,
        second,
        times=times,
        start=_at_levels(_prescribed(initial, problem, -1, upper=False), grid.points, times[:1])[0],
        right=-_at_levels(equation.source, grid.points, times) / equation.rate,
        boundary=boundary_of(problem, grid, second, times),
        order=order,
        keep_every=len(times) // cells,
    )


def steps_of(cells: int, order: int) -> int:
    """Steps in time for so many cells an axis."""
    return cells if order == 2 else cells**2


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
    axes = len(_box(problem).axes)
    before: Rung | None = None
    expected = 0.0
    for cells in SIZES[axes]:
        with_time = (steps_of(cells, order) + 1) if isinstance(problem.domain, TimeProduct) else 1
        if expected > patience or (cells + 1) ** axes * with_time > _MOST_VALUES:
            return
        found = solve_on(problem, equation, cells, order=order)
        error = float(np.linalg.norm(found(points) - truth) / np.linalg.norm(truth))
        rung = Rung(order, cells, error, found.seconds)
        yield rung
        # Fill-in and steps grow like a power of the cells; what is cheap does not show its power yet.
        power = max(3.0 * axes - 2.0, _power(before, rung)) if found.seconds > 0.1 else 1.0
        following = next((n for n in SIZES[axes] if n > cells), cells)
        expected, before = found.seconds * (following / cells) ** power, rung


def _power(before: Rung | None, now: Rung) -> float:
    return 0.0 if before is None else math.log(now.seconds / before.seconds) / math.log(now.cells / before.cells)


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


def equal_accuracy(found: dict[int, list[Rung]], error: float) -> Equal:
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
    from configs import composed, refusing

    def run() -> None:
        from pinn.app.build import problem_from

        problem = problem_from(composed(sys.argv[1:] if words is None else words)["problem"])
        print(f"{problem.name}: finite differences")
        print(f"{'order':>5}{'cells':>7}{'error':>10}{'seconds':>10}")
        for rungs in ladders(problem, held_out(problem)).values():
            for rung in rungs:
                print(f"{rung.order:5}{rung.cells:7}{rung.error:10.1e}{rung.seconds:10.3f}", flush=True)

    return refusing("classical", run)


if __name__ == "__main__":
    sys.exit(main())
