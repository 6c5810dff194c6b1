"""The linear model of a sparse objective: blocks of rows in place of one Jacobian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from pinn.solvers.linearized import gap
from pinn.solvers.multifrontal import Multifrontal, columns_of
from pinn.solvers.objective import Block, Sparse


@dataclass(frozen=True)
class Jacobian:
    """The blocks of a Jacobian and, once they were asked for, its orthogonal factors.

    Args:
        blocks: of rows.
        group: weights a group.
        size: all weights.
    """

    blocks: Sequence[Block]
    group: int
    size: int

    @property
    def finite(self) -> bool:
        """Whether all entries are."""
        return all(np.isfinite(block.matrix).all() for block in self.blocks)

    def times(self, vector: np.ndarray, rows: int, *, magnitudes: bool = False) -> np.ndarray:
        """`J v`, or `|J| |v|`, `[R]`."""
        found = np.zeros(rows)
        for block in self.blocks:
            own = vector[columns_of(block.groups, self.group)]
            found[block.rows] = np.abs(block.matrix) @ np.abs(own) if magnitudes else block.matrix @ own
        return found

    def factors(self, cut: float) -> Multifrontal:
        """The factors for a damping of `cut` times the longest column."""
        if cut not in self._known:
            squares = np.zeros(self.size)
            for block in self.blocks:
                squares[columns_of(block.groups, self.group)] += np.einsum("ij,ij->j", block.matrix, block.matrix)
            longest = float(np.sqrt(squares.max(initial=0.0))) or 1.0
            self._known[cut] = Multifrontal.of(self.blocks, group=self.group, size=self.size, damping=cut * longest)
        return self._known[cut]

    @cached_property
    def _known(self) -> dict[float, Multifrontal]:
        return {}


@dataclass(frozen=True)
class SparseLinearization:
    """Residuals `r [R]` at some weights `[P]`, and the blocks of their Jacobian."""

    weights: np.ndarray
    residuals: np.ndarray
    jacobian: Jacobian
    fixed: ClassVar[int] = 0

    @property
    def loss(self) -> float:
        """The sum of squares."""
        return float(self.residuals @ self.residuals)

    @property
    def finite(self) -> bool:
        """Whether all numbers are."""
        return bool(np.isfinite(self.residuals).all()) and self.jacobian.finite

    def least(self, cut: float) -> np.ndarray:
        r"""The change with the least `|r + J c|^2 + \mu^2 |c|^2`, with `cut` times the longest column as `\mu`."""
        return self.jacobian.factors(cut).solve(self.residuals)

    def predicted(self, change: np.ndarray) -> np.ndarray:
        """The residuals `[R]` of the model after a change."""
        return self.residuals + self.jacobian.times(change, len(self.residuals))

    def terms(self, change: np.ndarray) -> float:
        """The largest sum of magnitudes in a row."""
        sums = self.jacobian.times(change, len(self.residuals), magnitudes=True)
        return float((np.abs(self.residuals) + sums).max())


@dataclass(frozen=True)
class SparseLinearizer:
    """A sparse objective between NumPy arrays: a new Jacobian for every weights, which nobody keeps."""

    objective: Sparse

    def __call__(self, weights: np.ndarray) -> SparseLinearization:
        """Residuals and Jacobian at weights `[P]`."""
        residuals, blocks = self.objective.linearize(weights)
        jacobian = Jacobian(blocks, weights.size // self.objective.groups, weights.size)
        return SparseLinearization(weights.copy(), residuals, jacobian)

    def residuals(self, weights: np.ndarray) -> np.ndarray:
        """Residuals `[R]` at weights `[P]`."""
        return self.objective.evaluate(weights)


@dataclass
class RepeatedLinearizer:
    """A linearizer that takes its last Jacobian again, with its factors, where that foretells the residuals both here
    and at weights chosen by chance around: so it does for linear residuals, until points or features are replaced.

    Args:
        anew: what makes a Jacobian.
        accuracy: round-off of a residual, in units of the largest row's terms.
    """

    anew: SparseLinearizer
    accuracy: float
    _last: SparseLinearization | None = None

    def __call__(self, weights: np.ndarray) -> SparseLinearization:
        """Residuals and Jacobian at weights `[P]`."""
        last, self._last = self._last, None  # while a new Jacobian is made, the old one need not be there
        found = None if last is None else self._again(last, weights)
        del last
        self._last = found or self.anew(weights)
        return self._last

    def residuals(self, weights: np.ndarray) -> np.ndarray:
        """Residuals `[R]` at weights `[P]`."""
        return self.anew.residuals(weights)

    def _again(self, last: SparseLinearization, weights: np.ndarray) -> SparseLinearization | None:
        """The linear model with the last Jacobian, if that foretells the residuals."""
        residuals = self.residuals(weights)
        spread = 1.0 + float(np.sqrt(np.mean(weights**2)))
        around = weights + spread * np.random.default_rng(0).normal(size=weights.size)
        for place, found in ((weights, residuals), (around, self.residuals(around))):
            if not gap(last, place - last.weights, found) <= self.accuracy:
                return None
        return SparseLinearization(weights.copy(), residuals, last.jacobian)
