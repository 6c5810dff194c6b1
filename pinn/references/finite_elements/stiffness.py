"""The forces of an equation in time, at no cost where they are linear in the values and do not change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from pinn.references.finite_elements.space import System

_TIMES = 48  # at which it is tried whether a source changes
_ROUND_OFF = 1e-11


@final
@dataclass(frozen=True, eq=False)
class Stiffness:
    """K of a system and its derivative.

    Attributes:
        system: whose.
        matrix: the derivative where it is the same for all values and times, else `None`.
        source: K of no values where that is the same at all times, else `None`.
    """

    system: System
    matrix: Any
    source: np.ndarray | None

    @classmethod
    def of(cls, system: System) -> Stiffness:
        """Tried at two states and many times, spread by the golden ratio."""
        evolution = system.form.evolution
        assert evolution is not None
        nothing = np.zeros(system.space.size)
        other = np.random.default_rng(0).normal(size=len(nothing))
        times = evolution.start + (evolution.end - evolution.start) * (np.arange(1, _TIMES + 1) * 0.6180339887 % 1.0)
        first, matrix = system(times[0], nothing, derivative=True)
        found, slope = system(times[1], other, derivative=True)
        moved = matrix @ other
        if np.abs((slope - matrix).data).max(initial=0.0) > _ROUND_OFF * np.abs(matrix.data).max(initial=0.0):
            return cls(system, None, None)
        sources = [first, *(system(t, nothing, derivative=False)[0] for t in times[1:])]
        if np.abs(found - moved - sources[1]).max() > _ROUND_OFF * len(nothing) * np.abs(moved).max():
            return cls(system, None, None)
        changes = max(float(np.abs(source - first).max()) for source in sources)
        return cls(system, matrix, first if changes <= _ROUND_OFF * np.abs(first).max() else None)

    @property
    def constant(self) -> bool:
        """Whether the derivative is always the same."""
        return self.matrix is not None

    def force(self, t: float, values: np.ndarray) -> np.ndarray:
        """K, `[N]`."""
        if self.matrix is None:
            return self.system(t, values, derivative=False)[0]
        source = self.system(t, np.zeros_like(values), derivative=False)[0] if self.source is None else self.source
        return self.matrix @ values + source

    def slope(self, t: float, values: np.ndarray) -> Any:
        """The derivative of K, `[N, N]`."""
        return self.system(t, values, derivative=True)[1] if self.matrix is None else self.matrix
