"""Ways to run a TensorFlow function, and choices of boundary parts, shared by the tests of `vanishing` and `lift`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

TensorFunction = Callable[[tf.Tensor], tf.Tensor]
Mode = Callable[[TensorFunction, tf.Tensor], tf.Tensor]


def eager(function: TensorFunction, points: tf.Tensor) -> tf.Tensor:
    return function(points)


def graph(function: TensorFunction, points: tf.Tensor) -> tf.Tensor:
    """A graph that knows neither the number of points nor, therefore, any static shape but the dimension."""
    signature = [tf.TensorSpec([None, points.shape[1]], points.dtype)]
    return tf.function(function, input_signature=signature, autograph=False)(points)


def xla(function: TensorFunction, points: tf.Tensor) -> tf.Tensor:
    return tf.function(function, jit_compile=True, autograph=False)(points)


MODES = (eager, graph, xla)


def value_gradient_curvature(function: TensorFunction) -> TensorFunction:
    """`[N] -> [N, 1 + 2 d]`: value, gradient, and the Hessian applied to the vector of ones."""

    def evaluate(points: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as outer:
            outer.watch(points)
            with tf.GradientTape() as inner:
                inner.watch(points)
                value = function(points)
            gradient = inner.gradient(value, points, unconnected_gradients="zero")
            slope = tf.reduce_sum(gradient, axis=1)
        curvature = outer.gradient(slope, points, unconnected_gradients="zero")
        return tf.concat([value[:, None], gradient, curvature], axis=1)

    return evaluate


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """All non-empty subsets of up to three parts; of more, each alone, all together, and six drawn at random."""
    if len(names) <= 3:
        return [chosen for k in range(1, len(names) + 1) for chosen in itertools.combinations(names, k)]
    draws = np.random.default_rng(1).random((6, len(names))) < 0.5
    drawn = [tuple(name for name, taken in zip(names, row, strict=True) if taken) for row in draws]
    return [*((name,) for name in names), names, *(chosen for chosen in drawn if chosen)]


PRECISION = {tf.float32: 1.2e-7, tf.float64: 2.2e-16}  # one unit in the last place of 1
DTYPES: dict[str, Any] = {"argvalues": list(PRECISION), "ids": ["float32", "float64"]}


# Each way of compiling and each precision once: eagerly every case is asked in both.
COMPILED: tuple[tuple[tf.DType, Mode], ...] = ((tf.float64, graph), (tf.float32, xla))


def assert_precise_jet(function: TensorFunction, points: np.ndarray, *ways: tuple[tf.DType, Mode]) -> None:
    """Value, gradient and curvature to a hundred round-offs of the largest entry: sums of a few dozen terms, and
    differences like r - a, divided by b - a. All ways have the points that single precision knows, and so one truth.
    """
    jet = value_gradient_curvature(function)
    known = points.astype(np.float32)
    exact = jet(tf.constant(known, tf.float64)).numpy()
    for dtype, mode in ways:
        result = mode(jet, tf.constant(known, dtype))
        assert result.dtype == dtype
        assert result.shape == exact.shape
        assert abs(result.numpy() - exact).max() <= 100 * PRECISION[dtype] * abs(exact).max()
