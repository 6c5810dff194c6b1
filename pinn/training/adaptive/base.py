"""What adaptive points have in common: a first set, and new ones from many candidates whose residual is known."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

Seed = Sequence[int]
Place = Callable[[int, Seed], np.ndarray]  # how many, and a seed -> points in the domain, [n, d]
Sizes = Callable[[np.ndarray], np.ndarray]  # points [m, d] -> how large the residual is there, [m]

_CANDIDATES_A_POINT = 10
_MOST_CANDIDATES = 2**16


@dataclass(frozen=True, kw_only=True)
class Adaptive(ABC):
    """Places the points of the equation by the size of its residual on a pool of candidates.

    The points that come are a function of the seed, which holds the epoch, of the residual, and of the points that are
    there: nothing else is remembered, so that a run which goes on from a checkpoint goes on exactly.

    Where there are several residuals, the size is the sum of their magnitudes, each in units of its mean over the pool.

    Args:
        candidates: how many points are tried each time. Default 10 for each point, at most 65 536.

    Cost of a renewal: the residual on the pool, about that of `2 / 3 candidates / points` evaluations of the loss.

    Source: C. Wu, M. Zhu, Q. Tan, Y. Kartha, L. Lu, "A comprehensive study of non-adaptive and residual-based adaptive
    sampling for physics-informed neural networks", Computer Methods in Applied Mechanics and Engineering 403 (2023),
    115671.

    Raises:
        ValueError: a number out of its range; fewer candidates than points, when the points are known.
    """

    name: ClassVar[str]

    candidates: int | None = None

    def __post_init__(self) -> None:
        if self.candidates is not None:
            at_least("candidates", self.candidates, 1)

    @abstractmethod
    def start(self, place: Place, count: int, seed: Seed) -> np.ndarray:
        """The points before the first step, `[N, d]`, `N` about `count`, as even as `place` makes them."""

    @abstractmethod
    def renew(self, pool: Place, count: int, seed: Seed, present: np.ndarray, sizes: Sizes) -> np.ndarray:
        """The points after an epoch, `[N, d]`, as many as are present.

        Args:
            pool: makes candidates.
            count: as it was for `start`.
            seed: its second number is the epoch, counted from 1.
            present: the points that are there, `[N, d]`.
            sizes: of the residual at any points.
        """

    def pool_size(self, count: int) -> int:
        """How many candidates there are for so many points.

        Raises:
            ValueError: fewer than points.
        """
        if self.candidates is None:
            return max(min(_CANDIDATES_A_POINT * count, _MOST_CANDIDATES), count)
        if self.candidates < count:
            raise ValueError(
                f"sampling.candidates: expected at least as many as points, {count}; got {self.candidates}. "
                "Ask for more candidates, or for fewer points by sampling.interior"
            )
        return self.candidates


def at_least(key: str, value: Any, least: int) -> None:
    """Refuse what is no whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"sampling.{key}: expected a whole number of at least {least}; got {value!r}")


def within(key: str, value: Any, least: float, most: float = math.inf) -> None:
    """Refuse what is no number between two limits; `least` itself passes."""
    if isinstance(value, bool) or not isinstance(value, Real) or not least <= float(value) < most:
        upper = "" if most == math.inf else f" and below {most:g}"
        raise ValueError(f"sampling.{key}: expected a number of at least {least:g}{upper}; got {value!r}")
