"""Linear least squares: residuals that are linear in the weights are solved, not descended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import lstsq

from pinn.solvers.checks import between, whole_number
from pinn.solvers.line_search import EPSILON
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


@dataclass(frozen=True, kw_only=True)
class LeastSquares(DescendingSolver):
    r"""Solve :math:`\min_w |r(w)|^2` for residuals `r(w) = r_0 + J w` in one step, to round-off.

    The step :math:`\delta` of :math:`\min |J \delta + r|` comes from a complete orthogonal factorisation with pivoting
    (LAPACK's `gelsy`): directions that the residuals do not feel beyond round-off are left alone, so that columns which
    depend on each other are no obstacle. The condition of `J` enters once, not squared as in the normal equations.
    Further steps solve again for what round-off has left, until the loss no longer falls.

    That the residuals are linear is tried, not believed: see `Raises`. It is so when the equation is linear in `u` and
    the only weights are those of a last linear layer, as of `pinn.fields.RandomFeatures`.

    Cost: one Jacobian `[R, P]`, then about `2 R P^2` flops a step.

    Args:
        max_steps: the first solution and its refinements.
        cut: singular values below this part of the largest count as zero.

    State: `weights` `[P]`; `loss` (NaN while not evaluated), `step`, `stop` `[]`.

    Raises:
        ValueError: from the first step, if the residuals are not linear in the weights.

    Source: G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 5.5; for differential equations S. Dong,
    Z. Li, Computer Methods in Applied Mechanics and Engineering 387 (2021), 114129.
    """

    name: ClassVar[str] = "least_squares"
    precisions: ClassVar[tuple[str, ...]] = ("float64",)

    max_steps: int = 4
    cut: float = EPSILON

    def __post_init__(self) -> None:
        whole_number("LeastSquares", "max_steps", self.max_steps, least=1)
        between("LeastSquares", "cut", self.cut, 0.0, 1.0)

    def start(self, weights: np.ndarray) -> State:
        return _state(checked_weights("LeastSquares", weights, self.precisions), math.nan, 0, None)

    def build(self, objective: Objective) -> Advance:
        linearizer = Linearizer.of(objective)

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            if steps == 0:
                linearizer(state["weights"])  # compiles
                linearizer.residuals(state["weights"])
                return dict(state), Progress(np.empty(0), 0, self._stop(state))
            losses: list[float] = []
            evaluations = 0
            while len(losses) < steps and self._stop(state) is None:
                state, used = self._step(linearizer, state)
                evaluations += used
                if stored_stop(state) is None:
                    losses.append(float(state["loss"]))
            return state, Progress(np.array(losses, np.float64), evaluations, self._stop(state))

        return advance

    def _stop(self, state: State) -> StopReason | None:
        limit = StopReason.STEP_LIMIT if self.steps_done(state) >= self.max_steps else None
        return stored_stop(state) or limit

    def _step(self, linearizer: Linearizer, state: State) -> tuple[State, int]:
        """One solution; the state, stopped where the loss did not fall, and how many evaluations it took."""
        weights, step = state["weights"], int(state["step"])
        here = linearizer(weights)
        if not here.finite:
            return _state(weights, math.nan, step, StopReason.NOT_FINITE), 1
        change, *_ = lstsq(here.jacobian, -here.residuals, cond=self.cut, lapack_driver="gelsy", check_finite=False)
        found = linearizer.residuals(weights + change)
        if step == 0:
            _require_linear(linearizer, weights, here, change)
        loss = float(found @ found)
        if not loss < here.loss:
            return _state(weights, here.loss, step, StopReason.ROUND_OFF), 2
        return _state(weights + change, loss, step + 1, None), 2


def _require_linear(linearizer: Linearizer, weights: np.ndarray, here: Linearization, change: np.ndarray) -> None:
    """Compare the residuals far away with their prediction; what differs beyond round-off is curvature.

    As far as the solution, and at least by one in every weight: where the start is a solution already, the change and
    its effect are round-off, which is never linear.
    """
    probe = change + np.where(np.arange(len(change)) % 2, 1.0, -1.0)
    predicted = here.residuals + here.jacobian @ probe
    terms = np.abs(here.residuals) + np.abs(here.jacobian) @ np.abs(probe)
    gap = float(np.abs(linearizer.residuals(weights + probe) - predicted).max())
    scale = float(terms.max())
    if not gap <= _ROUNDINGS * EPSILON * scale:
        raise ValueError(
            "LeastSquares: the residuals must be linear in the weights; they differ from their linear prediction by "
            f"{gap / max(scale, 1e-300):.1e} of their terms. Linear are a linear equation and a field of random "
            "features (field=random_features); for others take solver=levenberg_marquardt."
        )


_ROUNDINGS = 1e5  # sums of some hundred terms that went through exp or tanh, and derivatives of a sharp feature


def _state(weights: np.ndarray, loss: float, step: int, stop: StopReason | None) -> State:
    return {
        "weights": weights,
        "loss": np.array(loss),
        "step": np.array(step, np.int64),
        "stop": stop_entry(stop),
    }
