"""On which side of closed surfaces points lie: crossings of the ray upwards from each point.

Triangles are registered in the cells of a grid of the plane below them, so that a point looks at a few of them only.
Above a point of that plane lie those triangles of which an odd number of edges passes on its right, with each edge's
position computed in the same way for both triangles that share it: a ray through an edge or a corner crosses one of
them, and not both or none. A triangle is above the point in space if the point is below its plane.

Outward normals that point up count +1, those that point down -1: the sum is the winding number, 1 inside a body and 0
outside. A point that lies on the surface to round-off can be on either side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.checks import Array

Index = NDArray[np.intp]

_AT_ONCE = 1 << 16  # points
_MOST_ENTRIES = 32  # a triangle, on average: with more of them the grid is made coarser


@final
@dataclass(frozen=True)
class Rays:
    """Triangles in a grid; `rays_through` makes it.

    Attributes:
        corners, normals: `[T, 3, 3]` and `[T, 3]`.
        edges: of each triangle and edge the least y, the largest y, the x at the least y, and dx / dy: `[T, 3, 4]`.
        lower, scale: the corner of the grid, and cells a unit of length, `[2]` each.
        starts, entries: the triangles of cell c are `entries[starts[c] : starts[c + 1]]`.
        cells: of the grid along each axis.
    """

    corners: Array
    normals: Array
    edges: Array
    lower: Array
    scale: Array
    starts: Index
    entries: Index
    cells: int

    def inside(self, points: Array) -> NDArray[np.bool_]:
        """Whether the winding number of the surface around points `[N, 3]` is positive: `[N]`."""
        winding = np.zeros(len(points))
        for rows, triangles in self.crossings(points):
            up = np.sign(self.normals[triangles, 2])
            winding += np.bincount(rows, up, len(points))
        return winding > 0.5

    def crossings(self, points: Array) -> Iterator[tuple[Index, Index]]:
        """Pairs of a point and a triangle right above it, as the rows of both; in blocks of points."""
        for start in range(0, len(points), _AT_ONCE):
            block = points[start : start + _AT_ONCE]
            rows, triangles = self._candidates(block)
            above = self._is_above(block[rows], triangles)
            yield rows[above] + start, triangles[above]

    def _candidates(self, points: Array) -> tuple[Index, Index]:
        place = np.floor((points[:, :2] - self.lower) * self.scale)
        rows = np.flatnonzero(np.all((place >= 0) & (place < self.cells), axis=1))
        cells = (place[rows, 0] * self.cells + place[rows, 1]).astype(np.intp)
        counts = self.starts[cells + 1] - self.starts[cells]
        return np.repeat(rows, counts), self.entries[_ranges(self.starts[cells], counts)]

    def _is_above(self, points: Array, triangles: Index) -> NDArray[np.bool_]:
        low, high, x, slope = np.moveaxis(self.edges[triangles], 2, 0)
        on_right = (low <= points[:, 1:2]) & (points[:, 1:2] < high)
        on_right &= points[:, :1] < x + (points[:, 1:2] - low) * slope
        hit = np.flatnonzero(on_right[:, 0] ^ on_right[:, 1] ^ on_right[:, 2])
        found = np.zeros(len(points), bool)
        normals = self.normals[triangles[hit]]
        height = np.einsum("ni,ni->n", points[hit] - self.corners[triangles[hit], 0], normals)
        found[hit] = height * np.sign(normals[:, 2]) < 0
        return found


def rays_through(corners: Array, normals: Array) -> Rays:
    """The grid of triangles `[T, 3, 3]` with the unit normals `[T, 3]`."""
    lower, upper = corners.min(axis=(0, 1))[:2], corners.max(axis=(0, 1))[:2]
    room = 1e-12 * (upper - lower)  # round-off of an edge's position
    lower, upper = lower - 2.0 * room, upper + 2.0 * room
    least, largest = corners.min(axis=1)[:, :2] - room, corners.max(axis=1)[:, :2] + room
    cells = int(np.clip(2.0 * np.sqrt(len(corners)), 1, 2048))
    while True:
        scale = cells / (upper - lower)
        first, last = (np.clip(((end - lower) * scale).astype(np.intp), 0, cells - 1) for end in (least, largest))
        spans = last - first + 1
        counts = spans[:, 0] * spans[:, 1]
        if cells == 1 or counts.sum() <= _MOST_ENTRIES * len(corners):
            break
        cells //= 2
    triangles = np.repeat(np.arange(len(corners)), counts)
    within = _ranges(np.zeros(len(corners), np.intp), counts)
    column, row = within // spans[triangles, 1], within % spans[triangles, 1]
    cell = (first[triangles, 0] + column) * cells + first[triangles, 1] + row
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(cells**2 + 1))
    return Rays(corners, normals, _edges(corners), lower, scale, starts, triangles[order], cells)


def _edges(corners: Array) -> Array:
    """From the lower end to the higher one, whichever triangle the edge belongs to."""
    ahead = np.roll(corners, -1, axis=1)
    swap = ahead[..., 1:2] < corners[..., 1:2]
    (x, low), (other, high) = (np.moveaxis(np.where(s, ahead, corners)[..., :2], 2, 0) for s in (swap, ~swap))
    rise = high - low
    return np.stack([low, high, x, (other - x) / np.where(rise > 0, rise, 1.0)], axis=2)


def _ranges(starts: Index, counts: Index) -> Index:
    """`starts[i], starts[i] + 1, ...`, `counts[i]` of them, one range after the other."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
