"""What all quasi-Newton methods share: search along `-H g`, learn `H` from the step, start over when round-off wins."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from pinn.solvers.checks import between, whole_number
from pinn.solvers.line_search import EPSILON, Search, StrongWolfe, Trial
from pinn.solvers.objective import Evaluate, Objective, compile_evaluation
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
from pinn.solvers.threads import one_blas_thread
from pinn.solvers.transforms import Transform, transform_named


class Metric(Protocol):
    """The inverse Hessian `H` as far as the steps so far have taught it.

    Attributes:
        pairs: pairs learned since the last `clear`.
        scale: without pairs `H` is this multiple of the identity; 0 if not known yet.
    """

    pairs: int
    scale: float

    def apply(self, vector: np.ndarray) -> np.ndarray:
        """Return `H vector`, `[P]`."""

    def push(self, s: np.ndarray, y: np.ndarray, modelled: float) -> bool:
        """Learn from a step `s` and the change `y` of the gradient over it, `[P]`; `modelled` is `s^T H^{-1} s`.

        Return whether the pair was sound and has been learned.
        """

    def clear(self) -> None:
        """Forget all pairs; the scale stays, as the best guess of the size of a step."""

    def rescale(self, factor: float) -> None:
        """Multiply `H` by a positive factor."""

    def arrays(self) -> State:
        """All that has been learned, as entries of a state, which do not change with the metric."""


def sound(s: np.ndarray, y: np.ndarray) -> bool:
    """Whether a pair has positive curvature beyond round-off: others would make `H` indefinite or unbounded."""
    curvature, square = float(s @ y), float(y @ y)
    if not curvature > EPSILON * math.sqrt(float(s @ s)) * math.sqrt(square):
        return False
    return square > 0.0 and math.isfinite(curvature / square)


@dataclass
class _Point:
    """The mutable working copy of a state during one call of `advance`."""

    weights: np.ndarray  # [P]
    loss: float  # NaN while not evaluated
    gradient: np.ndarray  # [P], of the loss
    metric: Metric
    step: int
    stop: StopReason | None
    decrease: float  # of what is minimised, in the last step; NaN before any
    learned_at: float  # the loss where the metric was learned last; NaN before any
    evaluations: int = 0  # in this call

    def write(self) -> State:
        """The state, whose arrays nobody can write to."""
        state = {
            "weights": self.weights,
            "loss": np.array(self.loss),
            "gradient": self.gradient,
            "step": np.array(self.step, np.int64),
            "stop": stop_entry(self.stop),
            "decrease": np.array(self.decrease),
            "learned_at": np.array(self.learned_at),
            **self.metric.arrays(),
        }
        for array in state.values():
            array.flags.writeable = False
        return state


class _Left(NamedTuple):
    """The working copy with which a call of `advance` has ended, for a next one that goes on from there: reading a
    metric takes the time of some steps.
    """

    state: State
    point: _Point

    def wrote(self, state: State) -> bool:
        """Whether a state is the one that was written; its arrays cannot have changed since."""
        return all(state.get(key) is array for key, array in self.state.items())


@dataclass(frozen=True, kw_only=True)
class QuasiNewton(DescendingSolver):
    """The iteration `w <- w - a H g` in float64, with `a` from a strong Wolfe search and `H` from a `Metric`.

    Each iteration first tries the full step; along a root or a logarithm, where that is often far too long, a shorter
    one if it would promise more than twice what the last step gained. The very first direction is `-g min(1, 1 / |g|)`.
    If a search finds no lower loss, what was learned is dropped and scaled steepest descent tried; if that fails too,
    round-off has ended the descent. When the points have been drawn anew the metric is kept. The loss falls strictly
    from iteration to iteration, so `best` is `current`.

    The metric lives on the host, in NumPy, and every evaluation is one compiled program.

    A method is a subclass with a `name` and the three functions that make, read and check its metric.

    Args:
        max_steps: the limit on iterations.
        gradient_tolerance: stop when the largest entry of the gradient of the loss, in magnitude, is not above it. The
            default 0 goes on until round-off ends the descent, because the scale of a loss is not known in advance.
        line_search: the options of the search.
        transform: what is minimised: `none`, the loss itself, `sqrt` or `log` of it. The losses reported are those of
            the objective.
    """

    precisions: ClassVar[tuple[str, ...]] = ("float64",)

    max_steps: int = 10_000
    gradient_tolerance: float = 0.0
    line_search: StrongWolfe = field(default_factory=StrongWolfe)
    transform: str = "none"

    def __post_init__(self) -> None:
        owner = type(self).__name__
        whole_number(owner, "max_steps", self.max_steps, least=1)
        between(owner, "gradient_tolerance", self.gradient_tolerance, 0.0, closed=True)
        if not isinstance(self.line_search, StrongWolfe):
            raise TypeError(f"{owner}: line_search must be a StrongWolfe, got {self.line_search!r}.")
        transform_named(owner, self.transform)

    @abstractmethod
    def new_metric(self, size: int) -> Metric:
        """Return a metric for `size` weights that has learned nothing.

        Raises:
            ValueError: it would not fit into memory.
        """

    @abstractmethod
    def read_metric(self, state: State) -> Metric:
        """Return a working copy of the metric in a state."""

    def start(self, weights: np.ndarray) -> State:
        weights = checked_weights(type(self).__name__, weights, self.precisions)
        metric = self.new_metric(weights.size)
        return _Point(weights, math.nan, np.zeros_like(weights), metric, 0, None, math.nan, math.nan).write()

    def forget(self, state: State) -> State:
        gradient = np.zeros_like(state["gradient"])
        return {**super().forget(state), "gradient": gradient, "decrease": np.array(math.nan)}

    def build(self, objective: Objective) -> Advance:
        iteration = _Iteration(compile_evaluation(objective), self.line_search, transform_named("", self.transform))

        left: _Left | None = None

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            nonlocal left
            if steps == 0:
                iteration.evaluate(state["weights"])  # compiles
            point = left.point if left is not None and left.wrote(state) else self._read(state)
            left, point.evaluations = None, 0
            losses: list[float] = []
            # Not finite is a value here, and is looked at.
            with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
                if steps > 0 and self._stop(point) is None:
                    iteration.begin(point)
                while len(losses) < steps and self._stop(point) is None:
                    if iteration.once(point):
                        losses.append(point.loss)
            progress = Progress(np.array(losses, np.float64), point.evaluations, self._stop(point))
            ended = point.write()
            left = _Left(ended, point) if progress.stop is None else None
            return ended, progress

        return advance

    def _read(self, state: State) -> _Point:
        return _Point(
            state["weights"].copy(),
            float(state["loss"]),
            state["gradient"].copy(),
            self.read_metric(state),
            int(state["step"]),
            stored_stop(state),
            float(state["decrease"]),
            float(state["learned_at"]),
        )

    def _stop(self, point: _Point) -> StopReason | None:
        if point.stop is not None:
            return point.stop
        if not math.isnan(point.loss) and float(np.max(np.abs(point.gradient))) <= self.gradient_tolerance:
            return StopReason.GRADIENT_TOLERANCE
        return StopReason.STEP_LIMIT if point.step >= self.max_steps else None


@dataclass(frozen=True)
class _Iteration:
    """One iteration of a quasi-Newton method on a compiled evaluation."""

    evaluate: Evaluate
    line_search: StrongWolfe
    transform: Transform

    def begin(self, point: _Point) -> None:
        """Evaluate loss and gradient where they are not known: at the start, and after the objective changed."""
        if not math.isnan(point.loss):
            return
        loss, gradient = self.evaluate(point.weights)
        point.evaluations += 1
        if not (math.isfinite(loss) and np.isfinite(gradient).all()):
            point.stop = StopReason.NOT_FINITE
            return
        point.loss, point.gradient = loss, gradient
        if point.metric.scale == 0.0:
            point.metric.scale = _unit(self.transform.slope(loss) * gradient)
        elif self.transform.bends and not math.isnan(point.learned_at):
            # The Hessian of T(L) is T'(L) times that of L, to first order: the metric follows the loss.
            point.metric.rescale(self.transform.slope(point.learned_at) / self.transform.slope(loss))

    def once(self, point: _Point) -> bool:
        """Do one iteration in place; return `False`, with the stop reason set, if no descent is left."""
        slope = self.transform.slope(point.loss)
        gradient = slope * point.gradient
        for _ in self._resorts(point.metric, gradient):
            direction = -point.metric.apply(gradient)
            accepted = self._search(point, gradient, direction)
            if accepted is not None:
                self._accept(point, accepted, gradient, direction)
                return True
        point.stop = StopReason.ROUND_OFF
        return False

    @staticmethod
    def _resorts(metric: Metric, gradient: np.ndarray) -> Iterator[None]:
        """The metric as it is, then without its pairs, then without its scale; each only where it differs."""
        yield
        if metric.pairs > 0:
            metric.clear()
            yield
        if metric.scale != (unit := _unit(gradient)):
            metric.scale = unit
            yield

    def _search(self, point: _Point, gradient: np.ndarray, direction: np.ndarray) -> _Step | None:
        """Search along a direction; `gradient [P]` is that of what is minimised."""
        slope = float(gradient @ direction)
        if not -math.inf < slope < 0.0:
            return None
        losses: dict[float, tuple[float, np.ndarray]] = {}

        def along(step: float) -> Trial:
            loss, of_loss = self.evaluate(point.weights + step * direction)
            losses[step] = loss, of_loss
            if not 0.0 <= loss < math.inf:
                return Trial(step, math.nan, math.nan, of_loss)
            transformed = self.transform.slope(loss) * of_loss
            return Trial(step, self.transform.value(loss), float(transformed @ direction), transformed)

        start = Trial(0.0, self.transform.value(point.loss), slope, gradient)
        first = _first_step(point.decrease, slope) if self.transform.bends else 1.0
        search: Search = self.line_search.search(along, start, first_step=first)
        point.evaluations += search.evaluations
        return None if search.accepted is None else _Step(search.accepted, *losses[search.accepted.step])

    def _accept(self, point: _Point, found: _Step, gradient: np.ndarray, direction: np.ndarray) -> None:
        length = found.trial.step
        point.decrease = self.transform.value(point.loss) - found.trial.value
        s = length * direction
        # H^{-1} s = -length * gradient, because the direction is -H gradient.
        point.metric.push(s, found.trial.gradient - gradient, -length * float(s @ gradient))
        point.weights, point.loss, point.gradient = point.weights + s, found.loss, found.gradient
        point.learned_at = found.loss
        point.step += 1


def _unit(gradient: np.ndarray) -> float:
    """The scale at which steepest descent moves by the gradient, and by a length of 1 at most."""
    length = float(np.linalg.norm(gradient))
    return 1.0 if length <= 1.0 else 1.0 / length


def _first_step(decrease: float, slope: float) -> float:
    """The first trial: the full step, or the minimum of a parabola that falls as much as the last step did.

    Source: Nocedal and Wright, formula 3.60.
    """
    return 1.0 if math.isnan(decrease) else min(1.0, -2.02 * decrease / slope)


@dataclass(frozen=True)
class _Step:
    """An accepted trial, with the loss and its gradient `[P]` as they are, not transformed."""

    trial: Trial
    loss: float
    gradient: np.ndarray
