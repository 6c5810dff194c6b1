"""The contract of a balance: from what is observed of the terms to the factors by which they count."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Protocol

import numpy as np

from pinn.geometry import Shape
from pinn.solvers import State

Factors = Mapping[str, float | np.ndarray]
"""By term a number, or one for each of its points `[N]`; a term that is left out has 1."""


class Observed(Protocol):
    """What can be seen of the terms at some weights. Nothing is computed before it is asked for.

    Rows are the terms in the order of `names`, the equation first. A term with several residuals counts as one: its
    square at a point is the sum of theirs. The terms' own weights are in none of these numbers.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """The terms, `K` of them."""

    @property
    def seed(self) -> int:
        """Of the run, for schemes with chance in them."""

    def losses(self) -> np.ndarray:
        """The mean squares, `[K]`: one forward pass."""

    def gradient_norms(self) -> np.ndarray:
        """The Euclidean norms of their gradients, `[K]`: one gradient of each."""

    def traces(self) -> np.ndarray:
        """The mean squared lengths of the gradients of single residuals, `[K]`: one Jacobian."""

    def squares(self) -> Mapping[str, np.ndarray]:
        """The squares at the present points, `[N]` by term: one forward pass."""

    def times(self) -> Mapping[str, np.ndarray]:
        """The times of the present points, `[N]` by term; empty where the problem has no time."""


@dataclass(frozen=True, kw_only=True)
class Balance(ABC):
    """Weighs the terms of a loss, anew after every so many steps.

    The loss is `sum_k lambda_k mu_k mean |r_k|^2`, where `lambda_k` are the fixed weights and `mu_k` the factors of the
    balance. All that a balance remembers is its `State`, a small dictionary of arrays: `update` is a function of that
    and of what is observed, so that a training which goes on from a saved state goes on exactly.

    Args:
        every: steps between two updates, the first before the first step; 0 is never.

    Raises:
        ValueError: a number out of its range.
    """

    name: ClassVar[str]

    absolute: ClassVar[bool]
    """Whether the factors say all of how terms compare: then the natural weights of conditions are left out."""

    pointwise: ClassVar[bool] = False
    """Whether factors belong to single points, so that the points must stay."""

    timed: ClassVar[bool] = False
    """Whether it needs a problem with time."""

    every: int = 100

    def __post_init__(self) -> None:
        if isinstance(self.every, bool) or not isinstance(self.every, Integral) or self.every < 1:
            raise ValueError(f"balance.every: expected a number of steps of at least 1; got {self.every!r}")

    @abstractmethod
    def start(self, observed: Observed) -> State:
        """What is remembered before the first update."""

    @abstractmethod
    def update(self, state: State, observed: Observed) -> State:
        """What is remembered after one more look."""

    @abstractmethod
    def factors(self, state: State, observed: Observed) -> Factors:
        """The factors that follow, for the present points."""


def require_fit(balance: Balance, shape: Shape, *, resample_every: int) -> None:
    """Check that a balance can work on a domain, with points that are drawn anew or stay.

    Raises:
        ValueError: it cannot.
    """
    if balance.timed and shape.time_axis is None:
        raise ValueError(
            f"balance={balance.name}: expected a problem with time, whose past decides; got the axes "
            f"{', '.join(shape.axes)}. Take balance=gradient_norm or another one"
        )
    if balance.pointwise and resample_every:
        raise ValueError(
            f"balance={balance.name}: expected points that stay, since each has a weight of its own; got "
            f"sampling.resample_every={resample_every}. Write sampling.resample_every=0, or take another balance"
        )


def between(key: str, value: Any, least: float, most: float, *, closed: bool = False) -> None:
    """Refuse what is no number between two limits; `least` itself passes if `closed`."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not (least <= value < most if closed else least < value < most):
        first = "at least" if closed else "above"
        last = "" if most == np.inf else f" and below {most:g}"
        raise ValueError(f"balance.{key}: expected a number {first} {least:g}{last}; got {value!r}")
