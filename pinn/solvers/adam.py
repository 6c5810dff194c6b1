"""Adam, with the whole loop over the steps inside one compiled program."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from pinn.solvers.checks import between, whole_number
from pinn.solvers.objective import Objective, program_of
from pinn.solvers.schedules import Constant, Schedule
from pinn.solvers.solver import Advance, Progress, Solver, State, StopReason, checked_weights, stop_entry, stored_stop

if TYPE_CHECKING:
    import tensorflow as tf

BLOCK = 1024
"""Steps in one call of the compiled program, the length of its loss buffer; larger counts take several calls."""


class _Iterate(NamedTuple):
    """What one step hands to the next."""

    weights: tf.Tensor  # [P]
    first_moment: tf.Tensor  # [P]
    second_moment: tf.Tensor  # [P]
    best: tf.Tensor  # [P]
    best_loss: tf.Tensor  # []
    step: tf.Tensor  # [] int64


_Run = Callable[..., tuple[_Iterate, "tf.Tensor", "tf.Tensor"]]


@dataclass(frozen=True, kw_only=True)
class Adam(Solver):
    r"""First-order descent with running means of the gradient and of its square.

    .. math::
       m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad
       v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
       w \leftarrow w - \eta_t \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}

    with :math:`t` counted from 1 in the bias corrections; the schedule of :math:`\eta` sees :math:`t - 1`.
    One program runs any number of steps, at one gradient and about 12 P flops a step. It works in float32 and
    float64. A loss or gradient that is not finite ends the run at once: `current` then holds the failing weights, and
    `best` those of the lowest loss.

    Args:
        learning_rate: a number or a `Schedule`.
        beta_1: memory of the mean gradient, in [0, 1).
        beta_2: memory of the mean square, in [0, 1).
        epsilon: floor of the root mean square, above 0.
        max_steps: the step limit.
        clip_norm: if given, a gradient longer than this (Euclidean norm) is shortened to it.

    State: `weights`, `first_moment`, `second_moment`, `best` `[P]`; `best_loss`, `step`, `stop` `[]`.

    Source: D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
    """

    name: ClassVar[str] = "adam"
    precisions: ClassVar[tuple[str, ...]] = ("float32", "float64")

    learning_rate: Schedule | float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    max_steps: int = 10_000
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.learning_rate, Schedule):
            between("Adam", "learning_rate", self.learning_rate, 0.0)
        between("Adam", "beta_1", self.beta_1, 0.0, 1.0, closed=True)
        between("Adam", "beta_2", self.beta_2, 0.0, 1.0, closed=True)
        between("Adam", "epsilon", self.epsilon, 0.0)
        whole_number("Adam", "max_steps", self.max_steps, least=1)
        if self.clip_norm is not None:
            between("Adam", "clip_norm", self.clip_norm, 0.0)

    def start(self, weights: np.ndarray) -> State:
        weights = checked_weights("Adam", weights, self.precisions)
        return {
            "weights": weights,
            "first_moment": np.zeros_like(weights),
            "second_moment": np.zeros_like(weights),
            "best": weights.copy(),
            "best_loss": np.array(np.inf, weights.dtype),
            "step": np.array(0, np.int64),
            "stop": stop_entry(None),
        }

    def forget(self, state: State) -> State:
        return {**state, "best_loss": np.full_like(state["best_loss"], np.inf), "stop": stop_entry(None)}

    def current(self, state: State) -> np.ndarray:
        return state["weights"].copy()

    def best(self, state: State) -> np.ndarray:
        return state["best"].copy()

    def steps_done(self, state: State) -> int:
        return int(state["step"])

    def build(self, objective: Objective) -> Advance:
        run = self._program(objective)

        def advance(state: State, steps: int) -> tuple[State, Progress]:
            todo = 0 if self._stop(state) else min(steps, self.max_steps - self.steps_done(state))
            losses: list[np.ndarray] = []
            evaluations = 0
            for count in _blocks(todo):
                state, block, failed = _run_block(run, state, count)
                losses.append(block)
                evaluations += len(block) + failed
                if failed:
                    break
            history = np.concatenate([np.empty(0), *losses])
            return state, Progress(history, evaluations, self._stop(state))

        return advance

    def _stop(self, state: State) -> StopReason | None:
        limit = StopReason.STEP_LIMIT if self.steps_done(state) >= self.max_steps else None
        return stored_stop(state) or limit

    def _program(self, objective: Objective) -> _Run:
        """Compile `run(*iterate, count) -> (iterate, losses [BLOCK], healthy)`: the steps of one block."""
        import tensorflow as tf

        vector, scalar = tf.TensorSpec([objective.size], objective.dtype), tf.TensorSpec([], objective.dtype)
        integer = tf.TensorSpec([], tf.int64)

        def run(*arguments: tf.Tensor) -> tuple[_Iterate, tf.Tensor, tf.Tensor]:
            first, count = _Iterate(*arguments[:-1]), arguments[-1]
            end = first.step + count

            def go_on(iterate: _Iterate, _losses: tf.TensorArray, healthy: tf.Tensor) -> tf.Tensor:
                return healthy & (iterate.step < end)

            def one_step(
                iterate: _Iterate, losses: tf.TensorArray, _healthy: tf.Tensor
            ) -> tuple[_Iterate, tf.TensorArray, tf.Tensor]:
                loss, gradient = objective.loss_and_gradient(iterate.weights)
                healthy = tf.math.is_finite(loss) & tf.reduce_all(tf.math.is_finite(gradient))
                losses = losses.write(tf.cast(iterate.step - first.step, tf.int32), loss)
                updated = self._update(_keep_best(iterate, loss), gradient)
                # A failing step leaves no trace: weights, moments and step count stay at the failure.
                kept = (tf.where(healthy, new, old) for new, old in zip(updated, iterate, strict=True))
                return _Iterate(*kept), losses, healthy

            buffer = tf.TensorArray(objective.dtype, size=BLOCK, element_shape=[])
            last, losses, healthy = tf.while_loop(go_on, one_step, (first, buffer, tf.constant(True)))
            return last, losses.stack(), healthy

        return program_of(objective, run, vector, vector, vector, vector, scalar, integer, integer)

    def _update(self, iterate: _Iterate, gradient: tf.Tensor) -> _Iterate:
        """Return the iterate after one step along `gradient`, `[P]`."""
        import tensorflow as tf

        gradient = self._clipped(gradient)
        first = self.beta_1 * iterate.first_moment + (1.0 - self.beta_1) * gradient
        second = self.beta_2 * iterate.second_moment + (1.0 - self.beta_2) * tf.square(gradient)
        step = tf.cast(iterate.step, gradient.dtype)
        mean = first / _bias(self.beta_1, step + 1.0)
        square = second / _bias(self.beta_2, step + 1.0)
        weights = iterate.weights - self._rate(step) * mean / (tf.sqrt(square) + self.epsilon)
        return iterate._replace(weights=weights, first_moment=first, second_moment=second, step=iterate.step + 1)

    def _rate(self, step: tf.Tensor) -> tf.Tensor:
        rate = self.learning_rate
        return (rate if isinstance(rate, Schedule) else Constant(rate))(step)

    def _clipped(self, gradient: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        if self.clip_norm is None:
            return gradient
        limit = tf.constant(self.clip_norm, gradient.dtype)
        return gradient * (limit / tf.maximum(tf.norm(gradient), limit))


def _bias(beta: float, count: tf.Tensor) -> tf.Tensor:
    """Return `1 - beta ** count` by expm1, without the cancellation that costs float32 four digits at count 1."""
    import tensorflow as tf

    return tf.ones_like(count) if beta == 0.0 else -tf.math.expm1(count * math.log(beta))


def _keep_best(iterate: _Iterate, loss: tf.Tensor) -> _Iterate:
    """Return the iterate with its own weights as the best if their loss is the lowest so far."""
    import tensorflow as tf

    better = loss < iterate.best_loss
    return iterate._replace(
        best=tf.where(better, iterate.weights, iterate.best), best_loss=tf.where(better, loss, iterate.best_loss)
    )


def _blocks(steps: int) -> list[int]:
    """Cut a number of steps into counts of at most `BLOCK`; no steps are one empty block, which still compiles."""
    full, rest = divmod(steps, BLOCK)
    return [BLOCK] * full + [rest] * (rest > 0 or full == 0)


def _run_block(run: _Run, state: State, count: int) -> tuple[State, np.ndarray, bool]:
    """Run `count <= BLOCK` steps: the new state, the float64 losses of the steps done, and whether a step failed."""
    import tensorflow as tf

    before = int(state["step"])
    inputs = [tf.constant(state[key]) for key in _Iterate._fields]
    last, losses, healthy = run(*inputs, tf.constant(count, tf.int64))
    failed = not bool(healthy)
    done = {key: np.asarray(value.numpy()) for key, value in last._asdict().items()}
    stop = stop_entry(StopReason.NOT_FINITE) if failed else state["stop"]
    return {**done, "stop": stop}, losses.numpy()[: int(done["step"]) - before].astype(np.float64), failed
