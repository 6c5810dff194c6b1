"""A sweep from its words to its table: found or begun, run, ended."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, final

import optuna
from optuna.storages import RDBStorage

from pinn.app.folders import Footprint, claimed, may_be_taken
from pinn.app.lock import TakenError, locked
from pinn.app.messages import FAILED, INTERRUPTED, say
from pinn.app.output import shown
from pinn.app.search import storage as storages
from pinn.app.search.book import Book
from pinn.app.search.ending import close
from pinn.app.search.live import live
from pinn.app.search.memory import BEGUN, NAME, agreed, joined, remember, resumed
from pinn.app.search.options import Options, require_agreement, trials_of
from pinn.app.search.plan import Compose, Config, Plan, planned
from pinn.app.search.pool import Pool
from pinn.app.search.samplers import PRUNERS, grid_size, sampler
from pinn.app.search.schedule import RefusedError, Schedule, Terms, UnmannedError

_FOLDER = "outputs/sweeps"


@final
@dataclass(frozen=True)
class Session:
    """All that a sweep is run with."""

    options: Options
    plan: Plan
    rehearsal: Sequence[Config]
    folder: Path
    book: Book
    total: int

    def run(self, command: Sequence[str]) -> int:
        """Run the trials that are left, end with the table, and return the exit status.

        Raises:
            RefusedError: the trials cannot be run as they were asked for.
        """
        how_on = f"'pinn sweep --resume {shown(self.folder)}' goes on."
        try:
            self.book.recover()
            try:
                with live(self.book, self.total) as changed:
                    self._schedule(command, changed).run(self.rehearsal)
            except KeyboardInterrupt:
                say(f"interrupted. {how_on}")
                close(self.book, self.plan.spaces, self.folder)
                return INTERRUPTED
            except UnmannedError as error:
                say(f"{error}. {how_on}")
                close(self.book, self.plan.spaces, self.folder)
                return FAILED
            return close(self.book, self.plan.spaces, self.folder)
        except storages.SILENCE as error:
            say(f"the sweep's database has stopped answering: {storages.reason(error)}. {how_on}", error)
            return FAILED

    def _schedule(self, command: Sequence[str], changed: Callable[[int], None]) -> Schedule:
        options = self.options
        limit = math.inf if options.timeout is None else options.timeout
        first = int(self.rehearsal[0]["seed"])
        seeds = tuple(first + k for k in range(options.seeds)) if options.seeds > 1 else (None,)
        terms = Terms(self.total, seeds, options.pruning != "none", time.monotonic() + limit, self.folder)
        return Schedule(self.book, self.plan, Pool(options.workers, command), terms, changed)


def run(given: Mapping[str, Any], resume: Path | None, compose: Compose, command: Sequence[str]) -> int:
    """The sweep that was asked for; its exit status.

    Raises:
        ValueError and others of `USER_ERRORS`: bad input; nothing is left behind.
    """
    options = joined(Options(**given), given) if resume is None else resumed(resume, given)
    require_agreement(options)
    plan = planned(options.words, compose)
    rehearsal = plan.check()
    draws = sampler(options.sampler, options.sampler_seed, plan.spaces)
    total = trials_of(options, grid_size(plan.spaces) if options.sampler == "grid" else None)
    with ExitStack() as stack:
        made = stack.enter_context(_made(options, resume))
        stack.enter_context(_alone(made.folder))
        database = storages.opened(options.storage or storages.in_folder(made.folder))
        stack.callback(database.engine.dispose)
        name = options.name or (NAME if options.storage is None else made.folder.name)
        study, new = _study(database, name, options, draws)
        if resume is None:
            remember(options, name, made.folder)
        made.begun = True
        session = Session(options, plan, rehearsal, made.folder, Book(study, database, str(made.folder)), total)
        try:
            return session.run(command)
        except RefusedError:
            if new:
                optuna.delete_study(study_name=name, storage=database)
            made.refused = new
            raise


def _study(
    database: RDBStorage, name: str, options: Options, draws: optuna.samplers.BaseSampler
) -> tuple[optuna.Study, bool]:
    """The study of this name, and whether it is new."""
    new = agreed(database, name, options)
    study = optuna.create_study(
        storage=database,
        sampler=draws,
        pruner=PRUNERS[options.pruning](),
        study_name=name,
        directions=["minimize"] * len(options.objectives),
        load_if_exists=True,
    )
    if new:
        for key, value in options.definition().items():
            study.set_user_attr(key, value)
    return study, new


@final
@dataclass
class _Made:
    """A folder that is taken back when no sweep has begun in it; what was there stays, and what others work on."""

    folder: Path
    footprint: Footprint
    begun: bool = False
    refused: bool = False

    def undo(self) -> None:
        if (self.refused or not self.begun) and not may_be_taken(self.folder):
            for name in {BEGUN, storages.FILE} - self.footprint.kept:
                (self.folder / name).unlink(missing_ok=True)
            self.footprint.undo()


@contextmanager
def _made(options: Options, resume: Path | None) -> Iterator[_Made]:
    """The sweep's folder, made where it is new."""
    if resume is not None:
        made = _Made(resume.absolute(), Footprint.before(resume), begun=True)
    elif options.folder is not None:
        made = _Made(options.folder.absolute(), Footprint.before(options.folder))
        if (made.folder / BEGUN).exists():
            raise ValueError(
                f"--folder: expected a folder of its own for each sweep; {options.folder} has one.\n"
                f"Go on with it by --resume {options.folder}, or choose another folder."
            )
        made.folder.mkdir(parents=True, exist_ok=True)
    else:
        folder, footprint = claimed(Path(_FOLDER) / datetime.now().strftime("%Y-%m-%d_%H-%M-%S-%f"))
        made = _Made(folder.absolute(), footprint)
    try:
        yield made
    finally:
        made.undo()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else works on the sweep in a folder while the block runs."""
    try:
        with locked(folder):
            yield
    except TakenError as error:
        raise ValueError(
            f"{folder}: expected a folder in which no other sweep runs; another process works in this one.\n"
            "Wait for its end. To work on one sweep from several places give all the same --storage and --name, and "
            "each a folder of its own."
        ) from error
