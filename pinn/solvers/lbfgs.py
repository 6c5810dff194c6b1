"""L-BFGS: a quasi-Newton method that remembers the last few steps instead of a matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg.blas import dtrsv

from pinn.solvers.checks import whole_number
from pinn.solvers.quasi_newton import QuasiNewton, sound
from pinn.solvers.solver import State


@dataclass
class CurvatureMemory:
    r"""The inverse Hessian `H` of BFGS from the last pairs `s = w' - w`, `y = g' - g`, never formed as a matrix.

    BFGS starts from :math:`H_0 = \gamma I` and applies, for each pair in order of age,

    .. math:: H \leftarrow (I - \rho s y^T) H (I - \rho y s^T) + \rho s s^T, \qquad \rho = 1 / (s^T y).

    The two-loop recursion for :math:`H g` is written with matrices. Let the rows of `S` and `Y`, oldest first, hold the
    pairs, `R` the upper triangle of :math:`S Y^T` and `D` its diagonal. The first loop is a back substitution, the
    second a forward substitution:

    .. math::
       R \alpha = S g, \qquad q = \gamma (g - Y^T \alpha), \qquad R^T \delta = D \alpha - Y q, \qquad
       H g = q + S^T \delta

    which costs four products with `[k, P]` matrices, about 8 k P flops. `S` and `Y` are ring buffers.

    Attributes:
        S: steps `[capacity, P]`.
        Y: changes of the gradient `[capacity, P]`.
        SY: `[capacity, capacity]`, `s_i . y_j` for every pair `i` not younger than `j`; the other entries are unused.
        pairs: pairs since the memory was last cleared; the next one goes to slot `pairs % capacity`.
        scale: :math:`\gamma`, that is `s . y / y . y` of the last pair; 0 if not known yet.

    Source: J. Nocedal, S. Wright, "Numerical Optimization", 2006, algorithm 7.4; the matrix form is that of R. Byrd,
    J. Nocedal, R. Schnabel, Mathematical Programming 63 (1994), 129-156.
    """

    S: np.ndarray
    Y: np.ndarray
    SY: np.ndarray
    pairs: int = 0
    scale: float = 0.0

    @classmethod
    def empty(cls, capacity: int, size: int) -> CurvatureMemory:
        """Return a memory without pairs for `size` weights."""
        return cls(np.zeros((capacity, size)), np.zeros((capacity, size)), np.zeros((capacity, capacity)))

    def push(self, s: np.ndarray, y: np.ndarray, modelled: float = math.nan) -> bool:  # noqa: ARG002
        """Remember a pair, in place of the oldest when full. Pairs that are not `sound` are left out (return `False`).
        What was modelled plays no part.
        """
        if not sound(s, y):
            return False
        curvature, square = float(s @ y), float(y @ y)
        slot = self.pairs % len(self.S)
        self.S[slot], self.Y[slot] = s, y
        self.pairs += 1
        stored = self._stored()
        self.SY[:stored, slot] = self.S[:stored] @ y
        self.scale = curvature / square
        return True

    def apply(self, vector: np.ndarray) -> np.ndarray:
        """Return `H vector`, `[P]`."""
        stored = self._stored()
        if stored == 0:
            return self.scale * vector
        S, Y = self.S[:stored], self.Y[:stored]
        age = np.arange(self.pairs - stored, self.pairs) % len(self.S)  # slots, oldest first
        R = self.SY[age[:, None], age]
        by_slot = np.empty(stored)
        alpha = dtrsv(R, (S @ vector)[age])
        by_slot[age] = alpha
        q = self.scale * (vector - by_slot @ Y)
        by_slot[age] = dtrsv(R, R.diagonal() * alpha - (Y @ q)[age], trans=1)
        return q + by_slot @ S

    def clear(self) -> None:
        """Drop all pairs; the scale stays, as the best guess of the size of a step."""
        self.pairs = 0

    def rescale(self, factor: float) -> None:
        """Multiply `H` by a positive factor."""
        self.Y /= factor
        self.SY /= factor
        self.scale *= factor

    def arrays(self) -> State:
        """Copies of the buffers, and the counters, as entries of a state."""
        return {
            "S": self.S.copy(),
            "Y": self.Y.copy(),
            "SY": self.SY.copy(),
            "pairs": np.array(self.pairs, np.int64),
            "scale": np.array(self.scale),
        }

    def _stored(self) -> int:
        return min(self.pairs, len(self.S))


@dataclass(frozen=True, kw_only=True)
class Lbfgs(QuasiNewton):
    r"""Limited-memory BFGS with a strong Wolfe line search, in float64.

    The iteration of `QuasiNewton` with `H` the inverse Hessian of `CurvatureMemory`.

    With a memory of k pairs an iteration costs about 10 k P flops besides one or two evaluations. A state holds 16 k P
    bytes, which every call of `advance` copies once.

    Args:
        memory: the number k of pairs remembered. It shapes the state at `start`; a state resumed keeps its own.
        max_steps, gradient_tolerance, line_search, transform: as for `QuasiNewton`.

    State: `weights`, `gradient` `[P]`; `S`, `Y` `[memory, P]`; `SY` `[memory, memory]`; `loss` (NaN while not
    evaluated), `learned_at`, `decrease`, `pairs`, `scale`, `step`, `stop` `[]`.

    Source: D. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
    Programming 45 (1989), 503-528.
    """

    name: ClassVar[str] = "lbfgs"

    memory: int = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number("Lbfgs", "memory", self.memory, least=1)

    def new_metric(self, size: int) -> CurvatureMemory:
        return CurvatureMemory.empty(self.memory, size)

    def read_metric(self, state: State) -> CurvatureMemory:
        S, Y, SY = (state[key].copy() for key in ("S", "Y", "SY"))
        return CurvatureMemory(S, Y, SY, int(state["pairs"]), float(state["scale"]))
