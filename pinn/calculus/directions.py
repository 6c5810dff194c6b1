r"""Derivatives along directions that need not be axes: of the field on the affine space that they span.

With directions `V = (v_1 ... v_k)`, the function `g(s) = f(x + \sum_a s_a v_a)` of `k` variables has at `s = 0` the
first derivatives `v_a . \nabla f` and the second ones `v_a^T H v_b`. So every engine knows them: no gradient and no
Hessian along the axes is formed, and the cost is that of `k` axes, whatever the dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import tensorflow as tf

from pinn.calculus.checks import batched_points
from pinn.calculus.engines import engine_named
from pinn.calculus.needs import Engine, Field, Needs

Direction: TypeAlias = tf.Tensor | Sequence[float]  # [d], one for all points, or [N, d], one a point


def on_span(f: Field, points: tf.Tensor, directions: tf.Tensor) -> tuple[Field, tf.Tensor]:
    """The field as a function of coordinates along directions, `[N, k] -> [N]` or `[N, m]`, and their origin.

    Args:
        f: `[N, d] -> [N]` or `[N, m]`.
        points: `[N, d]`.
        directions: `[k, d]`, the same for all points, or `[N, k, d]`.
    """

    def along(s: tf.Tensor) -> tf.Tensor:
        if directions.shape.rank == 2:
            return f(points + tf.linalg.matmul(s, directions))
        return f(points + tf.einsum("nk,nkd->nd", s, directions))

    count = directions.shape[-2]
    return along, tf.zeros_like(points[:, :1]) + tf.zeros([count], points.dtype)


def directional_derivative(f: Field, v: Direction, *, engine: str | Engine = "auto") -> Field:
    r"""The first derivative along a direction, `v . \nabla f`: `[N, d] -> [N]` or `[N, m]`.

    Args:
        f: `[N, d] -> [N]` or `[N, m]`.
        v: `[d]` or `[N, d]`; its length counts: a direction twice as long gives a derivative twice as large.
        engine: how derivatives are computed, see `pinn.calculus.engines.engine_named`.

    Raises:
        ValueError: a direction of another shape, points that are not `[N, d]`, an unknown engine.
        TypeError: points that are not floating point.
    """
    how = engine_named(engine)

    def apply(points: tf.Tensor) -> tf.Tensor:
        points = batched_points(points)
        along, origin = on_span(f, points, _stacked(points, v))
        return how.differentiate(along, origin, Needs.of(partials=[(0,)])).partials[0,]

    return apply


def second_directional_derivative(
    f: Field, v: Direction, w: Direction | None = None, *, engine: str | Engine = "auto"
) -> Field:
    r"""The second derivative along one or two directions, `v^T H w`: `[N, d] -> [N]` or `[N, m]`.

    >>> points = tf.constant([[1.0, 2.0]], tf.float64)
    >>> f = lambda p: p[:, 0] ** 2 * p[:, 1]
    >>> second_directional_derivative(f, [1.0, 0.0], [0.0, 1.0])(points).numpy().tolist()  # 2 x
    [2.0]

    Args:
        f: `[N, d] -> [N]` or `[N, m]`.
        v: `[d]` or `[N, d]`.
        w: the other direction; `v` itself where it is left out.
        engine: how derivatives are computed, see `pinn.calculus.engines.engine_named`.

    Raises:
        ValueError, TypeError: as for `directional_derivative`.
    """
    how = engine_named(engine)

    def apply(points: tf.Tensor) -> tf.Tensor:
        points = batched_points(points)
        along, origin = on_span(f, points, _stacked(points, v) if w is None else _stacked(points, v, w))
        pair = (0, 0) if w is None else (0, 1)
        return how.differentiate(along, origin, Needs.of(partials=[pair])).partials[pair]

    return apply


def _stacked(points: tf.Tensor, *directions: Direction) -> tf.Tensor:
    """Directions as one tensor, `[k, d]` or `[N, k, d]`."""
    found = [tf.convert_to_tensor(direction, points.dtype) for direction in directions]
    for direction in found:
        shape = direction.shape
        fits = shape.rank in (1, 2) and shape[-1] == points.shape[1]
        if not fits or (shape.rank == 2 and not shape[:1].is_compatible_with(points.shape[:1])):
            raise ValueError(
                f"direction: expected the shape [{points.shape[1]}], or one row for each of the points "
                f"{points.shape.as_list()}; got {shape.as_list()}"
            )
    if any(direction.shape.rank == 2 for direction in found):
        found = [direction + tf.zeros_like(points) for direction in found]
    return tf.stack(found, axis=-2)
