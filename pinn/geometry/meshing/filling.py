"""Cells that fill a shape, as fine as one asks, for pictures: whatever the shape, with a mesher or without."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from pinn.geometry.box import Box
from pinn.geometry.checks import Array
from pinn.geometry.meshing.mesh import mesh
from pinn.geometry.meshing.simplices import UnmeshableError
from pinn.geometry.shape import BoundaryPart, SpatialShape

KINDS = {1: "line", 2: "triangle", 3: "tetrahedron"}
PRODUCTS = {1: "line", 2: "quadrilateral", 3: "hexahedron"}

_SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))
_AROUND: Mapping[int, Sequence[tuple[int, ...]]] = {
    1: ((0,), (1,)),
    2: _SQUARE,
    3: tuple((i, j, k) for k in (0, 1) for i, j in _SQUARE),
}
"""The corners of a box in the order of VTK."""

_LEAST = 4  # cells along the shortest side of a box
_CLEAR = 0.45  # of a cell: points inside stay so far away from those on the boundary, whose cells would be slivers
_COARSE = 17  # points along a part, by which its lengths are measured
_FLAT = 1e-6  # of a cube with edges of the size: what fills less is left over by round-off
_LARGEST = 2_000_000


@final
@dataclass(frozen=True)
class Cells:
    """Cells that do not overlap.

    Attributes:
        points: the vertices, `[V, k]`.
        cells: those of each cell, `[C, n]`, in the order of VTK: around the lower face, then around the upper one.
        kind: `line`, `triangle`, `tetrahedron`, `quadrilateral` or `hexahedron`.
    """

    points: Array
    cells: NDArray[np.intp]
    kind: str

    @property
    def measures(self) -> Array:
        """The length, area or volume of each cell, `[C]`; of boxes and simplices."""
        corner = self.points[self.cells[:, 0]]
        neighbours = {"quadrilateral": (1, 3), "hexahedron": (1, 3, 4)}.get(self.kind, range(1, self.cells.shape[1]))
        edges = np.stack([self.points[self.cells[:, i]] - corner for i in neighbours], axis=1)
        share = math.factorial(edges.shape[1]) if self.kind in KINDS.values() else 1
        return np.abs(np.linalg.det(edges)) / share


def cells(shape: SpatialShape, along: int) -> Cells:
    """Cells that fill a shape.

    A box is divided evenly into boxes. Other shapes are filled with simplices by the mesher where there is one for the
    shape and it is installed; else by the triangulation of Delaunay of points on a grid inside and on the parts of the
    boundary, less the simplices whose centroids are outside. Curved boundaries are followed to the second order of the
    size of a cell.

    Args:
        shape: with up to three axes.
        along: how many cells fit along its longest side.

    Raises:
        ValueError: more than three axes, or more cells than anyone can look at.
    """
    if shape.dim not in KINDS:
        raise ValueError(f"expected a domain with up to three axes of space; got {shape.dim}")
    if along**shape.dim > _LARGEST:
        raise ValueError(
            f"expected at most {math.floor(_LARGEST ** (1 / shape.dim))} cells along a domain with {shape.dim} axes of "
            f"space; got {along}"
        )
    if isinstance(shape, Box):
        return _grid(shape, along)
    try:
        found = mesh(shape, along=along)
        points, simplices = found.points, found.cells
    except (UnmeshableError, ModuleNotFoundError):
        points, simplices = _delaunay(shape, along)
    return Cells(points, _oriented(points, simplices), KINDS[shape.dim])


def _grid(box: Box, along: int) -> Cells:
    """The box in equal boxes, about as long in each direction, but for one that would be thinner than four."""
    lengths = box.bounds[1] - box.bounds[0]
    counts = np.maximum(np.round(along * lengths / lengths.max()).astype(int), min(along, _LEAST))
    ticks = [np.linspace(a, b, n + 1) for a, b, n in zip(*box.bounds, counts, strict=True)]
    points = np.stack([axis.ravel() for axis in np.meshgrid(*ticks, indexing="ij")], axis=1)
    numbers = np.arange(len(points)).reshape(counts + 1)
    corners = [
        numbers[tuple(slice(c, c + n) for c, n in zip(corner, counts, strict=True))].ravel()
        for corner in _AROUND[box.dim]
    ]
    return Cells(points, np.stack(corners, axis=1).astype(np.intp), PRODUCTS[box.dim])


def _delaunay(shape: SpatialShape, along: int) -> tuple[Array, NDArray[np.intp]]:
    """Points `[V, k]` and simplices `[C, k + 1]`, without a mesher."""
    lower, upper = shape.bounds
    size = float(np.max(upper - lower)) / along
    ticks = [np.linspace(a, b, 1 + math.ceil((b - a) / size)) for a, b in zip(lower, upper, strict=True)]
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*ticks, indexing="ij")], axis=1)
    inner = grid[shape.signed_distance(grid) < -_CLEAR * size]
    points = np.concatenate([_boundary(shape, size), inner])
    found = np.asarray(Delaunay(points).simplices, dtype=np.intp)
    volumes = Cells(points, found, KINDS[shape.dim]).measures
    kept = found[(volumes > _FLAT * size**shape.dim) & shape.inside(points[found].mean(axis=1))]
    used, numbers = np.unique(kept, return_inverse=True)
    return points[used], numbers.reshape(kept.shape)


def _boundary(shape: SpatialShape, size: float) -> Array:
    """Points about as far apart as the size on every part, its edges included, each once, `[n, k]`."""
    found = []
    for part in shape.parts.values():
        coarse = _sampled(part, [_COARSE] * part.unit_dimension)
        along = [
            np.linalg.norm(np.diff(coarse, axis=axis), axis=-1).sum(axis=axis).max()
            for axis in range(part.unit_dimension)
        ]
        found.append(_sampled(part, [1 + math.ceil(length / size) for length in along]).reshape(-1, shape.dim))
    points = np.concatenate(found)
    return points[np.unique(np.round(points / (1e-6 * size)), axis=0, return_index=True)[1]]


def _sampled(part: BoundaryPart, counts: Sequence[int]) -> Array:
    """The part at a grid of unit coordinates, ends included: `[*counts, k]`."""
    ticks = [np.linspace(0.0, 1.0, count) for count in counts]
    unit = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1)
    return part.sample(unit.reshape(-1, part.unit_dimension))[0].reshape(*counts, -1)


def _oriented(points: Array, simplices: NDArray[np.intp]) -> NDArray[np.intp]:
    """The simplices with two vertices exchanged where they would be turned inside out."""
    edges = points[simplices[:, 1:]] - points[simplices[:, :1]]
    swapped = simplices.copy()
    swapped[:, -2:] = simplices[:, :-3:-1]
    return np.where((np.linalg.det(edges) < 0)[:, None], swapped, simplices)
