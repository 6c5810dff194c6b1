"""What balances have in common that make some size of all terms alike: factors inverse to it, averaged over time."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pinn.solvers import State
from pinn.training.weighting.base import Balance, Factors, Observed, between


@dataclass(frozen=True, kw_only=True)
class InverseBalance(Balance):
    r"""Factors inverse to a size `s_k` of the terms, with a moving average:

    .. math:: \hat\mu_k = \frac{\sum_j s_j}{s_k}, \qquad \mu \leftarrow \alpha \mu + (1 - \alpha) \hat\mu

    Without an average, `\mu_k s_k` is the same for all terms. The first update takes `\hat\mu` as it is. A term of size
    0 keeps its factor: there is nothing to be made alike. Sizes that are not finite change nothing.

    Args:
        every: as for `Balance`.
        memory: `\alpha`, at least 0 and below 1.

    State: `factors` `[K]`, `updates` `[]`.
    """

    absolute: ClassVar[bool] = True

    memory: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        between("memory", self.memory, 0.0, 1.0, closed=True)

    @abstractmethod
    def sizes(self, observed: Observed) -> np.ndarray:
        """What is to be made alike, `[K]`."""

    def start(self, observed: Observed) -> State:
        return {"factors": np.ones(len(observed.names)), "updates": np.array(0, np.int64)}

    def update(self, state: State, observed: Observed) -> State:
        sizes, factors = self.sizes(observed).astype(np.float64), state["factors"]
        if not np.isfinite(sizes).all():
            return state
        wanted = np.divide(sizes.sum(), sizes, out=factors.copy(), where=sizes > 0.0)
        memory = self.memory if state["updates"] > 0 else 0.0
        return {"factors": memory * factors + (1.0 - memory) * wanted, "updates": state["updates"] + 1}

    def factors(self, state: State, observed: Observed) -> Factors:
        return dict(zip(observed.names, map(float, state["factors"]), strict=True))
