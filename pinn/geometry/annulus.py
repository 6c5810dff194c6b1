"""The annulus: the ring between two circles, the shell between two spheres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.checks import Array, finite_numbers, positive_number, space_axes, unit_points
from pinn.geometry.shape import BoundaryPart, SpatialShape
from pinn.geometry.sphere import direction_dimension, directions, radii, unit_ball_measure, unit_direction

if TYPE_CHECKING:
    import tensorflow as tf

INNER, OUTER = "inner", "outer"


@dataclass(frozen=True)
class Annulus(SpatialShape):
    """The annulus `inner <= |x - center| <= outer` in d >= 2 dimensions, with the parts `inner` and `outer`.

    The unit coordinates are those of `Ball`. With the radii a < b and s = (|x - center| - a) / (b - a), `vanishing` is
    `4 s (1 - s)` for both parts, s or 1 - s for one, and `lift` blends the data at the two projected points linearly
    in s, or takes those at the projection onto the one part that is named. Both are infinitely smooth, since the center
    is outside. The lift evaluates the data of a part once. `project` moves along rays, and `ramp` is `(b - a) s^2 / 2`
    for the outer part, `(b - a) (1 - s)^2 / 2` for the inner one.

    Args:
        center: one number an axis.
        inner, outer: the radii, 0 < inner < outer (without a hole: `Ball`).
        axes: names of the axes; by default x, y, z, or x1, ..., xd beyond three dimensions.

    Raises:
        ValueError: fewer than two dimensions, a number not finite, radii out of order, or names that do not fit.
    """

    center: tuple[float, ...]
    inner: float
    outer: float
    axes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        center = finite_numbers("center", self.center)
        inner, outer = positive_number("inner", self.inner), positive_number("outer", self.outer)
        if len(center) < 2:
            raise ValueError("an annulus must have at least 2 dimensions, got 1: use Interval(lower, upper).")
        if inner >= outer:
            raise ValueError(f"the annulus is turned inside out: inner must be below outer, got {inner} >= {outer}.")
        axes = space_axes(self.axes, len(center))
        for name, value in (("center", center), ("inner", inner), ("outer", outer), ("axes", axes)):
            object.__setattr__(self, name, value)

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The cube around the outer sphere."""
        return np.array(self.center) - self.outer, np.array(self.center) + self.outer

    @property
    def measure(self) -> float:
        """`V_d (b^d - a^d)` with the volume V_d of the unit ball."""
        return unit_ball_measure(self.dim) * (self.outer**self.dim - self.inner**self.dim)

    @property
    def unit_dimension(self) -> int:
        """One for the radius, the others for the direction."""
        return 1 + direction_dimension(self.dim)

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """`inner`, whose normal points to the center, and `outer`."""
        surface, k = self.dim * unit_ball_measure(self.dim), direction_dimension(self.dim)
        return {
            name: BoundaryPart(name, surface * radius ** (self.dim - 1), k, partial(self._sample_sphere, radius, sign))
            for name, radius, sign in ((INNER, self.inner, -1.0), (OUTER, self.outer, 1.0))
        }

    @property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """Both spheres: they share the radius."""
        return ((INNER, OUTER),)

    def _sample_sphere(self, radius: float, sign: float, unit: ArrayLike) -> tuple[Array, Array]:
        outward = directions(unit_points(unit, direction_dimension(self.dim)), self.dim)
        return np.array(self.center) + radius * outward, sign * outward

    def _interior(self, unit: Array) -> Array:
        radius = radii(unit[:, 0], self.inner, self.outer, self.dim)
        return np.array(self.center) + radius[:, None] * directions(unit[:, 1:], self.dim)

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        size = self.outer + max(abs(c) for c in self.center)
        return self._signed_distance(points) <= slack * size

    def _signed_distance(self, points: Array) -> Array:
        radius = np.linalg.norm(points - self.center, axis=1)
        return np.maximum(self.inner - radius, radius - self.outer)

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        _, s = self._polar(points)
        factors = {INNER: s, OUTER: 1.0 - s}
        if len(names) == 2:
            return 4.0 * factors[INNER] * factors[OUTER]
        return factors[next(iter(names))]

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        direction, s = self._polar(points)
        radius = {INNER: self.inner, OUTER: self.outer}
        values = {name: function(self.center + radius[name] * direction) for name, function in data.items()}
        if len(values) == 2:
            return (1.0 - s) * values[INNER] + s * values[OUTER]
        return next(iter(values.values()))

    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:
        direction, _ = self._polar(points)
        radius, sign = {INNER: (self.inner, -1.0), OUTER: (self.outer, 1.0)}[part]
        return self.center + radius * direction, sign * direction

    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:
        import tensorflow as tf

        _, s = self._polar(points)
        return (self.outer - self.inner) / 2.0 * tf.square({INNER: 1.0 - s, OUTER: s}[part])

    def _polar(self, points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Direction from the center `[N, d]`, and `s = (r - a) / (b - a)` `[N]`."""
        direction, length = unit_direction((points - self.center) / self.outer)
        return direction, (self.outer * length - self.inner) / (self.outer - self.inner)
