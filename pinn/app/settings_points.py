"""The options of training points and of what weighs them, one dataclass a choice: see `pinn.app.settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from omegaconf import MISSING

from pinn.app.limits import name as _name
from pinn.app.limits import number as _number


@dataclass
class SamplingSettings:
    """How many points, how they are drawn, after how many steps they are drawn anew (0: never), and where they crowd.

    `towards` is the name of a part of the boundary, or a list of names; by the law `grading` those of the equation are
    denser there, within about a `width`.
    """

    name: str = MISSING
    interior: Optional[int] = _number(minimum=1)  # noqa: UP045
    boundary: Optional[int] = _number(minimum=1)  # noqa: UP045
    initial: Optional[int] = _number(minimum=1)  # noqa: UP045
    resample_every: int = _number(minimum=0)
    towards: Any = MISSING
    grading: str = MISSING
    width: float = _number(above=0)
    early: Optional[float] = _number(above=0)  # noqa: UP045


@dataclass
class AdaptiveSettings(SamplingSettings):
    """Points where the residual is large, drawn from so many `candidates`; `kind` is how the first ones are spread."""

    kind: str = MISSING
    candidates: Optional[int] = _number(minimum=1)  # noqa: UP045


@dataclass
class RadSettings(AdaptiveSettings):
    """All points of the equation by the density `|residual|^power / mean + uniform`."""

    name: str = _name("rad")
    power: float = _number(minimum=0)
    uniform: float = _number(minimum=0)


@dataclass
class RarSettings(AdaptiveSettings):
    """A `share` of the points of the equation is a ring; each time `added` candidates take the places of its oldest."""

    name: str = _name("rar")
    share: float = _number(minimum=0, below=1)
    added: Optional[int] = _number(minimum=1)  # noqa: UP045


@dataclass
class FixedBalanceSettings:
    """The terms of the loss keep their weights."""

    name: str = _name("fixed")


@dataclass
class BalanceSettings:
    """The terms are weighed anew after `every` so many steps."""

    name: str = MISSING
    every: int = _number(minimum=1)


@dataclass
class GradientNormSettings(BalanceSettings):
    """Gradients of equal length, with a moving average of so much `memory`."""

    name: str = _name("gradient_norm")
    memory: float = _number(minimum=0, below=1)


@dataclass
class NtkSettings(BalanceSettings):
    """Tangent kernels of equal trace, with a moving average of so much `memory`."""

    name: str = _name("ntk")
    memory: float = _number(minimum=0, below=1)


@dataclass
class SelfAdaptiveSettings(BalanceSettings):
    """Point weights that climb the loss at a `rate`."""

    name: str = _name("self_adaptive")
    rate: float = _number(above=0)


@dataclass
class RelobraloSettings(BalanceSettings):
    """Weights by relative progress; `saudade` is how often the last update is looked back to."""

    name: str = _name("relobralo")
    temperature: float = _number(above=0)
    memory: float = _number(minimum=0, below=1)
    saudade: float = _number(minimum=0)


@dataclass
class CausalSettings(BalanceSettings):
    """Weights that wait for earlier `bins` of time, the more strictly the higher the rung of the `ladder`."""

    name: str = _name("causal")
    bins: int = _number(minimum=2)
    ladder: list[float] = MISSING
    threshold: float = _number(above=0, below=1)


SCHEMAS: Mapping[str, type] = {
    "sampling_settings": SamplingSettings,
    "rad_settings": RadSettings,
    "rar_settings": RarSettings,
    "fixed_balance_settings": FixedBalanceSettings,
    "gradient_norm_settings": GradientNormSettings,
    "ntk_settings": NtkSettings,
    "self_adaptive_settings": SelfAdaptiveSettings,
    "relobralo_settings": RelobraloSettings,
    "causal_settings": CausalSettings,
}
