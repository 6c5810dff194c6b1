"""Polygons: names, any star-shaped outline, distances to edges as they are defined, and messages for what is none."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from geometry_polygon_cases import Ring, edge_part, odd_crossings, ring_moments
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.geometry import Ball, Constant, Polygon, RegularPolygon
from pinn.geometry import optional as optional_module
from pinn.geometry.blending import blended, joined
from pinn.geometry.edges import Edges

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
NOTCH = [(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]


def circle(x: float, y: float, radius: float, sides: int) -> Ring:
    return [
        (x + radius * math.cos(k * math.tau / sides), y + radius * math.sin(k * math.tau / sides)) for k in range(sides)
    ]


def test_every_edge_is_a_part_and_every_ring_a_group() -> None:
    plate = Polygon(SQUARE, [NOTCH])
    assert list(plate.parts) == [f"edge_{i}" for i in range(4)] + [f"hole_1_edge_{i}" for i in range(4)]
    assert [part.name for part in plate.select("outer")] == [f"edge_{i}" for i in range(4)]
    assert plate.select("hole_1") == plate.select("holes") == tuple(plate.parts[f"hole_1_edge_{i}"] for i in range(4))
    assert all(part.valued and not part.smooth for part in plate.parts.values())


def test_with_many_edges_a_ring_is_a_part() -> None:
    plate = Polygon(SQUARE, [circle(0.3, 0.5, 0.2, 40), circle(0.75, 0.5, 0.15, 40)])
    assert list(plate.parts) == ["outer", "hole_1", "hole_2"]
    assert [part.name for part in plate.select("holes")] == ["hole_1", "hole_2"]
    assert not any(part.valued for part in plate.parts.values())
    points, normals = plate.parts["hole_1"].sample(np.linspace(0, 1, 101)[:, None])
    toward = np.sum(normals * (points - [0.3, 0.5]), axis=1)
    assert np.all(toward < 0)  # out of the plate is into the hole
    assert plate.parts["outer"].measure == pytest.approx(4.0, rel=1e-15)


def test_a_hundred_holes_leave_a_uniform_plate() -> None:
    """Moments within five standard errors, and no point in a hole."""
    holes = [circle(i + 0.5, j + 0.5, 0.3, 12) for i in range(10) for j in range(10)]
    plate = Polygon([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)], holes)
    area = 6 * 0.3**2  # of a dodecagon: 12 / 2 R^2 sin(30 degrees) = 3 R^2
    assert plate.measure == pytest.approx(100 - 100 * area / 2, rel=1e-13)
    points = plate.interior(np.random.default_rng(0).random((20_000, 2)))
    assert plate.inside(points).all()
    assert abs(points.mean(axis=0) - 5.0).max() < 5 * points.std() / math.sqrt(20_000)


def test_a_comb_loses_its_tips_to_a_hole() -> None:
    """Of 40 teeth, the middles and ends of cells of two teeth are all at the same height."""
    teeth = [
        (x - w, y) for x in 4.0 - np.arange(40) / 10 for w, y in ((0.0, 0.0), (0.0, 1.0), (0.05, 1.0), (0.05, 0.0))
    ]
    comb = Polygon([(0.0, -23.2), (4.0, -23.2), *teeth, (0.0, 0.0)]) - Ball((2.0, 0.85), 0.2)
    points, _ = comb.parts["outer"].sample(np.linspace(0.0, 1.0, 4001)[:, None])
    assert np.hypot(points[:, 0] - 2.0, points[:, 1] - 0.85).min() > 0.2 - 1e-9


STARS = st.lists(st.floats(0.3, 1.0), min_size=4, max_size=9)


@settings(max_examples=25, deadline=None)
@given(STARS, st.floats(-5.0, 5.0), st.booleans())
def test_any_star_shaped_outline(radii: list[float], shift: float, clockwise: bool) -> None:
    """Area, membership and distance as they are defined; normals are the gradients of the distance."""
    turns = math.tau / len(radii)
    ring = [(shift + r * math.cos(k * turns), shift + r * math.sin(k * turns)) for k, r in enumerate(radii)]
    shape = Polygon(ring[::-1] if clockwise else ring)
    points = np.random.default_rng(1).uniform(-1.2, 1.2, (100, 2)) + shift
    assert shape.measure == pytest.approx(ring_moments(ring).measure, rel=1e-12)
    assert shape.inside(points).tolist() == [odd_crossings(ring, p) for p in points]
    segments = list(zip(ring, ring[1:] + ring[:1], strict=True))
    nearest = [min(to_segment(p, np.array(a), np.array(b)) for a, b in segments) for p in points]
    assert abs(shape.signed_distance(points)) == pytest.approx(np.array(nearest), abs=1e-13)
    for part in shape.parts.values():
        middle, normal = part.sample([[0.5]])
        step = 1e-4 * part.measure
        assert shape.signed_distance(middle + step * normal) == pytest.approx(step, rel=1e-6)
        assert shape.signed_distance(middle - step * normal) == pytest.approx(-step, rel=1e-6)


def to_segment(p: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    share = np.clip(np.dot(p - a, b - a) / np.dot(b - a, b - a), 0, 1)
    return float(np.linalg.norm(p - a - share * (b - a)))


EDGES = Edges(
    np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[2.0, 0.0], [2.0, 1.0]]), np.array([[0.0, 1.0], [-1.0, 0.0]])
)


def test_the_smooth_distance_is_as_it_is_defined() -> None:
    """The formula of the source, with differences and all, at points where these do no harm."""
    points = np.random.default_rng(2).uniform(-1.0, 3.0, (100, 2))
    for i, length in enumerate((2.0, 1.0)):
        f = np.array([edge_part(tuple(EDGES.starts[i]), tuple(EDGES.ends[i])).off(p) for p in points])
        t = length / 4 - np.sum((points - (EDGES.starts[i] + EDGES.ends[i]) / 2) ** 2, axis=1) / length
        excess = (np.sqrt(t**2 + f**4 / length**2) - t) / 2
        found = EDGES.distances(tf.constant(points)).numpy()[:, i]
        assert found == pytest.approx(np.sqrt(f**2 + excess**2), rel=1e-10)


def test_the_join_and_the_blend_are_as_they_are_defined() -> None:
    distances = np.random.default_rng(3).uniform(0.1, 2.0, (20, 4))
    values = np.random.default_rng(4).normal(size=(20, 4))
    assert joined(tf.constant(distances)).numpy() == pytest.approx(1 / np.sum(1 / distances, axis=1), rel=1e-14)
    expected = np.sum(values / distances, axis=1) / np.sum(1 / distances, axis=1)
    found = blended(tf.unstack(tf.constant(values), axis=1), tf.constant(distances)).numpy()
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_nothing_is_infinite_in_the_corners(dtype: tf.DType) -> None:
    plate = Polygon(SQUARE, [NOTCH])
    corners = tf.constant([*SQUARE, *NOTCH], dtype)
    data = dict.fromkeys(plate.parts, lambda p: p[:, 0] + 2.0 * p[:, 1])
    with tf.GradientTape() as tape:
        tape.watch(corners)
        values = plate.lift(corners, data)
        total = values + plate.vanishing(corners, "boundary")
    assert values.numpy() == pytest.approx(np.array([x + 2 * y for x, y in [*SQUARE, *NOTCH]]), abs=1e-5)
    assert np.isfinite(tape.gradient(total, corners).numpy()).all()


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_values_are_met_in_a_shape_of_any_size(dtype: tf.DType) -> None:
    size = 1e-7
    plate = Polygon([(size * x, size * y) for x, y in SQUARE])
    middles = tf.constant([[size / 2, 0.0], [size, size / 2]], dtype)
    data = {"edge_0": Constant(1.0), "edge_1": Constant(2.0), "edge_2": Constant(9.0)}
    assert plate.lift(middles, data).numpy() == pytest.approx([1.0, 2.0], abs=1e-5)


def test_a_square_vanishes_by_its_lines() -> None:
    """On its four sides 16 x (1 - x) y (1 - y), but for a factor close to 1."""
    points = tf.constant([[0.5, 0.5], [0.25, 0.5], [0.25, 0.1]], tf.float64)
    values = Polygon(SQUARE).vanishing(points, "boundary").numpy()
    assert values[1:] / values[0] == pytest.approx([0.75, 0.75 * 4 * 0.09], rel=1e-14)


def test_round_holes_in_a_polygon_carry_values() -> None:
    shape = RegularPolygon(6) - Ball((0.0, 0.0), 0.3)
    points = tf.constant(shape.parts["hole_1"].sample(np.linspace(0, 1, 8)[:, None])[0])
    data = {"hole_1": Constant(2.0), "outer": Constant(1.0)}
    assert (Polygon(SQUARE, [NOTCH]) - Ball((0.2, 0.2), 0.1)).parts["hole_2"].groups == ("holes",)
    assert shape.lift(points, data).numpy() == pytest.approx(np.full(8, 2.0), abs=1e-13)
    assert shape.measure == pytest.approx(1.5 * math.sqrt(3.0) - math.pi * 0.09, rel=1e-5)


BAD: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "too few": (lambda: Polygon([(0, 0), (1, 0)]), ValueError, "the outline must have 3 vertices or more, got 2"),
    "crossing": (
        lambda: Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),
        ValueError,
        r"the outline must not cross .*Self-intersection\[0.5 0.5\].*in the order",
    ),
    "crossing hole": (
        lambda: Polygon(SQUARE, [[(0.4, 0.4), (0.6, 0.6), (0.6, 0.4), (0.4, 0.6)]]),
        ValueError,
        "hole_1 must not cross or touch itself",
    ),
    "hole outside": (lambda: Polygon(SQUARE, [NOTCH, circle(3, 3, 0.1, 5)]), ValueError, "hole_2 must lie inside"),
    "hole over the side": (lambda: Polygon(SQUARE, [circle(1, 0.5, 0.1, 5)]), ValueError, "hole_1 must lie inside"),
    "holes overlap": (
        lambda: Polygon(SQUARE, [NOTCH, circle(0.6, 0.6, 0.1, 5)]),
        ValueError,
        "the holes must not touch each other.*join them",
    ),
    "repeated": (lambda: Polygon([(0, 0), (1, 0), (1, 0), (0, 1)]), ValueError, r"repeats the vertex \(1.0, 0.0\) at"),
    "flat": (lambda: Polygon([(0, 0), (1, 0), (2, 0)]), ValueError, "the outline must not cross or touch itself"),
    "space": (lambda: Polygon([(0, 0, 0), (1, 0, 0), (0, 1, 0)]), ValueError, r"the outline\[0\] must be a point"),
    "infinite": (lambda: Polygon([(0, 0), (1, math.inf), (0, 1)]), ValueError, r"the outline\[1\]\[1\] must be finite"),
    "no points": (lambda: Polygon("triangle"), TypeError, "the outline must be a sequence of points"),
    "two sides": (lambda: RegularPolygon(2), ValueError, "3 sides or more, got 2"),
    "angle": (lambda: RegularPolygon(5, angle=math.nan), ValueError, "angle must be finite, got nan"),
    "axes": (lambda: RegularPolygon(np.int64(5), axes=("r",)), ValueError, "axes must name 2 coordinates, got 1"),
    "part": (lambda: Polygon(SQUARE).select("top"), ValueError, "'top': choose from edge_0, .*, outer, or"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "match"), BAD.values(), ids=list(BAD))
def test_what_is_no_polygon_is_refused_with_the_remedy(call: Callable[[], object], error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        call()


def test_a_library_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"a polygon needs the library 'no_such_library'.*pinn\[shapes\]"):
        optional_module.optional("no_such_library", "a polygon")
