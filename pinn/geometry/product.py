"""The product of two shapes in space: a cylinder is a disk times an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.boundary_data import BoundaryData, Constant, common_constant
from pinn.geometry.checks import Array
from pinn.geometry.factors import Extent, joined, product_distance, seen_from_one, times, told_apart
from pinn.geometry.shape import BoundaryPart, SpatialShape

if TYPE_CHECKING:
    import tensorflow as tf


@final
@dataclass(frozen=True)
class Product(SpatialShape):
    """All points `(x, y)` with x in the first shape and y in the second: `first * second`.

    The axes of the first come first. A part is a part of one factor times the whole other factor, and keeps its name if
    one factor alone has it; otherwise `_1` or `_2` is added, the number of its factor, and the bare name is the group
    of both. So the cylinder `Ball((0, 0), 1) * Interval(0, 2, axis="z")` has the parts `sphere`, `z_min` and `z_max`.

    Measures multiply, unit coordinates stand side by side (those of the part first, for a part), and `signed_distance`
    is exact if it is for both factors. What a factor can carry exactly on its parts, the product can. `vanishing` is
    the product of both. `lift` is the Boolean sum: with A the lift of the data of the first factor, at each y, it is A
    plus the lift, at each x, of the data of the second factor less A.

    Args:
        first, second: shapes in space without a common axis; a factor can be a product itself.

    Raises:
        TypeError: a factor is no shape in space.
        ValueError: an axis that both have.
    """

    first: SpatialShape
    second: SpatialShape
    axes: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        for factor in (self.first, self.second):
            if not isinstance(factor, SpatialShape):
                raise TypeError(f"a product takes shapes in space, such as Interval(0.0, 1.0), got {factor!r}.")
        shared = [axis for axis in self.first.axes if axis in self.second.axes]
        if shared:
            raise ValueError(
                f"both factors have the axis {shared[0]!r}, got {self.first.axes} and {self.second.axes}: name the "
                "axes of one, such as Interval(0.0, 1.0, axis='z')."
            )
        object.__setattr__(self, "axes", (*self.first.axes, *self.second.axes))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Those of the factors, side by side."""
        (a, b), (c, d) = self.first.bounds, self.second.bounds
        return np.append(a, c), np.append(b, d)

    @property
    def measure(self) -> float:
        """The product of the measures."""
        return self.first.measure * self.second.measure

    @property
    def unit_dimension(self) -> int:
        """The sum of those of the factors."""
        return self.first.unit_dimension + self.second.unit_dimension

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """Those of the first factor times the second, then those of the second times the first."""
        return {named.part.name: named.part for named in self._parts}

    @property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """Those of both factors."""
        names = [{named.home: named.part.name for named in self._parts if named.factor == i} for i in (0, 1)]
        return tuple(
            tuple(names[i][home] for home in family)
            for i, factor in enumerate(self._factors)
            for family in factor.families
        )

    @property
    def _factors(self) -> tuple[SpatialShape, SpatialShape]:
        return self.first, self.second

    @property
    def _parts(self) -> tuple[_Part, ...]:
        found: list[_Part] = []
        named = told_apart(self._factors)
        for i, other in enumerate(self._factors[::-1]):
            whole = Extent(other.measure, other.unit_dimension, other.interior, first=i == 1)
            found += [_Part(i, home, times(part, whole)) for home, part in named[i].items()]
        return tuple(found)

    def _split(self, points: Array) -> tuple[Array, Array]:
        return points[:, : self.first.dim], points[:, self.first.dim :]

    def _interior(self, unit: Array) -> Array:
        k = self.first.unit_dimension
        return np.hstack([self.first._interior(unit[:, :k]), self.second._interior(unit[:, k:])])

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        x, y = self._split(points)
        return self.first._inside(x, slack) & self.second._inside(y, slack)

    def _signed_distance(self, points: Array) -> Array:
        x, y = self._split(points)
        return product_distance(np.column_stack([self.first._signed_distance(x), self.second._signed_distance(y)]))

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        x, y = self._halves(points)
        own, others = self._by_factor(dict.fromkeys(names))
        return self.first.vanishing(x, own) * self.second.vanishing(y, others)

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        x, y = self._halves(points)
        own, others = self._by_factor(data)
        constant = common_constant(own.values()) if own else Constant(0.0)

        def across(at: tf.Tensor) -> tf.Tensor:
            """A: the lift of the data of the first factor, as a function of the points of the second one."""
            return self.first.lift(x, seen_from_one(own, at, joined))

        def less(function: BoundaryData) -> BoundaryData:
            """Data of the second factor less A."""
            if constant == Constant(0.0):
                return function
            if constant is not None and isinstance(function, Constant):
                return Constant(function.value - constant.value)
            return lambda at: function(at) - across(at)

        rest = {name: less(function) for name, function in seen_from_one(others, x, _joined_backwards).items()}
        return across(y) + self.second.lift(y, rest)

    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:
        import tensorflow as tf

        x, y = self._halves(points)
        home = next(named for named in self._parts if named.part.name == part)
        if home.factor == 0:
            projected, normals = self.first.project(x, home.home)
            return joined(projected, y), joined(normals, tf.zeros_like(y))
        projected, normals = self.second.project(y, home.home)
        return joined(x, projected), joined(tf.zeros_like(x), normals)

    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:
        home = next(named for named in self._parts if named.part.name == part)
        return self._factors[home.factor].ramp(self._halves(points)[home.factor], home.home)

    def _halves(self, points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return points[:, : self.first.dim], points[:, self.first.dim :]

    def _by_factor(self, named: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is said of parts, by factor and by the name there."""
        found: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        for factor, home, part in self._parts:
            if part.name in named:
                found[factor][home] = named[part.name]
        return found


def product_of(factors: Sequence[SpatialShape]) -> SpatialShape:
    """The product of two shapes or more, from the left.

    Raises:
        ValueError: fewer than two, or what `Product` refuses.
    """
    if len(factors) < 2:
        raise ValueError(f"a product takes two shapes or more, got {len(factors)}.")
    return reduce(Product, factors)


class _Part(NamedTuple):
    """A part of the product: the number of its factor, its name there, and itself."""

    factor: int
    home: str
    part: BoundaryPart


def _joined_backwards(y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return joined(x, y)
