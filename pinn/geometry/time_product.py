"""The space-time domain: a shape in space times an interval of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.checks import TIME, Array, axis_name, finite_number
from pinn.geometry.factors import Extent, joined, product_distance, seen_from_one, times
from pinn.geometry.shape import INITIAL, BoundaryPart, Shape

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class TimeProduct(Shape):
    """`space x [start, end]`, with time as the last coordinate.

    The parts are those of the shape in space, each times the interval (same names, normals without a time component),
    and "initial", the shape at `start` with the normal -e_t. The end time is no part: nothing is prescribed there. Unit
    coordinates are those of the shape in space, then one for the time.

    `vanishing` is that of the shape in space times `(t - start) / (end - start)` where "initial" is named. `lift` is
    the Boolean sum of the lift S in space, of the data at each time, and the initial data h:
    `h(x) + S(x, t) - S(x, start)`. It is h at `start` whatever the data; it meets the data of the other parts if these
    agree with h at `start`. `project` and `ramp` are those of the shape in space; the time stays, and "initial" has
    none. `signed_distance` is Euclidean in the numbers as they stand, space and time alike.

    Args:
        space: a shape without time.
        start, end: the interval of time, start < end.
        axis: the name of the time axis.

    Raises:
        TypeError: `space` is no shape.
        ValueError: `space` has time already, `start >= end`, a number not finite, or an axis name that is taken.
    """

    space: Shape
    start: float
    end: float
    axis: str = field(default=TIME, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.space, Shape):
            raise TypeError(f"space must be a shape, such as Interval(0.0, 1.0), got {self.space!r}.")
        if self.space.time_axis is not None:
            raise ValueError(
                f"space must have no time of its own, got a shape with the time axis {self.space.time_axis!r}."
            )
        start, end = finite_number("start", self.start), finite_number("end", self.end)
        if start >= end:
            raise ValueError(f"the time interval is turned inside out: start must be before end, got {start} >= {end}.")
        if axis_name(self.axis) in self.space.axes:
            raise ValueError(
                f"the time axis {self.axis!r} is also a space axis of {self.space.axes}: choose another name."
            )
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)
        object.__setattr__(self, "axes", (*self.space.axes, self.axis))

    @property
    def time_axis(self) -> str:
        """The name of the time axis."""
        return self.axis

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The bounds in space, then start and end."""
        lower, upper = self.space.bounds
        return np.append(lower, self.start), np.append(upper, self.end)

    @property
    def measure(self) -> float:
        """The measure in space times the duration."""
        return self.space.measure * (self.end - self.start)

    @property
    def unit_dimension(self) -> int:
        """Those of the shape in space, and one for the time."""
        return self.space.unit_dimension + 1

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """The parts in space times the interval, then "initial"."""
        interval = Extent(self.end - self.start, 1, self._times)
        parts = {name: times(part, interval) for name, part in self.space.parts.items()}
        parts[INITIAL] = BoundaryPart(INITIAL, self.space.measure, self.space.unit_dimension, self._sample_initial)
        return parts

    @property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """Those of the shape in space."""
        return self.space.families

    def _sample_initial(self, unit: ArrayLike) -> tuple[Array, Array]:
        points = self.space.interior(unit)
        points = np.column_stack([points, np.full(len(points), self.start)])
        normals = np.zeros_like(points)
        normals[:, -1] = -1.0
        return points, normals

    def _times(self, unit: Array) -> Array:
        """`[n, 1] -> [n, 1]`."""
        return (1.0 - unit) * self.start + unit * self.end

    def _interior(self, unit: Array) -> Array:
        return np.hstack([self.space.interior(unit[:, :-1]), self._times(unit[:, -1:])])

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        forgiven = slack * max(abs(self.start), abs(self.end))
        in_time = (points[:, -1] >= self.start - forgiven) & (points[:, -1] <= self.end + forgiven)
        return in_time & self.space._inside(points[:, :-1], slack)

    def _signed_distance(self, points: Array) -> Array:
        in_time = np.maximum(self.start - points[:, -1], points[:, -1] - self.end)
        return product_distance(np.column_stack([self.space.signed_distance(points[:, :-1]), in_time]))

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        import tensorflow as tf

        in_space = self.space.vanishing(points[:, :-1], names - {INITIAL})
        if INITIAL not in names:
            return in_space
        t = points[:, -1]
        start, end = tf.constant(self.start, t.dtype), tf.constant(self.end, t.dtype)
        return in_space * ((t - start) / (end - start))

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        import tensorflow as tf

        x, t = points[:, :-1], points[:, -1:]
        sides = {name: function for name, function in data.items() if name != INITIAL}
        lifted = self.space.lift(x, seen_from_one(sides, t, joined))
        if INITIAL not in data:
            return lifted
        start = tf.fill(tf.shape(t), tf.constant(self.start, t.dtype))
        return data[INITIAL](joined(x, start)) + (lifted - self.space.lift(x, seen_from_one(sides, start, joined)))

    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:
        import tensorflow as tf

        x, t = points[:, :-1], points[:, -1:]
        projected, normals = self.space.project(x, part)
        return joined(projected, t), joined(normals, tf.zeros_like(t))

    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:
        return self.space.ramp(points[:, :-1], part)
