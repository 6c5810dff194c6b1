r"""The ansatz: a field that satisfies conditions exactly, whatever the network says.

For prescribed values `g` on some parts of the boundary the field of one component is

    `u(x) = G(x) + \phi(x) N(x)`

with the network `N`, a smooth extension `G` of the prescribed values, and a smooth `\phi` that vanishes exactly on
those parts. Both come from the shape (`Shape.lift`, `Shape.vanishing`), and `G` sees the prescribed values on the
boundary only: nothing of the solution leaks inside.

Source: I. E. Lagaris, A. Likas and D. I. Fotiadis, Artificial Neural Networks for Solving Ordinary and Partial
    Differential Equations, IEEE
Trans. Neural Netw. 9 (1998); transfinite interpolation after W. J. Gordon and C. A. Hall (1973).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import tensorflow as tf

from pinn.geometry import Shape

Data = Mapping[str, Callable[[tf.Tensor], tf.Tensor]]  # part -> ([N, d] on the part -> [N])
Network = Callable[[tf.Tensor], tf.Tensor]  # [N, d] -> [N, m]


@final
@dataclass(frozen=True)
class Ansatz:
    """Turns a network `[N, d] -> [N, m]` into a field of the same shape with exact values on parts of the boundary.

    Args:
        shape: the domain.
        data: for each component the prescribed values by part; an empty mapping leaves the component as the network
            gives it.
    """

    shape: Shape
    data: tuple[Data, ...]

    @property
    def is_trivial(self) -> bool:
        """Whether no component has a prescribed value, so that the field is the network."""
        return not any(self.data)

    def __call__(self, network: Network) -> Network:
        """The field `[N, d] -> [N, m]` built on the network."""
        if self.is_trivial:
            return network

        def field(points: tf.Tensor) -> tf.Tensor:
            parts = tf.unstack(network(points), num=len(self.data), axis=1)
            return tf.stack([self._impose(d, points, n) for d, n in zip(self.data, parts, strict=True)], axis=1)

        return field

    def _impose(self, data: Data, points: tf.Tensor, network: tf.Tensor) -> tf.Tensor:
        if not data:
            return network
        return self.shape.lift(points, data) + self.shape.vanishing(points, tuple(data)) * network
