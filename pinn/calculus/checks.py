"""What every engine requires of a field."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def checked(value: tf.Tensor, points: tf.Tensor) -> tf.Tensor:
    """The value as a tensor, with a static rank that an equation can rely on."""
    value = tf.convert_to_tensor(value)
    if value.shape.rank not in (1, 2) or not _same_rows(value, points) or not value.dtype.is_floating:
        raise ValueError(
            f"expected a field of shape [N] or [N, m] for points of shape {_shape(points)}; "
            f"got {_shape(value)} {value.dtype.name}. Return one row a point, in floating point."
        )
    return value


def _same_rows(value: tf.Tensor, points: tf.Tensor) -> bool:
    rows, expected = value.shape[0], points.shape[0]
    return rows is None or expected is None or rows == expected


def _shape(tensor: tf.Tensor) -> str:
    return str(tensor.shape.as_list() if tensor.shape.rank is not None else "unknown").replace("None", "N")


def floating(points: tf.Tensor) -> tf.Tensor:
    """A tensor that can be differentiated at.

    Raises:
        TypeError: it is not floating point.
        ValueError: it holds NaN. Only numbers that are there can be looked at: inside `tf.function` they are not yet.
    """
    points = tf.convert_to_tensor(points)
    if not points.dtype.is_floating:
        raise TypeError(f"expected points in floating point (float32 or float64); got {points.dtype.name}")
    if not tf.is_symbolic_tensor(points):
        _require_numbers(points)
    return points


def _require_numbers(points: tf.Tensor) -> None:
    missing = np.argwhere(np.isnan(points.numpy()))
    if len(missing):
        raise ValueError(
            f"expected points that are numbers; got NaN in {len(missing)} of {points.shape.num_elements()} "
            f"coordinates, the first at {missing[0].tolist()}. Leave such points out or mend what made them."
        )


def batched_points(points: tf.Tensor) -> tf.Tensor:
    """Points as a tensor `[N, d]`.

    Raises:
        ValueError: another shape, or no axes.
        TypeError: not floating point.
    """
    points = floating(points)
    if points.shape.rank != 2 or not points.shape[1]:
        raise ValueError(
            f"expected points of shape [N, d]; got {points.shape.as_list()}. "
            "For a function of one tensor of any shape say batched=False."
        )
    return points


def components(value: tf.Tensor) -> int:
    """The number of components of a field's value, `[N]` or `[N, m]`; 1 where it is not known."""
    return value.shape[1] or 1 if value.shape.rank == 2 else 1
