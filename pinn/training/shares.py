"""Shares of one size of the points of every term, and the way back from their rows to those of the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np


@final
@dataclass(frozen=True)
class Cut:
    """How the points of a term are cut into shares of one size, in their order; the last ones are filled up.

    A point that fills up is the last one again. It counts nothing: its weight is zero, and its row is left out.

    Args:
        points: of the term.
        shares: at least one.
    """

    points: int
    shares: int

    @property
    def size(self) -> int:
        """Points a share."""
        return math.ceil(self.points / self.shares)

    def places(self, share: int) -> np.ndarray:
        """Which points a share has, `[size]`; numbers beyond the last point are those of nobody."""
        return np.arange(share * self.size, (share + 1) * self.size)

    def of(self, array: np.ndarray, share: int) -> np.ndarray:
        """The share of an array `[points, ...]`."""
        return array[np.minimum(self.places(share), self.points - 1)]

    def counts(self, share: int) -> np.ndarray:
        """1 for each point of a share, and 0 for those that fill up, `[size]`."""
        return (self.places(share) < self.points).astype(np.float64)


@final
@dataclass(frozen=True, eq=False)
class RowOrder:
    """Where the rows of shares belong, when those of all shares stand one after the other.

    A share has its rows as the whole has: those of the first residual, then those of the second, and so on.

    Attributes:
        own: which rows of the whole a share has, `[shares, r]`; any for a row that fills up.
        order: at which place of all shares' rows each row of the whole is, `[R]`.
    """

    own: np.ndarray
    order: np.ndarray

    @classmethod
    def of(cls, cuts: Sequence[Cut]) -> RowOrder:
        """The order for residuals whose points are cut like this."""
        ends = np.cumsum([cut.points for cut in cuts])
        own, counts = (
            np.stack([np.concatenate(parts) for parts in zip(*found, strict=True)])
            for found in (
                [
                    [end - cut.points + cut.of(np.arange(cut.points), share) for share in range(cut.shares)]
                    for end, cut in zip(ends, cuts, strict=True)
                ],
                [[cut.counts(share) for share in range(cut.shares)] for cut in cuts],
            )
        )
        places = np.flatnonzero(counts.ravel())
        order = np.empty(len(places), np.int32)
        order[own.ravel()[places]] = places
        return cls(own.astype(np.int32), order)
