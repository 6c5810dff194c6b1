"""Step control by damping: as much as the last steps have asked for."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from pinn.solvers.checks import between
from pinn.solvers.modelling import Local, Model, ModellingSolver, Point
from pinn.solvers.objective import Objective
from pinn.solvers.solver import State

_MOST_DAMPING = 1e12  # beyond it a step is steepest descent, and shorter than round-off
_TRIALS = 60


@dataclass(frozen=True, kw_only=True)
class DampedSolver(ModellingSolver):
    r"""Damped steps, wherever their directions come from.

    With the gain :math:`\varrho = (L(w) - L(w + \delta)) / (L(w) - |r + J \delta|^2)`, a step that lowers the loss is
    taken, and the damping falls the more the better the linear model has predicted it: :math:`\mu \leftarrow \mu
    \max(1/3, 1 - (2 \varrho - 1)^3)`. One that does not is tried again with a damping that doubles, then quadruples,
    and so on.

    Args:
        damping: the first `\mu`, in units of the model's scale.

    State: also `damping`, `growth` `[]`.

    Source: H. Nielsen, "Damping parameter in Marquardt's method", IMM-REP-1999-05, Technical University of Denmark.
    """

    damping: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        between(type(self).__name__, "damping", self.damping, 0.0)

    @abstractmethod
    def look(self, objective: Objective) -> Local:
        """Compile what the method sees of an objective."""

    def memory(self, weights: np.ndarray) -> State:  # noqa: ARG002 - others remember as much as there are weights
        return {"damping": np.array(self.damping), "growth": np.array(2.0)}

    def step(self, local: Local, model: Model, point: Point) -> bool:
        damping, growth = float(point.memory["damping"]), float(point.memory["growth"])
        for _ in range(_TRIALS):
            change = model.direction(damping * model.scale)
            if change is not None:
                loss = local.loss(point.weights + change)
                point.evaluations += 1
                if loss < model.loss:
                    predicted = model.loss - model.predicted(change)
                    gain = (model.loss - loss) / predicted if predicted > 0.0 else 0.0
                    damping *= max(1.0 / 3.0, 1.0 - (2.0 * min(gain, 1.0) - 1.0) ** 3)
                    point.memory = {"damping": np.array(damping), "growth": np.array(2.0)}
                    point.move(change, loss)
                    return True
            if damping > _MOST_DAMPING:
                break
            damping, growth = damping * growth, 2.0 * growth
        point.memory = {"damping": np.array(damping), "growth": np.array(growth)}
        return False
