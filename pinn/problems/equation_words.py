"""The words an equation is written in: unknowns, their derivatives, and the operators of vector calculus.

Of an unknown `u` in `x, y` and time `t` there are `u` itself and its derivatives up to the second order by their usual
short names, `u_x`, `u_xy`, `u_tt`. Operators take any expression and differentiate it by the chain rule:

    d(k*u_x, x)      the derivative along one coordinate, or several: d(u, x, y)
    laplacian(u)     the sum of the second derivatives over space
    grad(u)          a vector over space; vector(a, b) is one, too
    div(k*grad(u))   the divergence of a vector
    dot(v, grad(u))  the product of two vectors

A vector is a formal sum `a e_x + b e_y` of basis symbols, so that it can be added and multiplied by numbers like
anything else; an equation, which is a number, must have none of them left.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import final

import sympy

from pinn.problems.expression_functions import MisuseError, Named, short
from pinn.problems.expression_parser import Vocabulary, coordinate
from pinn.problems.expressions import derivative, laplacian

SOURCE = sympy.Symbol("source", real=True)
"""The word for the source that makes the exact solution one."""


@final
@dataclass(frozen=True)
class EquationWords:
    """What may occur in the equations of some unknowns.

    Args:
        axes: the coordinates, time last.
        space: those of them that are space.
        unknowns: the names of the components of the field, in their order.
    """

    axes: tuple[str, ...]
    space: tuple[str, ...]
    unknowns: tuple[str, ...]

    @cached_property
    def fields(self) -> dict[str, sympy.Expr]:
        """Each unknown as a function of all coordinates, `u(x, y, t)`."""
        coordinates = [coordinate(axis) for axis in self.axes]
        return {name: sympy.Function(name, real=True)(*coordinates) for name in self.unknowns}

    def added_to(self, known: Vocabulary) -> Vocabulary:
        """A vocabulary of coordinates and parameters with the words of equations.

        Raises:
            ExpressionError: an unknown whose name, or that of its derivatives, has a meaning already.
        """
        return known.extended({**self.fields, **self._derivatives(), SOURCE.name: SOURCE}).with_functions(
            {
                "d": Named(self._partial, least=2, most=None),
                "laplacian": Named(lambda of: laplacian(of, self.space)),
                "grad": Named(self._gradient),
                "div": Named(self._divergence),
                "dot": Named(self._product, least=2, most=2),
                "vector": Named(self._vector, least=len(self.space), most=len(self.space)),
            }
        )

    def vectorial(self, expression: sympy.Expr) -> bool:
        """Whether a vector is left in an expression."""
        return any(symbol in expression.free_symbols for symbol in self._basis)

    @cached_property
    def _basis(self) -> tuple[sympy.Dummy, ...]:
        return tuple(sympy.Dummy(f"e_{axis}", real=True) for axis in self.space)

    def _derivatives(self) -> dict[str, sympy.Expr]:
        """`u_x`, `u_xx`, `u_xy` and so on; the order of the letters does not matter."""
        words = [*((axis,) for axis in self.axes), *itertools.product(self.axes, repeat=2)]
        return {
            f"{name}_{''.join(word)}": field.diff(*map(coordinate, word))
            for name, field in self.fields.items()
            for word in words
        }

    def _partial(self, of: sympy.Expr, *along: sympy.Expr) -> sympy.Expr:
        for axis in along:
            if not (axis.is_Symbol and axis.name in self.axes):
                raise MisuseError(
                    f"d(what, {', '.join(self.axes)}, ...) takes coordinates after the first comma; got {short(axis)}: "
                    f"write e.g. d({self.unknowns[0]}, {self.axes[0]})"
                )
            of = derivative(of, axis.name)
        return of

    def _gradient(self, of: sympy.Expr) -> sympy.Expr:
        if self.vectorial(of):
            raise MisuseError("grad takes a number; got a vector: write the gradient of each component")
        return sympy.Add(*(derivative(of, axis) * e for axis, e in zip(self.space, self._basis, strict=True)))

    def _divergence(self, of: sympy.Expr) -> sympy.Expr:
        components = self._components("div", of)
        return sympy.Add(*(derivative(c, axis) for axis, c in zip(self.space, components, strict=True)))

    def _product(self, first: sympy.Expr, second: sympy.Expr) -> sympy.Expr:
        pairs = zip(self._components("dot", first), self._components("dot", second), strict=True)
        return sympy.Add(*(a * b for a, b in pairs))

    def _vector(self, *components: sympy.Expr) -> sympy.Expr:
        if any(self.vectorial(component) for component in components):
            raise MisuseError("vector takes one number for each axis of space; got a vector in it: take its components")
        return sympy.Add(*(c * e for c, e in zip(components, self._basis, strict=True)))

    def _components(self, function: str, vector: sympy.Expr) -> list[sympy.Expr]:
        """The coefficients of a formal sum of basis vectors."""
        components = [vector.diff(e) for e in self._basis]
        rest = vector.xreplace(dict.fromkeys(self._basis, sympy.S.Zero))
        if rest != 0 or any(self.vectorial(c) for c in components):
            raise MisuseError(
                f"{function} takes a vector, such as grad({self.unknowns[0]}); got {short(vector)}: "
                "write vector(...) with one number for each axis of space"
            )
        return components
