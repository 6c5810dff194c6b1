"""Exact distances to many triangles in space: a tree of boxes that all points descend together.

The triangles are sorted along a space-filling curve (Morton's), four of them are a leaf, and two boxes in a row have
their common box as the parent. All points go down at once, as pairs of a point and a box: a pair is dropped if the box
is further from the point than a triangle that is known already, which at the start is that with the nearest center.
With T triangles a point meets about log T boxes near the surface, and more where many triangles are equally far.

The distance to one triangle is that to its plane if the foot of the perpendicular lies in it, else that to the nearest
of its three edges: exact, and for points near the plane to a round-off of the coordinates.

Source: C. Ericson, Real-Time Collision Detection (2005), sections 5.1 and 6.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pinn.geometry.checks import Array

Index = NDArray[np.intp]

_LEAF = 4  # triangles
_AT_ONCE = 1 << 10  # points that descend together: what they meet stays in the cache
_BITS = 20  # an axis, of the place on the curve


@final
@dataclass(frozen=True)
class TriangleTree:
    """The tree of some triangles; `triangle_tree` makes it.

    Attributes:
        corners: `[T, 3, 3]`, in the order of the curve.
        normals: unit normals, `[T, 3]`; zero where the area is.
        boxes: from the root on, lower and upper corners `[2^l, 3]` of each level.
        centers: an index of the centers of the triangles.
    """

    corners: Array
    normals: Array
    boxes: tuple[tuple[Array, Array], ...]
    centers: cKDTree

    def distance(self, points: Array) -> Array:
        """From points `[N, 3]` to the nearest triangle: `[N]`."""
        found = np.empty(len(points))
        for start in range(0, len(points), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            nearest = self.centers.query(points[rows])[1]
            known = self._to(points[rows], nearest)
            found[rows] = np.sqrt(self._least(points[rows], known))
        return found

    def touches(self, points: Array, distance: float) -> NDArray[np.bool_]:
        """Whether points `[N, 3]` are not further than `distance` from some triangle: `[N]`."""
        found = np.empty(len(points), bool)
        for start in range(0, len(points), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            limit = np.full(len(points[rows]), distance**2)
            found[rows] = self._least(points[rows], np.nextafter(limit, np.inf)) <= limit
        return found

    def _least(self, points: Array, known: Array) -> Array:
        """The least squared distance, where that is smaller than what is known: `[n]`."""
        rows, nodes = np.arange(len(points)), np.zeros(len(points), np.intp)
        for level, (lower, upper) in enumerate(self.boxes):
            if level:
                rows, nodes = np.repeat(rows, 2), np.repeat(2 * nodes, 2)
                nodes[1::2] += 1
            beyond = np.maximum(lower[nodes] - points[rows], points[rows] - upper[nodes])
            near = np.sum(np.square(np.maximum(beyond, 0.0)), axis=1) <= known[rows]
            rows, nodes = rows[near], nodes[near]
        triangles = (_LEAF * nodes[:, None] + np.arange(_LEAF)).ravel()
        rows = np.repeat(rows, _LEAF)
        there = triangles < len(self.corners)
        rows, triangles = rows[there], triangles[there]
        near = self._at_least(points[rows], triangles) <= np.sqrt(known[rows])
        rows, triangles = rows[near], triangles[near]
        if not len(rows):
            return known
        first = np.flatnonzero(np.diff(rows, prepend=-1))
        least = known.copy()
        least[rows[first]] = np.minimum(
            known[rows[first]], np.minimum.reduceat(self._to(points[rows], triangles), first)
        )
        return least

    def _at_least(self, points: Array, triangles: Index) -> Array:
        """A bound from below of the distances of n points, each to one triangle: `[n]`.

        That to its center c, less how far it reaches from there in the direction of the point. A triangle that faces
        the point does not reach far: where many are almost equally far, this leaves a few.
        """
        center = self.centers.data[triangles]
        offset = points - center
        length = np.sqrt(_dot(offset, offset))
        reach = np.einsum("nki,ni->nk", self.corners[triangles] - center[:, None], offset).max(axis=1)
        return length - reach / np.where(length > 0, length, 1.0) - 1e-14 * length

    def _to(self, points: Array, triangles: Index) -> Array:
        """Squared distances of n points, each to one triangle: `[n]`."""
        corners, normals = self.corners[triangles], self.normals[triangles]
        over = np.any(normals != 0.0, axis=1)
        to_edges = np.full(len(points), np.inf)
        for i in range(3):
            start, along = corners[:, i], corners[:, (i + 1) % 3] - corners[:, i]
            offset = points - start
            length = _dot(along, along)
            share = np.clip(_dot(offset, along) / np.where(length > 0, length, 1.0), 0.0, 1.0)
            away = offset - share[:, None] * along
            to_edges = np.minimum(to_edges, _dot(away, away))
            over &= _dot(np.cross(normals, along), offset) >= 0.0
        return np.where(over, np.square(_dot(points - corners[:, 0], normals)), to_edges)


def triangle_tree(corners: Array) -> TriangleTree:
    """The tree of triangles with the corners `[T, 3, 3]`, T >= 1."""
    order = curve_order(corners.mean(axis=1))
    corners = np.ascontiguousarray(corners[order])
    leaves = -(-len(corners) // _LEAF)
    depth = max(leaves - 1, 0).bit_length()
    padded = np.full((2, _LEAF * 2**depth, 3), np.inf)
    padded[1] = -np.inf  # boxes of nothing, infinitely far
    padded[:, : len(corners)] = corners.min(axis=1), corners.max(axis=1)
    lower, upper = padded[0].reshape(-1, _LEAF, 3).min(axis=1), padded[1].reshape(-1, _LEAF, 3).max(axis=1)
    boxes = [(lower, upper)]
    while len(lower) > 1:
        lower, upper = lower.reshape(-1, 2, 3).min(axis=1), upper.reshape(-1, 2, 3).max(axis=1)
        boxes.append((lower, upper))
    return TriangleTree(corners, unit_normals(corners), tuple(reversed(boxes)), cKDTree(corners.mean(axis=1)))


def unit_normals(corners: Array) -> Array:
    """By the right-hand rule, of triangles `[T, 3, 3]`: `[T, 3]`; zero where the corners lie in a line."""
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(across, axis=1, keepdims=True)
    longest = np.max(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2), axis=1)[:, None]
    flat = size <= 1e-12 * longest**2
    return np.where(flat, 0.0, across / np.where(flat, 1.0, size))


def curve_order(points: Array) -> Index:
    """The order of points `[n, 3]` along Morton's curve: neighbours in it are mostly neighbours in space."""
    lower, upper = points.min(axis=0), points.max(axis=0)
    size = np.where(upper > lower, upper - lower, 1.0)
    cells = ((points - lower) / size * (2**_BITS - 1)).astype(np.uint64)
    code = np.zeros(len(points), np.uint64)
    for bit in range(_BITS):
        for axis in range(3):
            taken = (cells[:, axis] >> np.uint64(bit)) & np.uint64(1)
            code |= taken << np.uint64(3 * bit + axis)
    return np.argsort(code, kind="stable")


def _dot(a: Array, b: Array) -> Array:
    return np.einsum("ni,ni->n", a, b)
