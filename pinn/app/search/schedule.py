"""The sweep itself: every free worker gets the next trial, until so many are done or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from pinn.app.messages import FAILED
from pinn.app.search.book import Asked, Book
from pinn.app.search.plan import Plan
from pinn.app.search.pool import Pool
from pinn.app.search.result import Result, lost

_PULSE = 1.0  # seconds between two looks at the clock
_FAREWELL = 120.0  # seconds in which interrupted trainings may be kept
_REFUSALS = 5  # bad inputs in a row, before any other ending, after which the words must be wrong


class RefusedError(ValueError):
    """The trials cannot be run as they were asked for."""


class UnmannedError(RuntimeError):
    """A worker that should take another's place does not start: what the trials have come to is kept."""


@final
@dataclass(frozen=True)
class Terms:
    """What is asked of a sweep: so many trials with so many seeds each, pruned or not, begun until `deadline`, a moment
    of `time.monotonic`.
    """

    trials: int
    seeds: tuple[int | None, ...]
    prune: bool
    deadline: float
    folder: Path


@final
@dataclass
class _Running:
    """A trial on its way: its words, the results of its seeds so far, and its own folder."""

    asked: Asked
    words: Sequence[str]
    results: list[Result] = field(default_factory=list)


@final
@dataclass
class Schedule:
    """Runs the trials of a book by the workers of a pool.

    Args:
        book, plan, pool, terms: what is run, by whom and how much of it.
        changed: told how many trials are running, whenever one has begun or ended.
    """

    book: Book
    plan: Plan
    pool: Pool
    terms: Terms
    changed: Callable[[int], None]
    _running: dict[int, _Running] = field(default_factory=dict)
    _idle: set[int] = field(default_factory=set)
    _devices: dict[int, str] = field(default_factory=dict)
    _refused: list[str] = field(default_factory=list)
    _sound: bool = False

    def run(self, rehearsal: Sequence[Mapping[str, Any]]) -> None:
        """Run the trials.

        Args:
            rehearsal: configs that the first worker tries to make before any trial is run.

        Raises:
            RefusedError: a config that cannot be run, or workers that do not start to begin with.
            KeyboardInterrupt, UnmannedError: once what was under way is kept.
        """
        try:
            for slot in range(self.pool.size):
                self.pool.start(slot)
            self._rehearse(rehearsal)
            while self._deal() or self._running:
                self._attend()
        except (KeyboardInterrupt, UnmannedError):
            self._keep()
            raise
        finally:
            self.pool.close()

    def _rehearse(self, configs: Sequence[Mapping[str, Any]]) -> None:
        """Let the first worker that is ready try the configs, while the others are still starting."""
        first: int | None = None
        said: Mapping[str, Any] | None = None
        while said is None or "rehearsed" not in said:
            if self._idle and first is None:
                first = min(self._idle)
                self.pool.tell(first, {"rehearse": list(configs)})
            heard = self.pool.hear(_PULSE)
            if heard is None:
                continue
            if heard.message is None:
                raise RefusedError(f"a worker did not start: {self.pool.obituary(heard.slot)}")
            said = heard.message
            self._handle(heard.slot, said)
        if said["rehearsed"]:
            raise RefusedError(said["rehearsed"])

    def _deal(self) -> bool:
        """Give each free worker a trial; whether there may be more to give."""
        for slot in sorted(self._idle):
            asked = None if time.monotonic() > self.terms.deadline else self.book.ask(self.terms.trials)
            if asked is None:
                return False
            self._running[slot] = _Running(asked, self.plan.words(asked.suggest))
            self._renew_for_device(slot)
            self._send(slot)
        return True

    def _renew_for_device(self, slot: int) -> None:
        """TensorFlow cannot change its devices once it has started."""
        device = next((word for word in reversed(self._running[slot].words) if word.startswith("device=")), "")
        if self._devices.setdefault(slot, device) != device:
            self._devices[slot] = device
            self.pool.start(slot)

    def _send(self, slot: int) -> None:
        """The next seed of a worker's trial."""
        running = self._running[slot]
        seed = self.terms.seeds[len(running.results)]
        folder = self.terms.folder / str(running.asked.number)
        one = seed is None
        self._idle.discard(slot)
        self.pool.tell(
            slot,
            {
                "run": {
                    "words": list(running.words) if one else [*running.words, f"seed={seed}"],
                    "folder": str(folder if one else folder / f"seed_{seed}"),
                    "prune": self.terms.prune and not running.results,
                    "share": slot if self.pool.size > 1 else None,
                }
            },
        )
        self.changed(len(self._running))

    def _attend(self) -> None:
        heard = self.pool.hear(_PULSE)
        self.book.beat([running.asked for running in self._running.values()])
        if heard is not None:
            self._handle(heard.slot, heard.message)

    def _handle(self, slot: int, message: Mapping[str, Any] | None) -> None:
        if message is None:
            self._bury(slot)
        elif "ready" in message:
            self._idle |= {slot} - self._running.keys()
        elif "look" in message:
            if self.book.report(self._running[slot].asked, *message["look"]):
                self.pool.tell(slot, {"stop": True})
        elif "done" in message:
            self._settle(slot, Result.of(message["done"]))
            if slot in self._running:
                self._send(slot)
            elif self.pool.has_grown(slot):
                self.pool.start(slot)
            else:
                self._idle.add(slot)

    def _bury(self, slot: int) -> None:
        """A worker is gone: its trial has failed, and another takes its place."""
        reason = self.pool.obituary(slot)
        if not self.pool.was_ready(slot):
            raise UnmannedError(f"a worker did not start: {reason}")
        self._idle.discard(slot)
        if slot in self._running:
            running = self._running[slot]
            running.results.append(Result(FAILED, reason))
            self._finish(slot, running)
        self.pool.start(slot)

    def _settle(self, slot: int, result: Result) -> None:
        """Take up the result of a run; the trial is over unless another seed is to follow."""
        running = self._running[slot]
        if result.interrupted:
            self.book.put_back(self._running.pop(slot).asked)
            return
        running.results.append(result)
        seeds = len(self.terms.seeds)
        if result.pruned or result.refused or len(running.results) == seeds or lost(running.results, seeds):
            self._finish(slot, running)
            self._judge(result)

    def _finish(self, slot: int, running: _Running) -> None:
        del self._running[slot]
        seeds = [seed for seed in self.terms.seeds if seed is not None]
        self.book.finish(running.asked, running.results, seeds=seeds)
        self.changed(len(self._running))

    def _judge(self, result: Result) -> None:
        """Give up where every trial is refused: then it is the words, not the values."""
        self._sound = self._sound or not result.refused
        if self._sound:
            return
        self._refused.append(result.message)
        if len(self._refused) >= min(_REFUSALS, self.terms.trials) and not self.book.has_values():
            raise RefusedError(self._refused[0])

    def _keep(self) -> None:
        """End what is under way so that it can go on: the trainings are kept, and their trials put back."""
        self.pool.interrupt()
        deadline = time.monotonic() + _FAREWELL
        with suppress(KeyboardInterrupt):  # who interrupts twice does not wait
            while self._running and time.monotonic() < deadline:
                heard = self.pool.hear(_PULSE)
                if heard is None or heard.slot not in self._running:
                    continue
                if heard.message is None:
                    self.book.put_back(self._running.pop(heard.slot).asked)
                elif "done" in heard.message:
                    self._settle(heard.slot, Result.of(heard.message["done"]))
                    if heard.slot in self._running:  # another seed was to follow
                        self.book.put_back(self._running.pop(heard.slot).asked)
        for running in self._running.values():
            self.book.put_back(running.asked)
