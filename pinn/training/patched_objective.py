"""The residuals of a field in patches, all terms together, as the sparse least squares that a solver sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from pinn.solvers import Block
from pinn.training.patched import PatchedTerm


@final
@dataclass(frozen=True, eq=False)
class Placed:
    """One term at its points.

    Args:
        term: its residuals.
        points, normals: `[N, d]`.
        weights: how much each point counts in the loss, `[N]`.
    """

    term: PatchedTerm
    points: np.ndarray
    normals: np.ndarray
    weights: np.ndarray

    def values(self, table: np.ndarray) -> np.ndarray:
        """The unscaled residuals, `[k, N]`, for coefficients `[K, g]` of all patches."""
        return self.term.values(table, self.points, self.normals)


@final
@dataclass(frozen=True, eq=False)
class PatchedObjective:
    """Residuals scaled by the roots of the points' weights; implements `pinn.solvers.Sparse`.

    Args:
        parts: the terms at their points.
        groups: how many patches the weights are of, one after the other.
    """

    parts: Sequence[Placed]
    groups: int

    def table(self, weights: np.ndarray) -> np.ndarray:
        """The weights `[P]` as coefficients of each patch, `[K, g]`."""
        return weights.reshape(self.groups, -1)

    def evaluate(self, weights: np.ndarray) -> np.ndarray:
        """The scaled residuals, `[R]`."""
        table = self.table(weights)
        return np.concatenate([(np.sqrt(part.weights) * part.values(table)).ravel() for part in self.parts])

    def linearize(self, weights: np.ndarray) -> tuple[np.ndarray, Sequence[Block]]:
        """The scaled residuals, and the blocks of their Jacobian."""
        table = self.table(weights)
        rows: list[np.ndarray] = []
        blocks: list[Block] = []
        for part in self.parts:
            before, scales = sum(map(len, rows)), np.sqrt(part.weights)
            values, found = part.term.slopes(table, part.points, part.normals)
            rows.append((scales * values).ravel())
            for block in found:
                own = scales[block.rows % len(scales), np.newaxis]
                blocks.append(block._replace(rows=before + block.rows, matrix=own * block.matrix))
        return np.concatenate(rows), blocks
