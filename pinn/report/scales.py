"""Limits and ticks for colours and axes, for every input: constants, zeros, NaN, single values, far outliers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, LogFormatterMathtext, LogLocator, MaxNLocator, NullFormatter

TINY = 1e-300
"""Magnitudes below this count as zero: their ticks could not be computed without underflow."""

FLAT = 1e-9
"""A field whose spread is below this part of its magnitude is drawn as a constant: its ticks would not differ."""

SPIKE = 5.0
"""A largest magnitude beyond this many times the 99.5 % quantile is clipped: a corner may not hide the rest."""

Extend = Literal["neither", "both"]


@dataclass(frozen=True)
class Scale:
    """A linear scale: limits, ticks inside, their texts in units of `10**exponent`, and whether values overshoot."""

    low: float
    high: float
    ticks: tuple[float, ...]
    texts: tuple[str, ...]
    exponent: int
    extend: Extend = "neither"


def finite(*arrays: np.ndarray) -> np.ndarray:
    """All finite values of the arrays, `[k]`."""
    flat = np.concatenate([np.ravel(np.asarray(array, dtype=np.float64)) for array in arrays] or [np.empty(0)])
    return flat[np.isfinite(flat)]


def exponent_of(magnitude: float) -> int:
    """The power of ten to factor out of tick texts: zero from 0.1 to 9999, else the order of magnitude."""
    if magnitude < TINY or 1e-1 <= magnitude < 1e4:
        return 0
    return math.floor(math.log10(magnitude))


def tick_texts(ticks: Sequence[float], exponent: int) -> tuple[str, ...]:
    """Ticks divided by `10**exponent`, all with the fewest decimals that tell them exactly."""
    scaled = [tick / 10.0**exponent for tick in ticks]
    step = min((abs(b - a) for a, b in pairwise(scaled)), default=max(map(abs, scaled), default=1.0))
    digits = next((d for d in range(12) if all(abs(round(s, d) - s) <= 1e-3 * step for s in scaled)), 12)
    return tuple(f"{s + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}") for s in (round(s, digits) for s in scaled))


def _scale(low: float, high: float, count: int, extend: Extend = "neither") -> Scale:
    """Limits with about `count` round ticks inside them."""
    candidates = MaxNLocator(nbins=max(count, 1), steps=[1, 2, 5, 10]).tick_values(low, high)
    slack = 1e-9 * (high - low)
    ticks = tuple(float(tick) for tick in candidates if low - slack <= tick <= high + slack)
    exponent = exponent_of(max(abs(low), abs(high)))
    return Scale(low, high, ticks, tick_texts(ticks, exponent), exponent, extend)


def _constant(value: float) -> Scale:
    """Room around one value, which is the only tick."""
    width = max(abs(value), 1.0 if abs(value) < TINY else 0.0)
    exponent = exponent_of(abs(value))
    text = f"{value / 10.0**exponent:.6g}".replace("-", "\N{MINUS SIGN}")
    return Scale(value - 0.5 * width, value + 0.5 * width, (value,), (text,), exponent)


def sequential(*arrays: np.ndarray, count: int = 5) -> Scale | None:
    """The scale from the smallest to the largest finite value of all arrays; `None` when there is none."""
    values = finite(*arrays)
    if values.size == 0:
        return None
    low, high = float(values.min()), float(values.max())
    magnitude = max(abs(low), abs(high))
    if magnitude < TINY:
        return _constant(0.0)
    if high - low <= FLAT * magnitude:
        return _constant(0.5 * low + 0.5 * high)
    return _scale(low, high, count)


def diverging(values: np.ndarray, *, count: int = 5) -> Scale | None:
    """The scale `[-L, L]` with L the largest magnitude, or the 99.5 % quantile where a spike would hide the rest."""
    magnitudes = np.abs(finite(values))
    if magnitudes.size == 0:
        return None
    limit, typical = float(magnitudes.max()), float(np.quantile(magnitudes, 0.995))
    if limit < TINY:
        return Scale(-1.0, 1.0, (0.0,), ("0",), 0)
    spiky = typical > TINY and limit > SPIKE * typical
    limit = typical if spiky else limit
    return _scale(-limit, limit, count, "both" if spiky else "neither")


def decades(*arrays: np.ndarray, depth: float = 16.0) -> tuple[float, float] | None:
    """Whole powers of ten around the positive finite values, at most `depth` below the largest; `None` without any."""
    values = finite(*arrays)
    values = values[values > TINY]
    if values.size == 0:
        return None
    high = math.ceil(math.log10(values.max()) - 1e-9)
    low = max(math.floor(math.log10(values.min()) + 1e-9), math.floor(high - depth))
    return 10.0 ** min(low, high - 1), 10.0**high


def set_linear(axis: Axis, scale: Scale) -> None:
    """Ticks of a linear axis; the factor `10**exponent` belongs in its label."""
    axis.set_ticks(scale.ticks, labels=scale.texts)


def set_decades(axis: Axis, low: float, high: float, count: int = 6) -> None:
    """At most about `count` labelled powers of ten; the others stay as quiet minor ticks."""
    axis.set_major_locator(LogLocator(base=10.0, numticks=count))
    axis.set_major_formatter(LogFormatterMathtext(base=10.0))
    powers = 10.0 ** np.arange(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    axis.set_minor_locator(FixedLocator(powers.tolist()))
    axis.set_minor_formatter(NullFormatter())
