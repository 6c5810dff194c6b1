"""Value and velocity at the start hold exactly, whatever the network says, and the network is free afterwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Forward, LazyJet, PointSet, Tape
from pinn.calculus.points import Frame
from pinn.fields import Ansatz
from pinn.geometry import Ball, Box, Constant, Interval, Shape

START = 0.5
ROD, SQUARE, DISK = (
    shape.over(START, 2.0) for shape in (Interval(-1.0, 2.0), Box((0.0, 0.0), (1.0, 2.0)), Ball((0.3, -0.2), 1.5))
)
# A shape in time and the parts that carry values beside the start.
CASES: dict[str, tuple[Shape, tuple[str, ...]]] = {
    "rod, free ends": (ROD, ()),
    "rod, moving ends": (ROD, ("x_min", "x_max")),
    "square, three moving edges": (SQUARE, ("x_min", "y_min", "y_max")),
    "disk, moving rim": (DISK, ("sphere",)),
}
UNIT = np.random.default_rng(3).uniform(size=(30, 4))
MODES: dict[str, Callable[..., tf.Tensor]] = {
    "eager": lambda f, x: f(x),
    "graph": lambda f, x: tf.function(f, autograph=False)(x),
    "xla": lambda f, x: tf.function(f, jit_compile=True, autograph=False)(x),
}


def known(points: tf.Tensor) -> tf.Tensor:
    """A wave that moves: data taken from it agree wherever parts meet."""
    return tf.sin(tf.reduce_sum(points[:, :-1], axis=1) + 2.0 * points[:, -1])


def velocity(points: tf.Tensor) -> tf.Tensor:
    return 2.0 * tf.cos(tf.reduce_sum(points[:, :-1], axis=1) + 2.0 * points[:, -1])


def network(points: tf.Tensor) -> tf.Tensor:
    return 3.0 + tf.reduce_sum(tf.sin(3.0 * points), axis=1, keepdims=True) + 5.0 * points[:, -1:]


def ansatz(name: str) -> Ansatz:
    shape, parts = CASES[name]
    return Ansatz(shape, (dict.fromkeys((*parts, "initial"), known),), (), (velocity,))


def slope_in_time(field: Callable[[tf.Tensor], tf.Tensor], points: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(points)
        value = field(points)
    return tape.gradient(value, points)[:, -1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CASES)
def test_value_and_velocity_hold_at_the_start(name: str, mode: str, dtype: str) -> None:
    part = CASES[name][0].parts["initial"]
    points = tf.constant(part.sample(UNIT[:, : part.unit_dimension])[0], dtype)
    field = ansatz(name)(network)
    # Sums of some dozen numbers of order ten.
    atol = 300 * np.finfo(dtype).eps
    np.testing.assert_allclose(MODES[mode](field, points)[:, 0], known(points), atol=atol)
    slope = MODES[mode](lambda x: slope_in_time(field, x), points)
    np.testing.assert_allclose(slope, velocity(points), atol=atol)


@pytest.mark.parametrize("name", CASES)
def test_moving_values_hold_beside_the_velocity(name: str) -> None:
    shape, parts = CASES[name]
    field = ansatz(name)(network)
    for part in parts:
        boundary = shape.parts[part]
        points = tf.constant(boundary.sample(UNIT[:, : boundary.unit_dimension])[0])
        np.testing.assert_allclose(field(points)[:, 0], known(points), atol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_the_network_is_free_after_the_start(name: str) -> None:
    shape, _ = CASES[name]
    points = tf.constant(shape.interior(UNIT[:, : shape.unit_dimension] * 0.9 + 0.05))
    difference = ansatz(name)(lambda p: network(p) + 1.0)(points) - ansatz(name)(network)(points)
    assert tf.reduce_min(difference) > 1e-5


def test_what_disagrees_at_an_edge_is_missed_there_by_as_much() -> None:
    r"""A constant end and a velocity that does not stop there: off by `(t - t_0) (v_0 - \partial_t g)`."""
    field = Ansatz(ROD, ({"x_min": Constant(1.0), "initial": Constant(1.0)},), (), (Constant(0.25),))(network)
    points = tf.constant([[-1.0, START], [-1.0, 1.5]], tf.float64)
    np.testing.assert_allclose(field(points)[:, 0], [1.0, 1.25], atol=1e-14)


def test_one_pass_and_tapes_see_the_same_second_derivatives() -> None:
    points = PointSet(tf.constant(ROD.interior(UNIT[:, :2])), ROD.axes)
    field = lambda x: ansatz("rod, moving ends")(network)(x)[:, 0]  # noqa: E731
    frame = Frame(ROD.axes, "t", None)
    jets = [LazyJet(field, points, frame, engine) for engine in (Tape(), Forward())]
    for ask in (lambda u: u.dtt(), lambda u: u.laplacian(), lambda u: u.d("x", "t")):
        np.testing.assert_allclose(ask(jets[1]), ask(jets[0]), rtol=1e-10, atol=1e-10)


def test_each_component_has_its_own_velocity() -> None:
    field = Ansatz(ROD, ({"initial": Constant(2.0)}, {"initial": Constant(3.0)}), (), (None, Constant(4.0)))(
        lambda p: tf.concat([network(p), network(p)], axis=1)
    )
    points = tf.constant([[0.2, START]], tf.float64)
    assert abs(slope_in_time(lambda x: field(x)[:, 0], points)[0]) > 1.0  # free
    assert float(slope_in_time(lambda x: field(x)[:, 1], points)[0]) == pytest.approx(4.0, abs=1e-13)


def test_a_velocity_needs_a_value_and_a_place() -> None:
    with pytest.raises(ValueError, match="no velocity can be exact without a value at the start"):
        Ansatz(ROD, ({"x_min": known},), (), (velocity,))
    with pytest.raises(ValueError, match="values for 1 components and velocities for 2: give None"):
        Ansatz(ROD, ({"initial": known},), (), (velocity, None))
