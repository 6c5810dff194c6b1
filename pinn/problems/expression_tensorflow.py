"""A SymPy expression becomes a TensorFlow function, one table entry a node type.

The tree is walked once into a list of steps; a call runs the list. No source text is generated (unlike `lambdify`), so
nothing a person wrote is ever compiled. Equal subexpressions are computed once.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sympy
import tensorflow as tf

from pinn.problems.expression_functions import Absolute, Delta, Larger, Sign, Smaller, Step, constant_value, short
from pinn.problems.expression_tokens import ExpressionError

MAX_PRODUCTS = 32
"""Integer powers up to this one are repeated products, which keep every derivative finite at zero; then `tf.pow`."""


class CoordinateFunction(Protocol):
    """A function of coordinates: a mapping `{"x": x, "y": y}` or keywords `x=x, y=y`, tensors `[N]`; returns `[N]`."""

    def __call__(self, coordinates: Mapping[str, Any] | None = None, /, **named: Any) -> tf.Tensor: ...


@dataclass(frozen=True)
class _Step:
    """Compute `node` as `function` of the values of `arguments`."""

    node: sympy.Expr
    function: Callable[..., tf.Tensor]
    arguments: tuple[sympy.Expr, ...]


def _sum(*terms: tf.Tensor) -> tf.Tensor:
    return functools.reduce(operator.add, terms)


def _step(value: tf.Tensor) -> tf.Tensor:
    """Heaviside's step, one half at zero."""
    return (tf.sign(value) + 1) / 2


def _cotangent(value: tf.Tensor) -> tf.Tensor:
    """`1 / tan`: SymPy writes `tan(x + pi/2)` as `-cot(x)`."""
    return 1 / tf.tan(value)


def _maximum(*values: tf.Tensor) -> tf.Tensor:
    return functools.reduce(tf.maximum, values)


def _minimum(*values: tf.Tensor) -> tf.Tensor:
    return functools.reduce(tf.minimum, values)


FUNCTIONS: dict[type, Callable[..., tf.Tensor]] = {
    sympy.Add: _sum,
    sympy.sin: tf.sin,
    sympy.cos: tf.cos,
    sympy.tan: tf.tan,
    sympy.cot: _cotangent,
    sympy.asin: tf.asin,
    sympy.acos: tf.acos,
    sympy.atan: tf.atan,
    sympy.atan2: tf.atan2,
    sympy.sinh: tf.sinh,
    sympy.cosh: tf.cosh,
    sympy.tanh: tf.tanh,
    sympy.asinh: tf.asinh,
    sympy.acosh: tf.acosh,
    sympy.atanh: tf.atanh,
    sympy.exp: tf.exp,
    sympy.log: tf.math.log,
    sympy.erf: tf.math.erf,
    sympy.Abs: tf.abs,
    sympy.sign: tf.sign,
    Absolute: tf.abs,
    Sign: tf.sign,
    Step: _step,
    Larger: _maximum,
    Smaller: _minimum,
}
"""Node type -> TensorFlow function of the values of its arguments."""


_DISTRIBUTIONS = (Delta, sympy.DiracDelta)
"""What differentiation of a jump leaves."""


def _integer_power(exponent: int, base: tf.Tensor) -> tf.Tensor:
    """`base**exponent` for `exponent >= 1` by repeated squaring."""
    result: tf.Tensor | None = None
    while exponent:
        if exponent & 1:
            result = base if result is None else result * base
        exponent >>= 1
        base = tf.square(base) if exponent else base
    return result


def _half_power(exponent: int, base: tf.Tensor) -> tf.Tensor:
    """`base**(exponent/2)` for an odd `exponent >= 1`."""
    return _integer_power(exponent, tf.sqrt(base))


def _quotient(numerators: int, *factors: tf.Tensor) -> tf.Tensor:
    """Product of the first `numerators` factors over the product of the others."""
    above, below = factors[:numerators], factors[numerators:]
    result = functools.reduce(operator.mul, above) if above else None
    if not below:
        return result
    divisor = functools.reduce(operator.mul, below)
    return 1 / divisor if result is None else result / divisor


def _power_step(node: sympy.Pow) -> _Step:
    """Small integer and half-integer powers by products and square roots, others by `tf.pow`."""
    base, exponent = node.args
    if exponent.is_Rational and exponent.q <= 2 and 0 < exponent.p <= MAX_PRODUCTS:
        power = _integer_power if exponent.q == 1 else _half_power
        return _Step(node, functools.partial(power, int(exponent.p)), (base,))
    if exponent.is_Rational and exponent.is_negative:
        return _Step(node, functools.partial(_quotient, 0), (sympy.Pow(base, -exponent),))
    return _Step(node, tf.pow, (base, exponent))


def _product_step(node: sympy.Mul) -> _Step:
    """One quotient: factors with negative exponents go below the line; a factor -1 is a negation."""
    if node.args[0] is sympy.S.NegativeOne:
        return _Step(node, tf.negative, (sympy.Mul(*node.args[1:]),))
    below = [a for a in node.args if a.is_Pow and a.exp.is_Rational and a.exp.is_negative and not a.is_number]
    above = [a for a in node.args if a not in below]
    inverse = [sympy.Pow(a.base, -a.exp) for a in below]
    return _Step(node, functools.partial(_quotient, len(above)), (*above, *inverse))


def _step_of(node: sympy.Expr) -> _Step:
    """The step of one node that depends on coordinates."""
    if node.is_Pow:
        return _power_step(node)
    if node.is_Mul:
        return _product_step(node)
    if isinstance(node, _DISTRIBUTIONS):
        raise ExpressionError(
            "expected a function; got a Dirac delta, the derivative of a jump (of abs, sign, heaviside, min or max)\n"
            "    smooth the kink or jump, e.g. write sqrt(x**2 + 1e-6) for abs(x)"
        )
    if node.func not in FUNCTIONS:
        known = ", ".join(sorted({f.__name__ for f in FUNCTIONS}))
        raise ExpressionError(f"no TensorFlow function for {node.func.__name__}; known are {known}")
    return _Step(node, FUNCTIONS[node.func], node.args)


def _plan(expression: sympy.Expr) -> tuple[list[_Step], dict[sympy.Expr, float]]:
    """Steps in the order of computation, each subexpression once, and the values of the constants."""
    steps: list[_Step] = []
    constants: dict[sympy.Expr, float] = {}
    seen: set[sympy.Expr] = set()
    varies: dict[sympy.Expr, bool] = {}

    def visit(node: sympy.Expr) -> None:
        if node in seen or node.is_Symbol:
            return
        seen.add(node)
        if not _varies(node, varies):
            constants[node] = _constant(node)
            return
        step = _step_of(node)
        for argument in step.arguments:
            visit(argument)
        steps.append(step)

    visit(expression)
    return steps, constants


def _varies(node: sympy.Expr, known: dict[sympy.Expr, bool]) -> bool:
    """Whether a coordinate occurs in `node`; answers are kept in `known`, so that a plan is linear in its size."""
    if node not in known:
        known[node] = node.is_Symbol or any(_varies(argument, known) for argument in node.args)
    return known[node]


def _constant(node: sympy.Expr) -> float:
    try:
        return constant_value(node)
    except ValueError as error:
        raise ExpressionError(f"the constant {short(node)} {error}: rescale the expression") from None


def to_tensorflow(expression: sympy.Expr, symbols: Sequence[str]) -> CoordinateFunction:
    """The TensorFlow function of an expression.

    Args:
        expression: what `parse` or its derivatives return, in symbols with names among `symbols`.
        symbols: all coordinate names the function takes; those that do not occur still give the shape.

    Returns:
        `f({"x": x, "y": y})` or `f(x=x, y=y)`, floating tensors of one shape `[N]` and one dtype; the value has the
        same shape and dtype, also where the expression is constant. Constants are rounded from 20 digits.
        Works eagerly, in `tf.function` and under XLA, and differentiates like any TensorFlow function.

    Raises:
        ExpressionError: here, if a node has no TensorFlow function (a Dirac delta has none) or a symbol is unknown; in
            the call, if a constant does not fit the dtype.
        TypeError: in the call, if coordinates are missing or unknown, not floating, or of different dtypes.
    """
    names = tuple(symbols)
    symbol_of = {symbol.name: symbol for symbol in expression.free_symbols}
    unknown = sorted(set(symbol_of) - set(names))
    if unknown:
        raise ExpressionError(f"expected an expression of {', '.join(names)}; got one of {', '.join(unknown)}")
    steps, constants = _plan(expression)

    def function(coordinates: Mapping[str, Any] | None = None, /, **named: Any) -> tf.Tensor:
        tensors = _coordinates(names, {**(coordinates or {}), **named})
        like = tensors[names[0]]
        values = {node: _cast(value, like.dtype) for node, value in constants.items()}
        values |= {symbol: tensors[name] for name, symbol in symbol_of.items()}
        for step in steps:
            values[step.node] = step.function(*(values[argument] for argument in step.arguments))
        result = values[expression]
        return result if symbol_of else tf.zeros_like(like) + result

    return function


def _coordinates(names: tuple[str, ...], given: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """The named coordinates as tensors of one floating dtype."""
    if set(given) != set(names):
        raise TypeError(f"expected the coordinates {', '.join(names)}; got {', '.join(map(str, given)) or 'none'}")
    tensors = {name: tf.convert_to_tensor(given[name]) for name in names}
    dtypes = {tensor.dtype for tensor in tensors.values()}
    if len(dtypes) != 1 or not all(dtype.is_floating for dtype in dtypes):
        found = ", ".join(f"{name}: {tensor.dtype.name}" for name, tensor in tensors.items())
        raise TypeError(f"expected coordinates of one floating dtype; got {found}: convert them with tf.cast")
    return tensors


def _cast(value: float, dtype: tf.DType) -> tf.Tensor:
    """`value` as a scalar of `dtype`, which must be able to hold it."""
    if abs(value) > float(dtype.max):
        raise ExpressionError(f"the constant {value:.3g} does not fit {dtype.name}: use float64 or rescale")
    return tf.constant(value, dtype=dtype)
