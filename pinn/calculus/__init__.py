"""Derivatives of fields: jets, engines, and the operators built on them."""

from pinn.calculus.engines import ENGINES, engine_named
from pinn.calculus.jet import EvaluatedJet, Expression, Jet, LazyJet, learn, observe
from pinn.calculus.needs import Derivatives, Engine, Field, Needs
from pinn.calculus.operators import biharmonic, divergence, gradient, hessian, hessian_diagonal, laplacian
from pinn.calculus.points import Frame, PointSet, axis_index
from pinn.calculus.tape import Tape

__all__ = [
    "ENGINES",
    "Derivatives",
    "Engine",
    "EvaluatedJet",
    "Expression",
    "Field",
    "Frame",
    "Jet",
    "LazyJet",
    "Needs",
    "PointSet",
    "Tape",
    "axis_index",
    "biharmonic",
    "divergence",
    "engine_named",
    "gradient",
    "hessian",
    "hessian_diagonal",
    "laplacian",
    "learn",
    "observe",
]
