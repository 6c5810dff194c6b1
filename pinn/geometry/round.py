"""What balls and ellipsoids share: the values on their surface, from inside and from around."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, final

from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.sphere import sum_of_squares, unit_direction
from pinn.geometry.value_shape import Removable

if TYPE_CHECKING:
    import tensorflow as tf


class Round(Removable):
    """The image `x = center + stretch y` of the unit ball `|y| <= 1`, whose boundary is one part.

    `vanishing` is `1 - |y|^2`, and `lift` is `|y|^4` times the data at the point of the surface in the direction y:
    three times continuously differentiable at the center (the fourth derivative jumps there), and without a division by
    zero in any derivative. Around a hole of this form they are `(|y|^2 - 1) / (|y|^2 + 1)`, and the data themselves.
    """

    center: tuple[float, ...]

    @property
    @abstractmethod
    def _stretch(self) -> float | tuple[float, ...]:
        """The radius, or one an axis."""

    @final
    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:  # noqa: ARG002  (one part only)
        return 1.0 - sum_of_squares(self._scaled(points))

    @final
    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        return self._fourth_power(points) * self._lift_around(points, data)

    @final
    def _vanishing_around(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:  # noqa: ARG002  (one part only)
        square = sum_of_squares(self._scaled(points))
        return (square - 1.0) / (square + 1.0)

    @final
    def _lift_around(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        (datum,) = data.values()
        return datum(self._on_surface(points)[0])

    @final
    def _on_surface(self, points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The points of the surface in the direction y, and that direction, `[N, d]` each."""
        direction, _ = unit_direction(self._scaled(points))
        return self.center + self._stretch * direction, direction

    @final
    def _fourth_power(self, points: tf.Tensor) -> tf.Tensor:
        """`|y|^4`, with all derivatives at the center."""
        import tensorflow as tf

        return tf.square(sum_of_squares(self._scaled(points)))

    @final
    def _scaled(self, points: tf.Tensor) -> tf.Tensor:
        """y, `[N, d]`."""
        return (points - self.center) / self._stretch
