"""What a balance can see of the terms, compiled when it is asked for first and computed only then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import tensorflow as tf

from pinn.training.trainable import TrainableObjective


@final
@dataclass(frozen=True)
class Observatory:
    """Programs that look at an objective; each is traced once in the life of a training."""

    objective: TrainableObjective

    def at(self, weights: np.ndarray) -> Observation:
        """What there is to see at weights `[P]`."""
        return Observation(self, weights)

    @cached_property
    def gradient_norms(self) -> Callable[[tf.Tensor], Mapping[str, tf.Tensor]]:
        """Norms by term."""

        def norms(weights: tf.Tensor) -> dict[str, tf.Tensor]:
            return {name: tf.norm(gradient) for name, gradient in self.objective.term_gradients(weights).items()}

        return self._program(norms)

    @cached_property
    def traces(self) -> Callable[[tf.Tensor], Mapping[str, tf.Tensor]]:
        """Traces by term."""
        return self._program(self.objective.term_traces)

    def _program(self, function: Callable[[tf.Tensor], Any]) -> Callable[[tf.Tensor], Any]:
        spec = tf.TensorSpec([self.objective.size], self.objective.dtype)
        return tf.function(function, autograph=False).get_concrete_function(spec)


@final
@dataclass(frozen=True)
class Observation:
    """An objective seen at some weights `[P]`, as `pinn.training.weighting.Observed` says."""

    observatory: Observatory
    weights: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """The terms, the equation first."""
        return self.observatory.objective.names

    @property
    def seed(self) -> int:
        """Of the run."""
        return self.observatory.objective.seed

    def losses(self) -> np.ndarray:
        """The mean squares, `[K]`."""
        squares = self.squares()
        return np.array([np.mean(squares[name]) for name in self.names])

    def gradient_norms(self) -> np.ndarray:
        """The norms of their gradients, `[K]`."""
        return self._by_term(self.observatory.gradient_norms)

    def traces(self) -> np.ndarray:
        """The traces of their tangent kernels over the numbers of points, `[K]`."""
        return self._by_term(self.observatory.traces)

    def squares(self) -> Mapping[str, np.ndarray]:
        """The squares at the present points, `[N]` by term."""
        return self._squares

    def times(self) -> Mapping[str, np.ndarray]:
        """The times of the present points by term, `[N]` each."""
        return self.observatory.objective.times()

    @cached_property
    def _squares(self) -> Mapping[str, np.ndarray]:
        return self.observatory.objective.point_squares(self.weights)

    def _by_term(self, program: Callable[[tf.Tensor], Mapping[str, tf.Tensor]]) -> np.ndarray:
        found = program(tf.constant(self.weights, self.observatory.objective.dtype))
        return np.array([float(found[name]) for name in self.names])
