"""The one-pass engine on whole networks, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from forward_oracle import ZERO, assert_same, differentiate, nested

import pinn
from pinn.calculus import (
    Auto,
    BatchCoupledError,
    Engine,
    EngineFallbackWarning,
    Forward,
    Needs,
    Tape,
    UnsupportedOpError,
    elementwise,
    register_rule,
)
from pinn.calculus.forward import registry

ENGINE = Forward()


def _dense(dimension: int, *layers: keras.Layer) -> keras.Model:
    return keras.Sequential([keras.Input([dimension], dtype="float64"), *layers])


def _mlp(activation: str) -> keras.Model:
    return _dense(3, keras.layers.Dense(6, activation, dtype="float64"), keras.layers.Dense(2, dtype="float64"))


def _residual_block() -> keras.Model:
    """A residual block with a gate and normalisation."""
    points = keras.Input([3], dtype="float64")
    hidden = keras.layers.Dense(6, "tanh", dtype="float64")(points)
    gate = keras.layers.Dense(6, "sigmoid", dtype="float64")(points)
    mixed = keras.layers.Add(dtype="float64")([hidden, keras.layers.Multiply(dtype="float64")([hidden, gate])])
    normal = keras.layers.RMSNormalization(dtype="float64")(mixed)
    return keras.Model(points, keras.layers.Dense(1, dtype="float64")(normal))


def _attention() -> keras.Model:
    """Two-headed attention over the coordinates as tokens."""
    points = keras.Input([3], dtype="float64")
    tokens = keras.layers.Reshape([3, 1], dtype="float64")(points)
    wide = keras.layers.Dense(4, "tanh", dtype="float64")(tokens)
    seen = keras.layers.MultiHeadAttention(2, 3, dtype="float64")(wide, wide)
    flat = keras.layers.Flatten(dtype="float64")(seen)
    return keras.Model(points, keras.layers.Dense(2, dtype="float64")(flat))


SMOOTH = ("celu", "elu", "exponential", "gelu", "log_sigmoid", "mish", "sigmoid", "silu", "softmax", "softplus", "tanh")
KINKED = ("hard_sigmoid", "hard_silu", "leaky_relu", "linear", "relu", "relu6", "selu", "squareplus")

MODELS: dict[str, Callable[[], keras.Model]] = {
    **{name: (lambda name=name: _mlp(name)) for name in (*SMOOTH, *KINKED)},
    "batch normalisation": lambda: _dense(
        3, keras.layers.Dense(5, "tanh", dtype="float64"), keras.layers.BatchNormalization(dtype="float64")
    ),
    "residual, gate, normalisation": _residual_block,
    "attention": _attention,
    **{f"{d} dimensions": (lambda d=d: _dense(d, keras.layers.Dense(5, "tanh", dtype="float64"))) for d in range(1, 9)},
}


@pytest.mark.parametrize("name", MODELS)
def test_keras_models_against_nested_reverse_mode(name: str) -> None:
    keras.utils.set_random_seed(1)
    model = MODELS[name]()
    points = np.random.default_rng(2).normal(size=(5, model.input_shape[-1]))
    assert_same(differentiate(ENGINE, model, points), nested(model, points), 1e-12)


@pytest.mark.parametrize("name", ["tanh", "gelu", "residual, gate, normalisation", "attention"])
def test_gradients_with_respect_to_weights_and_points_agree_with_the_tape(name: str) -> None:
    keras.utils.set_random_seed(3)
    model = MODELS[name]()
    points = tf.constant(np.random.default_rng(4).normal(size=(5, 3)))
    needs = Needs.of(partials=[(2,)], traces=[(0, 1)])

    def gradients(engine: Forward | Tape) -> list[np.ndarray]:
        with tf.GradientTape() as tape:
            tape.watch(points)
            found = engine.differentiate(model, points, needs)
            loss = tf.reduce_mean((found.traces[0, 1] - found.partials[2,] * found.value) ** 2)
        return tape.gradient(loss, [points, *model.trainable_variables], unconnected_gradients=ZERO)

    for found, expected in zip(gradients(ENGINE), gradients(Tape()), strict=True):
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * scale)


def test_a_model_from_its_file_is_differentiated_to_the_same_bits(tmp_path: Path) -> None:
    keras.utils.set_random_seed(5)
    model = MODELS["residual, gate, normalisation"]()
    points = np.random.default_rng(6).normal(size=(5, 3))
    expected = differentiate(ENGINE, model, points)
    model.save(tmp_path / "model.keras")
    assert_same(differentiate(ENGINE, keras.models.load_model(tmp_path / "model.keras"), points), expected, 0.0)


def _in_groups(p: tf.Tensor, size: tf.Tensor | int) -> tf.Tensor:
    groups = tf.reshape(tf.sin(p), [tf.shape(p)[0], -1, size])
    together = tf.reshape(groups, [-1, size]) ** 3
    return tf.reduce_sum(tf.reshape(together, [tf.shape(groups)[0], -1]), axis=1)


def _laplacian_in_groups(engine: Engine, size: int | None) -> tf.Tensor:
    """With the size of the groups written in the function, or else known only when the graph runs."""

    def found(p: tf.Tensor, at_run_time: tf.Tensor) -> tf.Tensor:
        field = partial(_in_groups, size=at_run_time if size is None else size)
        return engine.differentiate(field, p, Needs.of(traces=[(0, 1, 2, 3)])).traces[0, 1, 2, 3]

    specs = [tf.TensorSpec([None, 4], tf.float64), tf.TensorSpec([], tf.int32)]
    points = tf.constant(np.random.default_rng(18).uniform(size=(6, 4)))
    return tf.function(found, autograph=False, input_signature=specs)(points, 2)


def test_sizes_known_only_at_run_time() -> None:
    """Those of the batch are followed. Of others the engine cannot tell whose entries are whose, and says so."""
    sine = np.sin(np.random.default_rng(18).uniform(size=(6, 4)))
    expected = np.sum(6 * sine * (1 - sine**2) - 3 * sine**3, axis=1)
    np.testing.assert_allclose(_laplacian_in_groups(ENGINE, 2), expected, rtol=1e-12)
    with pytest.raises(UnsupportedOpError, match="must be known when the function is traced"):
        _laplacian_in_groups(ENGINE, None)
    with pytest.warns(EngineFallbackWarning, match="Reshape"):
        np.testing.assert_allclose(_laplacian_in_groups(Auto(), None), expected, rtol=1e-12)


def test_weights_as_a_tensor_of_the_surrounding_graph() -> None:
    """How a solver holds them: one flat vector that the field is a function of."""
    points = tf.constant(np.random.default_rng(5).normal(size=(6, 2)))

    def loss(weights: tf.Tensor, engine: Forward | Tape) -> tf.Tensor:
        first, last = tf.reshape(weights[:8], [2, 4]), tf.reshape(weights[8:], [4, 1])
        found = engine.differentiate(lambda p: tf.tanh(p @ first) @ last, points, Needs.of(traces=[(0, 1)]))
        return tf.reduce_sum(found.traces[0, 1] ** 2)

    @tf.function(jit_compile=True)
    def gradient(weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        found = []
        for engine in (ENGINE, Tape()):
            with tf.GradientTape() as tape:
                tape.watch(weights)
                value = loss(weights, engine)
            found.append(tape.gradient(value, weights))
        return tuple(found)

    np.testing.assert_allclose(*gradient(tf.constant(np.random.default_rng(6).normal(size=12))), rtol=1e-11)


def test_laplacian_of_a_laplacian_through_the_engine_itself() -> None:
    """x^4 y^2 has the biharmonic 24 y^2 + 48 x^2."""
    points = tf.constant(np.random.default_rng(7).uniform(size=(5, 2)))
    both = Needs.of(traces=[(0, 1)])

    def inner(p: tf.Tensor) -> tf.Tensor:
        return ENGINE.differentiate(lambda q: q[:, 0] ** 4 * q[:, 1] ** 2, p, both).traces[0, 1]

    found = ENGINE.differentiate(inner, points, both).traces[0, 1]
    np.testing.assert_allclose(found, 24 * points[:, 1] ** 2 + 48 * points[:, 0] ** 2, rtol=1e-12)


def test_python_branches_on_tensors() -> None:
    points = np.random.default_rng(8).uniform(size=(4, 2))
    switch = tf.Variable(1.0, dtype=tf.float64)

    def function(p: tf.Tensor) -> tf.Tensor:
        if switch > 0:  # noqa: SIM108 - the statement, not the expression, is what is tested
            found = tf.sin(p)
        else:
            found = tf.cos(p)
        return found

    assert_same(differentiate(ENGINE, function, points), nested(tf.sin, points), 1e-13)


def test_printing_and_asserting_are_no_part_of_the_field() -> None:
    points = np.random.default_rng(14).uniform(size=(4, 2))
    seen: list[float] = []

    def function(p: tf.Tensor) -> tf.Tensor:
        tf.debugging.Assert(tf.reduce_all(p[0] > -1), [p])
        tf.print("", p[0, 0], output_stream="file:///dev/null")
        tf.py_function(lambda total: seen.append(float(total)), [tf.reduce_sum(p)], [])
        return tf.sin(p)

    assert_same(differentiate(ENGINE, function, points), nested(tf.sin, points), 1e-13)
    np.testing.assert_allclose(seen, [points.sum()], rtol=1e-14)


@pytest.mark.parametrize("run", [lambda f: f(), lambda f: tf.function(f)()], ids=["eager", "graph"])
def test_a_trainable_exponent_keeps_its_gradient(run: Callable[[Callable[[], tf.Tensor]], tf.Tensor]) -> None:
    """lap x^q = q (q - 1) x^(q - 2) in one dimension, with the derivative (2 q - 1 + q (q - 1) ln x) x^(q - 2)."""
    x, q = np.array([[0.5], [1.3]]), 2.7
    exponent = tf.Variable(q, dtype=tf.float64)

    def slope() -> tf.Tensor:
        with tf.GradientTape() as tape:
            found = ENGINE.differentiate(lambda p: p[:, 0] ** exponent, tf.constant(x), Needs.of(traces=[(0,)]))
            total = tf.reduce_sum(found.traces[0,])
        return tape.gradient(total, exponent)

    expected = np.sum((2 * q - 1 + q * (q - 1) * np.log(x)) * x ** (q - 2))
    np.testing.assert_allclose(run(slope), expected, rtol=1e-12)


@pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_a_branch_that_ignores_the_points_is_a_factor(run: Callable[[object], object]) -> None:
    def function(p: tf.Tensor) -> tf.Tensor:
        three, one = tf.constant(3.0, p.dtype), tf.constant(1.0, p.dtype)
        return p[:, 0] ** 2 * tf.cond(three > 2, lambda: three, lambda: one)

    points = tf.constant(np.random.default_rng(15).uniform(size=(4, 2)))
    found = run(lambda p: ENGINE.differentiate(function, p, Needs.of(traces=[(0, 1)])).traces[0, 1])(points)
    np.testing.assert_allclose(found, np.full(4, 6.0), rtol=1e-14)


def test_complex_numbers_are_refused_and_not_taken_for_constants() -> None:
    points = tf.constant(np.random.default_rng(16).uniform(size=(4, 2)))
    with pytest.raises(UnsupportedOpError, match="complex"):
        ENGINE.differentiate(lambda p: tf.abs(tf.cast(p, tf.complex128)) ** 2, points, Needs.of(traces=[(0,)]))


def _normalised(p: tf.Tensor) -> tf.Tensor:
    """Layer normalisation as it is defined, with nothing stopped."""
    centred = p - tf.reduce_mean(p, axis=-1, keepdims=True)
    return centred / tf.sqrt(tf.reduce_mean(centred**2, axis=-1, keepdims=True) + 1e-3)


def test_layer_normalisation_is_differentiated_as_it_is_defined() -> None:
    """TensorFlow stops the mean inside the variance; reverse mode then returns wrong second derivatives."""
    layer = keras.layers.LayerNormalization(epsilon=1e-3, dtype="float64")
    layer.build((None, 3))
    points = np.random.default_rng(17).normal(size=(5, 3))
    right = nested(_normalised, points)
    assert_same(differentiate(ENGINE, layer, points), right, 1e-12)
    assert np.abs(nested(layer, points).hessian - right.hessian).max() > 0.1


COUPLED: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "mean over points": lambda p: p - tf.reduce_mean(p, axis=0),
    "sum of everything": lambda p: p[:, 0] * tf.reduce_sum(p),
    "maximum over points": lambda p: p - tf.reduce_max(p, axis=0),
    "softmax over points": lambda p: tf.transpose(tf.nn.softmax(tf.transpose(p))),
    "pairs of points": lambda p: tf.reduce_sum(tf.matmul(p, p, transpose_b=True), axis=1),
    "Gram matrix": lambda p: p @ tf.matmul(p, p, transpose_a=True),
    "einsum over points": lambda p: tf.einsum("na,nb->nb", p, p) * tf.einsum("na->a", p),
    "all differences": lambda p: tf.reduce_sum(tf.sin(p[:, :1] - p[:, 0]), axis=1),
    "one point": lambda p: p * p[0],
    "some points": lambda p: tf.concat([p[:2] ** 2, p[2:]], axis=0),
    "neighbours": lambda p: p * tf.roll(p, 1, axis=0),
    "reversed": lambda p: p * tf.reverse(p, axis=[0]),
    "cumulated": lambda p: tf.cumsum(p, axis=0) ** 2,
    "gathered": lambda p: tf.gather(p, [1, 0, 2, 3], axis=0) ** 2,
    "regrouped": lambda p: tf.reshape(tf.sin(tf.reshape(p, [2, 6])), [4, 3]),
    "unstacked": lambda p: tf.stack(tf.unstack(p, num=4, axis=0)[::-1]),
    "norm of everything": lambda p: p / tf.norm(p),
    "points last": lambda p: tf.transpose(p),
}


@pytest.mark.parametrize("name", COUPLED)
def test_functions_that_couple_points_are_refused(name: str) -> None:
    points = tf.constant(np.random.default_rng(9).normal(size=(4, 3)))
    with pytest.raises(ValueError, match=r"row n depends on point n alone|expected a field of shape"):
        ENGINE.differentiate(COUPLED[name], points, Needs.of(traces=[(0, 1)]))


def test_batch_statistics_of_training_are_refused_and_frozen_ones_are_not() -> None:
    layer = keras.layers.BatchNormalization(dtype="float64")
    points = tf.constant(np.random.default_rng(10).normal(size=(4, 3)))
    layer.build(points.shape)
    with pytest.raises(BatchCoupledError, match="training=False"):
        ENGINE.differentiate(lambda p: layer(p, training=True), points, Needs.of(traces=[(0,)]))
    assert ENGINE.differentiate(lambda p: layer(p, training=False), points, Needs.of(traces=[(0,)])).traces[0,].shape


def test_an_operation_without_a_rule_is_named_and_can_be_taught() -> None:
    points = tf.constant(np.random.default_rng(11).uniform(size=(4, 2)))
    needs = Needs.of(partials=[(0,)], traces=[(0, 1)])
    bessel = tf.math.special.bessel_i0e
    with pytest.raises(UnsupportedOpError, match=r"BesselI0e: there is no rule.*engine='tape'.*register_rule"):
        ENGINE.differentiate(bessel, points, needs)
    register_rule("BesselI0e", elementwise(lambda x, y: tf.math.special.bessel_i1e(x) - tf.sign(x) * y, _second))
    try:
        with pytest.raises(ValueError, match="BesselI0e has one"):
            register_rule("BesselI0e", elementwise(lambda x, y: y))
        found, expected = (engine.differentiate(bessel, points, needs) for engine in (ENGINE, Tape()))
        np.testing.assert_allclose(found.traces[0, 1], expected.traces[0, 1], rtol=1e-11)
    finally:
        del registry.RULES["BesselI0e"]


def _second(x: tf.Tensor, y: tf.Tensor, g: tf.Tensor) -> tf.Tensor:
    """(e^-x I0)'' for x > 0, from I1' = I0 - I1 / x."""
    i1 = tf.math.special.bessel_i1e(x)
    return y - i1 / x - i1 - g


def test_custom_gradients_of_users_are_refused() -> None:
    @tf.custom_gradient
    def straight_through(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        return tf.round(x), lambda upstream: upstream

    points = tf.constant(np.random.default_rng(12).uniform(size=(4, 2)))
    with pytest.raises(UnsupportedOpError, match="custom gradient"):
        ENGINE.differentiate(straight_through, points, Needs.of(traces=[(0,)]))


def test_structure_is_kept() -> None:
    """A function of one column carries one row; the sum of separate columns has no mixed derivative."""
    points = tf.constant(np.random.default_rng(13).uniform(size=(4, 3)))
    graph = tf.function(
        lambda p: ENGINE.differentiate(lambda q: tf.sin(q[:, 1]), p, Needs.of(traces=[(0, 1, 2)])).traces[0, 1, 2]
    ).get_concrete_function(points)
    shapes = [tuple(t.shape) for op in graph.graph.get_operations() for t in op.outputs]
    assert (3, 4) not in shapes
    assert (1, 4) in shapes


@pytest.mark.parametrize("engine", ["forward", "tape", "auto"])
def test_fields_with_branches_in_python_inside_a_surrounding_function(engine: str) -> None:
    scale = tf.Variable(3.0, dtype=tf.float64)

    def field(p: tf.Tensor) -> tf.Tensor:
        if scale > 2:  # noqa: SIM108 - a branch that autograph has to translate
            value = p[:, 0] ** 3 * p[:, 1]
        else:
            value = p[:, 0]
        return value

    @tf.function
    def laplacian(p: tf.Tensor) -> tf.Tensor:
        return pinn.laplacian(field, engine=engine)(p)

    points = tf.constant(np.random.default_rng(0).uniform(size=(4, 2)))
    np.testing.assert_allclose(laplacian(points), 6 * points[:, 0] * points[:, 1], rtol=1e-13)
