"""What the command writes to standard output: lines, tables as text, folders as a person types them."""

from __future__ import annotations

import os
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from pinn.app.quiet import forget_output

if TYPE_CHECKING:
    from rich.console import RenderableType


def tell(line: str) -> None:
    """One line on standard output; who has closed it does not want to read it, and the results are saved."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        forget_output()


def shown(folder: Path) -> Path:
    """The folder as a person would type it from here."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def width(otherwise: int) -> int:
    """Characters in a line of the terminal that standard output is, or `otherwise` where it is none."""
    return os.get_terminal_size(sys.stdout.fileno()).columns or otherwise if sys.stdout.isatty() else otherwise


def as_text(table: RenderableType, otherwise: int) -> str:
    """A table as text: in colours and as wide as it is on a terminal, plain and `otherwise` wide elsewhere."""
    from rich.console import Console

    stream = StringIO()
    Console(file=stream, width=width(otherwise), force_terminal=sys.stdout.isatty()).print(table)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
