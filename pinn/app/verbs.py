"""What the command does beside runs: `pinn VERB ...`, where the first word names the verb and the rest is its own.

A verb is a module of this room with a function `main(words) -> int`, the exit status. It is imported when it is asked
for, so that `pinn --help` stays quick. What it raises of the user's making (`pinn.app.messages.USER_ERRORS`) is said by
the command in a line or two, with exit status 2.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import NoReturn

VERBS: Mapping[str, str] = {  # the word: its module
    "compare": "pinn.app.comparing",
    "export": "pinn.app.export",
    "list": "pinn.app.listing",
    "predict": "pinn.app.predict",
    "report": "pinn.app.report",
    "sweep": "pinn.app.search.command",
}


def verb(words: Sequence[str], verbs: Mapping[str, str] = VERBS) -> Callable[[Sequence[str]], int] | None:
    """What the first word asks for, or `None` where it is about a run."""
    module = verbs.get(words[0]) if words else None
    if module is None:
        return None
    main: Callable[[Sequence[str]], int] = import_module(module).main
    return main


class Arguments(argparse.ArgumentParser):
    """The words of a verb: `--help` prints them, and a mistake is a sentence.

    Raises:
        ValueError: on parsing words that the verb does not know, or too few of them.
    """

    def __init__(self, name: str, about: str) -> None:
        super().__init__(f"pinn {name}", description=about, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{self.prog}: {message}. '{self.prog} --help' shows how it is used.")
