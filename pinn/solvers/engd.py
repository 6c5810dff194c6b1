"""The energy natural gradient, with the momentum of SPRING: Gauss-Newton directions under a line search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pinn.solvers.checks import between
from pinn.solvers.gauss_newton import DenseLocal, Gram
from pinn.solvers.modelling import Local, Model, ModellingSolver, Point
from pinn.solvers.objective import Objective
from pinn.solvers.solver import State

_HALVINGS = 30
_MORE_DAMPING = 100.0
_MOST_DAMPING = 1e6


@dataclass(frozen=True, kw_only=True)
class Engd(ModellingSolver):
    r"""Gauss-Newton directions of constant damping, with momentum, and the step length that lowers the loss most.

    .. math::
       v \leftarrow \beta v - (J^T J + \mu I)^{-1} J^T (r + \beta J v), \qquad w \leftarrow w + \eta v

    The direction solves the damped least-squares problem not for the step but for its difference from the last one:
    without momentum, :math:`\beta = 0`, this is energy natural gradient descent. The step :math:`\eta` is the first
    minimum among 1, 1/2, 1/4, ...; where momentum leads uphill it is dropped, and where no step goes down the damping
    is raised for that step.

    Cost of a step: that of `LevenbergMarquardt`, and one evaluation of the residuals for each length tried.

    Args:
        damping: `\mu`, in units of the mean diagonal entry of the smaller of `J^T J` and `J J^T`.
        momentum: `\beta`.

    State: also `velocity` `[P]`, which is `v`.

    Sources: J. Müller, M. Zeinhofer, "Achieving high accuracy with PINNs via energy natural gradient descent", ICML
    2023; G. Goldshlager, N. Abrahamsen, L. Lin, "A Kaczmarz-inspired approach to accelerate the optimization of neural
    network wavefunctions", J. Comput. Phys. 516 (2024), for the momentum; A. Guzmán-Cordero, F. Dangel, G.
    Goldshlager, M. Zeinhofer, arXiv 2505.12149 (2025), for both together.
    """

    name: ClassVar[str] = "engd"

    damping: float = 1e-10
    momentum: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        between("Engd", "damping", self.damping, 0.0)
        between("Engd", "momentum", self.momentum, 0.0, 1.0, closed=True)

    def look(self, objective: Objective) -> Local:
        return DenseLocal.of("Engd", objective)

    def memory(self, weights: np.ndarray) -> State:
        return {"velocity": np.zeros_like(weights)}

    def step(self, local: Local, model: Model, point: Point) -> bool:
        assert isinstance(model, Gram)
        kept, damping = self.momentum * point.memory["velocity"], self.damping
        while damping <= _MOST_DAMPING:
            velocity = model.direction(damping * model.scale, around=kept)
            if velocity is not None:
                length, loss = _shortened(local, point, velocity, model.loss)
                if loss < model.loss:
                    point.memory = {"velocity": velocity}
                    point.move(length * velocity, loss)
                    return True
            if kept.any():
                kept = np.zeros_like(kept)
            else:
                damping *= _MORE_DAMPING
        return False


def _shortened(local: Local, point: Point, velocity: np.ndarray, start: float) -> tuple[float, float]:
    """The step length among 1, 1/2, 1/4, ... at the first minimum of the loss below `start`, and that loss."""
    best, least = 0.0, start
    for halvings in range(_HALVINGS):
        length = 0.5**halvings
        loss = local.loss(point.weights + length * velocity)
        point.evaluations += 1
        if loss < least:
            best, least = length, loss
        elif best > 0.0:
            break
    return best, least if best > 0.0 else math.inf
