"""Balances: how much every term of the loss counts while a field is trained, one scheme a file."""

from pinn.training.weighting.base import Balance, Factors, Observed, require_fit
from pinn.training.weighting.causal import Causal
from pinn.training.weighting.fixed import Fixed
from pinn.training.weighting.gradient_norm import GradientNorm
from pinn.training.weighting.ntk import Ntk
from pinn.training.weighting.relobralo import Relobralo
from pinn.training.weighting.self_adaptive import SelfAdaptive

BALANCES: dict[str, type[Balance]] = {
    cls.name: cls for cls in (Fixed, GradientNorm, Ntk, SelfAdaptive, Relobralo, Causal)
}

__all__ = [
    "BALANCES",
    "Balance",
    "Causal",
    "Factors",
    "Fixed",
    "GradientNorm",
    "Ntk",
    "Observed",
    "Relobralo",
    "SelfAdaptive",
    "require_fit",
]
