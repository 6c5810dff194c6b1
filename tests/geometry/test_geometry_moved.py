"""Moved shapes and ellipsoids: where points go, holes that were moved, areas in closed form, and bad input."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from pinn.geometry import Ball, Box, Ellipsoid, Moved

SQUARE = Box((0.0, 0.0), (1.0, 1.0))
CUBE = Box((0.0,) * 3, (1.0,) * 3)

PLACES = [
    ("translated", SQUARE.translated((2.0, -1.0)), [[2.0, -1.0], [3.0, 0.0]]),
    ("scaled", SQUARE.scaled(3.0), [[0.0, 0.0], [3.0, 3.0]]),
    ("a quarter turn", SQUARE.rotated(math.pi / 2), [[-1.0, 0.0], [0.0, 1.0]]),
    ("turn, then move", SQUARE.rotated(math.pi / 2).translated((1.0, 0.0)), [[0.0, 0.0], [1.0, 1.0]]),
    ("from y to z", CUBE.rotated(math.pi / 2, plane=("y", "z")), [[0.0, -1.0, 0.0], [1.0, 0.0, 1.0]]),
    (
        "a quarter turn in two steps",
        SQUARE.translated((1.0, 0.0)).rotated(math.pi / 4).rotated(math.pi / 4).scaled(2.0),
        [[-2.0, 2.0], [0.0, 4.0]],
    ),
    ("an eighth turn", SQUARE.rotated(math.pi / 4), [[-math.sqrt(0.5), 0.0], [math.sqrt(0.5), math.sqrt(2.0)]]),
]


@pytest.mark.parametrize(("shape", "bounds"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_where_points_go(shape: Moved, bounds: list[list[float]]) -> None:
    assert np.array(shape.bounds) == pytest.approx(np.array(bounds), abs=4e-15)  # round-offs of numbers up to 4


def test_a_moved_ball_is_the_ball_in_that_place() -> None:
    moved, ball = Ball((1.0, 0.0), 0.5).rotated(math.pi / 2).scaled(2.0), Ball((0.0, 2.0), 1.0)
    points = np.random.default_rng(0).uniform(-2.0, 3.0, (50, 2))
    assert moved.measure == pytest.approx(ball.measure, rel=1e-15)
    assert moved.signed_distance(points) == pytest.approx(ball.signed_distance(points), abs=1e-14)
    assert moved.inside(points).tolist() == ball.inside(points).tolist()
    tensor = tf.constant(points)
    assert moved.vanishing(tensor, "sphere").numpy() == pytest.approx(ball.vanishing(tensor, "sphere"), abs=1e-13)
    assert moved.ramp(tensor, "sphere").numpy() == pytest.approx(ball.ramp(tensor, "sphere"), abs=1e-12)
    for ours, theirs in zip(moved.project(tensor, "sphere"), ball.project(tensor, "sphere"), strict=True):
        assert ours.numpy() == pytest.approx(theirs.numpy(), abs=1e-14)


@pytest.mark.parametrize(
    "hole",
    [Ball((0.5, 0.0), 0.2).rotated(math.pi / 2).translated((0.5, 0.0)), Ellipsoid((0.5, 0.5), (0.3, 0.1))],
    ids=["moved", "ellipse"],
)
def test_moved_and_elliptic_holes_carry_values(hole: Ball) -> None:
    domain = SQUARE - hole
    part = domain.parts["hole_1"]
    assert part.valued
    points = tf.constant(part.sample(np.random.default_rng(1).random((8, part.unit_dimension)))[0])
    data = {"hole_1": lambda p: tf.sin(p[:, 0] + 2.0 * p[:, 1]), "x_min": lambda p: p[:, 1]}
    assert domain.lift(points, data).numpy() == pytest.approx(data["hole_1"](points).numpy(), abs=1e-13)
    assert domain.vanishing(points, list(data)).numpy() == pytest.approx(np.zeros(8), abs=1e-14)


def test_a_moved_box_leaves_no_smooth_hole() -> None:
    domain = SQUARE - SQUARE.scaled(0.2).translated((0.4, 0.4))
    assert not domain.parts["hole_1_x_min"].valued


@pytest.mark.parametrize(("a", "c"), [(1.0, 2.0), (1.0, 0.5), (3.0, 1.0)])
def test_the_area_of_a_spheroid(a: float, c: float) -> None:
    """Prolate `2 pi a^2 (1 + c / (a e) asin e)`, oblate `2 pi a^2 (1 + (1 - e^2) / e atanh e)`."""
    e = math.sqrt(1 - min(a, c) ** 2 / max(a, c) ** 2)
    shape = c / (a * e) * math.asin(e) if c > a else (1 - e**2) / e * math.atanh(e)
    part = Ellipsoid((0.0, 0.0, 1.0), (a, a, c)).parts["surface"]
    assert part.measure == pytest.approx(2 * math.pi * a**2 * (1 + shape), rel=2e-4)
    points, normals = part.sample(np.random.default_rng(2).random((20_000, part.unit_dimension)))
    # The divergence theorem: the flux of x through the surface is three times the volume.
    through = np.sum((points - [0.0, 0.0, 1.0]) * normals, axis=1)
    error = part.measure * through.std() / math.sqrt(len(through))
    assert abs(part.measure * through.mean() - 4 * math.pi * a**2 * c) < 5 * error + 2e-3 * a**2 * c


def test_the_distance_on_the_axes_of_an_ellipse() -> None:
    """At the center the small radius; on the long axis beyond the focus the corner of the curve, inside it a side."""
    ellipse = Ellipsoid((0.0, 0.0), (2.0, 1.0))
    points = [[0.0, 0.0], [3.0, 0.0], [0.0, 0.5], [1.9, 0.0], [0.0, -2.0]]
    assert ellipse.signed_distance(points) == pytest.approx([-1.0, 1.0, -0.5, -0.1, 1.0], abs=1e-12)
    # From (1, 0) the nearest point is (4/3, sqrt(5)/3), at the distance sqrt(6)/3.
    assert ellipse.signed_distance([[1.0, 0.0]])[0] == pytest.approx(-math.sqrt(6.0) / 3, rel=1e-12)


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "factor": (lambda: SQUARE.scaled(0.0), "factor must be greater than 0, got 0.0"),
    "offset": (lambda: SQUARE.translated((1.0,)), "the offset must have 2 numbers, one for each axis .* got 1"),
    "offset of what is moved": (lambda: SQUARE.scaled(2.0).translated((1.0,)), "must have 2 numbers, .* got 1"),
    "plane missing": (
        lambda: CUBE.rotated(0.1),
        r"a rotation in 3 dimensions needs a plane, such as plane=\('x', 'y'\)",
    ),
    "plane": (lambda: CUBE.rotated(0.1, plane=("x", "w")), "two axes of x, y, z, got"),
    "plane of three axes": (lambda: CUBE.rotated(0.1, plane=("x", "y", "z")), "two axes of x, y, z, got"),
    "plane of one axis": (lambda: CUBE.rotated(0.1, plane=("x", "x")), "two axes of x, y, z, got"),
    "stretched": (lambda: Moved(SQUARE, ((1.0, 0.0), (0.0, 2.0)), 1.0, (0.0, 0.0)), "an orthogonal matrix of size 2"),
    "radii": (lambda: Ellipsoid((0.0, 0.0), (1.0, -1.0)), r"radii\[1\] must be greater than 0, got -1.0"),
    "lengths": (lambda: Ellipsoid((0.0, 0.0), (1.0,)), "center and radii must have the same length, got 2 and 1"),
    "one dimension": (lambda: Ellipsoid((0.0,), (1.0,)), "at least 2 dimensions, got 1: use Interval"),
}


@pytest.mark.parametrize(("call", "match"), BAD.values(), ids=list(BAD))
def test_bad_input_is_refused_with_the_remedy(call: Callable[[], object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        call()
