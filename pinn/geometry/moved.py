"""Shapes that are moved: translated, rotated, and scaled by one factor for all axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.boundary_data import BoundaryData, Constant
from pinn.geometry.checks import Array, finite_number, finite_numbers, positive_number
from pinn.geometry.shape import BoundaryPart, SpatialShape
from pinn.geometry.value_shape import Removable

if TYPE_CHECKING:
    import tensorflow as tf

Matrix = tuple[tuple[float, ...], ...]


@final
@dataclass(frozen=True)
class Moved(SpatialShape):
    """The points `factor * rotation @ y + offset` for all y of a shape.

    Everything follows: lengths are multiplied by the factor, normals turn, and values, fluxes and data are those of the
    shape at the point that was moved. Names of parts and unit coordinates stay as they are. `bounds` are the box around
    the moved box of the shape.

    `shape.translated(by)`, `shape.rotated(angle)` and `shape.scaled(factor)` make it; of several moves they make one.

    Args:
        shape: what is moved.
        rotation: an orthogonal matrix, `[d, d]`.
        factor: greater than 0.
        offset: one number an axis.

    Raises:
        ValueError: numbers that are not finite, a factor that is not positive, a matrix that is not orthogonal or has
            another size.
    """

    shape: SpatialShape
    rotation: Matrix
    factor: float
    offset: tuple[float, ...]
    axes: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        d = self.shape.dim
        rows = tuple(finite_numbers(f"rotation[{i}]", row) for i, row in enumerate(self.rotation))
        offset = finite_numbers("offset", self.offset)
        if len(offset) != d:
            raise ValueError(f"the offset must have {d} numbers, one for each axis of the shape, got {len(offset)}.")
        if [len(row) for row in rows] != [d] * d or abs(np.array(rows) @ np.array(rows).T - np.eye(d)).max() > 1e-12:
            raise ValueError(f"the rotation must be an orthogonal matrix of size {d}, got {rows}.")
        object.__setattr__(self, "rotation", rows)
        object.__setattr__(self, "factor", positive_number("factor", self.factor))
        object.__setattr__(self, "offset", offset)
        object.__setattr__(self, "axes", self.shape.axes)

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The box around the moved box."""
        lower, upper = self.shape.bounds
        center = self._to((lower + upper) / 2.0)
        half = self.factor * abs(np.array(self.rotation)) @ (upper - lower) / 2.0
        return center - half, center + half

    @property
    def measure(self) -> float:
        """That of the shape, by the factor to the power d."""
        return self.shape.measure * self.factor**self.dim

    @property
    def unit_dimension(self) -> int:
        """That of the shape."""
        return self.shape.unit_dimension

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """Those of the shape."""
        scale = self.factor ** (self.dim - 1)
        return {
            name: replace(part, measure=part.measure * scale, sample=partial(self._sample, part))
            for name, part in self.shape.parts.items()
        }

    @property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """Those of the shape."""
        return self.shape.families

    def _to(self, points: Array) -> Array:
        return self.factor * points @ np.array(self.rotation).T + self.offset

    def _from(self, points: Array) -> Array:
        return (points - self.offset) @ np.array(self.rotation) / self.factor

    def _sample(self, part: BoundaryPart, unit: ArrayLike) -> tuple[Array, Array]:
        points, normals = part.sample(unit)
        return self._to(points), _turned(normals, self.rotation)

    def _interior(self, unit: Array) -> Array:
        return self._to(self.shape._interior(unit))

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        """Round-off is that of the coordinates here, which may be far from zero, in the units of the shape."""
        here, there = np.max(np.abs(self.bounds)), self.factor * np.max(np.abs(self.shape.bounds))
        return self.shape._inside(self._from(points), slack * max(1.0, here / there))

    def _signed_distance(self, points: Array) -> Array:
        return self.factor * self.shape._signed_distance(self._from(points))

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        return self.shape._vanishing(self._back(points), names)

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        return self.shape._lift(self._back(points), self._at_home(data))

    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:
        projected, normals = self.shape._project(self._back(points), part)
        return self._forth(projected), _product(normals, np.array(self.rotation).T)

    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:
        return self.factor * self.shape._ramp(self._back(points), part)

    def _at_home(self, data: Mapping[str, BoundaryData]) -> dict[str, BoundaryData]:
        """The data as functions of the points before they were moved."""
        return {name: f if isinstance(f, Constant) else partial(self._evaluate, f) for name, f in data.items()}

    def _evaluate(self, function: BoundaryData, points: tf.Tensor) -> tf.Tensor:
        return function(self._forth(points))

    def _forth(self, points: tf.Tensor) -> tf.Tensor:
        return self.factor * _product(points, np.array(self.rotation).T) + self.offset

    def _back(self, points: tf.Tensor) -> tf.Tensor:
        return _product(points - self.offset, np.array(self.rotation)) / self.factor


@final
@dataclass(frozen=True)
class MovedHole(Removable):
    """A moved shape of a form that leaves smooth holes."""

    moved: Moved
    hole: Removable

    def _vanishing_around(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        return self.hole._vanishing_around(self.moved._back(points), names)

    def _lift_around(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        return self.hole._lift_around(self.moved._back(points), self.moved._at_home(data))


def removable(shape: SpatialShape) -> Removable | None:
    """The functions around a hole of this form; None if it leaves no smooth one."""
    if isinstance(shape, Moved):
        hole = removable(shape.shape)
        return None if hole is None else MovedHole(shape, hole)
    return shape if isinstance(shape, Removable) else None


def translation(shape: SpatialShape, by: Sequence[float]) -> Moved:
    """The shape, each point moved by the same vector."""
    return _moved(shape, np.eye(shape.dim), 1.0, finite_numbers("by", by))


def scaling(shape: SpatialShape, factor: float) -> Moved:
    """The shape, each point multiplied by the factor."""
    return _moved(shape, np.eye(shape.dim), positive_number("factor", factor), (0.0,) * shape.dim)


def rotation(shape: SpatialShape, angle: float, plane: Sequence[str] | None) -> Moved:
    """The shape turned about the origin in the plane of two axes, from the first towards the second one."""
    if plane is None and shape.dim != 2:
        raise ValueError(f"a rotation in {shape.dim} dimensions needs a plane, such as plane={shape.axes[:2]!r}.")
    axes = shape.axes if plane is None else tuple(plane)
    if len(axes) != 2 or len(set(axes).intersection(shape.axes)) != 2:
        raise ValueError(f"the plane must be two axes of {', '.join(shape.axes)}, got {plane!r}.")
    i, j = map(shape.axes.index, axes)
    turn, matrix = finite_number("angle", angle), np.eye(shape.dim)
    matrix[i, i] = matrix[j, j] = math.cos(turn)
    matrix[j, i], matrix[i, j] = math.sin(turn), -math.sin(turn)
    return _moved(shape, matrix, 1.0, (0.0,) * shape.dim)


def _moved(shape: SpatialShape, matrix: Array, factor: float, offset: tuple[float, ...]) -> Moved:
    """The moved shape; of one that is moved already, `f R (g Q y + p) + o`, it is one move by `f g` and `R Q`."""
    moved = Moved(shape, _rows(matrix), factor, offset)
    if not isinstance(shape, Moved):
        return moved
    carried = moved._to(np.array(shape.offset))
    return Moved(shape.shape, _rows(matrix @ np.array(shape.rotation)), factor * shape.factor, tuple(carried.tolist()))


def _rows(matrix: Array) -> Matrix:
    return tuple(map(tuple, matrix.tolist()))


def _turned(normals: Array, matrix: Matrix) -> Array:
    turned = normals @ np.array(matrix).T
    return turned / np.linalg.norm(turned, axis=1, keepdims=True)


def _product(points: tf.Tensor, matrix: Array) -> tf.Tensor:
    import tensorflow as tf

    return points @ tf.constant(matrix, points.dtype)
