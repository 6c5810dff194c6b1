"""The body inside a closed surface of triangles, as CAD programs write it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.cells import CellMap, Cover, cell_map, cover_by_distance
from pinn.geometry.checks import Array, positive_number, space_axes, unit_points
from pinn.geometry.pieces import Triangles, summed_up
from pinn.geometry.rays import Rays, rays_through
from pinn.geometry.shape import BoundaryPart
from pinn.geometry.surface import Surface, areas, closed_surface, patches, volume
from pinn.geometry.triangle_tree import TriangleTree, curve_order, triangle_tree, unit_normals
from pinn.geometry.value_shape import ValueShape

if TYPE_CHECKING:
    import tensorflow as tf

SURFACE = "surface"
_MOST_PATCHES = 64  # with more of them the surface is one part
_BUDGET = 8192  # cut cells of the interior
_REMEMBERED = 8


@final
@dataclass(frozen=True)
class Mesh(ValueShape):
    """The inside of a watertight surface of triangles; `mesh_from_file` reads one.

    **Parts.** Neighbouring faces whose normals differ by less than `crease` are one patch: the sides of a cube are six,
    the surface of a ball is one. Patches are the parts `patch_1`, `patch_2`, ... in the order of their first faces, in
    the group `surface`; a single one, or more than 64, are the one part `surface`. `with_part` names others. All of
    them carry penalties only.

    **Points.** The interior is found by a tree of cells (`pinn.geometry.cells`), the boundary is sampled by area along
    a space-filling curve. `measure` and the areas are those of the triangles. `signed_distance` is exact: the distance
    by a tree of boxes (`pinn.geometry.triangle_tree`), the sign by the winding number (`pinn.geometry.rays`).

    Args:
        vertices: `[V, 3]`; vertices closer than 1e-7 of the size become one.
        faces: numbers of three vertices each, `[F, 3]`; those that are the wrong way round are turned.
        crease: the angle between normals, in radians, from which on an edge is sharp.
        axes: three names, by default x, y and z.

    Raises:
        ValueError: a surface that is not closed, has one side only or encloses nothing; arrays of a wrong shape, or
            numbers that are not finite.
    """

    vertices: Array = field(compare=False, repr=False)
    faces: NDArray[np.int64] = field(compare=False, repr=False)
    crease: float = field(default=0.5, kw_only=True)
    axes: tuple[str, ...] = field(default=(), kw_only=True)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        surface = closed_surface(self.vertices, self.faces)
        for name, array in surface._asdict().items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "crease", positive_number("crease", self.crease))
        object.__setattr__(self, "axes", space_axes(self.axes, 3))
        object.__setattr__(self, "digest", hashlib.sha256(surface.corners.tobytes()).hexdigest()[:16])

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The box of the vertices."""
        return self.vertices.min(axis=0), self.vertices.max(axis=0)

    @property
    def measure(self) -> float:
        """The volume, by signed tetrahedra."""
        return _body(self).volume

    @property
    def unit_dimension(self) -> int:
        """3."""
        return 3

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """The patches between sharp edges, or the surface."""
        return dict(_parts(self))

    def _interior(self, unit: Array) -> Array:
        return _cells(self)(unit)

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        body = _body(self)
        inside = body.rays.inside(points)
        near = slack * float(np.max(np.abs(self.bounds)))
        if near == 0.0:
            return inside
        doubtful = np.flatnonzero(inside != (near > 0))  # those that the slack could move to the other side
        touching = body.tree.touches(points[doubtful], abs(near))
        inside[doubtful[touching]] = near > 0
        return inside

    def _signed_distance(self, points: Array) -> Array:
        body = _body(self)
        return body.tree.distance(points) * np.where(body.rays.inside(points), -1.0, 1.0)

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:  # noqa: ARG002
        raise AssertionError("a part that is not valued is refused before a value is asked for")

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:  # noqa: ARG002
        raise AssertionError("a part that is not valued is refused before a value is asked for")


class _Body(NamedTuple):
    """What questions about a mesh are answered with."""

    volume: float
    corners: Array  # in the order of the curve, [T, 3, 3]
    normals: Array  # [T, 3]
    patch: NDArray[np.intp]  # [T]
    tree: TriangleTree
    rays: Rays


@lru_cache(maxsize=_REMEMBERED)
def _body(mesh: Mesh) -> _Body:
    surface = Surface(mesh.vertices, mesh.faces)
    order = curve_order(surface.corners.mean(axis=1))
    corners = surface.corners[order]
    normals = unit_normals(corners)
    tree, rays = triangle_tree(corners), rays_through(corners, normals)
    return _Body(volume(corners), corners, normals, patches(surface, mesh.crease)[order], tree, rays)


@lru_cache(maxsize=_REMEMBERED)
def _cells(mesh: Mesh) -> CellMap:
    """The tree of the interior."""
    found = cell_map(*mesh.bounds, partial(_cover, mesh), _body(mesh).rays.inside, budget=_BUDGET)
    assert found is not None  # it has a volume
    return found


def _cover(mesh: Mesh, lower: Array, upper: Array) -> Cover:
    return cover_by_distance(lower, upper, mesh._signed_distance((lower + upper) / 2.0))


@lru_cache(maxsize=_REMEMBERED)
def _parts(mesh: Mesh) -> dict[str, BoundaryPart]:
    body = _body(mesh)
    area = areas(body.corners)
    real = np.any(body.normals != 0.0, axis=1)
    numbers = np.unique(body.patch[real])
    if not 1 < len(numbers) <= _MOST_PATCHES:
        return {SURFACE: _part(SURFACE, body, area, np.flatnonzero(real), ())}
    return {
        name: _part(name, body, area, np.flatnonzero(real & (body.patch == number)), (SURFACE,))
        for number, name in ((number, f"patch_{i}") for i, number in enumerate(numbers, start=1))
    }


def _part(name: str, body: _Body, area: Array, rows: NDArray[np.intp], groups: tuple[str, ...]) -> BoundaryPart:
    triangles = Triangles(body.corners[rows], summed_up(area[rows]))
    sample = partial(_sample, triangles, body.normals[rows])
    knots = triangles.cumulative / triangles.cumulative[-1]
    measure = float(triangles.cumulative[-1])
    return BoundaryPart(name, measure, 2, sample, valued=False, smooth=False, groups=groups, knots=knots)


def _sample(triangles: Triangles, normals: Array, unit: ArrayLike) -> tuple[Array, Array]:
    points, chosen = triangles.points(unit_points(unit, 2))
    return points, normals[chosen]
