"""Solvers one after the other, each starting from the best weights of the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pinn.solvers.objective import Objective
from pinn.solvers.solver import Advance, Progress, Solver, State, StopReason


@dataclass(frozen=True)
class Chain(Solver):
    """Run the stages in order, as one solver: `Chain((Adam(max_steps=2000), Lbfgs()))`.

    When a stage stops for a benign reason, the next one starts, at once and within the same call, from its best
    weights. A stage that meets a loss that is not finite ends the whole chain. Stop reasons of all but the last stage
    are not reported: the chain itself goes on.

    State: `stage`, the index of the active stage, and `earlier_steps`, the steps of the stages before it, `[]`; and the
    state of the active stage, its keys prefixed with `"<index>."`.
    """

    name: ClassVar[str] = "chain"
    precisions: ClassVar[tuple[str, ...]] = ("float32", "float64")

    stages: tuple[Solver, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(self.stages))
        if not self.stages:
            raise ValueError("Chain: stages must hold at least one solver, got none.")
        for stage in self.stages:
            if not isinstance(stage, Solver):
                raise TypeError(f"Chain: every stage must be a Solver, got {stage!r}.")

    def start(self, weights: np.ndarray) -> State:
        return _pack(0, 0, self.stages[0].start(weights))

    def active(self, state: State) -> Solver:
        """Return the stage that does the next step."""
        return self.stages[int(state["stage"])]

    def active_state(self, state: State) -> State:
        """Return the state of that stage."""
        return _inner(state)

    def stage_of(self, state: State, step: int) -> Solver:
        """Return the stage that did step number `step`, counted from 1, of those that led to this state.

        Exact for the active stage and the one before it.
        """
        index = int(state["stage"])
        return self.stages[index if step > int(state["earlier_steps"]) else index - 1]

    def forget(self, state: State) -> State:
        inner = self.active(state).forget(_inner(state))
        return _pack(int(state["stage"]), int(state["earlier_steps"]), inner)

    def current(self, state: State) -> np.ndarray:
        return self.active(state).current(_inner(state))

    def best(self, state: State) -> np.ndarray:
        return self.active(state).best(_inner(state))

    def steps_done(self, state: State) -> int:
        return int(state["earlier_steps"]) + self.active(state).steps_done(_inner(state))

    def build(self, objective: Objective) -> Advance:
        advances = [stage.compile(objective) for stage in self.stages]

        def compile_all(state: State) -> Progress:
            weights = self.current(state)
            for stage, advance in zip(self.stages, advances, strict=True):
                advance(stage.start(weights), 0)
            _, progress = advances[int(state["stage"])](_inner(state), 0)
            return progress

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            if steps == 0:
                return dict(state), compile_all(state)
            return self._advance(advances, state, steps)

        return advance

    def _advance(self, advances: list[Advance], state: State, steps: int) -> tuple[State, Progress]:
        losses: list[np.ndarray] = []
        evaluations, left = 0, steps
        stop: StopReason | None = None
        while left > 0 and stop is None:
            index = int(state["stage"])
            inner, progress = advances[index](_inner(state), left)
            losses.append(progress.losses)
            evaluations += progress.evaluations
            left -= len(progress.losses)
            state, stop = _pack(index, int(state["earlier_steps"]), inner), progress.stop
            if stop is not None and stop.benign and index + 1 < len(self.stages):
                state, stop = self._hand_over(state), None
        return state, Progress(np.concatenate(losses), evaluations, stop)

    def _hand_over(self, state: State) -> State:
        following = int(state["stage"]) + 1
        return _pack(following, self.steps_done(state), self.stages[following].start(self.best(state)))


def _pack(stage: int, earlier_steps: int, inner: State) -> State:
    prefixed = {f"{stage}.{key}": value for key, value in inner.items()}
    return {"stage": np.array(stage, np.int64), "earlier_steps": np.array(earlier_steps, np.int64), **prefixed}


def _inner(state: State) -> State:
    """Return the state of the active stage."""
    prefix = f"{int(state['stage'])}."
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
