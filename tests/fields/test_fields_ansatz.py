"""The ansatz: exact on the boundary for any network, and free inside."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from pinn.fields import Ansatz
from pinn.geometry import Annulus, Ball, Box, Constant, Interval, Shape


def _wave(points: tf.Tensor) -> tf.Tensor:
    return tf.sin(tf.reduce_sum(points, axis=1)) + 2.0


# A shape with the parts whose values are prescribed by _wave.
CASES: dict[str, tuple[Shape, tuple[str, ...]]] = {
    "interval": (Interval(-1.0, 2.0), ("x_min", "x_max")),
    "interval_one_end": (Interval(0.0, 1.0), ("x_max",)),
    "square": (Box((0.0, 0.0), (1.0, 2.0)), ("x_min", "x_max", "y_min", "y_max")),
    "cube_some_faces": (Box((0.0,) * 3, (1.0,) * 3), ("x_min", "z_max")),
    "ball": (Ball((0.5, 0.0, 0.0), 2.0), ("sphere",)),
    "annulus": (Annulus((0.0, 0.0), 1.0, 3.0), ("inner", "outer")),
    "square_in_time": (Box((0.0, 0.0), (1.0, 1.0)).over(0.0, 2.0), ("x_min", "x_max", "y_min", "y_max", "initial")),
    "start_only": (Interval(0.0, 1.0).over(1.0, 2.0), ("initial",)),
}
UNIT = np.random.default_rng(0).uniform(size=(40, 8))


def _network(points: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(points**2, axis=1, keepdims=True) * 7.0 - 3.0


@pytest.mark.parametrize("name", CASES)
def test_prescribed_values_hold_whatever_the_network_says(name: str) -> None:
    shape, parts = CASES[name]
    field = Ansatz(shape, (dict.fromkeys(parts, _wave),))(_network)
    for part in parts:
        boundary = shape.parts[part]
        points, _ = boundary.sample(UNIT[:, : boundary.unit_dimension])
        # Round-off of sums of a few numbers of order ten.
        np.testing.assert_allclose(field(tf.constant(points))[:, 0], _wave(tf.constant(points)), atol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_the_network_is_free_inside(name: str) -> None:
    """Two networks that differ give fields that differ at every interior point."""
    shape, parts = CASES[name]
    points = tf.constant(shape.interior(UNIT[:, : shape.unit_dimension] * 0.9 + 0.05))
    build = Ansatz(shape, (dict.fromkeys(parts, _wave),))
    difference = build(lambda p: _network(p) + 1.0)(points) - build(_network)(points)
    assert tf.reduce_min(difference) > 1e-4


def test_each_component_has_its_own_conditions() -> None:
    shape = Interval(0.0, 1.0)
    field = Ansatz(shape, ({"x_min": Constant(2.0)}, {}))(lambda p: tf.concat([p + 5.0, p + 6.0], axis=1))
    at_left = field(tf.zeros((1, 1), tf.float64))
    np.testing.assert_allclose(at_left, [[2.0, 6.0]])


def test_without_conditions_the_field_is_the_network() -> None:
    ansatz = Ansatz(Interval(0.0, 1.0), ({},))
    assert ansatz.is_trivial
    assert ansatz(_network) is _network
