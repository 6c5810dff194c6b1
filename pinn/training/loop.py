"""The training loop, the same for every solver: revise the objective, advance, watch, stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, final

import numpy as np
import tensorflow as tf

from pinn.solvers import Advance, Chain, Progress, Solver, State, StopReason, controls
from pinn.training.agreement import Following, Together, agree
from pinn.training.clock import Clock, divided
from pinn.training.event import Event, Keeping, Observer
from pinn.training.history import History
from pinn.training.interrupt import interruption
from pinn.training.revision import Revision
from pinn.training.snapshot import Snapshot
from pinn.training.trainable import TrainableObjective
from pinn.training.weighting import Balance, Fixed

_LOOK_EVERY = 100  # steps between two comparisons with the goal: fixed, so that equal runs end at equal steps

GOAL = "the asked accuracy was reached"
TIME_LIMIT = "the time limit was reached"
INTERRUPTED = "interrupted"


@final
@dataclass(frozen=True)
class Training:
    """What a training came to.

    `weights` are the best finite ones seen, `snapshot` is from where it can go on. `failure` says what went wrong, if
    anything did; `seconds` are of training without compiling.
    """

    weights: np.ndarray
    snapshot: Snapshot
    steps: int
    stop_reason: str
    failure: str | None
    interrupted: bool
    history: History
    compile_seconds: float
    train_seconds: float

    @property
    def state(self) -> State:
        """The solver's last."""
        return self.snapshot.state

    @property
    def revision(self) -> State:
        """What the objective has come to: its points, and what the balance remembers."""
        return self.snapshot.revision


_Measure = Callable[[State], tuple[float, dict[str, float]]]


class _Stretch(NamedTuple):
    """Steps from one pause to the next, when they began, and the solver at work at each of them."""

    steps: range
    start: float
    stages: list[str]


@final
@dataclass
class _Run:
    """A training on its way: everything that a block of steps reads, and what it leaves behind."""

    solver: Solver
    advance: Advance
    measure: _Measure
    revision: Revision
    state: State
    progress: Progress
    planned: int
    goal: float | None
    periods: tuple[int, ...]
    keeper: Keeping | None
    clock: Clock
    history: History
    together: Together
    terms: Mapping[str, float] = field(default_factory=dict)
    reached: bool = False

    @property
    def done(self) -> int:
        """Steps from the very first one."""
        return self.solver.steps_done(self.state)

    @property
    def pause_every(self) -> int:
        """Steps end at the multiples of this for the keeper; 0 is never."""
        return self.keeper.every if self.keeper is not None else 0

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do, whatever the clock says."""
        return self.reached or self.progress.stop is not None

    def look(self) -> float:
        """The error at this step, beside the losses by term; notes whether the goal is reached."""
        error, self.terms = self.measure(self.state)
        self.reached = self.goal is not None and error <= self.goal and self.done > 0 and self.done % _LOOK_EVERY == 0
        return error

    def snapshot(self) -> Snapshot:
        """All that the training has come to."""
        return Snapshot(self.done, self.clock.now(), self.state, self.revision.arrays(), self.history.copy())

    def following(self, time_limit: float | None, *, interrupted: bool) -> Following:
        """What comes next, by this process and by all others of the training."""
        ended = self.ended or (time_limit is not None and self.clock.now() >= time_limit)
        weights, steps = self.solver.current(self.state), self.clock.block
        return agree(self.together, weights, steps=steps, ended=ended, interrupted=interrupted)

    def block(self, length: int) -> Event | None:
        """Revise the objective if that is due, and take about so many steps; what there is to tell of them.

        Where the keeper asks for it they pause, without the look at the field that ends a block.
        """
        done, start = self.done, self.clock.now()
        if self.revision.revise(done, self.solver.current(self.state)):
            self.state = self.solver.forget(self.state)
        end = done + divided(length, done, *self.revision.periods, *self.periods, pauses=self.pause_every)
        stretch = self.stretch(end)
        while self.done < end and self.progress.stop is None:
            self.keep(self.note(stretch, float("nan"), dict.fromkeys(self.terms, float("nan"))))
            stretch = self.stretch(end)
        self.clock.adapt(self.done - done, self.clock.now() - start)
        error = self.look()
        return self.note(stretch, error, self.terms)

    def stretch(self, end: int) -> _Stretch:
        """Step as far as this, or to where the keeper asks for a pause."""
        done, start, every = self.done, self.clock.now(), self.pause_every
        left = min(end - done, every - done % every) if every else end - done
        self.state, self.progress = self.advance(self.state, left)
        steps = range(done + 1, done + 1 + len(self.progress.losses))
        return _Stretch(steps, start, _stages(self.solver, self.state, steps))

    def note(self, stretch: _Stretch, error: float, terms: Mapping[str, float]) -> Event | None:
        """Write steps just done into the history; what there is to tell of them, if there are any."""
        self.history.extend(
            self.progress.losses,
            first_step=stretch.steps.start,
            seconds=(stretch.start, self.clock.now()),
            evaluations=self.progress.evaluations,
            stages=stretch.stages,
            error=error,
            terms=terms,
        )
        if not stretch.stages:
            return None
        state = self.state
        return Event(
            self.done,
            self.planned,
            stretch.stages[-1],
            float(self.progress.losses[-1]),
            None if np.isnan(error) else error,
            self.clock.now(),
            self.snapshot,
            terms,
            controls=lambda: controls(self.solver, state),
        )

    def keep(self, event: Event | None) -> None:
        """Tell the keeper."""
        if self.keeper is not None and event is not None:
            self.keeper(event)


def train(
    objective: TrainableObjective,
    solver: Solver,
    weights: np.ndarray,
    *,
    steps_planned: int,
    monitor: Callable[[np.ndarray], float] | None = None,
    observer: Observer | None = None,
    observe_every: int = 0,
    keeper: Keeping | None = None,
    resample_every: int = 0,
    balance: Balance | None = None,
    time_limit: float | None = None,
    goal: float | None = None,
    resume: Snapshot | None = None,
    advance: Advance | None = None,
    together: Together = tuple,
) -> Training:
    """Improve the weights until the solver stops, the time is over, or somebody interrupts.

    Args:
        objective: residuals as functions of the weights.
        solver: what improves them.
        weights: where to begin, `[P]`.
        steps_planned: for the progress display.
        monitor: the true error at given weights, where an exact solution is known; it is watched and steers nothing but
            the end of training, if there is a goal.
        observer: told after every block of steps.
        observe_every: blocks end wherever so many steps are done, for an observer that asks for it; 0 is never.
        keeper: told after every block, and wherever `keeper.every` steps more are done. There the field is not looked
            at: the error and the losses by term are NaN for it and for the history.
        resample_every: draw new points every so many steps; 0 keeps the first ones.
        balance: weighs the terms of the loss anew while they are trained. Default `Fixed()`. When points or weights
            have changed, the solver forgets its losses and keeps its curvature.
        time_limit: seconds of training after compiling, those before a `resume` included.
        goal: a true error that is good enough; looked at after every 100 steps.
        resume: go on from here instead of beginning at `weights`. With the same objective and balance and a solver of
            as many steps or more, two trainings one after the other are one long one, bit for bit.
        advance: what `solver.compile(objective)` gave, if somebody has called it before: compiling takes seconds.
        together: how the processes agree that take the same steps on shares of the points.

    The partition into blocks follows the clock; the weights do not depend on it.
    """
    began = time.perf_counter()
    advance = advance or solver.compile(objective)
    state, progress = advance(solver.start(weights) if resume is None else resume.state, 0)
    revision = Revision.begin(objective, balance or Fixed(), resample_every, solver.current(state))
    if resume is not None:
        revision.restore(resume.revision, solver.current(state))
    look_every = _LOOK_EVERY if goal is not None and monitor is not None else 0
    run = _Run(
        solver,
        advance,
        _measurement(objective, solver, monitor),
        revision,
        state,
        progress,
        steps_planned,
        goal,
        periods=(look_every, observe_every),
        keeper=keeper,
        clock=Clock.after(0.0),
        history=History() if resume is None else resume.history.copy(),
        together=together,
    )
    run.look()
    compile_seconds = time.perf_counter() - began
    run.clock = Clock.after(0.0 if resume is None else resume.seconds)
    with interruption() as interrupted:
        while (following := run.following(time_limit, interrupted=interrupted())).steps:
            event = run.block(following.steps)
            if observer is not None and event is not None:
                observer(event)
            run.keep(event)
        stop, failure = _why(objective, run, interrupted=following.interrupted)
    (seconds,) = together((run.clock.now(),))
    return Training(
        solver.best(run.state),
        run.snapshot(),
        run.done,
        stop,
        failure,
        following.interrupted or interrupted(),
        run.history,
        compile_seconds,
        seconds,
    )


def cut_short(*, failed: bool, interrupted: bool, finished: bool) -> str | None:
    """Why a way through time has ended before its end; `None` where it has not."""
    if failed:
        return StopReason.NOT_FINITE.value
    if interrupted:
        return INTERRUPTED
    return None if finished else TIME_LIMIT


def _stages(solver: Solver, state: State, steps: range) -> list[str]:
    """The name of the solver that did each of the steps that led to this state."""
    if not isinstance(solver, Chain):
        return [solver.name] * len(steps)
    ends = {solver.stage_of(state, step).name for step in (*steps[:1], *steps[-1:])}
    if len(ends) == 1:
        return [*ends] * len(steps)
    return [solver.stage_of(state, step).name for step in steps]


def _measurement(
    objective: TrainableObjective, solver: Solver, monitor: Callable[[np.ndarray], float] | None
) -> _Measure:
    """The true error and the losses by term at the best weights of a state."""
    # Traced by hand: TensorFlow warns of a function that it has to trace anew in every run of a process.
    spec = tf.TensorSpec([objective.size], objective.dtype)
    compiled = tf.function(objective.term_losses, autograph=False).get_concrete_function(spec)

    def measure(state: State) -> tuple[float, dict[str, float]]:
        best = solver.best(state)
        terms = compiled(tf.constant(best, objective.dtype))
        return monitor(best) if monitor else float("nan"), {name: float(loss) for name, loss in terms.items()}

    return measure


def _why(objective: TrainableObjective, run: _Run, *, interrupted: bool) -> tuple[str, str | None]:
    """The stop reason, and the failure if the numbers broke."""
    stop = run.progress.stop
    if stop is StopReason.NOT_FINITE:
        return stop.value, f"step {run.done + 1}: {objective.blame(run.solver.current(run.state))}"
    if stop is not None:
        return stop.value, None
    if run.reached:
        return GOAL, None
    return INTERRUPTED if interrupted else TIME_LIMIT, None
