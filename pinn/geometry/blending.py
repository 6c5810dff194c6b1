"""Blending functions that hold on different parts of a boundary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


def blended(values: Sequence[tf.Tensor], distances: Sequence[tf.Tensor]) -> tf.Tensor:
    """Inverse-distance blend of k functions `[N]`: each where its distance is 0, their mean where all distances are.

    The weight of a function is the product of the distances of the others, over the sum of these products. A tiny
    number is added to the distances, so that two that are zero at once (where parts meet) leave no 0 / 0.
    """
    import tensorflow as tf

    tiny = 1e-3 * np.finfo(values[0].dtype.as_numpy_dtype).eps
    guarded = [distance + tiny for distance in distances]
    ones = tf.ones_like(values[0])
    before, after = [ones], [ones]
    for distance in guarded[:-1]:
        before.append(before[-1] * distance)
    for distance in guarded[:0:-1]:
        after.append(after[-1] * distance)
    weights = [a * b for a, b in zip(before, reversed(after), strict=True)]
    return tf.add_n([w * v for w, v in zip(weights, values, strict=True)]) / tf.add_n(weights)
