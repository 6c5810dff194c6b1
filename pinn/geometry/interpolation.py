"""Transfinite interpolation: a function in a box from its values on some of the faces."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinn.geometry.boundary_data import BoundaryData, Constant

if TYPE_CHECKING:
    import tensorflow as tf

MOST_EVALUATIONS = 1000


@dataclass(frozen=True)
class Face:
    """A face `x[axis] = value` of a box with the data on it, and the blend that is 1 on it and 0 on a named opposite.

    Attributes:
        opposite: the coordinate of the opposite face where that one carries data too, else None: the blend is then 1.
    """

    axis: int
    value: float
    opposite: float | None
    data: BoundaryData


def transfinite(points: tf.Tensor, faces: Sequence[Face]) -> tf.Tensor:
    """The Boolean sum of the face interpolants, at `points` `[N, d]`: `[N]`.

    With s = (x_i - a_i) / (b_i - a_i), the projector of axis i blends the two faces that are normal to it,

        P_i f = (1 - s) f(x | x_i = a_i) + s f(x | x_i = b_i),      or  f(x | x_i = a_i)  where only one is named,

    and `P f = (1 - prod_i (1 - P_i)) f` equals f on all named faces. Expanded, P f is the sum over these
    faces and the edges, ..., corners where they meet, each of codimension k with the sign (-1)^(k+1) and the product of
    its k blends. The value at an edge or corner is taken from one of the faces that meet there, that of the lowest
    axis: they must agree there.

    A constant c is reproduced, `P c = c`, so `P f = c + P (f - c)`; with c the most frequent `Constant`, every edge and
    corner that touches a face with that constant drops out.

    Cost: with n_i faces of axis i that are not this constant, `prod_i (1 + n_i) - 1` evaluations, at most `3^d - 1`.

    Raises:
        ValueError: more than 1000 evaluations would be needed.

    Source: Gordon and Hall, Numerische Mathematik 21 (1973) 109-129.
    """
    import tensorflow as tf

    offset = most_frequent_constant([face.data for face in faces])
    active = [face for face in faces if face.data != offset]
    _check_cost(active, points.shape[1])
    columns = tf.unstack(points, num=points.shape[1], axis=1)
    blends = {face: _blend(columns[face.axis], face) for face in active}
    total = offset(points)
    for corner in _meeting_faces(active):
        moved = {face.axis: face.value for face in corner}
        placed = [
            tf.fill(tf.shape(x), tf.constant(moved[i], x.dtype)) if i in moved else x for i, x in enumerate(columns)
        ]
        term = corner[0].data(tf.stack(placed, axis=1)) - offset.value
        for face in corner:
            term = blends[face] * term
        total = total + term if len(corner) % 2 else total - term
    return total


def most_frequent_constant(data: Sequence[BoundaryData]) -> Constant:
    """The `Constant` that occurs most often among the data (the first of equals), `Constant(0.0)` if there is none."""
    counts = Counter(function for function in data if isinstance(function, Constant))
    return counts.most_common(1)[0][0] if counts else Constant(0.0)


def _by_axis(faces: Sequence[Face]) -> Mapping[int, list[Face]]:
    grouped: dict[int, list[Face]] = {}
    for face in sorted(faces, key=lambda face: face.axis):
        grouped.setdefault(face.axis, []).append(face)
    return grouped


def _meeting_faces(faces: Sequence[Face]) -> Iterator[tuple[Face, ...]]:
    """All non-empty choices of at most one face an axis, in the order of the axes."""
    for choice in itertools.product(*((None, *group) for group in _by_axis(faces).values())):
        meeting = tuple(face for face in choice if face is not None)
        if meeting:
            yield meeting


def _blend(x: tf.Tensor, face: Face) -> tf.Tensor:
    """1 on the face and 0 on its opposite, both exactly in the dtype of x `[N]`; without an opposite 1 everywhere."""
    import tensorflow as tf

    if face.opposite is None:
        return tf.ones_like(x)
    here, there = tf.constant(face.value, x.dtype), tf.constant(face.opposite, x.dtype)
    return (x - there) / (here - there)


def _check_cost(faces: Sequence[Face], dim: int) -> None:
    evaluations = math.prod(1 + len(group) for group in _by_axis(faces).values()) - 1
    if evaluations > MOST_EVALUATIONS:
        raise ValueError(
            f"interpolating the data on {len(faces)} faces of a {dim}-dimensional box takes {evaluations} evaluations "
            f"(at most {MOST_EVALUATIONS}): use penalty conditions, or the same Constant on all faces but a few."
        )
