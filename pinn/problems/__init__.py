"""Problems: a domain, an equation written on a jet, conditions, and the exact solution where one is known."""

from pinn.problems.allen_cahn import AllenCahn1D
from pinn.problems.burgers import Burgers1D, Burgers2D
from pinn.problems.conditions import (
    BoundaryCondition,
    Condition,
    Dirichlet,
    Initial,
    InitialVelocity,
    Neumann,
    Robin,
    Value,
)
from pinn.problems.convection import ConvectionDiffusion1D, ConvectionDiffusion2D
from pinn.problems.equation import Equation
from pinn.problems.equation_law import BoundaryLaw
from pinn.problems.flow import Kovasznay, LidDrivenCavity, Stokes2D
from pinn.problems.heat import Heat1D, Heat2D, Heat2DMultiscale, HeatBall, HeatND, HeatVarying
from pinn.problems.helmholtz import Helmholtz2D, ScreenedPoisson
from pinn.problems.interface import Contact, FluxBalance
from pinn.problems.mean import Mean
from pinn.problems.nonlinear_poisson import Bratu1D, PoissonBoltzmann, PoissonCubic
from pinn.problems.perforated import LaplaceDiscs
from pinn.problems.periodic import Periodic
from pinn.problems.plate import PlateClamped, PlateSupported
from pinn.problems.point_conditions import Pin, PointCondition, PointData
from pinn.problems.poisson import (
    LaplaceAnnulus,
    LaplacePairs,
    Poisson1D,
    Poisson2D,
    PoissonBall,
    PoissonND,
    PoissonSines,
)
from pinn.problems.poisson_expression import PoissonExpression
from pinn.problems.problem import Problem, Residual
from pinn.problems.reaction import FisherKPP, HeatLongTime
from pinn.problems.rehearsal import rehearse
from pinn.problems.wall import LayeredWall
from pinn.problems.wave import Wave1D

__all__ = [
    "AllenCahn1D",
    "BoundaryCondition",
    "BoundaryLaw",
    "Bratu1D",
    "Burgers1D",
    "Burgers2D",
    "Condition",
    "Contact",
    "ConvectionDiffusion1D",
    "ConvectionDiffusion2D",
    "Dirichlet",
    "Equation",
    "FisherKPP",
    "FluxBalance",
    "Heat1D",
    "Heat2D",
    "Heat2DMultiscale",
    "HeatBall",
    "HeatLongTime",
    "HeatND",
    "HeatVarying",
    "Helmholtz2D",
    "Initial",
    "InitialVelocity",
    "Kovasznay",
    "LaplaceAnnulus",
    "LaplaceDiscs",
    "LaplacePairs",
    "LayeredWall",
    "LidDrivenCavity",
    "Mean",
    "Neumann",
    "Periodic",
    "Pin",
    "PlateClamped",
    "PlateSupported",
    "PointCondition",
    "PointData",
    "Poisson1D",
    "Poisson2D",
    "PoissonBall",
    "PoissonBoltzmann",
    "PoissonCubic",
    "PoissonExpression",
    "PoissonND",
    "PoissonSines",
    "Problem",
    "Residual",
    "Robin",
    "ScreenedPoisson",
    "Stokes2D",
    "Value",
    "Wave1D",
    "rehearse",
]
