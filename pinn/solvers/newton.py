"""Gauss-Newton by orthogonal factorisation: Newton's method on a nonlinear equation, with features for a basis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pinn.solvers.linearized import Linear, Models
from pinn.solvers.objective import Objective
from pinn.solvers.orthogonal import OrthogonalSolver, state_of
from pinn.solvers.solver import State, StopReason

_HALVINGS = 30  # a step shorter than a billionth of the whole one is round-off


@dataclass(frozen=True, kw_only=True)
class GaussNewton(OrthogonalSolver):
    r"""The method of Gauss and Newton, :math:`w \leftarrow w + t \, \arg\min_\delta |J \delta + r|`, undamped.

    The length `t` is 1, or the first of 1/2, 1/4, ... that lowers the loss. Where the residuals vanish at the solution
    the steps square the error. Without damping the directions that the residuals hardly feel are solved as well as the
    others: on a basis of random features, whose condition exceeds `1 / eps`, `LevenbergMarquardt` needs dozens of steps
    for what takes a handful here.

    Cost of a step: one Jacobian `[R, P]`, about `2 R P^2` flops for its factors, and as many evaluations as lengths
    are tried, mostly one.

    Source: J. Nocedal, S. Wright, "Numerical Optimization", 2nd edition, section 10.3.
    """

    name: ClassVar[str] = "gauss_newton"

    max_steps: int = 30

    def fixed(self, objective: Objective) -> int:  # noqa: ARG002 - all weights move
        return 0

    def require(self, linearizer: Models, weights: np.ndarray, here: Linear) -> None:
        """Any residuals will do."""

    def step(self, linearizer: Models, state: State) -> tuple[State, int]:
        weights, step = state["weights"], int(state["step"])
        here = linearizer(weights)
        if not here.finite:
            return state_of(weights, math.nan, step, StopReason.NOT_FINITE), 1
        change = here.least(self.cut)
        left = here.predicted(change)
        for halvings in range(_HALVINGS):
            tried = weights + 0.5**halvings * change
            found = linearizer.residuals(tried)
            loss = float(found @ found)
            if loss < here.loss:
                return state_of(tried, loss, step + 1, None, foretold=float(left @ left)), 2 + halvings
        return state_of(weights, here.loss, step, StopReason.ROUND_OFF), 1 + _HALVINGS
