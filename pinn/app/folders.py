"""What a call leaves on the disk when its input was bad: nothing that was not there before.

Hydra makes the run folder before the job can look at its config. A `Footprint` is taken before that: which folders
and files of the program's own are not there yet. Undoing it removes those files and those folders, a folder only when
it is empty: no tree is ever deleted, so a result or a file of the user's cannot be lost.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, read_write
from omegaconf.errors import OmegaConfBaseException

from pinn.app.arguments import as_text
from pinn.app.asked import ASKED
from pinn.app.cluster import is_follower
from pinn.app.lock import LOG, is_taken
from pinn.app.messages import BAD_INPUT, Outcome

OWN_FILES = (LOG, "multirun.yaml", ASKED)
_NOW = "${now:"


@dataclass(frozen=True)
class Footprint:
    """What was not there when it was taken.

    Args:
        home: where will be written.
        kept: names in it that were there.
        files: the program's own files in it that were not.
        folders: `home` and those above it that were not, deepest first.
    """

    home: Path
    kept: frozenset[str]
    files: tuple[Path, ...]
    folders: tuple[Path, ...]

    @classmethod
    def before(cls, folder: Path, exists: Callable[[Path], bool] = Path.exists) -> Footprint:
        """Args:
        folder: where files will be written; it need not exist.
        exists: whether a path was there before; the disk is asked when left out.
        """
        home = folder.absolute()
        return cls(
            home=home,
            kept=frozenset(path.name for path in _children(home) if exists(path)),
            files=tuple(path for path in (home / name for name in OWN_FILES) if not exists(path)),
            folders=tuple(path for path in (home, *home.parents) if not exists(path)),
        )

    def undo(self) -> None:
        """Removes these files, then these folders as far up as they are empty.

        Where anything else was written since, that is a result, and everything stays; so it does where another process
        works, and where nobody can tell.
        """
        if may_be_taken(self.home):
            return
        if {path.name for path in _children(self.home)} - self.kept - set(OWN_FILES):
            return
        for file in self.files:
            close_log(file)
            with suppress(OSError):
                file.unlink()
        with suppress(OSError):
            for folder in self.folders:
                folder.rmdir()


def may_be_taken(folder: Path) -> bool:
    """Whether somebody works in a folder just now, or nobody can tell."""
    try:
        return is_taken(folder)
    except OSError:
        return True


def _children(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


_taken: ContextVar[list[Footprint] | None] = ContextVar("pinn_footprints", default=None)


@contextmanager
def footprints() -> Iterator[list[Footprint]]:
    """The footprints of one call of the command, filled by `Folders` while Hydra runs."""
    taken: list[Footprint] = []
    token = _taken.set(taken)
    try:
        yield taken
    finally:
        _taken.reset(token)


def contents(folder: Path) -> frozenset[tuple[str, int]]:
    """Names and modification times in a folder, its log and what was asked left out: unchanged means that nothing was
    written.
    """
    return frozenset((path.name, path.stat().st_mtime_ns) for path in folder.iterdir() if path.name not in OWN_FILES)


def close_log(file: Path) -> None:
    """Closes the handlers of the root logger that write to `file`."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, logging.FileHandler) and Path(h.baseFilename) == file]:
        root.removeHandler(handler)
        with suppress(OSError):  # a full disk refuses what is left in the buffer
            handler.close()


def outcome_of(job_return: JobReturn) -> Outcome | None:
    """What the job came to; `None` when the launcher lost it, for example in a worker that was killed."""
    value = job_return.return_value if job_return.status is JobStatus.COMPLETED else None
    return value if isinstance(value, Outcome) else None


class Folders(Callback):
    """Hydra callback: a footprint before a run or a sweep, undone for each job of a sweep with bad input."""

    def __init__(self) -> None:
        self._sweep: Path | None = None
        self._before: frozenset[Path] = frozenset()

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        _take(config, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        folder = _take(config, "hydra.sweep.dir")
        if folder is not None:
            self._sweep = folder.absolute()
            self._before = frozenset(self._sweep.rglob("*")) | {self._sweep}

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        outcome = outcome_of(job_return)
        if self._sweep is not None and outcome is not None and outcome.status == BAD_INPUT:
            Footprint.before(Path(config.hydra.runtime.output_dir), exists=self._was_there).undo()

    def _was_there(self, path: Path) -> bool:
        """Inside the sweep's folder the list decides; what lies outside belongs to the call as a whole."""
        inside = self._sweep is not None and path.is_relative_to(self._sweep)
        return path in self._before if inside else True


def _take(config: DictConfig, key: str) -> Path | None:
    """Take the footprint of the folder that a key of Hydra's config names; a process that helps another one has none
    there. One that is named after the moment is made
    at once, under the next free name where another call was begun in the same microsecond.
    """
    if follows(config):
        _move(config, key, aside())
        return None
    wanted = folder_of(config, key)
    if wanted is None:
        return None
    group, _, name = key.rpartition(".")
    patterns: Any = OmegaConf.to_container(OmegaConf.select(config, group), resolve=False)
    if _NOW not in str(patterns[name]):
        _keep(Footprint.before(wanted))
        return wanted
    folder, footprint = claimed(wanted)
    _keep(footprint)
    _move(config, key, folder)
    return folder


def _move(config: DictConfig, key: str, folder: Path) -> None:
    with read_write(config.hydra):
        OmegaConf.update(config, key, str(folder))
        # The jobs of a sweep are composed anew, from these words.
        config.hydra.overrides.hydra.append(f"{key}={as_text(str(folder))}")


def follows(config: DictConfig) -> bool:
    """Whether a config has this process help another one, which is the one to write and to speak."""
    try:
        device = str(config.get("device"))
    except OmegaConfBaseException:  # it is said where the device is asked for
        return False
    return is_follower(device, os.environ)


def aside(folder: Path | None = None) -> Path:
    """A folder until the end of the process, for one that helps another with its run and writes nothing to keep; the
    log of the other's folder is left to the other.
    """
    own = Path(tempfile.mkdtemp(prefix="pinn_"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    if folder is not None:
        close_log(folder / LOG)
        logging.getLogger().addHandler(logging.FileHandler(own / LOG, encoding="utf-8"))
    return own


def claimed(wanted: Path) -> tuple[Path, Footprint]:
    """A folder that was not there, and the footprint before it was. What cannot be made is left to Hydra to say."""
    for number in itertools.count(1):
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        footprint = Footprint.before(folder)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError:
            break
        return folder, footprint
    return wanted, Footprint.before(wanted)


def _keep(footprint: Footprint) -> None:
    taken = _taken.get()
    if taken is not None:
        taken.append(footprint)


def folder_of(config: DictConfig, key: str) -> Path | None:
    """A folder named in Hydra's config, such as `hydra.run.dir`, interpolations resolved.

    A folder that cannot be resolved is `None`: Hydra reports it itself in the next moment.
    """
    hydra = HydraConfig.instance()
    previous = hydra.cfg
    try:
        hydra.set_config(config)
        return Path(str(OmegaConf.select(config, key)))
    except Exception:  # of whatever kind: Hydra resolves the same key next and says what is wrong
        return None
    finally:
        hydra.cfg = previous
