"""One resolved config, checked and not run: the table on the terminal, the files in the folder, the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from pinn.app.build import problem_from
from pinn.app.check import PICTURE, Examination, check
from pinn.app.messages import BAD_INPUT, SOLVED
from pinn.app.progress import Observer
from pinn.app.run import arguments_of, shown, tell
from pinn.training.interrupt import interruption
from pinn.validation.checks import LEVELS

_WIDTH = 80  # of a table that nobody sees on a terminal


def run_check(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:  # noqa: ARG001 - nothing is trained
    """Check what a config asks for, print the table, and write `check.json` and `domain.png` into the folder.

    Returns:
        0 where nothing is wrong or there are warnings only, 2 where there is an error.

    Raises:
        ValueError, TypeError: what no run could begin with, before anything is written.
    """
    found = check(problem_from(config["problem"]), **arguments_of(config))
    with interruption():
        written = found.save(folder)
    tell(_text(found))
    counts = [sum(finding.level == level for finding in found.findings) for level in LEVELS]
    picture = "" if any(path.name == PICTURE for path in written) else ", no picture of more than three axes"
    counted = f"{_plural(counts[2], 'error')}, {_plural(counts[1], 'warning')}"
    tell(f"{found.problem.name}: {counted}{picture}; {shown(folder)}")
    return BAD_INPUT if found.level == "error" else SOLVED


def _text(found: Examination) -> str:
    """The table as text: in colours and as wide as it is on a terminal, plain elsewhere."""
    terminal = sys.stdout.isatty()
    width = os.get_terminal_size(sys.stdout.fileno()).columns if terminal else _WIDTH
    stream = StringIO()
    Console(file=stream, width=width, force_terminal=terminal).print(found.table())
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
