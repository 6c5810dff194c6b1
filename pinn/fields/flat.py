"""A Keras model as a function of one flat weight vector, the form in which solvers see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import keras
import numpy as np
import tensorflow as tf


@final
@dataclass(frozen=True)
class FlatField:
    """`field(weights [P], points [N, d]) -> [N, m]`, a pure function of both.

    The vector is the trainable weights of the model in Keras' order, each flattened. Weights that are not trained
    (and any other state) are the model's own.

    Raises:
        TypeError: the model is not a Keras model or layer.
        ValueError: the model has no trainable weights, or weights of a dtype other than `dtype`.
    """

    model: keras.Model
    dtype: tf.DType

    def __post_init__(self) -> None:
        if not isinstance(self.model, keras.Layer):
            raise TypeError(
                f"field: expected a Keras model, which knows its weights; got {type(self.model).__name__}. "
                "Wrap the function in a keras.Model or keras.Layer."
            )
        if not self.model.trainable_variables:
            raise ValueError("field: expected a model with trainable weights; got none. Build it by calling it once.")
        wrong = {v.dtype for v in self.model.trainable_variables} - {self.dtype.name}
        if wrong:
            raise ValueError(
                f"field: expected weights in {self.dtype.name}; got {', '.join(sorted(wrong))}. "
                f"Give each layer dtype={self.dtype.name!r}, or solve with dtype={sorted(wrong)[0]!r}."
            )

    @property
    def size(self) -> int:
        """The number of trainable weights, `P`."""
        return sum(self._sizes())

    @property
    def entries(self) -> int:
        """How many numbers the hidden layers hold for each point: the widths of all layers together."""
        return sum(int(v.shape[-1]) for v in self.model.trainable_variables if v.shape.rank > 1)

    @property
    def last_layer(self) -> int:
        """How many of the last weights are those of a linear layer that makes the output; 0 for a model that does not
        end in one, or does not say.
        """
        outputs = list(getattr(self.model, "outputs", None) or ())
        last = self.model.layers[-1] if outputs else None
        if not isinstance(last, keras.layers.Dense) or last.activation is not keras.activations.linear:
            return 0
        own = last.trainable_variables
        trailing = self.model.trainable_variables[-len(own) :] if own else []
        makes_output = len(outputs) == 1 and outputs[0] is last.output
        if not makes_output or any(a is not b for a, b in zip(own, trailing, strict=True)):
            return 0
        return sum(int(np.prod(v.shape)) for v in own)

    def __call__(self, weights: tf.Tensor, points: tf.Tensor, fixed: Sequence[tf.Tensor] | None = None) -> tf.Tensor:
        """The field at the points with these weights, `[N, m]`; `fixed` are the values of the weights that are not
        trained, where they are not to be read from the model.
        """
        pieces = tf.split(weights, self._sizes())
        shaped = [tf.reshape(piece, v.shape) for piece, v in zip(pieces, self.model.trainable_variables, strict=True)]
        value, _ = self.model.stateless_call(shaped, self.fixed() if fixed is None else list(fixed), points)
        return value

    def fixed(self) -> list[tf.Tensor]:
        """The present values of the weights that are not trained."""
        return [v.value for v in self.model.non_trainable_variables]

    def weights(self) -> np.ndarray:
        """The model's present weights, `[P]`."""
        return np.concatenate([np.ravel(v.numpy()) for v in self.model.trainable_variables])

    def assign(self, weights: np.ndarray) -> None:
        """Give the model these weights, `[P]`."""
        pieces = np.split(weights, np.cumsum(self._sizes())[:-1])
        for piece, variable in zip(pieces, self.model.trainable_variables, strict=True):
            variable.assign(piece.reshape(variable.shape))

    def _sizes(self) -> list[int]:
        return [int(np.prod(v.shape)) for v in self.model.trainable_variables]
