"""The training loop, the same for every solver: advance, watch, resample, stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, final

import numpy as np
import tensorflow as tf

from pinn.solvers import Chain, Objective, Progress, Solver, State, StopReason
from pinn.training.history import History
from pinn.training.interrupt import interruption

# A block of steps between two looks at the clock: short enough for Ctrl-C and the live line, long enough to cost
# nothing.
_BLOCK_SECONDS = 0.3
_LONGEST_BLOCK = 1000

_LOOK_EVERY = 100  # steps between two comparisons with the goal: fixed, so that equal runs end at equal steps

GOAL = "the asked accuracy was reached"
TIME_LIMIT = "the time limit was reached"
INTERRUPTED = "interrupted"


class TrainableObjective(Objective, Protocol):
    """What the loop asks of an objective beyond what a solver does."""

    def term_losses(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The mean square of every residual by name."""

    def resample(self, epoch: int, weights: np.ndarray) -> None:
        """Replace the points by those of another epoch; adaptive ones look at the residual at these weights."""

    def blame(self, weights: np.ndarray) -> str:
        """Which residual is not finite at these weights."""


@final
@dataclass(frozen=True)
class Event:
    """One look at a running training, handed to observers after every block of steps."""

    step: int
    steps_planned: int
    stage: str
    loss: float
    error: float | None
    seconds: float


Observer = Callable[[Event], None]


@final
@dataclass(frozen=True)
class Training:
    """What a training came to.

    `weights` are the best finite ones seen, `state` the solver's last; `failure` says what went wrong, if anything
    did; `seconds` are of training without compiling.
    """

    weights: np.ndarray
    state: State
    steps: int
    stop_reason: str
    failure: str | None
    interrupted: bool
    history: History
    compile_seconds: float
    train_seconds: float


@final
@dataclass
class _Clock:
    """How many steps fit between two looks at the clock."""

    block: int = 1
    started: float = field(default_factory=time.perf_counter)

    def now(self) -> float:
        return time.perf_counter() - self.started

    def adapt(self, steps: int, seconds: float) -> None:
        rate = steps / max(seconds, 1e-9)
        self.block = int(np.clip(rate * _BLOCK_SECONDS, 1, min(4 * self.block, _LONGEST_BLOCK)))


def train(
    objective: TrainableObjective,
    solver: Solver,
    weights: np.ndarray,
    *,
    steps_planned: int,
    monitor: Callable[[np.ndarray], float] | None = None,
    observer: Observer | None = None,
    resample_every: int = 0,
    time_limit: float | None = None,
    goal: float | None = None,
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
        resample_every: draw new points every so many steps; 0 keeps the first ones.
        time_limit: seconds of training after compiling.
        goal: a true error that is good enough; looked at after every 100 steps.

    The partition into blocks follows the clock; the weights do not depend on it.
    """
    began = time.perf_counter()
    advance = solver.compile(objective)
    state, _ = advance(solver.start(weights), 0)
    measure = _measurement(objective, solver, monitor)
    measure(state)
    compile_seconds = time.perf_counter() - began
    clock, history, progress, reached = _Clock(), History(), None, False
    look_every = _LOOK_EVERY if goal is not None and monitor is not None else 0
    with interruption() as interrupted:
        while progress is None or progress.stop is None:
            done, start = solver.steps_done(state), clock.now()
            if reached or interrupted() or (time_limit is not None and start >= time_limit):
                break
            if resample_every and done and done % resample_every == 0:
                objective.resample(done // resample_every, solver.current(state))
                state = solver.forget(state)
            state, progress = advance(state, _steps(clock.block, done, resample_every, look_every))
            clock.adapt(len(progress.losses), clock.now() - start)
            error, terms = measure(state)
            reached = goal is not None and error <= goal and solver.steps_done(state) % _LOOK_EVERY == 0
            stages = _stages(solver, state, range(done + 1, done + 1 + len(progress.losses)))
            history.extend(
                progress.losses,
                first_step=done + 1,
                seconds=(start, clock.now()),
                stages=stages,
                error=error,
                terms=terms,
            )
            _tell(
                observer,
                progress,
                step=solver.steps_done(state),
                planned=steps_planned,
                stages=stages,
                error=error,
                seconds=clock.now(),
            )
        stop, failure = _why(objective, solver, state, progress, reached=reached, interrupted=interrupted())
    return Training(
        solver.best(state),
        state,
        solver.steps_done(state),
        stop,
        failure,
        interrupted(),
        history,
        compile_seconds,
        clock.now(),
    )


def _steps(block: int, done: int, *periods: int) -> int:
    """A block, cut so that it ends wherever something happens at every multiple of a period; 0 is never."""
    return min([block, *(period - done % period for period in periods if period)])


def _stages(solver: Solver, state: State, steps: range) -> list[str]:
    """The name of the solver that did each of the steps that led to this state."""
    return [solver.stage_of(state, step).name if isinstance(solver, Chain) else solver.name for step in steps]


def _measurement(
    objective: TrainableObjective, solver: Solver, monitor: Callable[[np.ndarray], float] | None
) -> Callable[[State], tuple[float, dict[str, float]]]:
    """The true error and the losses by term at the best weights of a state."""
    # Traced by hand: TensorFlow warns of a function that it has to trace anew in every run of a process.
    spec = tf.TensorSpec([objective.size], objective.dtype)
    compiled = tf.function(objective.term_losses, autograph=False).get_concrete_function(spec)

    def measure(state: State) -> tuple[float, dict[str, float]]:
        best = solver.best(state)
        terms = compiled(tf.constant(best, objective.dtype))
        return monitor(best) if monitor else float("nan"), {name: float(loss) for name, loss in terms.items()}

    return measure


def _tell(
    observer: Observer | None,
    progress: Progress,
    *,
    step: int,
    planned: int,
    stages: list[str],
    error: float,
    seconds: float,
) -> None:
    if observer and stages:
        known = None if np.isnan(error) else error
        observer(Event(step, planned, stages[-1], float(progress.losses[-1]), known, seconds))


def _why(
    objective: TrainableObjective,
    solver: Solver,
    state: State,
    progress: Progress | None,
    *,
    reached: bool,
    interrupted: bool,
) -> tuple[str, str | None]:
    """The stop reason, and the failure if the numbers broke."""
    if progress is not None and progress.stop is StopReason.NOT_FINITE:
        step = solver.steps_done(state) + 1
        return progress.stop.value, f"step {step}: {objective.blame(solver.current(state))}"
    if progress is not None and progress.stop is not None:
        return progress.stop.value, None
    if reached:
        return GOAL, None
    return INTERRUPTED if interrupted else TIME_LIMIT, None
