r"""Training like a march in time: one slab after the other, with patches that are cut where the residual is large.

In each slab the residuals `r` of the equation are made small by Newton's method, from the field as the slab before has
left it: near enough for the few steps that squared errors take. On points held out the share of every patch `p` in the
mean square over the slab, `m_p mean_p |r|^2` with the part `m_p` of its volume, says where patches are too wide: those
with large shares are cut in half and the slab is solved for again, until the root of the sum is below what was asked
for, relative to the residual of a field that stays as it was.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import final

import numpy as np

from pinn.calculus import Engine
from pinn.fields import Ansatz, PatchGrid, Slabwork
from pinn.geometry import Shape
from pinn.solvers import GaussNewton, StopReason, one_blas_thread
from pinn.training.history import History
from pinn.training.interrupt import interruption
from pinn.training.loop import INTERRUPTED, TIME_LIMIT, Event, Observer, Training
from pinn.training.marched import Marched, Outcome
from pinn.training.patched import PatchedTerm
from pinn.training.patched_objective import PatchedObjective, Placed
from pinn.training.slab_points import Interior, in_patches, on_boundary
from pinn.training.snapshot import Snapshot
from pinn.training.terms import Term

END = "the last slab was reached"

_POINTS_A_FEATURE = 3
_HELD_OUT_A_FEATURE = 0.5
_STALLED = 0.25  # of the loss before: Newton's method has ended when it does not fall below
_ENOUGH = 0.1  # of the residual asked for, on the points of training
_LARGE = 0.01  # of the largest share of a patch: a smaller one may be the large one's doing
_USEFUL = 0.7  # of the residual before: where cutting does less, patches are not what is missing
_ALIKE = 2.0  # times a residual that cutting did not help: the next slabs may have it too
_USUAL_STEPS = 6  # a slab, for the progress display
_TRAINING, _HELD_OUT = 0, 1  # streams of chance


@final
class March:
    """A field of slabs on its way through time.

    Args:
        slabwork: the field taken apart.
        terms: the equation first, then the penalties; none at the initial time.
        ansatz: what makes the field satisfy conditions exactly.
        engine: how derivatives are computed.
        shape: the domain.
        grid: the patches to begin with.
        solver: its steps are taken in each slab.
        seed: of features and points.
    """

    def __init__(
        self,
        slabwork: Slabwork,
        terms: Sequence[Term],
        ansatz: Ansatz,
        *,
        engine: Engine,
        shape: Shape,
        grid: PatchGrid,
        solver: GaussNewton,
        seed: int,
    ) -> None:
        self._work, self._terms, self._shape = slabwork, tuple(terms), shape
        self._patched = [PatchedTerm.of(slabwork, term, ansatz, engine) for term in terms]
        self._solver, self._seed = solver, seed
        self._observer: Observer | None = None
        self._history, self._steps, self._began = History(), 0, time.perf_counter()
        self._done = Marched(grid)
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
        slab = self._done.slabs
        found = self._solved(slab, halted)
        while not halted() and (finer := self._finer(found)) is not None:
            coarse, self._done = self._done, replace(self._done, grid=finer)
            tried = self._solved(slab, halted)
            if not tried.residual < _USEFUL * found.residual:
                self._done = replace(self._done, grid=coarse.grid, accepted=_ALIKE * found.residual)
                self._enter(slab)
                break
            found = tried
        if not math.isfinite(found.residual):
            return f"slab {slab + 1}: the residual of the equation is not finite"
        self._work.assign(found.weights)
        if halted():
            return None
        self._done = self._done.after(found)
        self._snapshot = self._taken()
        return None

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

    def _enter(self, slab: int) -> None:
        """Begin a slab on the present patches."""
        now = self._work.times[slab]
        keep = lambda places: self._shape.inside(np.column_stack([places, np.full(len(places), now)]))  # noqa: E731
        self._work.enter(slab, self._done.grid, self._seed, keep)

    def _solved(self, slab: int, halted: Callable[[], bool]) -> Outcome:
        """The slab on the present patches, by Newton's method from the end of the slab before."""
        self._enter(slab)
        window = (float(self._work.times[slab]), float(self._work.times[slab + 1]))
        features, grid = self._work.recipe.features, self._done.grid

        def inside(each: float, stream: int) -> Interior:
            count = math.ceil(each * features)
            return in_patches(grid, self._shape, window, count, (self._seed, slab, grid.size, stream))

        trained = inside(_POINTS_A_FEATURE, _TRAINING).points
        places = [(trained, np.zeros_like(trained))]
        for k, term in enumerate(self._terms[1:], 1):
            places.append(on_boundary(term, self._shape, window, (self._seed, slab, k)))
        parts = [
            Placed(patched, *found, np.full(len(found[0]), term.weight / len(found[0])))
            for patched, term, found in zip(self._patched, self._terms, places, strict=True)
        ]
        start = np.zeros(self._work.patches * features * self._work.components)
        before = math.sqrt(float(np.mean(self._squares(start, trained))))
        self._done = replace(self._done, scale=max(self._done.scale, before))
        weights = self._descended(PatchedObjective(parts, self._work.patches), start, halted)
        return Outcome(weights, self._shares(weights, inside(_HELD_OUT_A_FEATURE, _HELD_OUT)), trained)

    def _descended(self, objective: PatchedObjective, start: np.ndarray, halted: Callable[[], bool]) -> np.ndarray:
        """The weights of the slab after Newton's method has ended."""
        advance, state, last = self._solver.build_sparse(objective), self._solver.start(start), math.inf
        enough = (_ENOUGH * self._wanted) ** 2
        while not halted():
            began = self._now()
            state, progress = advance(state, 1)
            if not len(progress.losses):
                break
            loss = float(progress.losses[0])
            self._record(loss, progress.evaluations, began)
            if progress.stop is not None or loss <= enough or loss > _STALLED * last:
                break
            last = loss
        return self._solver.best(state)

    def _squares(self, weights: np.ndarray, points: np.ndarray) -> np.ndarray:
        """The squared residuals of the equation at points of the present slab, summed over equations, `[N]`."""
        table = weights.reshape(self._work.patches, -1)
        return np.asarray(np.sum(self._patched[0].values(table, points, np.zeros_like(points)) ** 2, axis=0))

    def _shares(self, weights: np.ndarray, held_out: Interior) -> np.ndarray:
        """The share of each patch in the mean square of the equation over the slab, `[K]`; 0 outside of the domain."""
        grid = self._done.grid
        boxes = grid.boxes
        volumes = np.prod(boxes.upper - boxes.lower, axis=1)
        counts = np.bincount(held_out.patches, minlength=grid.size)
        sums = np.bincount(held_out.patches, self._squares(weights, held_out.points), minlength=grid.size)
        felt = volumes * counts  # in proportion to the part of the patch in the domain
        return volumes * sums / max(float(felt.sum()), np.finfo(np.float64).tiny)

    def _record(self, loss: float, evaluations: int, began: float) -> None:
        self._steps += 1
        slab = self._done.slabs + 1
        self._history.extend(
            np.array([loss]),
            first_step=self._steps,
            seconds=(began, self._now()),
            evaluations=evaluations,
            stages=[self._solver.name],
            error=math.nan,
            terms={self._terms[0].name: loss},
        )
        if self._observer is not None:
            stage = f"slab {slab} of {self._work.recipe.slabs}"
            planned = self._work.recipe.slabs * _USUAL_STEPS
            done = (slab - 1) * _USUAL_STEPS
            self._observer(Event(done, planned, stage, loss, None, self._now(), lambda: self._snapshot))

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
        if failed:
            return StopReason.NOT_FINITE.value
        if interrupted:
            return INTERRUPTED
        if self._done.slabs < self._work.recipe.slabs:
            return TIME_LIMIT
        room = f"; {self._done.full} of them had no room for more patches: raise field.most" if self._done.full else ""
        return END + room

    def _now(self) -> float:
        return time.perf_counter() - self._began
