"""The case of simplices: of k + 1 corners the covariance is the sum of (v - m)(v - m)^T over (k + 1)(k + 2)."""

from __future__ import annotations

import math

import numpy as np
from geometry_moments import Array, Case, Moments, Part

from pinn.geometry import Simplex


def simplex_moments(corners: Array) -> Moments:
    """The measure by Gram's determinant, for k + 1 corners in any dimension: `[k + 1, d]`."""
    edges, deviations, k = corners[1:] - corners[0], corners - corners.mean(axis=0), len(corners) - 1
    measure = math.sqrt(np.linalg.det(edges @ edges.T)) / math.factorial(k)
    return Moments(measure, corners.mean(axis=0), deviations.T @ deviations / ((k + 1) * (k + 2)))


def facet_part(corners: Array) -> Part:
    """A facet, and the distance to its plane, whose normal is what all its edges are orthogonal to."""
    moments = simplex_moments(corners)
    normal = np.linalg.svd(corners[1:] - corners[0])[2][-1]
    return Part(
        moments.measure, moments.mean, moments.covariance, lambda p: float(np.dot(np.subtract(p, corners[0]), normal))
    )


def in_hull(corners: Array, p: Array) -> bool:
    weights = np.linalg.solve(np.vstack([corners.T, np.ones(len(corners))]), np.append(p, 1.0))
    return bool(np.all(weights >= 0))


CORNERS = np.array([[0.0, 0.0, 0.0], [1.2, 1.1, 0.1], [0.1, 1.1, 1.2], [1.1, 0.0, 1.2]])
TETRAHEDRON = Case(
    "tetrahedron",
    Simplex(tuple(map(tuple, CORNERS))),
    simplex_moments(CORNERS),
    {f"facet_{i}": facet_part(np.delete(CORNERS, i, axis=0)) for i in range(4)},
    lambda p: in_hull(CORNERS, p),
    accuracy=1e-13,
)

SIMPLEX_CASES = (TETRAHEDRON,)
