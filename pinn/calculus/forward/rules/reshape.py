"""Reshapes: where the points are afterwards, or a refusal if they are mixed with anything else."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Batch, Carried, Tensor, carry
from pinn.calculus.forward.errors import BatchCoupledError, UnsupportedOpError
from pinn.calculus.forward.rows import Rows


def _reshape(call: Call) -> list[Tensor]:
    x, value = call.only(), call.value()
    batch = _batch_after(call, x, value.shape.as_list())
    broadcast = x.batch is not None and batch is not None and batch.inner == x.batch.inner
    x = x.spread(batch=not broadcast)
    sizes = tf.unstack(tf.shape(value), num=value.shape.rank)
    static = value.shape.as_list()

    def to_shape(rows: Rows | None) -> Rows | None:
        if rows is None:
            return None
        shape, known = list(sizes), list(static)
        if broadcast and _is_same_for_all_points(rows, x):
            assert batch is not None
            shape[batch.axis], known[batch.axis] = tf.constant(1), 1
        if None not in known:
            return rows.linear(lambda t: tf.reshape(t, [t.shape[0], *known]))
        target = tf.stack([tf.constant(len(rows.labels)), *shape])
        return rows.map(lambda t: tf.ensure_shape(tf.reshape(t, target), [len(rows.labels), *known]))

    return [carry(value, to_shape(x.first), to_shape(x.second), batch)]


def _is_same_for_all_points(rows: Rows, x: Carried) -> bool:
    assert x.batch is not None
    return rows.tensor.shape[1 + x.batch.axis] == 1 and x.value.shape[x.batch.axis] != 1


def _batch_after(call: Call, x: Carried, shape: Sequence[int | None]) -> Batch | None:
    """Where the points are in the new shape.

    The entries of one point stay together if as many entries stand before the axis of the points as did, and the
    sizes behind it multiply to a divisor of those that a point has: `[N, T, w] -> [N T, w]` leaves `T` entries of the
    new axis to each point.
    """
    if x.batch is None:
        return None
    old = x.value.shape.as_list()
    leading, behind = _entries(call, old[: x.batch.axis]), _entries(call, old[x.batch.axis + 1 :])
    entries = x.batch.inner * behind  # of one point, behind the axes before
    for axis, size in enumerate(shape):
        if _entries(call, shape[:axis]) != leading or (size == 1 and old[x.batch.axis] != 1):
            continue
        tail = _entries(call, shape[axis + 1 :])
        if tail and entries % tail == 0:
            return Batch(axis, entries // tail)
        break
    raise BatchCoupledError(call.type, f"mixes the points with other axes, {old} to {list(shape)}")


def _entries(call: Call, sizes: Sequence[int | None]) -> int:
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        raise UnsupportedOpError(call.type, f"the sizes {list(sizes)} must be known when the function is traced")
    return math.prod(known)


RULES: dict[str, Rule] = {"Reshape": _reshape}
