"""A table for the terminal that keeps to its width: the columns that matter least are the first to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        heading: above it.
        cells: shown as they are, with no markup read into them.
        right: numbers stand on the right.
        spare: columns with the largest are left out first where there is no room; those with 0 stay.
    """

    heading: str
    cells: Sequence[str | Text]
    right: bool = False
    spare: int = 0

    @property
    def width(self) -> int:
        """Characters that its longest line takes."""
        return max(cell_len(str(text)) for text in (self.heading, *self.cells))

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not any(str(cell) for cell in self.cells)


def fitted(columns: Sequence[Column], width: int) -> list[Column]:
    """The columns that say something, as many as fit side by side into so many characters."""
    kept = [column for column in columns if not column.is_empty]
    while _needed(kept) > width:
        spared = max((column for column in kept if column.spare), key=lambda column: column.spare, default=None)
        if spared is None:
            break
        kept.remove(spared)
    return kept


def fitted_table(columns: Sequence[Column], *, width: int, title: str = "") -> Table:
    """The columns as a table of at most so many characters; where even those that stay are too wide, lines are folded.

    Args:
        columns: of one length.
        width: characters in a line.
        title: above it.
    """
    kept = fitted(columns, width)
    result = Table(title=Text(title) if title else None, title_justify="left", header_style="bold")
    for column in kept:
        result.add_column(Text(column.heading), justify="right" if column.right else "left", overflow="fold")
    for row in zip(*(column.cells for column in kept), strict=True):
        result.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    return result


def _needed(columns: Sequence[Column]) -> int:
    """Characters of a table of these columns: a line before, between and behind them, a space on both sides of each."""
    return sum(column.width + 3 for column in columns) + 1
