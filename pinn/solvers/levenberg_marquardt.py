"""Levenberg-Marquardt: damped Gauss-Newton steps from the whole Jacobian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pinn.solvers.damped import DampedSolver
from pinn.solvers.gauss_newton import DenseLocal
from pinn.solvers.modelling import Local
from pinn.solvers.objective import Objective


@dataclass(frozen=True, kw_only=True)
class LevenbergMarquardt(DampedSolver):
    r"""The damped Gauss-Newton method :math:`\delta = -(J^T J + \mu I)^{-1} J^T r`.

    Directions as of `Gram`, damping as of `DampedSolver`. Where the residuals vanish at the solution convergence is
    quadratic.

    Cost of a step: one Jacobian `[R, P]`, `R P min(R, P)` flops for its product, and a Cholesky factorisation of
    `min(R, P)^3 / 3` for each damping tried, mostly one. Memory: `8 R P` bytes and `16 min(R, P)^2`.
    """

    name: ClassVar[str] = "levenberg_marquardt"

    def look(self, objective: Objective) -> Local:
        return DenseLocal.of("LevenbergMarquardt", objective)
