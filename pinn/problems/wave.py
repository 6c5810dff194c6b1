r"""The wave equation, `u_{tt} = c^2 \Delta u`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Interval, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Dirichlet, Initial, InitialVelocity
from pinn.problems.problem import Problem

_PI = math.pi


@final
@dataclass(frozen=True)
class Wave1D(Problem):
    r"""A string that is plucked in two modes at once.

    `u_{tt} = c^2 u_{xx}` on `(0, 1) \times (0, T)`, `u = 0` at both ends, `u(x, 0) = \sin(\pi x) + \sin(4 \pi x) / 2`
    at rest. Exact: `u = \sin(\pi x) \cos(c \pi t) + \sin(4 \pi x) \cos(4 c \pi t) / 2`.

    Args:
        speed: `c > 0`, length a time.
        duration: `T > 0`.
    """

    speed: float = 2.0
    duration: float = 1.0

    citation: ClassVar[str] = (
        "Z. Hao et al., PINNacle: A Comprehensive Benchmark of Physics-Informed Neural Networks for Solving PDEs, "
        "NeurIPS 2024, Wave1d-C."
    )

    def __post_init__(self) -> None:
        require_positive(speed=self.speed, duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The unit interval over time."""
        return Interval(0.0, 1.0).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u_{tt} - c^2 u_{xx}`."""
        return u.dtt() - self.speed**2 * u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        """Fixed ends, and the plucked string at rest."""
        return (Dirichlet(0.0), Initial(self.exact), InitialVelocity(0.0))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sin(\pi x) \cos(c \pi t) + \sin(4 \pi x) \cos(4 c \pi t) / 2`."""
        slow, quick = (tf.sin(k * _PI * p.x) * tf.cos(k * self.speed * _PI * p.t) for k in (1, 4))
        return slow + quick / 2
