"""The live view while a run trains: on a terminal, four times a second, erased at the end.

Where neither output is a terminal nothing is written at all, and events cost nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import UnsupportedOperation
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pinn.app.board import Event

Observer = Callable[["Event"], None]

REFRESHES = 4.0
"""A second; each takes about a millisecond of the processor."""


@contextmanager
def live(*, enabled: bool = True, title: str = "", time_limit: float | None = None) -> Iterator[Observer]:
    """Shows the panel while the block runs and yields the observer that feeds it.

    Args:
        enabled: `False` never writes; `True` writes when standard error, or else standard output, is a terminal.
        title: of the panel.
        time_limit: seconds of training, where there is a limit.
    """
    terminal = _terminal() if enabled else None
    if terminal is None:
        yield _ignore
        return
    from rich.console import Console
    from rich.live import Live

    from pinn.app.board import Board

    both = sys.stdout.isatty() and sys.stderr.isatty()
    with ExitStack() as stack:
        console = Console(file=stack.enter_context(_own(terminal)), force_terminal=True)
        board = Board(title, time_limit=time_limit)
        stack.enter_context(
            Live(
                board,
                console=console,
                refresh_per_second=REFRESHES,
                transient=True,
                redirect_stdout=both,
                redirect_stderr=both,
            )
        )
        yield board.observe


def _terminal() -> TextIO | None:
    """Standard error if it is a terminal, else standard output if it is one."""
    return next((stream for stream in (sys.stderr, sys.stdout) if stream is not None and stream.isatty()), None)


@contextmanager
def _own(stream: TextIO) -> Iterator[TextIO]:
    """The stream by a descriptor of its own, so that the view goes on while descriptor 2 points elsewhere."""
    descriptor = None
    with suppress(UnsupportedOperation, OSError):
        descriptor = os.dup(stream.fileno())
    if descriptor is None:
        yield stream
        return
    with os.fdopen(descriptor, "w", encoding=stream.encoding, errors="replace") as own:
        yield own


def is_shown(observer: Observer) -> bool:
    """Whether somebody looks at what an observer is told."""
    return observer is not _ignore


def _ignore(event: Event) -> None:
    """Shows nothing."""
