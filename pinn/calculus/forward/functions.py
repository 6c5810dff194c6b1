"""Functions of one variable by their slopes and curvatures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

Slope = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # (x, y = g(x)) -> g'(x)
Curvature = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]  # (x, y, g'(x)) -> g''(x)


@dataclass(frozen=True)
class Function:
    """A function of one variable by its derivatives, each of `x` and `y = g(x)` and `g'(x)` where that saves work.

    Args:
        slope: `g'`.
        curvature: `g''`; `None` where it is zero, as for `abs`.
    """

    slope: Slope
    curvature: Curvature | None = None


SELU_SCALE = 1.0507009873554804934193349852946
SELU_LIMIT = 1.7580993408473768599402175208123  # scale * alpha: minus the value far on the left
_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def step(x: tf.Tensor) -> tf.Tensor:
    """1 where `x > 0`, else 0."""
    return tf.cast(x > 0, x.dtype)


def inside_six(x: tf.Tensor) -> tf.Tensor:
    return tf.cast((x > 0) & (x < 6), x.dtype)


FUNCTIONS: dict[str, Function] = {
    "Abs": Function(lambda x, y: tf.sign(x)),
    "Acos": Function(lambda x, y: -tf.math.rsqrt(1 - x * x), lambda x, y, g: x * g**3),
    "Acosh": Function(lambda x, y: tf.math.rsqrt(x * x - 1), lambda x, y, g: -x * g**3),
    "Asin": Function(lambda x, y: tf.math.rsqrt(1 - x * x), lambda x, y, g: x * g**3),
    "Asinh": Function(lambda x, y: tf.math.rsqrt(1 + x * x), lambda x, y, g: -x * g**3),
    "Atan": Function(lambda x, y: 1 / (1 + x * x), lambda x, y, g: -2 * x * g * g),
    "Atanh": Function(lambda x, y: 1 / (1 - x * x), lambda x, y, g: 2 * x * g * g),
    "Cos": Function(lambda x, y: -tf.sin(x), lambda x, y, g: -y),
    "Cosh": Function(lambda x, y: tf.sinh(x), lambda x, y, g: y),
    "Digamma": Function(
        lambda x, y: tf.math.polygamma(tf.ones_like(x), x), lambda x, y, g: tf.math.polygamma(2 * tf.ones_like(x), x)
    ),
    "Elu": Function(lambda x, y: tf.where(x < 0, y + 1, tf.ones_like(y)), lambda x, y, g: tf.where(x < 0, g, 0 * g)),
    "Erf": Function(lambda x, y: _TWO_OVER_ROOT_PI * tf.exp(-x * x), lambda x, y, g: -2 * x * g),
    "Erfc": Function(lambda x, y: -_TWO_OVER_ROOT_PI * tf.exp(-x * x), lambda x, y, g: -2 * x * g),
    "Erfinv": Function(lambda x, y: tf.exp(y * y) / _TWO_OVER_ROOT_PI, lambda x, y, g: 2 * y * g * g),
    "Exp": Function(lambda x, y: y, lambda x, y, g: y),
    "Expm1": Function(lambda x, y: y + 1, lambda x, y, g: g),
    "Inv": Function(lambda x, y: -y * y, lambda x, y, g: -2 * y * g),
    "Lgamma": Function(lambda x, y: tf.math.digamma(x), lambda x, y, g: tf.math.polygamma(tf.ones_like(x), x)),
    "Log": Function(lambda x, y: 1 / x, lambda x, y, g: -g * g),
    "Log1p": Function(lambda x, y: 1 / (1 + x), lambda x, y, g: -g * g),
    "Reciprocal": Function(lambda x, y: -y * y, lambda x, y, g: -2 * y * g),
    "Relu": Function(lambda x, y: step(x)),
    "Relu6": Function(lambda x, y: inside_six(x)),
    "Rsqrt": Function(lambda x, y: -0.5 * y * y * y, lambda x, y, g: -1.5 * y * y * g),
    "Selu": Function(
        lambda x, y: tf.where(x < 0, y + SELU_LIMIT, SELU_SCALE * tf.ones_like(y)),
        lambda x, y, g: tf.where(x < 0, g, 0 * g),
    ),
    "Sigmoid": Function(lambda x, y: y * (1 - y), lambda x, y, g: g * (1 - 2 * y)),
    "Sin": Function(lambda x, y: tf.cos(x), lambda x, y, g: -y),
    "Sinh": Function(lambda x, y: tf.cosh(x), lambda x, y, g: y),
    "Softplus": Function(lambda x, y: tf.sigmoid(x), lambda x, y, g: g * (1 - g)),
    "Softsign": Function(lambda x, y: (1 + tf.abs(x)) ** -2, lambda x, y, g: -2 * tf.sign(x) * g / (1 + tf.abs(x))),
    "Sqrt": Function(lambda x, y: 0.5 / y, lambda x, y, g: -0.5 * g / x),
    "Square": Function(lambda x, y: 2 * x, lambda x, y, g: 2 * tf.ones_like(x)),
    "Tan": Function(lambda x, y: 1 + y * y, lambda x, y, g: 2 * y * g),
    "Tanh": Function(lambda x, y: 1 - y * y, lambda x, y, g: -2 * y * g),
}
