"""The trials of a hyperparameter search: ranked, as a table, a file and pictures, from plain records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from rich.table import Table
from rich.text import Text

from pinn.report.cells import scientific, seconds
from pinn.report.columns import Column, fitted_table
from pinn.report.files import write_records
from pinn.report.ranking import number, short_names

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
_ORDER = (COMPLETE, PRUNED)
_COLOURS = {COMPLETE: "green", PRUNED: "yellow", FAILED: "red"}


@final
@dataclass(frozen=True)
class TrialRow:
    """One trial.

    Attributes:
        number: counted from 0.
        values: what was chosen, by key.
        error: the true relative L2 error, of a pruned trial the last that was seen; NaN where none is known.
        seconds: of its run; NaN where they are not known.
        state: `complete`, `pruned`, `failed`, or another word for one that has not ended.
        folder: of its runs.
        message: why it failed.
        seeds, errors: of its runs, where it has several.
    """

    number: int
    values: Mapping[str, object]
    error: float
    seconds: float
    state: str
    folder: str
    message: str = ""
    seeds: Sequence[int] = field(default_factory=tuple)
    errors: Sequence[float | None] = field(default_factory=tuple)


def ranked(rows: Sequence[TrialRow]) -> list[TrialRow]:
    """Those that came to their end by error, then by seconds; then those that were pruned, then the others."""

    def order(row: TrialRow) -> tuple[int, float, float, int]:
        group = _ORDER.index(row.state) if row.state in _ORDER else len(_ORDER)
        known = [value if math.isfinite(value) else math.inf for value in (row.error, row.seconds)]
        return (group, *(known if group < len(_ORDER) else (0.0, 0.0)), row.number)

    return sorted(rows, key=order)


def keys_of(rows: Sequence[TrialRow]) -> list[str]:
    """The keys that any trial has, in order of appearance."""
    return list(dict.fromkeys(key for row in rows for key in row.values))


def trials_table(rows: Sequence[TrialRow], *, most: int, width: int) -> Table:
    """The best of the ranked trials for the terminal: rank, trial, what was chosen, error, seconds, state, folder.

    Args:
        rows: the trials, in any order.
        most: how many of them.
        width: characters in a line.
    """
    keys = keys_of(rows)
    names = short_names(keys)
    shown = ranked(rows)[:most]
    places = [str(place) if row.state == COMPLETE else "" for place, row in enumerate(shown, start=1)]
    columns = [
        Column("rank", places, right=True),
        Column("trial", [str(row.number) for row in shown], right=True),
        *(
            Column(names[key], [_value(row.values.get(key)) for row in shown], right=_is_numeric(rows, key))
            for key in keys
        ),
        Column("relative L2", [scientific(row.error) for row in shown], right=True),
        Column("seconds", [seconds(row.seconds) for row in shown], right=True),
        Column("state", [Text(row.state, style=_COLOURS.get(row.state, "")) for row in shown], spare=1),
        Column("folder", [row.folder for row in shown], spare=2),
    ]
    return fitted_table(columns, width=width)


def _is_numeric(rows: Sequence[TrialRow], key: str) -> bool:
    return all(math.isfinite(number(row.values[key])) for row in rows if key in row.values)


def write_trials(rows: Sequence[TrialRow], path: str | Path) -> Path:
    """Write the ranked trials as CSV, numbers exactly; several seeds and their errors as JSON lists."""
    keys = keys_of(rows)
    names = ["rank", "trial", *keys, "relative_l2", "seconds", "state", "folder", "seeds", "errors", "message"]
    records = [
        [
            place if row.state == COMPLETE else None,
            row.number,
            *(row.values.get(key) for key in keys),
            row.error,
            row.seconds,
            row.state,
            row.folder,
            list(row.seeds) or None,
            list(row.errors) or None,
            row.message or None,
        ]
        for place, row in enumerate(ranked(rows), start=1)
    ]
    return write_records(names, records, path)


def _value(value: object) -> str:
    """Numbers to four digits, the rest as it is; nothing where the trial has no such key."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
