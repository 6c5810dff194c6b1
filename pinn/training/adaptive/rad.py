"""Points drawn anew by a density that follows the residual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinn.training.adaptive.base import Adaptive, Place, Seed, Sizes, within

_FLOOR = (
    1e-12  # of a density in units of its mean: who wants N points of a pool gets N, also where most residuals are 0
)


@final
@dataclass(frozen=True, kw_only=True)
class Rad(Adaptive):
    r"""Residual-based adaptive distribution: all points are drawn anew from the candidates, without repetition, with

    .. math:: p(x) \propto \frac{|r(x)|^k}{\operatorname{mean} |r|^k} + c

    A large `k` and a small `c` gather the points where the residual is large; `c` keeps some everywhere.

    Args:
        power: `k >= 0`; 0 is uniform.
        uniform: `c >= 0`.
        candidates: as for `Adaptive`.

    Source: as for `Adaptive`, algorithm 2, formula (2); `k = 1, c = 1` is its default.
    """

    name: ClassVar[str] = "rad"

    power: float = 1.0
    uniform: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        within("power", self.power, 0.0)
        within("uniform", self.uniform, 0.0)

    def start(self, place: Place, count: int, seed: Seed) -> np.ndarray:
        self.pool_size(count)
        return place(count, seed)

    def renew(self, pool: Place, count: int, seed: Seed, present: np.ndarray, sizes: Sizes) -> np.ndarray:
        tried = pool(self.pool_size(max(count, len(present))), seed)
        chances = density(sizes(tried), power=self.power, uniform=self.uniform)
        chosen = np.random.default_rng((*seed, 1)).choice(len(tried), size=len(present), replace=False, p=chances)
        return tried[chosen]


def density(sizes: np.ndarray, *, power: float, uniform: float) -> np.ndarray:
    """The chances of the candidates, `[M]`, which sum to 1, by the sizes of the residual at them, `[M]`."""
    powered = (sizes / max(float(sizes.max()), np.finfo(float).tiny)) ** power
    mean = float(powered.mean())
    relative = powered / mean if mean > 0.0 else np.ones_like(powered)
    chances = relative + max(uniform, _FLOOR)
    return chances / chances.sum()
