r"""A term in the field itself: `-\Delta u - k^2 u = f` for standing waves, `-\Delta u + \kappa^2 u = 0` for screens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Shape
from pinn.problems.checks import require_finite, require_positive, require_whole
from pinn.problems.conditions import Condition, Dirichlet
from pinn.problems.problem import Problem

_PI = math.pi


@final
@dataclass(frozen=True)
class Helmholtz2D(Problem):
    r"""Standing waves in a square drum.

    `-\Delta u - k^2 u = f` on `(-1, 1)^2` with `u = 0` on its boundary: the sign in which `k` is the wave number of
    free waves, so that the operator is indefinite once `k^2` exceeds `\pi^2 / 2`. It has no inverse where `k^2` is
    `(\pi / 2)^2 (m^2 + n^2)` for whole numbers `m, n \ge 1`. Exact: `u = \sin(a_1 \pi x) \sin(a_2 \pi y)`.

    Args:
        wave_number: `k > 0`.
        waves_x, waves_y: `a_1, a_2 \ge 1`, how many waves along each axis.
    """

    wave_number: float = 1.0
    waves_x: int = 1
    waves_y: int = 4

    citation: ClassVar[str] = (
        "S. Wang, Y. Teng and P. Perdikaris, Understanding and Mitigating Gradient Flow Pathologies in "
        "Physics-Informed Neural Networks, SIAM Journal on Scientific Computing 43 (2021)."
    )

    def __post_init__(self) -> None:
        require_positive(wave_number=self.wave_number)
        require_whole(waves_x=self.waves_x, waves_y=self.waves_y, least=1)

    @property
    def domain(self) -> Shape:
        """The square from -1 to 1."""
        return Box((-1.0, -1.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`\Delta u + k^2 u + f`."""
        k2 = self.wave_number**2
        source = (_PI**2 * (self.waves_x**2 + self.waves_y**2) - k2) * self.exact(p)
        return u.laplacian() + k2 * u.value + source

    def conditions(self) -> Sequence[Condition]:
        """Zero on the whole boundary."""
        return (Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sin(a_1 \pi x) \sin(a_2 \pi y)`."""
        return tf.sin(self.waves_x * _PI * p.x) * tf.sin(self.waves_y * _PI * p.y)


@final
@dataclass(frozen=True)
class ScreenedPoisson(Problem):
    r"""The potential before a charged wall in a solution of salt, where Debye and Hückel's linearisation holds.

    `-\Delta u + \kappa^2 u = 0` on the unit square, with the exact values on its boundary. The wall passes through the
    origin at an angle to the axes. Beyond the length of Debye, `1 / \kappa`, it is hardly felt. Exact: `u = e^{-\kappa
    (x \cos \theta + y \sin \theta)}`.

    Args:
        screening: `\kappa > 0`, one over a length.
        angle: `\theta`, between the normal of the wall and the x axis, in radians.
    """

    screening: float = 10.0
    angle: float = 0.5

    citation: ClassVar[str] = (
        "P. Debye and E. Hueckel, Zur Theorie der Elektrolyte, Physikalische Zeitschrift 24 (1923)."
    )

    def __post_init__(self) -> None:
        require_positive(screening=self.screening)
        require_finite(angle=self.angle)

    @property
    def domain(self) -> Shape:
        """The unit square."""
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`\Delta u - \kappa^2 u`."""
        return u.laplacian() - self.screening**2 * u.value

    def conditions(self) -> Sequence[Condition]:
        """The exact values on the whole boundary."""
        return (Dirichlet(self.exact),)

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`e^{-\kappa (x \cos \theta + y \sin \theta)}`."""
        return tf.exp(-self.screening * (math.cos(self.angle) * p.x + math.sin(self.angle) * p.y))
