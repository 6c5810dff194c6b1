"""The book of a sweep: its trials in Optuna's storage, numbered from 0, shared by all who work on it."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import final

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from pinn.app.search.result import Result, Verdict
from pinn.app.search.spaces import Options, Reals, Space, Value, Wholes

RUNS = "runs"
"""Attribute of a trial: what its runs came to, see `Book.finish`."""

OWNER = "owner"
"""Attribute of a trial: who works on it, and when that was said last."""

_BEAT = 60.0  # seconds between two signs of life of a trial
_SILENCE = 600.0  # seconds without one after which its owner is thought dead
_CHANCES = 2  # times that a trial may be lost with its process before it counts as failed


@final
@dataclass(frozen=True)
class Asked:
    """A trial that is to be run."""

    number: int
    trial: Trial = field(compare=False, repr=False)

    def suggest(self, space: Space) -> Value:
        """The value of a space in this trial, drawn when it is asked for first."""
        match space.domain:
            case Reals(low=low, high=high, log=log, step=step):
                return self.trial.suggest_float(space.key, low, high, log=log, step=step)
            case Wholes(low=low, high=high, log=log, step=step):
                return self.trial.suggest_int(space.key, low, high, log=log, step=step)
            case Options(words=words):
                return self.trial.suggest_categorical(space.key, words)


@final
@dataclass(frozen=True)
class Book:
    """The trials of a sweep. `owner` names who works on them here: the sweep's folder."""

    study: optuna.Study
    storage: RDBStorage
    owner: str
    _beats: dict[int, float] = field(default_factory=dict, repr=False)

    def ask(self, total: int) -> Asked | None:
        """The next trial of so many, or `None` where all are begun. Those that were put back come first.

        Two that ask at once never get the same number: the storage hands each out once, and a number beyond the total
        is put back for a sweep that asks for more.
        """
        trials = self.study.get_trials(deepcopy=False)
        waiting = any(t.state == TrialState.WAITING and t.number < total for t in trials)
        if len(trials) >= total and not waiting:
            return None
        trial = self.study.ask()
        if trial.number >= total:
            self._wait(trial.number)
            return None
        asked = Asked(trial.number, trial)
        self._beat(asked)
        return asked

    def report(self, asked: Asked, look: int, error: float) -> bool:
        """Note the error of a trial after a part of its training; whether the trial is hopeless."""
        asked.trial.report(error, look)
        return asked.trial.should_prune()

    def finish(self, asked: Asked, results: Sequence[Result], *, seeds: Sequence[int]) -> TrialState:
        """Record what a trial came to: complete, pruned, or failed with the message of its first failed run."""
        verdict = Verdict.of(results)
        pruned = any(result.pruned for result in results)
        message = next((r.message for r in results if r.message), "" if pruned else "no error was measured")
        facts = {
            "errors": [r.error for r in results],
            "seeds": list(seeds[: len(results)]),
            "seconds": verdict.seconds if math.isfinite(verdict.seconds) else None,
            "message": message if pruned or verdict.middle is None else "",
            "verdict": verdict.middle.verdict if verdict.middle else "",
            "config": verdict.middle.config if verdict.middle else "",
        }
        asked.trial.set_user_attr(RUNS, facts)
        if pruned:
            return self._tell(asked, TrialState.PRUNED)
        if verdict.middle is None:
            return self._tell(asked, TrialState.FAIL)
        values = [verdict.error, verdict.seconds]
        return self._tell(asked, TrialState.COMPLETE, values[: len(self.study.directions)])

    def put_back(self, asked: Asked) -> None:
        """Let a trial that was interrupted be asked for again, with the same values."""
        self._wait(asked.number)

    def beat(self, running: Sequence[Asked]) -> None:
        """Tell the others that these trials are still being worked on."""
        for asked in running:
            if time.time() - self._beats.get(asked.number, 0.0) >= _BEAT:
                self._beat(asked)

    def recover(self) -> int:
        """Put back the trials of workers that are gone, those of this folder at once and others after ten minutes
        without a sign of life; how many. One that was lost twice has failed.
        """
        found = 0
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            owner, at = trial.user_attrs.get(OWNER, ("", 0.0))
            if owner == self.owner or time.time() - at > _SILENCE:
                self._recover(trial)
                found += 1
        return found

    def has_values(self) -> bool:
        """Whether any trial has come to its end."""
        return bool(self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))

    def trials(self) -> list[FrozenTrial]:
        """All of them, by number."""
        return self.study.get_trials(deepcopy=False)

    def _recover(self, trial: FrozenTrial) -> None:
        number, times = trial.number, int(trial.user_attrs.get("lost", 0)) + 1
        identity = self._id(number)
        with suppress(UpdateFinishedTrialError):
            self.storage.set_trial_user_attr(identity, "lost", times)
            if times < _CHANCES:
                self._wait(number)
                return
            message = f"its process was lost {times} times"
            self.storage.set_trial_user_attr(identity, RUNS, {"message": message})
            self.storage.set_trial_state_values(identity, TrialState.FAIL)

    def _wait(self, number: int) -> None:
        with suppress(UpdateFinishedTrialError):
            self.storage.set_trial_state_values(self._id(number), TrialState.WAITING)

    def _tell(self, asked: Asked, state: TrialState, values: Sequence[float] | None = None) -> TrialState:
        with suppress(UpdateFinishedTrialError, ValueError):  # another has taken it over, and was quicker
            self.study.tell(asked.trial, values, state=state)
        return state

    def _beat(self, asked: Asked) -> None:
        self._beats[asked.number] = time.time()
        asked.trial.set_user_attr(OWNER, [self.owner, self._beats[asked.number]])

    def _id(self, number: int) -> int:
        study = self.storage.get_study_id_from_name(self.study.study_name)
        return self.storage.get_trial_id_from_study_id_trial_number(study, number)


@contextmanager
def quietly() -> Iterator[None]:
    """Optuna without its log and its warnings, while the block runs."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)
