"""Weights that let every term make the same relative progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinn.solvers import State
from pinn.training.weighting.base import Balance, Factors, Observed, between

_TINY = 1e-200  # of a loss that ratios are taken to


@final
@dataclass(frozen=True, kw_only=True)
class Relobralo(Balance):
    r"""Relative loss balancing with random lookback: terms that have fallen least count most.

    .. math::
       \hat\mu_k(t, t') &= K \operatorname{softmax}_k \frac{L_k(t)}{\tau L_k(t')} \\
       \mu(t) &= \alpha \bigl(\rho\, \mu(t - 1) + (1 - \rho)\, \hat\mu(t, 0)\bigr) + (1 - \alpha)\, \hat\mu(t, t - 1)

    with `\rho` 0 or 1 by chance, 1 with the probability `saudade`: mostly the last update is looked back to, and now
    and then the beginning. The factors are positive and sum to the number of terms `K`.

    The source updates at every step, with `\alpha` and the mean of `\rho` from 0.99 to 0.9999. Here `t` counts updates,
    each of which stands for many steps: `0.999^{100} = 0.9`, `0.993^{100} = 0.5`. Since the factors sum to `K`, they
    raise a term at most `K` times; a larger difference of scales is for the fixed weights.

    Args:
        every: as for `Balance`.
        temperature: `\tau > 0`; a small one gives all weight to the term that has fallen least.
        memory: `\alpha`, at least 0 and below 1.
        saudade: the mean of `\rho`, at least 0 and at most 1.

    Cost of an update: one forward pass.

    State: `initial`, `last` (losses), `factors` `[K]`, `updates` `[]`. The chance is a function of the seed and of the
    number of updates.

    Source: R. Bischof, M. Kraus, "Multi-objective loss balancing for physics-informed deep learning", Computer Methods
    in Applied Mechanics and Engineering 439 (2025), 117914 (arXiv 2110.09813).
    """

    name: ClassVar[str] = "relobralo"
    absolute: ClassVar[bool] = False

    temperature: float = 0.1
    memory: float = 0.9
    saudade: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        between("temperature", self.temperature, 0.0, np.inf)
        between("memory", self.memory, 0.0, 1.0, closed=True)
        if self.saudade != 1.0:
            between("saudade", self.saudade, 0.0, 1.0, closed=True)

    def start(self, observed: Observed) -> State:
        losses = observed.losses().astype(np.float64)
        factors = np.ones_like(losses)
        return {"initial": losses, "last": losses.copy(), "factors": factors, "updates": np.array(0, np.int64)}

    def update(self, state: State, observed: Observed) -> State:
        losses = observed.losses().astype(np.float64)
        if not np.isfinite(losses).all():
            return state
        chance = np.random.default_rng((observed.seed, int(state["updates"]))).random()
        past = state["factors"] if chance < self.saudade else self._relative(losses, state["initial"])
        factors = self.memory * past + (1.0 - self.memory) * self._relative(losses, state["last"])
        return {**state, "last": losses, "factors": factors, "updates": state["updates"] + 1}

    def factors(self, state: State, observed: Observed) -> Factors:
        return dict(zip(observed.names, map(float, state["factors"]), strict=True))

    def _relative(self, losses: np.ndarray, before: np.ndarray) -> np.ndarray:
        r"""`\hat\mu`, `[K]`."""
        exponents = losses / (self.temperature * np.maximum(before, _TINY))
        powers = np.exp(exponents - exponents.max())
        return len(losses) * powers / powers.sum()
