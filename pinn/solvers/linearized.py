"""Residuals and Jacobian as one compiled program between NumPy arrays: what methods of Gauss and Newton evaluate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pinn.solvers.objective import Objective, compiled_program

if TYPE_CHECKING:
    import tensorflow as tf


class Linearization(NamedTuple):
    """Residuals `r [R]` and their Jacobian `J [R, P]` at some weights."""

    residuals: np.ndarray
    jacobian: np.ndarray

    @property
    def loss(self) -> float:
        """The sum of squares."""
        return float(self.residuals @ self.residuals)

    @property
    def finite(self) -> bool:
        """Whether all numbers are."""
        return bool(np.isfinite(self.residuals).all() and np.isfinite(self.jacobian).all())


@dataclass(frozen=True)
class Linearizer:
    """Compiled residuals, alone or with their Jacobian. Each is compiled at its first call, once."""

    with_jacobian: tf.types.experimental.ConcreteFunction
    alone: tf.types.experimental.ConcreteFunction

    @classmethod
    def of(cls, objective: Objective) -> Linearizer:
        """Trace both programs of an objective."""
        import tensorflow as tf

        weights = tf.TensorSpec([objective.size], objective.dtype)
        both = compiled_program(lambda w: (objective.residuals(w), objective.jacobian(w)), weights)
        return cls(both, compiled_program(objective.residuals, weights))

    def __call__(self, weights: np.ndarray) -> Linearization:
        """Residuals and Jacobian at weights `[P]`."""
        import tensorflow as tf

        residuals, jacobian = self.with_jacobian(tf.constant(weights))
        return Linearization(residuals.numpy(), jacobian.numpy())

    def residuals(self, weights: np.ndarray) -> np.ndarray:
        """Residuals `[R]` at weights `[P]`."""
        import tensorflow as tf

        return np.asarray(self.alone(tf.constant(weights)).numpy())
