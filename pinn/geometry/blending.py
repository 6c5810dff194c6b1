r"""Functions that are given on different parts of a boundary, each by a distance `\phi_i` that is zero on its part.

**Join.** `1 / \sum_i 1 / \phi_i` is zero on all parts and keeps the slopes (R-equivalence of order 1).

**Blend.** `\sum_i g_i / \phi_i` over `\sum_i 1 / \phi_i` is `g_i` on each part.

With the smallest distance, k, both are written in the ratios `\phi_k / \phi_i`, so that nothing is divided by zero.
Distances are to be in units of the size of the shape: a thousandth of a round-off is added to them, so that two that
are zero at once (where parts meet) leave no 0 / 0.

Source: V. L. Rvachev, T. I. Sheiko, V. Shapiro and I. Tsukanov, Transfinite interpolation over implicitly defined sets,
    Comput. Aided Geom. Des. 18 (2001).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


def joined(distances: tf.Tensor) -> tf.Tensor:
    """The join of k distances `[N, k]`: `[N]`."""
    import tensorflow as tf

    smallest, ratios = _ratios(distances)
    return smallest / tf.reduce_sum(ratios, axis=1)


def blended(values: Sequence[tf.Tensor], distances: tf.Tensor) -> tf.Tensor:
    """Each of k functions `[N]` where its distance `[N, k]` is zero, their mean where all distances are: `[N]`."""
    import tensorflow as tf

    _, ratios = _ratios(distances)
    return tf.reduce_sum(ratios * tf.stack(values, axis=1), axis=1) / tf.reduce_sum(ratios, axis=1)


def _ratios(distances: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The smallest distance `[N]`, and its ratios to all of them `[N, k]`, 1 for itself."""
    import tensorflow as tf

    first = tf.argmin(distances, axis=1, output_type=tf.int32)[:, None] == tf.range(distances.shape[1])
    ones = tf.ones_like(distances)
    smallest = tf.reduce_sum(tf.where(first, distances, tf.zeros_like(distances)), axis=1)
    tiny = 1e-3 * np.finfo(distances.dtype.as_numpy_dtype).eps
    ratios = (smallest[:, None] + tiny) / (tf.where(first, ones, distances) + tiny)
    return smallest, tf.where(first, ones, ratios)
