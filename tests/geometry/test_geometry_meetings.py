"""Where parts of a boundary meet, against the places in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from pinn.geometry import Annulus, Ball, Box, Interval, Polygon, Shape
from pinn.geometry.meetings import Meetings

CUBE = Box((0.0,) * 3, (1.0,) * 3)
TURN = 0.7


class Seam(NamedTuple):
    """Two parts, how far a point is from where they meet, and how many places are found at least."""

    shape: Shape
    first: str
    second: str
    distance: Callable[[np.ndarray], np.ndarray]
    least: int
    tolerance: float = 1e-9  # of round-off, and of a search that ends at 1e-11


def _to(*points: tuple[float, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """The distance to the nearest of some points."""
    return lambda x: np.linalg.norm(x[:, None] - np.array(points), axis=2).min(axis=1)


SEAMS = {
    "a corner": Seam(Box((0.0, 0.0), (2.0, 1.0)), "x_max", "y_max", _to((2.0, 1.0)), 1),
    "a corner that was turned": Seam(
        Box((0.0, 0.0), (2.0, 1.0)).rotated(TURN), "x_max", "y_min", _to((2 * np.cos(TURN), 2 * np.sin(TURN))), 1
    ),
    "an acute vertex": Seam(Polygon(((0.0, 0.0), (1.0, 0.0), (1.0, 0.01))), "edge_0", "edge_2", _to((0.0, 0.0)), 1),
    "a disc through a side": Seam(
        Box((0.0, 0.0), (1.0, 1.0)) - Ball((0.5, 0.0), 0.3), "y_min", "hole_1", _to((0.2, 0.0), (0.8, 0.0)), 2
    ),
    "two discs": Seam(
        Ball((0.0, 0.0), 1.0) | Ball((1.0, 0.0), 1.0),
        "sphere_1",
        "sphere_2",
        _to((0.5, 0.75**0.5), (0.5, -(0.75**0.5))),
        2,
    ),
    "an edge of a cube": Seam(CUBE, "x_min", "z_max", lambda x: np.hypot(x[:, 0], x[:, 2] - 1.0), 8),
    "a ball through a face": Seam(
        CUBE - Ball((0.5, 0.5, 0.0), 0.3),
        "z_min",
        "hole_1",
        lambda x: np.hypot(np.hypot(x[:, 0] - 0.5, x[:, 1] - 0.5) - 0.3, x[:, 2]),
        8,
        5e-3,  # a cut surface ends within 1e-3 of the cut
    ),
    "an edge in eight dimensions": Seam(
        Box((0.0,) * 8, (1.0,) * 8), "x1_min", "x8_max", lambda x: np.hypot(x[:, 0], x[:, 7] - 1.0), 8
    ),
    "a corner at all times": Seam(
        Box((0.0, 0.0), (1.0, 1.0)).over(1.0, 3.0), "x_min", "y_min", lambda x: np.hypot(x[:, 0], x[:, 1]), 3
    ),
    "an end at the start": Seam(Interval(0.0, 1.0).over(2.0, 3.0), "x_max", "initial", _to((1.0, 2.0)), 1),
    "a circle at the start": Seam(
        Ball((0.0, 0.0), 1.0).over(0.0, 1.0),
        "initial",
        "sphere",
        lambda x: np.hypot(np.hypot(x[:, 0], x[:, 1]) - 1.0, x[:, 2]),
        8,
    ),
}
APART = {
    "two circles": (Annulus((0.0, 0.0), 1.0, 1.01), "inner", "outer"),
    "two spheres": (Annulus((0.0, 0.0, 0.0), 1.0, 1.003), "inner", "outer"),
    "opposite sides": (Box((0.0, 0.0), (1.0, 0.01)), "y_min", "y_max"),
    "a part and itself": (CUBE, "x_min", "x_min"),
    "ends, at all times": (Interval(0.0, 1.0).over(0.0, 1.0), "x_min", "x_max"),
    "a hole near a side": (Box((0.0, 0.0), (1.0, 1.0)) - Ball((0.5, 0.301), 0.3), "hole_1", "y_min"),
}


@pytest.mark.parametrize("seam", SEAMS.values(), ids=SEAMS)
def test_parts_meet_where_geometry_says(seam: Seam) -> None:
    found = Meetings(seam.shape).between(seam.first, seam.second)
    assert found.count >= seam.least
    for points in (found.first, found.second):
        assert seam.distance(points).max() <= seam.tolerance
    for name, normals in ((seam.first, found.first_normals), (seam.second, found.second_normals)):
        assert normals.shape == found.first.shape, name
        assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(("shape", "first", "second"), APART.values(), ids=APART)
def test_parts_that_are_apart_meet_nowhere(shape: Shape, first: str, second: str) -> None:
    assert Meetings(shape).between(first, second).count == 0
