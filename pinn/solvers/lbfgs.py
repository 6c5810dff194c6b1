"""L-BFGS: a quasi-Newton method that remembers the last few steps instead of a matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.linalg.blas import dtrsv

from pinn.solvers.checks import between, whole_number
from pinn.solvers.line_search import EPSILON, Search, StrongWolfe, Trial
from pinn.solvers.objective import Evaluate, Objective, compile_evaluation
from pinn.solvers.solver import Advance, Progress, Solver, State, StopReason, checked_weights, stop_entry, stored_stop


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

    def push(self, s: np.ndarray, y: np.ndarray) -> bool:
        """Remember a pair, in place of the oldest when full. Pairs without positive curvature beyond round-off are left
        out (return `False`): they would make `H` indefinite or unbounded."""
        curvature, square = float(s @ y), float(y @ y)
        if not curvature > EPSILON * math.sqrt(float(s @ s)) * math.sqrt(square):
            return False
        if square == 0.0 or not math.isfinite(curvature / square):
            return False
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

    def _stored(self) -> int:
        return min(self.pairs, len(self.S))


@dataclass
class _Point:
    """The mutable working copy of a state during one call of `advance`."""

    weights: np.ndarray  # [P]
    loss: float  # NaN while not evaluated
    gradient: np.ndarray  # [P]
    memory: CurvatureMemory
    step: int
    stop: StopReason | None
    evaluations: int = 0  # in this call

    @classmethod
    def read(cls, state: State) -> _Point:
        memory = CurvatureMemory(
            state["S"].copy(), state["Y"].copy(), state["SY"].copy(), int(state["pairs"]), float(state["scale"])
        )
        loss, step = float(state["loss"]), int(state["step"])
        return cls(state["weights"].copy(), loss, state["gradient"].copy(), memory, step, stored_stop(state))

    def write(self) -> State:
        return {
            "weights": self.weights,
            "loss": np.array(self.loss),
            "gradient": self.gradient,
            "S": self.memory.S,
            "Y": self.memory.Y,
            "SY": self.memory.SY,
            "pairs": np.array(self.memory.pairs, np.int64),
            "scale": np.array(self.memory.scale),
            "step": np.array(self.step, np.int64),
            "stop": stop_entry(self.stop),
        }


@dataclass(frozen=True, kw_only=True)
class Lbfgs(Solver):
    r"""Limited-memory BFGS with a strong Wolfe line search, in float64.

    Each iteration moves along :math:`-H g`, with `H` the inverse Hessian of `CurvatureMemory`, and first tries the full
    step. The very first direction is :math:`-g \min(1, 1 / \|g\|)`. If a search finds no lower loss, the memory is
    dropped and scaled steepest descent tried; if that fails too, round-off has ended the descent. The loss falls
    strictly from iteration to iteration, so `best` is `current`.

    The pairs live on the host, in NumPy, and every evaluation is one compiled program: with a memory of k pairs an
    iteration costs about 10 k P flops besides one or two evaluations. A state holds 16 k P bytes, which every call of
    `advance` copies once.

    Args:
        memory: the number k of pairs remembered. It shapes the state at `start`; a state resumed keeps its own.
        max_steps: the limit on iterations.
        gradient_tolerance: stop when the largest entry of the gradient, in magnitude, is not above it. The default 0
            goes on until round-off ends the descent, because the scale of a loss is not known in advance.
        line_search: the options of the search.

    State: `weights`, `gradient` `[P]`; `S`, `Y` `[memory, P]`; `SY` `[memory, memory]`; `loss` (NaN while not
    evaluated), `pairs`, `scale`, `step`, `stop` `[]`.

    Source: D. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
    Programming 45 (1989), 503-528.
    """

    name: ClassVar[str] = "lbfgs"
    precisions: ClassVar[tuple[str, ...]] = ("float64",)

    memory: int = 50
    max_steps: int = 10_000
    gradient_tolerance: float = 0.0
    line_search: StrongWolfe = field(default_factory=StrongWolfe)

    def __post_init__(self) -> None:
        whole_number("Lbfgs", "memory", self.memory, least=1)
        whole_number("Lbfgs", "max_steps", self.max_steps, least=1)
        between("Lbfgs", "gradient_tolerance", self.gradient_tolerance, 0.0, closed=True)
        if not isinstance(self.line_search, StrongWolfe):
            raise TypeError(f"Lbfgs: line_search must be a StrongWolfe, got {self.line_search!r}.")

    def start(self, weights: np.ndarray) -> State:
        weights = checked_weights("Lbfgs", weights, self.precisions)
        memory = CurvatureMemory.empty(self.memory, weights.size)
        return _Point(weights, math.nan, np.zeros_like(weights), memory, 0, None).write()

    def forget(self, state: State) -> State:
        return {
            **state,
            "loss": np.array(math.nan),
            "gradient": np.zeros_like(state["gradient"]),
            "stop": stop_entry(None),
        }

    def current(self, state: State) -> np.ndarray:
        return state["weights"].copy()

    def best(self, state: State) -> np.ndarray:
        return state["weights"].copy()

    def steps_done(self, state: State) -> int:
        return int(state["step"])

    def build(self, objective: Objective) -> Advance:
        evaluate = compile_evaluation(objective)

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            if steps == 0:
                evaluate(state["weights"])  # compiles
            point = _Point.read(state)
            losses: list[float] = []
            with np.errstate(over="ignore", invalid="ignore"):  # not finite is a value here, and is looked at
                if steps > 0:
                    self._evaluate_start(evaluate, point)
                while len(losses) < steps and self._stop(point) is None:
                    if self._iterate(evaluate, point):
                        losses.append(point.loss)
                progress = Progress(np.array(losses, np.float64), point.evaluations, self._stop(point))
            return point.write(), progress

        return advance

    def _stop(self, point: _Point) -> StopReason | None:
        if point.stop is not None:
            return point.stop
        if not math.isnan(point.loss) and float(np.max(np.abs(point.gradient))) <= self.gradient_tolerance:
            return StopReason.GRADIENT_TOLERANCE
        return StopReason.STEP_LIMIT if point.step >= self.max_steps else None

    def _evaluate_start(self, evaluate: Evaluate, point: _Point) -> None:
        """Evaluate loss and gradient where they are not known: at the start, and after the objective changed."""
        if not math.isnan(point.loss) or self._stop(point) is not None:
            return
        loss, gradient = evaluate(point.weights)
        point.evaluations += 1
        if not (math.isfinite(loss) and np.isfinite(gradient).all()):
            point.stop = StopReason.NOT_FINITE
            return
        point.loss, point.gradient = loss, gradient
        if point.memory.scale == 0.0:
            length = float(np.linalg.norm(gradient))
            point.memory.scale = 1.0 if length <= 1.0 else 1.0 / length

    def _iterate(self, evaluate: Evaluate, point: _Point) -> bool:
        """Do one iteration in place; return `False`, with the stop reason set, if no descent is left."""
        for last_resort in (False, True):
            if last_resort:
                if point.memory.pairs == 0:  # steepest descent is what has just failed
                    break
                point.memory.clear()
            direction = -point.memory.apply(point.gradient)
            accepted = self._search(evaluate, point, direction)
            if accepted is not None:
                self._accept(point, accepted, direction)
                return True
        point.stop = StopReason.ROUND_OFF
        return False

    def _search(self, evaluate: Evaluate, point: _Point, direction: np.ndarray) -> Trial | None:
        slope = float(point.gradient @ direction)
        if not -math.inf < slope < 0.0:
            return None

        def along(step: float) -> Trial:
            loss, gradient = evaluate(point.weights + step * direction)
            return Trial(step, loss, float(gradient @ direction), gradient)

        search: Search = self.line_search.search(along, Trial(0.0, point.loss, slope, point.gradient))
        point.evaluations += search.evaluations
        return search.accepted

    @staticmethod
    def _accept(point: _Point, trial: Trial, direction: np.ndarray) -> None:
        s = trial.step * direction
        point.memory.push(s, trial.gradient - point.gradient)
        point.weights, point.loss, point.gradient = point.weights + s, trial.value, trial.gradient
        point.step += 1
