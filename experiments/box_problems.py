r"""Problems on boxes as finite differences take them: the numbers in the equation, and what the conditions prescribe.

Nothing is declared by hand. The residual of a problem is tried on waves: it must be `\sum_i a_i u_{x_i x_i} + f`
(Poisson) or `b u_t + \sum_i a_i u_{x_i x_i} + f` (heat) with numbers `a_i`, `b`; `f` is the residual of the zero field.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from finite_differences import Boundary, Grid, GridSolution, heat, poisson

from pinn.calculus import PointSet, engine_named
from pinn.geometry import Box
from pinn.geometry.time_product import TimeProduct
from pinn.problems import Condition, Problem
from pinn.training import interior_points
from pinn.validation import Evaluator

_TOGETHER = 2**17  # points that a function is asked for at once
_ROUND_OFF = 1e-9  # of a residual with second derivatives of waves

PointFunction = Callable[[np.ndarray], np.ndarray]  # points [N, d] -> [N]


@dataclass(frozen=True)
class Equation:
    r"""`rate u_t + \sum_i second[i] u_{x_i x_i} + f = 0`, with `f` a function of points `[N, d]`."""

    second: tuple[float, ...]
    rate: float
    source: PointFunction


def equation_of(problem: Problem) -> Equation:
    """The equation of a problem, by trying its residual.

    Raises:
        ValueError: no box, more than three axes in space, several components, or another equation.
    """
    box = box_of(problem)
    if problem.components != 1:
        raise ValueError(f"{problem.name}: finite differences are for one component; got {problem.components}")
    points = interior_points(problem.domain, 64, kind="sobol", seed=(0,))
    axes = len(problem.domain.axes)
    source = _residual(problem, lambda p: 0.0 * p[:, :1])
    wave = tf.Variable(tf.zeros([axes, 1], tf.float64))  # so that one graph serves all waves
    residual = _residual(problem, lambda p: tf.sin(p @ wave))
    basis, found = [], []
    for numbers in np.random.default_rng(0).uniform(0.5, 2.0, (axes + 2, axes)):
        wave.assign(numbers[:, np.newaxis])
        phase = points @ numbers
        columns = [-(numbers[i] ** 2) * np.sin(phase) for i in range(len(box.axes))]
        basis.append(np.stack([*columns, numbers[-1] * np.cos(phase)][:axes], axis=1))
        found.append(residual(points) - source(points))
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


def box_of(problem: Problem) -> Box:
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
    axes = box_of(problem).axes
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
    box = box_of(problem)
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
