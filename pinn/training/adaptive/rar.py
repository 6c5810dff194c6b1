"""Points added where the residual is largest, in a ring in which the oldest give way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinn.training.adaptive.base import Adaptive, Place, Seed, Sizes, at_least, within


@final
@dataclass(frozen=True, kw_only=True)
class Rar(Adaptive):
    """Residual-based adaptive refinement, the greedy one, with a number of points that stays the same.

    Of `N` points the first part is even and never changes. The others are a ring: at every epoch the candidates with
    the largest residual take the places of the points that have been in the ring for longest, which at first are even
    too. Programs have fixed shapes, so that a set which grows, as in the source, would be compiled again and again; a
    ring of half of the points holds what ten epochs have added.

    Args:
        share: the part of the points that is the ring, above 0 and below 1.
        added: how many come at each epoch. Default a tenth of the ring.
        candidates: as for `Adaptive`.

    Source: as for `Adaptive`, algorithm 1 (RAR-G); L. Lu, X. Meng, Z. Mao, G. Karniadakis, "DeepXDE: a deep learning
    library for solving differential equations", SIAM Review 63 (2021), 208-228.
    """

    name: ClassVar[str] = "rar"

    share: float = 0.5
    added: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        within("share", self.share, 0.0, 1.0)
        if self.added is not None:
            at_least("added", self.added, 1)

    def ring(self, count: int) -> int:
        """How many of so many points are adaptive: at least 1, and not all.

        Raises:
            ValueError: a single point, or more to add at a time than the ring holds.
        """
        if count < 2:
            raise ValueError(f"sampling.interior: expected at least 2 points, some of them adaptive; got {count}")
        size = min(max(round(self.share * count), 1), count - 1)
        if self.added is not None and self.added > size:
            raise ValueError(
                f"sampling.added: expected at most the {size} points that are adaptive (sampling.share of "
                f"sampling.interior); got {self.added}"
            )
        return size

    def start(self, place: Place, count: int, seed: Seed) -> np.ndarray:
        ring = self.ring(count)
        self.pool_size(count)
        return np.concatenate([place(count - ring, seed), place(ring, (*seed, 1))])

    def renew(self, pool: Place, count: int, seed: Seed, present: np.ndarray, sizes: Sizes) -> np.ndarray:
        tried = pool(self.pool_size(count), seed)
        ring = self.ring(count)
        added = self.added or max(ring // 10, 1)
        largest = np.argsort(-sizes(tried), kind="stable")[:added]
        oldest = ((seed[1] - 1) * added + np.arange(added)) % ring
        points = present.copy()
        points[len(present) - ring + oldest] = tried[largest]
        return points
