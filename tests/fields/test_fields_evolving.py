"""Features whose coefficients are splines of time: what the field is, against sums written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.polynomial import polynomial
from scipy.interpolate import BSpline

from pinn.calculus import Needs, engine_named
from pinn.fields import EvolvingFeatures, Layout

RECIPE = EvolvingFeatures(12, frames=6, scale=3.0)
LAYOUT = Layout(np.array([0.0, -1.0, 1.0]), np.array([1.0, 2.0, 3.0]), components=2)


def points(count: int = 50) -> np.ndarray:
    return np.random.default_rng(1).uniform(LAYOUT.lower, LAYOUT.upper, (count, 3))


def test_a_field_is_the_sum_of_features_times_splines() -> None:
    model = RECIPE.build(LAYOUT)
    table = np.random.default_rng(0).normal(size=(9, 24))
    model.get_layer("output").set_weights([table])
    x = points()
    features = np.asarray(RECIPE.in_space(model)(x[:, :2]))
    coefficients = BSpline(RECIPE.knots, table, 3)((x[:, 2] - 1.0) / 2.0).reshape(-1, 12, 2)
    expected = np.einsum("nf,nfm->nm", features, coefficients)
    np.testing.assert_allclose(np.asarray(model(x)), expected, atol=1e-13)


@pytest.mark.parametrize("degree", range(4))
def test_splines_are_exact_for_cubics_and_for_no_higher_degree(degree: int) -> None:
    coefficients = np.random.default_rng(degree).normal(size=degree + 1)
    table = RECIPE.splines(polynomial.polyval(RECIPE.sites, coefficients)[:, np.newaxis])
    at = np.linspace(0.0, 1.0, 101)
    np.testing.assert_allclose(
        BSpline(RECIPE.knots, table, 3)(at)[:, 0], polynomial.polyval(at, coefficients), atol=1e-12
    )
    quartic = RECIPE.splines(RECIPE.sites[:, np.newaxis] ** 4)
    assert np.abs(BSpline(RECIPE.knots, quartic, 3)(at)[:, 0] - at**4).max() > 1e-6


def test_splines_converge_with_the_fourth_power() -> None:
    at = np.linspace(0.0, 1.0, 501)

    def error(frames: int) -> float:
        recipe = EvolvingFeatures(1, frames=frames)
        table = recipe.splines(np.sin(5 * recipe.sites)[:, np.newaxis])
        return float(np.abs(BSpline(recipe.knots, table, 3)(at)[:, 0] - np.sin(5 * at)).max())

    assert math.log2(error(20) / error(40)) == pytest.approx(4.0, abs=0.4)


@pytest.mark.parametrize("engine", ["tape", "forward"])
def test_slopes_in_time_do_not_jump_where_frames_meet(engine: str) -> None:
    model = RECIPE.build(LAYOUT)
    model.get_layer("output").set_weights([np.random.default_rng(0).normal(size=(9, 24))])
    border = 1.0 + 2.0 * 2 / 6
    sides = np.array([[0.3, 0.2, border - 1e-9], [0.3, 0.2, border + 1e-9]])
    found = engine_named(engine).differentiate(model, tf.constant(sides), Needs.of([(2,), (0,)]))
    for part in (found.value, *found.partials.values()):
        np.testing.assert_allclose(part[0], part[1], atol=1e-6)
    step = 1e-5
    around = np.array([[0.3, 0.2, 1.5 - step], [0.3, 0.2, 1.5 + step]])
    slope = np.diff(np.asarray(model(around)), axis=0)[0] / (2 * step)
    middle = engine_named(engine).differentiate(model, tf.constant([[0.3, 0.2, 1.5]], tf.float64), Needs.of([(2,)]))
    np.testing.assert_allclose(middle.partials[(2,)][0], slope, rtol=1e-6)


def test_graph_and_xla_agree_with_eager() -> None:
    model = RECIPE.build(LAYOUT)
    model.get_layer("output").set_weights([np.random.default_rng(0).normal(size=(9, 24))])
    engine, needs = engine_named("forward"), Needs.of([(0,), (2,)], [(0, 1)])

    def jets(x: tf.Tensor) -> tf.Tensor:
        found = engine.differentiate(model, x, needs)
        return tf.stack([found.value, *found.partials.values(), *found.traces.values()])

    x = tf.constant(points())
    eager = jets(x)
    for compiled in (False, True):
        found = tf.function(jets, autograph=False, jit_compile=compiled)(x)
        np.testing.assert_allclose(found, eager, rtol=1e-12, atol=1e-11)  # round-off of sums over features


def test_periodic_axes_close_and_their_waves_are_as_dense() -> None:
    layout = Layout(np.array([0.0, 0.0]), np.array([2.0, 1.0]), periodic=(True, False))
    recipe = EvolvingFeatures(40, frames=4)
    model = recipe.build(layout)
    features = np.asarray(recipe.in_space(model)(np.array([[0.0], [2.0], [0.7]])))
    np.testing.assert_allclose(features[0], features[1], atol=1e-12)
    assert np.abs(features[0] - features[2]).max() > 0.1
    kernel = recipe.in_space(model).get_layer("ridges").get_weights()[0]
    assert np.linalg.norm(kernel, axis=0).max() == pytest.approx(0.8 * 40 / 2, rel=0.1)


@pytest.mark.parametrize(
    ("axes", "largest"), [(1, 0.8 * math.pi * 50 / 2), (2, 0.8 * math.pi * math.sqrt(50 / math.pi))]
)
def test_waves_fill_the_ball_that_they_can(axes: int, largest: float) -> None:
    recipe = EvolvingFeatures(50, frames=4)
    model = recipe.build(Layout(np.zeros(axes + 1), np.ones(axes + 1)))
    lengths = np.linalg.norm(recipe.in_space(model).get_layer("ridges").get_weights()[0], axis=0)
    assert 0.85 * largest < lengths.max() <= largest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": 0}, "field.features: expected a whole number of at least 1; got 0"),
        ({"frames": 3}, "field.frames: expected at least 4; got 3"),
        ({"tolerance": 0.0}, "field.tolerance: expected a positive number; got 0.0"),
        ({"scale": -1.0}, "field.scale: expected a positive number; got -1.0"),
        ({"activation": "nope"}, "field.activation: expected sine or a Keras activation"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EvolvingFeatures(**options)


def test_a_domain_without_space_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a domain with space and time; got one axis"):
        RECIPE.build(Layout(np.zeros(1), np.ones(1)))
