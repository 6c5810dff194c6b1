"""What balls and annuli share: directions and radii from the unit cube, measures, and projection onto a sphere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from pinn.geometry.checks import Array

if TYPE_CHECKING:
    import tensorflow as tf


def unit_ball_measure(dim: int) -> float:
    """Volume of the unit ball, `V_d = (2 pi / d) V_(d-2)` from `V_0 = 1` and `V_1 = 2`; the unit sphere has `d V_d`."""
    return math.prod(2.0 * math.pi / k for k in range(dim, 1, -2)) * (2.0 if dim % 2 else 1.0)


def direction_dimension(dim: int) -> int:
    """The number of unit-cube coordinates that `directions` takes: an angle, two angles, or d normal variables."""
    return {2: 1, 3: 2}.get(dim, dim)


def directions(unit: Array, dim: int) -> Array:
    """Uniform unit vectors `[n, dim]` from unit-cube coordinates `[n, direction_dimension(dim)]`.

    In the plane the angle is `2 pi u`. In space `cos theta = 2 u - 1` (Archimedes: slices of equal height have equal
    area) and `phi = 2 pi v`. Beyond, d normal variables are normalised; they come from the inverse of the normal
    distribution, which is monotone a coordinate.
    """
    if dim == 2:
        return _on_circle(unit[:, 0])
    if dim == 3:
        sine = 2.0 * np.sqrt(unit[:, :1] * (1.0 - unit[:, :1]))
        return np.hstack([sine * _on_circle(unit[:, 1]), 2.0 * unit[:, :1] - 1.0])
    smallest = np.finfo(np.float64).eps / 2.0  # 1 - smallest is the last number below 1
    normal = ndtri(np.clip(unit, smallest, 1.0 - smallest))
    normal[~normal.any(axis=1), 0] = 1.0  # the midpoint of the cube (a Sobol point) has no direction of its own
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def radii(unit: Array, inner: float, outer: float, dim: int) -> Array:
    """Radii `[n]` with the density r^(dim-1) between `inner >= 0` and `outer`, from `unit` `[n]`: the inverse of
    `F(r) = (r^d - inner^d) / (outer^d - inner^d)`, written in r / outer so that large powers stay in range."""
    hole = (inner / outer) ** dim
    return np.clip(outer * (hole + unit * (1.0 - hole)) ** (1.0 / dim), inner, outer)


def unit_direction(offset: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Direction `[N, d]` and length `[N]` of `offset` `[N, d]`, which is measured in units of the radius.

    Closer to the origin than one round-off the offset is replaced by the first unit vector, before the square root is
    taken: all derivatives there are zero instead of not a number, and the direction is always of length 1.
    """
    import tensorflow as tf

    near_origin = sum_of_squares(offset) < np.finfo(offset.dtype.as_numpy_dtype).eps ** 2
    replaced = tf.where(near_origin[:, None], tf.one_hot(0, offset.shape[1], dtype=offset.dtype), offset)
    length = tf.sqrt(sum_of_squares(replaced))
    return replaced / length[:, None], length


def sum_of_squares(offset: tf.Tensor) -> tf.Tensor:
    """Squared length of `offset` `[N, d]`: `[N]`."""
    import tensorflow as tf

    return tf.reduce_sum(offset * offset, axis=1)


def _on_circle(turns: Array) -> Array:
    angle = 2.0 * math.pi * turns
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
