"""Calls of other functions, branches and loops: their graphs are walked as the function's own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Batch, Carried, Tensor, plain
from pinn.calculus.forward.errors import UnsupportedOpError
from pinn.calculus.forward.rows import Rows

_UNREAD = math.nan  # in place of an output that nothing reads
Dense = list[tf.Tensor]  # the value, and its full first and second rows where the plan has any


@dataclass(frozen=True)
class _Moving:
    """That a tensor depends on the points, and where it counts them."""

    batch: Batch | None


def _graph(call: Call, attribute: str) -> Any:
    """The graph of a function that the node names."""
    name = call.attribute(attribute).name
    return call.op.graph._get_function(name).graph


def _call(call: Call) -> list[Tensor]:
    """The outputs that something reads: a reverse sweep hands over gradients to weights too, which sum over points.

    A graph that was differentiated once has intermediates appended to its outputs.
    """
    graph = _graph(call, "f")
    last = {tensor.ref() for tensor in call.op.graph.outputs}
    read = [k for k, tensor in enumerate(call.op.outputs) if tensor.consumers() or tensor.ref() in last]
    found = dict(zip(read, call.walk(graph, call.inputs, [graph.outputs[k] for k in read]), strict=True))
    return [found.get(k, _UNREAD) for k in range(len(call.op.outputs))]


def _require_plain(call: Call) -> None:
    if any(tensor.dtype == tf.variant for tensor in (*call.op.inputs, *call.op.outputs)):
        raise UnsupportedOpError(call.type, "it keeps intermediates for a gradient that the function takes itself")


def _branch(call: Call) -> list[Tensor]:
    """Both branches are walked; the one that runs is decided by the same condition as for the value."""
    _require_plain(call)
    condition, *inputs = call.inputs
    if isinstance(condition, Carried):
        raise UnsupportedOpError(call.type, "its condition carries derivatives")
    graphs = [_graph(call, "then_branch"), _graph(call, "else_branch")]
    found: list[list[Tensor]] = []

    def run(graph: Any) -> Dense:
        outputs = call.walk(graph, inputs)
        found.append(outputs)
        return [part for output in outputs for part in _dense(call, output)]

    parts = tf.cond(plain(condition), lambda: run(graphs[0]), lambda: run(graphs[1]))
    where = [_joint(call, outputs) for outputs in zip(*found, strict=True)]  # eagerly one branch has been walked
    count = len(parts) // len(where)
    groups = [parts[k * count : (k + 1) * count] for k in range(len(where))]
    return [
        _from_dense(call, list(group), moving.batch) if moving else group[0]
        for group, moving in zip(groups, where, strict=True)
    ]


def _joint(call: Call, outputs: Sequence[Tensor]) -> _Moving | None:
    """Where the points are in an output of the branches; `None` if it depends on them in none."""
    places = {output.batch for output in outputs if isinstance(output, Carried)}
    if len(places) > 1:
        raise UnsupportedOpError(call.type, "its branches place the points along different axes")
    return _Moving(places.pop()) if places else None


def _loop(call: Call) -> list[Tensor]:
    """The state of the loop is carried with all its rows; the condition sees the values."""
    _require_plain(call)
    condition, body = _graph(call, "cond"), _graph(call, "body")
    batches = _settled(call, body)
    state = [_as_carried(call, tensor, where) for tensor, where in zip(call.inputs, batches, strict=True)]
    counts = [len(_dense(call, tensor)) if moving else 1 for tensor, moving in zip(state, batches, strict=True)]

    def unpack(parts: Sequence[tf.Tensor]) -> list[Tensor]:
        found: list[Tensor] = []
        rest = list(parts)
        for count, where in zip(counts, batches, strict=True):
            mine, rest = rest[:count], rest[count:]
            found.append(_from_dense(call, mine, where.batch) if where else mine[0])
        return found

    def pack(tensors: Sequence[Tensor]) -> Dense:
        return [
            part
            for tensor, where in zip(tensors, batches, strict=True)
            for part in (_dense(call, tensor) if where else [plain(tensor)])
        ]

    def go_on(*parts: tf.Tensor) -> tf.Tensor:
        (found,) = call.walk(condition, [plain(tensor) for tensor in unpack(parts)])
        return plain(found)

    def step(*parts: tf.Tensor) -> Dense:
        return pack(call.walk(body, unpack(parts)))

    limit = _limit(call)
    ends = tf.while_loop(go_on, step, pack(state), maximum_iterations=limit)
    return unpack(list(ends))


def _settled(call: Call, body: Any) -> list[_Moving | None]:
    """Which variables of the loop depend on the points, found by walking its body until nothing is added."""
    moving = [_Moving(t.batch) if isinstance(t, Carried) else None for t in call.inputs]
    while True:
        batches = _after_one_turn(call, body, moving)
        grown = [old or new for old, new in zip(moving, batches, strict=True)]
        for old, new in zip(grown, batches, strict=True):
            if old is not None and new is not None and old.batch != new.batch:
                raise UnsupportedOpError(call.type, "a turn of it moves the axis of the points")
        if all((a is None) == (b is None) for a, b in zip(grown, moving, strict=True)):
            return moving
        moving = grown


def _after_one_turn(call: Call, body: Any, moving: Sequence[_Moving | None]) -> list[_Moving | None]:
    """What depends on the points after the body, walked in a graph that never runs."""
    found: list[list[_Moving | None]] = []

    def record() -> None:
        state = [_as_carried(call, tensor, where) for tensor, where in zip(call.inputs, moving, strict=True)]
        outputs = call.walk(body, state)
        found.append([_Moving(t.batch) if isinstance(t, Carried) else None for t in outputs])

    tf.function(record, autograph=False).get_concrete_function()
    return found[-1]


def _as_carried(call: Call, tensor: Tensor, where: _Moving | None) -> Tensor:
    if where is None:
        return plain(tensor)
    return _from_dense(call, _dense(call, tensor), where.batch)


def _limit(call: Call) -> tf.Tensor | None:
    """A bound on the turns, where the loop states one: reverse mode under XLA needs it."""
    known = call.written(1) if "maximum_iterations" in call.op.inputs[1].op.name else None
    return None if known is None or int(known) < 0 else tf.constant(int(known))


def _dense(call: Call, tensor: Tensor) -> Dense:
    """The value with one full block of rows for each order of the plan."""
    value = plain(tensor)
    orders = (tensor.first, tensor.second) if isinstance(tensor, Carried) else (None, None)
    labels = (call.plan.axes, tuple(range(len(call.plan.forms))))
    return [value, *(_full(value, rows, of) for rows, of in zip(orders, labels, strict=True) if of)]


def _full(value: tf.Tensor, rows: Rows | None, labels: tuple[int, ...]) -> tf.Tensor:
    source = tf.zeros([], value.dtype) if rows is None else rows.aligned(value.shape.rank).over(labels)
    shape = tf.concat([[len(labels)], tf.shape(value)], axis=0)
    return tf.ensure_shape(tf.broadcast_to(source, shape), [len(labels), *value.shape])


def _from_dense(call: Call, parts: Dense, batch: Batch | None) -> Tensor:
    value, *blocks = parts
    labels = [of for of in (call.plan.axes, tuple(range(len(call.plan.forms)))) if of]
    rows = [Rows(of, block) for of, block in zip(labels, blocks, strict=True)]
    return Carried(value, rows[0], rows[1] if len(rows) > 1 else None, batch)


RULES: dict[str, Rule] = {
    "If": _branch,
    "PartitionedCall": _call,
    "StatefulPartitionedCall": _call,
    "StatelessIf": _branch,
    "StatelessWhile": _loop,
    "While": _loop,
}
