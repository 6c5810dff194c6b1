"""Sums over points, a block of them at a time: what memory and caches hold, whatever the number of points."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

_BLOCK_BYTES = 2**20
_LEAST_POINTS = 64

Summand = Callable[..., Any]  # (*arrays [B, ...], mask [B]) -> tensors whose sum over all points is wanted


@dataclass(frozen=True)
class Share:
    """One of several equal shares of the points, which one being known when the graph runs: `0 <= part < parts`."""

    part: tf.Tensor
    parts: int


def sum_over_blocks(function: Summand, arrays: Sequence[tf.Tensor], count: int, share: Share | None = None) -> Any:
    """The sum over `count` blocks of points of what a function says of each, in a loop of the graph.

    All blocks are of one size, so that one program serves them: the last one begins early enough to be full, and a
    mask `[B]` of zeros and ones tells the function which of its points are counted.

    Args:
        function: `(*blocks, mask) -> tensors`, any nest of them; each must be a sum over points that honours the mask.
        arrays: `[N, ...]` each, with a static `N`.
        count: the number of blocks of all points; 1 is no loop.
        share: sum over one share of the blocks only; the sums of all shares add up to that over all points.

    Memory: one block's, whatever `N`. A gradient taken inside the function is taken block by block; one taken around
    this sum would keep all blocks.
    """
    points = int(arrays[0].shape[0])
    share = share or Share(tf.constant(0), 1)
    turns = math.ceil(count / share.parts)  # of the loop, for each share
    if turns * share.parts <= 1:
        return function(*arrays, tf.ones([points], arrays[0].dtype))
    size = math.ceil(points / (turns * share.parts))

    def block(k: tf.Tensor) -> Any:
        # Where sizes are rounded up the last blocks may hold no point of their own: then all of their mask is zero.
        begin = (share.part * turns + k) * size
        start = tf.minimum(begin, points - size)
        mask = tf.cast(start + tf.range(size) >= begin, arrays[0].dtype)
        return function(*(_cut(array, start, size) for array in arrays), mask)

    if turns == 1:
        return block(tf.constant(0))
    # Traced once, for the loop and for the shapes of its sums.
    traced = tf.function(block, autograph=False).get_concrete_function(tf.TensorSpec([], tf.int32))
    zeros = tf.nest.map_structure(lambda spec: tf.zeros(spec.shape, spec.dtype), traced.structured_outputs)

    def add(k: tf.Tensor, total: Any) -> tuple[tf.Tensor, Any]:
        return k + 1, tf.nest.map_structure(tf.add, total, traced(k))

    _, total = tf.while_loop(
        lambda k, _: k < turns, add, (tf.constant(0), zeros), maximum_iterations=turns, parallel_iterations=1
    )
    return total


def blocks_for(points: int, bytes_a_point: int) -> int:
    """How many blocks keep the intermediates of a block in the caches; 1 where that would save nothing.

    Measured with training steps of tanh networks (4x64 in float32 for d = 2, 3, 10 and 100, 2x32 and 4x128 in float64):
    from 64 points and about 1 MB on, times are flat within 15 %, and 1.1 to 2.3 times better than in one piece; below,
    the loop itself is felt.
    """
    fitting = max(_BLOCK_BYTES // max(bytes_a_point, 1), _LEAST_POINTS)
    return 1 if points < 2 * fitting else math.ceil(points / fitting)


def _cut(array: tf.Tensor, start: tf.Tensor, size: int) -> tf.Tensor:
    begin = tf.concat([[start], tf.zeros([array.shape.rank - 1], tf.int32)], axis=0)
    return tf.slice(array, begin, [size, *array.shape[1:]])
