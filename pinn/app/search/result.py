"""What a run of a trial came to, as it travels from the worker."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from pinn.app.messages import BAD_INPUT, FAILED, INTERRUPTED, SOLVED, TERMINATED, UNKEPT


@final
@dataclass(frozen=True)
class Result:
    """One run.

    Attributes:
        status: the exit status of the command.
        message: why it failed, for a person; empty where it did not.
        error: the true relative L2 error.
        seconds: of the whole run.
        verdict: `pass`, `fail`, or empty.
        pruned: whether it was ended since it was hopeless.
        config: the text of its `config.yaml`.
    """

    status: int
    message: str = ""
    error: float | None = None
    seconds: float | None = None
    verdict: str = ""
    pruned: bool = False
    config: str = ""

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Result:
        return cls(**facts)

    @property
    def ended(self) -> bool:
        """Whether the run came to its end with an error that can be compared; a missed accuracy is no failure."""
        known = self.error is not None and math.isfinite(self.error)
        return self.status in (SOLVED, FAILED, UNKEPT) and not self.message and not self.pruned and known

    @property
    def interrupted(self) -> bool:
        """Whether somebody ended it from outside: it can go on."""
        return self.status in (INTERRUPTED, TERMINATED) and not self.pruned

    @property
    def refused(self) -> bool:
        """Whether its input was bad."""
        return self.status == BAD_INPUT


@final
@dataclass(frozen=True)
class Verdict:
    """What the runs of a trial, one a seed, come to together: the median error; a failed run is infinitely bad."""

    error: float
    seconds: float
    middle: Result | None

    @classmethod
    def of(cls, results: Sequence[Result]) -> Verdict:
        errors = [float(r.error) if r.ended and r.error is not None else math.inf for r in results]
        seconds = [r.seconds for r in results if r.seconds is not None]
        error = statistics.median(errors) if errors else math.inf
        middle = results[errors.index(statistics.median_low(errors))] if math.isfinite(error) else None
        return cls(error, statistics.median(seconds) if seconds else math.nan, middle)


def lost(results: Sequence[Result], seeds: int) -> bool:
    """Whether so many runs of a trial have failed that its median is infinite, whatever the others come to."""
    return 2 * sum(not result.ended for result in results) >= seeds
