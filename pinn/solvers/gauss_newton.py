"""The direction of all methods of Gauss and Newton: regularised least squares, solved in the smaller space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky
from scipy.linalg.blas import dsyrk

from pinn.solvers.linearized import Linearization


@dataclass
class Gram:
    r"""Directions :math:`\delta = \arg\min |J \delta + r|^2 + \mu |\delta|^2` for any damping `\mu`.

    With at most as many weights as residuals, in weight space; with more, in sample space, by Woodbury's identity:

    .. math::
       \delta = -(J^T J + \mu I)^{-1} J^T r = -J^T (J J^T + \mu I)^{-1} r

    The product, `R P min(R, P)` flops, is formed once and serves every damping; each costs a Cholesky factorisation,
    `min(R, P)^3 / 3`. The condition of `J` enters squared: what the product loses to round-off the next iteration
    finds again in the residuals, which are computed anew.

    Attributes:
        here: the residuals and the Jacobian.
        matrix: the lower triangle of `J^T J` or `J J^T`.
    """

    here: Linearization
    matrix: np.ndarray

    @classmethod
    def of(cls, here: Linearization) -> Gram:
        """Form the smaller product."""
        rows, columns = here.jacobian.shape
        # The transpose of a C array is a Fortran array: BLAS reads it in place.
        return cls(here, dsyrk(1.0, here.jacobian.T, lower=1, trans=int(columns > rows)))

    @property
    def scale(self) -> float:
        """The mean diagonal entry: the unit of damping."""
        return float(np.mean(np.diagonal(self.matrix)))

    def direction(self, damping: float) -> np.ndarray | None:
        """The direction `[P]` for a damping above 0.

        `None` where round-off has made the damped matrix indefinite: more damping is the remedy.
        """
        residuals, jacobian = self.here
        rows, columns = jacobian.shape
        damped = self.matrix + damping * np.eye(len(self.matrix))
        try:
            factor = cholesky(damped, lower=True, overwrite_a=True, check_finite=False), True
        except LinAlgError:
            return None
        if columns > rows:
            return -jacobian.T @ cho_solve(factor, residuals, check_finite=False)
        return -cho_solve(factor, jacobian.T @ residuals, check_finite=False)
