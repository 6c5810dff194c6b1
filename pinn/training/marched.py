"""How far a march has come, as a value: what the next slab is solved from, besides the field itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from pinn.fields import PatchGrid
from pinn.solvers import State


@final
@dataclass(frozen=True, eq=False)
class Outcome:
    """A slab that was solved for on one grid of patches.

    Attributes:
        weights: of the slab, `[P]`.
        shares: of each patch in the mean square of the equation, `[K]`, on points that were not trained on.
        points: those of the equation that were trained on, `[N, d]`.
        losses: the mean square over the slab of the residuals of each term where they were trained on, `[T]`.
    """

    weights: np.ndarray
    shares: np.ndarray
    points: np.ndarray
    losses: np.ndarray

    @property
    def residual(self) -> float:
        """The root mean square of the equation over the slab; NaN where it is not finite."""
        return float(np.sqrt(self.shares.sum()))


@final
@dataclass(frozen=True, eq=False)
class Marched:
    """The slabs so far.

    Attributes:
        grid: the patches that the next slab begins with.
        residuals: the root mean square of the equation in each slab, on points that were not trained on.
        points: of the equation that were trained on, by slab.
        losses: the mean squares of the terms where they were trained on, by slab.
        scale: the largest residual of a slab before it was solved for: the unit of the others.
        accepted: a residual that finer patches have not helped before.
        full: in how many slabs there was no room for more patches.
    """

    grid: PatchGrid
    residuals: tuple[float, ...] = ()
    points: tuple[np.ndarray, ...] = ()
    losses: tuple[np.ndarray, ...] = ()
    scale: float = 0.0
    accepted: float = 0.0
    full: int = 0

    @property
    def slabs(self) -> int:
        """How many are done."""
        return len(self.residuals)

    @property
    def residual(self) -> float:
        """The root mean square of the equation, relative to the scale; infinite before the first slab."""
        if not self.residuals:
            return float("inf")
        found = float(np.sqrt(np.mean(np.square(self.residuals))))
        return found / self.scale if self.scale > 0.0 else found

    def after(self, found: Outcome) -> Marched:
        """One slab later."""
        return replace(
            self,
            residuals=(*self.residuals, found.residual),
            points=(*self.points, found.points),
            losses=(*self.losses, found.losses),
        )

    def arrays(self) -> State:
        """Everything, as arrays with names."""
        borders = {f"borders_{i}": axis.borders for i, axis in enumerate(self.grid.axes)}
        numbers = {name: np.array(getattr(self, name)) for name in ("scale", "accepted", "full")}
        counts = np.array([len(points) for points in self.points], np.int64)
        joined = np.concatenate(self.points) if self.points else np.zeros((0, len(self.grid.axes) + 1))
        by_slab = {"residuals": np.array(self.residuals), "losses": np.array(self.losses)}
        return {**by_slab, "counts": counts, "points": joined, **borders, **numbers}

    @classmethod
    def of(cls, arrays: State, grid: PatchGrid) -> Marched:
        """What `arrays` tells of; patches blend as those of `grid` do."""
        axes = [replace(axis, borders=arrays[f"borders_{i}"]) for i, axis in enumerate(grid.axes)]
        return cls(
            PatchGrid(tuple(axes)),
            tuple(map(float, arrays["residuals"])),
            tuple(np.split(arrays["points"], np.cumsum(arrays["counts"])[:-1])) if len(arrays["counts"]) else (),
            tuple(arrays["losses"]),
            float(arrays["scale"]),
            float(arrays["accepted"]),
            int(arrays["full"]),
        )
