"""Functions and equations given as text: parsed with an allow-list, differentiated by SymPy, evaluated by TensorFlow.

    >>> u = parse("sin(pi*x)*exp(y)", symbols=("x", "y"))
    >>> laplacian(u, ("x", "y"))
    -pi**2*exp(y)*sin(pi*x) + exp(y)*sin(pi*x)
    >>> source = to_tensorflow(-laplacian(u, ("x", "y")), ("x", "y"))   # source(x=x, y=y): [N]

Nothing in a text is ever run as code: see `expression_parser` for the grammar, `expression_functions` for the functions
and the limits, `expression_tensorflow` for the evaluation.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import sympy

from pinn.problems.expression_functions import Delta
from pinn.problems.expression_parser import coordinate, parse
from pinn.problems.expression_tensorflow import CoordinateFunction, to_tensorflow
from pinn.problems.expression_tokens import ExpressionError

MAX_NODES = 2000
"""Largest expression that is differentiated; a product of 20 functions has about that many after the first time."""

__all__ = [
    "CoordinateFunction",
    "ExpressionError",
    "coordinate",
    "derivative",
    "gradient",
    "laplacian",
    "parse",
    "to_tensorflow",
]


def derivative(expression: sympy.Expr, axis: str, *, order: int = 1) -> sympy.Expr:
    """`d^order u / d axis^order`, exact; zero if `axis` does not occur in the expression.

    A kink has its derivative almost everywhere: `abs(x) -> sign(x)`. A Dirac delta is dropped where its factor is zero
    at the place, as in the second derivative of `max(x, 0)**3`, and kept where it is not, as in that of `abs(x)`:
    `to_tensorflow` then refuses, since no function equals it.

    Raises `ValueError` for an order below 1, and `ExpressionError` if an intermediate has more than `MAX_NODES` nodes:
    the second derivative of a product grows with the square of its length.
    """
    if order < 1:
        raise ValueError(f"expected a derivative order of at least 1; got {order}")
    symbol = _symbol(expression, axis)
    for _ in range(order):
        _require_size(expression, axis)
        # simplification between the orders would cost a hundred times the differentiation
        expression = _without_vanishing_deltas(expression.diff(symbol, simplify=False))
    return expression


def gradient(expression: sympy.Expr, axes: Sequence[str]) -> tuple[sympy.Expr, ...]:
    """`(du/dx_1, ..., du/dx_d)` along `axes`."""
    return tuple(derivative(expression, axis) for axis in axes)


def laplacian(expression: sympy.Expr, axes: Sequence[str]) -> sympy.Expr:
    """`sum_i d2u/dx_i^2` over the `axes`, exact; see `derivative` for kinks."""
    return sympy.Add(*(derivative(expression, axis, order=2) for axis in axes))


def _symbol(expression: sympy.Expr, axis: str) -> sympy.Symbol:
    """The symbol named `axis` in the expression, whatever is assumed about it; SymPy compares assumptions too."""
    return next((s for s in expression.free_symbols if s.name == axis), coordinate(axis))


def _require_size(expression: sympy.Expr, axis: str) -> None:
    """Refuse to differentiate what has so many nodes that it would take longer than a few seconds."""
    nodes = sum(1 for _ in itertools.islice(sympy.preorder_traversal(expression), MAX_NODES + 1))
    if nodes > MAX_NODES:
        raise ExpressionError(
            f"the expression is too large to differentiate along {axis} (more than {MAX_NODES} nodes): shorten it"
        )


def _without_vanishing_deltas(expression: sympy.Expr) -> sympy.Expr:
    """Set every delta to zero whose factor is zero where its argument is."""
    for delta in sorted(expression.atoms(Delta, sympy.DiracDelta), key=str):
        weight = sympy.Dummy(real=True)
        linear = expression.xreplace({delta: weight})
        factor = linear.diff(weight)
        if len(delta.args) > 1 or factor.has(weight) or not _vanishes(factor, delta.args[0]):
            break  # one that stays spoils the result; the others need not be looked at
        expression = linear.xreplace({weight: sympy.S.Zero})
    return expression


def _vanishes(factor: sympy.Expr, argument: sympy.Expr) -> bool:
    """Whether `factor` is zero where `argument = a s + b` is, for some coordinate `s` with a constant slope `a`.

    Powers with coordinates in the exponent are not looked into: at a number, SymPy would compute them exactly.
    """
    if any(node.exp.free_symbols for node in factor.atoms(sympy.Pow)):
        return False
    for symbol in sorted(argument.free_symbols, key=str):
        slope = argument.diff(symbol)
        if slope.free_symbols or slope.is_zero:
            continue
        place = sympy.expand(symbol - argument / slope)
        return bool(factor.subs(symbol, place).is_zero)
    return False
