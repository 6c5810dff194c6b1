r"""Sums, products, quotients and functions of tensors that carry derivatives: what the rules are written with.

With first rows `J` and second rows `H` (a row of `H` sums `\partial_i \partial_j` over a form, see `Plan`):

| | first | second |
|---|---|---|
| `g(x)` | `g' J` | `g' H + g'' \sum J_i J_j` |
| `a b`, any bilinear product | `a J_b + J_a b` | `a H_b + H_a b + \sum (J_{a,i} J_{b,j} + J_{a,j} J_{b,i})` |
| `y = a / b` | `(J_a - y J_b) / b` | `(H_a - y H_b - \sum (J_{y,i} J_{b,j} + J_{y,j} J_{b,i})) / b` |

The quotient comes from `a = y b`. Whatever is zero by structure is `None` and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from pinn.calculus.forward.carried import Batch, Carried, Tensor, carry, joint_batch, plain
from pinn.calculus.forward.functions import Function
from pinn.calculus.forward.plan import Plan
from pinn.calculus.forward.rows import Rows, times, total


@dataclass(frozen=True)
class Product:
    """A bilinear map in the three ways it meets rows; each takes and gives rows `[k, ...]`.

    Args:
        left: rows with a plain tensor.
        right: a plain tensor with rows.
        both: rows with rows, pair by pair.
        broadcasts: whether sizes of 1 are put before the shape of the factor of lower rank, as entry by entry.
    """

    left: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    right: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    both: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    broadcasts: bool = True


POINTWISE = Product(tf.multiply, tf.multiply, tf.multiply)


def apply(plan: Plan, function: Function, x: Carried, y: tf.Tensor) -> Tensor:
    """`y = g(x)`, elementwise, with the chain rule."""
    slope = function.slope(x.value, y)
    second = times(slope, x.second)
    if function.curvature is not None and plan.forms:
        second = total(second, times(function.curvature(x.value, y, slope), plan.square(x.first)))
    return carry(y, times(slope, x.first), second, x.batch)


def add(op_type: str, value: tf.Tensor, a: Tensor, b: Tensor, *, sign: int = 1) -> Tensor:
    """`value = a + b`, or `a - b` for `sign = -1`, with broadcasting."""
    rank = value.shape.rank
    batch = joint_batch(op_type, rank, a, b)
    of_a, of_b = _rows(a, rank), _rows(b, rank)
    if sign < 0:
        of_b = (_negative(of_b[0]), _negative(of_b[1]))
    return carry(value, total(of_a[0], of_b[0]), total(of_a[1], of_b[1]), batch)


def multiply(plan: Plan, op_type: str, a: Tensor, b: Tensor) -> Tensor:
    """`a * b` with broadcasting."""
    value = plain(a) * plain(b)
    return bilinear(plan, POINTWISE, a, b, value=value, batch=joint_batch(op_type, value.shape.rank, a, b))


def bilinear(plan: Plan, product: Product, a: Tensor, b: Tensor, *, value: tf.Tensor, batch: Batch | None) -> Tensor:
    """Any product that is linear in each factor, with the product rule."""
    rank = max(plain(a).shape.rank, plain(b).shape.rank) if product.broadcasts else 0
    (a1, a2), (b1, b2) = _rows(a, rank), _rows(b, rank)

    def left(rows: Rows | None) -> Rows | None:
        return None if rows is None else rows.map(lambda t: product.left(t, plain(b)))

    def right(rows: Rows | None) -> Rows | None:
        return None if rows is None else rows.map(lambda t: product.right(plain(a), t))

    return carry(value, total(left(a1), right(b1)), total(left(a2), right(b2), plan.cross(a1, b1, product.both)), batch)


def divide(
    plan: Plan,
    op_type: str,
    a: Tensor,
    b: Tensor,
    *,
    by: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = tf.math.divide,
) -> Tensor:
    """`a / b` with broadcasting; `by` divides, its own way where `b` is zero."""
    value = by(plain(a), plain(b))
    rank = value.shape.rank
    batch = joint_batch(op_type, rank, a, b)
    (a1, a2), (b1, b2) = _rows(a, rank), _rows(b, rank)

    def over(rows: Rows | None) -> Rows | None:
        return None if rows is None else rows.map(lambda t: by(t, plain(b)))

    first = over(total(a1, times(-value, b1)))
    return carry(value, first, over(total(a2, times(-value, b2), _negative(plan.cross(first, b1)))), batch)


def binary(
    plan: Plan,
    op_type: str,
    a: Tensor,
    b: Tensor,
    *,
    value: tf.Tensor,
    slopes: tuple[tf.Tensor, tf.Tensor],
    curvatures: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
) -> Tensor:
    r"""`g(a, b)` elementwise from `(g_a, g_b)` and `(g_aa, g_ab, g_bb)`."""
    rank = value.shape.rank
    batch = joint_batch(op_type, rank, a, b)
    (a1, a2), (b1, b2) = _rows(a, rank), _rows(b, rank)
    second = total(
        times(slopes[0], a2),
        times(slopes[1], b2),
        times(curvatures[0], plan.square(a1)),
        times(curvatures[1], plan.cross(a1, b1)),
        times(curvatures[2], plan.square(b1)),
    )
    return carry(value, total(times(slopes[0], a1), times(slopes[1], b1)), second, batch)


def choose(op_type: str, mask: tf.Tensor, a: Tensor, b: Tensor, value: tf.Tensor) -> Tensor:
    """`where(mask, a, b)`: the rows of the chosen one, untouched by what the other one holds."""
    rank = value.shape.rank
    batch = joint_batch(op_type, rank, a, b)
    (a1, a2), (b1, b2) = _rows(a, rank), _rows(b, rank)
    return carry(value, _chosen(mask, a1, b1), _chosen(mask, a2, b2), batch)


def _negative(rows: Rows | None) -> Rows | None:
    return None if rows is None else rows.linear(tf.negative)


def _chosen(mask: tf.Tensor, a: Rows | None, b: Rows | None) -> Rows | None:
    if a is None and b is None:
        return None
    labels = tuple(sorted({*(a.labels if a else ()), *(b.labels if b else ())}))
    some = a if a is not None else b
    assert some is not None
    zero = tf.zeros([], some.tensor.dtype)
    of_a, of_b = (zero if rows is None else rows.over(labels) for rows in (a, b))
    return Rows(labels, tf.where(mask, of_a, of_b))


def _rows(tensor: Tensor, rank: int) -> tuple[Rows | None, Rows | None]:
    """First and second rows, aligned to a rank; none for a tensor that does not depend on the points."""
    if not isinstance(tensor, Carried):
        return None, None
    return tensor.each(lambda rows: rows.aligned(rank))
