"""The ball: a disk in the plane, a ball in space, and its likes in higher dimensions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.checks import Array, finite_numbers, positive_number, space_axes, unit_points
from pinn.geometry.round import Round
from pinn.geometry.shape import BoundaryPart, SpatialShape
from pinn.geometry.sphere import direction_dimension, directions, radii, unit_ball_measure

if TYPE_CHECKING:
    import tensorflow as tf

SPHERE = "sphere"


@dataclass(frozen=True)
class Ball(Round, SpatialShape):
    """The ball `|x - center| <= radius` in d >= 2 dimensions, with the one boundary part `sphere`.

    The unit coordinates are the radius, then the direction (see `sphere.directions`): d of them for d <= 3, else d + 1.
    `vanishing` and `lift` are those of `Round`, with the data at the projection along the ray from the center.
    `project` is that projection, and `ramp` is `(R / 4) (r / R)^4`, which leaves what is projected as smooth at the
    center as the lift.

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

    @property
    def _stretch(self) -> float:
        return self.radius

    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:  # noqa: ARG002  (one part only)
        return self._on_surface(points)

    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:  # noqa: ARG002  (one part only)
        return self.radius / 4.0 * self._fourth_power(points)
