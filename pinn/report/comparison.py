"""Runs of a sweep against each other: ranked by true error, as a table and a file.

A *row* is a mapping with `relative_l2`, `seconds`, `verdict` and `folder` (any may be missing or `None`); every other
key is an override of the run, such as `"field.width": 32`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from pinn.report.cells import coloured, scientific, seconds
from pinn.report.files import write_records
from pinn.report.ranking import MEASURED, Row, is_measured, number, overrides, rank, short_names, varied

__all__ = ["Row", "rank", "table", "write_csv"]


def _text(value: object) -> str:
    """A value as it was given on the command line; nothing for none."""
    return "" if value is None else str(value)


def table(rows: Sequence[Row], title: str) -> Table:
    """The ranked rows as a table for the terminal: rank, varied overrides, relative L2, seconds, verdict, folder.

    Failed runs have no rank. Values are shown as they are, with no markup read into them.
    """
    keys = varied(rows)
    names = short_names(keys)
    result = Table(title=Text(title), title_justify="left", header_style="bold")
    result.add_column("rank", justify="right")
    for key in keys:
        numeric = all(math.isfinite(number(row.get(key))) for row in rows)
        result.add_column(Text(names[key]), justify="right" if numeric else "left", overflow="fold")
    result.add_column("relative L2", justify="right", no_wrap=True)
    result.add_column("seconds", justify="right", no_wrap=True)
    result.add_column("verdict", no_wrap=True)
    result.add_column("folder", overflow="fold")
    for place, row in enumerate(rank(rows), start=1):
        result.add_row(
            str(place) if is_measured(row) else "",
            *(Text(_text(row.get(key))) for key in keys),
            scientific(row.get("relative_l2")),
            seconds(row.get("seconds")),
            coloured(str(row.get("verdict") or "failed")),
            Text(_text(row.get("folder"))),
        )
    return result


def write_csv(rows: Sequence[Row], path: str | Path) -> Path:
    """Write the ranked rows as CSV with every override, varied or not; floats exactly, unknown values as nothing.

    The columns are `rank`, the overrides, `relative_l2`, `seconds`, `verdict`, `folder`. Written whole or not at all.
    """
    keys = list(dict.fromkeys(key for row in rows for key in overrides(row)))
    records = [
        [place if is_measured(row) else None, *(row.get(key) for key in (*keys, *MEASURED))]
        for place, row in enumerate(rank(rows), start=1)
    ]
    return write_records(["rank", *keys, *MEASURED], records, path)
