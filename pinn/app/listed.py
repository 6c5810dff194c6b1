"""Runs as the columns of a table, and as plain facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from pinn.app.origin import DIRTY
from pinn.app.output import shown
from pinn.app.runs import UNFINISHED, Run
from pinn.report import Column
from pinn.report.cells import coloured, scientific, seconds

_COMMIT = 7  # characters of a hash that are shown


def columns_of(runs: Sequence[Run]) -> list[Column]:
    """The table of some runs. Where there is no room the commit goes first, then the seed, then the date, which most
    folders are named after.
    """
    return [
        Column("date", ["" if run.date is None else f"{run.date:%Y-%m-%d %H:%M}" for run in runs], spare=4),
        Column("problem", [run.problem or "" for run in runs]),
        Column("field", [run.field or "" for run in runs], spare=3),
        Column("solver", [run.solver or "" for run in runs], spare=2),
        Column("relative L2", [scientific(run.relative_l2, "") for run in runs], right=True),
        Column("seconds", [seconds(run.seconds, "") for run in runs], right=True, spare=1),
        Column("verdict", [_verdict(run) for run in runs]),
        Column("seed", ["" if run.seed is None else str(run.seed) for run in runs], right=True, spare=5),
        Column("commit", [_commit(run.commit) for run in runs], spare=6),
        Column("folder", [str(shown(run.folder)) for run in runs]),
    ]


def facts_of(run: Run) -> dict[str, Any]:
    """Everything that is known of a run, as plain JSON."""
    return {
        "folder": str(shown(run.folder)),
        "date": None if run.date is None else run.date.isoformat(timespec="seconds"),
        "problem": run.problem,
        "field": run.field,
        "solver": run.solver,
        "relative_l2": run.relative_l2,
        "seconds": run.seconds,
        "steps": run.steps,
        "verdict": run.verdict,
        "seed": run.seed,
        "dtype": run.dtype,
        "commit": run.commit,
    }


def _verdict(run: Run) -> Text:
    """In the colour of its word; an unfinished run says how far it has come."""
    far = run.verdict == UNFINISHED and run.steps is not None
    return coloured(run.verdict, f"{UNFINISHED}, step {run.steps}" if far else None)


def _commit(commit: str | None) -> str:
    """The beginning of the hash, with a star where files differed."""
    return "" if commit is None else commit[:_COMMIT] + ("*" if commit.endswith(DIRTY) else "")
