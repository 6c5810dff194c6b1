"""Meshes of shapes: what they cover, and which part of the boundary their facets belong to."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from pinn.geometry import Annulus, Ball, Box, Ellipsoid, Interval, Mesh, Polygon, RegularPolygon, Simplex
from pinn.geometry.meshing import Simplices, UnmeshableError, mesh
from pinn.geometry.meshing.simplices import snapped
from pinn.geometry.shape import SpatialShape

CORNER = Polygon(((-1.0, -1.0), (1.0, -1.0), (1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (-1.0, 1.0)))
HOLES = Box((-0.5, -0.5), (0.5, 0.5))
for _place in itertools.product((-0.3, 0.3), repeat=2):
    HOLES = HOLES - Ball(_place, 0.1)  # type: ignore[assignment]
_ELLIPSE = Ellipsoid((0.0, 0.0), (2.0, 0.5))

# by name: the shape, its area, and the lengths of its parts
SHAPES: dict[str, tuple[Callable[[], SpatialShape], float, dict[str, float]]] = {
    "an interval": (lambda: Interval(-1.0, 2.0), 3.0, {"x_min": 1.0, "x_max": 1.0}),
    "a corner": (lambda: CORNER, 3.0, {"edge_0": 2.0, "edge_2": 1.0}),
    "a square with holes": (lambda: HOLES, 1.0 - 0.04 * math.pi, {"hole_3": 0.2 * math.pi, "x_min": 1.0}),
    "a disk": (lambda: Ball((1.0, 2.0), 1.0), math.pi, {"sphere": 2 * math.pi}),
    "a thin ring": (lambda: Annulus((0.0, 0.0), 0.95, 1.0), math.pi * 0.0975, {"inner": 1.9 * math.pi}),
    "an ellipse": (lambda: _ELLIPSE, math.pi, {}),
    "a part by its points": (
        lambda: Ball((0.0, 0.0), 1.0).with_part("top", lambda p: p.y > 0.5),
        math.pi,
        {"sphere_top": 2 * math.pi / 3, "sphere_rest": 4 * math.pi / 3},
    ),
    "a cut disk": (
        lambda: Ball((0.0, 0.0), 1.0) & Box((0.0, -2.0), (2.0, 2.0)),
        math.pi / 2,
        {"sphere": math.pi, "x_min": 2.0},
    ),
    "a union": (
        lambda: Ball((0.0, 0.0), 1.0) | Box((0.0, -1.0), (2.0, 1.0)),
        math.pi / 2 + 4.0,
        {"sphere": math.pi, "x_max": 2.0, "y_max": 2.0},
    ),
    "a product": (
        lambda: Interval(0.0, 2.0) * Interval(0.0, 1.0, axis="y"),
        2.0,
        {"x_min": 1.0, "y_max": 2.0},
    ),
    "turned": (lambda: CORNER.rotated(0.3).scaled(2.0), 12.0, {"edge_0": 4.0}),
    "many edges in one part": (
        lambda: RegularPolygon(100),
        50 * math.sin(math.pi / 50),
        {"outer": 200 * math.sin(math.pi / 100)},
    ),
}


def _sizes(points: np.ndarray, simplices: np.ndarray) -> np.ndarray:
    """Lengths, areas or volumes."""
    edges = points[simplices[:, 1:]] - points[simplices[:, :1]]
    gram = np.linalg.det(edges @ edges.transpose(0, 2, 1)) if edges.shape[1] else np.ones(len(edges))
    return np.sqrt(np.abs(gram)) / math.factorial(edges.shape[1])


def _corrected(shape: SpatialShape, made: Simplices) -> float:
    """The area with the segments between edges and boundary, by Simpson's rule: `2/3 chord height`."""
    total = float(_sizes(made.points, made.cells).sum())
    for facets in made.parts.values() if shape.dim == 2 else ():
        chords = made.points[facets]
        middles = chords.mean(axis=1)
        heights = np.linalg.norm(snapped(shape, middles) - middles, axis=1) * np.sign(-shape.signed_distance(middles))
        total += float(np.sum(2 / 3 * np.linalg.norm(chords[:, 1] - chords[:, 0], axis=1) * heights))
    return total


@pytest.mark.parametrize("name", SHAPES)
def test_cells_fill_the_shape_and_facets_the_parts(name: str) -> None:
    make, area, lengths = SHAPES[name]
    shape = make()
    made = mesh(shape)
    assert _corrected(shape, made) == pytest.approx(area, rel=3e-4)  # parabolas follow arcs of 30 degrees so closely
    assert set(made.parts) == set(shape.parts)
    for part, length in lengths.items():
        assert float(_sizes(made.points, made.parts[part]).sum()) == pytest.approx(length, rel=0.013)  # chords
    corners = np.unique(np.concatenate([facets.ravel() for facets in made.parts.values()]))
    np.testing.assert_allclose(shape.signed_distance(made.points[corners]), 0.0, atol=1e-9)


def test_cells_are_small_where_solutions_are_singular() -> None:
    """At the corner that points inwards, and where the kind of the conditions changes on a straight side."""
    made = mesh(CORNER)
    sizes = np.sqrt(_sizes(made.points, made.cells))
    away = np.linalg.norm(made.points[made.cells].mean(axis=1), axis=1)
    assert sizes[np.argmin(away)] < sizes.max() / 50
    square = Box((0.0, 0.0), (1.0, 1.0)).with_part("left", lambda p: (p.y < 0.01) & (p.x < 0.5))
    kinds = {"y_min_left": "value", **dict.fromkeys(("y_min_rest", "x_min", "x_max", "y_max"), "flux")}
    for given, smallest in ((kinds, 1 / 50), ({}, 1 / 4)):
        made = mesh(square, given)
        sizes = np.sqrt(_sizes(made.points, made.cells))
        away = np.linalg.norm(made.points[made.cells].mean(axis=1) - [0.5, 0.0], axis=1)
        assert (sizes[np.argmin(away)] < sizes.max() * smallest) == bool(given)


def test_a_box_without_balls_is_filled_with_tetrahedra() -> None:
    shape = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)) - Ball((0.4, 0.3, 0.6), 0.2) - Ball((0.7, 0.7, 0.6), 0.2)
    made = mesh(shape.with_part("middle", lambda p: (p.z == 0.0) & (p.x > 0.0)))
    volume = 1.0 - 8 / 3 * math.pi * 0.008
    assert float(_sizes(made.points, made.cells).sum()) == pytest.approx(volume, rel=0.02)  # balls of flat triangles
    faces = {name: float(_sizes(made.points, facets).sum()) for name, facets in made.parts.items()}
    assert faces["x_min"] == pytest.approx(1.0)
    assert faces["hole_2"] == pytest.approx(0.16 * math.pi, rel=0.1)


def test_polyhedra_are_filled_behind_their_faces() -> None:
    """A simplex, and a pyramid as the surface mesh that a file would hold."""
    apex = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5, 2.0))
    faces = ((0, 2, 1), (0, 3, 2), (0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4))
    for shape, volume in (
        (Simplex(((0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))), 1 / 3),
        (Mesh(np.array(apex), np.array(faces)), 2 / 3),
    ):
        made = mesh(shape)
        assert float(_sizes(made.points, made.cells).sum()) == pytest.approx(volume)
        areas = {name: part.measure for name, part in shape.parts.items()}
        assert {k: float(_sizes(made.points, f).sum()) for k, f in made.parts.items()} == pytest.approx(areas)


def test_a_shape_that_nobody_can_mesh_is_said_to_be_one() -> None:
    with pytest.raises(UnmeshableError, match="4 axes of space"):
        mesh(Box((0.0,) * 4, (1.0,) * 4))
