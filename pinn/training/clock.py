"""How many steps a training takes between two looks at the clock."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import final

import numpy as np

# A block of steps between two looks at the clock: short enough for Ctrl-C and the live line, long enough to cost
# nothing.
_BLOCK_SECONDS = 0.3
_LONGEST_BLOCK = 1000


@final
@dataclass
class Clock:
    """How many steps fit between two looks at the clock."""

    started: float
    block: int = 1

    @classmethod
    def after(cls, seconds: float) -> Clock:
        """A clock that has been running for so long."""
        return cls(time.perf_counter() - seconds)

    def now(self) -> float:
        """The seconds since it was started."""
        return time.perf_counter() - self.started

    def adapt(self, steps: int, seconds: float) -> None:
        """Learn from so many steps that have taken so long."""
        rate = steps / max(seconds, 1e-9)
        self.block = int(np.clip(rate * _BLOCK_SECONDS, 1, min(4 * self.block, _LONGEST_BLOCK)))


def divided(block: int, done: int, *periods: int, pauses: int = 0) -> int:
    """About a block, so that blocks end wherever something happens at every multiple of a period; 0 is never.

    The way to the next such step is divided evenly: a short rest of it would cost another look at the field. Where
    steps pause at every multiple of `pauses`, other ends are there as well: elsewhere they would be one pause more.
    """
    left = [period - done % period for period in periods if period]
    steps = math.ceil(min(left) / max(1, round(min(left) / block))) if left else block
    beyond = (done + steps) % pauses if pauses and steps not in left else 0
    return steps - beyond if beyond < steps else steps
