"""Tetrahedra in a shape in space: netgen meshes the same set operations on solids of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import qmc

from pinn.geometry.annulus import Annulus
from pinn.geometry.ball import Ball
from pinn.geometry.box import Box
from pinn.geometry.checks import Array
from pinn.geometry.ellipsoid import Ellipsoid
from pinn.geometry.mesh import Mesh
from pinn.geometry.meshing.simplices import Simplices, UnmeshableError, snapped
from pinn.geometry.moved import Moved
from pinn.geometry.named import Named
from pinn.geometry.optional import optional
from pinn.geometry.set_operations import Difference, Intersection, Union
from pinn.geometry.shape import SpatialShape
from pinn.geometry.simplex import Simplex
from pinn.geometry.surface import closed_surface

_LABELS = 2**12  # points of each part, by which facets are told apart
_NORMAL = 0.3  # of the size: how far apart two points with opposite normals count as, half of it


def solid(shape: SpatialShape, size: float) -> Simplices:
    """The mesh of `mesh`, with edges of about this size."""
    made = _within(shape) if isinstance(shape, Mesh | Simplex) else _of_operations(shape, size)
    points = np.array(made.Coordinates())
    cells = np.array([[v.nr - 1 for v in el.vertices] for el in made.Elements3D()], dtype=np.intp)
    outer = np.array([[v.nr - 1 for v in el.vertices] for el in made.Elements2D()], dtype=np.intp)
    if not len(cells):
        raise UnmeshableError("netgen found no mesh of the shape")
    rows = np.unique(outer)
    points[rows] = snapped(shape, points[rows])
    owner, names = _owners(shape, points[outer])
    return Simplices(points, cells, {name: outer[owner == i] for i, name in enumerate(names) if np.any(owner == i)})


def _of_operations(shape: SpatialShape, size: float) -> Any:
    """The mesh by netgen of a shape that set operations make."""
    occ = optional("netgen.occ", "a mesh", extra="references")
    return occ.OCCGeometry(_solid(occ, shape)).GenerateMesh(maxh=size, curvaturesafety=1.5, grading=0.4)


def _within(shape: Mesh | Simplex) -> Any:
    """The mesh by netgen of a polyhedron, whose faces are facets."""
    meshing = optional("netgen.meshing", "a mesh", extra="references")
    if isinstance(shape, Simplex):
        corners = np.array(shape.vertices)[list(itertools.combinations(range(4), 3))]
        outward = np.linalg.det(corners - np.mean(shape.vertices, axis=0)) > 0
        corners = np.where(outward[:, None, None], corners, corners[:, ::-1])
    else:
        corners = closed_surface(shape.vertices, shape.faces).corners
    places, numbers = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    made = meshing.Mesh(dim=3)
    face = made.Add(meshing.FaceDescriptor(surfnr=1, domin=1, bc=1))
    vertices = [made.Add(meshing.MeshPoint(meshing.Pnt(*place))) for place in places.tolist()]
    for triangle in numbers.reshape(-1, 3).tolist():
        made.Add(meshing.Element2D(face, [vertices[i] for i in triangle]))
    made.GenerateVolumeMesh()
    return made


def _owners(shape: SpatialShape, facets: Array) -> tuple[Array, list[str]]:
    """To which part each of the facets `[F, 3, 3]` belongs, by the nearest of many points with their normals."""
    size = _NORMAL * float(np.max(shape.bounds[1] - shape.bounds[0]))
    samples, owners = [], []
    for i, part in enumerate(shape.parts.values()):
        unit = qmc.Sobol(part.unit_dimension, rng=np.random.default_rng(0)).random(_LABELS)
        samples.append(np.hstack([a * b for a, b in zip(part.sample(unit), (1.0, size), strict=True)]))
        owners.append(np.full(_LABELS, i))
    centers = snapped(shape, facets.mean(axis=1))
    normals = np.cross(facets[:, 1] - facets[:, 0], facets[:, 2] - facets[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    step = 1e-3 * size * normals
    normals *= np.sign(shape.signed_distance(centers + step) - shape.signed_distance(centers - step))[:, None]
    nearest = cKDTree(np.concatenate(samples)).query(np.hstack([centers, size * normals]))[1]
    return np.concatenate(owners)[nearest], list(shape.parts)


def _solid(occ: Any, shape: SpatialShape) -> Any:
    found = next((make for kind, make in _SOLIDS.items() if isinstance(shape, kind)), None)
    if found is None:
        raise UnmeshableError(f"no mesh is known of a shape in space of the kind {type(shape).__name__}")
    return found(occ, shape)


def _box(occ: Any, shape: Any) -> Any:
    return occ.Box(occ.Pnt(*shape.lower), occ.Pnt(*shape.upper))


def _ball(occ: Any, shape: Any) -> Any:
    return occ.Sphere(occ.Pnt(*shape.center), shape.radius)


def _annulus(occ: Any, shape: Any) -> Any:
    return occ.Sphere(occ.Pnt(*shape.center), shape.outer) - occ.Sphere(occ.Pnt(*shape.center), shape.inner)


def _ellipsoid(occ: Any, shape: Any) -> Any:
    axes = occ.Axes(occ.Pnt(*shape.center), n=occ.Z, h=occ.X)
    return occ.Ellipsoid(axes, *shape.radii)


def _moved(occ: Any, shape: Any) -> Any:
    turn = [float(x) for row in shape.rotation for x in row]
    place = occ.gp_GTrsf(mat=[shape.factor * x for x in turn], vec=occ.Vec(*shape.offset))
    return place(_solid(occ, shape.shape))


def _combined(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda occ, shape: reduce(operation, [_solid(occ, own) for own in shape.shapes])


_SOLIDS: Mapping[type, Callable[[Any, Any], Any]] = {
    Box: _box,
    Ball: _ball,
    Annulus: _annulus,
    Ellipsoid: _ellipsoid,
    Moved: _moved,
    Named: lambda occ, shape: _solid(occ, shape.shape),
    Difference: lambda occ, shape: reduce(
        lambda a, b: a - b, [_solid(occ, own) for own in shape.holes], _solid(occ, shape.shape)
    ),
    Intersection: _combined(lambda a, b: a * b),
    Union: _combined(lambda a, b: a + b),
}
