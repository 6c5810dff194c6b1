"""Sums, products, quotients, powers and choices of two tensors, entry by entry with broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import tensorflow as tf

from pinn.calculus.forward import arithmetic
from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Carried, Tensor, carry, plain
from pinn.calculus.forward.errors import UnsupportedOpError
from pinn.calculus.forward.functions import FUNCTIONS, Function


def _map(call: Call, function: Function, x: Tensor, value: Callable[[tf.Tensor], tf.Tensor]) -> Tensor:
    """A function of one variable of a tensor that may carry derivatives."""
    return arithmetic.apply(call.plan, function, x, value(x.value)) if isinstance(x, Carried) else value(x)


def _add(call: Call) -> list[Tensor]:
    return [arithmetic.add(call.type, call.value(), *call.inputs)]


def _subtract(call: Call) -> list[Tensor]:
    return [arithmetic.add(call.type, call.value(), *call.inputs, sign=-1)]


def _add_many(call: Call) -> list[Tensor]:
    return [reduce(lambda a, b: arithmetic.add(call.type, plain(a) + plain(b), a, b), call.inputs)]


def _add_bias(call: Call) -> list[Tensor]:
    """A bias is added along one axis, to whatever layout; it never depends on the points."""
    x = call.only()
    return [carry(call.value(), x.first, x.second, x.batch)]


def _multiply(call: Call) -> list[Tensor]:
    return [arithmetic.multiply(call.plan, call.type, *call.inputs)]


def _divide(by: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Rule:
    return lambda call: [arithmetic.divide(call.plan, call.type, *call.inputs, by=by)]


def _multiply_no_nan(call: Call) -> list[Tensor]:
    """`x y`, and zero wherever `y` is zero, whatever `x` is."""
    x, y = call.inputs
    product = arithmetic.multiply(call.plan, call.type, x, y)
    return [arithmetic.choose(call.type, tf.equal(plain(y), 0), tf.zeros_like(plain(product)), product, call.value())]


def _squared_difference(call: Call) -> list[Tensor]:
    a, b = call.inputs
    difference = arithmetic.add(call.type, plain(a) - plain(b), a, b, sign=-1)
    return [_map(call, FUNCTIONS["Square"], difference, tf.square)]


def _power(call: Call) -> list[Tensor]:
    x, exponent = call.inputs
    if isinstance(exponent, Carried):
        return [_exponential(call, x, exponent)]
    assert isinstance(x, Carried)
    known = call.written(1)
    value = call.value()
    if known is not None and np.ndim(known) == 0:
        return [arithmetic.apply(call.plan, _static_power(float(known)), x, value)]
    zero = tf.zeros_like(value)
    slope, curvature = exponent * x.value ** (exponent - 1), exponent * (exponent - 1) * x.value ** (exponent - 2)
    options = {"value": value, "slopes": (slope, zero), "curvatures": (curvature, zero, zero)}
    return [arithmetic.binary(call.plan, call.type, x, exponent, **options)]


def _static_power(p: float) -> Function:
    """`x^p` without the powers that vanish: `0 * x^-1` is not a number at zero."""
    if p in (0.0, 1.0):
        return Function(lambda x, y: p * tf.ones_like(x))
    if p == 2.0:
        return FUNCTIONS["Square"]
    return Function(lambda x, y: p * x ** (p - 1), lambda x, y, g: p * (p - 1) * x ** (p - 2))


def _exponential(call: Call, base: Tensor, exponent: Tensor) -> Tensor:
    """`b^p = exp(p ln b)` for an exponent that depends on the points."""
    logarithm = _map(call, FUNCTIONS["Log"], base, tf.math.log)
    inner = arithmetic.multiply(call.plan, call.type, exponent, logarithm)
    assert isinstance(inner, Carried)
    return arithmetic.apply(call.plan, FUNCTIONS["Exp"], inner, call.value())


def _x_log_y(function: Function, log: Callable[[tf.Tensor], tf.Tensor]) -> Rule:
    """`x ln y` or `x ln(1 + y)`, zero where `x` is zero."""

    def rule(call: Call) -> list[Tensor]:
        x, y = call.inputs
        product = arithmetic.multiply(call.plan, call.type, x, _map(call, function, y, log))
        at_zero = tf.equal(plain(x), 0) & tf.logical_not(tf.math.is_finite(log(plain(y))))
        return [arithmetic.choose(call.type, at_zero, tf.zeros_like(plain(product)), product, call.value())]

    return rule


def _arctangent(call: Call) -> list[Tensor]:
    y, x = (plain(tensor) for tensor in call.inputs)
    square = x * x + y * y
    mixed = 2 * x * y / square**2
    curvatures = (-mixed, (y * y - x * x) / square**2, mixed)
    slopes = (x / square, -y / square)
    return [
        arithmetic.binary(call.plan, call.type, *call.inputs, value=call.value(), slopes=slopes, curvatures=curvatures)
    ]


def _remainder(quotient: Callable[[tf.Tensor], tf.Tensor]) -> Rule:
    """`x - y q` with the whole number `q = floor(x / y)` or its like, constant between jumps."""

    def rule(call: Call) -> list[Tensor]:
        x, y = call.inputs
        whole = quotient(plain(x) / plain(y))
        part = arithmetic.multiply(call.plan, call.type, whole, y)
        return [arithmetic.add(call.type, call.value(), x, part, sign=-1)]

    return rule


def _extremum(first_wins: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Rule:
    """The larger or smaller of two; the first one where they are equal, as TensorFlow's own gradient has it."""

    def rule(call: Call) -> list[Tensor]:
        a, b = call.inputs
        return [arithmetic.choose(call.type, first_wins(plain(a), plain(b)), a, b, call.value())]

    return rule


def _select(call: Call) -> list[Tensor]:
    mask, a, b = call.inputs
    if call.type == "Select" and plain(mask).shape.rank not in (0, plain(a).shape.rank):
        raise UnsupportedOpError(call.type, "its mask chooses whole rows")
    return [arithmetic.choose(call.type, plain(mask), a, b, call.value())]


def _divide_unless_zero(call: Call) -> list[Tensor]:
    """`x / y`, and zero wherever `x` is zero, whatever `y` is."""
    x, y = call.inputs
    quotient = arithmetic.divide(call.plan, call.type, x, y, by=tf.math.divide_no_nan)
    return [arithmetic.choose(call.type, tf.equal(plain(x), 0), tf.zeros_like(plain(quotient)), quotient, call.value())]


def _clip(call: Call) -> list[Tensor]:
    x, low, high = call.inputs
    raised = arithmetic.choose(call.type, plain(x) >= plain(low), x, low, tf.maximum(plain(x), plain(low)))
    return [arithmetic.choose(call.type, plain(raised) <= plain(high), raised, high, call.value())]


RULES: dict[str, Rule] = {
    "Add": _add,
    "AddN": _add_many,
    "AddV2": _add,
    "Atan2": _arctangent,
    "BiasAdd": _add_bias,
    "ClipByValue": _clip,
    "Div": _divide(tf.math.divide),
    "DivNoNan": _divide(tf.math.divide_no_nan),
    "FloorMod": _remainder(tf.floor),
    "Maximum": _extremum(tf.greater_equal),
    "Minimum": _extremum(tf.less_equal),
    "Mod": _remainder(lambda q: tf.sign(q) * tf.floor(tf.abs(q))),
    "Mul": _multiply,
    "MulNoNan": _multiply_no_nan,
    "Pow": _power,
    "RealDiv": _divide(tf.math.divide),
    "Select": _select,
    "SelectV2": _select,
    "SquaredDifference": _squared_difference,
    "Sub": _subtract,
    "Xdivy": _divide_unless_zero,
    "Xlog1py": _x_log_y(FUNCTIONS["Log1p"], tf.math.log1p),
    "Xlogy": _x_log_y(FUNCTIONS["Log"], tf.math.log),
}
