"""Linear least squares: residuals that are linear in the weights are solved, not descended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pinn.solvers.line_search import EPSILON
from pinn.solvers.linearized import Linear, Models, gap
from pinn.solvers.objective import Layered, Objective
from pinn.solvers.orthogonal import ROUNDINGS, OrthogonalSolver, state_of
from pinn.solvers.solver import State, StopReason


@dataclass(frozen=True, kw_only=True)
class LeastSquares(OrthogonalSolver):
    r"""Solve :math:`\min_w |r(w)|^2` for residuals `r(w) = r_0 + J w` in one step, to round-off.

    The step is that of `OrthogonalSolver`, dense or sparse. Further steps solve again for what round-off has left,
    until the loss no longer falls.

    Where the objective knows of a linear last layer (`Layered`), only its weights are solved for, and the others stay:
    all weights of `pinn.fields.RandomFeatures` are of that kind, and for a network that was trained it is a finishing
    step, `Chain((Bfgs(), LeastSquares()))`. Else all weights are, as those of `pinn.fields.Patches`.

    That the residuals are linear in them is tried, not believed, while the objective is compiled: see `Raises`. So it
    is when the equation and its conditions are linear in `u`.

    Cost: one Jacobian `[R, P]`, then about `2 R P^2` flops a step. In patches: the blocks of the Jacobian, in
    proportion to `R`, and the factors of `pinn.solvers.multifrontal`, both once.

    Args:
        max_steps: the first solution and its refinements.
        cut: as of `OrthogonalSolver`.

    Raises:
        ValueError: from the first call of `advance`, if the residuals are not linear in the weights.

    Source: G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 5.5; for differential equations S. Dong,
    Z. Li, Computer Methods in Applied Mechanics and Engineering 387 (2021), 114129.
    """

    name: ClassVar[str] = "least_squares"

    max_steps: int = 4

    def fixed(self, objective: Objective) -> int:
        last = objective.last_layer if isinstance(objective, Layered) else 0
        return objective.size - last if last else 0

    def require(self, linearizer: Models, weights: np.ndarray, here: Linear) -> None:
        if here.finite:
            _require_linear(linearizer, weights, here, np.zeros_like(weights))

    def step(self, linearizer: Models, state: State) -> tuple[State, int]:
        weights, step = state["weights"], int(state["step"])
        here = linearizer(weights)
        if not here.finite:
            return state_of(weights, math.nan, step, StopReason.NOT_FINITE), 1
        change = here.least(self.cut)
        found = linearizer.residuals(weights + change)
        if step == 0:
            _require_linear(linearizer, weights, here, change)
        loss = float(found @ found)
        if not loss < here.loss:
            return state_of(weights, here.loss, step, StopReason.ROUND_OFF), 2
        return state_of(weights + change, loss, step + 1, None), 2


def _require_linear(linearizer: Models, weights: np.ndarray, here: Linear, change: np.ndarray) -> None:
    """Compare the residuals far away with their prediction; what differs beyond round-off is curvature.

    As far as the solution, and at least by one in every weight: where the start is a solution already, the change and
    its effect are round-off, which is never linear.
    """
    probe = change + np.where(np.arange(len(change)) % 2, 1.0, -1.0)
    probe[: here.fixed] = 0.0
    differs = gap(here, probe, linearizer.residuals(weights + probe))
    if not differs <= ROUNDINGS * EPSILON:
        raise ValueError(
            "LeastSquares: the residuals must be linear in the weights; they differ from their linear prediction by "
            f"{differs:.1e} of their terms. Linear is the last layer of a field in a linear equation, such as "
            "field=random_features or patches; for others take solver=gauss_newton or levenberg_marquardt."
        )
