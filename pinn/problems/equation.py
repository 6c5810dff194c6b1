r"""A whole problem as text: the equation, its shape, its conditions, and the exact solution where one is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Shape, shape_from
from pinn.problems.conditions import Condition
from pinn.problems.problem import Problem, Residual

if TYPE_CHECKING:
    from pinn.problems.equation_statement import Statement

# SymPy takes half a second to import: the modules that need it are imported by the properties that need them.


@final
@dataclass(frozen=True)
class Equation(Problem):
    r"""A problem that needs no Python: everything is a number or a text, read with an allow-list and never run as code.

    `pinn problem=equation` is `-\Delta u + u^3 = f` on the unit square, with the source `f` that makes the exact
    solution one. Exact: the expression, if there is one.

    Args:
        equation: `left = right` in the words of `pinn.problems.equation_words`, or a mapping of names to several.
        shape: the description of a shape, see `pinn.geometry.shape_from`.
        time: start and end; `None` for a problem without time.
        given: the conditions, descriptions for `pinn.problems.equation_conditions.conditions_from`; in a config its key
            is `conditions`.
        parameters: names with numbers, or with expressions of the coordinates and of the parameters before them.
        unknowns: the names of the components of the field.
        solution: the exact solution, an expression, or a mapping of unknowns to expressions; in a config its key is
            `exact`. It is put into the equations and conditions, and refused where it does not solve them. The word
            `source` in an equation stands for what makes it a solution, the word `exact` in a condition for its data.

    Raises:
        ExpressionError: a `ValueError`; a text that cannot be understood, with its key, the column and the remedy, or
            an exact solution that solves something else.
        ValueError: a shape, a time or a condition that cannot be.
    """

    equation: str | Mapping[str, str] = field(hash=False)
    shape: Mapping[str, Any] = field(hash=False)
    time: tuple[float, float] | None = None
    given: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    parameters: Mapping[str, float | str] = field(default_factory=dict, hash=False)
    unknowns: tuple[str, ...] = ("u",)  # type: ignore[misc]  # a parameter here
    solution: str | Mapping[str, str] | None = field(default=None, hash=False)

    aliases: ClassVar[Mapping[str, str]] = {"exact": "solution", "conditions": "given"}
    citation: ClassVar[str] = "A problem stated as text."

    def __post_init__(self) -> None:
        from pinn.problems.equation_proof import require_solved

        if not self.unknowns or len(set(self.unknowns)) != len(self.unknowns):
            raise ValueError(f"unknowns: expected different names, at least one; got {list(self.unknowns)}")
        _ = self._statement.residuals, self._conditions
        require_solved(self, self._statement)

    @property
    def components(self) -> int:  # type: ignore[override]  # as many as there are unknowns
        """How many unknowns there are."""
        return len(self.unknowns)

    @property
    def domain(self) -> Shape:
        """The shape, over the time if there is one."""
        return self._domain

    @cached_property
    def _domain(self) -> Shape:
        shape = shape_from(self.shape)
        if self.time is None:
            return shape
        try:
            return shape.over(*self.time)
        except ValueError as error:
            raise ValueError(f"time: {error}") from None

    def residual(self, p: PointSet, u: Jet) -> Residual:
        """Left minus right of each equation."""
        rows = {name: residual(p, u) for name, residual in self._statement.residuals.items()}
        return next(iter(rows.values())) if isinstance(self.equation, str) else rows

    def conditions(self) -> Sequence[Condition]:
        """What `given` says."""
        return self._conditions

    @property
    def exact(self) -> Callable[[PointSet], tf.Tensor] | None:  # type: ignore[override]  # known or not, as was given
        """The exact solution at points, if there is one."""
        return self._statement.exact_values

    @cached_property
    def _conditions(self) -> tuple[Condition, ...]:
        from pinn.problems.equation_conditions import conditions_from

        return conditions_from(self.given, self._statement, self.domain)

    @cached_property
    def _statement(self) -> Statement:
        from pinn.problems.equation_statement import Statement
        from pinn.problems.equation_words import EquationWords

        shape = self.domain
        words = EquationWords(shape.axes, shape.space_axes, self.unknowns)
        equations = {"equation": self.equation} if isinstance(self.equation, str) else self.equation
        return Statement(words, equations, self.parameters, self._solution())

    def _solution(self) -> Mapping[str, str] | None:
        """The exact solution by unknown."""
        if self.solution is None:
            return None
        by_name = self.solution if isinstance(self.solution, Mapping) else {self.unknowns[0]: self.solution}
        if set(by_name) != set(self.unknowns):
            raise ValueError(
                f"exact: expected an expression for each of {', '.join(self.unknowns)}; got {', '.join(by_name)}"
            )
        return by_name
