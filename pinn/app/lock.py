"""One process a run folder: a lock that the operating system frees when its holder is gone, however it went."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

LOG = "run.log"


class TakenError(ValueError):
    """Another process works in the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else works in a run folder while the block runs. The lock is on the run's log, and leaves no file behind.

    Raises:
        TakenError: somebody does.
        OSError: the log cannot be opened.
    """
    with _locked_log(folder / LOG):
        yield


def is_taken(folder: Path) -> bool:
    """Whether somebody works in a folder just now."""
    if not (folder / LOG).is_file():
        return False
    try:
        with locked(folder):
            return False
    except TakenError:
        return True


def _locked_log(path: Path) -> BinaryIO:
    """The log, opened and locked; closing it frees the lock."""
    while True:
        stream = path.open("ab")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still_there(stream, path):
                return stream
            stream.close()
        except BlockingIOError as error:
            stream.close()
            raise TakenError(
                f"{path.parent}: expected a folder of its own for each run; another process is working in this one.\n"
                "Wait for its end, or choose another folder by hydra.run.dir=FOLDER."
            ) from error
        except BaseException:
            stream.close()
            raise


def _is_still_there(stream: BinaryIO, path: Path) -> bool:
    """Whether the file that was locked is the one with this name: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False
