"""Grids of patches that are finer where more happens: borders along each axis, and how patches blend across them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, final

import numpy as np

from pinn.fields.layers import require_sizes

BORDER_COLUMNS = 6
"""What `Axis.table` says of a border: its position, the width of its window, the middles of the patches on its left and
right relative to it, and the numbers of these patches."""


@final
@dataclass(frozen=True, eq=False)
class Axis:
    """The patches along one axis: `n` of them, between `n + 1` borders.

    Two neighbours blend across their border in a window whose width is `overlap` times the narrower of the two, so that
    a point feels the two patches at its nearest border, and no others. On a periodic axis the last patch and the first
    are neighbours.

    Args:
        borders: increasing, `[n + 1]` with `n >= 2`.
        overlap: above 0 and at most 1.
        periodic: whether the ends are one place.

    Raises:
        ValueError: fewer than two patches, or borders that do not increase.
    """

    borders: np.ndarray
    overlap: float = 1.0
    periodic: bool = False

    def __post_init__(self) -> None:
        if len(self.borders) < 3 or not np.all(np.diff(self.borders) > 0):
            raise ValueError(f"expected increasing borders of at least two patches; got {self.borders}")

    @property
    def count(self) -> int:
        """How many patches, `n`."""
        return len(self.borders) - 1

    @property
    def sizes(self) -> np.ndarray:
        """Of the patches, `[n]`."""
        return np.diff(self.borders)

    @property
    def middles(self) -> np.ndarray:
        """Of the patches, `[n]`."""
        return (self.borders[:-1] + self.borders[1:]) / 2

    @cached_property
    def widths(self) -> np.ndarray:
        """Of the windows at the borders, `[n + 1]`; an end with no neighbour has that of its only patch."""
        left, right = np.roll(self.sizes, 1), self.sizes
        if not self.periodic:
            left = np.concatenate([self.sizes[:1], left[1:]])
        inner = np.minimum(left, right)
        last = inner[0] if self.periodic else self.sizes[-1]
        return self.overlap * np.append(inner, last)

    @property
    def supports(self) -> tuple[np.ndarray, np.ndarray]:
        """Where each patch is felt, `[n]` and `[n]`: half a window beyond its borders, but not beyond ends that have no
        neighbour.
        """
        reach = self.widths / 2
        if not self.periodic:
            reach = np.concatenate([[0.0], reach[1:-1], [0.0]])
        return self.borders[:-1] - reach[:-1], self.borders[1:] + reach[1:]

    def table(self, stride: int = 1) -> np.ndarray:
        """The borders as `BORDER_COLUMNS` numbers each, `[n + 1, 6]`; patches are numbered by multiples of `stride`."""
        left, right = np.arange(-1, self.count), np.arange(self.count + 1)
        if not self.periodic:  # nobody asks for the patch beyond an end
            left, right = np.maximum(left, 0), np.minimum(right, self.count - 1)
        left, right = left % self.count, right % self.count
        half = self.sizes / 2
        return np.stack([self.borders, self.widths, -half[left], half[right], stride * left, stride * right], axis=1)

    def thresholds(self, far: float) -> np.ndarray:
        """The coordinates whose number below a point is that of its nearest border with two patches, `[n]`; the first
        and the last are as good as infinite on an axis that is not periodic.
        """
        if self.periodic:
            return self.middles
        return np.concatenate([[-far], self.middles[1:-1], [far]])

    def split(self, chosen: np.ndarray) -> Axis:
        """The axis with some patches `[n]` (true or false) cut in half; so are neighbours of more than twice the size
        of any other, until none is.
        """
        borders = np.sort(np.concatenate([self.borders, self.middles[chosen]]))
        sizes = np.diff(borders)
        around = np.minimum(np.roll(sizes, 1), np.roll(sizes, -1))
        if not self.periodic:
            around[0], around[-1] = sizes[1], sizes[-2]
        large = sizes > _STEEPEST * around
        found = Axis(borders, self.overlap, self.periodic)
        return found.split(large) if large.any() else found


_STEEPEST = 2.5  # a little above 2, for round-off


class Boxes(NamedTuple):
    """Boxes by their corners, `[K, k]` each."""

    lower: np.ndarray
    upper: np.ndarray


@final
@dataclass(frozen=True, eq=False)
class PatchGrid:
    """Patches in several axes: the products of those along each."""

    axes: tuple[Axis, ...]

    @classmethod
    def regular(
        cls,
        lower: np.ndarray,
        upper: np.ndarray,
        counts: Sequence[int],
        *,
        overlap: float = 1.0,
        periodic: Sequence[bool] = (),
    ) -> PatchGrid:
        """Patches of equal size in a box."""
        around = tuple(periodic) or (False,) * len(counts)
        return cls(
            tuple(
                Axis(np.linspace(a, b, n + 1), overlap, p)
                for a, b, n, p in zip(lower, upper, counts, around, strict=True)
            )
        )

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of patches along each axis."""
        return tuple(axis.count for axis in self.axes)

    @property
    def strides(self) -> tuple[int, ...]:
        """How far apart the numbers of neighbours along each axis are, the last axis running fastest."""
        return tuple(math.prod(self.counts[i + 1 :]) for i in range(len(self.counts)))

    @property
    def size(self) -> int:
        """The number of patches, `K`."""
        return math.prod(self.counts)

    @property
    def boxes(self) -> Boxes:
        """The patches in their order."""
        return Boxes(_products([a.borders[:-1] for a in self.axes]), _products([a.borders[1:] for a in self.axes]))

    @property
    def supports(self) -> Boxes:
        """Where they are felt."""
        lower, upper = zip(*(axis.supports for axis in self.axes), strict=True)
        return Boxes(_products(lower), _products(upper))

    def wrapped(self, places: np.ndarray) -> np.ndarray:
        """Points `[n, k]` brought back into the box along periodic axes."""
        moved = places.copy()
        for i, axis in enumerate(self.axes):
            if axis.periodic:
                first, last = axis.borders[0], axis.borders[-1]
                moved[:, i] = first + np.mod(places[:, i] - first, last - first)
        return moved

    def refined(self, chosen: np.ndarray) -> PatchGrid:
        """The grid with some patches `[K]` (true or false) cut in half along all axes, and with them all others in
        their rows and columns.
        """
        shaped = chosen.reshape(self.counts)
        others = [tuple(j for j in range(shaped.ndim) if j != i) for i in range(shaped.ndim)]
        return PatchGrid(
            tuple(axis.split(np.any(shaped, axis=rest)) for axis, rest in zip(self.axes, others, strict=True))
        )


def counts_along(patches: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    """How many patches there are along each of so many axes, where one number is meant for all of them.

    Raises:
        ValueError: they were given for another number of axes.
    """
    counts = patches if isinstance(patches, tuple) else (patches,) * axes
    if len(counts) != axes:
        raise ValueError(f"field.patches: expected one number, or one for each of {axes} axes; got {counts}")
    return counts


def require_patches(patches: int | tuple[int, ...], overlap: float, *, least: int) -> None:
    """Raise `ValueError` for fewer patches along an axis, or for neighbours that cannot blend."""
    for count in counts_along(patches, len(patches) if isinstance(patches, tuple) else 1):
        require_sizes("field", patches=count)
        if count < least:
            raise ValueError(f"field.patches: expected at least {least} along each axis; got {count}")
    if not 0 < overlap <= 1:
        raise ValueError(f"field.overlap: expected a number above 0 and at most 1; got {overlap}")


def _products(axes: Sequence[np.ndarray]) -> np.ndarray:
    return np.array(list(itertools.product(*axes)), np.float64)
