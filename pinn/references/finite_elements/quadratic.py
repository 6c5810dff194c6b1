r"""Piecewise quadratic functions on curved simplices, evaluated anywhere.

With the barycentric coordinates `\lambda_0, ..., \lambda_k` of a simplex, `\lambda_i (2 \lambda_i - 1)` belongs to
vertex i and `4 \lambda_i \lambda_j` to the middle of an edge. The same functions bend the simplex: its edges are
parabolas through their three nodes. So a point is found in two steps: the straight simplex that holds it, or is
nearest to holding it, and then Newton's method for its coordinates in the curved one. A point a little outside a curved
boundary is served by its nearest simplex.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from scipy.spatial import cKDTree

from pinn.references.finite_elements.triangulation import Integers

_NEAR, _FAR = 12, 96  # simplices that are tried for a point, by their centers; graded ones differ much in size
_OUTSIDE = -0.05  # a barycentric coordinate below it says that more have to be tried
_ITERATIONS = 4  # the map is affine up to a bulge: errors are squared from 1e-2 on
_CHUNK = 2**15  # points at once


@final
@dataclass(frozen=True, eq=False)
class Nodes:
    """The nodes of quadratic simplices in k dimensions.

    Attributes:
        places: `[M, k]`.
        cells: `[C, (k + 1)(k + 2) / 2]`, the vertices, then the middles of the edges (0, 1), (0, 2), ..., (1, 2), ...
    """

    places: np.ndarray
    cells: Integers

    @property
    def dim(self) -> int:
        """k."""
        return self.places.shape[1]

    def at(self, points: np.ndarray) -> Shares:
        """What points `[N, k]` take from which nodes."""
        chunks = [self._at(points[i : i + _CHUNK]) for i in range(0, max(len(points), 1), _CHUNK)]
        return Shares(*(np.concatenate(arrays) for arrays in zip(*chunks, strict=True)))

    def _at(self, points: np.ndarray) -> tuple[Integers, np.ndarray, np.ndarray]:
        cells = self._nearest(points)
        corners = self.places[self.cells[cells]]
        local = self._affine(points, cells)[:, 1:]
        for _ in range(_ITERATIONS):
            values, slopes = shapes(local)
            jacobian = np.einsum("nai,naj->nij", corners, slopes)
            local = local + _solve(jacobian, points - np.einsum("nai,na->ni", corners, values))
            local = np.clip(
                local, -1.0, 2.0
            )  # a point that is far outside is no reason for a number that is not finite
        values, slopes = shapes(local)
        inverse = np.linalg.inv(np.einsum("nai,naj->nij", corners, slopes))
        return self.cells[cells], values, np.einsum("naj,nji->nai", slopes, inverse)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.places[self.cells[:, : self.dim + 1]].mean(axis=1))

    @cached_property
    def _inverses(self) -> np.ndarray:
        """Of the affine maps, `[C, k, k]`."""
        corners = self.places[self.cells[:, : self.dim + 1]]
        return np.linalg.inv((corners[:, 1:] - corners[:, :1]).transpose(0, 2, 1))

    def _affine(self, points: np.ndarray, cells: Integers) -> np.ndarray:
        """Barycentric coordinates in straight simplices, `[..., k + 1]`."""
        origin = self.places[self.cells[cells, 0]]
        others = np.einsum("...ij,...j->...i", self._inverses[cells], points - origin)
        return np.concatenate([1.0 - others.sum(axis=-1, keepdims=True), others], axis=-1)

    def _nearest(self, points: np.ndarray) -> Integers:
        found = np.zeros(len(points), np.intp)
        left = np.arange(len(points))
        for count in (_NEAR, _FAR):
            tried = self._tree.query(points[left], k=min(count, len(self.cells)))[1].reshape(len(left), -1)
            least = self._affine(points[left, np.newaxis], tried).min(axis=2)
            best = least.argmax(axis=1)
            rows = np.arange(len(left))
            found[left] = tried[rows, best]
            left = left[least[rows, best] < _OUTSIDE]
            if not len(left):
                break
        return found


@final
@dataclass(frozen=True)
class Shares:
    """How values at N points are made of those at nodes.

    Attributes:
        nodes: `[N, A]`.
        values: weights of the value, `[N, A]`.
        slopes: weights of the gradient, `[N, A, k]`.
    """

    nodes: Integers
    values: np.ndarray
    slopes: np.ndarray


def shapes(local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The quadratic functions at coordinates `[N, k]` of the reference simplex: values `[N, A]`, slopes `[N, A, k]`."""
    k = local.shape[1]
    b = np.concatenate([1.0 - local.sum(axis=1, keepdims=True), local], axis=1)
    db = np.concatenate([-np.ones((1, k)), np.eye(k)])
    pairs = list(itertools.combinations(range(k + 1), 2))
    i, j = np.array(pairs).T
    values = np.concatenate([b * (2.0 * b - 1.0), 4.0 * b[:, i] * b[:, j]], axis=1)
    of_vertices = (4.0 * b - 1.0)[:, :, np.newaxis] * db
    of_edges = 4.0 * (b[:, i, np.newaxis] * db[j] + b[:, j, np.newaxis] * db[i])
    return values, np.concatenate([of_vertices, of_edges], axis=1)


def _solve(matrices: np.ndarray, sides: np.ndarray) -> np.ndarray:
    return np.linalg.solve(matrices, sides[..., np.newaxis])[..., 0]
