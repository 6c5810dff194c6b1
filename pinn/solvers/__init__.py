"""Numerical optimisation against the `Objective` protocol: knows no equation, no field and no network.

`Solver` is the contract; `Adam`, `Lbfgs` and `Chain` are the solvers. A solver turns an `Objective` into a function
that advances a `State`, a dictionary of arrays.
"""

from __future__ import annotations

from pinn.solvers.adam import Adam
from pinn.solvers.chain import Chain
from pinn.solvers.lbfgs import Lbfgs
from pinn.solvers.line_search import StrongWolfe
from pinn.solvers.objective import Objective
from pinn.solvers.schedules import Constant, Cosine, ExponentialDecay, Schedule
from pinn.solvers.solver import Advance, Progress, Solver, State, StopReason

__all__ = [
    "Adam",
    "Advance",
    "Chain",
    "Constant",
    "Cosine",
    "ExponentialDecay",
    "Lbfgs",
    "Objective",
    "Progress",
    "Schedule",
    "Solver",
    "State",
    "StopReason",
    "StrongWolfe",
]
