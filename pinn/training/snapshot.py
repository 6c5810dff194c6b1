"""All that a training is at one of its steps, as plain arrays and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from pinn.solvers import State
from pinn.training.history import History

_PARTS = ("solver", "revision", "history")


@final
@dataclass(frozen=True)
class Snapshot:
    """A training at a step. With the same objective, solver and balance it goes on from here bit for bit.

    Nothing else changes while a field is trained: whatever is random is a function of the seed and of the number of
    steps, which the solver's state holds.

    Args:
        step: how many steps were done.
        seconds: of training so far, without compiling.
        state: of the solver: weights, moments, curvature, damping, and the position in a chain.
        revision: of the objective: the points, and what the balance remembers.
        history: of the steps so far.
    """

    step: int
    seconds: float
    state: State
    revision: State
    history: History

    def arrays(self) -> dict[str, np.ndarray]:
        """All of its arrays, by names of the form `solver.weights`."""
        parts = zip(_PARTS, (self.state, self.revision, self.history.arrays()), strict=True)
        return {f"{part}.{key}": np.asarray(value) for part, arrays in parts for key, value in arrays.items()}

    def numbers(self) -> dict[str, Any]:
        """The rest of it."""
        return {"step": self.step, "seconds": self.seconds, "history": self.history.numbers()}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]) -> Snapshot:
        """The snapshot that `arrays` and `numbers` tell of."""
        state, revision, history = (
            {key.removeprefix(f"{part}."): value for key, value in arrays.items() if key.startswith(f"{part}.")}
            for part in _PARTS
        )
        step, seconds = int(numbers["step"]), float(numbers["seconds"])
        return cls(step, seconds, state, revision, History.of(history, numbers["history"]))
