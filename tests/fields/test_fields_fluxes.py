"""Prescribed fluxes hold exactly beside prescribed values, corners included, and the network stays free inside."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from pinn.fields import Ansatz, Layout, Mlp
from pinn.fields.ansatz import Data, Datum, Network
from pinn.geometry import Annulus, Ball, Box, Constant, Interval, Shape


def _weights(points: tf.Tensor) -> tf.Tensor:
    return tf.constant(np.linspace(0.5, 1.3, points.shape[1]), points.dtype)


def known(points: tf.Tensor) -> tf.Tensor:
    """sin(w . x) + x_1 x_d: a smooth function, whose values and fluxes are compatible wherever parts meet."""
    return tf.sin(tf.linalg.matvec(points, _weights(points))) + points[:, 0] * points[:, -1]


def known_flux(shape: Shape, part: str) -> Datum:
    """n . grad of `known`, by hand."""

    def flux(points: tf.Tensor) -> tf.Tensor:
        _, n = shape.project(points, part)
        phase = tf.linalg.matvec(points, _weights(points))
        along_w = tf.cos(phase) * tf.linalg.matvec(n, _weights(points))
        return along_w + n[:, 0] * points[:, -1] + n[:, -1] * points[:, 0]

    return flux


ROD, SQUARE, CUBE = Interval(-0.5, 1.5), Box((0.0, -1.0), (2.0, 0.5)), Box((0.0, 0.0, 1.0), (1.0, 2.0, 2.0))
DISK, RING = Ball((0.3, -0.2), 1.5), Annulus((1.0, 0.5), 0.4, 1.0)

# A shape, the parts with values, and the parts with fluxes.
CASES: dict[str, tuple[Shape, tuple[str, ...], tuple[str, ...]]] = {
    "rod, flux right": (ROD, (), ("x_max",)),
    "rod, flux left": (ROD, (), ("x_min",)),
    "rod, value left, flux right": (ROD, ("x_min",), ("x_max",)),
    "rod, flux left, value right": (ROD, ("x_max",), ("x_min",)),
    "rod, two fluxes": (ROD, (), ("x_min", "x_max")),
    "square, one flux": (SQUARE, ("x_min", "y_min", "y_max"), ("x_max",)),
    "square, two opposite": (SQUARE, ("x_min", "x_max"), ("y_min", "y_max")),
    "square, two adjacent": (SQUARE, ("x_min", "y_max"), ("x_max", "y_min")),
    "square, two adjacent and no value": (SQUARE, (), ("x_max", "y_min")),
    "square, three": (SQUARE, ("y_min",), ("x_min", "x_max", "y_max")),
    "square, four": (SQUARE, (), ("x_min", "x_max", "y_min", "y_max")),
    "cube, two adjacent": (CUBE, ("x_min", "y_min", "y_max", "z_min"), ("x_max", "z_max")),
    "cube, three at a corner": (CUBE, ("x_max", "y_min", "z_min"), ("x_min", "y_max", "z_max")),
    "disk": (DISK, (), ("sphere",)),
    "ball": (Ball((0.0, 1.0, 0.0), 0.8), (), ("sphere",)),
    "ring, flux inside, value outside": (RING, ("outer",), ("inner",)),
    "ring, value inside, flux outside": (RING, ("inner",), ("outer",)),
    "ring, two fluxes": (RING, (), ("inner", "outer")),
    "rod in time": (ROD.over(0.5, 2.0), ("x_min", "initial"), ("x_max",)),
    "insulated rod in time": (ROD.over(0.5, 2.0), ("initial",), ("x_min", "x_max")),
    "square in time": (SQUARE.over(0.0, 1.0), ("x_min", "y_min", "initial"), ("x_max", "y_max")),
    "disk in time": (DISK.over(0.0, 3.0), ("initial",), ("sphere",)),
    "ring in time, without a start": (RING.over(-1.0, 1.0, axis="tau"), ("inner",), ("outer",)),
}


def ansatz(name: str) -> Ansatz:
    shape, values, fluxes = CASES[name]
    return Ansatz(shape, (dict.fromkeys(values, known),), ({part: known_flux(shape, part) for part in fluxes},))


def network(shape: Shape, seed: int = 0, components: int = 1, dtype: str = "float64") -> keras.Model:
    lower, upper = shape.bounds
    return Mlp(width=8, depth=1).build(Layout(lower, upper, components=components, dtype=dtype, seed=seed))


def unit_points(n: int, k: int, seed: int) -> np.ndarray:
    """Random points of the unit cube and all its corners."""
    corners = np.array(list(itertools.product((0.0, 1.0), repeat=k))).reshape(2**k, k)
    return np.concatenate([np.random.default_rng(seed).random((n, k)), corners])


def value_and_gradient(field: Network, points: tf.Tensor, component: int = 0) -> tuple[np.ndarray, np.ndarray]:
    with tf.GradientTape() as tape:
        tape.watch(points)
        value = field(points)[:, component]
    return value.numpy(), tape.gradient(value, points).numpy()


def errors(name: str, field: Network) -> dict[str, float]:
    """The largest error of the condition on each part, at its corners too, against `known` differentiated by a tape."""
    shape, values, fluxes = CASES[name]
    parts = [shape.parts[part] for part in (*values, *fluxes)]
    samples = [part.sample(unit_points(12, part.unit_dimension, 1)) for part in parts]
    points, normals = (np.concatenate(arrays) for arrays in zip(*samples, strict=True))
    value, gradient = value_and_gradient(field, tf.constant(points))
    truth, slope = value_and_gradient(lambda x: known(x)[:, None], tf.constant(points))
    missed = abs(value - truth), abs(np.sum((gradient - slope) * normals, axis=1))
    ends = np.cumsum([len(sampled) for sampled, _ in samples])[:-1]
    by_part = zip(parts, *(np.split(error, ends) for error in missed), strict=True)
    return {part.name: float((v if part.name in values else f).max()) for part, v, f in by_part}


@pytest.mark.parametrize("name", CASES)
def test_prescribed_values_and_fluxes_hold_whatever_the_network_says(name: str) -> None:
    """To round-off of derivatives of up to the third order of a small network, all of order one to a hundred."""
    field = ansatz(name)(network(CASES[name][0]))
    assert all(error < 1e-11 for error in errors(name, field).values())


@pytest.mark.parametrize("name", CASES)
def test_the_test_above_can_fail(name: str) -> None:
    """The bare network misses every condition."""
    assert all(error > 1e-3 for error in errors(name, network(CASES[name][0])).values())


@pytest.mark.parametrize("name", CASES)
def test_the_network_is_free_inside(name: str) -> None:
    """Three networks give fields whose differences are linearly independent, and of the size of the networks'."""
    shape = CASES[name][0]
    points = tf.constant(shape.interior(unit_points(40, shape.unit_dimension, 2)[:40] * 0.8 + 0.1))
    fields = [ansatz(name)(network(shape, seed))(points)[:, 0].numpy() for seed in range(3)]
    differences = np.stack([fields[1] - fields[0], fields[2] - fields[0]], axis=1)
    assert np.linalg.svd(differences, compute_uv=False).min() > 1e-3


def jet(field: Network) -> Callable[[tf.Tensor], tf.Tensor]:
    """Value, gradient, and the gradient of the sum of the gradient: `[N, 1 + 2 d]`."""

    def evaluate(points: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as outer:
            outer.watch(points)
            with tf.GradientTape() as inner:
                inner.watch(points)
                value = field(points)[:, 0]
            gradient = inner.gradient(value, points)
            slope = tf.reduce_sum(gradient, axis=1)
        return tf.concat([value[:, None], gradient, outer.gradient(slope, points)], axis=1)

    return evaluate


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_are_finite_everywhere(name: str) -> None:
    """On all parts, corners and the middle of the bounds included (of which the center of a ball is one)."""
    shape = CASES[name][0]
    parts = [part.sample(unit_points(3, part.unit_dimension, 3))[0] for part in shape.parts.values()]
    middle = np.mean(shape.bounds, axis=0, keepdims=True)
    extra = [middle] if shape.inside(middle).all() else []
    assert np.isfinite(jet(ansatz(name)(network(shape)))(tf.constant(np.concatenate([*parts, *extra])))).all()


MODES = {"graph": ({}, "float64"), "xla": ({"jit_compile": True}, "float32")}
COMPILED = (
    ("rod, value left, flux right", "xla"),
    ("square, two adjacent and no value", "xla"),
    ("disk", "graph"),
    ("ring, two fluxes", "xla"),
    ("insulated rod in time", "graph"),
)


@pytest.mark.no_cover  # the lines of the others, in another way
@pytest.mark.parametrize(("name", "mode"), COMPILED)
def test_graph_and_xla_agree_with_eager_up_to_second_derivatives(name: str, mode: str) -> None:
    """To a thousand round-offs of the largest entry: derivatives of the fourth order of a network in dtype."""
    shape, (options, dtype) = CASES[name][0], MODES[mode]
    model = network(shape, dtype=dtype)
    points = tf.constant(shape.interior(unit_points(8, shape.unit_dimension, 4)[:8] * 0.8 + 0.1), dtype)
    evaluate = jet(ansatz(name)(model))
    spec = [tf.TensorSpec([None if mode == "graph" else 8, shape.dim], dtype)]
    compiled = tf.function(evaluate, input_signature=spec, autograph=False, **options)
    exact, result = evaluate(points).numpy(), compiled(points)
    assert result.dtype == dtype
    assert abs(result.numpy() - exact).max() <= 1000 * np.finfo(dtype).eps * abs(exact).max()


def test_a_constant_flux_and_boundary_for_all_parts_are_served() -> None:
    """An insulated square: the flux is zero on all faces."""
    field = Ansatz(SQUARE, ({},), ({"boundary": Constant(0.0)},))(network(SQUARE))
    for part in SQUARE.parts.values():
        sampled, normals = part.sample(unit_points(12, 1, 5))
        _, gradient = value_and_gradient(field, tf.constant(sampled))
        assert np.sum(gradient * normals, axis=1) == pytest.approx(0.0, abs=1e-12)  # round-off of third derivatives


def test_each_component_has_its_own_fluxes() -> None:
    """Of three components the second has a value and a flux, the third a flux, and the first is the network."""
    values: tuple[Data, ...] = ({}, {"x_min": Constant(2.0)}, {})
    fluxes: tuple[Data, ...] = ({}, {"x_max": Constant(3.0)}, {"x_max": Constant(-1.0)})
    model = network(ROD, components=3)
    field = Ansatz(ROD, values, fluxes)(model)
    ends = tf.constant(np.array([[-0.5], [1.5]]))
    slopes = [value_and_gradient(field, ends, k)[1][1, 0] for k in range(3)]
    free = value_and_gradient(model, ends)[1][1, 0]
    np.testing.assert_allclose(slopes, [free, 3.0, -1.0], atol=1e-13)
    np.testing.assert_allclose(field(ends)[0, 1], 2.0, atol=1e-14)
    np.testing.assert_array_equal(field(ends)[:, 0], model(ends)[:, 0])


def test_a_value_and_a_flux_that_disagree_in_a_corner_are_missed_as_documented() -> None:
    """On y = -1, u = x^2 has the slope 4 at x = 2, where the flux 1 is prescribed: the flux holds, and the value is
    missed by ramp times mismatch, (x - 0)^2 / (2 * 2) * (4 - 1).
    """
    values: Data = {"y_min": lambda p: p[:, 0] ** 2}
    field = Ansatz(SQUARE, (values,), ({"x_max": Constant(1.0)},))(network(SQUARE))
    x = np.linspace(0.0, 2.0, 9)
    bottom = tf.constant(np.stack([x, np.full(9, -1.0)], axis=1))
    np.testing.assert_allclose(field(bottom)[:, 0], x**2 - x**2 / 4 * 3, atol=1e-13)
    right = tf.constant(np.stack([np.full(9, 2.0), np.linspace(-1.0, 0.5, 9)], axis=1))
    np.testing.assert_allclose(value_and_gradient(field, right)[1][:, 0], 1.0, atol=1e-12)


def test_fluxes_that_disagree_in_a_corner_are_missed_by_the_earlier_family_only() -> None:
    """u_x = y on x = 2 and u_y = 0 on y = 1/2 disagree about u_xy at the corner, 1 against 0: u_y holds, and u_x is
    missed by (y + 1)^2 / (2 * 3/2) times that.
    """
    fluxes: Data = {"x_max": lambda p: p[:, 1], "y_max": Constant(0.0)}
    field = Ansatz(SQUARE, ({},), (fluxes,))(network(SQUARE))
    y = np.linspace(-1.0, 0.5, 9)
    right = tf.constant(np.stack([np.full(9, 2.0), y], axis=1))
    np.testing.assert_allclose(value_and_gradient(field, right)[1][:, 0], y - (y + 1) ** 2 / 3, atol=1e-12)
    top = tf.constant(np.stack([np.linspace(0.0, 2.0, 9), np.full(9, 0.5)], axis=1))
    np.testing.assert_allclose(value_and_gradient(field, top)[1][:, 1], 0.0, atol=1e-12)


COSTS = {
    "values only": ((), 1),
    "one flux": (("x_max",), 2),
    "two opposite": (("x_min", "x_max"), 3),
    "two adjacent": (("x_max", "y_max"), 4),
    "all": (("boundary",), 9),
}


@pytest.mark.parametrize("name", COSTS)
def test_the_network_is_evaluated_as_often_as_documented(name: str) -> None:
    parts, evaluations = COSTS[name]
    calls: list[int] = []

    def counted(points: tf.Tensor) -> tf.Tensor:
        calls.append(1)
        return tf.reduce_sum(points**2, axis=1, keepdims=True)

    Ansatz(SQUARE, ({},), (dict.fromkeys(parts, Constant(0.0)),))(counted)(tf.zeros([2, 2], tf.float64))
    assert len(calls) == evaluations


def test_without_fluxes_the_field_is_the_network() -> None:
    model = network(SQUARE)
    for trivial in (Ansatz(SQUARE, ({},), ({},)), Ansatz(SQUARE, ({},))):
        assert trivial.is_trivial
        assert trivial(model) is model
    assert not Ansatz(SQUARE, ({},), ({"x_min": Constant(0.0)},)).is_trivial


ZERO = Constant(0.0)
BAD_INPUT: dict[str, tuple[Callable[[], Ansatz], type[Exception], str]] = {
    "components": (
        lambda: Ansatz(ROD, ({}, {}), ({},)),
        ValueError,
        "values for 2 components and fluxes for 1: give an empty mapping",
    ),
    "unknown part": (lambda: Ansatz(ROD, ({},), ({"hole": ZERO},)), ValueError, "'hole': choose from x_min, x_max"),
    "initial": (
        lambda: Ansatz(ROD.over(0.0, 1.0), ({},), ({"initial": ZERO},)),
        ValueError,
        "no flux can be exact on 'initial': choose from x_min, x_max",
    ),
    "twice": (
        lambda: Ansatz(ROD, ({},), ({"x_min": ZERO, "boundary": ZERO},)),
        ValueError,
        "'x_min' are given twice",
    ),
    "value and flux": (
        lambda: Ansatz(ROD, ({"boundary": ZERO},), ({"x_max": ZERO},)),
        ValueError,
        "'x_max' has a value and a flux",
    ),
    "a number": (lambda: Ansatz(ROD, ({},), ({"x_min": 0.0},)), TypeError, r"use Constant\(0.0\)"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_fluxes_that_cannot_be_exact_are_refused(name: str) -> None:
    build, error, match = BAD_INPUT[name]
    with pytest.raises(error, match=match):
        build()
