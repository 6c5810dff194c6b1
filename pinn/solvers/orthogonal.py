"""Steps by orthogonal factorisation: the linear model of the residuals is solved to round-off, at once."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinn.solvers.checks import between, whole_number
from pinn.solvers.line_search import EPSILON
from pinn.solvers.linearized import Linear, Linearizer, Models
from pinn.solvers.objective import Objective, Sparse
from pinn.solvers.solver import (
    Advance,
    DescendingSolver,
    Progress,
    State,
    StopReason,
    checked_weights,
    stop_entry,
    stored_stop,
)
from pinn.solvers.sparse import RepeatedLinearizer, SparseLinearizer
from pinn.solvers.threads import one_blas_thread

ROUNDINGS = 1e5  # sums of some hundred terms that went through exp or tanh, and derivatives of a sharp feature


@dataclass(frozen=True, kw_only=True)
class OrthogonalSolver(DescendingSolver):
    r"""Steps :math:`\delta = \arg\min |J \delta + r|` in which the condition of `J` enters once, not squared.

    A dense `J` is factorised with pivoting (LAPACK's `gelsy`): directions that the residuals do not feel beyond `cut`
    of the strongest are left alone, so that columns which depend on each other are no obstacle. That of an objective
    in patches (`Sparse`) is factorised block by block, see `pinn.solvers.multifrontal`, with a damping of `cut` times
    its longest column in place of the pivots.

    Args:
        max_steps: how many.
        cut: the part of the strongest direction below which others count as zero.

    State: `weights` `[P]`; `loss`, and what the linear model of the last step had `foretold` of it (NaN while not
    evaluated), `step`, `stop` `[]`. Where the loss is what was foretold, a further step finds nothing to do.
    """

    precisions: ClassVar[tuple[str, ...]] = ("float64",)

    max_steps: int
    cut: float = EPSILON

    def __post_init__(self) -> None:
        whole_number(type(self).__name__, "max_steps", self.max_steps, least=1)
        between(type(self).__name__, "cut", self.cut, 0.0, 1.0)

    @abstractmethod
    def fixed(self, objective: Objective) -> int:
        """How many of the first weights of an objective stay as they are."""

    @abstractmethod
    def require(self, linearizer: Models, weights: np.ndarray, here: Linear) -> None:
        """Refuse residuals that the method does not serve, by a `ValueError`, before the first step."""

    @abstractmethod
    def step(self, linearizer: Models, state: State) -> tuple[State, int]:
        """The state after a step, stopped where the loss did not fall, and how many evaluations it took."""

    def start(self, weights: np.ndarray) -> State:
        return state_of(checked_weights(type(self).__name__, weights, self.precisions), math.nan, 0, None)

    def build(self, objective: Objective) -> Advance:
        return self._stepping(_linearizer(objective, self.fixed(objective)))

    @final
    def build_sparse(self, objective: Sparse) -> Advance:
        """The bare stepping function for residuals of which nothing is known but their sparse linear models; each of
        its steps takes a new one.
        """
        return self._stepping(SparseLinearizer(objective))

    def _stepping(self, linearizer: Models) -> Advance:

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            if steps == 0:
                self.require(linearizer, state["weights"], linearizer(state["weights"]))
                linearizer.residuals(state["weights"])  # compiles, as the line above
                return dict(state), Progress(np.empty(0), 0, self._stop(state))
            losses: list[float] = []
            evaluations = 0
            with one_blas_thread():  # pivots are found a column at a time, too little work to share
                while len(losses) < steps and self._stop(state) is None:
                    state, used = self.step(linearizer, state)
                    evaluations += used
                    if stored_stop(state) is None:
                        losses.append(float(state["loss"]))
            return state, Progress(np.array(losses, np.float64), evaluations, self._stop(state))

        return advance

    def _stop(self, state: State) -> StopReason | None:
        limit = StopReason.STEP_LIMIT if self.steps_done(state) >= self.max_steps else None
        return stored_stop(state) or limit


def _linearizer(objective: Objective, fixed: int) -> Models:
    if isinstance(objective, Sparse) and objective.groups > 1:
        return RepeatedLinearizer(SparseLinearizer(objective), ROUNDINGS * EPSILON)
    return Linearizer.of(objective, fixed=fixed)


def state_of(
    weights: np.ndarray, loss: float, step: int, stop: StopReason | None, *, foretold: float = math.nan
) -> State:
    """The state of such a solver."""
    return {
        "weights": weights,
        "loss": np.array(loss),
        "foretold": np.array(foretold),
        "step": np.array(step, np.int64),
        "stop": stop_entry(stop),
    }
