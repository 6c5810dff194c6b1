"""Where a run keeps its checkpoints, from where it goes on, and what it refuses to go on from."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from pinn import __version__
from pinn.app.leaves import ABSENT, differences
from pinn.solvers.checks import between, whole_number
from pinn.training import Checkpoint, Keeper, Series, Snapshot

_FREE = ("accuracy", "time_limit", "device", "name", "reference")
_ATTEMPT = "attempt_"
REPLICAS = "replicas"
"""The key of how many devices share the points: the order of sums is part of the bits."""


def _warn(sentence: str) -> None:
    warnings.warn(sentence, RuntimeWarning, stacklevel=2)


@final
@dataclass(frozen=True)
class Checkpoints:
    """Checkpoints of one run, `attempt_<k>/step_<n>.npz`, one folder for each field and solver that it tries.

    A run that is given the checkpoints of an equal one goes on from them and ends as that would have, bit for bit: what
    was tried before is read and not trained again. It may ask for another accuracy or time limit, for other devices if
    they are as many, or for another number of steps of its last solver if no schedule spreads over them; anything else
    contradicts.

    Args:
        folder: it need not exist.
        every: steps from one to the next; `None` is never.
        seconds: from one to the next; `None` is never. There is always one at the end.
        keep: how many of each attempt.
        resume: go on from what is there; otherwise it is removed when the training begins.
        say: told where a damaged checkpoint was left out.
        warn: told where one could not be written; the training goes on.
        begun: called when a run is about to train: its input was good.
        reads_only: another process keeps them; this one goes on from them, and writes and removes nothing.

    Raises:
        ValueError, TypeError: a number out of its range.
    """

    folder: str | Path
    every: int | None = None
    seconds: float | None = 60.0
    keep: int = 2
    resume: bool = True
    say: Callable[[str], None] = _warn
    warn: Callable[[str], None] = _warn
    begun: Callable[[], None] | None = None
    reads_only: bool = False

    def __post_init__(self) -> None:
        if self.every is not None:
            whole_number("Checkpoints", "every", self.every, least=1)
        if self.seconds is not None:
            between("Checkpoints", "seconds", self.seconds, 0.0)
        whole_number("Checkpoints", "keep", self.keep, least=1)

    def attempt(
        self, number: int, config: Mapping[str, Any], pair: Mapping[str, Any]
    ) -> tuple[Keeper, Snapshot | None]:
        """What keeps an attempt, and from where it goes on.

        Another accuracy may lead to another field or solver for an attempt, which then begins anew.

        Args:
            number: of the attempt, counted from 0.
            config: what was asked for, as plain JSON.
            pair: the field and the solver that are tried, as plain JSON.

        Raises:
            ValueError: what is there is of another version, or of a run that contradicts the config.
        """
        series = self._series(number)
        found = self._found(series) if self.resume else None
        if found is not None:
            _require_version(found.about["pinn"], self.folder)
            _require_same(found.about["config"], config)
            if not _is_same(found.about["pair"], pair):
                found = None
                self._clear(series)
        if not self.resume and number == 0:
            self._clear(*self._all())
        if self.begun is not None:
            self.begun()
        snapshot = None if found is None else found.snapshot
        keeper = Keeper(
            series,
            {"pinn": __version__, "config": dict(config), "pair": dict(pair)},
            every=self.every or 0,
            seconds=float("inf") if self.seconds is None else self.seconds,
            resumed=None if snapshot is None else snapshot.step,
            warn=self.warn,
            idle=self.reads_only,
        )
        return keeper, snapshot

    def _found(self, series: Series) -> Checkpoint | None:
        return series.seen() if self.reads_only else series.newest(self.say)

    def _series(self, number: int) -> Series:
        return Series(Path(self.folder) / f"{_ATTEMPT}{number}", self.keep)

    def _all(self) -> list[Series]:
        return [Series(folder) for folder in Path(self.folder).glob(f"{_ATTEMPT}*")]

    def _clear(self, *series: Series) -> None:
        for one in () if self.reads_only else series:
            one.clear()


def _require_version(was: str, folder: str | Path) -> None:
    if was != __version__:
        raise ValueError(
            f"{folder}: expected checkpoints of pinn {__version__}; got those of pinn {was}.\n"
            "Go on with that version, or run it again by its config.yaml, from its field by init_from=RUN."
        )


def _require_same(was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse a config under which the steps that were done would have been others."""
    for key, old, new in differences({REPLICAS: 1, **was}, {REPLICAS: 1, **now}):
        if key == REPLICAS:
            raise ValueError(
                f"device: expected {old} to share the points, as many as the run was begun with; got {new}.\n"
                "Others add sums in another order, to other bytes. Ask for as many to go on; with others begin a new "
                "run, from this one's field by init_from=RUN."
            )
        if key not in _FREE and not _is_only_longer(key, now.get("solver", {})):
            raise ValueError(
                f"{key}: expected {_shown(old)}, with which the run was begun; got {_shown(new)}.\n"
                "Leave it out to go on; for another one begin a new run, from this one's field by init_from=RUN."
            )


def _is_same(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a field and a solver are those of before, but for the number of steps."""
    return all(_is_only_longer(key, now.get("solver", {})) for key, _, _ in differences(was, now))


def _is_only_longer(key: str, solver: Mapping[str, Any]) -> bool:
    """Whether a key is the number of steps of the last solver, on which none of the steps before depends."""
    stages = {f"solver.{name}": options for name, options in solver.items() if isinstance(options, Mapping)}
    last, options = list(stages.items())[-1] if stages else ("solver", solver)
    return key == f"{last}.max_steps" and options.get("schedule", "constant") == "constant"


def _shown(value: Any) -> str:
    return "nothing" if value is ABSENT else repr(value)
