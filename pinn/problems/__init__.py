"""Problems: a domain, an equation written on a jet, conditions, and the exact solution where one is known."""

from pinn.problems.burgers import Burgers1D
from pinn.problems.conditions import Condition, Dirichlet, Initial, Neumann, Value
from pinn.problems.heat import Heat1D, Heat2D, HeatND
from pinn.problems.poisson import LaplaceAnnulus, LaplacePairs, Poisson1D, Poisson2D, PoissonBall, PoissonND
from pinn.problems.poisson_expression import PoissonExpression
from pinn.problems.problem import Problem, Residual
from pinn.problems.rehearsal import rehearse

__all__ = [
    "Burgers1D",
    "Condition",
    "Dirichlet",
    "Heat1D",
    "Heat2D",
    "HeatND",
    "Initial",
    "LaplaceAnnulus",
    "LaplacePairs",
    "Neumann",
    "Poisson1D",
    "Poisson2D",
    "PoissonBall",
    "PoissonExpression",
    "PoissonND",
    "Problem",
    "Residual",
    "Value",
    "rehearse",
]
