"""What changes about an objective while a field is trained on it: its points, and how much they count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from pinn.solvers import State
from pinn.training.observation import Observatory
from pinn.training.trainable import TrainableObjective
from pinn.training.weighting import Balance

_POINTS, _BALANCE = "points.", "balance."


@final
@dataclass
class Revision:
    """Draws points anew and weighs terms, each after every so many steps; both are due before the next step is done.

    What a revision makes of the objective is a function of the step, of the field's weights and of its own state, the
    points that are there and what the balance remembers: `arrays`.

    Args:
        observatory: of the objective.
        balance: weighs the terms.
        resample_every: steps between two draws of points; 0 keeps the first ones.
        memory: what the balance remembers.
    """

    observatory: Observatory
    balance: Balance
    resample_every: int
    memory: State
    _points: State | None = None  # as arrays, since they were last changed: reading them takes calls of TensorFlow

    @classmethod
    def begin(
        cls, objective: TrainableObjective, balance: Balance, resample_every: int, weights: np.ndarray
    ) -> Revision:
        """Before the first step, at weights `[P]`; an update on trial compiles what the balance looks through."""
        observatory = Observatory(objective)
        observed = observatory.at(weights)
        memory = balance.start(observed)
        balance.update(memory, observed)
        return cls(observatory, balance, resample_every, memory)

    @property
    def periods(self) -> tuple[int, int]:
        """Steps end at the multiples of these; 0 is never."""
        return self.resample_every, self.balance.every

    def revise(self, done: int, weights: np.ndarray) -> bool:
        """Do what is due after so many steps, at weights `[P]`; say whether the objective has changed."""
        redrawn = done > 0 and _due(self.resample_every, done)
        weighed = _due(self.balance.every, done)
        if redrawn:
            self._points = None
            self.observatory.objective.resample(done // self.resample_every, weights)
        if weighed:
            self.memory = self.balance.update(self.memory, self.observatory.at(weights))
        if redrawn or weighed:
            self._weigh(weights)
        return redrawn or weighed

    def arrays(self) -> State:
        """Everything that the objective has come to, as arrays with the names of a checkpoint."""
        if self._points is None:
            self._points = {f"{_POINTS}{key}": value for key, value in self.observatory.objective.arrays().items()}
        return {
            **self._points,
            **{f"{_BALANCE}{key}": np.array(value) for key, value in self.memory.items()},
        }

    def restore(self, arrays: State, weights: np.ndarray) -> None:
        """Put the objective back where `arrays` found it, at weights `[P]`."""
        self._points = None
        self.observatory.objective.restore(_under(_POINTS, arrays))
        self.memory = _under(_BALANCE, arrays)
        self._weigh(weights)

    def _weigh(self, weights: np.ndarray) -> None:
        self.observatory.objective.weigh(self.balance.factors(self.memory, self.observatory.at(weights)))


def _due(every: int, done: int) -> bool:
    return every > 0 and done % every == 0


def _under(prefix: str, arrays: State) -> State:
    return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
