"""What a mesh is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.checks import Array
from pinn.geometry.shape import SpatialShape

_STEP, _ROUNDS = 1e-6, 4  # of a difference, relative to the size of the shape; each round squares an error


class UnmeshableError(Exception):
    """A shape that no mesh is known for; the message says why."""


@final
@dataclass(frozen=True)
class Simplices:
    """Intervals, triangles or tetrahedra, with their vertices on the boundary of the shape or inside.

    Attributes:
        points: `[V, k]`.
        cells: `[C, k + 1]`.
        parts: by name of a part of the boundary, its facets, `[F, k]`.
    """

    points: Array
    cells: NDArray[np.intp]
    parts: Mapping[str, NDArray[np.intp]]


def snapped(shape: SpatialShape, points: Array) -> Array:
    """Points `[N, d]` that are close to the boundary, moved onto it along the gradient of the signed distance.

    Where that is a bound only, beside a corner, they may be moved short of the boundary, never across it.
    """
    step = _STEP * float(np.max(shape.bounds[1] - shape.bounds[0]))
    points = np.array(points)
    for _ in range(_ROUNDS):
        distance = shape.signed_distance(points)
        moved = np.flatnonzero(np.abs(distance) > 1e-13)
        if not len(moved):
            break
        slope = np.stack(
            [
                (shape.signed_distance(points[moved] + e) - shape.signed_distance(points[moved] - e)) / (2.0 * step)
                for e in step * np.eye(points.shape[1])
            ],
            axis=1,
        )
        points[moved] -= distance[moved, None] * slope / np.maximum(np.sum(slope**2, axis=1), 0.25)[:, None]
    return points
