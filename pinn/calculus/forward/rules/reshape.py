"""Reshapes: where the points are afterwards, or a refusal if they are mixed with anything else."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Batch, Carried, Tensor, carry
from pinn.calculus.forward.errors import BatchCoupledError, UnsupportedOpError
from pinn.calculus.forward.rows import Rows, sizes, target


def _reshape(call: Call) -> list[Tensor]:
    x, value = call.only(), call.value()
    batch = _batch_after(call, x, value.shape.as_list())
    if batch is not None and not value.shape.is_fully_defined():
        value = tf.ensure_shape(value, _completed(x, batch, value.shape.as_list()))
    broadcast = x.batch is not None and batch is not None and batch.inner == x.batch.inner
    x = x.spread(batch=not broadcast)
    full = sizes(value)

    def to_shape(rows: Rows | None) -> Rows | None:
        if rows is None:
            return None
        shape = list(full)
        if broadcast and _is_same_for_all_points(rows, x):
            assert batch is not None
            shape[batch.axis] = 1
        new = target([len(rows.labels), *shape])
        if isinstance(new, list):
            return rows.linear(lambda t: tf.reshape(t, [t.shape[0], *new[1:]]))
        known = [size if isinstance(size, int) else None for size in shape]
        return rows.map(lambda t: tf.ensure_shape(tf.reshape(t, new), [len(rows.labels), *known]))

    return [carry(value, to_shape(x.first), to_shape(x.second), batch)]


def _completed(x: Carried, batch: Batch, shape: Sequence[int | None]) -> list[int | None]:
    """The sizes, where one is unknown behind the axis of the points, with what is left for it of a point's entries."""
    behind = list(shape[batch.axis + 1 :])
    if x.batch is None or behind.count(None) != 1:
        return list(shape)
    entries = x.batch.inner * math.prod(x.value.shape[x.batch.axis + 1 :]) // batch.inner
    left = entries // math.prod(size for size in behind if size is not None)
    return [*shape[: batch.axis + 1], *(left if size is None else size for size in behind)]


def _is_same_for_all_points(rows: Rows, x: Carried) -> bool:
    assert x.batch is not None
    return rows.tensor.shape[1 + x.batch.axis] == 1 and x.value.shape[x.batch.axis] != 1


def _batch_after(call: Call, x: Carried, shape: Sequence[int | None]) -> Batch | None:
    """Where the points are in the new shape.

    The entries of one point stay together if as many entries stand before the axis of the points as did, and the
    sizes behind it multiply to a divisor of those that a point has: `[N, T, w] -> [N T, w]` leaves `T` entries of the
    new axis to each point. Where the new size is written as that of an axis of points, `[tf.shape(x)[0], -1]`, the
    sizes behind it follow.
    """
    if x.batch is None:
        return None
    old = x.value.shape.as_list()
    leading, behind = _entries(call, old[: x.batch.axis]), _entries(call, old[x.batch.axis + 1 :])
    entries = x.batch.inner * behind  # of one point, behind the axes before
    for axis, size in enumerate(shape):
        if _entries(call, shape[:axis]) != leading or (size == 1 and old[x.batch.axis] != 1):
            continue
        if size is None and (inner := _entries_of_one_point(call, axis)):
            return Batch(axis, inner)
        tail = _entries(call, shape[axis + 1 :])
        if tail and entries % tail == 0:
            return Batch(axis, entries // tail)
        break
    raise BatchCoupledError(call.type, f"mixes the points with other axes, {old} to {list(shape)}")


def _entries_of_one_point(call: Call, axis: int) -> int | None:
    """Where the target says `tf.shape(t)[k]` for an axis and `t` has its points along `k`: how many entries there
    belong to one point.
    """
    target = call.op.inputs[1].op
    size = target.inputs[axis].op if target.type == "Pack" else target
    if size.type != "StridedSlice" or size.inputs[0].op.type != "Shape":
        return None
    measured = call.earlier.get(size.inputs[0].op.inputs[0].ref())
    position = tf.get_static_value(size.inputs[1])
    if not isinstance(measured, Carried) or measured.batch is None or position is None or len(position) != 1:
        return None
    return measured.batch.inner if position[0] % measured.rank == measured.batch.axis else None


def _entries(call: Call, sizes: Sequence[int | None]) -> int:
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        raise UnsupportedOpError(call.type, f"the sizes {list(sizes)} must be known when the function is traced")
    return math.prod(known)


RULES: dict[str, Rule] = {"Reshape": _reshape}
