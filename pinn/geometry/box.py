"""The box, and the interval, which is a box in one dimension."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.checks import Array, finite_number, finite_numbers, space_axes, unit_points
from pinn.geometry.factors import product_distance
from pinn.geometry.interpolation import Face, transfinite
from pinn.geometry.shape import BoundaryPart, SpatialShape

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True)
class Box(SpatialShape):
    """The box `lower <= x <= upper` in any dimension d, with the faces `x_min`, `x_max`, `y_min`, ... .

    The map from the unit cube is affine, an axis a coordinate. `vanishing` is the product over the axes of
    `4 s (1 - s)` (both faces named), `s` or `1 - s` (one), with `s = (x - lower) / (upper - lower)`. `lift` is
    transfinite interpolation, at up to `3^d - 1` evaluations of the data; see `interpolation.transfinite`. `project`
    replaces the coordinate of the face, and `ramp` is the squared distance to the opposite face over twice the length.

    Args:
        lower, upper: one number an axis.
        axes: names of the axes; by default x, y, z, or x1, ..., xd beyond three dimensions.

    Raises:
        ValueError: the lengths differ, a number is not finite, `lower >= upper` somewhere, or the names do not fit.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    axes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        lower, upper = finite_numbers("lower", self.lower), finite_numbers("upper", self.upper)
        if len(lower) != len(upper):
            raise ValueError(f"lower and upper must have the same length, got {len(lower)} and {len(upper)}.")
        axes = space_axes(self.axes, len(lower))
        for axis, a, b in zip(axes, lower, upper, strict=True):
            if a >= b:
                raise ValueError(
                    f"the box is turned inside out: lower must be below upper, got {a} >= {b} on axis {axis!r}."
                )
        for name, value in (("lower", lower), ("upper", upper), ("axes", axes)):
            object.__setattr__(self, name, value)

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The corners themselves."""
        return np.array(self.lower), np.array(self.upper)

    @property
    def measure(self) -> float:
        """The product of the edge lengths."""
        return math.prod(self._lengths)

    @property
    def unit_dimension(self) -> int:
        """d."""
        return self.dim

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """Two faces an axis: `x_min`, `x_max`, `y_min`, ... ."""
        faces: dict[str, BoundaryPart] = {}
        for i, axis in enumerate(self.axes):
            measure = math.prod(self._lengths[:i] + self._lengths[i + 1 :])
            for side, value, sign in (("min", self.lower[i], -1.0), ("max", self.upper[i], 1.0)):
                name = f"{axis}_{side}"
                faces[name] = BoundaryPart(name, measure, self.dim - 1, partial(self._sample_face, i, value, sign))
        return faces

    @property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """The two faces of each axis."""
        return tuple((f"{axis}_min", f"{axis}_max") for axis in self.axes)

    @property
    def _lengths(self) -> tuple[float, ...]:
        return tuple(b - a for a, b in zip(self.lower, self.upper, strict=True))

    def _sample_face(self, axis: int, value: float, sign: float, unit: ArrayLike) -> tuple[Array, Array]:
        across = np.insert(unit_points(unit, self.dim - 1), axis, 0.0, axis=1)
        points = self._interior(across)
        points[:, axis] = value
        normals = np.zeros_like(points)
        normals[:, axis] = sign
        return points, normals

    def _interior(self, unit: Array) -> Array:
        lower, upper = self.bounds
        return (1.0 - unit) * lower + unit * upper  # this form meets both ends exactly

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        lower, upper = self.bounds
        forgiven = slack * np.maximum(abs(lower), abs(upper))
        return np.all((points >= lower - forgiven) & (points <= upper + forgiven), axis=1)

    def _signed_distance(self, points: Array) -> Array:
        lower, upper = self.bounds
        return product_distance(np.maximum(lower - points, points - upper))

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        import tensorflow as tf

        product = tf.ones_like(points[:, 0])
        for i, axis in enumerate(self.axes):
            x = points[:, i]
            a, b = tf.constant(self.lower[i], x.dtype), tf.constant(self.upper[i], x.dtype)
            low, high = f"{axis}_min" in names, f"{axis}_max" in names
            if low:
                product = product * ((x - a) / (b - a))
            if high:
                product = product * ((b - x) / (b - a))
            if low and high:
                product = 4.0 * product
        return product

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        faces = []
        for i, axis in enumerate(self.axes):
            ends = {f"{axis}_min": self.lower[i], f"{axis}_max": self.upper[i]}
            named = {name: value for name, value in ends.items() if name in data}
            for name, value in named.items():
                opposite = next((other for key, other in named.items() if key != name), None)
                faces.append(Face(i, value, opposite, data[name]))
        return transfinite(points, faces)

    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:
        import tensorflow as tf

        i, here, there = self._ends(part)
        columns = tf.unstack(points, num=self.dim, axis=1)
        columns[i] = tf.fill(tf.shape(columns[i]), tf.constant(here, points.dtype))
        normal = tf.one_hot(i, self.dim, on_value=math.copysign(1.0, here - there), dtype=points.dtype)
        return tf.stack(columns, axis=1), tf.broadcast_to(normal, tf.shape(points))

    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:
        import tensorflow as tf

        i, here, there = self._ends(part)
        # A square has all derivatives at 0; those of a power are not a number there from the third on.
        return tf.square(points[:, i] - tf.constant(there, points.dtype)) / (2.0 * abs(here - there))

    def _ends(self, part: str) -> tuple[int, float, float]:
        """The axis of a face, its coordinate on that axis, and that of the opposite face."""
        i = next(i for i, family in enumerate(self.families) if part in family)
        low, high = self.lower[i], self.upper[i]
        return (i, low, high) if part == self.families[i][0] else (i, high, low)


def Interval(lower: float, upper: float, *, axis: str = "x") -> Box:  # noqa: N802  (stands beside the other shapes)
    """The interval `lower <= x <= upper`: a `Box` in one dimension, with the end points `x_min` and `x_max`."""
    return Box((finite_number("lower", lower),), (finite_number("upper", upper),), axes=(axis,))
