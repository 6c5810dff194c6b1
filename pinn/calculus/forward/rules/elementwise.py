"""Functions of one variable, entry by entry: their slopes and curvatures."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from pinn.calculus.forward.arithmetic import Curvature, Function, Slope, apply, multiply
from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Carried, Tensor, carry

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_LIMIT = 1.7580993408473768599402175208123  # scale * alpha: minus the value far on the left
_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def elementwise(slope: Slope, curvature: Curvature | None = None) -> Rule:
    """The rule of `y = g(x)`, entry by entry.

    Args:
        slope: `g'` as a function of `(x, y)`.
        curvature: `g''` as a function of `(x, y, g')`; left out where it is zero.
    """
    function = Function(slope, curvature)

    def rule(call: Call) -> list[Tensor]:
        return [apply(call.plan, function, call.only(), call.value())]

    return rule


def _step(x: tf.Tensor) -> tf.Tensor:
    """1 where `x > 0`, else 0."""
    return tf.cast(x > 0, x.dtype)


def _inside_six(x: tf.Tensor) -> tf.Tensor:
    return tf.cast((x > 0) & (x < 6), x.dtype)


def _leaky_relu(call: Call) -> list[Tensor]:
    x = call.only()
    alpha = tf.constant(call.attribute("alpha"), x.value.dtype)
    function = Function(lambda x, y: tf.where(x > 0, tf.ones_like(x), alpha))
    return [apply(call.plan, function, x, call.value())]


_FUNCTIONS: dict[str, Function] = {
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
    "Relu": Function(lambda x, y: _step(x)),
    "Relu6": Function(lambda x, y: _inside_six(x)),
    "Rsqrt": Function(lambda x, y: -0.5 * y * y * y, lambda x, y, g: -1.5 * y * y * g),
    "Selu": Function(
        lambda x, y: tf.where(x < 0, y + _SELU_LIMIT, _SELU_SCALE * tf.ones_like(y)),
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

# Reverse sweeps are made of these: `factor * s(argument)` with `s` by its value and derivatives. They appear where a
# field differentiates something itself.
# type -> (position of the argument, of the factor, s, s' and s'')
_SLOPES: dict[str, tuple[int, int, Callable[[tf.Tensor], tf.Tensor], Function]] = {
    "EluGrad": (
        1,
        0,
        lambda y: tf.where(y < 0, y + 1, tf.ones_like(y)),
        Function(lambda y, s: tf.cast(y < 0, y.dtype)),
    ),
    "InvGrad": (0, 1, lambda y: -y * y, Function(lambda y, s: -2 * y, lambda y, s, g: -2 * tf.ones_like(y))),
    "ReciprocalGrad": (0, 1, lambda y: -y * y, Function(lambda y, s: -2 * y, lambda y, s, g: -2 * tf.ones_like(y))),
    "Relu6Grad": (1, 0, _inside_six, Function(lambda x, s: tf.zeros_like(x))),
    "ReluGrad": (1, 0, _step, Function(lambda x, s: tf.zeros_like(x))),
    "RsqrtGrad": (0, 1, lambda y: -0.5 * y**3, Function(lambda y, s: -1.5 * y * y, lambda y, s, g: -3 * y)),
    "SeluGrad": (
        1,
        0,
        lambda y: tf.where(y < 0, y + _SELU_LIMIT, _SELU_SCALE * tf.ones_like(y)),
        Function(lambda y, s: tf.cast(y < 0, y.dtype)),
    ),
    "SigmoidGrad": (
        0,
        1,
        lambda y: y * (1 - y),
        Function(lambda y, s: 1 - 2 * y, lambda y, s, g: -2 * tf.ones_like(y)),
    ),
    "SoftplusGrad": (1, 0, tf.sigmoid, Function(lambda x, s: s * (1 - s), lambda x, s, g: g * (1 - 2 * s))),
    "SoftsignGrad": (
        1,
        0,
        lambda x: (1 + tf.abs(x)) ** -2,
        Function(lambda x, s: -2 * tf.sign(x) * s / (1 + tf.abs(x)), lambda x, s, g: 6 * s * s),
    ),
    "SqrtGrad": (0, 1, lambda y: 0.5 / y, Function(lambda y, s: -s / y, lambda y, s, g: 2 * s / (y * y))),
    "TanhGrad": (0, 1, lambda y: 1 - y * y, Function(lambda y, s: -2 * y, lambda y, s, g: -2 * tf.ones_like(y))),
}


def _slope_rule(argument: int, factor: int, slope: Callable[[tf.Tensor], tf.Tensor], function: Function) -> Rule:
    def rule(call: Call) -> list[Tensor]:
        x = call.inputs[argument]
        if not isinstance(x, Carried):
            return [multiply(call.plan, call.type, slope(x), call.inputs[factor])]
        s = apply(call.plan, function, x, slope(x.value))
        return [multiply(call.plan, call.type, s, call.inputs[factor])]

    return rule


def _negative(call: Call) -> list[Tensor]:
    x = call.only()
    return call.linear(x, tf.negative, x.batch)


def _cast(call: Call) -> list[Tensor]:
    x, dtype = call.only(), call.attribute("DstT")
    if not dtype.is_floating:
        return list(call.values())
    return call.linear(x, lambda t: tf.cast(t, dtype), x.batch)


def _passed_on(call: Call) -> list[Tensor]:
    """The value by the operation (it may check or name it), the derivatives as they are."""
    x = call.only()
    return [carry(call.value(), x.first, x.second, x.batch)]


RULES: dict[str, Rule] = {
    **{name: elementwise(function.slope, function.curvature) for name, function in _FUNCTIONS.items()},
    **{name: _slope_rule(*parts) for name, parts in _SLOPES.items()},
    "LeakyRelu": _leaky_relu,
    "Neg": _negative,
    "Cast": _cast,
    "CheckNumerics": _passed_on,
    "EnsureShape": _passed_on,
    "Identity": _passed_on,
    "Snapshot": _passed_on,
}
