"""What a network is built for: where its points are, what it answers, and of what numbers it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np


@final
@dataclass(frozen=True, eq=False)
class Layout:
    """All that a recipe has to be told to build a network `[N, d] -> [N, m]`.

    Args:
        lower, upper: the corners of the box that its points are in, `[d]` each, time last.
        components: of the field, `m`.
        dtype: of its weights, `float32` or `float64`.
        seed: of its weights; equal ones give equal weights.
        periodic: for each axis whether it closes on itself; nothing at all where none does.

    Raises:
        ValueError: corners that make no box, or `periodic` for another number of axes.
    """

    lower: np.ndarray
    upper: np.ndarray
    components: int = 1
    dtype: str = "float64"
    seed: int = 0
    periodic: Sequence[bool] = ()

    def __post_init__(self) -> None:
        lower, upper = (np.asarray(corner, np.float64) for corner in (self.lower, self.upper))
        if lower.ndim != 1 or lower.shape != upper.shape or not np.all(lower < upper):
            raise ValueError(f"expected a box by its corners, such as [0, 0] and [1, 2]; got {lower} and {upper}")
        periodic = tuple(self.periodic) or (False,) * len(lower)
        if len(periodic) != len(lower):
            raise ValueError(f"periodic: expected true or false for each of {len(lower)} axes; got {periodic}")
        for name, value in (("lower", lower), ("upper", upper), ("periodic", periodic)):
            object.__setattr__(self, name, value)

    @property
    def axes(self) -> int:
        """How many, `d`."""
        return len(self.lower)
