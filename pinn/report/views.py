"""The records that a report is made of: plain arrays with names, and nothing that knows a network or an equation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

QUANTITIES = ("solution", "exact", "error", "residual")
"""What a panel or a curve may show, in the order in which it is drawn."""


def _check_quantities(owner: str, values: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """The values as float64 arrays in drawing order, or a ValueError that names the first misfit."""
    unknown = [key for key in values if key not in QUANTITIES]
    if unknown or "solution" not in values:
        raise ValueError(
            f"{owner}: expected the keys solution (always) and exact, error, residual (optional), got {list(values)}"
        )
    arrays = {key: np.asarray(values[key], dtype=np.float64) for key in QUANTITIES if key in values}
    for key, array in arrays.items():
        if array.shape != shape:
            raise ValueError(f"{owner}: expected '{key}' of shape {list(shape)}, got {list(array.shape)}")
    return arrays


def _check_axis(owner: str, name: str, values: np.ndarray) -> np.ndarray:
    """A coordinate axis `[n]`: finite and increasing, so that cells have a positive size."""
    axis = np.asarray(values, dtype=np.float64)
    if axis.ndim != 1 or axis.size == 0:
        raise ValueError(f"{owner}: expected {name} of shape [n] with n >= 1, got {list(axis.shape)}")
    if not np.all(np.isfinite(axis)) or np.any(np.diff(axis) <= 0):
        raise ValueError(f"{owner}: expected finite, increasing values of {name}; sort them and drop repeats")
    return axis


@dataclass(frozen=True, eq=False)
class Panel:
    """Maps over one rectangle of two axes: a whole 2-D domain, a slice of a 3-D one, or a moment in time.

    Args:
        title: what is held fixed, such as `"z = 0"` or `"t = 0.25"`; empty when nothing is.
        labels: names of the horizontal and the vertical axis, units in brackets if any: `("x [m]", "t [s]")`.
        x: horizontal coordinates `[nx]`, increasing.
        y: vertical coordinates `[ny]`, increasing.
        values: `"solution"` and, where known, `"exact"` (or a reference, see `View.truth`), `"error"` (solution minus
            exact) and `"residual"`, each `[ny, nx]`, NaN outside the domain.

    Raises:
        ValueError: for an unknown key, a missing solution, a wrong shape, or axes that do not increase.
    """

    title: str
    labels: tuple[str, str]
    x: np.ndarray
    y: np.ndarray
    values: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        owner = f"panel '{self.title}'"
        x, y = _check_axis(owner, "x", self.x), _check_axis(owner, "y", self.y)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)
        object.__setattr__(self, "values", _check_quantities(owner, self.values, (y.size, x.size)))


@dataclass(frozen=True, eq=False)
class Curve:
    """Values along one axis: a 1-D solution, a moment of a 1-D evolution, or a cut through a plane.

    Args:
        title: what is held fixed, such as `"t = 0.25"`; it names the curve in the legend.
        label: name of the axis, unit in brackets if any. Curves of one label are drawn together.
        x: coordinates `[n]`, increasing.
        values: as in `Panel`, each `[n]`.

    Raises:
        ValueError: as in `Panel`.
    """

    title: str
    label: str
    x: np.ndarray
    values: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        owner = f"curve '{self.title}'"
        x = _check_axis(owner, "x", self.x)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "values", _check_quantities(owner, self.values, (x.size,)))


@dataclass(frozen=True, eq=False)
class View:
    """One component of a solution, computed on panels and curves and ready to be drawn.

    Args:
        name: the problem, such as `"poisson_2d"`; the title of each figure.
        quantity: the component, such as `"u"` or `"p [Pa]"`; it labels values and enters file names.
        curves: what is drawn as lines.
        panels: what is drawn as maps.
        truth: what the values called `"exact"` are: "exact", or the method of a reference.
        accuracy: their own relative error, 0 where they are exact.
    """

    name: str
    quantity: str
    curves: Sequence[Curve] = ()
    panels: Sequence[Panel] = ()
    truth: str = "exact"
    accuracy: float = 0.0


@dataclass(frozen=True, eq=False)
class Points:
    """Collocation points, by the condition that they serve.

    Args:
        axes: names of the d coordinates, units in brackets if any.
        groups: the points `[n, d]` of the interior and of each condition; n may be zero.

    Raises:
        ValueError: when a group is not `[n, d]`.
    """

    axes: tuple[str, ...]
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arrays = {name: np.asarray(points, dtype=np.float64) for name, points in self.groups.items()}
        for name, points in arrays.items():
            if points.ndim != 2 or points.shape[1] != len(self.axes):
                raise ValueError(
                    f"points '{name}': expected shape [n, {len(self.axes)}] for the axes {', '.join(self.axes)}, "
                    f"got {list(points.shape)}"
                )
        object.__setattr__(self, "groups", arrays)


@dataclass(frozen=True, eq=False)
class History:
    """What was recorded while training, one row a record.

    Args:
        columns: arrays `[k]` of one length. Drawn when present: `"step"`, `"seconds"`, `"loss"`, `"error"` (true
            relative L2 error, NaN where it was not measured), `"loss/<term>"` and `"stage"` (text, such as `adam`).

    Raises:
        ValueError: when a column is not `[k]`, or `"step"`, `"seconds"` or `"loss"` is missing.
    """

    columns: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        missing = [key for key in ("step", "seconds", "loss") if key not in self.columns]
        if missing:
            raise ValueError(f"history: expected the columns step, seconds and loss, got {list(self.columns)}")
        arrays = {
            key: np.asarray(column, dtype=np.str_ if key == "stage" else np.float64)
            for key, column in self.columns.items()
        }
        shapes = {key: array.shape for key, array in arrays.items()}
        if any(shape != shapes["step"] or len(shape) != 1 for shape in shapes.values()):
            listed = ", ".join(f"{key} {list(shape)}" for key, shape in shapes.items())
            raise ValueError(f"history: expected columns [k] of one length, got {listed}")
        object.__setattr__(self, "columns", arrays)

    @property
    def terms(self) -> dict[str, np.ndarray]:
        """The parts of the loss `[k]` by name, without the prefix `loss/`."""
        prefix = "loss/"
        return {key.removeprefix(prefix): column for key, column in self.columns.items() if key.startswith(prefix)}
