"""The contract of every solver: a state of plain arrays goes in, a better one comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, final

import numpy as np

from pinn.solvers.checks import whole_number
from pinn.solvers.objective import Objective

State = dict[str, np.ndarray]
"""Everything a solver needs to go on. `np.savez(path, **state)` is a checkpoint; reading it back resumes exactly."""


class StopReason(Enum):
    """Why a solver ended for good; the value is the sentence a person reads."""

    STEP_LIMIT = "the step limit of the solver was reached"
    GRADIENT_TOLERANCE = "the gradient is as small as the gradient tolerance asks"
    ROUND_OFF = "no step along steepest descent lowers the loss any more: round-off ended the descent"
    NOT_FINITE = "the loss or its gradient is not finite (NaN or infinity)"

    @property
    def benign(self) -> bool:
        """Whether the weights reached are sound, so that another solver may go on from them."""
        return self is not StopReason.NOT_FINITE


@dataclass(frozen=True)
class Progress:
    """What one call of `Advance` did.

    Attributes:
        losses: `[k]`, float64, one loss for each of the `k` steps done in this call. First-order solvers report the
            loss at the weights before each update, quasi-Newton solvers the loss after each iteration.
        evaluations: how often the objective was evaluated in this call.
        stop: why the solver ended for good, or `None` while it can go on.
    """

    losses: np.ndarray
    evaluations: int
    stop: StopReason | None


Advance = Callable[[State, int], tuple[State, Progress]]
"""`advance(state, steps)`: at most `steps` more steps. See `Solver.compile` for the laws it obeys."""


class Solver(ABC):
    """Improves the flat weight vector `w`, shape `[P]`, of an `Objective`.

    A solver is an immutable record of options. All that changes during a run is in the `State`, a dictionary of
    arrays of fixed shapes::

        state = solver.start(weights)
        advance = solver.compile(objective)
        state, progress = advance(state, 100)
        weights = solver.best(state)

    A new solver is one file: a frozen dataclass with a `name`, the `precisions` it works in, and the abstract methods.
    """

    name: ClassVar[str]
    precisions: ClassVar[tuple[str, ...]]

    @abstractmethod
    def start(self, weights: np.ndarray) -> State:
        """Return the state before the first step at `weights`, `[P]`, float32 or float64; the array is copied."""

    @abstractmethod
    def build(self, objective: Objective) -> Advance:
        """Return the bare stepping function. Called by `compile`, which adds the checks; not called by users."""

    @abstractmethod
    def forget(self, state: State) -> State:
        """Return the state without what belongs to an objective that has since changed (points were resampled).

        The cached or best loss, the cached gradient and a stop caused by them go; weights, moments, curvature and the
        number of steps done stay.
        """

    @abstractmethod
    def current(self, state: State) -> np.ndarray:
        """Return a copy of the weights `[P]` where the solver stands; after a `NOT_FINITE` stop, those that failed."""

    @abstractmethod
    def best(self, state: State) -> np.ndarray:
        """Return a copy of the weights `[P]` of the lowest finite loss seen, or those of the start before any."""

    @abstractmethod
    def steps_done(self, state: State) -> int:
        """Return the number of steps done since `start`."""

    @final
    def compile(self, objective: Objective) -> Advance:
        """Return `advance(state, steps) -> (state, progress)`, compiled for this objective.

        Laws, for every solver:

        * at most `steps` steps are done, exactly `len(progress.losses)`; fewer than asked only with a stop reason;
        * `advance(state, 0)` compiles all there is to compile and returns an equal state: time it to measure compiling;
        * 5 + 5 steps give the same state, bit for bit, as 10; so does a state that was saved and loaded between;
        * the state passed in is never changed;
        * a stopped state stays stopped, with the same reason, until `forget`, or until a solver with a wider limit
          (more steps, a smaller tolerance) takes the state over.

        Raises:
            ValueError: the solver does not work in the objective's precision; later, from `advance`, if the state does
                not fit the objective or `steps` is negative.
        """
        if objective.dtype.name not in self.precisions:
            raise ValueError(
                f"{type(self).__name__} works in {' or '.join(self.precisions)}, the objective is "
                f"{objective.dtype.name}: set dtype={self.precisions[-1]}."
            )
        expected = np.dtype(objective.dtype.as_numpy_dtype), (objective.size,)
        bare = self.build(objective)

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            whole_number(type(self).__name__, "steps", steps, least=0)
            weights = self.current(state)
            if (weights.dtype, weights.shape) != expected:
                raise ValueError(
                    f"{type(self).__name__}: the state holds {weights.dtype} weights of shape {weights.shape}, the "
                    f"objective needs {expected[0]} of shape {expected[1]}: start from weights of this objective."
                )
            return bare(state, int(steps))

        return advance


class DescendingSolver(Solver):
    """A solver whose loss falls with every step, so that the best weights are where it stands.

    Its state has at least `weights` `[P]`, `loss` (NaN while not evaluated), `step` and `stop` `[]`.
    """

    def forget(self, state: State) -> State:
        return {**state, "loss": np.array(np.nan), "stop": stop_entry(None)}

    def current(self, state: State) -> np.ndarray:
        return state["weights"].copy()

    def best(self, state: State) -> np.ndarray:
        return state["weights"].copy()

    def steps_done(self, state: State) -> int:
        return int(state["step"])


def checked_weights(owner: str, weights: np.ndarray, precisions: tuple[str, ...]) -> np.ndarray:
    """Return a contiguous copy of `weights`, `[P]`, or raise if it is no vector of one of the precisions."""
    array = np.array(weights, order="C")
    if array.dtype.name not in precisions:
        raise TypeError(f"{owner}: the weights must be {' or '.join(precisions)}, got {array.dtype.name}.")
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{owner}: the weights must be one flat vector [P] with P >= 1, got shape {array.shape}.")
    return array


def stored_stop(state: State) -> StopReason | None:
    """Return the stop reason kept in `state["stop"]` by name; an empty name means none."""
    name = str(state["stop"])
    return StopReason[name] if name else None


def stop_entry(stop: StopReason | None) -> np.ndarray:
    """Return the array that stands for a stop reason in a state: a fixed-width name that `np.savez` keeps."""
    return np.array("" if stop is None else stop.name, dtype="<U24")
