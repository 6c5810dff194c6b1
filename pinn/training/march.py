r"""Training like a march in time: one slab after the other, with patches that are cut where the residual is large.

In each slab the residuals `r` of the equation are made small by Newton's method, from the field as the slab before has
left it: near enough for the few steps that squared errors take. It has ended where a step has left what its linear
model foretold: there is nothing left for another one. On points held out the share of every patch `p` in the
mean square over the slab, `m_p mean_p |r|^2` with the part `m_p` of its volume, says where patches are too wide: those
with large shares are cut in half and the slab is solved for again, until the root of the sum is below what was asked
for, relative to the residual of a field that stays as it was.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from pinn.fields import PatchGrid
from pinn.solvers import GaussNewton, one_blas_thread
from pinn.training.history import History
from pinn.training.interrupt import interruption
from pinn.training.loop import INTERRUPTED, Event, Observer, Training, cut_short
from pinn.training.marched import Marched, Outcome
from pinn.training.slab import Slab, SlabTerms
from pinn.training.snapshot import Snapshot

END = "the last slab was reached"

_SETTLED = 1.1  # times the loss that a step has foretold: below, the next one has nothing to do
_STALLED = 0.25  # of the loss before: Newton's method has ended when it does not fall below
_ENOUGH = 0.1  # of the residual asked for, on the points of training
_LARGE = 0.01  # of the largest share of a patch: a smaller one may be the large one's doing
_USEFUL = 0.7  # of the residual before: where cutting does less, patches are not what is missing
_ALIKE = 2.0  # times a residual that cutting did not help: the next slabs may have it too
_USUAL_STEPS = 6  # a slab, for the progress display


@dataclass
class _Steps:
    """Those of the present slab, on all patches that were tried."""

    began: float
    losses: list[float] = field(default_factory=list)
    evaluations: int = 0


@final
class March:
    """A field of slabs on its way through time.

    Args:
        slabs: the residuals, one slab at a time.
        grid: the patches to begin with.
        solver: its steps are taken in each slab.
    """

    def __init__(self, slabs: SlabTerms, *, grid: PatchGrid, solver: GaussNewton) -> None:
        self._slabs, self._work, self._solver = slabs, slabs.work, solver
        self._observer: Observer | None = None
        self._history, self._steps, self._began = History(), 0, time.perf_counter()
        self._done, self._present = Marched(grid), _Steps(0.0)
        self._terms: dict[str, float] = {}  # losses until the end of the last slab
        self._snapshot = self._taken()

    @property
    def done(self) -> Marched:
        """How far it has come."""
        return self._done

    def run(
        self, *, observer: Observer | None = None, time_limit: float | None = None, resume: Snapshot | None = None
    ) -> Training:
        """Go through all slabs, or as far as one gets.

        Args:
            observer: told after every step.
            time_limit: seconds, of those before a resume too.
            resume: go on from here instead of beginning; the outcome is that of a march without a stop, bit for bit.
        """
        self._began, self._observer = time.perf_counter(), observer
        if resume is not None:
            self._go_back(resume)
        failure: str | None = None
        with interruption() as interrupted, one_blas_thread():  # many small fits and factors

            def halted() -> bool:
                return interrupted() or (time_limit is not None and self._now() >= time_limit)

            while failure is None and self._done.slabs < self._work.recipe.slabs and not halted():
                failure = self._advance(halted)
            stop = self._why(failed=failure is not None, interrupted=interrupted())
        return Training(
            self._work.coefficients(),
            self._snapshot,
            self._steps,
            stop,
            failure,
            stop == INTERRUPTED,
            self._history,
            0.0,
            self._now(),
        )

    def _advance(self, halted: Callable[[], bool]) -> str | None:
        """Solve for the next slab, on finer patches until its residual is small or they are of no use; what is wrong,
        if anything is.
        """
        number, self._present = self._done.slabs, _Steps(self._now())
        slab = self._slabs.entered(number, self._done.grid)
        self._done = replace(self._done, scale=max(self._done.scale, slab.residual_at_start()))
        found = self._solved(slab, halted)
        while not halted() and (finer := self._finer(found)) is not None:
            tried = self._solved(self._slabs.entered(number, finer), halted)
            if not tried.residual < _USEFUL * found.residual:
                self._done = replace(self._done, accepted=_ALIKE * found.residual)
                self._slabs.enter(number, self._done.grid)
                break
            found, self._done = tried, replace(self._done, grid=finer)
        after = self._done.after(found)
        self._record(after)
        if not math.isfinite(found.residual):
            return f"slab {number + 1}: the residual of the equation is not finite"
        self._work.assign(found.weights)
        if not halted():
            self._done = after
            self._snapshot = self._taken()
        return None

    def _solved(self, slab: Slab, halted: Callable[[], bool]) -> Outcome:
        """The slab by Newton's method from the end of the slab before."""
        advance, state, last = self._solver.build_sparse(slab.objective), self._solver.start(slab.start), math.inf
        enough = (_ENOUGH * self._wanted) ** 2
        while not halted():
            state, progress = advance(state, 1)
            if not len(progress.losses):
                break
            loss = float(progress.losses[0])
            self._tell(loss, progress.evaluations)
            settled = loss <= max(enough, _SETTLED * float(state["foretold"]))
            if progress.stop is not None or settled or loss > _STALLED * last:
                break
            last = loss
        return slab.outcome(self._solver.best(state))

    def _tell(self, loss: float, evaluations: int) -> None:
        """Note a step, and tell the observer."""
        present, slabs = self._present, self._work.recipe.slabs
        present.losses.append(loss)
        present.evaluations += evaluations
        step = self._steps + len(present.losses)
        if self._observer is not None:
            planned = max(self._steps + _USUAL_STEPS * (slabs - self._done.slabs), step)
            stage = f"slab {self._done.slabs + 1} of {slabs}"
            self._observer(Event(step, planned, stage, loss, None, self._now(), lambda: self._snapshot, self._terms))

    def _record(self, after: Marched) -> None:
        """Add the steps of the present slab to the history, with the losses by term of all slabs until its end."""
        losses, by_term = self._present.losses, np.mean(after.losses, axis=0)
        self._terms = {term.name: float(loss) for term, loss in zip(self._slabs.terms, by_term, strict=True)}
        self._history.extend(
            np.array(losses),
            first_step=self._steps + 1,
            seconds=(self._present.began, self._now()),
            evaluations=self._present.evaluations,
            stages=[self._solver.name] * len(losses),
            error=math.nan,
            terms=self._terms,
        )
        self._steps += len(losses)

    def _finer(self, found: Outcome) -> PatchGrid | None:
        """The patches with those cut that have too large a share in the residual; `None` where it is small enough, or
        there is no room.
        """
        done, wanted = self._done, self._wanted
        if not found.residual > max(wanted, done.accepted):
            return None
        least = max(wanted**2 / done.grid.size, _LARGE * found.shares.max())
        finer = done.grid.refined(found.shares > least)
        if finer.size <= self._work.patches:
            return finer
        self._done = replace(done, full=done.full + 1)
        return None

    @property
    def _wanted(self) -> float:
        return self._work.recipe.residual * self._done.scale

    def _taken(self) -> Snapshot:
        """All that the march has come to, at the end of a slab."""
        history, state = self._history.copy(), {**self._work.arrays(), "step": np.array(self._steps, np.int64)}
        return Snapshot(self._steps, self._now(), state, self._done.arrays(), history)

    def _go_back(self, snapshot: Snapshot) -> None:
        self._work.restore({name: array for name, array in snapshot.state.items() if name != "step"})
        self._done = Marched.of(snapshot.revision, self._done.grid)
        self._history, self._steps = snapshot.history.copy(), snapshot.step
        self._began -= snapshot.seconds
        self._snapshot = snapshot

    def _why(self, *, failed: bool, interrupted: bool) -> str:
        """Why the march has ended."""
        finished = self._done.slabs == self._work.recipe.slabs
        short = cut_short(failed=failed, interrupted=interrupted, finished=finished)
        if short is not None:
            return short
        room = f"; {self._done.full} of them had no room for more patches: raise field.most" if self._done.full else ""
        return END + room

    def _now(self) -> float:
        return time.perf_counter() - self._began
