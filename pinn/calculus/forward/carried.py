"""A tensor that depends on the points, with its derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import tensorflow as tf

from pinn.calculus.forward.errors import BatchCoupledError
from pinn.calculus.forward.rows import Rows, sizes, target


@dataclass(frozen=True)
class Batch:
    """Where the points are in a tensor.

    Args:
        axis: the axis that counts points.
        inner: how many entries of that axis belong to one point: a reshape `[N, T, w] -> [N T, w]`, as dense layers on
            sequences make it, has `inner = T`.
    """

    axis: int
    inner: int = 1

    def moved(self, by: int) -> Batch:
        """The same with the axis shifted."""
        return Batch(self.axis + by, self.inner)


@dataclass(frozen=True)
class Carried:
    """A value `[..., N, ...]` with its first and second derivatives.

    Args:
        value: the tensor itself.
        first: one row an axis of the points.
        second: one row a form of the plan.
        batch: which axis counts points; `None` when there is a single point, which nothing can couple to others.
    """

    value: tf.Tensor
    first: Rows | None
    second: Rows | None
    batch: Batch | None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return int(self.value.shape.rank)

    def batch_in(self, rank: int) -> Batch | None:
        """Where the points are once the tensor is broadcast to a rank."""
        return None if self.batch is None else self.batch.moved(rank - self.rank)

    def require_apart(self, axes: set[int], op_type: str, how: str) -> None:
        """Refuse what an operation does along `axes` if the points are counted there."""
        if self.batch is not None and self.batch.axis in axes:
            raise BatchCoupledError(op_type, how)

    def each(self, function: Callable[[Rows], Rows | None]) -> tuple[Rows | None, Rows | None]:
        """A function of the first and of the second rows, where there are any."""
        first, second = self.first, self.second
        return None if first is None else function(first), None if second is None else function(second)

    def spread(self, *, batch: bool = False) -> Carried:
        """The same with rows of full size along every axis, that of the points only if asked."""
        return Carried(self.value, *self.each(lambda rows: self._spread(rows, batch)), self.batch)

    def _spread(self, rows: Rows, batch: bool) -> Rows | None:
        kept = None if batch or self.batch is None else self.batch.axis
        have, want = rows.tensor.shape[1:], self.value.shape
        short = [k for k in range(self.rank) if k != kept and have[k] == 1 and want[k] != 1]
        if not short:
            return rows
        full = sizes(self.value)
        multiples = target([1, *(full[k] if k in short else 1 for k in range(self.rank))])
        if isinstance(multiples, list):
            return rows.linear(lambda t: tf.tile(t, multiples))
        return rows.map(lambda t: tf.tile(t, multiples))


Tensor: TypeAlias = tf.Tensor | Carried


def carry(value: tf.Tensor, first: Rows | None, second: Rows | None, batch: Batch | None) -> Tensor:
    """The value with its derivatives; the bare value when there are none."""
    return value if first is None and second is None else Carried(value, first, second, batch)


def plain(tensor: Tensor) -> tf.Tensor:
    """The value alone."""
    return tensor.value if isinstance(tensor, Carried) else tensor


def joint_batch(op_type: str, rank: int, *tensors: Tensor) -> Batch | None:
    """Where the points are in a result of `rank` axes made by broadcasting tensors against each other.

    Raises:
        BatchCoupledError: the points lie along different axes, so that the result pairs points with each other.
    """
    places = {t.batch_in(rank) for t in tensors if isinstance(t, Carried)}
    if len(places) > 1:
        raise BatchCoupledError(op_type, "broadcasts the axis of the points against another axis")
    return places.pop() if places else None
