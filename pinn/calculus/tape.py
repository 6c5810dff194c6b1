"""The reference engine: unstack the axes, restack them, and differentiate twice, one axis at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import final

import tensorflow as tf

from pinn.calculus.checks import checked
from pinn.calculus.needs import Derivatives, Field, Indices, Needs

# From this many axes on, sweeps run in a loop of the graph: XLA takes minutes to compile a hundred unrolled ones.
_LOOP_FROM = 17
_ZERO = tf.UnconnectedGradients.ZERO

_First = list[list[tf.Tensor]]  # [component][axis], each [N]
_Second = dict[Indices, list[tf.Tensor]]  # pair -> [component], each [N]
_Partners = dict[int, list[int]]  # axis i -> the axes j of the wanted pairs (i, j)


@final
@dataclass(frozen=True)
class Tape:
    r"""Nested reverse mode, the slow and obvious way.

    With the points split into columns `x_1 ... x_d` of `[N]`, the inner tape gives every `\partial u / \partial x_i`
    in one reverse sweep, and the outer tape gives `\partial^2 u / \partial x_i \partial x_j` in one sweep for each
    `i`. Only entries that are wanted are formed, never the full Hessian. Since row `n` of the field depends on row
    `n` of the points alone, the gradient of the sum over the batch is the gradient of every row at once.

    Points with many axes are not split: there each sweep is the product of the Hessian with a unit vector, in a loop
    whose graph is as small as one sweep.

    Cost: one forward and one reverse sweep for first derivatives, and about one more sweep of that pair for each axis
    with a second derivative, times `m` for a field of `m` components. Functions that are constant or linear in an
    axis give zeros.

    What a function stops (`tf.stop_gradient`) is constant in every derivative. `tf.nn.moments`, and so layer
    normalisation, stops a mean whose first derivative cancels and whose second does not: of such fields the engine
    `forward` alone gives the true second derivatives.
    """

    name: str = "tape"

    def differentiate(self, function: Field, points: tf.Tensor, needs: Needs) -> Derivatives:
        """Value and needed derivatives of `function: [N, d] -> [N]` or `[N, m]` at `points [N, d]`."""
        if not needs.first and not needs.second:
            return Derivatives(checked(function(points), points))
        sweep = _looped if points.shape[1] >= _LOOP_FROM else _unrolled
        value, first, second = sweep(function, points, _partners(needs.second))
        join = (lambda parts: parts[0]) if value.shape.rank == 1 else (lambda parts: tf.stack(parts, axis=1))
        partials: dict[Indices, tf.Tensor] = {(i,): join([part[i] for part in first]) for i in needs.first}
        partials |= {pair: join(second[pair]) for pair in needs.second if pair in needs.partials}
        traces = {trace: join(_sums(second, trace)) for trace in needs.traces}
        return Derivatives(value, partials, traces)


def _unrolled(function: Field, points: tf.Tensor, partners: _Partners) -> tuple[tf.Tensor, _First, _Second]:
    """One sweep for each axis, each towards the columns that are wanted only."""
    columns = tf.unstack(points, num=points.shape[1], axis=1)
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as outer:
        if partners:
            outer.watch(columns)
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as inner:
            inner.watch(columns)
            value, parts = _components(function, tf.stack(columns, axis=1))
        first = [inner.gradient(part, columns, unconnected_gradients=_ZERO) for part in parts]
    second: _Second = defaultdict(list)
    for gradient in first:
        for i, others in partners.items():
            rows = outer.gradient(gradient[i], [columns[j] for j in others], unconnected_gradients=_ZERO)
            for j, row in zip(others, rows, strict=True):
                second[i, j].append(row)
    return value, first, second


def _looped(function: Field, points: tf.Tensor, partners: _Partners) -> tuple[tf.Tensor, _First, _Second]:
    """Products of the Hessian with unit vectors, in a loop."""
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as outer:
        if partners:
            outer.watch(points)
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as inner:
            inner.watch(points)
            value, parts = _components(function, points)
        gradients = [inner.gradient(part, points, unconnected_gradients=_ZERO) for part in parts]  # [N, d] each
    diagonal_only = all(others == [i] for i, others in partners.items())

    def hessian_row(gradient: tf.Tensor, i: tf.Tensor) -> tf.Tensor:
        unit = tf.zeros_like(gradient) + tf.one_hot(i, points.shape[1], dtype=points.dtype)
        row = outer.gradient(gradient, points, output_gradients=unit, unconnected_gradients=_ZERO)
        return tf.gather(row, i, axis=1) if diagonal_only else row  # [N] or [N, d]

    second: _Second = defaultdict(list)
    for gradient in gradients if partners else ():
        starts = tf.constant(list(partners), tf.int32)
        # The gradient is bound as a default: the loop below runs before it changes.
        rows = tf.map_fn(lambda i, g=gradient: hessian_row(g, i), starts, fn_output_signature=points.dtype)
        for k, (i, others) in enumerate(partners.items()):
            for j in others:
                second[i, j].append(rows[k] if diagonal_only else rows[k, :, j])
    return value, [tf.unstack(g, num=points.shape[1], axis=1) for g in gradients], second


def _components(function: Field, points: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The checked value, and its components `[N]` one by one."""
    value = checked(function(points), points)
    return value, [value] if value.shape.rank == 1 else tf.unstack(value, num=value.shape[1], axis=1)


def _partners(pairs: tuple[Indices, ...]) -> _Partners:
    found: _Partners = defaultdict(list)
    for i, j in pairs:
        found[i].append(j)
    return found


def _sums(second: _Second, axes: Indices) -> list[tf.Tensor]:
    """The trace over the axes, component by component."""
    return [tf.add_n(list(entries)) for entries in zip(*(second[i, i] for i in axes), strict=True)]
