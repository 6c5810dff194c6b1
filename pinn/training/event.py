"""What a training tells about itself while it is on its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, final

from pinn.training.snapshot import Snapshot


@final
@dataclass(frozen=True)
class Event:
    """One look at a running training, handed to observers after every block of steps.

    Attributes:
        step, steps_planned: of all stages together.
        stage: the solver at work.
        loss: at this step.
        error: the true relative L2 error, where it is known.
        seconds: of training so far.
        snapshot: makes all that the training has come to; it stays as it is while the training goes on.
        terms: the mean square of each residual, where they are known.
        controls: makes what steers the steps of the solver, such as its damping.
        rung: of the ladder that the run climbs, if it does, as words.
        steps_before: of the rungs before.
    """

    step: int
    steps_planned: int
    stage: str
    loss: float
    error: float | None
    seconds: float
    snapshot: Callable[[], Snapshot]
    terms: Mapping[str, float] = field(default_factory=dict)
    controls: Callable[[], Mapping[str, float]] = dict
    rung: str = ""
    steps_before: int = 0


Observer = Callable[[Event], None]


class Keeping(Protocol):
    """Who keeps a training: told after every block, and wherever `every` steps more are done; 0 is never."""

    every: int

    def __call__(self, event: Event) -> None: ...
