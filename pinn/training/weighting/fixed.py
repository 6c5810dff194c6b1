"""Weights that stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, final

from pinn.solvers import State
from pinn.training.weighting.base import Balance, Factors, Observed


@final
@dataclass(frozen=True, kw_only=True)
class Fixed(Balance):
    """Every term counts as its own weight says, from the first step to the last. Nothing is observed."""

    name: ClassVar[str] = "fixed"
    absolute: ClassVar[bool] = False

    every: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """There is nothing to check."""

    def start(self, observed: Observed) -> State:  # noqa: ARG002 - nothing is seen
        return {}

    def update(self, state: State, observed: Observed) -> State:  # noqa: ARG002
        return state

    def factors(self, state: State, observed: Observed) -> Factors:  # noqa: ARG002
        return {}
