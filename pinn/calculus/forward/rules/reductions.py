"""Sums, means, products, extrema, norms and softmax along axes that do not count points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from pinn.calculus.forward import arithmetic
from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Batch, Carried, Tensor, carry, plain
from pinn.calculus.forward.functions import FUNCTIONS
from pinn.calculus.forward.rows import Rows

_HOW = "reduces over the points"

Reduce = Callable[..., tf.Tensor]


def _axes(call: Call, x: Carried) -> list[int]:
    """The axes that are reduced, counted from the front; none of them counts points."""
    axes = sorted({int(axis) % x.rank for axis in np.ravel(call.number(1))}) if x.rank else []
    x.require_apart(set(axes), call.type, _HOW)
    return axes


def _left(batch: Batch | None, axes: list[int], *, keep: bool) -> Batch | None:
    """Where the points are once axes are gone."""
    return batch if batch is None or keep else batch.moved(-sum(axis < batch.axis for axis in axes))


def _linear(reduce: Reduce) -> Rule:
    def rule(call: Call) -> list[Tensor]:
        x, keep = call.only().spread(), call.attribute("keep_dims")
        axes = _axes(call, x)
        shifted = [axis + 1 for axis in axes]
        return call.linear(x, lambda t: reduce(t, axis=shifted, keepdims=keep), _left(x.batch, axes, keep=keep))

    return rule


def _sum(x: Carried, axes: list[int], *, keep: bool) -> Tensor:
    """The sum of a carried tensor along axes."""
    x = x.spread()
    shifted = [axis + 1 for axis in axes]
    orders = x.each(lambda rows: rows.linear(lambda t: tf.reduce_sum(t, axis=shifted, keepdims=keep)))
    return carry(tf.reduce_sum(x.value, axis=axes, keepdims=keep), *orders, _left(x.batch, axes, keep=keep))


def _extremum(call: Call) -> list[Tensor]:
    """The rows of the largest or smallest entry; their mean where several are equal."""
    x, keep, value = call.only().spread(), call.attribute("keep_dims"), call.value()
    axes = _axes(call, x)
    chosen = tf.cast(tf.equal(x.value, _kept(value, axes, keep=keep)), x.value.dtype)
    share = tf.stop_gradient(chosen / tf.reduce_sum(chosen, axis=axes, keepdims=True))
    shifted = [axis + 1 for axis in axes]

    def reduce(rows: Rows | None) -> Rows | None:
        return None if rows is None else rows.map(lambda t: tf.reduce_sum(share * t, axis=shifted, keepdims=keep))

    return [carry(value, reduce(x.first), reduce(x.second), _left(x.batch, axes, keep=keep))]


def _kept(value: tf.Tensor, axes: list[int], *, keep: bool) -> tf.Tensor:
    """A reduced tensor with its axes of size 1 back in place."""
    if not keep:
        for axis in axes:
            value = tf.expand_dims(value, axis)
    return value


def _product(call: Call) -> list[Tensor]:
    """By halves, so that no factor is ever divided by: `log2(n)` products."""
    x, keep = call.only(), call.attribute("keep_dims")
    for axis in sorted(_axes(call, x), reverse=True):
        x = _folded(call, x.spread(), axis)
        x = x if keep else _squeezed(x, axis)
    return [carry(call.value(), x.first, x.second, x.batch)]


def _folded(call: Call, x: Carried, axis: int) -> Carried:
    size = x.value.shape[axis]
    while size > 1:
        half = size // 2
        parts = [_part(x, axis, start, length) for start, length in ((0, half), (half, half), (2 * half, size % 2))]
        product = arithmetic.multiply(call.plan, call.type, parts[0], parts[1])
        assert isinstance(product, Carried)
        x = product if size % 2 == 0 else _joined(product.spread(batch=True), parts[2].spread(batch=True), axis)
        size = half + size % 2
    return x


def _part(x: Carried, axis: int, start: int, length: int) -> Carried:
    """A stretch of an axis; every row is kept, also one that is zero there."""

    def cut(t: tf.Tensor, along: int) -> tf.Tensor:
        return t[(slice(None),) * along + (slice(start, start + length),)]

    def rows(of: Rows | None) -> Rows | None:
        return None if of is None else of.map(lambda t: cut(t, axis + 1))

    return Carried(cut(x.value, axis), rows(x.first), rows(x.second), x.batch)


def _joined(a: Carried, b: Carried, axis: int) -> Carried:
    def rows(p: Rows | None, q: Rows | None) -> Rows | None:
        if p is None:
            return None
        beside = tf.zeros_like(b.value)[tf.newaxis] if q is None else q.over(p.labels)
        if q is None:
            beside = tf.repeat(beside, len(p.labels), axis=0)
        return Rows(p.labels, tf.concat([p.tensor, beside], axis=axis + 1))

    value = tf.concat([a.value, b.value], axis=axis)
    return Carried(value, rows(a.first, b.first), rows(a.second, b.second), a.batch)


def _squeezed(x: Carried, axis: int) -> Carried:
    rows = x.each(lambda of: of.map(lambda t: tf.squeeze(t, axis + 1)))
    return Carried(tf.squeeze(x.value, axis), *rows, _left(x.batch, [axis], keep=False))


def _norm(call: Call) -> list[Tensor]:
    x, keep = call.only(), call.attribute("keep_dims")
    square = arithmetic.apply(call.plan, FUNCTIONS["Square"], x, tf.square(x.value))
    assert isinstance(square, Carried)
    total = _sum(square, _axes(call, x), keep=keep)
    assert isinstance(total, Carried)
    return [arithmetic.apply(call.plan, FUNCTIONS["Sqrt"], total, tf.sqrt(total.value))]


def _half_square(call: Call) -> list[Tensor]:
    x = call.only()
    axes = list(range(x.rank))
    x.require_apart(set(axes), call.type, _HOW)
    square = arithmetic.apply(call.plan, FUNCTIONS["Square"], x, tf.square(x.value))
    assert isinstance(square, Carried)
    return [arithmetic.multiply(call.plan, call.type, tf.constant(0.5, x.value.dtype), _sum(square, axes, keep=False))]


def _exponentials(call: Call) -> tuple[Tensor, Carried, Carried]:
    """`x - max`, its exponential and the sum of that along the last axis."""
    x = call.only().spread()
    x.require_apart({x.rank - 1}, call.type, "normalises over the points")
    largest = tf.stop_gradient(tf.reduce_max(x.value, axis=-1, keepdims=True))
    shifted = arithmetic.add(call.type, x.value - largest, x, largest, sign=-1)
    assert isinstance(shifted, Carried)
    exponential = arithmetic.apply(call.plan, FUNCTIONS["Exp"], shifted, tf.exp(shifted.value))
    assert isinstance(exponential, Carried)
    total = _sum(exponential, [x.rank - 1], keep=True)
    assert isinstance(total, Carried)
    return shifted, exponential, total


def _softmax(call: Call) -> list[Tensor]:
    _, exponential, total = _exponentials(call)
    return [arithmetic.divide(call.plan, call.type, exponential, total)]


def _log_softmax(call: Call) -> list[Tensor]:
    shifted, _, total = _exponentials(call)
    logarithm = arithmetic.apply(call.plan, FUNCTIONS["Log"], total, tf.math.log(total.value))
    return [arithmetic.add(call.type, plain(shifted) - plain(logarithm), shifted, logarithm, sign=-1)]


def _cumulative_sum(call: Call) -> list[Tensor]:
    x = call.only().spread()
    axis = int(call.number(1)) % x.rank
    x.require_apart({axis}, call.type, "sums over the points")
    exclusive, reverse = call.attribute("exclusive"), call.attribute("reverse")
    return call.linear(x, lambda t: tf.cumsum(t, axis + 1, exclusive=exclusive, reverse=reverse), x.batch)


RULES: dict[str, Rule] = {
    "Cumsum": _cumulative_sum,
    "EuclideanNorm": _norm,
    "L2Loss": _half_square,
    "LogSoftmax": _log_softmax,
    "Max": _extremum,
    "Mean": _linear(tf.reduce_mean),
    "Min": _extremum,
    "Prod": _product,
    "Softmax": _softmax,
    "Sum": _linear(tf.reduce_sum),
}
