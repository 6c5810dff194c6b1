"""A coarse mesh of any shape in one, two or three dimensions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from pinn.geometry.meshing.plane import plane
from pinn.geometry.meshing.simplices import Simplices, UnmeshableError
from pinn.geometry.meshing.solid import solid
from pinn.geometry.shape import SpatialShape

__all__ = ["Simplices", "UnmeshableError", "mesh"]

_CELLS = {1: 16, 2: 10, 3: 5}  # along the longest side, by the dimension


def mesh(shape: SpatialShape, kinds: Mapping[str, str] | None = None, *, along: int | None = None) -> Simplices:
    """A mesh; a coarse one unless it is said how fine, to be refined by who uses it.

    In the plane it is as fine as the boundary bends and as the shape is thin, and much finer in corners where solutions
    of elliptic equations have no bounded slope: those beyond 180 degrees, and beyond 90 degrees where the kind of the
    conditions changes.

    Args:
        shape: in one, two or three dimensions.
        kinds: of the condition by part of the boundary, in any words.
        along: how many cells fit along the longest side of the shape; a polyhedron in space is as fine as its facets.

    Raises:
        UnmeshableError: there is no mesher for it.
        ModuleNotFoundError: netgen is not installed, and the shape is not one-dimensional.
    """
    if shape.dim not in _CELLS:
        raise UnmeshableError(f"no mesh of a domain with {shape.dim} axes of space fits into memory")
    size = float(np.max(shape.bounds[1] - shape.bounds[0])) / (along or _CELLS[shape.dim])
    if shape.dim == 1:
        return _line(shape, size)
    return plane(shape, size, kinds or {}) if shape.dim == 2 else solid(shape, size)


def _line(shape: SpatialShape, size: float) -> Simplices:
    """Intervals between neighbouring boundary points that have the inside between them."""
    ends = {name: float(part.sample(np.empty((1, 0)))[0][0, 0]) for name, part in shape.parts.items()}
    x = np.unique(list(ends.values()))
    pieces = [
        np.linspace(a, b, 1 + int(np.ceil((b - a) / size)))
        for a, b in itertools.pairwise(x)
        if shape.inside([[(a + b) / 2.0]])[0]
    ]
    points = np.unique(np.concatenate(pieces))
    cells = np.concatenate([np.searchsorted(points, np.stack([piece[:-1], piece[1:]], axis=1)) for piece in pieces])
    return Simplices(points[:, None], cells, {name: np.searchsorted(points, [[end]]) for name, end in ends.items()})
