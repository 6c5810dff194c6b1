"""The line while a sweep runs: trials done, the best so far, time left. In a terminal only."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from pinn.app.search.book import Book


@contextmanager
def live(book: Book, total: int) -> Iterator[Callable[[int], None]]:
    """Shows the line while the block runs; what it yields is told how many trials are running when that changes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _ignore
        return
    began, before = time.monotonic(), len(_done(book.trials()))
    with _line(console) as line:
        task = line.add_task("starting the workers ...", total=total, completed=before, numbers="")

        def changed(running: int) -> None:
            done = _done(book.trials())
            pace = (len(done) - before) / (time.monotonic() - began)
            line.update(
                task,
                description=f"{running} running",
                completed=len(done),
                numbers=f"{len(done)}/{total}  {describe(done, left=total - len(done), pace=pace)}",
            )

        yield changed


def describe(done: Sequence[FrozenTrial], *, left: int, pace: float) -> str:
    """The numbers of the line: the best error, how many trials were ended early or failed, the time left."""
    complete = [trial for trial in done if trial.state == TrialState.COMPLETE]
    parts = []
    if complete:
        best = min(complete, key=lambda trial: trial.values[0])
        parts.append(f"best {best.values[0]:.1e} by trial {best.number}")
    for state, word in ((TrialState.PRUNED, "pruned"), (TrialState.FAIL, "failed")):
        count = sum(trial.state == state for trial in done)
        parts += [f"{count} {word}"] if count else []
    if pace > 0 and left > 0:
        parts.append(f"{timedelta(seconds=math.ceil(left / pace))} left")
    return "  ".join(parts)


def _done(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.state.is_finished()]


def _line(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        TextColumn("{task.fields[numbers]}"),
        console=console,
        transient=True,
    )


def _ignore(running: int) -> None:
    """Shows nothing."""
