"""Levenberg-Marquardt: Gauss-Newton steps, damped as much as the last ones have asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pinn.solvers.checks import between, fits_in_memory, whole_number
from pinn.solvers.gauss_newton import Gram
from pinn.solvers.linearized import Linearization, Linearizer
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

_MOST_DAMPING = 1e12  # beyond it a step is steepest descent, and shorter than round-off
_TRIALS = 60


@dataclass
class _Point:
    """The mutable working copy of a state during one call of `advance`."""

    weights: np.ndarray  # [P]
    loss: float  # NaN while not evaluated
    damping: float  # in units of the mean diagonal entry of the Gram matrix
    growth: float
    step: int
    stop: StopReason | None
    evaluations: int = 0

    @classmethod
    def read(cls, state: State) -> _Point:
        loss, damping, growth = (float(state[key]) for key in ("loss", "damping", "growth"))
        return cls(state["weights"].copy(), loss, damping, growth, int(state["step"]), stored_stop(state))

    def write(self) -> State:
        return {
            "weights": self.weights,
            "loss": np.array(self.loss),
            "damping": np.array(self.damping),
            "growth": np.array(self.growth),
            "step": np.array(self.step, np.int64),
            "stop": stop_entry(self.stop),
        }


@dataclass(frozen=True, kw_only=True)
class LevenbergMarquardt(DescendingSolver):
    r"""The damped Gauss-Newton method, in float64.

    .. math::
       \delta = -(J^T J + \mu I)^{-1} J^T r, \qquad
       \varrho = \frac{L(w) - L(w + \delta)}{L(w) - |r + J \delta|^2}

    A step that lowers the loss is taken, and the damping falls the more the better the linear model has predicted it:
    :math:`\mu \leftarrow \mu \max(1/3, 1 - (2 \varrho - 1)^3)`. One that does not is tried again with a damping that
    doubles, then quadruples, and so on. Where the residuals vanish at the solution convergence is quadratic.

    Cost of a step: one Jacobian `[R, P]`, `R P min(R, P)` flops for its product, and a Cholesky factorisation of
    `min(R, P)^3 / 3` for each damping tried, mostly one. Memory: `8 R P` bytes and `16 min(R, P)^2`.

    Args:
        max_steps: the limit on steps taken.
        damping: the first `\mu`, in units of the mean diagonal entry of `J^T J` (or `J J^T`, if that is smaller).
        gradient_tolerance: stop when the largest entry of the gradient of the loss is not above it; 0 goes on until
            round-off ends the descent.

    State: `weights` `[P]`; `loss` (NaN while not evaluated), `damping`, `growth`, `step`, `stop` `[]`.

    Source: H. Nielsen, "Damping parameter in Marquardt's method", IMM-REP-1999-05, Technical University of Denmark.
    """

    name: ClassVar[str] = "levenberg_marquardt"
    precisions: ClassVar[tuple[str, ...]] = ("float64",)

    max_steps: int = 1000
    damping: float = 1e-3
    gradient_tolerance: float = 0.0

    def __post_init__(self) -> None:
        whole_number("LevenbergMarquardt", "max_steps", self.max_steps, least=1)
        between("LevenbergMarquardt", "damping", self.damping, 0.0)
        between("LevenbergMarquardt", "gradient_tolerance", self.gradient_tolerance, 0.0, closed=True)

    def start(self, weights: np.ndarray) -> State:
        weights = checked_weights("LevenbergMarquardt", weights, self.precisions)
        return _Point(weights, math.nan, self.damping, 2.0, 0, None).write()

    def build(self, objective: Objective) -> Advance:
        linearizer = Linearizer.of(objective)
        rows = int(linearizer.alone.output_shapes[0])
        size = 8 * (2 * rows * objective.size + 3 * min(rows, objective.size) ** 2)
        what = f"the Jacobian of {rows} residuals and {objective.size} weights"
        fits_in_memory("LevenbergMarquardt", what, size, "take solver=lbfgs, or fewer points or weights")

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            if steps == 0:
                linearizer(state["weights"])  # compiles
                linearizer.residuals(state["weights"])
                return dict(state), Progress(np.empty(0), 0, self._stop(_Point.read(state)))
            point = _Point.read(state)
            losses: list[float] = []
            with np.errstate(over="ignore", invalid="ignore"):
                while len(losses) < steps and self._stop(point) is None:
                    if self._step(linearizer, point):
                        losses.append(point.loss)
            return point.write(), Progress(np.array(losses, np.float64), point.evaluations, self._stop(point))

        return advance

    def _stop(self, point: _Point) -> StopReason | None:
        limit = StopReason.STEP_LIMIT if point.step >= self.max_steps else None
        return point.stop or limit

    def _step(self, linearizer: Linearizer, point: _Point) -> bool:
        """Take one step in place; return `False`, with the stop reason set, if there is none."""
        here = linearizer(point.weights)
        point.evaluations += 1
        point.stop = self._ending(here)
        if point.stop is not None:
            return False
        gram = Gram.of(here)
        for _ in range(_TRIALS):
            change = gram.direction(point.damping * gram.scale)
            if change is not None:
                residuals = linearizer.residuals(point.weights + change)
                point.evaluations += 1
                loss = float(residuals @ residuals)
                if loss < here.loss:
                    self._accept(point, change, loss, here)
                    return True
            if point.damping > _MOST_DAMPING:
                break
            point.damping, point.growth = point.damping * point.growth, 2.0 * point.growth
        point.stop = StopReason.ROUND_OFF
        return False

    def _ending(self, here: Linearization) -> StopReason | None:
        if not here.finite:
            return StopReason.NOT_FINITE
        steepest = float(np.max(np.abs(2.0 * here.residuals @ here.jacobian)))
        return StopReason.GRADIENT_TOLERANCE if steepest <= self.gradient_tolerance else None

    @staticmethod
    def _accept(point: _Point, change: np.ndarray, loss: float, here: Linearization) -> None:
        modelled = here.residuals + here.jacobian @ change
        predicted = here.loss - float(modelled @ modelled)
        gain = (here.loss - loss) / predicted if predicted > 0.0 else 0.0
        point.damping *= max(1.0 / 3.0, 1.0 - (2.0 * min(gain, 1.0) - 1.0) ** 3)
        point.growth = 2.0
        point.weights, point.loss, point.step = point.weights + change, loss, point.step + 1
