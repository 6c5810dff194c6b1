"""Rows of derivatives: one tensor for each axis, or each second derivative, stacked along a leading axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

Linear = Callable[[tf.Tensor], tf.Tensor]  # acts on every row alike: [k, *shape] -> [k, *other shape]


@dataclass(frozen=True)
class Rows:
    """`k` rows `[k, *shape]` with a label each; a label that is absent stands for a row of zeros.

    Any size after the first may be 1 where the value's is larger: such rows are the same along that axis and are
    broadcast when they must be. So the Jacobian of a first layer is `[d, 1, width]`, whatever the number of points.

    Args:
        labels: what each row is the derivative along, sorted.
        tensor: the rows.
        known: the same numbers as an array where they depend on nothing, neither points nor weights; rows of zeros
            among them are found and dropped.
    """

    labels: tuple[int, ...]
    tensor: tf.Tensor
    known: np.ndarray | None = None

    @staticmethod
    def of_known(labels: tuple[int, ...], array: np.ndarray) -> Rows | None:
        """Rows of plain numbers without those that are zero throughout; `None` when nothing is left."""
        kept = [k for k in range(len(labels)) if np.any(array[k])]
        if not kept:
            return None
        array = array[kept]
        return Rows(tuple(labels[k] for k in kept), tf.constant(array), array)

    def take(self, labels: tuple[int, ...]) -> tf.Tensor:
        """The rows of the given labels, in that order and as often as they are named: `[len(labels), *shape]`."""
        if labels == self.labels:
            return self.tensor
        positions = [self.labels.index(label) for label in labels]
        if positions == list(range(positions[0], positions[-1] + 1)):
            return self.tensor[positions[0] : positions[-1] + 1]
        return tf.gather(self.tensor, positions, axis=0)

    def linear(self, function: Linear) -> Rows | None:
        """A linear map of every row. Plain numbers stay plain numbers, so that their zeros are seen."""
        if self.known is None:
            return Rows(self.labels, function(self.tensor))
        with tf.init_scope():
            array = function(tf.constant(self.known)).numpy()
        return Rows.of_known(self.labels, array)

    def map(self, function: Linear) -> Rows:
        """A linear map of every row that involves weights or points."""
        return Rows(self.labels, function(self.tensor))

    def aligned(self, rank: int) -> Rows:
        """The rows of a tensor of `rank` axes: sizes of 1 are put before the shape, as broadcasting does."""
        missing = rank + 1 - self.tensor.shape.rank
        if missing <= 0:
            return self
        return _same(self.linear(lambda t: tf.reshape(t, target([t.shape[0], *[1] * missing, *sizes(t)[1:]]))))

    def over(self, labels: tuple[int, ...]) -> tf.Tensor:
        """The rows for all the given labels, rows of zeros included: `[len(labels), *shape]`."""
        if labels == self.labels:
            return self.tensor
        own, before = len(self.labels), labels.index(self.labels[0])
        if labels[before : before + own] == self.labels:
            return _padded(self.tensor, before, len(labels) - before - own)
        positions = [self.labels.index(label) if label in self.labels else own for label in labels]
        return tf.gather(_padded(self.tensor, 0, 1), positions, axis=0)


def sizes(tensor: tf.Tensor) -> list[int | tf.Tensor]:
    """The sizes of a tensor, as numbers where they are known when the function is traced."""
    static = tensor.shape.as_list()
    if None not in static:
        return static
    dynamic = tf.shape(tensor)
    return [dynamic[k] if size is None else size for k, size in enumerate(static)]


def target(shape: Sequence[int | tf.Tensor]) -> list[int] | tf.Tensor:
    """Sizes as what `tf.reshape` and the like take: plain numbers where all are, which saves a graph many nodes."""
    return list(shape) if all(isinstance(size, int) for size in shape) else tf.stack(shape)


def _padded(rows: tf.Tensor, before: int, after: int) -> tf.Tensor:
    """Rows of zeros before and after."""
    return tf.pad(rows, [[before, after], *[[0, 0]] * (rows.shape.rank - 1)])


def _same(rows: Rows | None) -> Rows:
    assert rows is not None, "a rearrangement of rows that are not zero is not zero"
    return rows


def union(*several: Rows | None) -> tuple[int, ...]:
    """All labels that occur, sorted."""
    return tuple(sorted({label for rows in several if rows is not None for label in rows.labels}))


def total(*several: Rows | None) -> Rows | None:
    """The sum of rows with equal labels; `None` is zero."""
    present = [rows for rows in several if rows is not None]
    if len(present) < 2:
        return present[0] if present else None
    first, *others = present
    for rows in others:
        first = _plus(first, rows)
    return first


def _plus(a: Rows, b: Rows) -> Rows:
    if a.labels == b.labels:
        return Rows(a.labels, a.tensor + b.tensor)
    labels = union(a, b)
    return Rows(labels, a.over(labels) + b.over(labels))


def times(factor: tf.Tensor, rows: Rows | None) -> Rows | None:
    """Every row times a factor that broadcasts against it; the rows take the rank of the factor if that is larger."""
    if rows is None:
        return None
    return rows.aligned(factor.shape.rank).map(lambda t: factor * t)
