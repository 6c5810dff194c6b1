"""Derivatives of fields: jets, engines, and the operators built on them."""

from pinn.calculus.auto import Auto, EngineFallbackWarning
from pinn.calculus.engines import ENGINES, engine_named
from pinn.calculus.forward import BatchCoupledError, Forward, UnsupportedOpError, elementwise, register_rule
from pinn.calculus.jet import EvaluatedJet, Expression, Jet, LazyJet, learn, observe
from pinn.calculus.needs import Derivatives, Engine, Field, Needs
from pinn.calculus.operators import biharmonic, divergence, gradient, hessian, hessian_diagonal, laplacian
from pinn.calculus.points import Frame, PointSet, axis_index
from pinn.calculus.tape import Tape

__all__ = [
    "ENGINES",
    "Auto",
    "BatchCoupledError",
    "Derivatives",
    "Engine",
    "EngineFallbackWarning",
    "EvaluatedJet",
    "Expression",
    "Field",
    "Forward",
    "Frame",
    "Jet",
    "LazyJet",
    "Needs",
    "PointSet",
    "Tape",
    "UnsupportedOpError",
    "axis_index",
    "biharmonic",
    "divergence",
    "elementwise",
    "engine_named",
    "gradient",
    "hessian",
    "hessian_diagonal",
    "laplacian",
    "learn",
    "observe",
    "register_rule",
]
