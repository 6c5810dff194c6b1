"""Networks against NumPy written out by hand, their seeds and precisions, and their life in a file."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pinn.fields import FieldRecipe, FlatField, FourierFeatures, Layout, Mlp, Patches, RandomFeatures
from pinn.fields.random_features import ridges

LOWER, UPPER = (0.0, -1.0), (2.0, 3.0)
RECIPES: dict[str, FieldRecipe] = {
    "mlp": Mlp(width=5, depth=2),
    "mlp_sine": Mlp(width=4, depth=3, activation="sine"),
    "mlp_gelu": Mlp(width=4, depth=1, activation="gelu"),
    "fourier": FourierFeatures(width=5, depth=1, features=3, scale=0.5),
    "random_features": RandomFeatures(features=6),
}


def _build(recipe: FieldRecipe, *, dtype: str = "float64", seed: int = 0, components: int = 2) -> keras.Model:
    return recipe.build(Layout(LOWER, UPPER, components=components, dtype=dtype, seed=seed))


def _points(dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(0).uniform(LOWER, UPPER, (6, 2)).astype(dtype)


def _scaled(points: np.ndarray) -> np.ndarray:
    return 2 * (points - LOWER) / (np.array(UPPER) - LOWER) - 1


def test_mlp_is_the_formula() -> None:
    model, points = _build(RECIPES["mlp"]), _points()
    w1, b1, w2, b2, w3, b3 = (v.numpy() for v in model.trainable_variables)
    hidden = np.tanh(np.tanh(_scaled(points) @ w1 + b1) @ w2 + b2)
    np.testing.assert_allclose(model(points), hidden @ w3 + b3, rtol=1e-13)


def test_sine_mlp_is_the_formula() -> None:
    model, points = _build(RECIPES["mlp_sine"]), _points()
    *hidden, last, bias = (v.numpy() for v in model.trainable_variables)
    value = _scaled(points)
    for weights, shift in zip(hidden[::2], hidden[1::2], strict=True):
        value = np.sin(value @ weights + shift)
    np.testing.assert_allclose(model(points), value @ last + bias, rtol=1e-13)


def test_random_features_are_fixed_ridges_under_a_linear_layer() -> None:
    recipe = RandomFeatures(features=7, scale=3.0)
    model, points = _build(recipe), _points()
    kernel, bias = (v.numpy() for v in model.non_trainable_variables)
    # Every ridge passes through a box 1.3 times as wide as the scaled one: |b_k| <= 1.3 sum_i |a_ki|.
    assert np.all(np.abs(bias) <= 1.3 * np.sum(np.abs(kernel), axis=0))
    assert not model(points).numpy().any()
    weights = np.random.default_rng(1).normal(size=(7, 2))
    model.get_layer("output").set_weights([weights, np.array([1.0, 2.0])])
    np.testing.assert_allclose(model(points), np.tanh(_scaled(points) @ kernel + bias) @ weights + [1, 2], rtol=1e-12)


def test_every_choice_of_few_axes_has_its_share_of_the_ridges() -> None:
    slopes, _ = ridges(np.random.default_rng(0), np.ones(5), 3000, interactions=2)
    seen = (slopes != 0.0).sum(axis=0)
    # 5 single axes and 10 pairs.
    assert np.count_nonzero(seen == 1) == 1000
    assert np.count_nonzero(seen == 2) == 2000
    pairs = np.unique(np.flatnonzero(slopes.T.reshape(-1)) % 5, return_counts=True)[1]
    assert pairs.max() - pairs.min() < 150  # each axis in 1000 of them, give or take five standard deviations
    steepness = np.linalg.norm(slopes, axis=0)
    assert 0.5 <= steepness.min() < steepness.max() <= 2.0


def test_ridges_across_all_axes_are_those_without_a_limit() -> None:
    drawn, limited = (ridges(np.random.default_rng(0), np.ones(3), 20, interactions=most) for most in (None, 3))
    np.testing.assert_array_equal(drawn[0], limited[0])
    np.testing.assert_array_equal(drawn[1], limited[1])


def test_waves_fill_an_ellipsoid_with_a_scale_for_each_axis() -> None:
    scales = np.array([8.0, 2.0])
    kernel, _ = (
        v.numpy() for v in _build(RandomFeatures(4000, "sine", tuple(scales.tolist()))).get_layer("ridges").variables
    )
    squares = np.sum((kernel / scales[:, np.newaxis]) ** 2, axis=0)
    # Uniform in a disc: the squared radius is uniform between 0 and 1, with the spread 0.29 / sqrt(4000) of its mean.
    assert squares.max() <= 1.0
    assert np.mean(squares) == pytest.approx(0.5, abs=0.025)
    with pytest.raises(ValueError, match=r"field\.scale: expected one number, or one for each of 2 axes; got"):
        _build(RandomFeatures(4, scale=(1.0, 2.0, 3.0)))


def test_ridges_are_of_all_steepnesses_from_half_to_twice_the_scale() -> None:
    kernel, _ = (v.numpy() for v in _build(RandomFeatures(features=4000, scale=3.0)).get_layer("ridges").variables)
    steepness = np.log2(np.linalg.norm(kernel, axis=0) / 3.0)
    assert np.all(np.abs(steepness) <= 1.0)
    # Uniform on a logarithmic scale: a quarter of them between each two quartiles, within four standard deviations.
    counts, _ = np.histogram(steepness, bins=4, range=(-1.0, 1.0))
    assert np.all(np.abs(counts - 1000) < 4 * np.sqrt(4000 * 0.25 * 0.75))


def test_ridges_drawn_again_keep_their_directions_and_the_trained_layer() -> None:
    model = _build(RandomFeatures(features=5, scale=1.0))
    kernel, bias = (v.numpy() for v in model.get_layer("ridges").variables)
    trained = model.get_layer("output").get_weights()
    RandomFeatures(features=5, scale=4.0).redraw(model, 0)
    np.testing.assert_allclose(model.get_layer("ridges").kernel, 4.0 * kernel)
    np.testing.assert_allclose(model.get_layer("ridges").bias, 4.0 * bias)
    for old, new in zip(trained, model.get_layer("output").get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_fourier_features_are_fixed_waves_before_a_network() -> None:
    model, points = _build(RECIPES["fourier"]), _points()
    (waves,) = (v.numpy() for v in model.non_trainable_variables)
    assert waves.shape == (2, 3)
    w1, b1, w2, b2 = (v.numpy() for v in model.trainable_variables)
    phase = _scaled(points) @ waves
    hidden = np.tanh(np.concatenate([np.sin(phase), np.cos(phase)], axis=1) @ w1 + b1)
    np.testing.assert_allclose(model(points), hidden @ w2 + b2, rtol=1e-13)


def test_waves_have_the_scale_that_was_asked_for() -> None:
    wide = FourierFeatures(features=2000, scale=3.0).build(Layout(LOWER, UPPER, seed=1))
    waves = wide.non_trainable_variables[0].numpy()
    # 4000 normal numbers: their standard deviation is known to 1/sqrt(8000) = 1.1 %, five of those are enough for ever.
    np.testing.assert_allclose(waves.std(), 3.0 * np.pi, rtol=0.056)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_seeds_and_precisions(name: str, dtype: str) -> None:
    first, again, other = (_build(RECIPES[name], dtype=dtype, seed=seed) for seed in (3, 3, 4))
    assert {v.dtype for v in first.variables} == {dtype}
    assert first(_points(dtype)).dtype == dtype
    assert first(_points(dtype)).shape == (6, 2)
    for a, b, c in zip(first.variables, again.variables, other.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        if np.any(a.numpy()):  # biases begin at zero whatever the seed
            assert not np.array_equal(a.numpy(), c.numpy())
    assert keras.config.floatx() == "float32"  # nothing global was touched


@pytest.mark.parametrize("name", RECIPES)
def test_a_saved_network_is_the_same_network(name: str, tmp_path: Path) -> None:
    model = _build(RECIPES[name])
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(_points()), model(_points()))


@pytest.mark.parametrize("name", RECIPES)
def test_flat_field_is_the_model_as_a_function_of_its_weights(name: str) -> None:
    model, points = _build(RECIPES[name]), tf.constant(_points())
    flat = FlatField(model, tf.float64)
    assert flat.weights().shape == (flat.size,) == (sum(v.numpy().size for v in model.trainable_variables),)
    np.testing.assert_array_equal(flat(tf.constant(flat.weights()), points), model(points))
    moved = flat.weights() + np.random.default_rng(1).normal(size=flat.size)
    before = model(points)
    value = flat(tf.constant(moved), points)
    np.testing.assert_array_equal(model(points), before)  # evaluating elsewhere leaves the model alone
    flat.assign(moved)
    np.testing.assert_array_equal(model(points), value)
    np.testing.assert_array_equal(flat.weights(), moved)


BAD_INPUT = {
    "width": (lambda: Mlp(width=0), ValueError, "field.width: expected a whole number of at least 1; got 0"),
    "depth": (lambda: Mlp(depth=-1), ValueError, "field.depth: .*got -1"),
    "activation": (lambda: Mlp(activation="tanhh"), ValueError, "field.activation: expected sine or a Keras.*'tanhh'"),
    "interactions": (lambda: RandomFeatures(interactions=0), ValueError, "field.interactions"),
    "features": (lambda: FourierFeatures(features=0), ValueError, "field.features"),
    "scale": (lambda: FourierFeatures(scale=0.0), ValueError, "field.scale: expected a positive number; got 0.0"),
    "lambda": (lambda: FlatField(lambda p: p, tf.float64), TypeError, "expected a Keras model.*got function"),
    "no weights": (lambda: FlatField(keras.layers.Rescaling(2.0), tf.float64), ValueError, "trainable weights"),
    "precision": (
        lambda: FlatField(_build(Mlp(), dtype="float32"), tf.float64),
        ValueError,
        "weights in float64; got float32.*dtype='float32'",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_in_a_sentence(name: str) -> None:
    call, kind, message = BAD_INPUT[name]
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize(
    ("recipe", "weights"),
    [(Mlp(width=5, depth=2), 2 * (5 + 1)), (RandomFeatures(features=7), 2 * (7 + 1)), (Patches(2, features=3), 0)],
    ids=["a network", "all that features have", "no layer of Keras"],
)
def test_a_field_knows_the_weights_of_its_linear_last_layer(recipe: FieldRecipe, weights: int) -> None:
    field = FlatField(_build(recipe), tf.float64)
    assert field.last_layer == weights
    if weights:
        # Along them the field is a straight line, whatever the others are.
        points, here = tf.constant(_points()), np.random.default_rng(2).normal(size=field.size)
        step = np.concatenate([np.zeros(field.size - weights), np.ones(weights)])
        values = [field(tf.constant(here + t * step), points).numpy() for t in (0.0, 1.0, 2.0)]
        np.testing.assert_allclose(values[2] - values[1], values[1] - values[0], rtol=1e-9)
        assert np.abs(values[1] - values[0]).max() > 0.1


def test_a_layer_with_an_activation_and_a_model_that_does_not_say_are_no_linear_last_layer() -> None:
    inputs = keras.Input((3,), dtype="float64")
    dense = keras.layers.Dense(1, activation="tanh", dtype="float64")
    assert FlatField(keras.Model(inputs, dense(inputs)), tf.float64).last_layer == 0
    linear = keras.layers.Dense(1, dtype="float64")
    assert FlatField(keras.Model(inputs, keras.ops.tanh(linear(inputs))), tf.float64).last_layer == 0

    class Opaque(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__(dtype="float64")
            self.dense = keras.layers.Dense(1, dtype="float64")

        def call(self, points: tf.Tensor) -> tf.Tensor:
            return self.dense(points)

    opaque = Opaque()
    opaque(tf.ones((1, 3), tf.float64))
    assert FlatField(opaque, tf.float64).last_layer == 0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"lower": [0.0, 1.0]}, r"expected a box by its corners, .*; got \[0\. 1\.\] and \[1\. 1\.\]"),
        ({"lower": [0.0]}, r"expected a box by its corners, .*; got \[0\.\] and \[1\. 1\.\]"),
        ({"periodic": (True,)}, r"periodic: expected true or false for each of 2 axes; got \(True,\)"),
    ],
)
def test_a_layout_that_is_no_box_is_refused(options: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Layout(**{"lower": [0.0, 0.0], "upper": [1.0, 1.0], **options})
