"""The live line while a run trains: stage, step, loss, true error, speed and time left.

    adam  ━━━━━━━╸━━━━━━━━  1240/2000  loss 3.2e-05  error 1.1e-03  412 step/s  0:00:01 left

It is written on a terminal and erased at the end; where neither output is a terminal nothing is written at all.
"""

from __future__ import annotations

import math
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from io import UnsupportedOperation
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

STARTING = "loading TensorFlow, compiling ..."
_WINDOW = 12


class Event(Protocol):
    """What a training tells about itself; `pinn.training.loop.Event` is one.

    `step` of `steps_planned` in all stages together, `seconds` of training so far; `error` is `None` or NaN where no
    exact solution is known.
    """

    @property
    def step(self) -> int: ...
    @property
    def steps_planned(self) -> int: ...
    @property
    def stage(self) -> str: ...
    @property
    def loss(self) -> float: ...
    @property
    def error(self) -> float | None: ...
    @property
    def seconds(self) -> float: ...


Observer = Callable[[Event], None]


class Pace:
    """Steps a second over the last few events: stages differ in speed, so the mean of the run would mislead."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=_WINDOW)

    def update(self, step: int, seconds: float) -> float | None:
        """The pace after one more event; `None` while there is no time between events."""
        self._seen.append((step, seconds))
        (first_step, first_seconds), (last_step, last_seconds) = self._seen[0], self._seen[-1]
        if len(self._seen) == 1:
            first_step, first_seconds = 0, 0.0
        passed = last_seconds - first_seconds
        return (last_step - first_step) / passed if passed > 0 else None


def describe(event: Event, pace: float | None) -> str:
    """The numbers of the line as text; what is not known is left out."""
    parts = [f"loss {event.loss:.1e}"]
    if event.error is not None and not math.isnan(event.error):
        parts.append(f"error {event.error:.1e}")
    if pace is not None and pace > 0:
        parts.append(f"{pace:.0f} step/s" if pace >= 10 else f"{pace:.1f} step/s")
        left = math.ceil(max(event.steps_planned - event.step, 0) / pace)
        parts.append(f"{timedelta(seconds=left)} left")
    return "  ".join(parts)


@contextmanager
def live(*, enabled: bool = True) -> Iterator[Observer]:
    """Shows the line while the block runs and yields the observer that feeds it.

    Args:
        enabled: `False` never writes; `True` writes when standard error, or else standard output, is a terminal.
    """
    terminal = _terminal() if enabled else None
    if terminal is None:
        yield _ignore
        return
    with ExitStack() as stack:
        console = Console(file=stack.enter_context(_own(terminal)), force_terminal=True)
        line = stack.enter_context(_line(console))
        yield _feed(line)


def _feed(line: Progress) -> Observer:
    task = line.add_task(STARTING, total=None, numbers="")
    pace = Pace()

    def observe(event: Event) -> None:
        line.update(
            task,
            description=event.stage,
            total=event.steps_planned,
            completed=event.step,
            numbers=f"{event.step}/{event.steps_planned}  {describe(event, pace.update(event.step, event.seconds))}",
        )

    return observe


def _line(console: Console) -> Progress:
    both = sys.stdout.isatty() and sys.stderr.isatty()
    return Progress(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        TextColumn("{task.fields[numbers]}"),
        console=console,
        transient=True,
        redirect_stdout=both,
        redirect_stderr=both,
    )


def _terminal() -> TextIO | None:
    """Standard error if it is a terminal, else standard output if it is one."""
    return next((stream for stream in (sys.stderr, sys.stdout) if stream is not None and stream.isatty()), None)


@contextmanager
def _own(stream: TextIO) -> Iterator[TextIO]:
    """The stream by a descriptor of its own, so that the line goes on while descriptor 2 points elsewhere."""
    descriptor = None
    with suppress(UnsupportedOperation, OSError):
        descriptor = os.dup(stream.fileno())
    if descriptor is None:
        yield stream
        return
    with os.fdopen(descriptor, "w", encoding=stream.encoding, errors="replace") as own:
        yield own


def _ignore(event: Event) -> None:
    """Shows nothing."""
