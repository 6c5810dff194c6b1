"""What training asks of an objective beyond what a solver does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import tensorflow as tf

from pinn.solvers import Objective


class TrainableObjective(Objective, Protocol):
    """An objective of several terms, whose points and whose weights can be replaced between two steps."""

    @property
    def names(self) -> tuple[str, ...]:
        """The terms, the equation first."""

    @property
    def seed(self) -> int:
        """What chance depends on."""

    def times(self) -> dict[str, np.ndarray]:
        """The times of the present points by term, `[N]` each; none where there is no time."""

    def term_losses(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The mean square of every residual by name."""

    def term_gradients(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The gradient of the mean square of every term, each `[P]`."""

    def term_traces(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The mean squared length of the gradients of every term's residuals, each `[]`."""

    def point_squares(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """The squared residuals at the present points by term, `[N]` each."""

    def weigh(self, factors: Mapping[str, float | np.ndarray]) -> None:
        """Multiply the terms' own weights by factors."""

    def resample(self, epoch: int, weights: np.ndarray) -> None:
        """Replace the points by those of another epoch; adaptive ones look at the residual at these weights."""

    def arrays(self) -> dict[str, np.ndarray]:
        """The present points."""

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put the points back where `arrays` found them."""

    def blame(self, weights: np.ndarray) -> str:
        """Which residual is not finite at these weights."""
