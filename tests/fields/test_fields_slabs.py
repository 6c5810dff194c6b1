"""Slabs against NumPy written out by hand: grids, windows, features, and what one slab hands to the next."""

from __future__ import annotations

import itertools
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.calculus import laplacian
from pinn.fields import Axis, FlatField, Layout, PatchGrid, Slabs, Slabwork
from pinn.fields.slab_tables import put

EVERYWHERE = lambda places: np.ones(len(places), bool)  # noqa: E731


def _step(tau: np.ndarray) -> np.ndarray:
    tau = np.clip(tau, 0.0, 1.0)
    return tau**3 * (10 - 15 * tau + 6 * tau**2)


def _windows(axis: Axis, x: np.ndarray) -> np.ndarray:
    """All windows at all points, `[N, n]`, as differences of steps at every border; on a periodic axis with the images
    of the patches one period away.
    """
    period = axis.borders[-1] - axis.borders[0]
    found = np.zeros((len(x), axis.count))
    for k, shift in itertools.product(range(axis.count), (-1, 0, 1) if axis.periodic else (0,)):
        up = _step((x - axis.borders[k] - shift * period) / axis.widths[k] + 0.5)
        down = 1 - _step((x - axis.borders[k + 1] - shift * period) / axis.widths[k + 1] + 0.5)
        if not axis.periodic:
            up = up if k > 0 else np.ones_like(x)
            down = down if k < axis.count - 1 else np.ones_like(x)
        found[:, k] += up * down
    return found


borders = st.lists(st.floats(0.01, 1.0), min_size=2, max_size=7).map(lambda sizes: np.cumsum([0.3, *sizes]))


@settings(deadline=None, max_examples=60)
@given(borders, st.floats(0.1, 1.0), st.booleans())
def test_windows_sum_to_one_and_end_where_the_supports_do(places: np.ndarray, overlap: float, periodic: bool) -> None:
    axis = Axis(places, overlap, periodic)
    x = np.linspace(places[0], places[-1], 401)
    windows = _windows(axis, x)
    np.testing.assert_allclose(windows.sum(axis=1), 1.0, rtol=1e-13)
    lower, upper = axis.supports
    period = places[-1] - places[0]
    felt = np.any([(lower <= x[:, None] + s) & (x[:, None] + s <= upper) for s in (-period, 0, period)], axis=0)
    assert not windows[~felt].any()
    # Two patches at most are felt anywhere: those on both sides of the nearest border.
    rows = axis.table()[np.sum(x[:, None] >= axis.thresholds(1e9), axis=1)]
    both = np.zeros_like(windows)
    both[np.arange(len(x)), rows[:, 4].astype(int)] += 1
    both[np.arange(len(x)), rows[:, 5].astype(int)] += 1
    assert not windows[both == 0].any()


@settings(deadline=None, max_examples=60)
@given(borders, st.booleans(), st.data())
def test_cut_patches_are_halves_and_neighbours_are_of_like_size(
    places: np.ndarray, periodic: bool, data: st.DataObject
) -> None:
    axis = Axis(places, 1.0, periodic)
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=axis.count, max_size=axis.count)))
    finer = axis.split(chosen)
    assert set(places) <= set(finer.borders)
    for middle in axis.middles[chosen]:
        assert middle in finer.borders
    sizes = finer.sizes
    neighbours = np.roll(sizes, 1) if periodic else np.concatenate([sizes[:1], sizes[:-1]])
    assert np.all(np.maximum(sizes, neighbours) <= 2.51 * np.minimum(sizes, neighbours))


def test_axes_that_are_none_are_refused() -> None:
    for places in ([0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 2.0, 1.0]):
        with pytest.raises(ValueError, match="increasing borders of at least two patches"):
            Axis(np.array(places))


RECIPE = Slabs(slabs=3, patches=3, features=6, most=24, scale=2.0, overlap=0.8)
SPANS = {1: ([-1.0], [1.0]), 2: ([-1.0, 0.0], [1.0, 0.5])}
START, END = 0.5, 2.0


def _made(axes: int, *, components: int = 1, dtype: str = "float64") -> tuple[keras.Model, Slabwork, PatchGrid]:
    lower, upper = SPANS[axes]
    model = RECIPE.build(Layout([*lower, START], [*upper, END], components=components, dtype=dtype))
    grid = RECIPE.grid(lower, upper)
    chosen = np.zeros(grid.counts, bool)
    chosen[(1,) * axes] = True
    return model, Slabwork.of(RECIPE, model, (START, END)), grid.refined(chosen.ravel())


def _filled(work: Slabwork, slab: int, grid: PatchGrid) -> dict[str, np.ndarray]:
    """Numbers drawn by chance for everything that a slab adds up."""
    generator = np.random.default_rng(slab)
    work.slab.assign(float(slab))
    RECIPE.place(work.model, slab, grid, 5)
    width = RECIPE.features * work.components
    drawn = {name: generator.normal(size=(RECIPE.most, width)) for name in ("output", "initial")}
    for name, numbers in drawn.items():
        put(work.model, name, slab * RECIPE.most, numbers)
    return drawn


def _by_hand(
    work: Slabwork, slab: int, grid: PatchGrid, points: np.ndarray, drawn: dict[str, np.ndarray]
) -> np.ndarray:
    """The sum over all patches of the slab, felt or not."""
    axes = len(grid.axes)
    rows = slice(slab * RECIPE.most, slab * RECIPE.most + grid.size)
    tables = {layer.name: layer.get_weights()[0] for layer in work.model.layers if layer.weights}
    slopes = np.stack([tables[f"ridges_{i}"][rows] for i in range(axes + 1)])
    tau = (points[:, -1] - START) / (END - START) * RECIPE.slabs - slab
    windows = [_windows(axis, points[:, i]) for i, axis in enumerate(grid.axes)]
    middles = (grid.boxes.lower + grid.boxes.upper) / 2
    value = np.zeros((len(points), work.components))
    for k, place in enumerate(itertools.product(*map(range, grid.counts))):
        window = np.prod([windows[i][:, place[i]] for i in range(axes)], axis=0)[:, None]
        in_space = (points[:, :-1] - middles[k]) @ slopes[:-1, k] + tables["offsets"][rows][k]
        late = window * np.sin(in_space + (2 * tau[:, None] - 1) * slopes[-1, k])
        early = window * np.sin(in_space - slopes[-1, k])
        factor = 1.0 if slab == 0 else tau[:, None]
        value += factor * late @ drawn["output"][k].reshape(RECIPE.features, -1)
        value += early @ drawn["initial"][k].reshape(RECIPE.features, -1)
    return value


def _points(axes: int, slab: int, count: int = 40) -> np.ndarray:
    lower, upper = SPANS[axes]
    step = (END - START) / RECIPE.slabs
    box = [*lower, START + slab * step], [*upper, START + (slab + 1) * step]
    return np.random.default_rng(7).uniform(*map(np.array, box), (count, axes + 1))


@pytest.mark.parametrize(("axes", "slab"), [(1, 0), (1, 2), (2, 1)])
def test_the_field_is_the_sum_over_all_patches(axes: int, slab: int) -> None:
    model, work, grid = _made(axes, components=2)
    drawn, points = _filled(work, slab, grid), _points(axes, slab)
    expected = _by_hand(work, slab, grid, points, drawn)
    tensor = tf.constant(points)
    work.publish(model)
    np.testing.assert_allclose(model(tensor), expected, rtol=1e-10, atol=1e-11)
    numbers = work.numbers(tensor).numpy().astype(int)
    assert numbers.shape == (len(points), 2**axes)
    own = drawn["output"][numbers]
    np.testing.assert_allclose(work.field(tensor, tf.constant(own)), expected, rtol=1e-10, atol=1e-11)


def test_its_laplacian_is_that_of_the_tape_in_every_mode() -> None:
    model, work, grid = _made(1)
    _filled(work, 1, grid)
    work.publish(model)
    points, field = tf.constant(_points(1, 1)), lambda x: model(x)[:, 0]
    expected = laplacian(field, engine="tape")(points)
    found = laplacian(field, engine="forward")
    for call in (found, tf.function(found), tf.function(found, jit_compile=True)):
        np.testing.assert_allclose(call(points), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(("axes", "features", "gap"), [(1, 60, 1e-11), (2, 200, 1e-8)])
def test_a_slab_begins_as_the_one_before_ends(axes: int, features: int, gap: float) -> None:
    """On other patches, and for whatever is smooth: here a plane wave that all features of the first slab are."""
    recipe = Slabs(slabs=3, patches=3, features=features, most=30)
    lower, upper = SPANS[axes]
    model = recipe.build(Layout([*lower, START], [*upper, END]))
    work, grid = Slabwork.of(recipe, model, (START, END)), recipe.grid(lower, upper)
    work.enter(0, grid, 0, EVERYWHERE)
    for i in range(axes):  # the same wave in every patch, so that the sum of the windows is all that is left of them
        put(work.model, f"ridges_{i}", 0, np.full((grid.size, 1), 2.0 - i))
    middles = (grid.boxes.lower + grid.boxes.upper) / 2
    put(work.model, "offsets", 0, middles @ (2.0 - np.arange(axes))[:, None])
    put(work.model, "output", 0, np.ones((grid.size, 1)))
    put(work.model, f"ridges_{axes}", 0, np.full((grid.size, 1), 0.3))
    places = np.random.default_rng(3).uniform(lower, upper, (50, axes))
    end = work.end_of(0, places)[:, 0]
    np.testing.assert_allclose(end, np.sin(places @ (2.0 - np.arange(axes)) + 0.3), rtol=1e-12, atol=1e-12)
    finer = grid.refined(np.arange(grid.size) == 0)
    work.enter(1, finer, 0, EVERYWHERE)
    begin = START + (END - START) / 3
    points = tf.constant(np.column_stack([places, np.full(len(places), begin)]))
    own = tf.zeros([len(places), 2**axes, recipe.features], tf.float64)
    np.testing.assert_allclose(work.field(points, own)[:, 0], end, rtol=0, atol=gap)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_saved_file_opens_and_says_the_same(tmp_path: Path, dtype: str) -> None:
    model, work, grid = _made(1, dtype=dtype)
    _filled(work, 1, grid)
    work.publish(model)
    model.save(tmp_path / "model.keras")
    points = tf.constant(_points(1, 1), dtype)
    found = keras.saving.load_model(tmp_path / "model.keras", compile=False)(points)
    assert found.dtype == dtype
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found, model(points), rtol=0, atol=100 * eps)


def test_everything_is_in_the_arrays() -> None:
    model, work, grid = _made(1)
    _filled(work, 1, grid)
    again = Slabwork.of(RECIPE, model, (START, END))
    again.restore(work.arrays())
    points = [tf.constant(_points(1, 1)), tf.fill([40, 1], tf.constant(1.0, tf.float64))]
    np.testing.assert_array_equal(again.model(points), work.model(points))
    np.testing.assert_array_equal(work.coefficients(), FlatField(again.model, tf.float64).weights())


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"slabs": 0}, "field.slabs: expected a whole number of at least 1; got 0"),
        ({"patches": 1}, "field.patches: expected at least 2 along each axis; got 1"),
        ({"residual": 0.0}, "field.residual: expected a positive number; got 0.0"),
        ({"overlap": 1.5}, "field.overlap: expected a number above 0 and at most 1; got 1.5"),
        ({"activation": "step"}, "field.activation: expected sine or a Keras activation"),
    ],
)
def test_numbers_out_of_range_are_refused(options: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Slabs(**options)


def test_domains_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="field=slabs: expected a domain with space and time; got one axis"):
        RECIPE.build(Layout([0.0], [1.0]))
    with pytest.raises(ValueError, match="expected one number, or one for each of 2 axes; got \\(2, 2, 2\\)"):
        Slabs(patches=(2, 2, 2)).grid([0, 0], [1, 1])
    with pytest.raises(ValueError, match=r"field\.most: expected room for 9 patches; got 8"):
        Slabs(patches=3, most=8).grid([0, 0], [1, 1])
