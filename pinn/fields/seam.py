r"""The seam of a periodic axis, where the initial values have a kink: what diffusion makes of it.

Where both ends of an axis of length `L` are one place, initial values that are smooth inside may still have slopes that
differ there, by `J = u_0'(a) - u_0'(b)`. For `u_t = D u_xx - \lambda u` a kink of the slope becomes, at the distance
`s` from the seam,

    `(J / 2) s  ->  (J / 2) e^{-\lambda t} (s + E(s, t))`,  `E = q ierfc(s / q)`,  `q = 2 \sqrt{D t}`,
    `ierfc(z) = e^{-z^2} / \sqrt\pi - z erfc(z)`.

The difference is what is added to the initial values, which stay in the lift for all times:

    `S = (J / 2) (e^{-\lambda t} E + (e^{-\lambda t} - 1) \kappa)`,  `\kappa = (L / \pi) \sin(\pi s / L)`,

where `\kappa` is `s` at the seam and smooth elsewhere. It is zero at the start, and has the kink `-J` at every later
time: `u_0 + S` has continuous slopes, and what is left for a network is smooth. That holds for any equation; the better
`D` and `\lambda` describe it at the seam, the smoother is the rest.

Only the layer is meant: `t` is bounded smoothly where it would reach a sixteenth of the axis.

Source: H. S. Carslaw and J. C. Jaeger, Conduction of Heat in Solids, 2nd ed., Oxford 1959, section 2.9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import tensorflow as tf

_REACH = 1 / 16  # of the axis: the width q / 2 of the layer that is never exceeded
_SHARP = 4  # the power with which time is bounded
_FIRST, _LAST = 1e-30, 1e6  # times in units of the longest one: before and after, the layer is what it is at these


@final
@dataclass(frozen=True)
class Seam:
    """`S`, a function of the points `[N, d]`: `[N]`.

    Args:
        axis: which axis is periodic; time is the last one.
        ends: its first and last coordinate.
        start: the initial time.
        jump: `J`.
        diffusivity: `D > 0`.
        decay: `\\lambda >= 0`.
    """

    axis: int
    ends: tuple[float, float]
    start: float
    jump: float
    diffusivity: float
    decay: float

    def __call__(self, points: tf.Tensor) -> tf.Tensor:
        x, t = points[:, self.axis], points[:, -1]
        length = self.ends[1] - self.ends[0]
        longest = (_REACH * length) ** 2 / self.diffusivity
        # Within bounds: powers of it neither vanish nor overflow in single precision.
        passed = tf.minimum(tf.maximum((t - self.start) / longest, _FIRST), _LAST)
        width = 2.0 * _REACH * length * tf.sqrt(passed / (1.0 + passed**_SHARP) ** (1.0 / _SHARP))
        layers = width * (_ierfc((x - self.ends[0]) / width) + _ierfc((self.ends[1] - x) / width))
        kink = length / math.pi * tf.sin(math.pi / length * (x - self.ends[0]))
        left = tf.exp(-self.decay * (t - self.start))  # not of what has passed, which has no slope at the start
        return 0.5 * self.jump * (left * layers + (left - 1.0) * kink)


def _ierfc(z: tf.Tensor) -> tf.Tensor:
    return tf.exp(-z * z) / math.sqrt(math.pi) - z * tf.math.erfc(z)
