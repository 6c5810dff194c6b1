"""The nearest known name, for messages about one that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name that was most likely meant, if any comes close (`difflib` ratio of at least 0.6)."""
    return next(iter(difflib.get_close_matches(str(name), list(known), n=1)), None)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """What ends a sentence about a name: `. Did you mean NAME?`, or nothing where no known name is near."""
    near = nearest(name, known)
    return f". Did you mean {near}?" if near else ""
