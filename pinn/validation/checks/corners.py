"""Corners: conditions that disagree where their parts meet, among them initial values and values on the boundary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import final

import numpy as np
import tensorflow as tf

from pinn.calculus import Field, LazyJet, PointSet, Tape
from pinn.geometry import BoundaryPart
from pinn.geometry.meetings import Meeting, Meetings, spread
from pinn.problems import BoundaryCondition, Problem
from pinn.validation.checks.finding import Finding

NAME = "corners"
_AGREE = 1e-6  # of the size of the data
_ORTHOGONAL = 1e-6
_LOG_DATA = 6  # points of a part on which the size of data is measured


def corners(problem: Problem) -> list[Finding]:
    """Find the conditions that disagree where their parts meet.

    Two values for one component must be equal there. Where a value is given on one part, its derivatives along that
    part are given, too: what another condition says of a derivative in such a direction must agree, as a flux with the
    slope of the initial values, or an initial velocity with a value on the boundary that changes in time.
    """
    meetings = Meetings(problem.domain)
    pairs = list(_pairs(problem))
    found = [finding for pair in pairs if (finding := _worst(problem, meetings, *pair)) is not None]
    if found:
        return found
    count = len(pairs)
    what = "no two conditions meet that could disagree" if not count else "conditions agree where their parts meet"
    return [Finding("ok", NAME, what, numbers={"pairs": count})]


@final
@dataclass(frozen=True)
class _Gap:
    """Two numbers that should be equal at each of some places, `[n]` each, and the size that they are compared with."""

    points: np.ndarray
    first: np.ndarray
    second: np.ndarray
    scale: float

    @property
    def sizes(self) -> np.ndarray:
        return np.abs(self.first - self.second)


def _pairs(problem: Problem) -> Iterator[tuple[BoundaryCondition, BoundaryCondition]]:
    """A value, and another condition on the same component; two values come once."""
    on_parts = [c for c in problem.conditions() if isinstance(c, BoundaryCondition) and not c.couples]
    for i, j in permutations(range(len(on_parts)), 2):
        first, second = on_parts[i], on_parts[j]
        both = second.fixes_value
        if first.fixes_value and (first.component or 0) == (second.component or 0) and not (both and j < i):
            yield first, second


def _worst(problem: Problem, meetings: Meetings, first: BoundaryCondition, second: BoundaryCondition) -> Finding | None:
    """What is said of the place where two conditions disagree most."""
    compare = _values if second.fixes_value else _slopes
    found = []
    for part in problem.domain.select(first.on):
        for other in problem.domain.select(second.on):
            meeting = meetings.between(part.name, other.name)
            if meeting.count:
                found.append(compare(problem, first, second, meeting))
    if not found:
        return None
    scale = max(gap.scale for gap in found)
    apart = [(gap, k) for gap in found for k in np.flatnonzero(gap.sizes > _AGREE * scale)]
    if not apart:
        return None
    gap, k = max(apart, key=lambda pair: pair[0].sizes[pair[1]])
    return _finding(problem, (first, second), gap, int(k), len(apart))


def _values(problem: Problem, first: BoundaryCondition, second: BoundaryCondition, meeting: Meeting) -> _Gap:
    """Both values, each at the point of its own part and, since parts meet up to a small gap, at that of the other:
    the most favourable pair counts.
    """
    a, b = (
        [_prescribed(problem, c, points, normals) for points in (meeting.first, meeting.second)]
        for c, normals in ((first, meeting.first_normals), (second, meeting.second_normals))
    )
    candidates = [(a[0], b[1]), (a[0], b[0]), (a[1], b[1])]
    gaps = np.stack([np.abs(x - y) for x, y in candidates])
    chosen = np.argmin(np.where(np.isfinite(gaps), gaps, np.inf), axis=0)
    rows = np.arange(meeting.count)
    left, right = (np.stack([pair[i] for pair in candidates])[chosen, rows] for i in (0, 1))
    return _Gap(meeting.first, left, right, max(_size(problem, first), _size(problem, second)))


def _slopes(problem: Problem, first: BoundaryCondition, second: BoundaryCondition, meeting: Meeting) -> _Gap:
    """What the second condition sees of the values of the first, where it looks along the first one's part."""
    shape = problem.domain
    direction = np.eye(shape.dim)[[-1] * meeting.count] if second.fixes_velocity else meeting.second_normals
    along = np.abs(np.einsum("nd,nd->n", direction, meeting.first_normals)) < _ORTHOGONAL
    points, normals, own = meeting.second[along], meeting.second_normals[along], meeting.first_normals[along]
    asked = _prescribed(problem, second, points, normals)
    if not along.any():
        return _Gap(points, asked, asked, 0.0)
    lower, upper = shape.bounds
    length = (upper - lower)[-1] if second.fixes_velocity else np.max((upper - lower)[: len(shape.space_axes)])
    p = PointSet(tf.constant(points), shape.axes, tf.constant(normals))
    left = _residual(problem, second, p, lambda x: first.prescribed(PointSet(x, shape.axes, tf.constant(own))))
    scale = max(_size(problem, second), _size(problem, first) / float(length))
    return _Gap(points, left + asked, asked, scale)


def _residual(problem: Problem, condition: BoundaryCondition, p: PointSet, values: Field) -> np.ndarray:
    """The residual of a condition for a field whose components are all the same values."""
    frame = problem.frame

    def field(x: tf.Tensor) -> tf.Tensor:
        value = values(x)
        return value if frame.components is None else tf.stack([value] * frame.components, axis=1)

    return np.asarray(condition.residual(p, LazyJet(field, p, frame, Tape())))


def _prescribed(problem: Problem, c: BoundaryCondition, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    p = PointSet(tf.constant(points), problem.domain.axes, tf.constant(normals))
    return np.broadcast_to(np.asarray(c.prescribed(p)), len(points))


def _size(problem: Problem, c: BoundaryCondition) -> float:
    """The largest value prescribed on some points of its parts."""
    return max(_largest(problem, c, part) for part in problem.domain.select(c.on))


def _largest(problem: Problem, c: BoundaryCondition, part: BoundaryPart) -> float:
    values = np.abs(_prescribed(problem, c, *part.sample(spread(part.unit_dimension, _LOG_DATA))))
    return float(np.max(values, initial=0.0, where=np.isfinite(values)))


def _finding(
    problem: Problem, pair: tuple[BoundaryCondition, BoundaryCondition], gap: _Gap, k: int, count: int
) -> Finding:
    first, second = pair
    axes = problem.domain.axes
    place = dict(zip(axes, (float(x) for x in gap.points[k]), strict=True))
    a, b = float(gap.first[k]), float(gap.second[k])
    where = ", ".join(f"{axis}={_rounded(x):.4g}" for axis, x in place.items())
    others = (
        ("", ", and at one more place")[count - 1] if count < 3 else f", and at {count - 1} more of the places tried"
    )
    numbers = {**place, "first": a, "second": b, "places": count}
    if second.fixes_value:
        what = f"{first.name} is {a:.4g} and {second.name} is {b:.4g} where they meet{others}"
        remedy = "the solution jumps there: make the values agree, such as by a steep ramp"
    else:
        what = f"the values of {first.name} give {a:.4g} where {second.name} asks for {b:.4g}{others}"
        remedy = "derivatives jump there: make both agree, or expect errors near"
    return Finding("warning", NAME, what, where, remedy, numbers)


def _rounded(x: float) -> float:
    """Without the round-off of a search, and with no minus before zero."""
    return round(x, 10) + 0.0
