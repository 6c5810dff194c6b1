"""Checks of the parameters of problems."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any


def require_positive(**values: float) -> None:
    """Raise `ValueError` unless all values are positive numbers."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name}: expected a positive number; got {value}")


def require_finite(**values: float) -> None:
    """Raise `ValueError` unless all values are finite numbers."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise ValueError(f"{name}: expected a finite number; got {value}")


def require_whole(*, least: int, **values: Any) -> None:
    """Raise `ValueError` unless all values are whole numbers of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise ValueError(f"{name}: expected a whole number of at least {least}; got {value}")
