"""Solve partial differential equations with physics-informed neural fields, and prove the answer.

Names are looked up when they are first used, so that importing `pinn` does not import TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinn.lazy import exports

if TYPE_CHECKING:
    from pinn.app.check import Examination, check
    from pinn.app.checkpoints import Checkpoints
    from pinn.app.solution import Solution, load
    from pinn.app.solve import solve
    from pinn.calculus import (
        PointSet,
        biharmonic,
        directional_derivative,
        divergence,
        flux_divergence,
        gradient,
        hessian,
        hessian_diagonal,
        laplacian,
        second_directional_derivative,
        stochastic_laplacian,
    )
    from pinn.geometry import Annulus, Ball, Box, Interval
    from pinn.problems import (
        Contact,
        Dirichlet,
        FluxBalance,
        Initial,
        InitialVelocity,
        Mean,
        Neumann,
        Periodic,
        Pin,
        PointData,
        Problem,
        Robin,
    )

__version__ = "0.1.0"

_ROOMS = {
    "pinn.calculus": (
        "PointSet",
        "biharmonic",
        "directional_derivative",
        "divergence",
        "flux_divergence",
        "gradient",
        "hessian",
        "hessian_diagonal",
        "laplacian",
        "second_directional_derivative",
        "stochastic_laplacian",
    ),
    "pinn.geometry": ("Annulus", "Ball", "Box", "Interval"),
    "pinn.problems": (
        "Contact",
        "Dirichlet",
        "FluxBalance",
        "Initial",
        "InitialVelocity",
        "Mean",
        "Neumann",
        "Periodic",
        "Pin",
        "PointData",
        "Problem",
        "Robin",
    ),
    "pinn.app.check": ("Examination", "check"),
    "pinn.app.checkpoints": ("Checkpoints",),
    "pinn.app.solution": ("Solution", "load"),
    "pinn.app.solve": ("solve",),
}
__getattr__, __dir__ = exports(__name__, _ROOMS)

__all__ = [
    "Annulus",
    "Ball",
    "Box",
    "Checkpoints",
    "Contact",
    "Dirichlet",
    "Examination",
    "FluxBalance",
    "Initial",
    "InitialVelocity",
    "Interval",
    "Mean",
    "Neumann",
    "Periodic",
    "Pin",
    "PointData",
    "PointSet",
    "Problem",
    "Robin",
    "Solution",
    "biharmonic",
    "check",
    "directional_derivative",
    "divergence",
    "flux_divergence",
    "gradient",
    "hessian",
    "hessian_diagonal",
    "laplacian",
    "load",
    "second_directional_derivative",
    "solve",
    "stochastic_laplacian",
]
