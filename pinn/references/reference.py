"""What a reference is: values and slopes anywhere, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]


@final
@dataclass(frozen=True)
class ReferenceSolution:
    """A solution by a classical method.

    Attributes:
        kind: the method in a word or two, for the verdict.
        accuracy: its own relative L2 error, estimated by a coarser solution.
        value: points `[N, d]` -> `[N]`.
        gradient: points `[N, d]` -> the slopes over space, `[N, k]`.
    """

    kind: str
    accuracy: float
    value: Function
    gradient: Function
