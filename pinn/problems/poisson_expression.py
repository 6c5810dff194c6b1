r"""Poisson's equation, `-\Delta u = f`, with the source derived from an exact solution given as text."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Shape
from pinn.problems.conditions import Condition, Dirichlet
from pinn.problems.problem import Problem

if TYPE_CHECKING:
    import sympy

    from pinn.problems.expressions import CoordinateFunction

# SymPy takes half a second to import: functions below do it, so that other problems need not wait.

_GRID = 5
"""Points an axis, both ends included, at which the exact solution is tried when a problem is made."""


@final
@dataclass(frozen=True)
class PoissonExpression(Problem):
    r"""A manufactured solution from the command line: `'problem.exact="sin(pi*x)*exp(y)"'`, in both kinds of quotes.

    `-\Delta u = f` on a box in 1, 2 or 3 dimensions with the axes x, y, z; the source `f = -\Delta u` and the Dirichlet
    values on all faces are derived from the expression. Exact: the expression.

    Args:
        expression: the exact solution, see `pinn.problems.expressions`; in a config its key is `exact`.
        lower, upper: corners of the box, one number an axis.

    Raises:
        ExpressionError: a `ValueError`; the text is no expression of the axes, or has a second derivative that is no
            function, or is not finite on the box.
        ValueError: the corners do not make a box of 1, 2 or 3 dimensions.
    """

    expression: str = "sin(pi*x)*exp(y)"
    lower: tuple[float, ...] = (0.0, 0.0)
    upper: tuple[float, ...] = (1.0, 1.0)

    aliases: ClassVar[Mapping[str, str]] = {"exact": "expression"}
    citation: ClassVar[str] = "Manufactured solution, given as an expression."

    def __post_init__(self) -> None:
        box = Box(self.lower, self.upper)
        if box.dim > 3:
            raise ValueError(f"lower, upper: expected 1, 2 or 3 numbers each; got {box.dim}")
        object.__setattr__(self, "lower", box.lower)
        object.__setattr__(self, "upper", box.upper)
        grid = np.linspace(0.0, 1.0, _GRID)
        interior = np.random.default_rng(0).uniform(size=(64, box.dim))
        self._require_finite("exact", self._exact, np.array(list(itertools.product(grid, repeat=box.dim))))
        self._require_finite("source", self._source, interior)

    @property
    def domain(self) -> Shape:
        """The box."""
        return Box(self.lower, self.upper)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`\Delta u + f`."""
        return u.laplacian() + self.source(p)

    def conditions(self) -> Sequence[Condition]:
        """The exact values on all faces."""
        return (Dirichlet(self.exact),)

    def exact(self, p: PointSet) -> tf.Tensor:
        """The expression."""
        return self._exact({axis: p[axis] for axis in p.axes})

    def source(self, p: PointSet) -> tf.Tensor:
        r"""`f = -\Delta u`, `[N]`."""
        return self._source({axis: p[axis] for axis in p.axes})

    @cached_property
    def _parsed(self) -> sympy.Expr:
        from pinn.problems.expressions import ExpressionError, parse

        try:
            return parse(self.expression, symbols=self.domain.axes)
        except ExpressionError as error:
            raise ExpressionError(f"exact: {error}") from None

    @cached_property
    def _exact(self) -> CoordinateFunction:
        from pinn.problems.expressions import to_tensorflow

        return to_tensorflow(self._parsed, self.domain.axes)

    @cached_property
    def _source(self) -> CoordinateFunction:
        from pinn.problems.expressions import ExpressionError, laplacian, to_tensorflow

        axes = self.domain.axes
        try:
            return to_tensorflow(-laplacian(self._parsed, axes), axes)
        except ExpressionError as error:
            raise ExpressionError(f"exact: its Laplacian: {error}") from None

    def _require_finite(self, name: str, function: CoordinateFunction, unit: NDArray[np.float64]) -> None:
        """Refuse an expression that is infinite or undefined at points of the box, before a run turns to NaN."""
        from pinn.problems.expressions import ExpressionError

        points = (1.0 - unit) * np.array(self.lower) + unit * np.array(self.upper)
        with tf.init_scope(), tf.device("CPU:0"):
            values = function({axis: tf.constant(points[:, i]) for i, axis in enumerate(self.domain.axes)}).numpy()
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            place = ", ".join(f"{axis} = {x:.4g}" for axis, x in zip(self.domain.axes, points[bad[0]], strict=True))
            raise ExpressionError(
                f"exact: expected finite values on the box; the {name} is {values[bad[0]]} at {place}: change the "
                "expression or the box"
            )
