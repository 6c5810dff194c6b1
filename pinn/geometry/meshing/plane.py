"""Triangles in a plane shape: its boundary is divided here, and netgen fills it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pinn.geometry.checks import Array
from pinn.geometry.meshing.curves import Curve, curves
from pinn.geometry.meshing.simplices import Simplices, UnmeshableError, snapped
from pinn.geometry.optional import optional
from pinn.geometry.shape import SpatialShape

_ARC = math.pi / 6  # the largest angle that an edge spans
_THIN = 1 / 32  # of the size: edges are not shorter for being close to another boundary
_GRADE, _REACH = 0.8, 4.0  # towards a singular corner sizes fall like r^0.8, from so many sizes away
_SMALLEST = 1 / 256  # of the size, there
_TRACES = 24  # steps from one boundary across to the other
_GRADING = 0.3  # how fast sizes grow away from short edges
_SAME = 1e-6  # of the shape: ends that are one vertex

Integers = NDArray[np.intp]


def plane(shape: SpatialShape, size: float, kinds: Mapping[str, str]) -> Simplices:
    """The mesh of `mesh`, with edges of about this size."""
    found = curves(shape)
    vertices, ends = _joined(found, size)
    corners = vertices[_singular(found, ends, len(vertices), kinds)]
    points, segments, owners = [*vertices], [], []
    for curve, (first, last) in zip(found, ends, strict=True):
        inner = _divided(shape, curve, size, corners)
        chain = [first, *range(len(points), len(points) + len(inner)), last]
        points += list(inner)
        chain = chain if curve.forward else chain[::-1]
        segments += list(itertools.pairwise(chain))
        owners += [curve.part.name] * (len(chain) - 1)
    return _filled(shape, np.array(points), segments, owners, size)


def _joined(found: Sequence[Curve], size: float) -> tuple[Array, Integers]:
    """The ends of all curves as vertices `[n, 2]`, and the two of each curve, `[C, 2]`."""
    ends = np.concatenate([curve.points[[0, -1]] for curve in found])
    tree = cKDTree(ends)
    near = tree.query_ball_point(ends, 10 * _SAME * size)
    first = np.array([min(rows) for rows in near])
    unique, numbers = np.unique(first, return_inverse=True)
    if any(len(rows) % 2 for rows in near):
        raise UnmeshableError("the parts of the boundary do not join to closed curves")
    return ends[unique], numbers.reshape(-1, 2)


def _singular(found: Sequence[Curve], ends: Integers, count: int, kinds: Mapping[str, str]) -> list[int]:
    """The vertices where solutions have no bounded slope."""
    arriving: dict[int, tuple[Array, str]] = {}
    leaving: dict[int, tuple[Array, str]] = {}
    for curve, own in zip(found, ends, strict=True):
        first, last = (own if curve.forward else own[::-1]).tolist()
        tangents = curve.tangents if curve.forward else curve.tangents[::-1]
        kind = kinds.get(curve.part.name, "")
        leaving[first], arriving[last] = (tangents[0], kind), (tangents[1], kind)
    chosen = []
    for vertex in range(count):
        (a, kind), (b, other) = arriving[vertex], leaving[vertex]
        angle = math.pi - math.atan2(a[0] * b[1] - a[1] * b[0], a @ b)
        if angle > 1.01 * math.pi * (1.0 if kind == other else 0.5):
            chosen.append(vertex)
    return chosen


def _divided(shape: SpatialShape, curve: Curve, size: float, corners: Array) -> Array:
    """Points between the ends of a curve, `[n, 2]`, as dense as they have to be."""
    length = curve.lengths[-1]
    near = length * 2.0 ** -np.arange(1, 14)
    places = np.unique(np.concatenate([np.linspace(0.0, length, 257), near, length - near]))
    points = curve.at(places)
    target = np.full(len(places), size)
    target = np.minimum(target, _ARC / np.maximum(np.interp(places, curve.lengths, curve.turning), 1e-9 / size))
    target = np.minimum(target, np.maximum(_across(shape, curve, places, size), _THIN * size))
    if len(corners):
        away = cKDTree(corners).query(points)[0] / (_REACH * size)
        target = np.minimum(target, size * np.maximum(np.minimum(away, 1.0) ** _GRADE, _SMALLEST))
    edges = np.append(0.0, np.cumsum(np.diff(places) * (1.0 / target[1:] + 1.0 / target[:-1]) / 2.0))
    closed = np.linalg.norm(points[0] - points[-1]) < _SAME * size
    count = max(int(np.ceil(edges[-1])), 3 if closed else 1)
    inner = np.interp(np.arange(1, count) / count * edges[-1], edges, places)
    return curve.at(inner) if count > 1 else np.empty((0, 2))


def _across(shape: SpatialShape, curve: Curve, places: Array, size: float) -> Array:
    """How far it is from the curve through the inside to the next boundary, as far as that is less than the size."""
    points = curve.at(places)
    normals = np.stack([np.interp(places, curve.lengths, n) for n in curve.normals.T], axis=1)
    reached = np.full(len(points), _THIN * size)
    for _ in range(_TRACES):
        reached = reached + np.maximum(-shape.signed_distance(points - reached[:, None] * normals), 0.0)
        if np.all(reached > size):
            break
    return reached


def _filled(
    shape: SpatialShape, points: Array, segments: Sequence[tuple[int, int]], owners: Sequence[str], size: float
) -> Simplices:
    """The triangles between the segments, which have the inside to their left."""
    geometry = optional("netgen.geom2d", "a mesh", extra="references").SplineGeometry()
    numbers = [geometry.AppendPoint(*point) for point in points.tolist()]
    for a, b in segments:
        geometry.Append(["line", numbers[a], numbers[b]], leftdomain=1, rightdomain=0)
    made = geometry.GenerateMesh(maxh=size, grading=_GRADING)
    found, cells, outer = (
        np.array(made.Coordinates())[:, :2],
        np.array([[v.nr - 1 for v in el.vertices] for el in made.Elements2D()], dtype=np.intp),
        np.array([[v.nr - 1 for v in el.vertices] for el in made.Elements1D()], dtype=np.intp),
    )
    owner = np.array(owners)[[el.index - 1 for el in made.Elements1D()]]
    rows = np.unique(outer)
    found[rows] = snapped(shape, found[rows])
    return Simplices(found, cells, {name: outer[owner == name] for name in dict.fromkeys(owners)})
