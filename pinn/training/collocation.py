"""The points of a term as programs see them: where they are, and how much each of them counts."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

PLACES = ("coordinates", "normals")
"""What of the points is drawn, and kept in checkpoints; weights follow from the balance."""


class Collocation(NamedTuple):
    """The points of a term: where they are, and how much each counts in the loss."""

    coordinates: tf.Tensor | tf.Variable  # [N, d]
    normals: tf.Tensor | tf.Variable  # [N, d]
    weights: tf.Tensor | tf.Variable  # [N]

    @property
    def number(self) -> int:
        """How many, `N`."""
        return int(self.coordinates.shape[0])

    def tensors(self) -> Collocation:
        """The present values."""
        return Collocation(*map(tf.convert_to_tensor, self))

    def counted(self) -> Collocation:
        """The same points, of which each counts as one."""
        return self._replace(weights=tf.ones([self.number], self.weights.dtype))

    def averaged(self) -> Collocation:
        """The same points with the weights of a mean."""
        return self._replace(weights=tf.fill([self.number], tf.constant(1.0 / self.number, self.weights.dtype)))
