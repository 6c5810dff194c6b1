"""Operations that only move, repeat or drop entries: every row is treated as the value is, one axis further back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from pinn.calculus.forward.call import Call, Rule, execute
from pinn.calculus.forward.carried import Batch, Carried, Tensor, carry, joint_batch, plain
from pinn.calculus.forward.errors import BatchCoupledError, UnsupportedOpError
from pinn.calculus.forward.rows import Linear, Rows, sizes, target, union

_MASKS = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")


def _several(call: Call, x: Carried, functions: Sequence[Linear], batch: Batch | None) -> list[Tensor]:
    """The outputs of an operation that cuts one tensor into several."""
    return [
        carry(value, *x.each(_along(function)), batch) for value, function in zip(call.values(), functions, strict=True)
    ]


def _along(function: Linear) -> Callable[[Rows], Rows | None]:
    return lambda rows: rows.linear(function)


def _transpose(call: Call) -> list[Tensor]:
    x = call.only()
    order = [int(axis) for axis in call.number(1)]
    batch = None if x.batch is None else Batch(order.index(x.batch.axis), x.batch.inner)
    return call.linear(x, lambda t: tf.transpose(t, [0, *(axis + 1 for axis in order)]), batch)


def _expand(call: Call) -> list[Tensor]:
    x = call.only()
    axis = int(call.number(1)) % (x.rank + 1)
    batch = None if x.batch is None else x.batch.moved(int(axis <= x.batch.axis))
    return call.linear(x, lambda t: tf.expand_dims(t, axis + 1), batch)


def _squeeze(call: Call) -> list[Tensor]:
    x = call.only()
    axes = [axis % x.rank for axis in call.attribute("squeeze_dims")]
    axes = axes or [k for k, size in enumerate(x.value.shape) if size == 1]
    x.require_apart(set(axes), call.type, "drops the axis of the points")
    batch = None if x.batch is None else x.batch.moved(-sum(axis < x.batch.axis for axis in axes))
    return call.linear(x, lambda t: tf.squeeze(t, [axis + 1 for axis in axes]), batch)


def _reverse(call: Call) -> list[Tensor]:
    x = call.only().spread()
    axes = [int(axis) % x.rank for axis in call.number(1)]
    x.require_apart(set(axes), call.type, "reverses the order of the points")
    return call.linear(x, lambda t: tf.reverse(t, [axis + 1 for axis in axes]), x.batch)


def _roll(call: Call) -> list[Tensor]:
    x = call.only().spread()
    shifts = [int(shift) for shift in np.ravel(call.number(1))]
    axes = [int(axis) % x.rank for axis in np.ravel(call.number(2))]
    x.require_apart(set(axes), call.type, "moves values from point to point")
    return call.linear(x, lambda t: tf.roll(t, shifts, [axis + 1 for axis in axes]), x.batch)


def _tile(call: Call) -> list[Tensor]:
    x = call.only().spread()
    multiples = [int(number) for number in call.number(1)]
    x.require_apart({k for k, number in enumerate(multiples) if number != 1}, call.type, "repeats the points")
    return call.linear(x, lambda t: tf.tile(t, [1, *multiples]), x.batch)


def _broadcast(call: Call) -> list[Tensor]:
    """Rows broadcast by themselves whenever they meet something larger."""
    x, value = call.only(), call.value()
    rank = value.shape.rank
    return [carry(value, *x.each(lambda rows: rows.aligned(rank)), joint_batch(call.type, rank, x))]


def _pad(call: Call) -> list[Tensor]:
    """Rows are padded by zeros, whatever the value is padded by."""
    return _padded(call, "CONSTANT")


def _mirror_pad(call: Call) -> list[Tensor]:
    return _padded(call, call.attribute("mode").decode())


def _padded(call: Call, mode: str) -> list[Tensor]:
    x = call.only().spread()
    paddings = [[int(before), int(after)] for before, after in call.number(1)]
    x.require_apart({k for k, pair in enumerate(paddings) if any(pair)}, call.type, "pads the axis of the points")
    return call.linear(x, lambda t: tf.pad(t, [[0, 0], *paddings], mode=mode), x.batch)


def _stop(call: Call) -> list[Tensor]:
    """A constant, as its author says, but for the mean inside a variance, `mean((x - stop(mean x))^2)`.

    `tf.nn.moments`, which normalisation layers use, stops that mean to spare a reverse sweep that comes to zero. The
    first derivative is the same without it; the second is not: taken at its word it is off by `2/n` an entry.
    """
    x = call.only()
    if _is_mean_of_a_variance(call.op):
        return [carry(call.value(), x.first, x.second, x.batch)]
    return list(call.values())


def _is_mean_of_a_variance(op: tf.Operation) -> bool:
    mean = op.inputs[0].op
    users = op.outputs[0].consumers()
    return (
        mean.type == "Mean"
        and bool(users)
        and all(user.type == "SquaredDifference" and user.inputs[0].ref() == mean.inputs[0].ref() for user in users)
    )


def _slice(call: Call) -> list[Tensor]:
    x = call.only().spread()
    begin, size = ([int(number) for number in call.number(position)] for position in (1, 2))
    if x.batch is not None:
        axis = x.batch.axis
        if begin[axis] != 0 or size[axis] not in (-1, x.value.shape[axis]):
            raise BatchCoupledError(call.type, "picks some of the points")
        size[axis] = -1
    return call.linear(x, lambda t: tf.slice(t, [0, *begin], [-1, *size]), x.batch)


def _strided_slice(call: Call) -> list[Tensor]:
    x = call.only().spread()
    key, kept = _slicing(call, x.value.shape)
    batch = None
    if x.batch is not None:
        if x.batch.axis not in kept:
            raise BatchCoupledError(call.type, "picks some of the points")
        batch = Batch(kept.index(x.batch.axis), x.batch.inner)
    return call.linear(x, lambda t: t[(slice(None), *key)], batch)


def _strided_slice_gradient(call: Call) -> list[Tensor]:
    """Zeros with the input where a slice was cut out; rows are cut out of one more axis, which is kept whole."""
    x = call.only(4).spread()
    shape = call.op.outputs[0].shape
    _, kept = _slicing(call, shape)
    batch = None
    if x.batch is not None:
        if kept[x.batch.axis] < 0:
            raise BatchCoupledError(call.type, "adds points to the batch")
        batch = Batch(kept[x.batch.axis], x.batch.inner)
    counted = () if batch is None else (batch.axis,)
    if any(size is None and axis not in counted for axis, size in enumerate(shape)):
        raise UnsupportedOpError(call.type, "the sizes of its output must be known when the function is traced")
    begin, end, strides = (call.number(position) for position in (1, 2, 3))
    masks = {name: call.attribute(f"{name}_mask") << 1 for name in _MASKS}
    masks |= {name: masks[name] | 1 for name in ("begin", "end")}

    def enlarge(t: tf.Tensor) -> tf.Tensor:
        rows = tf.shape(t)
        sizes = [rows[x.batch.axis + 1] if x.batch and axis in counted else size for axis, size in enumerate(shape)]
        return tf.raw_ops.StridedSliceGrad(
            shape=tf.stack([rows[0], *sizes]),
            begin=tf.constant(np.insert(begin, 0, 0), tf.int32),
            end=tf.constant(np.insert(end, 0, 0), tf.int32),
            strides=tf.constant(np.insert(strides, 0, 1), tf.int32),
            dy=t,
            **{f"{name}_mask": mask for name, mask in masks.items()},
        )

    return call.linear(x, enlarge, batch)


def _slicing(call: Call, whole_shape: tf.TensorShape) -> tuple[tuple[object, ...], list[int]]:
    """The node's masks as a Python key, and for each axis of the part the axis of the whole that it is all of, else
    -1.
    """
    rank = len(whole_shape)
    begin, end, strides = (call.number(position) for position in (1, 2, 3))
    masks = {name: call.attribute(f"{name}_mask") for name in _MASKS}
    given = len(begin)
    used = sum(not (masks["ellipsis"] | masks["new_axis"]) >> k & 1 for k in range(given))
    key: list[object] = []
    kept: list[int] = []
    axis = 0
    for k in range(given):
        if masks["ellipsis"] >> k & 1:
            key.append(Ellipsis)
            kept.extend(range(axis, axis + rank - used))
            axis += rank - used
        elif masks["new_axis"] >> k & 1:
            key.append(tf.newaxis)
            kept.append(-1)
        elif masks["shrink_axis"] >> k & 1:
            key.append(int(begin[k]))
            axis += 1
        else:
            start = None if masks["begin"] >> k & 1 else int(begin[k])
            stop = None if masks["end"] >> k & 1 else int(end[k])
            whole = strides[k] == 1 and start in (None, 0) and stop in (None, whole_shape[axis])
            key.append(slice(None) if whole else slice(start, stop, int(strides[k])))
            kept.append(axis if whole else -1)
            axis += 1
    return tuple(key), [*kept, *range(axis, rank)]


def _gather(call: Call) -> list[Tensor]:
    x = call.only().spread()
    axis, shared = int(call.number(2)) % x.rank, call.attribute("batch_dims")
    x.require_apart({axis}, call.type, "picks some of the points")
    if shared:
        raise UnsupportedOpError(call.type, "it gathers with batch_dims")
    indices = plain(call.inputs[1])
    batch = x.batch
    if batch is not None and axis < batch.axis:
        batch = batch.moved(indices.shape.rank - 1)
    known = call.static(1)
    positions = indices if known is None else known

    def pick(t: tf.Tensor) -> tf.Tensor:
        return tf.gather(t, positions, axis=axis + 1)

    if known is not None:
        return call.linear(x, pick, batch)
    return [carry(call.value(), *x.each(lambda rows: rows.map(pick)), batch)]


def _unpack(call: Call) -> list[Tensor]:
    x = call.only().spread()
    axis = call.attribute("axis") % x.rank
    x.require_apart({axis}, call.type, "takes the points apart")
    batch = None if x.batch is None else x.batch.moved(-int(axis < x.batch.axis))
    picks = [_pick(axis + 1, k) for k in range(call.attribute("num"))]
    return _several(call, x, picks, batch)


def _pick(axis: int, position: int) -> Linear:
    return lambda t: t[(slice(None),) * axis + (position,)]


def _stretch(axis: int, start: int, stop: int) -> Linear:
    return lambda t: t[(slice(None),) * axis + (slice(start, stop),)]


def _split(call: Call) -> list[Tensor]:
    x = call.only(1).spread()
    axis = int(call.number(0)) % x.rank
    parts = call.attribute("num_split")
    return _pieces(call, x, axis, [x.value.shape[axis] // parts] * parts if x.value.shape[axis] else [])


def _split_by_sizes(call: Call) -> list[Tensor]:
    x = call.only(0).spread()
    axis = int(call.number(2)) % x.rank
    sizes = [int(size) for size in call.number(1)]
    if -1 in sizes:
        sizes[sizes.index(-1)] = int(x.value.shape[axis]) - sum(size for size in sizes if size >= 0)
    return _pieces(call, x, axis, sizes)


def _pieces(call: Call, x: Carried, axis: int, sizes: list[int]) -> list[Tensor]:
    x.require_apart({axis}, call.type, "takes the points apart")
    ends = np.cumsum(sizes)
    cuts = [_stretch(axis + 1, int(end) - size, int(end)) for end, size in zip(ends, sizes, strict=True)]
    return _several(call, x, cuts, x.batch)


def _concatenate(call: Call) -> list[Tensor]:
    *parts, _ = call.inputs
    rank = plain(parts[0]).shape.rank
    axis = int(call.number(len(parts))) % rank
    batch = joint_batch(call.type, rank, *parts)
    if batch is not None and batch.axis == axis:
        raise BatchCoupledError(call.type, "puts points behind points")
    return [_side_by_side(call, parts, batch, lambda rows: tf.concat(rows, axis + 1))]


def _pack(call: Call) -> list[Tensor]:
    rank = plain(call.inputs[0]).shape.rank
    axis = call.attribute("axis") % (rank + 1)
    batch = joint_batch(call.type, rank, *call.inputs)
    moved = None if batch is None else batch.moved(int(axis <= batch.axis))
    return [_side_by_side(call, call.inputs, moved, lambda rows: tf.stack(rows, axis + 1))]


def _side_by_side(call: Call, parts: Sequence[Tensor], batch: Batch | None, join: Linear) -> Tensor:
    """Rows of several tensors put beside each other, zeros where one has none."""
    full = [part.spread() if isinstance(part, Carried) else part for part in parts]

    def rows(order: str) -> Rows | None:
        of = [getattr(part, order) if isinstance(part, Carried) else None for part in full]
        labels = union(*of)
        return Rows(labels, join(_equalised(full, of, labels))) if labels else None

    return carry(call.value(), rows("first"), rows("second"), batch)


def _equalised(parts: Sequence[Tensor], of: Sequence[Rows | None], labels: tuple[int, ...]) -> list[tf.Tensor]:
    """The rows of every part for all labels, of full size along the points if one of them is."""
    same_everywhere = all(
        rows is None or part.batch is None or rows.tensor.shape[1 + part.batch.axis] == 1
        for part, rows in zip(parts, of, strict=True)
        if isinstance(part, Carried)
    )
    batch = next(part.batch for part in parts if isinstance(part, Carried))
    found = []
    for part, rows in zip(parts, of, strict=True):
        value = plain(part)
        shape = sizes(value)
        if same_everywhere and batch is not None:
            shape[batch.axis] = 1
        source = tf.zeros([], value.dtype) if rows is None else rows.over(labels)
        full = tf.TensorShape([len(labels), *(size if isinstance(size, int) else None for size in shape)])
        if source.shape != full or not full.is_fully_defined():
            source = tf.ensure_shape(tf.broadcast_to(source, target([len(labels), *shape])), full)
        found.append(source)
    return found


def _identities(call: Call) -> list[Tensor]:
    """Several tensors passed on as they are; refused where somebody gave them a gradient of his own."""
    name = call.op.node_def.attr["_gradient_op_type"].s.decode()
    if name and not _is_of_tensorflow(name):
        raise UnsupportedOpError(call.type, "it carries a custom gradient, which may differ from the derivative")
    return [
        carry(value, tensor.first, tensor.second, tensor.batch) if isinstance(tensor, Carried) else value
        for value, tensor in zip(execute(call.op, [plain(t) for t in call.inputs]), call.inputs, strict=True)
    ]


def _is_of_tensorflow(gradient_name: str) -> bool:
    """Whether a custom gradient was written in TensorFlow or Keras, where it is another way to the same derivative."""
    from tensorflow.python.framework import ops

    seen: set[int] = set()
    waiting = [ops._gradient_registry.lookup(gradient_name)]
    while waiting:
        function = waiting.pop()
        if id(function) in seen or not callable(function):
            continue
        seen.add(id(function))
        if not str(getattr(function, "__module__", "tensorflow")).startswith(("tensorflow", "keras")):
            return False
        waiting.extend(cell.cell_contents for cell in getattr(function, "__closure__", None) or ())
    return True


RULES: dict[str, Rule] = {
    "BroadcastTo": _broadcast,
    "ConcatV2": _concatenate,
    "ExpandDims": _expand,
    "GatherV2": _gather,
    "IdentityN": _identities,
    "MirrorPad": _mirror_pad,
    "Pack": _pack,
    "Pad": _pad,
    "PadV2": _pad,
    "ReverseV2": _reverse,
    "Roll": _roll,
    "Slice": _slice,
    "Split": _split,
    "SplitV": _split_by_sizes,
    "Squeeze": _squeeze,
    "StopGradient": _stop,
    "StridedSlice": _strided_slice,
    "StridedSliceGrad": _strided_slice_gradient,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unpack": _unpack,
}
