"""Numerical optimisation against the `Objective` protocol: knows no equation, no field and no network.

`Solver` is the contract. `Adam` is of first order. `Lbfgs`, `Bfgs`, `SelfScaledBfgs` and `SelfScaledBroyden` are
quasi-Newton methods. `LevenbergMarquardt`, `Engd` and, without a matrix, `GaussNewtonCg` are damped methods of Gauss
and Newton, `GaussNewton` is the undamped one, and `LeastSquares` solves linear residuals at once. `Chain` runs solvers
one after the other. A solver turns an `Objective` into a function that advances a `State`, a dictionary of arrays.
"""

from __future__ import annotations

from pinn.solvers.adam import Adam
from pinn.solvers.bfgs import Bfgs, SelfScaledBfgs, SelfScaledBroyden
from pinn.solvers.chain import Chain
from pinn.solvers.checks import Demand, fits_in_memory
from pinn.solvers.controls import controls
from pinn.solvers.engd import Engd
from pinn.solvers.gauss_newton_cg import GaussNewtonCg
from pinn.solvers.lbfgs import Lbfgs
from pinn.solvers.least_squares import LeastSquares
from pinn.solvers.levenberg_marquardt import LevenbergMarquardt
from pinn.solvers.line_search import StrongWolfe
from pinn.solvers.newton import GaussNewton
from pinn.solvers.objective import Block, Divisible, Layered, Objective, Sparse, Spread, compiled_program
from pinn.solvers.schedules import Constant, Cosine, ExponentialDecay, Schedule
from pinn.solvers.solver import Advance, Progress, Solver, State, StopReason
from pinn.solvers.sparse import SparseLinearizer
from pinn.solvers.threads import cores, one_blas_thread
from pinn.solvers.work import Operations, demand, operations

__all__ = [
    "Adam",
    "Advance",
    "Bfgs",
    "Block",
    "Chain",
    "Demand",
    "Constant",
    "Cosine",
    "ExponentialDecay",
    "GaussNewton",
    "GaussNewtonCg",
    "Lbfgs",
    "Layered",
    "LeastSquares",
    "LevenbergMarquardt",
    "Engd",
    "Divisible",
    "Objective",
    "Operations",
    "Progress",
    "Schedule",
    "SelfScaledBfgs",
    "SelfScaledBroyden",
    "Solver",
    "Sparse",
    "Spread",
    "SparseLinearizer",
    "State",
    "StopReason",
    "StrongWolfe",
    "compiled_program",
    "controls",
    "cores",
    "demand",
    "fits_in_memory",
    "one_blas_thread",
    "operations",
]
