"""Simplices with named facets, and their halving."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

Snap = Callable[[np.ndarray], np.ndarray]
Integers = NDArray[np.intp]

# The children of a simplex by pairs of its vertices: (0, 0) is the first one, (0, 1) the middle of the first edge.
# Of the octahedron in a tetrahedron the diagonal from (0, 2) to (1, 3) is drawn, so that no child degenerates however
# often the halving is repeated (J. Bey, Tetrahedral Grid Refinement, Computing 55 (1995)).
_CHILDREN: Mapping[int, tuple[tuple[tuple[int, int], ...], ...]] = {
    0: (((0, 0),),),
    1: (((0, 0), (0, 1)), ((0, 1), (1, 1))),
    2: (
        ((0, 0), (0, 1), (0, 2)),
        ((0, 1), (1, 1), (1, 2)),
        ((0, 2), (1, 2), (2, 2)),
        ((0, 1), (1, 2), (0, 2)),
    ),
    3: (
        ((0, 0), (0, 1), (0, 2), (0, 3)),
        ((0, 1), (1, 1), (1, 2), (1, 3)),
        ((0, 2), (1, 2), (2, 2), (2, 3)),
        ((0, 3), (1, 3), (2, 3), (3, 3)),
        ((0, 1), (0, 2), (0, 3), (1, 3)),
        ((0, 1), (0, 2), (1, 2), (1, 3)),
        ((0, 2), (0, 3), (1, 3), (2, 3)),
        ((0, 2), (1, 2), (1, 3), (2, 3)),
    ),
}


@final
@dataclass(frozen=True)
class Triangulation:
    """Simplices that fill a domain in k dimensions, with all their vertices on its boundary or inside.

    Attributes:
        points: the vertices, `[V, k]`.
        cells: `[C, k + 1]`, numbers of vertices.
        parts: by name of a part of the boundary, its facets `[F, k]`.
        snap: moves points `[N, k]` close to the boundary onto it.
    """

    points: np.ndarray
    cells: Integers
    parts: Mapping[str, Integers]
    snap: Snap

    @property
    def edges(self) -> Integers:
        """Each edge once, the smaller number first: `[E, 2]`, in lexicographic order."""
        return np.unique(_edges(self.cells), axis=0)

    def middles(self, edges: Integers) -> np.ndarray:
        """The middle of each edge, `[E, k]`; those of the boundary are on the boundary itself."""
        found = self.points[edges].mean(axis=1)
        outer = np.concatenate([_edges(facets) for facets in self.parts.values()])
        rows = np.isin(self._keys(edges), self._keys(outer))
        found[rows] = self.snap(found[rows])
        return found

    def _keys(self, edges: Integers) -> Integers:
        """One number for each edge `[E, 2]`, in the order of the edges."""
        return edges[:, 0] * len(self.points) + edges[:, 1]

    def refined(self) -> Triangulation:
        """Every edge halved: `2^k` cells for each."""
        edges, count = self.edges, len(self.points)
        keys = self._keys(edges)

        def vertex(simplices: Integers, pair: tuple[int, int]) -> Integers:
            if pair[0] == pair[1]:
                return simplices[:, pair[0]]
            return count + np.searchsorted(keys, self._keys(np.sort(simplices[:, pair], axis=1)))

        def halved(simplices: Integers) -> Integers:
            children = _CHILDREN[simplices.shape[1] - 1]
            return np.concatenate([np.stack([vertex(simplices, pair) for pair in child], axis=1) for child in children])

        points = np.concatenate([self.points, self.middles(edges)])
        return Triangulation(points, halved(self.cells), {n: halved(f) for n, f in self.parts.items()}, self.snap)


def _edges(simplices: Integers) -> Integers:
    """The edges of all simplices `[n, k + 1]`, the smaller number first: `[n k (k + 1) / 2, 2]`."""
    pairs = list(itertools.combinations(range(simplices.shape[1]), 2))
    return np.sort(simplices[:, pairs].reshape(-1, 2), axis=1)
