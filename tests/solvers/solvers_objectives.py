"""Small least-squares objectives with known minima, and the NumPy faces that oracles need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf


@dataclass(frozen=True)
class Residual:
    """An `Objective` made from a residual function `[P] -> [R]`; derivatives by reverse mode, plainly."""

    function: Callable[[tf.Tensor], tf.Tensor]
    size: int
    dtype: tf.DType = tf.float64

    def residuals(self, weights):
        return self.function(weights)

    def loss(self, weights):
        return tf.reduce_sum(tf.square(self.function(weights)))

    def loss_and_gradient(self, weights):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            loss = self.loss(weights)
        return loss, tape.gradient(loss, weights)

    def jacobian(self, weights):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            residuals = self.function(weights)
        return tape.jacobian(residuals, weights)

    def jacobian_product(self, weights, direction):
        return tf.linalg.matvec(self.jacobian(weights), direction)

    def transposed_product(self, weights, residuals):
        return tf.linalg.matvec(self.jacobian(weights), residuals, transpose_a=True)


def least_squares(matrix: np.ndarray, target: np.ndarray, dtype: tf.DType = tf.float64) -> Residual:
    """`r = A w - b`."""
    A, b = tf.constant(matrix, dtype), tf.constant(target, dtype)
    return Residual(lambda w: tf.linalg.matvec(A, w) - b, matrix.shape[1], dtype)


def rosenbrock(size: int = 2, dtype: tf.DType = tf.float64) -> Residual:
    """Chained Rosenbrock function, `sum 100 (w[i+1] - w[i]**2)**2 + (1 - w[i])**2`, minimum 0 at all ones."""

    def function(w):
        return tf.concat([10.0 * (w[1:] - tf.square(w[:-1])), 1.0 - w[:-1]], axis=0)

    return Residual(function, size, dtype)


def tanh_fit(dtype: tf.DType = tf.float64, hidden: int = 4, points: int = 25) -> Residual:
    """Fit `sum_j c_j tanh(a_j x + b_j)` to data made by such a sum with other weights: the minimum is 0."""
    x = np.linspace(-2.0, 2.0, points)
    truth = np.tanh(1.5 * x - 0.5) - 0.5 * np.tanh(0.7 * x + 1.0)
    grid, target = tf.constant(x[:, None], dtype), tf.constant(truth, dtype)

    def function(w):
        a, b, c = tf.split(w, 3)
        return (tf.linalg.matvec(tf.tanh(grid * a + b), c) - target) / points**0.5

    return Residual(function, 3 * hidden, dtype)


def tanh_start(hidden: int = 4) -> np.ndarray:
    return np.random.default_rng(3).normal(size=3 * hidden)


def identical(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    """Whether two states have the same keys, dtypes, shapes and bytes (so NaN equals NaN)."""
    return left.keys() == right.keys() and all(
        (left[key].dtype, left[key].shape, left[key].tobytes())
        == (right[key].dtype, right[key].shape, right[key].tobytes())
        for key in left
    )


def through_a_file(state: dict[str, np.ndarray], path) -> dict[str, np.ndarray]:
    """Save and load a state as a checkpoint does."""
    np.savez(path, **state)
    with np.load(path) as stored:
        return {key: stored[key] for key in stored.files}
