"""One process a run folder: a lock that the operating system frees when its holder is gone, however it went."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger("pinn")

LOG = "run.log"
# File systems of some clusters know no locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)

if sys.platform == "win32":
    import msvcrt

    _PLACE = 2**30  # beyond the end of any log: nobody else may read or write what is locked

    def _lock(stream: BinaryIO) -> None:
        stream.seek(_PLACE)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

else:
    import fcntl

    def _lock(stream: BinaryIO) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


class TakenError(ValueError):
    """Another process works in the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else works in a run folder while the block runs. The lock is on the run's log, and leaves no file behind.

    On a file system without locks the block runs all the same, and the log says so.

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
            _lock_if_possible(stream)
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


def _lock_if_possible(stream: BinaryIO) -> None:
    try:
        _lock(stream)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        log.warning("%s: a second run in this folder would not be noticed, since it cannot be locked", stream.name)


def _is_still_there(stream: BinaryIO, path: Path) -> bool:
    """Whether the file that was locked is the one with this name: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False
