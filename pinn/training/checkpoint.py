"""Checkpoints: snapshots of a training in files that are whole, proven and without code, the newest few kept.

A checkpoint is an `.npz` that `numpy.load` reads without pickle: the arrays of the snapshot by their names, and `meta`,
a JSON text in bytes with its numbers, what the caller says about it, and a SHA-256 over all of that. It is written
beside its place, flushed to the disk and then renamed, so that a reader sees a whole file or none; what a disk or a
copy has spoiled afterwards is found by the hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from pinn.files import remove_unfinished, replacing
from pinn.training.snapshot import Snapshot

FORMAT = 1
_META = "meta"
_PREFIX, _SUFFIX = "step_", ".npz"


class DamagedError(ValueError):
    """A file that is no checkpoint, or no longer the one that was written."""


@final
@dataclass(frozen=True)
class Checkpoint:
    """A snapshot, and what was said about it when it was written: plain JSON."""

    snapshot: Snapshot
    about: Mapping[str, Any]


def write_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint in the place of `path`, or leave everything as it was.

    Raises:
        OSError: the disk refuses it.
        ValueError: an array of Python objects, which only pickle could hold.
    """
    arrays = checkpoint.snapshot.arrays()
    body = {"format": FORMAT, "numbers": checkpoint.snapshot.numbers(), "about": dict(checkpoint.about)}
    meta = json.dumps({**body, "sha256": _digest(arrays, body)}).encode()
    with replacing(path) as stream:
        np.savez(stream, allow_pickle=False, **{_META: np.frombuffer(meta, np.uint8)}, **arrays)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint and prove it.

    Raises:
        DamagedError: it is not what was written.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        body = json.loads(arrays.pop(_META).tobytes())
        promised = body.pop("sha256")
        if _digest(arrays, body) != promised:
            raise ValueError("its contents do not match its checksum")
        return Checkpoint(Snapshot.of(arrays, body["numbers"]), body["about"])
    except Exception as error:  # a damaged file fails in as many ways as it can be damaged
        raise DamagedError(f"{path}: expected a whole checkpoint; got a damaged one ({_reason(error)})") from error


@final
@dataclass(frozen=True)
class Series:
    """The newest checkpoints of one training in a folder of their own, by the number of their steps.

    Args:
        folder: it need not exist.
        keep: how many; with 2, one is left where the newest is damaged.
    """

    folder: Path
    keep: int = 2

    def write(self, checkpoint: Checkpoint) -> None:
        """Add one, and remove those that are too many.

        Raises:
            OSError: the disk refuses it; what was there is still there.
        """
        write_checkpoint(checkpoint, self.folder / f"{_PREFIX}{checkpoint.snapshot.step:09d}{_SUFFIX}")
        for path in self.paths()[: -self.keep]:
            path.unlink(missing_ok=True)

    def newest(self, say: Callable[[str], None]) -> Checkpoint | None:
        """The newest one that is whole, if any is. Damaged ones are said, and renamed so that they are out of the way.

        To be called by the one who will write here: what is left of writes that were cut short is removed.
        """
        remove_unfinished(self.folder)
        found, damaged = None, []
        for path in reversed(self.paths()):
            try:
                found = read_checkpoint(path)
                break
            except DamagedError as error:
                damaged.append(str(error))
                with suppress(OSError):
                    path.replace(path.with_name(f"{path.name}.damaged"))
        remedy = "beginning anew" if found is None else f"going on from step {found.snapshot.step} instead"
        for sentence in damaged:
            say(f"{sentence}; {remedy}")
        return found

    def paths(self) -> list[Path]:
        """The files, oldest first."""
        return sorted(self.folder.glob(f"{_PREFIX}*{_SUFFIX}"))

    def clear(self) -> None:
        """Remove them all."""
        for path in self.paths():
            path.unlink(missing_ok=True)


def _digest(arrays: Mapping[str, np.ndarray], body: Mapping[str, Any]) -> str:
    """SHA-256 of names, types, shapes and bytes of the arrays, and of the rest."""
    found = hashlib.sha256(json.dumps(body, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {array.dtype.str} {arrays[name].shape}".encode())
        found.update(array.reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
