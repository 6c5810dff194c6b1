r"""Periodic axes: which they are, and what the initial values need there.

At the seam the equation is looked at as `c_t u_t + c_xx u_xx + c u + ...`, by how its residual answers to `t - t_0`,
`(x - a)^2 / 2` and a constant that are added to the initial values there. That gives the diffusivity `-c_xx / c_t` and
the decay `c / c_t` (none where it is a growth) of what happens near the seam at the start, see `pinn.fields.seam`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from pinn.calculus import PointSet, engine_named, learn, observe
from pinn.fields import Seam
from pinn.geometry import Shape
from pinn.problems import BoundaryCondition, Condition, Initial, Periodic, Problem
from pinn.problems.conditions import evaluated

_STEP = 1e-4  # of the initial values: a change of the field; the residual may be a polynomial of it
_AGREE = 1e-6  # of the values, and of the slopes: below, initial values are periodic

Function = Callable[[tf.Tensor], tf.Tensor]


def periodic_axes(conditions: Sequence[Condition], shape: Shape) -> tuple[bool, ...]:
    """For each axis whether it closes on itself.

    Raises:
        ValueError: an axis that has no two faces, is named twice, or has another condition on its faces.
    """
    named = [condition for condition in conditions if isinstance(condition, Periodic)]
    for condition in named:
        _require_faces(condition, conditions, shape)
    axes = [condition.axis for condition in named]
    if len(set(axes)) < len(axes):
        raise ValueError(f"periodic: expected each axis once; got {', '.join(axes)}")
    return tuple(axis in axes for axis in shape.axes)


def _require_faces(condition: Periodic, conditions: Sequence[Condition], shape: Shape) -> None:
    missing = [face for face in condition.faces if face not in shape.parts]
    if missing or condition.axis not in shape.space_axes:
        raise ValueError(
            f"{condition.name}: expected an axis of space between two faces, as an interval or a box has them; "
            f"got {condition.axis!r} among the parts {', '.join(shape.parts)}"
        )
    for other in conditions:
        if not isinstance(other, BoundaryCondition):
            continue
        shared = {part.name for part in shape.select(other.on)}.intersection(condition.faces)
        if shared:
            raise ValueError(
                f"{condition.name}: expected no other condition on {' and '.join(condition.faces)}; got {other.name} "
                f"on {', '.join(sorted(shared))}. Name the other faces: on=[...]"
            )


def seam_of(problem: Problem, conditions: Sequence[Condition]) -> Seam | None:
    """What a kink of the initial values at the seam becomes, for one component and one axis of space; `None` where
    there is no kink, or nothing that smooths it.

    Raises:
        ValueError: initial values that differ at the two ends.
    """
    shape = problem.domain
    given = [c for c in conditions if isinstance(c, Initial)]
    if not (any(isinstance(c, Periodic) for c in conditions) and given and shape.time_axis and problem.components == 1):
        return None
    if len(shape.space_axes) > 1 or not callable(given[0].value):
        return None
    lower, upper = (np.asarray(bound, np.float64) for bound in shape.bounds)
    ends = (float(lower[0]), float(upper[0]))
    values, slopes = _at_ends(problem, given[0], ends, float(lower[1]))
    scale = float(np.abs(values).max() + np.abs(slopes).max()) or 1.0
    if abs(values[0] - values[1]) > _AGREE * scale:
        raise ValueError(
            f"{given[0].name}: expected values that agree at {shape.axes[0]}={ends[0]:g} and {ends[1]:g}, which are "
            f"one place; got {values[0]:.6g} and {values[1]:.6g}"
        )
    jump = float(slopes[0] - slopes[1])
    if abs(jump) <= _AGREE * scale:
        return None
    in_time, second, itself = _answers(problem, given[0], np.array([[ends[0], float(lower[1])]]), _STEP * scale)
    if in_time == 0.0 or not -second / in_time > 0.0:
        return None
    return Seam(0, ends, float(lower[1]), jump, -second / in_time, max(itself / in_time, 0.0))


def _at_ends(
    problem: Problem, initial: Initial, ends: tuple[float, float], start: float
) -> tuple[np.ndarray, np.ndarray]:
    """The initial values and their slopes at both ends, `[2]` each."""
    x = tf.constant(ends, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = evaluated(initial.value, _places(problem, tf.stack([x, tf.fill([2], tf.constant(start, x.dtype))], 1)))
    slope = tape.gradient(value, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return value.numpy(), slope.numpy()


def _answers(problem: Problem, initial: Initial, place: np.ndarray, step: float) -> tuple[float, float, float]:
    """`c_t`, `c_xx` and `c` at a point `[1, 2]` with the initial values around, by changes of so much."""
    x, t = place[0]
    residual = problem.residual
    needs = learn(residual, problem.frame, tf.float64)

    def answer(change: Function) -> float:
        found = []
        for sign in (1.0, -1.0):
            field = lambda points, by=sign * step: (  # noqa: E731
                evaluated(initial.value, _places(problem, points)) + by * change(points)
            )
            points = _places(problem, tf.constant(place, tf.float64))
            row = observe(residual, field, points, frame=problem.frame, needs=needs, engine=engine_named("tape"))
            found.append(float(tf.squeeze(row)))
        return (found[0] - found[1]) / (2.0 * step)

    return (
        answer(lambda points: points[:, 1] - t),
        answer(lambda points: 0.5 * (points[:, 0] - x) ** 2),
        answer(lambda points: tf.ones_like(points[:, 0])),
    )


def _places(problem: Problem, points: tf.Tensor) -> PointSet:
    return PointSet(points, problem.domain.axes)
