"""The ball: a disk in the plane, a ball in space, and its likes in higher dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.checks import Array, finite_numbers, positive_number, space_axes, unit_points
from pinn.geometry.shape import BoundaryPart, SpatialShape
from pinn.geometry.sphere import (
    direction_dimension,
    directions,
    radii,
    sum_of_squares,
    unit_ball_measure,
    unit_direction,
)
from pinn.geometry.value_shape import Removable

if TYPE_CHECKING:
    import tensorflow as tf

SPHERE = "sphere"


@dataclass(frozen=True)
class Ball(SpatialShape, Removable):
    """The ball `|x - center| <= radius` in d >= 2 dimensions, with the one boundary part `sphere`.

    The unit coordinates are the radius, then the direction (see `sphere.directions`): d of them for d <= 3, else d + 1.
    `vanishing` is `1 - r^2 / R^2`. `lift` is `(r / R)^4 f(projected point)`, with the projection along the ray from the
    center: three times continuously differentiable at the center (the fourth derivative jumps there), and without
    a division by zero in any derivative. It evaluates the data once. `project` is the same projection, and `ramp` is
    `(R / 4) (r / R)^4`, which leaves what is projected as smooth at the center as the lift. Around a hole of this form
    the vanishing function is `(r^2 - R^2) / (r^2 + R^2)`, and the lift is constant along rays.

    Args:
        center: one number an axis.
        radius: greater than 0.
        axes: names of the axes; by default x, y, z, or x1, ..., xd beyond three dimensions.

    Raises:
        ValueError: fewer than two dimensions, a number that is not finite, `radius <= 0`, or names that do not fit.
    """

    center: tuple[float, ...]
    radius: float
    axes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        center = finite_numbers("center", self.center)
        if len(center) < 2:
            raise ValueError(
                "a ball must have at least 2 dimensions, got 1: use Interval(center - radius, center + radius)."
            )
        object.__setattr__(self, "center", center)
        object.__setattr__(self, "radius", positive_number("radius", self.radius))
        object.__setattr__(self, "axes", space_axes(self.axes, len(center)))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The cube around the ball."""
        return np.array(self.center) - self.radius, np.array(self.center) + self.radius

    @property
    def measure(self) -> float:
        """`V_d R^d` with the volume V_d of the unit ball."""
        return unit_ball_measure(self.dim) * self.radius**self.dim

    @property
    def unit_dimension(self) -> int:
        """One for the radius, the others for the direction."""
        return 1 + direction_dimension(self.dim)

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """`sphere`, of measure `d V_d R^(d-1)`."""
        measure = self.dim * unit_ball_measure(self.dim) * self.radius ** (self.dim - 1)
        return {SPHERE: BoundaryPart(SPHERE, measure, direction_dimension(self.dim), self._sample_sphere)}

    @property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """The sphere."""
        return ((SPHERE,),)

    def _sample_sphere(self, unit: ArrayLike) -> tuple[Array, Array]:
        normals = directions(unit_points(unit, direction_dimension(self.dim)), self.dim)
        return np.array(self.center) + self.radius * normals, normals

    def _interior(self, unit: Array) -> Array:
        radius = radii(unit[:, 0], 0.0, self.radius, self.dim)
        return np.array(self.center) + radius[:, None] * directions(unit[:, 1:], self.dim)

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        size = self.radius + max(abs(c) for c in self.center)
        return self._signed_distance(points) <= slack * size

    def _signed_distance(self, points: Array) -> Array:
        return np.linalg.norm(points - self.center, axis=1) - self.radius

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:  # noqa: ARG002  (one part only)
        return 1.0 - sum_of_squares(self._scaled(points))

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        return self._fourth_power(points) * data[SPHERE](self._project(points, SPHERE)[0])

    def _vanishing_around(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:  # noqa: ARG002  (one part only)
        square = sum_of_squares(self._scaled(points))
        return (square - 1.0) / (square + 1.0)

    def _lift_around(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        return data[SPHERE](self._project(points, SPHERE)[0])

    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:  # noqa: ARG002  (one part only)
        direction, _ = unit_direction(self._scaled(points))
        return self.center + self.radius * direction, direction

    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:  # noqa: ARG002  (one part only)
        return self.radius / 4.0 * self._fourth_power(points)

    def _fourth_power(self, points: tf.Tensor) -> tf.Tensor:
        """`(r / R)^4`, with all derivatives at the center."""
        import tensorflow as tf

        return tf.square(sum_of_squares(self._scaled(points)))

    def _scaled(self, points: tf.Tensor) -> tf.Tensor:
        """`(x - center) / radius`."""
        return (points - self.center) / self.radius
