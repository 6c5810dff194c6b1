"""Functions with known derivatives: each case says value, gradient and Hessian in closed form, written with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

Array = np.ndarray


@dataclass(frozen=True)
class Case:
    """A function of points in TensorFlow, and its first and second derivatives in NumPy.

    `function: [N, d] -> [N]` or `[N, m]`; `gradient -> [N, (m,) d]`; `hessian -> [N, (m,) d, d]`.
    """

    name: str
    dimension: int
    function: Callable[[tf.Tensor], tf.Tensor]
    gradient: Callable[[Array], Array]
    hessian: Callable[[Array], Array]

    def points(self, dtype: str = "float64", count: int = 7) -> Array:
        """Points away from the origin and from each other, always the same."""
        return np.random.default_rng(self.dimension).uniform(0.3, 1.2, (count, self.dimension)).astype(dtype)


def _outer(a: Array, b: Array) -> Array:
    return a[:, :, None] * b[:, None, :]


def _log_radius(dimension: int) -> Case:
    def hessian(x: Array) -> Array:
        r2 = np.sum(x**2, axis=1)[:, None, None]
        return 2 * np.eye(dimension) / r2 - 4 * _outer(x, x) / r2**2

    return Case(
        f"log_radius_{dimension}d",
        dimension,
        lambda p: tf.math.log(tf.reduce_sum(p**2, axis=1)),
        lambda x: 2 * x / np.sum(x**2, axis=1, keepdims=True),
        hessian,
    )


def _quadratic(dimension: int) -> Case:
    matrix = np.random.default_rng(100 + dimension).normal(size=(dimension, dimension))
    symmetric = matrix + matrix.T
    return Case(
        f"quadratic_{dimension}d",
        dimension,
        lambda p: tf.reduce_sum(p * tf.linalg.matmul(p, tf.constant(matrix, p.dtype)), axis=1),
        lambda x: x @ symmetric,
        lambda x: np.broadcast_to(symmetric, (len(x), dimension, dimension)),
    )


def _product_of_sines(dimension: int) -> Case:
    def gradient(x: Array) -> Array:
        s, c = np.sin(x), np.cos(x)
        return np.stack([np.prod(np.where(np.arange(dimension) == i, c, s), axis=1) for i in range(dimension)], axis=1)

    def hessian(x: Array) -> Array:
        s, c = np.sin(x), np.cos(x)
        result = np.empty((len(x), dimension, dimension))
        for i in range(dimension):
            for j in range(dimension):
                factors = s.copy()
                factors[:, [i, j]] = c[:, [i, j]]
                result[:, i, j] = -np.prod(s, axis=1) if i == j else np.prod(factors, axis=1)
        return result

    return Case(
        f"product_of_sines_{dimension}d",
        dimension,
        lambda p: tf.reduce_prod(tf.sin(p), axis=1),
        gradient,
        hessian,
    )


def _linear() -> Case:
    slope = np.array([2.0, -1.0, 0.5])
    return Case(
        "linear",
        3,
        lambda p: tf.linalg.matvec(p, tf.constant(slope, p.dtype)) + 1.0,
        lambda x: np.broadcast_to(slope, x.shape),
        lambda x: np.zeros((len(x), 3, 3)),
    )


def _constant() -> Case:
    return Case(
        "constant",
        2,
        lambda p: tf.ones_like(p[:, 0]) * 3.0,
        lambda x: np.zeros_like(x),
        lambda x: np.zeros((len(x), 2, 2)),
    )


def _ignores_the_points() -> Case:
    return Case(
        "ignores_the_points",
        2,
        lambda p: tf.ones(tf.shape(p)[:1], p.dtype),
        lambda x: np.zeros_like(x),
        lambda x: np.zeros((len(x), 2, 2)),
    )


def _reuses_an_intermediate() -> Case:
    """exp(s)^2 * s with s = x + y: an intermediate used twice, where naive forward-over-forward goes wrong."""

    def derivative(order: int) -> Callable[[Array], Array]:
        def of_sum(x: Array) -> Array:
            s = x.sum(axis=1)
            # d/ds (s e^{2s}) = (1 + 2s) e^{2s}; d2/ds2 = (4 + 4s) e^{2s}
            return (1 + 2 * s if order == 1 else 4 + 4 * s) * np.exp(2 * s)

        return of_sum

    def function(p: tf.Tensor) -> tf.Tensor:
        s = p[:, 0] + p[:, 1]
        e = tf.exp(s)
        return e * e * s

    return Case(
        "reuses_an_intermediate",
        2,
        function,
        lambda x: np.repeat(derivative(1)(x)[:, None], 2, axis=1),
        lambda x: np.repeat(derivative(2)(x)[:, None], 4, axis=1).reshape(-1, 2, 2),
    )


def _vector_field() -> Case:
    """(x^2 y, sin z, 5, x y z): a component without x, a constant one, a mixed one."""

    def gradient(p: Array) -> Array:
        x, y, z = p.T
        zero = np.zeros_like(x)
        rows = [[2 * x * y, x**2, zero], [zero, zero, np.cos(z)], [zero, zero, zero], [y * z, x * z, x * y]]
        return np.moveaxis(np.array(rows), -1, 0)

    def hessian(p: Array) -> Array:
        x, y, z = p.T
        result = np.zeros((len(p), 4, 3, 3))
        result[:, 0, 0, 0], result[:, 0, 0, 1], result[:, 0, 1, 0] = 2 * y, 2 * x, 2 * x
        result[:, 1, 2, 2] = -np.sin(z)
        for i, j, third in ((0, 1, z), (0, 2, y), (1, 2, x)):
            result[:, 3, i, j] = result[:, 3, j, i] = third
        return result

    def function(p: tf.Tensor) -> tf.Tensor:
        x, y, z = tf.unstack(p, axis=1)
        return tf.stack([x**2 * y, tf.sin(z), 5 * tf.ones_like(x), x * y * z], axis=1)

    return Case("vector_field", 3, function, gradient, hessian)


CASES = (
    _log_radius(2),
    _log_radius(3),
    _log_radius(8),
    _quadratic(1),
    _quadratic(5),
    _product_of_sines(6),
    _quadratic(7),
    _quadratic(20),  # enough axes for the looped sweeps
    _product_of_sines(2),
    _product_of_sines(4),
    _linear(),
    _constant(),
    _ignores_the_points(),
    _reuses_an_intermediate(),
    _vector_field(),
)
