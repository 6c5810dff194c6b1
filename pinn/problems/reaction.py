r"""Reaction and diffusion, `u_t = D \Delta u + f(u)`: waves that keep their shape, and cells that switch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, final

import numpy as np
import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Interval, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Dirichlet, Initial
from pinn.problems.problem import Problem
from pinn.references import ReferenceSolution, sine_evolution


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


@final
@dataclass(frozen=True)
class HeatLongTime(Problem):
    r"""Cells that a pulsating reaction switches on and off, for a long time.

    `u_t = D \Delta u + a \sin(u^2) (1 + 2 \sin(\pi t / 4)) \sin 4 \pi x \sin 2 \pi y` on the unit square for `0 < t <
    T`, `u = 0` on the edges, `u(x, y, 0) = \sin 4 \pi x \sin 3 \pi y`. Within the cells `u` settles where `\sin(u^2)`
    vanishes; between them are layers some `\sqrt{D / a}` wide. No exact solution is known; the reference is a series of
    sines.

    Args:
        diffusivity: `D > 0`, length^2 a time.
        rate: `a > 0`, one over a time.
        duration: `T > 0`.
    """

    diffusivity: float = 0.001
    rate: float = 5.0
    duration: float = 100.0

    citation: ClassVar[str] = (
        "Z. Hao et al., PINNacle: A Comprehensive Benchmark of Physics-Informed Neural Networks for Solving PDEs, "
        "NeurIPS 2024, Heat2d-LT."
    )

    def __post_init__(self) -> None:
        require_positive(diffusivity=self.diffusivity, rate=self.rate, duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The unit square over time."""
        return Box((0.0, 0.0), (1.0, 1.0)).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`u_t - D \Delta u - a \sin(u^2) (1 + 2 \sin(\pi t / 4)) \sin 4 \pi x \sin 2 \pi y`."""
        pulse = (1 + 2 * tf.sin(math.pi / 4 * p.t)) * tf.sin(4 * math.pi * p.x) * tf.sin(2 * math.pi * p.y)
        return u.d("t") - self.diffusivity * u.laplacian("x", "y") - self.rate * tf.sin(u.value**2) * pulse

    def conditions(self) -> Sequence[Condition]:
        """Cold edges, and the initial pattern."""
        return (Dirichlet(0.0), Initial(lambda p: tf.sin(4 * math.pi * p.x) * tf.sin(3 * math.pi * p.y)))

    def reference(self) -> ReferenceSolution:
        """By a sine series on a quarter of the square, which odd reflection in `x = 1/4, 1/2, 3/4` continues."""
        return _sines(self.diffusivity, self.rate, self.duration)


@lru_cache(maxsize=2)
def _sines(diffusivity: float, rate: float, duration: float) -> ReferenceSolution:
    def reaction(u: np.ndarray, x: np.ndarray, y: np.ndarray, t: float) -> np.ndarray:
        pulse = 1 + 2 * math.sin(math.pi * t / 4)
        return rate * pulse * np.sin(u * u) * np.sin(4 * np.pi * x) * np.sin(2 * np.pi * y)

    return sine_evolution(
        lambda x, y: np.sin(4 * np.pi * x) * np.sin(3 * np.pi * y),
        reaction,
        diffusivity=diffusivity,
        lengths=(0.25, 1.0),
        duration=duration,
        modes=_MODES,
        frames=max(2, math.ceil(duration * _FRAMES)),
        steps=_STEPS,
    )


_MODES, _FRAMES, _STEPS = (32, 128), 20, 5  # along both axes; a unit of time; a frame
