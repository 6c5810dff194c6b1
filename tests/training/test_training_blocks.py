"""Sums over blocks of points: the same numbers, whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from training_cases import PROBLEMS, objective

from pinn.training import Sampling, blocks
from pinn.training.blocks import blocks_for, sum_over_blocks

POINTS = np.random.default_rng(0).normal(size=(23, 2))


def _sums(points: tf.Tensor, more: tf.Tensor, mask: tf.Tensor) -> dict[str, tf.Tensor]:
    return {
        "count": tf.reduce_sum(mask),
        "squares": tf.reduce_sum(mask[:, tf.newaxis] * points**2, axis=0),
        "products": tf.reduce_sum(mask * points[:, 0] * more),
    }


@pytest.mark.parametrize("compiled", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("count", [1, 2, 5, 10, 22, 23])
def test_sums_do_not_depend_on_the_blocks(count: int, compiled: bool) -> None:
    """23 points are a prime number of them: but for one and for all, no number of blocks divides them."""

    @tf.function(jit_compile=compiled)
    def run(points: tf.Tensor, more: tf.Tensor) -> dict[str, tf.Tensor]:
        return sum_over_blocks(_sums, [points, more], count)

    found = run(tf.constant(POINTS), tf.constant(POINTS[:, 1]))
    assert float(found["count"]) == 23
    np.testing.assert_allclose(found["squares"], np.sum(POINTS**2, axis=0), rtol=1e-13)
    np.testing.assert_allclose(found["products"], np.sum(POINTS[:, 0] * POINTS[:, 1]), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("points", "bytes_a_point", "expected"), [(100, 10, 1), (10_000, 1024, 10), (300, 10**6, 5)])
def test_blocks_are_as_large_as_caches_hold_and_not_too_small(points: int, bytes_a_point: int, expected: int) -> None:
    assert blocks_for(points, bytes_a_point) == expected


@pytest.mark.parametrize("name", ["heat_1d", "pair"])
def test_an_objective_in_blocks_is_the_objective(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sampling = Sampling(kind="uniform", interior=101, boundary=50, initial=17)
    target, field = objective(PROBLEMS[name], sampling=sampling)
    weights = tf.constant(field.weights())
    (loss, gradient), terms = target.loss_and_gradient(weights), target.term_losses(weights)
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 1)
    monkeypatch.setattr(blocks, "_LEAST_POINTS", 8)
    assert blocks_for(101, 100) == 13

    @tf.function(jit_compile=True, autograph=False)
    def in_blocks(w: tf.Tensor) -> tuple[tuple[tf.Tensor, tf.Tensor], dict[str, tf.Tensor]]:
        return target.loss_and_gradient(w), target.term_losses(w)

    (same_loss, same_gradient), same_terms = in_blocks(weights)
    np.testing.assert_allclose(same_loss, loss, rtol=1e-13)
    np.testing.assert_allclose(same_gradient, gradient, rtol=1e-11, atol=1e-13 * np.abs(gradient).max())
    assert set(same_terms) == set(terms)
    for key, value in terms.items():
        np.testing.assert_allclose(same_terms[key], value, rtol=1e-13)
