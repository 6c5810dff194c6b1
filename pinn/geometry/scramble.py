"""Further uniform coordinates from given ones, for maps that must reject a point and try again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.checks import Array

Bits = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: the step of the Weyl sequence


def scrambled(unit: Array, attempt: int) -> Array:
    """The coordinates that follow `unit` `[n, k]` at the given attempt: `[n, k]`, in [0, 1).

    Row by row a fixed function of the bits of the row, so that a map which uses it is still a map: a point does not
    depend on the points it is computed with. Rows that differ in one bit have answers that are unrelated.

    Source: the mixing function of G. L. Steele, D. Lea and C. H. Flood, Fast Splittable Pseudorandom Number Generators,
    OOPSLA (2014).
    """
    bits = np.ascontiguousarray(unit + 0.0).view(np.uint64)  # + 0.0: both zeros have the same bits
    with np.errstate(over="ignore"):
        row = np.full(len(unit), _GOLDEN)
        for column in bits.T:
            row = _mixed((row ^ column) + _GOLDEN)
        counters = np.arange(1, unit.shape[1] + 1, dtype=np.uint64) + np.uint64(attempt * unit.shape[1])
        mixed = _mixed(row[:, None] + counters * _GOLDEN)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(bits: Bits) -> Bits:
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
