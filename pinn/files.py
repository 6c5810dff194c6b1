"""Files that are either whole or absent: each is written beside its target and then renamed over it.

`os.replace` within one folder is atomic on POSIX and Windows, so a reader sees the old file or the new one, and a
crash, a full disk or an interrupt leaves the old one as it was.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_MARK = ".tmp"
_BUFFER = 2**18  # bytes: most files are written in one piece
_UNFINISHED = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(_MARK)}(\.\w+)?")  # the names that are made below


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends well, and vanishes when it does not.

    Folders on the way are created. The file gets the permissions that `open` would give it.

    Raises:
        OSError: when the folder cannot be written; whatever the block raises is passed on.
    """
    with _beside(path) as temporary:
        with temporary.open("xb", _BUFFER) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)


@contextmanager
def replacement(path: str | Path, *, ending: str = "") -> Iterator[Path]:
    """As `replacing`, for a library that opens its file itself: the name, with an ending that it may insist on."""
    with _beside(path, ending) as temporary:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)


@contextmanager
def made_once(path: str | Path, *, ending: str = "") -> Iterator[Path]:
    """As `replacement`, but what another process has put there meanwhile stays, and what the block made vanishes."""
    with _beside(path, ending) as temporary:
        yield temporary
        with suppress(FileExistsError):
            os.link(temporary, path)  # which, unlike a renaming, replaces nothing
        temporary.unlink()


@contextmanager
def _beside(path: str | Path, ending: str = "") -> Iterator[Path]:
    """A name in the folder of `path`, which is made; a file of that name vanishes when the block does not end well."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_MARK}{ending}")
    try:
        yield temporary
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """A new folder, to be filled, that takes the place of `path` when the block ends well, and vanishes when it does
    not. For a moment neither is there.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary, old = (target.with_name(f".{target.name}.{secrets.token_hex(4)}{_MARK}") for _ in range(2))
    try:
        temporary.mkdir()
        yield temporary
        if target.exists():
            os.replace(target, old)
        os.replace(temporary, target)
    finally:
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)


def remove_unfinished(folder: str | Path) -> None:
    """Remove what a process that was killed has left of `replacing` in a folder; nobody else may be writing there."""
    for path in Path(folder).glob(f".*{_MARK}*"):
        if not _UNFINISHED.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
