"""Cells that fill shapes for pictures: none overlap, none is turned inside out, and together they are the shape."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.geometry import Annulus, Ball, Box, Interval, SpatialShape
from pinn.geometry.meshing import Cells, UnmeshableError, cells, filling

PLATE = Box((0, 0), (2, 1)) - Ball((0.5, 0.5), 0.2)
CYLINDER = Ball((0, 0), 1) * Interval(0, 2, axis="z")  # netgen knows no products


def _without_mesher(*_, **__):
    raise UnmeshableError


@pytest.fixture(params=["mesher", "delaunay"])
def method(request, monkeypatch) -> str:
    if request.param == "delaunay":
        monkeypatch.setattr(filling, "mesh", _without_mesher)
    return str(request.param)


# A chord of length h cuts off h^3 / (12 r) of a disc: of its area some h^2 / (6 r^2), and for both radii of an annulus
# the same, which cancels in part; of a ball about twice as much.
@pytest.mark.parametrize(
    ("shape", "along", "share"),
    [
        (Ball((0, 0), 1), 16, (2 / 16) ** 2 / 4),
        (Annulus((0, 0), 0.3, 1), 16, (2 / 16) ** 2 / 4),
        (PLATE, 16, (0.125 / 0.2) ** 2 / 4 * 0.067),  # the hole is 6.7 % of it
        (Box((0, 0), (1, 2)).rotated(0.5), 16, 1e-12),
        (CYLINDER, 8, (2 / 8) ** 2),
        (Box((0, 0, 0), (1, 1, 1)) - Ball((0, 0, 0), 0.5), 6, (1 / 6) ** 2),
    ],
)
def test_simplices_are_together_the_shape(shape: SpatialShape, along: int, share: float, method: str):
    found = cells(shape, along)
    assert found.kind == {2: "triangle", 3: "tetrahedron"}[shape.dim]
    assert np.all(shape.inside(found.points))
    assert found.measures.sum() == pytest.approx(shape.measure, rel=share)
    edges = found.points[found.cells[:, 1:]] - found.points[found.cells[:, :1]]
    assert np.all(np.linalg.det(edges) > 0)
    assert set(np.ravel(found.cells)) == set(range(len(found.points)))
    longest = np.max(np.linalg.norm(edges, axis=2))
    assert longest < 2.5 * np.max(shape.bounds[1] - shape.bounds[0]) / along


@pytest.mark.parametrize(
    ("shape", "counts", "kind"),
    [
        (Interval(-1, 2), (6,), "line"),
        (Box((0, 0), (1, 5 / 6)), (6, 5), "quadrilateral"),
        (Box((0, 0), (1, 0.01)), (6, 4), "quadrilateral"),
        (Box((0, 0, 1), (1, 1, 2)), (6, 6, 6), "hexahedron"),
    ],
)
def test_a_box_is_divided_evenly(shape: Box, counts: tuple[int, ...], kind: str):
    found = cells(shape, 6)
    assert found.kind == kind
    assert len(found.cells) == np.prod(counts)
    np.testing.assert_allclose(found.measures, shape.measure / np.prod(counts), rtol=1e-12)
    np.testing.assert_allclose(found.points.min(axis=0), shape.lower)
    np.testing.assert_allclose(found.points.max(axis=0), shape.upper)


def test_an_interval_with_a_gap_has_none_of_its_cells_across():
    found = cells(Interval(0, 3) - Interval(1, 2), 30)
    assert found.kind == "line"
    np.testing.assert_allclose(found.measures, 0.1)
    assert found.measures.sum() == pytest.approx(2.0)


def test_a_hexahedron_has_its_vertices_in_order():
    corners = np.array([(i, j, k) for k in (0, 1) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))], float)
    found = cells(Box((0, 0, 0), (1, 1, 1)), 1)
    np.testing.assert_array_equal(found.points[found.cells[0]], corners)
    assert Cells(corners, np.arange(8)[None], "hexahedron").measures == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("shape", "along", "said"),
    [
        (Box((0,) * 4, (1,) * 4), 4, "up to three axes of space; got 4"),
        (Box((0, 0), (1, 1)), 2000, "at most 1414 cells along a domain with 2 axes of space; got 2000"),
    ],
)
def test_more_than_can_be_looked_at_is_refused(shape: SpatialShape, along: int, said: str):
    with pytest.raises(ValueError, match=said):
        cells(shape, along)
