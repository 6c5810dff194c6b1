"""Value, gradient and full Hessian by nested reverse mode, component by component: slow and obvious."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from pinn.calculus import Derivatives, Engine, Needs

ZERO = tf.UnconnectedGradients.ZERO


@dataclass(frozen=True)
class Truth:
    """`value [N, (m)]`, `gradient [N, (m,) d]`, `hessian [N, (m,) d, d]`."""

    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray


def nested(function: Callable[[tf.Tensor], tf.Tensor], points: np.ndarray) -> Truth:
    """Two tapes, the outer one once for every component and axis."""
    p = tf.constant(points)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(p)
        with tf.GradientTape(persistent=True) as inner:
            inner.watch(p)
            value = tf.convert_to_tensor(function(p))
            parts = [value] if value.shape.rank == 1 else tf.unstack(value, axis=1)
        slopes = [inner.gradient(part, p, unconnected_gradients=ZERO) for part in parts]
        columns = [tf.unstack(slope, axis=1) for slope in slopes]
    rows = [[outer.gradient(c, p, unconnected_gradients=ZERO) for c in column] for column in columns]
    gradient, hessian = np.stack(slopes, axis=1), np.stack([np.stack(row, axis=1) for row in rows], axis=1)
    if value.shape.rank == 1:
        gradient, hessian = gradient[:, 0], hessian[:, 0]
    return Truth(value.numpy(), gradient, hessian)


def everything(dimension: int) -> Needs:
    """All first and second derivatives."""
    pairs = [(i, j) for i in range(dimension) for j in range(i, dimension)]
    return Needs.of(partials=[*((i,) for i in range(dimension)), *pairs])


def assembled(found: Derivatives, dimension: int) -> Truth:
    """What an engine answered to `everything`."""
    axes = range(dimension)
    gradient = np.stack([found.partials[i,] for i in axes], axis=-1)
    hessian = np.stack([np.stack([found.partials[min(i, j), max(i, j)] for j in axes], -1) for i in axes], -2)
    return Truth(found.value.numpy(), gradient, hessian)


def differentiate(engine: Engine, function: Callable[[tf.Tensor], tf.Tensor], points: np.ndarray) -> Truth:
    """Everything that an engine knows."""
    return assembled(engine.differentiate(function, tf.constant(points), everything(points.shape[1])), points.shape[1])


def assert_same(found: Truth, expected: Truth, tolerance: float) -> None:
    """Equal shapes, and numbers that agree relative to the largest of their kind."""
    for name in ("value", "gradient", "hessian"):
        a, b = getattr(found, name), getattr(expected, name)
        assert a.shape == b.shape, name
        error = np.abs(a - b).max() / max(1.0, np.abs(b).max())
        assert error <= tolerance, (name, error)
