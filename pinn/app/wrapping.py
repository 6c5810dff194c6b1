"""Long lines of a text that a library prints, brought to the width of a page."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

WIDTH = 120


@contextmanager
def wrapped(*, when: bool) -> Iterator[None]:
    """Print what is printed inside in lines of at most `WIDTH` characters, if so asked.

    A line that goes on is indented as its second word is: below the choices of a group, not below its name.
    """
    if not when:
        yield
        return
    text = io.StringIO()
    try:
        with redirect_stdout(text):
            yield
    finally:
        print("\n".join(map(_folded, text.getvalue().splitlines())), flush=True)


def _folded(line: str) -> str:
    if len(line) <= WIDTH:
        return line
    indent = len(line) - len(line.lstrip())
    first, _, _ = line.lstrip().partition(" ")
    return textwrap.fill(line, WIDTH, subsequent_indent=" " * (indent + len(first) + 1), break_on_hyphens=False)
