"""Runs as they lie on the disk: found below a folder, and read without TensorFlow, whatever state they are in."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, final

import numpy as np

from pinn.app.asked import ASKED, CHECKPOINTS, SUMMARY
from pinn.app.lock import is_taken
from pinn.report import read_columns

CONFIG = "config.yaml"
HISTORY = "history.csv"
SWEEP = "multirun.yaml"
SWEPT = "summary.csv"
"""What Hydra writes when a sweep begins, and what is written when it has ended."""

RUNNING, UNFINISHED, FAILED, DAMAGED = "running", "unfinished", "failed", "damaged"
"""What stands for the verdict of a run that has none: somebody works on it; it has checkpoints and `pinn resume=`
goes on; it has none; its summary cannot be read."""

_STAMP = "%Y-%m-%d_%H-%M-%S"


@final
@dataclass(frozen=True)
class Run:
    """What a table of runs says of one; `None` is not known.

    Attributes:
        folder: where it is.
        date: when it was begun, in local time.
        relative_l2, seconds, steps: what it came to; the steps of an unfinished run are those of its last checkpoint.
        verdict: `pass`, `fail`, `no reference`, or one of the words above.
        commit: of the folder it was started in, `-dirty` behind it where files differed.
        versions: of the libraries.
    """

    folder: Path
    date: datetime | None = None
    problem: str | None = None
    field: str | None = None
    solver: str | None = None
    relative_l2: float | None = None
    seconds: float | None = None
    steps: int | None = None
    verdict: str = FAILED
    seed: int | None = None
    dtype: str | None = None
    commit: str | None = None
    versions: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@final
@dataclass(frozen=True)
class Found:
    """What lies below a folder.

    Attributes:
        runs: folders of single runs.
        sweeps: folders of sweeps, each with those of its runs.
        refused: folders that could not be looked into.
    """

    runs: list[Path] = dataclasses.field(default_factory=list)
    sweeps: dict[Path, list[Path]] = dataclasses.field(default_factory=dict)
    refused: list[Path] = dataclasses.field(default_factory=list)


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run."""
    return any((folder / name).exists() for name in (SUMMARY, ASKED, CHECKPOINTS))


def find(folder: Path) -> Found:
    """The runs and sweeps in a folder and below it; what is inside a run is not looked at. Costs one look at each
    folder.
    """
    found = Found()
    seen: set[tuple[int, int]] = set()

    def look(place: Path, runs: list[Path]) -> None:
        try:
            status = place.stat()
            with os.scandir(place) as entries:
                inside = {entry.name: entry.is_dir() for entry in entries}
        except OSError:
            found.refused.append(place)
            return
        if (status.st_dev, status.st_ino) in seen:  # a link back
            return
        seen.add((status.st_dev, status.st_ino))
        if not inside.keys().isdisjoint((SUMMARY, ASKED, CHECKPOINTS)):
            runs.append(place)
            return
        if SWEEP in inside:
            runs = found.sweeps.setdefault(place, [])
        for name, is_folder in sorted(inside.items(), key=_in_order):
            if is_folder and not name.startswith("."):
                look(place / name, runs)

    look(folder, found.runs)
    return found


def _in_order(item: tuple[str, bool]) -> tuple[int, str]:
    """Jobs 2 and 10 of a sweep in this order."""
    name, _ = item
    return int(name) if name.isdecimal() else 0, name


def read(folder: Path) -> Run:
    """What there is to know of the run in a folder. Nothing in it can make this fail."""
    summary = _json(folder / SUMMARY)
    if summary is None:
        return _without_summary(folder, DAMAGED if (folder / SUMMARY).exists() else None)
    errors, seconds, versions = (_mapping(summary.get(key)) for key in ("errors", "seconds", "versions"))
    verdict = _text(summary.get("verdict"))
    if verdict is None:
        return _without_summary(folder, DAMAGED)
    return Run(
        folder,
        date=date_of(folder, summary.get("date"), SUMMARY),
        problem=_text(summary.get("problem")),
        field=_text(summary.get("field")),
        solver=_text(summary.get("solver")),
        relative_l2=_number(errors.get("relative_l2")),
        seconds=_number(seconds.get("total")),
        steps=_whole(summary.get("steps")),
        verdict=verdict,
        seed=_whole(summary.get("seed")),
        dtype=_text(summary.get("dtype")),
        commit=_text(versions.get("commit")),
        versions={name: version for name, version in versions.items() if name != "commit"},
    )


def config(folder: Path) -> dict[str, Any]:
    """The settings of a run as it ended or, before that, as they were asked for; empty where there are none to read."""
    first, second = (CONFIG, ASKED) if _has_ended(folder) else (ASKED, CONFIG)
    return _yaml(folder / first) or _yaml(folder / second)


def history(folder: Path) -> dict[str, np.ndarray]:
    """The columns of a run's history: of its file or, until it has ended, of its newest sound checkpoint."""
    if _has_ended(folder):
        return _history_in(folder / HISTORY)
    for path in sorted(folder.glob(f"{CHECKPOINTS}/*/step_*.npz"), reverse=True):
        with suppress(OSError, ValueError):
            return _columns_of(path)
    return _history_in(folder / HISTORY)


def _has_ended(folder: Path) -> bool:
    """Whether the files of a run are its own, and not those of an earlier one in its folder."""
    return (folder / SUMMARY).is_file()


def _history_in(file: Path) -> dict[str, np.ndarray]:
    with suppress(OSError, ValueError):
        return read_columns(file, texts=("stage",), whole=("step",))
    return {}


def _columns_of(checkpoint: Path) -> dict[str, np.ndarray]:
    from pinn.training import read_checkpoint  # which takes the seconds of TensorFlow: for an unfinished run only

    return read_checkpoint(checkpoint).snapshot.history.columns()


def _without_summary(folder: Path, verdict: str | None) -> Run:
    """What was asked for, and how far it has come."""
    asked = config(folder)
    kept = _checkpoints(folder)
    return Run(
        folder,
        date=date_of(folder, None, ASKED if (folder / ASKED).exists() else SUMMARY),
        problem=_text(asked.get("name")),
        field=_text(_mapping(asked.get("field")).get("name")),
        solver=_text(_mapping(asked.get("solver")).get("name")),
        steps=max(kept, default=None),
        verdict=RUNNING if _is_taken(folder) else verdict or (UNFINISHED if kept else FAILED),
        seed=_whole(asked.get("seed")),
        dtype=_text(asked.get("dtype")),
    )


def _is_taken(folder: Path) -> bool:
    try:
        return is_taken(folder)
    except OSError:  # a folder of somebody else's
        return False


def _checkpoints(folder: Path) -> list[int]:
    """The steps of the checkpoints, of all fields that the run has tried."""
    names = [path.stem.rpartition("_")[2] for path in folder.glob(f"{CHECKPOINTS}/*/step_*.npz")]
    return [int(name) for name in names if name.isdecimal()]


def date_of(folder: Path, written: Any, file: str) -> datetime | None:
    """When a run was begun: by the name of its folder, by its summary, or by the time of one of its files."""
    try:
        return datetime.strptime(folder.name[:19], _STAMP)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(str(written))
        return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return datetime.fromtimestamp((folder / file).stat().st_mtime)
    except (OSError, OverflowError, ValueError):
        return None


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _yaml(path: Path) -> dict[str, Any]:
    """Plain values only, with the parser in C where there is one."""
    import yaml

    try:
        found = yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def printable(text: str) -> str:
    """A text without what would move a terminal's cursor or change its colours."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _text(value: Any) -> str | None:
    return printable(value) if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
