"""What a pass carries: which first derivatives, and which sums of second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from pinn.calculus.forward.rows import Rows, total
from pinn.calculus.needs import Indices, Needs

Multiply = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # [p, *shape], [p, *shape] -> [p, *shape]


@dataclass(frozen=True)
class Plan:
    r"""The rows of a pass.

    Args:
        axes: the axes along which first derivatives are carried, the labels of first rows.
        forms: what each second row is the sum of: row `f` is `\sum_{(i,j) \in forms[f]} \partial_i \partial_j`. A
            trace is one form of many pairs, an entry of the Hessian a form of one pair. The positions are the labels
            of second rows.
    """

    axes: tuple[int, ...]
    forms: tuple[tuple[Indices, ...], ...]

    @staticmethod
    def of(needs: Needs) -> Plan:
        """The fewest rows from which the needs can be met: a trace whose entries are asked for as well has no row."""
        pairs = {p for p in needs.partials if len(p) == 2}
        forms: set[tuple[Indices, ...]] = {(pair,) for pair in pairs}
        forms |= {_diagonal(trace) for trace in needs.traces if not pairs.issuperset(_diagonal(trace))}
        axes = set(needs.first) | {i for form in forms for pair in form for i in pair}
        return Plan(tuple(sorted(axes)), tuple(sorted(forms)))

    def square(self, first: Rows | None) -> Rows | None:
        r"""`\sum_{(i,j)} J_i J_j` for every form: what the second derivative of a function is multiplied with."""
        return None if first is None else self._products(first, first, tf.multiply)

    def cross(self, a: Rows | None, b: Rows | None, multiply: Multiply = tf.multiply) -> Rows | None:
        r"""`\sum_{(i,j)} (A_i B_j + A_j B_i)` for every form: the mixed part of the second derivative of a product."""
        if a is None or b is None:
            return None
        if all(i == j for form in self.forms for i, j in form):
            once = self._products(a, b, multiply)
            return None if once is None else once.map(lambda t: 2 * t)
        return total(self._products(a, b, multiply), self._products(b, a, lambda right, left: multiply(left, right)))

    def _products(self, a: Rows, b: Rows, multiply: Multiply) -> Rows | None:
        of_a, of_b = set(a.labels), set(b.labels)
        present = [[(i, j) for i, j in form if i in of_a and j in of_b] for form in self.forms]
        labels = tuple(f for f, pairs in enumerate(present) if pairs)
        if not labels:
            return None
        left, right = zip(*(pair for pairs in present for pair in pairs), strict=True)
        return Rows(labels, _summed(multiply(a.take(left), b.take(right)), [len(present[f]) for f in labels]))


def _diagonal(trace: Indices) -> tuple[Indices, ...]:
    return tuple((i, i) for i in trace)


def _summed(terms: tf.Tensor, sizes: list[int]) -> tf.Tensor:
    """Sums of consecutive rows, `[sum(sizes), ...] -> [len(sizes), ...]`."""
    if max(sizes) == 1:
        return terms
    if len(sizes) == 1:
        return tf.reduce_sum(terms, axis=0, keepdims=True)
    groups = tf.split(terms, sizes, axis=0)
    return tf.concat([tf.reduce_sum(group, axis=0, keepdims=True) for group in groups], axis=0)
