r"""Smooth functions of the points around straight edges in the plane: distances and projections.

**Distance to an edge.** With the signed distance f to its line, and `t = L/4 - |x - c|^2 / L` for the length L and the
midpoint c (positive in the disk around the edge),

    `\phi = \sqrt{f^2 + \psi^2}`,    `\psi = (\sqrt{t^2 + f^4 / L^2} - t) / 2`

is zero on the edge and nowhere else, has slope 1 across it and no curvature there along the normal, and is infinitely
smooth off its end points. Where t > 0 it is written `f \sqrt{1 + (\psi / f)^2}` with `\psi = f^4 / (2 L^2 (s + t))`,
s the inner root: no difference of nearly equal numbers, and derivatives on the edge itself.

**Projection.** With the distances a and b from the end points, `T = a / (a + b)` is a number in [0, 1] that is smooth
everywhere off the end points and, on the edge, the share of the length: `start + T (end - start)` lies on the edge and
leaves its points where they are.

Second derivatives of all of them grow like 1 / r at the end points.

Source: N. Sukumar and A. Srivastava, Exact imposition of boundary conditions with distance functions in
    physics-informed deep neural networks, Comput. Methods Appl. Mech. Eng. 389 (2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from pinn.geometry.checks import Array

if TYPE_CHECKING:
    import tensorflow as tf

_BEHIND = 1e-9  # of the length: so far behind an edge a point still counts as one of its front


@final
@dataclass(frozen=True)
class Edges:
    """E directed edges `[E, 2]` with the normals `[E, 2]` that point to their front."""

    starts: Array
    ends: Array
    fronts: Array

    def __getitem__(self, rows: Sequence[int] | slice) -> Edges:
        """Some of the edges."""
        return Edges(self.starts[rows], self.ends[rows], self.fronts[rows])

    @property
    def lengths(self) -> Array:
        """`[E]`."""
        return np.linalg.norm(self.ends - self.starts, axis=1)

    def along(self, points: tf.Tensor) -> tf.Tensor:
        """Signed distances to the lines, positive in front: `[N, E]`."""
        nx, ny = self.fronts.T
        x, y = points[:, :1], points[:, 1:]
        return nx * (x - self.starts[:, 0]) + ny * (y - self.starts[:, 1])

    def distances(self, points: tf.Tensor) -> tf.Tensor:
        """The smooth distances to the edges: `[N, E]`."""
        import tensorflow as tf

        tiny = np.finfo(points.dtype.as_numpy_dtype).eps ** 2
        length, (cx, cy) = self.lengths, (self.starts + self.ends).T / 2.0
        f = self.along(points) / length  # from here on in units of the length
        t = 0.25 - (tf.square(points[:, :1] - cx) + tf.square(points[:, 1:] - cy)) / length**2
        root = tf.sqrt(tf.square(t) + tf.square(tf.square(f)) + tiny)
        near = t > 0
        ratio = f * tf.square(f) / (2.0 * (root + tf.where(near, t, tf.ones_like(t))))
        front = tf.where(f > -_BEHIND, f, -f) * tf.sqrt(1.0 + tf.square(ratio))
        excess = tf.where(near, tf.ones_like(t), (root - t) / 2.0)
        return length * tf.where(near, front, tf.sqrt(tf.square(f) + tf.square(excess)))

    def projected(self, points: tf.Tensor, edge: int) -> tf.Tensor:
        """The points moved onto one edge: `[N, 2]`."""
        share = self._share(points, edge)[:, None]
        return (1.0 - share) * self.starts[edge] + share * self.ends[edge]

    def _share(self, points: tf.Tensor, edge: int) -> tf.Tensor:
        import tensorflow as tf

        tiny = np.finfo(points.dtype.as_numpy_dtype).eps ** 2 * self.lengths[edge] ** 2
        to_start, to_end = (
            tf.sqrt(tf.reduce_sum(tf.square(points - end[edge]), axis=1) + tiny) for end in (self.starts, self.ends)
        )
        return to_start / (to_start + to_end)
