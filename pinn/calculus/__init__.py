"""Derivatives of fields: jets, engines, and the operators built on them."""

from pinn.calculus.auto import Auto, EngineFallbackWarning
from pinn.calculus.directions import directional_derivative, second_directional_derivative
from pinn.calculus.engines import ENGINES, engine_named
from pinn.calculus.forward import BatchCoupledError, Forward, UnsupportedOpError, elementwise, register_rule
from pinn.calculus.jet import EvaluatedJet, Expression, Jet, LazyJet, learn, observe
from pinn.calculus.needs import Derivatives, Engine, Field, Needs
from pinn.calculus.operators import (
    biharmonic,
    divergence,
    flux_divergence,
    gradient,
    hessian,
    hessian_diagonal,
    laplacian,
)
from pinn.calculus.points import Frame, PointSet, axis_index
from pinn.calculus.stochastic import Estimate, stochastic_laplacian, stochastic_laplacian_with_error
from pinn.calculus.tape import Tape

__all__ = [
    "Estimate",
    "stochastic_laplacian_with_error",
    "stochastic_laplacian",
    "second_directional_derivative",
    "flux_divergence",
    "directional_derivative",
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
