"""Uniform points of what is made of pieces: one coordinate chooses a piece by its measure, and goes on inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.checks import Array


def summed_up(measures: Array) -> Array:
    """The measures `[T]` summed up to each piece: `[T + 1]`, from 0."""
    return np.append(0.0, np.cumsum(measures))


def placed(cumulative: Array, unit: Array) -> tuple[NDArray[np.intp], Array]:
    """Coordinates `[n]` in [0, 1] as pieces `[n]` and shares in [0, 1] of them `[n]`, by the measures summed up."""
    reached = unit * cumulative[-1]
    chosen = np.clip(np.searchsorted(cumulative, reached, side="right") - 1, 0, len(cumulative) - 2)
    width = cumulative[chosen + 1] - cumulative[chosen]  # that of the last piece may be lost to round-off
    return chosen, np.clip((reached - cumulative[chosen]) / np.where(width > 0, width, 1.0), 0.0, 1.0)


@final
@dataclass(frozen=True)
class Triangles:
    """Triangles in the plane or in space as one set with a uniform map.

    Attributes:
        corners: `[T, 3, d]`.
        cumulative: their areas summed up, `[T + 1]`.
    """

    corners: Array
    cumulative: Array

    def points(self, unit: Array) -> tuple[Array, NDArray[np.intp]]:
        """Unit coordinates `[n, 2]` -> points `[n, d]`, and the triangles they lie in `[n]`.

        With the share s and the second coordinate v it is `(1 - r) a + r ((1 - v) b + v c)`, `r = sqrt(s)`.
        """
        chosen, share = placed(self.cumulative, unit[:, 0])
        root = np.sqrt(share)[:, None]
        a, b, c = self.corners[chosen].transpose(1, 0, 2)
        return (1.0 - root) * a + root * ((1.0 - unit[:, 1:]) * b + unit[:, 1:] * c), chosen


@final
@dataclass(frozen=True)
class Boxes:
    """Boxes in the unit cube as one set with a uniform map, such as what is left of the pieces of a part.

    Attributes:
        lower, upper: the corners, `[m, k]`.
        whole: whether they are all of the cube.
    """

    lower: Array
    upper: Array
    whole: bool

    @property
    def measure(self) -> float:
        """The sum of the volumes."""
        return float(self.cumulative[-1])

    @property
    def cumulative(self) -> Array:
        """The volumes summed up to each box, `[m + 1]`."""
        return summed_up(np.prod(self.upper - self.lower, axis=1))

    def __call__(self, unit: Array) -> Array:
        """Unit coordinates `[n, k]` -> points of the boxes `[n, k]`."""
        chosen, share = placed(self.cumulative, unit[:, 0])
        inner = np.column_stack([share, unit[:, 1:]])
        return (1.0 - inner) * self.lower[chosen] + inner * self.upper[chosen]
