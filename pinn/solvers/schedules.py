"""Learning rates as functions of the step, computed inside the compiled loop in the objective's precision.

The first step is step 0. A schedule maps the step, a scalar tensor of the objective's dtype, to a learning rate of
the same dtype. In float32 the step is exact up to 2**24, about 16 million.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinn.solvers.checks import between, whole_number

if TYPE_CHECKING:
    import tensorflow as tf


class Schedule(ABC):
    """A learning rate that depends on the step."""

    @abstractmethod
    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the learning rate `[]` at `step`, a floating-point scalar `[]` that counts from 0."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The same learning rate, `value`, at every step."""

    value: float = 1e-3

    def __post_init__(self) -> None:
        between("Constant", "value", self.value, 0.0)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        return tf.constant(self.value, step.dtype)


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    r"""Geometric decay :math:`\max(\eta_0\, q^{t/T}, \eta_{\min})`, continuous in the step :math:`t`.

    Args:
        initial: :math:`\eta_0`, the rate at step 0.
        decay_rate: :math:`q` in (0, 1), the factor after every `decay_steps`.
        decay_steps: :math:`T`.
        final: :math:`\eta_{\min}`, the rate never falls below it.
    """

    initial: float = 1e-3
    decay_rate: float = 0.9
    decay_steps: int = 1000
    final: float = 0.0

    def __post_init__(self) -> None:
        between("ExponentialDecay", "initial", self.initial, 0.0)
        between("ExponentialDecay", "decay_rate", self.decay_rate, 0.0, 1.0)
        whole_number("ExponentialDecay", "decay_steps", self.decay_steps, least=1)
        between("ExponentialDecay", "final", self.final, 0.0, self.initial, closed=True)

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        decay = tf.exp(step * (math.log(self.decay_rate) / self.decay_steps))
        return tf.maximum(self.initial * decay, tf.constant(self.final, step.dtype))


@dataclass(frozen=True)
class Cosine(Schedule):
    r"""Linear warm-up over :math:`T_w` steps, then half a cosine from the peak to the final rate at step :math:`T`.

    .. math:: \eta(t) = \eta_p \frac{t + 1}{T_w} \quad (t < T_w), \qquad
       \eta(t) = \eta_f + \frac{\eta_p - \eta_f}{2} \left(1 + \cos \pi \frac{t - T_w}{T - T_w}\right)
       \quad (T_w \le t \le T)

    and :math:`\eta_f` ever after. The warm-up begins at :math:`t + 1` so that no step is wasted on rate 0.

    Args:
        peak: :math:`\eta_p`.
        total_steps: :math:`T`, warm-up included.
        warmup_steps: :math:`T_w`.
        final: :math:`\eta_f`.

    Source: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017 (one period).
    """

    peak: float = 1e-3
    total_steps: int = 10_000
    warmup_steps: int = 0
    final: float = 0.0

    def __post_init__(self) -> None:
        between("Cosine", "peak", self.peak, 0.0)
        whole_number("Cosine", "total_steps", self.total_steps, least=1)
        whole_number("Cosine", "warmup_steps", self.warmup_steps, least=0)
        between("Cosine", "final", self.final, 0.0, self.peak, closed=True)
        if self.warmup_steps >= self.total_steps:
            raise ValueError(
                f"Cosine: warmup_steps must be below total_steps = {self.total_steps}, got {self.warmup_steps}."
            )

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        fraction = (step - self.warmup_steps) / (self.total_steps - self.warmup_steps)
        fraction = tf.clip_by_value(fraction, 0.0, 1.0)
        fall = self.final + 0.5 * (self.peak - self.final) * (1.0 + tf.cos(math.pi * fraction))
        rise = self.peak * (step + 1.0) / max(self.warmup_steps, 1)
        return tf.where(step < self.warmup_steps, rise, fall)
