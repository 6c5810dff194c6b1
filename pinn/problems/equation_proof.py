"""An exact solution in text is put into what it should solve, before anything is trained against it."""

from __future__ import annotations

import numpy as np
import sympy
import tensorflow as tf
from numpy.typing import NDArray

from pinn.calculus import LazyJet, PointSet, Tape
from pinn.geometry import Shape
from pinn.problems.conditions import BoundaryCondition, Condition
from pinn.problems.equation_jets import put_in
from pinn.problems.equation_statement import Statement, placed
from pinn.problems.expressions import ExpressionError
from pinn.problems.point_conditions import PointCondition
from pinn.problems.problem import Problem

_POINTS = 64
"""Random points inside, and on each part of the boundary, at which is looked."""

_ROUND_OFF = 1e-8
"""What may be left of an equation, relative to its terms: they are evaluated in float64 and may cancel."""

Array = NDArray[np.float64]


def require_solved(problem: Problem, statement: Statement) -> None:
    """Refuse an exact solution that is not finite in the domain or does not solve its equations and conditions.

    Raises:
        ExpressionError: with the place of the largest misfit.
    """
    if statement.exact is None:
        return
    inside = _inside(problem.domain)
    with tf.device("CPU:0"):
        for name, zero in statement.zeros.items():
            with placed("exact"):
                _require_small(f"the equation {name!r}", *_terms(zero, statement, inside), inside)
        for condition in problem.conditions():
            if not isinstance(condition, BoundaryCondition | PointCondition):
                continue  # a mean takes more points; an axis that closes on itself is a form of the field
            points = _on(problem.domain, condition)
            with placed("exact"):
                _require_small(f"the condition {condition.name}", *_misfit(problem, condition, points), points)


def _terms(zero: sympy.Expr, statement: Statement, points: PointSet) -> tuple[Array, Array]:
    """The sum of the terms of an equation with the exact solution in it, and the sum of their sizes, each `[N]`."""
    assert statement.exact is not None
    terms = [put_in(term, statement.exact) for term in sympy.Add.make_args(zero)]
    values = np.stack([statement.on_points(term)(points).numpy() for term in terms])
    return values.sum(axis=0), np.abs(values).sum(axis=0)


def _misfit(problem: Problem, condition: Condition, points: PointSet) -> tuple[Array, Array]:
    """The residual of a condition for the exact solution, and the size of what is prescribed, each `[N]`."""
    exact = problem.exact
    assert exact is not None
    jet = LazyJet(lambda x: exact(PointSet(x, points.axes)), points, problem.frame, Tape())
    return condition.residual(points, jet).numpy(), 1.0 + np.abs(condition.prescribed(points).numpy())


def _require_small(what: str, left: Array, size: Array, points: PointSet) -> None:
    bad = np.flatnonzero(~np.isfinite(left))
    worst = int(bad[0]) if bad.size else int(np.argmax(np.abs(left)))
    if not bad.size and abs(left[worst]) <= _ROUND_OFF * size.max():
        return
    place = ", ".join(f"{a} = {x:.4g}" for a, x in zip(points.axes, points.coordinates.numpy()[worst], strict=True))
    raise ExpressionError(
        f"expected a solution of {what}; put in, it leaves {left[worst]:.3g} at {place}: "
        "change the solution or what it should solve"
    )


def _inside(shape: Shape) -> PointSet:
    unit = np.random.default_rng(0).uniform(size=(_POINTS, shape.unit_dimension))
    return PointSet(tf.constant(shape.interior(unit)), shape.axes)


def _on(shape: Shape, condition: BoundaryCondition | PointCondition) -> PointSet:
    """Points where a condition holds, with their normals on parts of the boundary."""
    if isinstance(condition, PointCondition):
        return PointSet(tf.constant(condition.points), shape.axes)
    draw = np.random.default_rng(0).uniform
    sampled = [part.sample(draw(size=(_POINTS, part.unit_dimension))) for part in shape.select(condition.on)]
    points, normals = (tf.constant(np.concatenate(arrays)) for arrays in zip(*sampled, strict=True))
    return PointSet(points, shape.axes, normals)
