"""Sums, means, products, extrema, norms and softmax along axes that do not count points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np
import tensorflow as tf

from pinn.calculus.forward import arithmetic
from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Batch, Carried, Tensor, carry, plain
from pinn.calculus.forward.errors import UnsupportedOpError
from pinn.calculus.forward.functions import FUNCTIONS
from pinn.calculus.forward.rows import Rows, union

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
        if size % 2:
            value = tf.concat([product.value, parts[2].value], axis=axis)
            product = Carried(value, *_joined([product, parts[2]], axis), x.batch)
        x = product
        size = half + size % 2
    return x


def _part(x: Carried, axis: int, start: int, length: int) -> Carried:
    """A stretch of an axis; every row is kept, also one that is zero there."""

    def cut(t: tf.Tensor, along: int) -> tf.Tensor:
        return t[(slice(None),) * along + (slice(start, start + length),)]

    def rows(of: Rows | None) -> Rows | None:
        return None if of is None else of.map(lambda t: cut(t, axis + 1))

    return Carried(cut(x.value, axis), rows(x.first), rows(x.second), x.batch)


def _joined(parts: Sequence[Tensor], axis: int) -> tuple[Rows | None, Rows | None]:
    """The rows of parts put side by side along an axis."""
    full = [part.spread(batch=True) if isinstance(part, Carried) else Carried(part, None, None, None) for part in parts]

    def beside(orders: list[Rows | None]) -> Rows | None:
        labels = union(*orders)
        zeros = [tf.repeat(tf.zeros_like(part.value)[tf.newaxis], len(labels), axis=0) for part in full]
        blocks = [zero if rows is None else rows.over(labels) for rows, zero in zip(orders, zeros, strict=True)]
        return Rows(labels, tf.concat(blocks, axis=axis + 1)) if labels else None

    return beside([part.first for part in full]), beside([part.second for part in full])


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


def _cumulative_product(call: Call) -> list[Tensor]:
    """Factor by factor, so that none is ever divided by."""
    x = call.only().spread()
    axis = int(call.number(1)) % x.rank
    x.require_apart({axis}, call.type, "multiplies points with points")
    exclusive, size = call.attribute("exclusive"), x.value.shape[axis]
    if size is None:
        raise UnsupportedOpError(call.type, "it multiplies a number of factors that is known only at run time")
    backwards = -1 if call.attribute("reverse") else 1
    parts = [_part(x, axis, k, 1) for k in range(size)][::backwards]
    products = list(accumulate(parts, lambda a, b: arithmetic.multiply(call.plan, call.type, a, b)))
    if exclusive:
        products = [tf.ones_like(parts[0].value), *products[:-1]]
    return [carry(call.value(), *_joined(products[::backwards], axis), x.batch)]


RULES: dict[str, Rule] = {
    "Cumprod": _cumulative_product,
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
