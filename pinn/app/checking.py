"""One resolved config, checked and not run: the table on the terminal, the files in the folder, the exit status."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pinn.app.build import problem_from
from pinn.app.check import PICTURE, check
from pinn.app.messages import BAD_INPUT, SOLVED
from pinn.app.output import as_text, shown, tell
from pinn.app.progress import Observer
from pinn.app.run import arguments_of
from pinn.app.running import prepare
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
    prepare(config["device"])
    found = check(problem_from(config["problem"]), **arguments_of(config))
    with interruption():
        written = found.save(folder)
    tell(as_text(found.table(), _WIDTH))
    counts = [sum(finding.level == level for finding in found.findings) for level in LEVELS]
    picture = "" if any(path.name == PICTURE for path in written) else ", no picture of more than three axes"
    counted = f"{_plural(counts[2], 'error')}, {_plural(counts[1], 'warning')}"
    tell(f"{found.problem.name}: {counted}{picture}; {shown(folder)}")
    return BAD_INPUT if found.level == "error" else SOLVED


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
