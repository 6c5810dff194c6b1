"""Functions of one variable, entry by entry: their slopes and curvatures."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from pinn.calculus.forward.arithmetic import apply, multiply
from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Carried, Tensor, carry, plain
from pinn.calculus.forward.errors import UnsupportedOpError
from pinn.calculus.forward.functions import (
    FUNCTIONS,
    SELU_LIMIT,
    SELU_SCALE,
    Curvature,
    Function,
    Slope,
    inside_six,
    step,
)


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


def _leaky_relu(call: Call) -> list[Tensor]:
    x = call.only()
    alpha = tf.constant(call.attribute("alpha"), x.value.dtype)
    function = Function(lambda x, y: tf.where(x > 0, tf.ones_like(x), alpha))
    return [apply(call.plan, function, x, call.value())]


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
    "Relu6Grad": (1, 0, inside_six, Function(lambda x, s: tf.zeros_like(x))),
    "ReluGrad": (1, 0, step, Function(lambda x, s: tf.zeros_like(x))),
    "RsqrtGrad": (0, 1, lambda y: -0.5 * y**3, Function(lambda y, s: -1.5 * y * y, lambda y, s, g: -3 * y)),
    "SeluGrad": (
        1,
        0,
        lambda y: tf.where(y < 0, y + SELU_LIMIT, SELU_SCALE * tf.ones_like(y)),
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


def _leaky_relu_gradient(call: Call) -> list[Tensor]:
    gradient, x = call.inputs
    alpha = tf.constant(call.attribute("alpha"), plain(x).dtype)
    return [multiply(call.plan, call.type, gradient, tf.where(plain(x) > 0, tf.ones_like(plain(x)), alpha))]


def _polygamma(call: Call) -> list[Tensor]:
    order, x = plain(call.inputs[0]), call.only(1)
    function = Function(lambda x, y: tf.math.polygamma(order + 1, x), lambda x, y, g: tf.math.polygamma(order + 2, x))
    return [apply(call.plan, function, x, call.value())]


def _negative(call: Call) -> list[Tensor]:
    x = call.only()
    return call.linear(x, tf.negative, x.batch)


def _cast(call: Call) -> list[Tensor]:
    x, dtype = call.only(), call.attribute("DstT")
    if dtype.is_complex:
        raise UnsupportedOpError(call.type, "complex numbers are not differentiated")
    if not dtype.is_floating:
        return list(call.values())
    return call.linear(x, lambda t: tf.cast(t, dtype), x.batch)


def _passed_on(call: Call) -> list[Tensor]:
    """The value by the operation (it may check or name it), the derivatives as they are."""
    x = call.only()
    return [carry(call.value(), x.first, x.second, x.batch)]


RULES: dict[str, Rule] = {
    **{name: elementwise(function.slope, function.curvature) for name, function in FUNCTIONS.items()},
    **{name: _slope_rule(*parts) for name, parts in _SLOPES.items()},
    "LeakyRelu": _leaky_relu,
    "LeakyReluGrad": _leaky_relu_gradient,
    "Polygamma": _polygamma,
    "Neg": _negative,
    "Cast": _cast,
    "CheckNumerics": _passed_on,
    "EnsureShape": _passed_on,
    "Identity": _passed_on,
    "Snapshot": _passed_on,
}
