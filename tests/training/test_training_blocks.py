"""Sums over blocks of points: the same numbers, whatever the blocks."""

from __future__ import annotations

import os

import numpy as np
import pytest
import tensorflow as tf
from training_cases import PROBLEMS, objective

from pinn.solvers import cores
from pinn.solvers.objective import compile_evaluation
from pinn.training import Sampling, blocks
from pinn.training import objective as objectives
from pinn.training.blocks import Share, blocks_for, sum_over_blocks

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


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 30])
@pytest.mark.parametrize("count", [1, 2, 5, 23])
def test_shares_add_up_to_the_whole(count: int, parts: int) -> None:
    """Also where there are more shares than points: some are empty then."""

    @tf.function
    def run(points: tf.Tensor, more: tf.Tensor, part: tf.Tensor) -> dict[str, tf.Tensor]:
        return sum_over_blocks(_sums, [points, more], count, Share(part, parts))

    shares = [run(tf.constant(POINTS), tf.constant(POINTS[:, 1]), tf.constant(k)) for k in range(parts)]
    whole = tf.nest.map_structure(lambda *each: tf.add_n(each), *shares)
    assert float(whole["count"]) == 23
    assert max(float(share["count"]) for share in shares) <= -(-23 // min(parts, 23)) + count
    np.testing.assert_allclose(whole["squares"], np.sum(POINTS**2, axis=0), rtol=1e-13)
    np.testing.assert_allclose(whole["products"], np.sum(POINTS[:, 0] * POINTS[:, 1]), rtol=1e-13, atol=1e-14)


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


def test_an_evaluation_by_several_threads_is_the_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the same bits every time, and to round-off as by one."""
    target, field = objective(PROBLEMS["heat_1d"], conditions="penalty")
    weights = field.weights()
    assert target.parts == 1
    alone = compile_evaluation(target)(weights)
    monkeypatch.setattr(objectives, "_LEAST_BYTES", 1)
    monkeypatch.setattr(objectives, "cores", lambda: 3)
    assert target.parts == 3
    evaluate = compile_evaluation(target)
    loss, gradient = evaluate(weights)
    np.testing.assert_allclose(loss, alone[0], rtol=1e-13)
    np.testing.assert_allclose(gradient, alone[1], rtol=1e-11, atol=1e-13 * np.abs(gradient).max())
    for again in (evaluate(weights) for _ in range(20)):
        assert again[0] == loss
        np.testing.assert_array_equal(again[1], gradient)


@pytest.mark.parametrize(("asked", "most"), [("1", 1), ("1000000", None), ("", None), ("0", None)])
def test_as_many_threads_as_cores_unless_fewer_are_asked_for(
    asked: str, most: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", asked)
    assert cores() == (most or len(os.sched_getaffinity(0)))
