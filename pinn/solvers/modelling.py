"""What all solvers share that step by a linear model of the residuals: the loop, its stops and its state."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from pinn.solvers.checks import between, whole_number
from pinn.solvers.objective import Objective
from pinn.solvers.solver import (
    Advance,
    DescendingSolver,
    Progress,
    State,
    StopReason,
    checked_weights,
    stop_entry,
    stored_stop,
)


class Model(Protocol):
    r"""The residuals as they are at some weights, and as they would be linearly: :math:`r + J \delta`.

    Attributes:
        loss: `|r|^2` at the weights.
        steepest: the largest entry of the gradient of the loss in magnitude; not finite where any number is not.
        scale: the unit of damping, the mean diagonal entry of `J^T J`, or of `J J^T` if that is smaller.
    """

    @property
    def loss(self) -> float: ...

    @property
    def steepest(self) -> float: ...

    @property
    def scale(self) -> float: ...

    def direction(self, damping: float) -> np.ndarray | None:
        r"""Return :math:`\arg\min |r + J \delta|^2 + \mu |\delta|^2`, `[P]`, or `None` where it takes more damping."""

    def predicted(self, change: np.ndarray) -> float:
        r"""Return :math:`|r + J \delta|^2`."""


class Local(Protocol):
    """An objective as seen from some weights."""

    def model(self, weights: np.ndarray, step: int) -> Model:
        """Return the linear model at weights `[P]`; `step` seeds what is random about it."""

    def loss(self, weights: np.ndarray) -> float:
        """Return the loss at weights `[P]`."""


@dataclass
class Point:
    """The mutable working copy of a state during one call of `advance`.

    Attributes:
        weights: `[P]`.
        loss: NaN while not evaluated.
        step: how many were taken.
        stop: why the solver ended.
        memory: what the method carries from step to step.
        evaluations: of residuals, in this call.
    """

    weights: np.ndarray
    loss: float
    step: int
    stop: StopReason | None
    memory: State
    evaluations: int = 0

    @classmethod
    def read(cls, state: State) -> Point:
        """Copy a state."""
        rest = {key: np.array(value) for key, value in state.items() if key not in _COMMON}
        return cls(state["weights"].copy(), float(state["loss"]), int(state["step"]), stored_stop(state), rest)

    def write(self) -> State:
        """Return the state."""
        return {
            "weights": self.weights,
            "loss": np.array(self.loss),
            "step": np.array(self.step, np.int64),
            "stop": stop_entry(self.stop),
            **self.memory,
        }

    def move(self, change: np.ndarray, loss: float) -> None:
        """Take a step."""
        self.weights, self.loss, self.step = self.weights + change, loss, self.step + 1


_COMMON = ("weights", "loss", "step", "stop")


@dataclass(frozen=True, kw_only=True)
class ModellingSolver(DescendingSolver):
    """Steps from linear models of the residuals, in float64, each of which lowers the loss.

    A method is a subclass with a `name` and the functions that see the objective, begin a memory and take a step.

    Args:
        max_steps: the limit on steps taken.
        gradient_tolerance: stop when the largest entry of the gradient of the loss is not above it; 0 goes on until
            round-off ends the descent.
    """

    precisions: ClassVar[tuple[str, ...]] = ("float64",)

    max_steps: int = 1000
    gradient_tolerance: float = 0.0

    def __post_init__(self) -> None:
        owner = type(self).__name__
        whole_number(owner, "max_steps", self.max_steps, least=1)
        between(owner, "gradient_tolerance", self.gradient_tolerance, 0.0, closed=True)

    @abstractmethod
    def look(self, objective: Objective) -> Local:
        """Compile what the method sees of an objective.

        Raises:
            ValueError: it would not fit into memory.
        """

    @abstractmethod
    def memory(self, weights: np.ndarray) -> State:
        """Return what the method remembers before the first step, beside weights, loss, step and stop."""

    @abstractmethod
    def step(self, local: Local, model: Model, point: Point) -> bool:
        """Take one step in place; return `False` if none lowers the loss."""

    def start(self, weights: np.ndarray) -> State:
        weights = checked_weights(type(self).__name__, weights, self.precisions)
        return Point(weights, math.nan, 0, None, self.memory(weights)).write()

    def build(self, objective: Objective) -> Advance:
        local = self.look(objective)

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            point = Point.read(state)
            losses: list[float] = []
            with np.errstate(over="ignore", invalid="ignore"):
                if steps == 0:
                    local.model(point.weights, point.step).direction(1.0)  # compiles
                    local.loss(point.weights)
                while len(losses) < steps and self._stop(point) is None:
                    if self._advance(local, point):
                        losses.append(point.loss)
            return point.write(), Progress(np.array(losses, np.float64), point.evaluations, self._stop(point))

        return advance

    def _stop(self, point: Point) -> StopReason | None:
        return point.stop or (StopReason.STEP_LIMIT if point.step >= self.max_steps else None)

    def _advance(self, local: Local, point: Point) -> bool:
        """One step, or a stop reason."""
        model = local.model(point.weights, point.step)
        point.evaluations += 1
        if not (math.isfinite(model.loss) and math.isfinite(model.steepest)):
            point.stop = StopReason.NOT_FINITE
        elif model.steepest <= self.gradient_tolerance:
            point.stop = StopReason.GRADIENT_TOLERANCE
        elif not self.step(local, model, point):
            point.stop = StopReason.ROUND_OFF
        return point.stop is None
