"""Weights that wait for the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinn.solvers import State
from pinn.training.terms import EQUATION
from pinn.training.weighting.base import Balance, Factors, Observed, between


@final
@dataclass(frozen=True, kw_only=True)
class Causal(Balance):
    r"""The equation counts at a time only as far as it is solved at all earlier times.

    With the points in `M` bins by the order of their times, as many in each, and `L_i` the mean square of the equation
    in bin `i`,

    .. math:: \mu_i = \exp\Bigl(-\varepsilon \sum_{j < i} L_j\Bigr),

    which is 1 in the first bin and falls from bin to bin. When even the last is above `threshold`, the next and
    stricter `\varepsilon` of the ladder is taken. The conditions keep their weights. `\varepsilon` has the unit of 1
    over a square of the residual; the ladder spans what is not known of it.

    Args:
        every: as for `Balance`.
        bins: `M >= 2`.
        ladder: the `\varepsilon` in rising order, each above 0.
        threshold: between 0 and 1.

    Cost of an update: one forward pass of the equation.

    State: `losses` `[M]`, `rung` `[]`.

    Source: S. Wang, S. Sankaran, P. Perdikaris, "Respecting causality for training physics-informed neural networks",
    Computer Methods in Applied Mechanics and Engineering 421 (2024), 116813, algorithm 1.
    """

    name: ClassVar[str] = "causal"
    absolute: ClassVar[bool] = False
    timed: ClassVar[bool] = True

    bins: int = 16
    ladder: tuple[float, ...] = (1.0, 10.0, 100.0)
    threshold: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.bins, bool) or not isinstance(self.bins, int) or self.bins < 2:
            raise ValueError(f"balance.bins: expected a whole number of at least 2; got {self.bins!r}")
        between("threshold", self.threshold, 0.0, 1.0)
        object.__setattr__(self, "ladder", tuple(self.ladder))
        if not self.ladder or self.ladder[0] <= 0.0 or any(np.diff(self.ladder) <= 0.0):
            raise ValueError(f"balance.ladder: expected positive numbers in rising order; got {list(self.ladder)}")

    def start(self, observed: Observed) -> State:
        count = len(observed.times()[EQUATION])
        if count < self.bins:
            raise ValueError(
                f"balance.bins: expected at most as many as points of the equation, {count}; got {self.bins}. "
                "Take fewer bins or more points (sampling.interior)"
            )
        return {"losses": np.zeros(self.bins), "rung": np.array(0, np.int64)}

    def update(self, state: State, observed: Observed) -> State:
        """The rung is that of the weights so far: they are judged before they are replaced by stricter ones."""
        losses = self._bin_losses(observed)
        if not np.isfinite(losses).all():
            return state
        solved = self._weights({**state, "losses": losses})[-1] > self.threshold
        rung = min(int(state["rung"]) + int(solved), len(self.ladder) - 1)
        return {"losses": losses, "rung": np.array(rung, np.int64)}

    def factors(self, state: State, observed: Observed) -> Factors:
        return {EQUATION: self._weights(state)[self._bin_of_points(observed)]}

    def _weights(self, state: State) -> np.ndarray:
        """The weight of each bin, `[M]`."""
        earlier = np.concatenate([[0.0], np.cumsum(state["losses"])[:-1]])
        return np.exp(-self.ladder[int(state["rung"])] * earlier)

    def _bin_of_points(self, observed: Observed) -> np.ndarray:
        """Which bin each point of the equation is in, `[N]`; points of one time keep their order."""
        times = observed.times()[EQUATION]
        bins = np.empty(len(times), np.int64)
        bins[np.argsort(times, kind="stable")] = np.arange(len(times)) * self.bins // len(times)
        return bins

    def _bin_losses(self, observed: Observed) -> np.ndarray:
        bins = self._bin_of_points(observed)
        sums = np.bincount(bins, weights=observed.squares()[EQUATION], minlength=self.bins)
        return sums / np.bincount(bins, minlength=self.bins)
