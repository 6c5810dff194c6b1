"""Properties of boxes of any dimension, size and place."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.geometry import Box, Constant

COORDINATES = st.floats(-100.0, 100.0, allow_subnormal=False)
LENGTHS = st.floats(1e-3, 50.0)


@st.composite
def boxes(draw: st.DrawFn, most: int = 6) -> Box:
    sides = draw(st.lists(st.tuples(COORDINATES, LENGTHS), min_size=1, max_size=most))
    return Box(tuple(a for a, _ in sides), tuple(a + length for a, length in sides))


@st.composite
def boxes_with_points(draw: st.DrawFn) -> tuple[Box, np.ndarray]:
    """A box, and one point in the box that is three times as large."""
    box = draw(boxes())
    lower, upper = box.bounds
    at = np.array(draw(st.lists(st.floats(-1.0, 2.0), min_size=box.dim, max_size=box.dim)))
    return box, lower + at * (upper - lower)


def slow_signed_distance(box: Box, point: np.ndarray) -> float:
    """Outside: to the point clamped to the box. Inside: the nearest of the 2 d faces."""
    clamped = [min(max(x, a), b) for x, a, b in zip(point, box.lower, box.upper, strict=True)]
    outside = math.dist(point, clamped)
    if outside > 0:
        return outside
    return -min(min(x - a, b - x) for x, a, b in zip(point, box.lower, box.upper, strict=True))


EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


@EXAMPLES
@given(boxes_with_points())
def test_signed_distance_and_membership(drawn: tuple[Box, np.ndarray]) -> None:
    box, point = drawn
    expected = slow_signed_distance(box, point)
    assert abs(box.signed_distance(point[None])[0] - expected) <= 1e-15 * abs(expected)
    if abs(expected) > 1e-12:  # nearer to a face than the forgiven round-off, both answers are right
        assert bool(box.inside(point[None])[0]) == (expected < 0)


@EXAMPLES
@given(boxes(), st.randoms(use_true_random=False))
def test_the_cube_map_is_monotone_and_meets_the_corners(box: Box, random: Random) -> None:
    unit = np.sort([[random.random() for _ in range(box.dim)] for _ in range(16)], axis=0)
    points = box.interior(np.vstack([np.zeros(box.dim), unit, np.ones(box.dim)]))
    assert points[0].tolist() == list(box.lower)
    assert points[-1].tolist() == list(box.upper)
    assert np.all(np.diff(points, axis=0) >= -4 * np.spacing(abs(points[1:])))
    assert box.inside(points).all()


@EXAMPLES
@given(boxes())
def test_faces_bound_the_volume(box: Box) -> None:
    """The divergence theorem for F = x: the sum over faces of measure times (x . n) is d times the volume."""
    flux, size = 0.0, 0.0
    for part in box.parts.values():
        points, normals = part.sample(np.full((1, box.dim - 1), 0.5))
        through = part.measure * float(points[0] @ normals[0])
        flux, size = flux + through, size + abs(through)
    assert abs(flux - box.dim * box.measure) <= 1e-14 * (size + box.dim * box.measure)


@EXAMPLES
@given(boxes(most=4), st.data())
def test_vanishing_is_exactly_zero_on_the_named_faces_and_lifts_are_exact_constants(
    box: Box, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(list(box.parts)), min_size=1, unique=True))
    for name, part in box.parts.items():
        points = tf.constant(part.sample(np.full((1, box.dim - 1), 0.375))[0])
        value = float(box.vanishing(points, names)[0])
        assert value == 0.0 if name in names else value > 0.0
    center = tf.constant(box.interior(np.full((1, box.dim), 0.5)))
    assert 0.4 ** len(names) < float(box.vanishing(center, names)[0]) <= 1.0 + 1e-12
    assert float(box.lift(center, dict.fromkeys(names, Constant(-3.5)))[0]) == -3.5
