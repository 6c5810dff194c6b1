"""An equation in SymPy becomes a function of points and a jet, which asks for the derivatives that it names.

The second derivatives over space are asked for as one Laplacian wherever an equation has them all with one coefficient:
the engine then carries their sum alone, one row a point instead of one an axis.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import sympy
import tensorflow as tf
from sympy.core.function import AppliedUndef

from pinn.calculus import Jet, PointSet
from pinn.problems.equation_words import EquationWords
from pinn.problems.expressions import ExpressionError, derivative, to_tensorflow

JetFunction = Callable[[PointSet, Jet], tf.Tensor]  # points and jet -> [N]
Given = Callable[[PointSet, Jet], tf.Tensor]


@final
@dataclass(frozen=True)
class Atom:
    """An unknown or one of its derivatives, as it stands in an expression.

    Attributes:
        node: the SymPy node.
        unknown: its name.
        along: the coordinates it is differentiated along; none for the value.
    """

    node: sympy.Expr
    unknown: str
    along: tuple[str, ...]

    @property
    def word(self) -> str:
        """`u`, `u_xx`."""
        return f"{self.unknown}_{''.join(self.along)}" if self.along else self.unknown


def atoms(expression: sympy.Expr) -> list[Atom]:
    """The unknowns and derivatives in an expression, in a fixed order."""
    return [_atom(node) for node in sorted(expression.atoms(AppliedUndef, sympy.Derivative), key=str)]


def _atom(node: sympy.Expr) -> Atom:
    if isinstance(node, sympy.Derivative):
        return Atom(node, node.expr.func.__name__, tuple(symbol.name for symbol in node.variables))
    return Atom(node, node.func.__name__, ())


def put_in(expression: sympy.Expr, fields: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """The expression with functions of the coordinates, by name, in the place of the unknowns."""
    return expression.xreplace({atom.node: _differentiated(fields[atom.unknown], atom) for atom in atoms(expression)})


def _differentiated(field: sympy.Expr, atom: Atom) -> sympy.Expr:
    for axis in atom.along:
        field = derivative(field, axis)
    return field


def on_jets(expression: sympy.Expr, words: EquationWords, given: Mapping[str, Given] | None = None) -> JetFunction:
    """The value of an expression of coordinates, unknowns and derivatives at points, `[N]`.

    Args:
        expression: what `parse` returns for `words`.
        words: the coordinates and unknowns.
        given: further symbols, such as the normal derivative, by name.

    Raises:
        ExpressionError: a derivative of more than the second order.
    """
    found = atoms(expression)
    _require_served(found)
    getters: dict[str, Given] = dict(given or {})
    for name in words.unknowns:
        expression, trace = _with_laplacian(expression, name, words.space)
        if trace is not None:
            getters[trace] = _laplacian(words.unknowns.index(name), len(words.unknowns))
    for atom in atoms(expression):
        getters[atom.word] = _partial(words.unknowns.index(atom.unknown), len(words.unknowns), atom.along)
        expression = expression.xreplace({atom.node: sympy.Symbol(atom.word, real=True)})
    function = to_tensorflow(expression, (*words.axes, *getters))

    def evaluated(p: PointSet, u: Jet) -> tf.Tensor:
        return function({axis: p[axis] for axis in words.axes} | {word: get(p, u) for word, get in getters.items()})

    return evaluated


def require_unknown(expression: sympy.Expr, words: EquationWords, others: Collection[str] = ()) -> None:
    """Refuse what says nothing of the field: no unknown occurs, nor one of the `others`, such as a normal derivative.

    Raises:
        ExpressionError: that is so.
    """
    if not atoms(expression) and not any(symbol.name in others for symbol in expression.free_symbols):
        raise ExpressionError(f"expected an equation of {', '.join(words.unknowns)}; got one without: write e.g. u_x")


def _require_served(found: Sequence[Atom]) -> None:
    for atom in found:
        if len(atom.along) > 2:
            raise ExpressionError(
                f"expected derivatives up to the second order; got {atom.word}: "
                "make a lower derivative, such as laplacian(u), an unknown with an equation of its own"
            )


def _with_laplacian(expression: sympy.Expr, unknown: str, space: tuple[str, ...]) -> tuple[sympy.Expr, str | None]:
    """The expression with one symbol for the Laplacian of an unknown, and its name; unchanged where that cannot be."""
    seconds = [a.node for a in atoms(expression) if a.unknown == unknown and a.along in {(s, s) for s in space}]
    if len(seconds) != len(space):
        return expression, None
    coefficients = [expression.diff(node) for node in seconds]
    if any(sympy.expand(c - coefficients[0]) != 0 or c.has(*seconds) for c in coefficients):
        return expression, None
    name = f"laplacian_{unknown}"
    rest = expression.xreplace(dict.fromkeys(seconds, sympy.S.Zero))
    return rest + coefficients[0] * sympy.Symbol(name, real=True), name


def _component(u: Jet, index: int, count: int) -> Jet:
    return u if count == 1 else u[index]


def _laplacian(index: int, count: int) -> Given:
    return lambda _, u: _component(u, index, count).laplacian()


def _partial(index: int, count: int, along: tuple[str, ...]) -> Given:
    if not along:
        return lambda _, u: _component(u, index, count).value
    return lambda _, u: _component(u, index, count).d(*along)
