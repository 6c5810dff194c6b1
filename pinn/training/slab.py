"""One slab of a march: its points and residuals, and how large they are in each patch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from pinn.calculus import Engine
from pinn.fields import Ansatz, PatchGrid, Slabwork
from pinn.geometry import Shape
from pinn.training.marched import Outcome
from pinn.training.patched import PatchedTerm
from pinn.training.patched_objective import PatchedObjective, Placed
from pinn.training.slab_points import Interior, in_patches, on_boundary
from pinn.training.terms import Term

_POINTS_A_FEATURE = 3
_HELD_OUT_A_FEATURE = 0.5
_TRAINING, _HELD_OUT = 0, 1  # streams of chance


@final
@dataclass(frozen=True, eq=False)
class Slab:
    """The slab that a field of slabs is in, on some patches.

    Args:
        grid: the patches.
        objective: the residuals on the points of training, the equation first.
        trained: the points of the equation among them.
        held_out: others.
        start: the weights of a field that stays as it was, `[P]`.
    """

    grid: PatchGrid
    objective: PatchedObjective
    trained: Interior
    held_out: Interior
    start: np.ndarray

    def residual_at_start(self) -> float:
        """The root mean square of the equation on the points of training where the field stays as it was."""
        squares = self._squares(self.objective.table(self.start), self.trained)
        return math.sqrt(float(np.mean(squares.sum(axis=0))))

    def outcome(self, weights: np.ndarray) -> Outcome:
        """What weights `[P]` come to."""
        table = self.objective.table(weights)
        equation = self._shares(self._squares(table, self.trained).mean(axis=0), self.trained).sum()
        conditions = [np.mean(part.values(table) ** 2) for part in self.objective.parts[1:]]
        shares = self._shares(self._squares(table, self.held_out).sum(axis=0), self.held_out)
        return Outcome(weights, shares, self.trained.points, np.array([equation, *conditions]))

    def _squares(self, table: np.ndarray, places: Interior) -> np.ndarray:
        """The squared residuals of the equations, `[k, N]`."""
        return self.objective.parts[0].term.values(table, places.points, np.zeros_like(places.points)) ** 2

    def _shares(self, squares: np.ndarray, places: Interior) -> np.ndarray:
        """The share of each patch in the mean over the slab of something known at points, `[K]`; 0 outside of the
        domain.
        """
        boxes, size = self.grid.boxes, self.grid.size
        volumes = np.prod(boxes.upper - boxes.lower, axis=1)
        counts = np.bincount(places.patches, minlength=size)
        sums = np.bincount(places.patches, squares, minlength=size)
        felt = volumes * counts  # in proportion to the part of the patch in the domain
        return volumes * sums / max(float(felt.sum()), np.finfo(np.float64).tiny)


@final
class SlabTerms:
    """The residuals of a problem on a field of slabs, compiled once for all slabs and patches.

    Args:
        slabwork: the field taken apart.
        terms: the equation first, then the penalties; none at the initial time.
        ansatz: what makes the field satisfy conditions exactly.
        engine: how derivatives are computed.
        shape: the domain.
        seed: of features and points.
    """

    def __init__(
        self,
        slabwork: Slabwork,
        terms: Sequence[Term],
        ansatz: Ansatz,
        *,
        engine: Engine,
        shape: Shape,
        seed: int,
    ) -> None:
        self.work, self.terms = slabwork, tuple(terms)
        self._shape, self._seed = shape, seed
        self._patched = [PatchedTerm.of(slabwork, term, ansatz, engine) for term in terms]

    def enter(self, slab: int, grid: PatchGrid) -> None:
        """Go to a slab, on these patches, from the end of the one before."""
        now = self.work.times[slab]

        def inside(places: np.ndarray) -> np.ndarray:
            return self._shape.inside(np.column_stack([places, np.full(len(places), now)]))

        self.work.enter(slab, grid, self._seed, inside)

    def entered(self, slab: int, grid: PatchGrid) -> Slab:
        """The slab on these patches, where the field then is, with points of its own."""
        self.enter(slab, grid)
        work, (first, last) = self.work, map(float, self.work.times[slab : slab + 2])

        def inside(each: float, stream: int) -> Interior:
            count = math.ceil(each * work.recipe.features)
            return in_patches(grid, self._shape, (first, last), count, (self._seed, slab, grid.size, stream))

        trained = inside(_POINTS_A_FEATURE, _TRAINING)
        places = [
            (trained.points, np.zeros_like(trained.points)),
            *(
                on_boundary(term, self._shape, (first, last), (self._seed, slab, k))
                for k, term in enumerate(self.terms[1:], 1)
            ),
        ]
        parts = [
            Placed(patched, *found, np.full(len(found[0]), term.weight / len(found[0])))
            for patched, term, found in zip(self._patched, self.terms, places, strict=True)
        ]
        start = np.zeros(work.patches * work.recipe.features * work.components)
        return Slab(grid, PatchedObjective(parts, work.patches), trained, inside(_HELD_OUT_A_FEATURE, _HELD_OUT), start)
