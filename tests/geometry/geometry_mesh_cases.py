"""The case of meshes: a box with a smaller box cut out of its middle, as 24 triangles."""

from __future__ import annotations

import itertools

import numpy as np
from geometry_moments import Array, Case, box_moments, on_axis, summed

from pinn.geometry import Mesh

_SQUARES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
"""The sides of a box, x_min, x_max, y_min, ..., by their corners, which are numbered in the order of `product`."""


def box_surface(lower: Array, upper: Array) -> tuple[Array, Array]:
    """Eight vertices and twelve faces with their normals outwards."""
    vertices = np.array(list(itertools.product(*zip(lower, upper, strict=True))), float)
    faces = [triangle for a, b, c, d in _SQUARES for triangle in ((a, b, c), (a, c, d))]
    return vertices, np.array(faces)


def together(*surfaces: tuple[Array, Array]) -> tuple[Array, Array]:
    """Several surfaces as one."""
    shifts = np.cumsum([0, *(len(vertices) for vertices, _ in surfaces)])
    vertices = np.concatenate([vertices for vertices, _ in surfaces])
    return vertices, np.concatenate([faces + shift for (_, faces), shift in zip(surfaces, shifts, strict=False)])


OUTER = ((-0.5, 0.0, 0.2), (1.0, 0.8, 1.4))
INNER = ((0.1, 0.25, 0.5), (0.6, 0.6, 1.0))


def _side(lower: tuple[float, ...], upper: tuple[float, ...], axis: int, value: float) -> object:
    a, b = (tuple(np.where(np.arange(3) == axis, value, corner)) for corner in (lower, upper))
    return on_axis(box_moments(a, b), axis, value)


_SIDES = {
    f"patch_{1 + 6 * k + 2 * axis + end}": _side(*box, axis, box[end][axis])
    for k, box in enumerate((OUTER, INNER))
    for axis in range(3)
    for end in (0, 1)
}


def _within(p: Array, lower: tuple[float, ...], upper: tuple[float, ...]) -> bool:
    return all(a <= x <= b for x, a, b in zip(p, lower, upper, strict=True))


HOLLOW = Case(
    "hollow_mesh",
    Mesh(*together(box_surface(*OUTER), box_surface(*INNER))),
    summed((1, box_moments(*OUTER)), (-1, box_moments(*INNER))),
    _SIDES,
    lambda p: _within(p, *OUTER) and not _within(p, *INNER),
    accuracy=1e-13,
    reentrant=True,
)

MESH_CASES = (HOLLOW,)
