"""Patches against NumPy written out by hand: windows, features, which patches a point feels, and a file."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pinn.fields import FlatField, Layout, Patches, Patchwork
from pinn.geometry import Annulus, Box, Interval

LOWER, UPPER = np.array([0.0, -1.0]), np.array([2.0, 3.0])
RECIPE = Patches((3, 4), features=5, scale=2.0, overlap=0.7)


def _build(recipe: Patches = RECIPE, *, components: int = 2, seed: int = 0, dtype: str = "float64") -> keras.Model:
    return recipe.build(Layout(LOWER, UPPER, components=components, dtype=dtype, seed=seed))


def _filled(model: keras.Model) -> np.ndarray:
    """Coefficients drawn by chance, `[K, features, m]`."""
    layer = model.get_layer("output")
    weights = np.random.default_rng(1).normal(size=layer.embeddings.shape)
    layer.set_weights([weights])
    return weights.reshape(len(weights), -1, model.output_shape[1])


def _points(count: int = 60) -> np.ndarray:
    inside = np.random.default_rng(0).uniform(LOWER, UPPER, (count, 2))
    corners = np.array(list(itertools.product(*zip(LOWER, UPPER, strict=True))))
    borders = LOWER + (UPPER - LOWER) * np.array([[1 / 3, 1 / 4], [2 / 3, 3 / 4], [0.5, 0.5]])
    return np.concatenate([inside, corners, borders])


def _step(tau: np.ndarray) -> np.ndarray:
    tau = np.clip(tau, 0.0, 1.0)
    return tau**3 * (10 - 15 * tau + 6 * tau**2)


def _window(position: np.ndarray, k: int, count: int, overlap: float) -> np.ndarray:
    """Of one axis, in units of a patch: a step up at the border before, and down at the one behind."""
    up = _step((position - k) / overlap + 0.5) if k > 0 else 1.0
    down = 1.0 - _step((position - k - 1) / overlap + 0.5) if k < count - 1 else 1.0
    return np.ones_like(position) * up * down


def _by_hand(model: keras.Model, recipe: Patches, points: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """The sum over all patches, felt or not."""
    counts = recipe.grid(2)
    position = (points - LOWER) / (UPPER - LOWER) * counts
    kernels = np.stack([model.get_layer(f"ridges_{axis}").embeddings.numpy() for axis in range(2)])
    offsets = model.get_layer("offsets").embeddings.numpy()
    value = np.zeros((len(points), coefficients.shape[2]))
    for k, place in enumerate(itertools.product(*map(range, counts))):
        windows = [_window(position[:, i], place[i], counts[i], recipe.overlap) for i in range(2)]
        waves = np.sin((position - np.array(place) - 0.5) @ kernels[:, k] + offsets[k])
        value += (np.prod(windows, axis=0)[:, None] * waves) @ coefficients[k]
    return value


@pytest.mark.parametrize("counts", [(3, 4), (1, 3), (2, 1), (1, 1)], ids=str)
@pytest.mark.parametrize("overlap", [1.0, 0.4])
def test_the_field_is_the_sum_over_all_patches(counts: tuple[int, int], overlap: float) -> None:
    recipe = Patches(counts, features=5, scale=2.0, overlap=overlap)
    model = _build(recipe)
    coefficients, points = _filled(model), _points()
    np.testing.assert_allclose(model(points), _by_hand(model, recipe, points, coefficients), rtol=1e-11, atol=1e-12)


def test_windows_sum_to_one_and_are_smooth() -> None:
    """Without a wave, features are windows: their sum is 1, and value, slope and curvature have no jump anywhere."""
    recipe = Patches((4, 3), features=1, activation="linear", scale=1.0, overlap=0.6)
    model = _build(recipe, components=1)
    for axis in range(2):
        model.get_layer(f"ridges_{axis}").set_weights([np.zeros((12, 1))])
    model.get_layer("offsets").set_weights([np.ones((12, 1))])
    model.get_layer("output").set_weights([np.ones((12, 1))])
    np.testing.assert_allclose(model(_points()), 1.0, rtol=1e-14)
    alone = np.zeros((12, 1))
    alone[4] = 1.0  # the patch in the second row and column
    model.get_layer("output").set_weights([alone])
    h = 1e-3
    line = np.stack([np.linspace(0.0, 2.0, 2001), np.full(2001, 1.0)], axis=1)
    value = model(line).numpy()[:, 0]
    slope, curvature = np.gradient(value, h), np.diff(value, 2) / h**2
    assert value.max() == pytest.approx(1.0)
    support = (0.5 - 0.15, 1.0 + 0.15)  # half an overlap beyond the patch from 0.5 to 1, 0.3 wide each
    outside = (line[:, 0] <= support[0]) | (line[:, 0] >= support[1])
    assert not value[outside].any()
    assert (value[~outside] > 0).all()
    # |S'| <= 15/8 and |S''| <= 5.8, |S'''| <= 60, over a width of 0.3.
    assert np.abs(np.diff(slope)).max() < 1.1 * h * 5.8 / 0.3**2
    assert np.abs(np.diff(curvature)).max() < 1.1 * h * 60 / 0.3**3


def test_waves_fill_the_ball_and_pass_through_their_patch() -> None:
    recipe = Patches((3, 4), features=400, scale=2.5, overlap=1.0)
    model = _build(recipe)
    half = np.array([[1.0, 1.0], [0.75, 0.75]])  # of a support inside, and of one at the border, in patches
    for k, size in ((5, half[0]), (0, half[1])):  # the patches (1, 1) and (0, 0)
        kernels = np.stack([model.get_layer(f"ridges_{axis}").embeddings.numpy()[k] for axis in range(2)], axis=1)
        radius = np.linalg.norm(kernels * size, axis=1)
        assert radius.max() <= 2.5
        # The area within half the radius is a quarter: 5 standard deviations of 400 draws are 0.11.
        assert np.mean(radius < 1.25) == pytest.approx(0.25, abs=0.11)
    shift = model.get_layer("offsets").embeddings.numpy()[5]
    assert np.all(np.abs(shift) <= 2.5 * np.sqrt(2))


def test_features_drawn_again_keep_their_places_and_the_coefficients() -> None:
    model = _build(RECIPE)
    before = [model.get_layer(name).get_weights()[0] for name in ("ridges_0", "ridges_1", "offsets")]
    coefficients = _filled(model)
    Patches((3, 4), features=5, scale=6.0, overlap=0.7).redraw(model, 0)
    for name, old in zip(("ridges_0", "ridges_1", "offsets"), before, strict=True):
        np.testing.assert_allclose(model.get_layer(name).embeddings, 3.0 * old, rtol=1e-12)
    np.testing.assert_array_equal(model.get_layer("output").get_weights()[0].reshape(coefficients.shape), coefficients)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_saved_file_opens_and_says_the_same(tmp_path: Path, dtype: str) -> None:
    model = _build(Patches((2, 3), features=4), dtype=dtype)
    _filled(model)
    model.save(tmp_path / "model.keras")
    points = tf.constant(_points(), dtype)
    found = keras.saving.load_model(tmp_path / "model.keras", compile=False)(points)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, model(points))


def test_taken_apart_it_is_the_same_field() -> None:
    model = _build()
    coefficients, points = _filled(model), tf.constant(_points())
    apart = Patchwork.of(model)
    numbers = apart.numbers(points).numpy().astype(int)
    assert numbers.shape == (len(points), 4)
    assert apart.patches == 12
    own = coefficients[numbers].reshape(len(points), 4, -1)
    np.testing.assert_allclose(apart.field(points, tf.constant(own)), model(points), rtol=1e-13, atol=1e-13)


def test_weights_are_those_of_one_patch_after_the_other() -> None:
    """A point in the middle of the first patch of four feels no weight of others, at full overlap none two away."""
    model = _build(Patches((4, 4), features=3, overlap=0.5), components=1)
    flat = FlatField(model, tf.float64)
    weights = tf.constant(np.ones(flat.size))
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value = tf.reduce_sum(flat(weights, tf.constant(LOWER + (UPPER - LOWER) / 8)[tf.newaxis]))
    felt = np.flatnonzero(tf.convert_to_tensor(tape.gradient(value, weights)).numpy())
    np.testing.assert_array_equal(felt, [0, 1, 2])


def test_one_axis_and_three() -> None:
    for d in (1, 3):
        model = Patches(2, features=3).build(Layout(np.zeros(d), np.ones(d)))
        assert Patchwork.of(model).patches == 2**d
        assert model(np.full((5, d), 0.3)).shape == (5, 1)


def test_points_follow_the_patches_that_share_the_domain() -> None:
    assert Patches(4, features=100).points(Box((0, 0), (2, 3))) == (1600, 4800, 2 * 30 * 8, 30 * 4)
    whole, part = Box((-2, -2), (2, 2)), Annulus((0.0, 0.0), 1.0, 2.0)
    share = part.measure / whole.measure
    assert Patches(4, features=100).points(part).features == int(np.ceil(1600 * share))
    assert Patches(5, features=10).points(Interval(0, 1)).interior == 150
    heat = Patches((4, 2), features=100).points(Interval(0, 1).over(0.0, 2.0))
    assert (heat.boundary, heat.initial) == (2 * 30 * 2, 30 * 4)


def test_a_cell_holds_the_points_that_feel_the_same_patches() -> None:
    shape = Box(LOWER, UPPER)
    apart, points = Patchwork.of(_build()), _points()
    numbers = apart.numbers(tf.constant(points)).numpy()
    for n in (0, 7, 20):
        lower, upper = RECIPE.cell(points[n], shape)
        inside = np.all((points > lower) & (points < upper), axis=1)
        assert (numbers[inside] == numbers[n]).all()


def test_an_early_field_is_a_regular_one_of_octaves() -> None:
    """The field at a place is that of a field without `early` where the logarithm puts it."""
    recipe = replace(RECIPE, early=0.02)
    early, regular, points = _build(recipe), _build(), _points()
    _filled(early), _filled(regular)
    octaves = points.copy()
    part = (points[:, 1] - LOWER[1]) / (UPPER[1] - LOWER[1])
    octaves[:, 1] = LOWER[1] + (UPPER[1] - LOWER[1]) * np.log(1 + part / 0.02) / np.log(51.0)
    np.testing.assert_allclose(np.asarray(early(points)), np.asarray(regular(octaves)), atol=1e-6)
    assert np.abs(np.asarray(early(points)) - np.asarray(regular(points))).max() > 0.1


def test_a_cell_of_an_early_field_holds_the_points_that_feel_the_same_patches() -> None:
    recipe, shape = replace(RECIPE, early=0.02), Box(LOWER, UPPER)
    apart, points = Patchwork.of(_build(recipe)), _points(400)
    points[:, 1] = LOWER[1] + (UPPER[1] - LOWER[1]) * ((points[:, 1] - LOWER[1]) / (UPPER[1] - LOWER[1])) ** 4
    numbers = apart.numbers(tf.constant(points)).numpy()
    heights = []
    for n in range(0, 400, 40):
        lower, upper = recipe.cell(points[n], shape)
        inside = np.all((points > lower) & (points < upper), axis=1)
        assert (numbers[inside] == numbers[n]).all()
        heights.append(upper[1] - lower[1])
    assert max(heights) > 2 * min(heights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patches": 0}, r"field\.patches: expected a whole number of at least 1; got 0"),
        ({"patches": (2, 0)}, r"field\.patches: expected a whole number of at least 1; got 0"),
        ({"features": 0}, r"field\.features"),
        ({"scale": -1.0}, r"field\.scale: expected a positive number; got -1\.0"),
        ({"early": 0.0}, r"field\.early: expected a positive number; got 0\.0"),
        ({"overlap": 0.0}, r"field\.overlap: expected a number above 0 and at most 1; got 0\.0"),
        ({"overlap": 1.5}, r"field\.overlap: expected a number above 0 and at most 1; got 1\.5"),
        ({"activation": "tanhh"}, r"field\.activation: expected sine"),
    ],
    ids=str,
)
def test_options_that_cannot_work_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Patches(**options)


def test_a_grid_for_other_axes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one number, or one for each of 2 axes; got \(2, 3, 4\)"):
        _build(Patches((2, 3, 4)))
