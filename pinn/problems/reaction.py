r"""Reaction and diffusion, `u_t = D \Delta u + f(u)`: waves that keep their shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Interval, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Dirichlet, Initial
from pinn.problems.problem import Problem


@final
@dataclass(frozen=True)
class FisherKPP(Problem):
    r"""A population that spreads into empty ground.

    `u_t = D u_{xx} + r u (1 - u)` on `(-L, 2 L) \times (0, T)` with the exact values at both ends and at the beginning.
    A front of width `\sqrt{6 D / r}` moves to the right with the speed `5 \sqrt{D r / 6}`, a little faster than the
    slowest wave there is. Exact: by Ablowitz and Zeppetella, `u = (1 + e^z)^{-2}` with `z = \sqrt{r / (6 D)} x - 5 r t
    / 6`.

    Args:
        diffusivity: `D > 0`, length^2 a time.
        growth: `r > 0`, one over a time.
        length: `L > 0`.
        duration: `T > 0`.
    """

    diffusivity: float = 1.0
    growth: float = 1.0
    length: float = 5.0
    duration: float = 2.0

    citation: ClassVar[str] = (
        "M. J. Ablowitz and A. Zeppetella, Explicit Solutions of Fisher's Equation for a Special Wave Speed, Bulletin "
        "of Mathematical Biology 41 (1979)."
    )

    def __post_init__(self) -> None:
        require_positive(diffusivity=self.diffusivity, growth=self.growth, length=self.length, duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The ground over time: occupied on the left, most of it empty."""
        return Interval(-self.length, 2 * self.length).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u_t - D u_{xx} - r u (1 - u)`."""
        return u.d("t") - self.diffusivity * u.laplacian() - self.growth * u.value * (1.0 - u.value)

    def conditions(self) -> Sequence[Condition]:
        """The exact values at both ends and at the beginning."""
        return (Dirichlet(self.exact), Initial(self.exact))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`(1 + e^z)^{-2}`."""
        z = math.sqrt(self.growth / (6 * self.diffusivity)) * p.x - 5 * self.growth * p.t / 6
        return tf.sigmoid(-z) ** 2
