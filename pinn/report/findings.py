"""Findings of a check as a table for the terminal, from plain text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}
Row = tuple[str, str, str, str, str]  # level, check, what, where, remedy


def findings_table(rows: Sequence[Row], title: str) -> Table:
    """One row a finding: its level as a coloured word, the check, and what was found, where, and what to do about it.

    Texts are shown as they are, with no markup read into them; lines are broken where the terminal ends.
    """
    result = Table(title=Text(title), title_justify="left", header_style="bold", expand=False)
    result.add_column("level", no_wrap=True)
    result.add_column("check", no_wrap=True)
    result.add_column("finding", overflow="fold")
    for level, check, what, where, remedy in rows:
        bad = level != "ok"
        place = f" [{where}]" if where and (bad or where not in what) else ""
        advice = f"\n→ {remedy}" if remedy else ""
        result.add_row(Text(level, style=COLOURS[level] if bad else ""), Text(check), Text(f"{what}{place}{advice}"))
    return result
