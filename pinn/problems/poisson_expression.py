r"""Poisson's equation, `-\Delta u = f`, with the source derived from an exact solution given as text."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, SpatialShape, shape_from
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
    r"""A manufactured solution, typed as a formula.

    `-\Delta u = f` on a box, or any other shape, in 1, 2 or 3 dimensions; the source `f = -\Delta u` and the Dirichlet
    values on the whole boundary are derived from the expression. Exact: the expression.

    Args:
        expression: the exact solution, see `pinn.problems.expressions`; in a config its key is `exact`.
        lower, upper: corners of the box, one number an axis; not used if there is a shape.
        shape: the description of a shape instead of the box, see `pinn.geometry.shape_from`.

    Raises:
        ExpressionError: a `ValueError`; the text is no expression of the axes, or has a second derivative that is no
            function, or is not finite on the domain.
        ValueError: the corners, or the description, make no shape of 1, 2 or 3 dimensions.
    """

    expression: str = "sin(pi*x)*exp(y)"
    lower: tuple[float, ...] = (0.0, 0.0)
    upper: tuple[float, ...] = (1.0, 1.0)
    shape: Mapping[str, Any] | None = field(default=None, hash=False)

    aliases: ClassVar[Mapping[str, str]] = {"exact": "expression"}
    citation: ClassVar[str] = "Manufactured solution, given as an expression."

    def __post_init__(self) -> None:
        if self.shape is None:
            box = Box(self.lower, self.upper)
            object.__setattr__(self, "lower", box.lower)
            object.__setattr__(self, "upper", box.upper)
        domain = self.domain
        if domain.dim > 3:
            what = (
                "lower, upper: expected 1, 2 or 3 numbers each" if self.shape is None else "shape: expected 1 to 3 axes"
            )
            raise ValueError(f"{what}; got {domain.dim}")
        unit = np.random.default_rng(0).uniform(size=(64, domain.unit_dimension))
        self._require_finite("exact", self._exact, np.concatenate([*self._trials(domain), domain.interior(unit)]))
        self._require_finite("source", self._source, domain.interior(unit))

    @property
    def domain(self) -> SpatialShape:
        """The box, or the shape."""
        return self._domain

    @cached_property
    def _domain(self) -> SpatialShape:
        """Made once: a description may name a file, and holes are looked for in what they are cut from."""
        return Box(self.lower, self.upper) if self.shape is None else shape_from(self.shape)

    def _trials(self, domain: SpatialShape) -> list[NDArray[np.float64]]:
        """Points inside and on each part of the boundary, from unit coordinates on a grid with both ends."""
        on_parts = [part.sample(_unit_grid(part.unit_dimension))[0] for part in domain.parts.values()]
        return [domain.interior(_unit_grid(domain.unit_dimension)), *on_parts]

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`\Delta u + f`."""
        return u.laplacian() + self.source(p)

    def conditions(self) -> Sequence[Condition]:
        """The exact values on the whole boundary."""
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

    def _require_finite(self, name: str, function: CoordinateFunction, points: NDArray[np.float64]) -> None:
        """Refuse an expression that is infinite or undefined at points of the domain, before a run turns to NaN."""
        from pinn.problems.expressions import ExpressionError

        with tf.init_scope(), tf.device("CPU:0"):
            values = function({axis: tf.constant(points[:, i]) for i, axis in enumerate(self.domain.axes)}).numpy()
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            place = ", ".join(f"{axis} = {x:.4g}" for axis, x in zip(self.domain.axes, points[bad[0]], strict=True))
            raise ExpressionError(
                f"exact: expected finite values on the domain; the {name} is {values[bad[0]]} at {place}: change the "
                "expression or the domain"
            )


def _unit_grid(dimension: int) -> NDArray[np.float64]:
    """`[_GRID^k, k]`; of dimension 0 the one point."""
    grid = itertools.product(np.linspace(0.0, 1.0, _GRID), repeat=dimension)
    return np.array(list(grid)).reshape(_GRID**dimension, dimension)
