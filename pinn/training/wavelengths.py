"""How quickly the data of an equation change along each axis, and how intricate a domain is: so fine is a field."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from pinn.calculus import Engine
from pinn.fields import Ansatz
from pinn.geometry import Shape
from pinn.training.terms import Term

_POINTS = 1024
_SHIFT = 1e-5  # of half an axis: round-off and curvature are both far below the slope


def wave_numbers(
    equation: Term, ansatz: Ansatz, shape: Shape, *, components: int, dtype: tf.DType, engine: Engine
) -> np.ndarray:
    r"""`k_i = h_i \| \partial_i r_0 \| / \| r_0 \|`, `[d]`, with the residual `r_0` of the field with nothing learned.

    That residual is what the equation and its exact conditions prescribe: sources and what the prescribed values leave.
    `h_i` is half the length of the bounding box, so that a wave `\sin(k s)` on `s \in [-1, 1]` has the number `k`. Of
    what stands in conditions that are penalties it knows nothing; where `r_0` vanishes, all numbers are zero.

    Cost: `d + 1` evaluations of the residual at 1024 points.
    """
    coordinates, normals = (array[:_POINTS] for array in equation.draw((0,)))
    field = ansatz(lambda p: tf.zeros((tf.shape(p)[0], components), p.dtype) * p[:, :1])
    lower, upper = shape.bounds
    half = (upper - lower) / 2

    def rows(points: np.ndarray) -> np.ndarray:
        at, across = tf.constant(points, dtype), tf.constant(normals, dtype)
        return np.concatenate([row.numpy() for row in equation.rows(field, at, across, engine).values()])

    here = rows(coordinates)
    size = float(np.linalg.norm(here))
    if not (np.isfinite(size) and size > 0.0):
        return np.zeros(len(half))
    shifts = _SHIFT * np.diag(half)
    # Backwards where a step forwards would leave the box: data need not be defined beyond it.
    signs = np.where(coordinates + shifts.sum(axis=0) > upper, -1.0, 1.0)
    slopes = [np.linalg.norm(rows(coordinates + signs * shift) - here) / _SHIFT for shift in shifts]
    return np.nan_to_num(np.array(slopes) / size, posinf=0.0)


def intricacy(shape: Shape) -> np.ndarray:
    r"""How much more boundary there is than a box has, `h_i |\partial \Omega| / (k |\Omega|)` along each of `k` axes of
    space, and 1 along time, `[d]`: 1 for a cube, more with holes and along longer axes. `h_i` is half the length of the
    bounding box.
    """
    space = len(shape.space_axes)
    lower, upper = shape.bounds
    boundary = sum(part.measure for part in shape.select("boundary"))
    found = (upper - lower) / 2 * boundary / (space * shape.measure)
    found[space:] = 1.0
    return np.asarray(found)
