r"""Where two parts of a boundary meet.

Nothing is known of a part but its map from the unit cube, so a meeting is found as a distance that is zero: points of
both parts are sampled, the close pairs of them are starts, and from each start the pattern search of Hooke and Jeeves
lowers the distance of the two points: both move by a step along each of their unit coordinates, whatever pair is
closest is kept, and the step is halved where none is closer. In space and time two sides meet where they do in space,
at all times, and a side meets the initial time at its own points there.

Source: R. Hooke, T. A. Jeeves, "Direct search" solution of numerical and statistical problems, J. ACM 8 (1961).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.stats import qmc

from pinn.geometry.checks import Array
from pinn.geometry.shape import INITIAL, BoundaryPart, Shape
from pinn.geometry.time_product import TimeProduct

Places = NDArray[np.intp]

_LOG_SAMPLES = 8  # points of a part: 2^8
_MOST_CORNERS = 6  # coordinates of a unit cube whose corners are sampled, too
_STARTS = 24  # close pairs that are followed
_ROUNDS = 120
_FIRST_STEP, _LEAST_STEP = 1.0 / 16.0, 1e-13
_ENOUGH = 1e-11  # of the size: a distance that is nothing
_EXACT, _NEAR = 1e-7, 3e-3
"""Of the size: the distance at which curves meet, and surfaces, whose cut edges are known to about 1e-3."""
_ACROSS = 0.9  # of a gap: what lies along both normals is a channel, not a seam
_SAME = 1e-3  # of the size: meeting points that are one
_TIMES = 3
_ALONG_START = 64  # points of a side at the initial time


@final
@dataclass(frozen=True)
class Meeting:
    """Places where two parts meet: the points of each and the outward normals there, `[n, d]` each; `n` may be 0."""

    first: Array
    second: Array
    first_normals: Array
    second_normals: Array

    @property
    def count(self) -> int:
        """How many places, `n`."""
        return len(self.first)


@final
@dataclass(frozen=True)
class _Samples:
    """A part, some of its points, and how far the next of them is at most."""

    part: BoundaryPart
    unit: Array
    points: Array
    spacing: float

    @cached_property
    def tree(self) -> KDTree:
        return KDTree(self.points)


@final
class Meetings:
    """Answers where parts of a shape meet, and remembers what it has sampled.

    Cost: some tens of milliseconds a pair of parts that are near each other, a search of a tree for others.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._space = shape.space if isinstance(shape, TimeProduct) else shape
        lower, upper = self._space.bounds
        self._size = float(np.max(upper - lower))
        self._samples: dict[str, _Samples] = {}

    def between(self, first: str, second: str) -> Meeting:
        """Where two parts meet, by their names; nowhere for a part and itself."""
        shape = self._shape
        if first == second:
            return _nowhere(shape.dim)
        if not isinstance(shape, TimeProduct):
            return self._in_space(first, second)
        if second == INITIAL:
            return _at_start(shape, first)
        if first == INITIAL:
            return _turned(_at_start(shape, second))
        return _at_all_times(self._in_space(first, second), shape)

    def _in_space(self, first: str, second: str) -> Meeting:
        one, other = self._sampled(first), self._sampled(second)
        starts = _starts(one, other, 1e-9 * self._size)
        if not len(starts):
            return _nowhere(self._space.dim)
        found = _refined(one, other, starts, _ENOUGH * self._size)
        return _kept(found, self._size, surfaces=max(one.part.unit_dimension, other.part.unit_dimension) > 1)

    def _sampled(self, name: str) -> _Samples:
        if name not in self._samples:
            self._samples[name] = _sampled(self._space.parts[name])
        return self._samples[name]


def spread(dimension: int, log_count: int = _LOG_SAMPLES) -> Array:
    """Unit coordinates `[n, k]` that fill the cube evenly, the same each time: `2^log_count` points of Sobol's sequence
    and, where they are few, the corners of the cube.
    """
    if dimension == 0:
        return np.zeros((1, 0))
    inner = qmc.Sobol(dimension, scramble=True, rng=np.random.default_rng(0)).random_base2(log_count)
    if dimension > _MOST_CORNERS:
        return inner
    return np.concatenate([np.array(list(itertools.product((0.0, 1.0), repeat=dimension))), inner])


def _sampled(part: BoundaryPart) -> _Samples:
    unit = spread(part.unit_dimension)
    points, _ = part.sample(unit)
    if len(points) == 1:
        return _Samples(part, unit, points, 0.0)
    distances, _ = KDTree(points).query(points, k=2)
    return _Samples(part, unit, points, 2.0 * float(distances[:, 1].max()))


def _starts(one: _Samples, other: _Samples, slack: float) -> Places:
    """Places of close pairs among the samples, `[s, 2]`: the closest one, and others at random."""
    distances, partners = other.tree.query(one.points)
    near = np.flatnonzero(distances <= one.spacing + other.spacing + slack)
    near = near[np.argsort(distances[near], kind="stable")]
    if len(near) > _STARTS:
        half = _STARTS // 2
        rest = np.random.default_rng(0).choice(near[half:], _STARTS - half, replace=False)
        near = np.concatenate([near[:half], rest])
    return np.stack([near, partners[near]], axis=1)


def _refined(one: _Samples, other: _Samples, starts: Places, enough: float) -> Meeting:
    """The pairs of points, moved towards each other."""
    a, b = one.unit[starts[:, 0]], other.unit[starts[:, 1]]
    stencils = _star(a.shape[1]), _star(b.shape[1])
    rows = np.arange(len(starts))
    step = np.full(len(starts), _FIRST_STEP)
    best = np.linalg.norm(one.points[starts[:, 0]] - other.points[starts[:, 1]], axis=1)
    for _ in range(_ROUNDS):
        if np.all((best <= enough) | (step < _LEAST_STEP)):
            break
        tried_a, tried_b = (
            np.clip(unit[:, None] + step[:, None, None] * stencil, 0.0, 1.0)
            for unit, stencil in zip((a, b), stencils, strict=True)
        )
        gaps = np.linalg.norm(_places(one.part, tried_a)[:, :, None] - _places(other.part, tried_b)[:, None], axis=3)
        chosen = gaps.reshape(len(rows), -1).argmin(axis=1)
        i, j = np.divmod(chosen, gaps.shape[2])
        found = gaps[rows, i, j]
        closer = found < best
        a, b = (
            np.where(closer[:, None], tried[rows, index], unit)
            for tried, index, unit in ((tried_a, i, a), (tried_b, j, b))
        )
        best, step = np.where(closer, found, best), np.where(closer, step, step / 2.0)
    (first, first_normals), (second, second_normals) = one.part.sample(a), other.part.sample(b)
    return Meeting(first, second, first_normals, second_normals)


def _star(dimension: int) -> Array:
    """Nothing, and a step in both directions of each coordinate: `[2 k + 1, k]`."""
    return np.concatenate([np.zeros((1, dimension)), np.eye(dimension), -np.eye(dimension)])


def _places(part: BoundaryPart, unit: Array) -> Array:
    """Points `[s, n, d]` of unit coordinates `[s, n, k]`."""
    points, _ = part.sample(unit.reshape(-1, unit.shape[2]))
    return points.reshape(*unit.shape[:2], -1)


def _kept(found: Meeting, size: float, *, surfaces: bool) -> Meeting:
    """The pairs that meet, each place once."""
    between = found.second - found.first
    gap = np.linalg.norm(between, axis=1)
    across = np.minimum(*(abs(np.einsum("nd,nd->n", between, n)) for n in (found.first_normals, found.second_normals)))
    channel = (gap > _EXACT * size) & (across > _ACROSS * gap)
    meets = np.flatnonzero((gap <= (_NEAR if surfaces else _EXACT) * size) & ~channel)
    _, once = np.unique(np.round(found.first[meets] / (_SAME * size)), axis=0, return_index=True)
    return _rows(found, meets[np.sort(once)])


def _rows(meeting: Meeting, rows: Places) -> Meeting:
    return Meeting(meeting.first[rows], meeting.second[rows], meeting.first_normals[rows], meeting.second_normals[rows])


def _turned(meeting: Meeting) -> Meeting:
    return Meeting(meeting.second, meeting.first, meeting.second_normals, meeting.first_normals)


def _nowhere(dimension: int) -> Meeting:
    nothing = np.zeros((0, dimension))
    return Meeting(nothing, nothing, nothing, nothing)


def _at_start(shape: TimeProduct, side: str) -> Meeting:
    """The points of a side at the initial time: they are points of both."""
    part = shape.space.parts[side]
    unit = spread(part.unit_dimension)[:_ALONG_START]
    points, normals = part.sample(unit)
    points = np.column_stack([points, np.full(len(points), shape.start)])
    normals = np.column_stack([normals, np.zeros(len(normals))])
    downward = np.zeros_like(points)
    downward[:, -1] = -1.0
    return Meeting(points, points, normals, downward)


def _at_all_times(meeting: Meeting, shape: TimeProduct) -> Meeting:
    """The places in space at the start, in the middle and at the end."""
    times = np.repeat(np.linspace(shape.start, shape.end, _TIMES), meeting.count)

    def timed(array: Array, column: Array) -> Array:
        return np.column_stack([np.tile(array, (_TIMES, 1)), column])

    still = np.zeros_like(times)
    return Meeting(
        timed(meeting.first, times),
        timed(meeting.second, times),
        timed(meeting.first_normals, still),
        timed(meeting.second_normals, still),
    )
