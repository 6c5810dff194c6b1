r"""Time in octaves, for what begins at once: `s = \log(1 + \tau / \epsilon) / \log(1 + 1 / \epsilon)`.

`\tau` is the part of the duration since the start, and `\epsilon` the part from which on each of its octaves has as
much of `s` as any other; before that, `s` and `\tau` are proportional. Both go from 0 to 1.
"""

from __future__ import annotations

import math

import numpy as np

from pinn.geometry.checks import Array


def octaves(parts: Array, early: float) -> Array:
    """`s` for parts of the duration, any shape."""
    return np.log1p(parts / early) / math.log1p(1.0 / early)


def parts_of_octaves(octaves: Array, early: float) -> Array:
    """The inverse of it."""
    return early * np.expm1(octaves * math.log1p(1.0 / early))
