"""What every engine requires of a field."""

from __future__ import annotations

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


def components(value: tf.Tensor) -> int:
    """The number of components of a field's value, `[N]` or `[N, m]`; 1 where it is not known."""
    return value.shape[1] or 1 if value.shape.rank == 2 else 1
