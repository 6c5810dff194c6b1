"""A table keeps to its width, and the columns that matter least go first."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from pinn.report import Column, fitted_table
from pinn.report.columns import fitted

COLUMNS = [
    Column("name", ["a", "bb"]),
    Column("empty", ["", ""]),
    Column("spared", ["x" * 10, ""], spare=1),
    Column("spared first", ["[red]y[/]", Text("z")], spare=2),
    Column("n", ["1", "10"], right=True),
]


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (41, "name spared spared_first n"),
        (40, "name spared n"),
        (26, "name spared n"),
        (25, "name n"),
        (5, "name n"),  # what stays is folded
    ],
)
def test_columns_that_fit(width: int, headings: str) -> None:
    assert [column.heading.replace(" ", "_") for column in fitted(COLUMNS, width)] == headings.split()
    text = StringIO()
    Console(file=text, width=max(width, 12)).print(fitted_table(COLUMNS, width=width))
    lines = text.getvalue().splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= max(width, 12)
    assert ("[red]y[/]" in text.getvalue()) == (width == 41)
