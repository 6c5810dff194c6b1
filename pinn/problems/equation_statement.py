"""What an equation in text says, understood once: its words, its residuals, and its exact solution."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import final

import sympy
import tensorflow as tf

from pinn.calculus import PointSet
from pinn.problems.conditions import Value
from pinn.problems.equation_jets import JetFunction, on_jets, put_in, require_unknown
from pinn.problems.equation_words import SOURCE, EquationWords
from pinn.problems.expression_parser import Vocabulary, parse_equation, parse_with, vocabulary
from pinn.problems.expressions import ExpressionError, derivative, to_tensorflow

Text = str | float
EXACT = "exact"
"""The word for data taken from the exact solution."""


def normal_component(p: PointSet, axis: int) -> tf.Tensor:
    """One component of the outward normals at points of a boundary, `[N]`."""
    assert p.normals is not None
    return p.normals[:, axis]


@contextmanager
def placed(place: str) -> Iterator[None]:
    """A complaint about a text begins with the key that holds it."""
    try:
        yield
    except ExpressionError as error:
        raise ExpressionError(f"{place}: {error}") from None


@final
@dataclass(frozen=True)
class Statement:
    """The texts of a problem.

    Args:
        words: coordinates and unknowns.
        equations: by name, each `left = right`.
        parameters: numbers, or expressions of the coordinates and of the parameters before them.
        solution: the exact solution, an expression for each unknown; `None` when it is not known.

    Raises:
        ExpressionError: on first use of a text that cannot be understood; the message begins with its key.
    """

    words: EquationWords
    equations: Mapping[str, str]
    parameters: Mapping[str, Text]
    solution: Mapping[str, str] | None

    @cached_property
    def known(self) -> Vocabulary:
        """Coordinates, constants and parameters: what data may be written in."""
        known = vocabulary(self.words.axes)
        for name, value in self.parameters.items():
            with placed(f"parameters.{name}"):
                known = known.extended({name: _meaning(value, known)})
        return known

    @cached_property
    def language(self) -> Vocabulary:
        """The words of equations, too."""
        known = self.known
        with placed("unknowns"):
            return self.words.added_to(known)

    @cached_property
    def exact(self) -> dict[str, sympy.Expr] | None:
        """The exact solution by unknown."""
        if self.solution is None:
            return None
        found, known = {}, self.known
        for name, text in self.solution.items():
            with placed("exact" if self.words.unknowns == (name,) else f"exact.{name}"):
                found[name] = _meaning(text, known)
        return found

    @cached_property
    def zeros(self) -> dict[str, sympy.Expr]:
        """What should vanish, by the name of the equation, with its source put in."""
        found, language, exact = {}, self.language, self.exact
        for name, text in self.equations.items():
            with placed(self.key(name)):
                found[name] = self._with_source(parse_equation(text, language), exact)
        return found

    @cached_property
    def residuals(self) -> dict[str, JetFunction]:
        """The residual of each equation, `(p, u) -> [N]`."""
        found = {}
        for name, zero in self.zeros.items():
            with placed(self.key(name)):
                require_unknown(zero, self.words)
                found[name] = on_jets(zero, self.words)
        return found

    @cached_property
    def exact_values(self) -> Callable[[PointSet], tf.Tensor] | None:
        """The exact solution at points, `[N]`, or `[N, m]` for several unknowns."""
        if self.exact is None:
            return None
        values = [self.on_points(self.exact[name]) for name in self.words.unknowns]
        return values[0] if len(values) == 1 else lambda p: tf.stack([value(p) for value in values], axis=1)

    def data(self, text: Text, exact: Callable[[], sympy.Expr | Callable[[PointSet], tf.Tensor]]) -> Value:
        """What a condition prescribes: a number, a function of the points, or what `exact()` says of the solution."""
        if text != EXACT:
            return float(text) if _is_number(text) else self.on_points(parse_with(str(text), self.known))
        if self.exact is None:
            raise ExpressionError("'exact' stands for the exact solution, and there is none: give `exact`, or a value")
        found = exact()
        return self.on_points(found) if isinstance(found, sympy.Expr) else found

    def exact_of(self, unknown: str, along: str | None = None) -> sympy.Expr:
        """The exact solution of an unknown, or its derivative along a coordinate."""
        assert self.exact is not None
        return self.exact[unknown] if along is None else derivative(self.exact[unknown], along)

    def exact_flux(self, unknown: str) -> Callable[[PointSet], tf.Tensor]:
        """The exact normal derivative at points that know their normals, `[N]`."""
        slopes = [self.on_points(self.exact_of(unknown, axis)) for axis in self.words.space]
        return lambda p: tf.add_n([normal_component(p, i) * slope(p) for i, slope in enumerate(slopes)])

    def on_points(self, expression: sympy.Expr) -> Callable[[PointSet], tf.Tensor]:
        """An expression of the coordinates as a function of points, `[N]`."""
        function = to_tensorflow(expression, self.words.axes)
        return lambda p: function({axis: p[axis] for axis in self.words.axes})

    def key(self, equation: str) -> str:
        """The key that holds an equation."""
        return "equation" if len(self.equations) == 1 else f"equation.{equation}"

    def _with_source(self, zero: sympy.Expr, exact: Mapping[str, sympy.Expr] | None) -> sympy.Expr:
        """With the source that the exact solution asks for: `A(u) + c source` vanishes for `source = -A(u) / c`."""
        if self.words.vectorial(zero):
            raise ExpressionError(
                "expected numbers on both sides; got a vector: write one equation a component, or div"
            )
        if SOURCE not in zero.free_symbols:
            return zero
        if exact is None:
            raise ExpressionError("'source' is what makes the exact solution one, and there is none: give `exact`")
        factor = zero.diff(SOURCE)
        if SOURCE in factor.free_symbols:
            raise ExpressionError("expected 'source' once, times a factor at most; got it in a product with itself")
        rest = zero.xreplace({SOURCE: sympy.S.Zero})
        return rest - factor * put_in(rest / factor, exact)


def _meaning(value: Text, known: Vocabulary) -> sympy.Expr:
    return parse_with(repr(float(value)) if _is_number(value) else str(value), known)


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
