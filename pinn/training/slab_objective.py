"""The residuals of one slab of time, as the sparse least squares that a solver sees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from pinn.solvers import Block
from pinn.training.patched import PatchedTerm


@final
@dataclass(frozen=True)
class Rowed:
    """One term at its points in the present slab.

    Args:
        term: its residuals.
        weight: of the term in the loss.
        points, normals: `[N, d]`.
    """

    term: PatchedTerm
    weight: float
    points: np.ndarray
    normals: np.ndarray

    @property
    def scale(self) -> float:
        """The root of what a point weighs."""
        return math.sqrt(self.weight / len(self.points))


@final
@dataclass(frozen=True)
class SlabObjective:
    """The residuals of the present slab; implements `pinn.solvers.Sparse`.

    Args:
        parts: the terms at their points.
        groups: how many patches a slab has room for.
    """

    parts: Sequence[Rowed]
    groups: int

    def evaluate(self, weights: np.ndarray) -> np.ndarray:
        """The scaled residuals, `[R]`."""
        table = weights.reshape(self.groups, -1)
        return np.concatenate([(p.scale * p.term.values(table, p.points, p.normals)).ravel() for p in self.parts])

    def linearize(self, weights: np.ndarray) -> tuple[np.ndarray, Sequence[Block]]:
        """The scaled residuals, and the blocks of their Jacobian."""
        table = weights.reshape(self.groups, -1)
        rows: list[np.ndarray] = []
        blocks: list[Block] = []
        for part in self.parts:
            before = sum(map(len, rows))
            values, found = part.term.slopes(table, part.points, part.normals)
            rows.append((part.scale * values).ravel())
            blocks += [b._replace(rows=before + b.rows, matrix=part.scale * b.matrix) for b in found]
        return np.concatenate(rows), blocks
