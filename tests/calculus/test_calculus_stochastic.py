"""Estimates of the Laplacian: exact where they must be, unbiased, seeded, and with an error that is one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from calculus_cases import CASES

import pinn
from pinn.calculus import stochastic_laplacian_with_error

CASE = next(case for case in CASES if case.name == "log_radius_8d")
KINDS = ["axes", "directions"]


def _truth() -> np.ndarray:
    return np.trace(CASE.hessian(CASE.points()), axis1=1, axis2=2)


def _points() -> tf.Tensor:
    return tf.constant(CASE.points())


def test_all_axes_are_the_laplacian() -> None:
    mean, error = stochastic_laplacian_with_error(CASE.function, samples=8)(_points())
    np.testing.assert_allclose(mean, _truth(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(error, np.zeros(len(_truth())), atol=1e-12)


def test_directions_are_exact_for_a_diagonal_hessian() -> None:
    found = pinn.stochastic_laplacian(lambda p: tf.reduce_sum(tf.sin(p), axis=1), samples=1, kind="directions")
    np.testing.assert_allclose(found(_points()), -np.sum(np.sin(CASE.points()), axis=1), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_estimates_are_unbiased_and_their_errors_true(kind: str) -> None:
    """Over 4000 seeds: the mean within five of its standard errors, the mean square of the errors the variance."""

    @tf.function(jit_compile=True)
    def estimate(seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return stochastic_laplacian_with_error(CASE.function, samples=3, kind=kind, seed=seed)(_points())

    count = 4000
    found = [estimate(tf.constant([k, 7], tf.int64)) for k in range(count)]
    means, errors = (np.stack(part) for part in zip(*found, strict=True))
    spread = means.std(axis=0)
    assert np.all(np.abs(means.mean(axis=0) - _truth()) < 5 * spread / np.sqrt(count))
    np.testing.assert_allclose(np.sqrt(np.mean(errors**2, axis=0)), spread, rtol=0.1)
    assert spread.min() > 0.1  # these are estimates


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_and_both_forms_agree(kind: str) -> None:
    def of(seed: int) -> np.ndarray:
        return pinn.stochastic_laplacian(CASE.function, samples=3, kind=kind, seed=seed)(_points()).numpy()

    np.testing.assert_array_equal(of(1), of(1))
    assert not np.allclose(of(1), of(2))
    compiled = tf.function(pinn.stochastic_laplacian(CASE.function, samples=3, kind=kind, seed=1), jit_compile=True)
    np.testing.assert_allclose(compiled(_points()), of(1), rtol=1e-11, atol=1e-12)
    both = stochastic_laplacian_with_error(CASE.function, samples=3, kind=kind, seed=1)(_points())
    np.testing.assert_allclose(both.mean, of(1), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_thousand_dimensions(kind: str) -> None:
    """`sum w_i x_i^2 / 2` has the Laplacian `sum w_i`; equal weights make every sample exact."""
    dimension = 100_000
    points = tf.constant(np.random.default_rng(0).uniform(size=(2, dimension)), tf.float32)
    square = pinn.stochastic_laplacian(lambda p: tf.reduce_sum(p**2, axis=1) / 2, samples=4, kind=kind)
    found = tf.function(square, jit_compile=True)(points)
    np.testing.assert_allclose(found, [dimension] * 2, rtol=1e-5)


def test_estimates_are_differentiable() -> None:
    weights = tf.Variable(np.random.default_rng(1).normal(size=(8, 5)))
    with tf.GradientTape() as tape:
        field = lambda p: tf.reduce_sum(tf.sin(p @ weights), axis=1)  # noqa: E731
        total = tf.reduce_sum(pinn.stochastic_laplacian(field, samples=8)(_points()))
    found = tape.gradient(total, weights)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(pinn.laplacian(field)(_points()))
    np.testing.assert_allclose(found, tape.gradient(total, weights), rtol=1e-11)


BAD_INPUT: dict[str, tuple[Callable[[], object], str]] = {
    "kind": (lambda: pinn.stochastic_laplacian(CASE.function, kind="rows"), "one of axes, directions; got 'rows'"),
    "no sample": (lambda: pinn.stochastic_laplacian(CASE.function, samples=0), "at least 1; got 0"),
    "a number": (lambda: pinn.stochastic_laplacian(CASE.function, samples=2.5), "whole number.*got 2.5"),
    "too many": (lambda: pinn.stochastic_laplacian(CASE.function, samples=9)(_points()), "at most 8 axes.*got 9"),
    "one sample": (lambda: stochastic_laplacian_with_error(CASE.function, samples=1), "at least 2.*got 1"),
    "one point": (lambda: pinn.stochastic_laplacian(CASE.function)(tf.zeros(8)), r"shape \[N, d\]; got \[8\]"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_in_a_sentence(name: str) -> None:
    call, message = BAD_INPUT[name]
    with pytest.raises(ValueError, match=message):
        call()
