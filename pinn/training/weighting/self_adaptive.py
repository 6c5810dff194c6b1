"""Weights that are trained against the field, one a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinn.solvers import State
from pinn.training.weighting.base import Balance, Factors, Observed, between


@final
@dataclass(frozen=True, kw_only=True)
class SelfAdaptive(Balance):
    r"""Point weights that climb the loss while the field descends it: a saddle point of `sum_kn \mu_kn r_kn^2 / N_k`.

    .. math:: \mu_{kn} \leftarrow \mu_{kn} + \eta_k N_k \frac{\partial L}{\partial \mu_{kn}}
       = \mu_{kn} + \eta_k r_{kn}^2

    Weights grow where the residual stays, and never fall. The source gives every term a rate of its own; here it is
    `\eta_k = rate / L_k(0)`, with the mean square before the first step, so that one number serves terms of all units.
    Since the weights belong to points, the points must stay (`sampling.resample_every=0`). The mask is the identity.

    Args:
        every: as for `Balance`.
        rate: of the ascent, above 0.

    Cost of an update: one forward pass.

    State: `initial` `[K]`, the mean squares; `of.<term>` `[N]`, the factors.

    Source: L. McClenny, U. Braga-Neto, "Self-adaptive physics-informed neural networks", Journal of Computational
    Physics 474 (2023), 111722, formulas (10) to (14).
    """

    name: ClassVar[str] = "self_adaptive"
    absolute: ClassVar[bool] = False
    pointwise: ClassVar[bool] = True

    rate: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        between("rate", self.rate, 0.0, np.inf)

    def start(self, observed: Observed) -> State:
        ones = {f"of.{name}": np.ones(len(squares)) for name, squares in observed.squares().items()}
        return {"initial": observed.losses().astype(np.float64), **ones}

    def update(self, state: State, observed: Observed) -> State:
        squares = observed.squares()
        if not all(np.isfinite(rows).all() for rows in squares.values()):
            return state
        initial = dict(zip(observed.names, state["initial"], strict=True))
        grown = {
            f"of.{name}": state[f"of.{name}"] + (self.rate / initial[name] * rows if initial[name] > 0.0 else 0.0)
            for name, rows in squares.items()
        }
        return {**state, **grown}

    def factors(self, state: State, observed: Observed) -> Factors:
        return {name: state[f"of.{name}"] for name in observed.names}
