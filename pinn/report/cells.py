"""Values as they stand in tables on the terminal."""

from __future__ import annotations

import math

from rich.text import Text

from pinn.report.ranking import number
from pinn.report.status import duration

COLOURS = {
    "pass": "green",
    "fail": "red",
    "no reference": "yellow",
    "running": "cyan",
    "unfinished": "yellow",
    "failed": "red",
    "bad input": "red",
    "damaged": "red",
}


def scientific(value: object, unknown: str = "-") -> str:
    """Two digits and an exponent, or what stands for what is not known."""
    known = number(value)
    return f"{known:.1e}" if math.isfinite(known) else unknown


def seconds(value: object, unknown: str = "-") -> str:
    """Seconds as in the status line, the unit left to the heading."""
    known = number(value)
    return duration(known).removesuffix(" s") if math.isfinite(known) else unknown


def coloured(verdict: str, text: str | None = None) -> Text:
    """A verdict in the colour of its word, or another text in that colour."""
    return Text(verdict if text is None else text, style=COLOURS.get(verdict, ""))
