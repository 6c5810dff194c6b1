"""Checks of what a person hands to a shape: numbers, axis names, points and unit-cube coordinates."""

from __future__ import annotations

import keyword
import math
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    import tensorflow as tf

Array = NDArray[np.float64]

_MOST_LISTED = 12
TIME = "t"  # reserved: a space axis never carries this name


def finite_number(what: str, value: Any) -> float:
    """`value` as a float; `TypeError` if it is no real number, `ValueError` if it is infinite or not a number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be a real number, got {value!r}.") from None
    if not math.isfinite(number):
        raise ValueError(f"{what} must be finite, got {number}.")
    return number


def finite_numbers(what: str, values: Any) -> tuple[float, ...]:
    """One finite float an axis, as a tuple; a bare number or an empty sequence is refused."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{what} must hold one number an axis, such as (0.0, 0.0), got {values!r}.")
    numbers = tuple(finite_number(f"{what}[{i}]", value) for i, value in enumerate(values))
    if not numbers:
        raise ValueError(f"{what} must hold one number an axis, got none.")
    return numbers


def positive_number(what: str, value: Any) -> float:
    """`value` as a finite float above zero."""
    number = finite_number(what, value)
    if number <= 0:
        raise ValueError(f"{what} must be greater than 0, got {number}.")
    return number


def axis_name(name: Any) -> str:
    """`name`, if points can carry it as an attribute (`p.x`): an identifier that is not a Python keyword."""
    if not isinstance(name, str):
        raise TypeError(f"an axis name must be a string, got {name!r}.")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ValueError(f"an axis name must be an identifier such as 'x' or 'x1', got {name!r}.")
    return name


def space_axes(names: Any, dim: int) -> tuple[str, ...]:
    """Names of `dim` space axes: those given, or x, y, z (x1, ..., xd beyond three dimensions) if none are.

    Raises:
        ValueError: the number of names is wrong, a name is repeated, is no identifier, or is "t" (time).
    """
    if isinstance(names, str):
        raise TypeError(f"axes must be a sequence of names, got the string {names!r}: write ({names!r},).")
    chosen = tuple(axis_name(name) for name in names) or default_axes(dim)
    if len(chosen) != dim:
        raise ValueError(f"axes must name {dim} coordinates, got {len(chosen)}: {chosen}.")
    if len(set(chosen)) != dim:
        raise ValueError(f"axes must differ from each other, got {chosen}.")
    if TIME in chosen:
        raise ValueError(f"the axis name {TIME!r} is reserved for time, got {chosen}: use shape.over(start, end).")
    return chosen


def default_axes(dim: int) -> tuple[str, ...]:
    """`("x",)`, `("x", "y")`, `("x", "y", "z")`, then `("x1", ..., "xd")`."""
    return ("x", "y", "z")[:dim] if dim <= 3 else tuple(f"x{i}" for i in range(1, dim + 1))


def host_points(points: ArrayLike, dim: int) -> tuple[Array, float]:
    """Points as float64 `[N, dim]`, with the unit round-off of the precision they came in."""
    array = np.asarray(points)
    if array.ndim != 2 or array.shape[1] != dim:
        raise ValueError(f"points must have the shape [N, {dim}], got {list(array.shape)}.")
    precision = array.dtype if np.issubdtype(array.dtype, np.floating) else np.dtype(np.float64)
    return array.astype(np.float64), float(np.finfo(precision).eps)


def unit_points(unit: ArrayLike, unit_dimension: int) -> Array:
    """Unit-cube coordinates as float64 `[n, unit_dimension]`, each in [0, 1]."""
    array = np.asarray(unit, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != unit_dimension:
        raise ValueError(f"unit coordinates must have the shape [n, {unit_dimension}], got {list(array.shape)}.")
    if not np.all((array >= 0) & (array <= 1)):  # NaN fails here too
        raise ValueError("unit coordinates must lie in [0, 1].")
    return array


def device_points(points: Any, dim: int) -> tf.Tensor:
    """Points as a floating tensor of the static shape `[N, dim]`, where N may be unknown."""
    import tensorflow as tf

    tensor = tf.convert_to_tensor(points)
    if tensor.dtype not in (tf.float32, tf.float64):
        raise TypeError(f"points must be a float32 or float64 tensor, got {tensor.dtype.name}.")
    if not tensor.shape.is_compatible_with([None, dim]):
        raise ValueError(f"points must have the shape [N, {dim}], got {tensor.shape}.")
    columns_known = tensor.shape.rank == 2 and tensor.shape[1] is not None
    return tensor if columns_known else tf.ensure_shape(tensor, [None, dim])


def listed(names: Collection[str]) -> str:
    """The names for a message; of many the first ones, and how many there are."""
    if len(names) <= _MOST_LISTED:
        return ", ".join(names)
    return f"{', '.join(list(names)[:_MOST_LISTED])}, ... ({len(names)} names)"
