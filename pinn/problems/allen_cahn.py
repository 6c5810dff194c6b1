r"""The equation of Allen and Cahn, `u_t = D u_{xx} + r (u - u^3)`, in which two phases part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, final

import numpy as np
import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Interval, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Initial
from pinn.problems.periodic import Periodic
from pinn.problems.problem import Problem
from pinn.references import ReferenceSolution, periodic_evolution

_PI = math.pi


@final
@dataclass(frozen=True)
class AllenCahn1D(Problem):
    r"""Two phases with fronts between them, on a ring.

    `u_t = D u_{xx} + r (u - u^3)` on `(-1, 1) \times (0, T)`, periodic in `x`, `u(x, 0) = x^2 \cos(\pi x)`. The fronts
    become some `\sqrt{2 D / r}` wide. The initial values have a kink where the ends meet.
    No exact solution is known; the reference is a Fourier series.

    Args:
        diffusivity: `D \ge 4 \cdot 10^{-6} r`, length^2 a time: below, the fronts are too narrow for the reference.
        rate: `r > 0`, one over a time.
        duration: `T > 0`.
    """

    diffusivity: float = 1e-4
    rate: float = 5.0
    duration: float = 1.0

    citation: ClassVar[str] = (
        "M. Raissi, P. Perdikaris and G. E. Karniadakis, Physics-Informed Neural Networks, J. Comput. Phys. 378 (2019)."
    )

    def __post_init__(self) -> None:
        require_positive(diffusivity=self.diffusivity, rate=self.rate, duration=self.duration)
        if self.diffusivity < _LEAST_DIFFUSIVITY * self.rate:
            least = _LEAST_DIFFUSIVITY * self.rate
            raise ValueError(f"diffusivity: expected at least {least:g} for this rate; got {self.diffusivity}")

    @property
    def domain(self) -> Shape:
        """The interval from -1 to 1 over time."""
        return Interval(-1.0, 1.0).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u_t - D u_{xx} - r (u - u^3)`."""
        return u.d("t") - self.diffusivity * u.laplacian("x") - self.rate * (u.value - u.value**3)

    def conditions(self) -> Sequence[Condition]:
        """The ends are one place, and the initial mixture."""
        return (Periodic("x"), Initial(lambda p: p.x**2 * tf.cos(_PI * p.x)))

    def reference(self) -> ReferenceSolution:
        """By a Fourier series of 1024 waves; half as many tell of an error of 4e-7 with the defaults."""
        return _series(self.diffusivity, self.rate, self.duration)


_LEAST_DIFFUSIVITY = 4e-6  # of the rate: fronts of 0.003


@lru_cache(maxsize=4)
def _series(diffusivity: float, rate: float, duration: float) -> ReferenceSolution:
    return periodic_evolution(
        lambda x: x**2 * np.cos(_PI * x),
        lambda u: -rate * u**3,
        linear=rate,
        diffusivity=diffusivity,
        interval=(-1.0, 1.0),
        duration=duration,
    )
