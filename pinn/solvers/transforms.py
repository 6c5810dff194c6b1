"""What a quasi-Newton method minimises: the loss, or a function of it that grows with it.

A monotone function has the same minima and other curvature: near a loss of zero the logarithm keeps its slope where a
sum of squares flattens out, so that the fall from 1e-10 to 1e-12 weighs as much as that from 1 to 1e-2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

SMALLEST = 1e-300  # stands in for a loss of zero, where root and logarithm have no slope


class Transform(NamedTuple):
    """`value = T(L)` and `slope = T'(L)` of a loss `L >= 0`, both floats.

    Where `T` bends the loss downwards, the full quasi-Newton step is no natural length: `bends`.
    """

    value: Callable[[float], float]
    slope: Callable[[float], float]
    bends: bool


TRANSFORMS = {
    "none": Transform(lambda loss: loss, lambda _: 1.0, False),
    "sqrt": Transform(math.sqrt, lambda loss: 0.5 / math.sqrt(loss + SMALLEST), True),
    "log": Transform(lambda loss: math.log(loss + SMALLEST), lambda loss: 1.0 / (loss + SMALLEST), True),
}


def transform_named(owner: str, name: str) -> Transform:
    """The transform of a name; raises `ValueError` for one that does not exist."""
    if name not in TRANSFORMS:
        raise ValueError(f"{owner}: transform must be one of {', '.join(TRANSFORMS)}, got {name!r}.")
    return TRANSFORMS[name]
