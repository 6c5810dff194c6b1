"""What a solver will take, told before it is compiled: memory, and floating-point operations."""

from __future__ import annotations

from typing import NamedTuple

from pinn.solvers.adam import Adam
from pinn.solvers.bfgs import DenseQuasiNewton
from pinn.solvers.chain import Chain
from pinn.solvers.checks import Demand, of_inverse_hessian, of_jacobian
from pinn.solvers.gauss_newton_cg import GaussNewtonCg
from pinn.solvers.lbfgs import Lbfgs
from pinn.solvers.least_squares import LeastSquares
from pinn.solvers.orthogonal import OrthogonalSolver
from pinn.solvers.solver import Solver

_GRADIENT = 3  # a gradient, of a sum or of each row, in evaluations
_ADAM_ARRAYS = 4
_PRODUCTS = 50  # of Krylov's method a step
_SOLUTIONS = 2  # of a linear problem: one, and one that finds nothing left
_NEWTON_STEPS = 10  # of a method that converges quadratically, before it stops by itself


class Operations(NamedTuple):
    """Floating-point operations at the most: those in evaluations of the residuals, and those in linear algebra."""

    evaluations: float
    algebra: float


def demand(solver: Solver, rows: int, weights: int) -> Demand:
    """The largest thing that a solver holds, for dense residuals; what refuses it is `fits_in_memory` of the same."""
    owner = type(solver).__name__
    match solver:
        case Chain():
            return max((demand(stage, rows, weights) for stage in solver.stages), key=lambda each: each.size)
        case DenseQuasiNewton():
            return of_inverse_hessian(owner, weights)
        case Lbfgs():
            return Demand(owner, f"{solver.memory} pairs of {weights} weights", 16 * solver.memory * weights, "")
        case Adam():
            return Demand(owner, f"{_ADAM_ARRAYS} arrays of {weights} weights", 8 * _ADAM_ARRAYS * weights, "")
        case GaussNewtonCg():
            return Demand(owner, f"a sketch of {solver.rank} x {weights}", 16 * solver.rank * weights, "")
    return of_jacobian(owner, rows, weights)


def operations(solver: Solver, rows: int, weights: int, *, evaluation: float) -> Operations:
    """What all steps of a solver take, where none ends it before.

    Args:
        solver: any of the package.
        rows, weights: `R` and `P`.
        evaluation: operations of one evaluation of the residuals.
    """
    if isinstance(solver, Chain):
        parts = [operations(stage, rows, weights, evaluation=evaluation) for stage in solver.stages]
        return Operations(sum(part.evaluations for part in parts), sum(part.algebra for part in parts))
    evaluations, algebra = _of_step(solver, rows, weights)
    steps = int(getattr(solver, "max_steps", 1))
    if isinstance(solver, OrthogonalSolver):
        steps = _SOLUTIONS if isinstance(solver, LeastSquares) else min(steps, _NEWTON_STEPS)
    return Operations(steps * evaluations * evaluation, steps * algebra)


def _of_step(solver: Solver, rows: int, weights: int) -> tuple[float, float]:
    """Evaluations of a step, and operations of its linear algebra."""
    small = min(rows, weights)
    match solver:
        case OrthogonalSolver():
            return 1.0, 4.0 * rows * weights * small
        case DenseQuasiNewton():
            return _GRADIENT, 6.0 * weights**2
        case Lbfgs():
            return _GRADIENT, 10.0 * solver.memory * weights
        case Adam():
            return _GRADIENT, 10.0 * weights
        case GaussNewtonCg():
            return 2.0 * _GRADIENT * (solver.rank + _PRODUCTS), 0.0
    return _GRADIENT, rows * weights * small + small**3 / 3.0
