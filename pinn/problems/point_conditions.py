"""Conditions at points that are given: a pinned value, and measurements."""

from __future__ import annotations

import csv
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from pinn.calculus import Jet, PointSet
from pinn.problems.conditions import Condition, Value

Coordinates = tuple[tuple[float, ...], ...]


class PointCondition(Condition):
    """The value at points that are given, `u(x_i) = u_i`: always the same points, whatever the sampling, as a
    penalty.
    """

    weighs_as_value: ClassVar[bool] = True

    @final
    @property
    def name(self) -> str:
        """`pin`, `point_data`, with the component when there is one."""
        return "_".join([self.kind, *map(str, self.components)])

    @property
    @abstractmethod
    def points(self) -> np.ndarray:
        """Where, `[n, d]`."""

    @final
    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the value needs no point
        return u.value


@final
@dataclass(frozen=True)
class Pin(PointCondition):
    r"""One value at one point, `u(x_0) = u_0`: for what an equation leaves free by a constant, as a pressure, or the
    solution where only fluxes are given.

    Args:
        at: the point, one number an axis; time is the last.
        value: a number, or a function of the point.
        component: which component of a vector field is meant; `None` for a scalar field.

    Raises:
        ValueError: a coordinate that is not finite.
    """

    at: tuple[float, ...]
    value: Value = 0.0
    component: int | None = None

    kind: ClassVar[str] = "pin"

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _coordinates("Pin", [self.at])[0])

    @property
    def points(self) -> np.ndarray:
        """The one point, `[1, d]`."""
        return np.array([self.at])


@final
@dataclass(frozen=True)
class PointData(PointCondition):
    r"""Measurements, `u(x_i) = u_i`, met in the mean square beside the equation.

    Args:
        at: the points, `[n, d]`; time is the last axis.
        values: the values, `[n]`.
        component: which component of a vector field is meant; `None` for a scalar field.

    Cost: the value of a point is found by bisection, `n \log n` an evaluation.

    Raises:
        ValueError: no points, numbers that are not finite, another count of values than of points, or a point twice.
    """

    at: Coordinates
    values: tuple[float, ...]
    component: int | None = None

    kind: ClassVar[str] = "point_data"

    def __post_init__(self) -> None:
        points = _coordinates("PointData", self.at)
        values = np.asarray(self.values, np.float64)
        if values.shape != (len(points),) or not np.all(np.isfinite(values)):
            raise ValueError(
                f"PointData: expected one finite value for each of {len(points)} points; got the shape "
                f"{list(values.shape)}{'' if np.all(np.isfinite(values)) else ' with NaN or infinity'}"
            )
        if len(set(points)) < len(points):
            first = next(point for point in points if points.count(point) > 1)
            raise ValueError(f"PointData: expected each point once; got {first} again: give the mean of its values")
        object.__setattr__(self, "at", points)
        object.__setattr__(self, "values", tuple(values.tolist()))

    @classmethod
    def from_csv(
        cls, path: str | Path, *, axes: Sequence[str], value: str = "u", component: int | None = None
    ) -> PointData:
        """Measurements from a table with a header, one column an axis and one of values; other columns are ignored.

        Args:
            path: of the file.
            axes: the columns of the coordinates, in the order of the domain's axes.
            value: the column of the values.
            component: as in the class.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: a column that is missing, a cell that is no number (with its line), or what the class refuses.
        """
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            if missing := [name for name in (*axes, value) if name not in columns]:
                raise ValueError(
                    f"{path}: expected the columns {', '.join((*axes, value))}; "
                    f"{', '.join(missing)} missing among {', '.join(columns) or 'none'}"
                )
            rows = [[_cell(path, reader.line_num, row[name]) for name in (*axes, value)] for row in reader]
        return cls(tuple(tuple(row[:-1]) for row in rows), tuple(row[-1] for row in rows), component)

    @property
    def points(self) -> np.ndarray:
        """The points, `[n, d]`."""
        return np.array(self.at)

    @property
    def value(self) -> Value:  # type: ignore[override]  # computed, where other conditions hold it
        """The measurement at each of the points that are given, as a function of them in any order."""
        return self._measured

    def _measured(self, p: PointSet) -> tf.Tensor:
        """Points are told apart by their height in a direction in which no two of them are likely to be level."""
        direction = np.random.default_rng(0).normal(size=len(self.at[0]))
        heights = np.array(self.at, p.dtype.as_numpy_dtype).astype(np.float64) @ direction
        order = np.argsort(heights)
        between = (heights[order[1:]] + heights[order[:-1]]) / 2.0
        asked = tf.linalg.matvec(tf.cast(p.coordinates, tf.float64), tf.constant(direction))
        places = tf.searchsorted(tf.constant(between), asked)
        return tf.gather(tf.constant(np.array(self.values)[order], p.dtype), places)


def _coordinates(owner: str, at: ArrayLike) -> Coordinates:
    points = np.asarray(at, np.float64)
    if points.ndim != 2 or not points.size or not np.all(np.isfinite(points)):
        raise ValueError(f"{owner}: expected points of shape [n, d] of finite numbers; got {at!r}")
    return tuple(tuple(point) for point in points.tolist())


def _cell(path: str | Path, line: int, text: str | None) -> float:
    try:
        number = float(text or "")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{path}, line {line}: expected a finite number; got {text!r}")
    return number
