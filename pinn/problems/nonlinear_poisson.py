r"""Poisson's equation with a source that depends on the field: `-\Delta u = g(u) + f`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf
from scipy.optimize import brentq

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Interval, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Dirichlet
from pinn.problems.problem import Problem

_PI = math.pi
_FOLD = 4.798714561
"""Where `\\theta / \\cosh(\\theta / 4)` is largest: there the two solutions of Bratu's equation meet."""


@final
@dataclass(frozen=True)
class PoissonBoltzmann(Problem):
    r"""The electric potential in salt water before a charged wall, without the linearisation of Debye and Hückel.

    `u'' = \kappa^2 \sinh u` on `(0, L)`, with the exact values at both ends: `\zeta` on the wall. Exact: by Gouy and
    Chapman, `u = 4 \mathrm{artanh}(\tanh(\zeta / 4) e^{-\kappa x})`.

    Args:
        potential: `\zeta > 0`, that of the wall, in units of the thermal voltage.
        screening: `\kappa > 0`, one over a length.
        length: `L > 0`.
    """

    potential: float = 2.0
    screening: float = 3.0
    length: float = 1.0

    citation: ClassVar[str] = (
        "D. L. Chapman, A Contribution to the Theory of Electrocapillarity, Philosophical Magazine 25 (1913)."
    )

    def __post_init__(self) -> None:
        require_positive(potential=self.potential, screening=self.screening, length=self.length)

    @property
    def domain(self) -> Shape:
        """The interval before the wall."""
        return Interval(0.0, self.length)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u'' - \kappa^2 \sinh u`."""
        return u.laplacian() - self.screening**2 * tf.sinh(u.value)

    def conditions(self) -> Sequence[Condition]:
        """The potential of the wall, and that far from it."""
        far = 4 * math.atanh(self._charge * math.exp(-self.screening * self.length))
        return (Dirichlet(self.potential, on="x_min"), Dirichlet(far, on="x_max"))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`4 \mathrm{artanh}(\tanh(\zeta / 4) e^{-\kappa x})`."""
        return 4 * tf.atanh(self._charge * tf.exp(-self.screening * p.x))

    @property
    def _charge(self) -> float:
        return math.tanh(self.potential / 4)


@final
@dataclass(frozen=True)
class Bratu1D(Problem):
    r"""A slab that heats itself.

    `-u'' = \lambda e^u` on `(0, 1)`, `u = 0` at both ends: the heat of a reaction that gets faster the hotter it is.
    There are two solutions for `\lambda < 3.5138`, the cool one and one that no reactor would survive, and none beyond.
    A field that starts at zero comes to the cool one. Exact: `u = 2 \ln(\cosh(\theta / 4) / \cosh(\theta (x - 1/2) /
    2))` with the smaller root of `\theta = \sqrt{2 \lambda} \cosh(\theta / 4)`.

    Args:
        rate: `0 < \lambda < 3.5138`.
    """

    rate: float = 1.0

    citation: ClassVar[str] = (
        "J. P. Boyd, Chebyshev Polynomial Expansions for Simultaneous Approximation of Two Branches of a Function with "
        "Application to the One-Dimensional Bratu Equation, Applied Mathematics and Computation 143 (2003)."
    )

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)
        if self._excess(_FOLD) <= 0.0:
            most = (_FOLD / math.cosh(_FOLD / 4)) ** 2 / 2
            raise ValueError(f"rate: expected below {most:.4f}, where there is a solution; got {self.rate}")

    @property
    def domain(self) -> Shape:
        """The unit interval."""
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u'' + \lambda e^u`."""
        return u.laplacian() + self.rate * tf.exp(u.value)

    def conditions(self) -> Sequence[Condition]:
        """Cooled on both sides."""
        return (Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`2 \ln(\cosh(\theta / 4) / \cosh(\theta (x - 1/2) / 2))`."""
        theta = brentq(self._excess, 0.0, _FOLD, xtol=1e-15)
        return 2 * tf.math.log(math.cosh(theta / 4) / tf.cosh(theta * (p.x - 0.5) / 2))

    def _excess(self, theta: float) -> float:
        return theta - math.sqrt(2 * self.rate) * math.cosh(theta / 4)


@final
@dataclass(frozen=True)
class PoissonCubic(Problem):
    r"""A slow wave and a short strong one under a cubic reaction.

    `-\Delta u + u^3 = f` on the unit square, `u = 0` on its boundary. Exact: `u = \sin(\pi x) \sin(\pi y) + 4 \sin(4
    \pi x) \sin(4 \pi y)`.
    """

    citation: ClassVar[str] = (
        "Y. Chen, B. Hosseini, H. Owhadi and A. M. Stuart, Solving and Learning Nonlinear PDEs with Gaussian "
        "Processes, Journal of Computational Physics 447 (2021)."
    )

    @property
    def domain(self) -> Shape:
        """The unit square."""
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`\Delta u - u^3 + f`."""
        slow, short = _mode(p, 1), 4 * _mode(p, 4)
        source = 2 * _PI**2 * slow + 32 * _PI**2 * short + (slow + short) ** 3
        return u.laplacian() - u.value**3 + source

    def conditions(self) -> Sequence[Condition]:
        """Zero on the whole boundary."""
        return (Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sin(\pi x) \sin(\pi y) + 4 \sin(4 \pi x) \sin(4 \pi y)`."""
        return _mode(p, 1) + 4 * _mode(p, 4)


def _mode(p: PointSet, waves: int) -> tf.Tensor:
    return tf.sin(waves * _PI * p.x) * tf.sin(waves * _PI * p.y)
