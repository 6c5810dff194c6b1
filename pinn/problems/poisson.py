r"""Poisson's equation, `-\Delta u = f`, on shapes with known solutions."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Annulus, Ball, Box, Interval, Shape
from pinn.problems.checks import require_whole
from pinn.problems.conditions import Condition, Dirichlet, Neumann
from pinn.problems.problem import Problem

_PI = math.pi


@final
@dataclass(frozen=True)
class Poisson1D(Problem):
    r"""A rod held on the left with a given flux on the right.

    `-u'' = \pi^2 \sin(\pi x)` on `(0, 1)`, `u(0) = 0`, `u'(1) = -\pi`. Exact: `u = \sin(\pi x)`.
    """

    citation: ClassVar[str] = "Manufactured solution sin(pi x)."

    @property
    def domain(self) -> Shape:
        """The unit interval."""
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        """`u'' + f`."""
        return u.laplacian() + _PI**2 * tf.sin(_PI * p.x)

    def conditions(self) -> Sequence[Condition]:
        """Value on the left, flux on the right."""
        return (Dirichlet(0.0, on="x_min"), Neumann(-_PI, on="x_max"))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sin(\pi x)`."""
        return tf.sin(_PI * p.x)


@final
@dataclass(frozen=True)
class Poisson2D(Problem):
    r"""The standard test of the field.

    `-\Delta u = 2 \pi^2 \sin(\pi x) \sin(\pi y)` on the unit square, `u = 0` on its boundary. Exact: `u = \sin(\pi x)
    \sin(\pi y)`.
    """

    citation: ClassVar[str] = (
        "J. Mueller and M. Zeinhofer, Achieving High Accuracy with PINNs via Energy Natural Gradient Descent, "
        "ICML 2023."
    )

    @property
    def domain(self) -> Shape:
        """The unit square."""
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`\Delta u + f`."""
        return u.laplacian() + 2 * _PI**2 * self.exact(p)

    def conditions(self) -> Sequence[Condition]:
        """Zero on the whole boundary."""
        return (Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sin(\pi x) \sin(\pi y)`."""
        return tf.sin(_PI * p.x) * tf.sin(_PI * p.y)


@dataclass(frozen=True)
class _InCube(Problem):
    """What is known in a cube of any dimension, from its values on all faces."""

    dimension: int

    @final
    @property
    def domain(self) -> Shape:
        """The unit cube."""
        return Box((0.0,) * self.dimension, (1.0,) * self.dimension)

    @final
    def conditions(self) -> Sequence[Condition]:
        """The exact values on all faces."""
        return (Dirichlet(self.exact),)

    @abstractmethod
    def exact(self, p: PointSet) -> tf.Tensor:
        """The solution, `[N]`."""


@final
@dataclass(frozen=True)
class PoissonND(_InCube):
    r"""Poisson's equation in any dimension.

    `-\Delta u = \pi^2 \sum_i \cos(\pi x_i)` on the unit cube of `d` dimensions, with the exact values on its faces.
    Exact: `u = \sum_i \cos(\pi x_i)`. The solution is additive in the axes, so that transfinite interpolation of the
    faces already gives it for `d >= 2`: exact conditions leave the network nothing to learn, penalties do.

    Args:
        dimension: `d >= 1`.
    """

    dimension: int = 5

    citation: ClassVar[str] = (
        "J. Mueller and M. Zeinhofer, Achieving High Accuracy with PINNs via Energy Natural Gradient Descent, "
        "ICML 2023."
    )

    def __post_init__(self) -> None:
        require_whole(dimension=self.dimension, least=1)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`\Delta u + f`."""
        return u.laplacian() + _PI**2 * self.exact(p)

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sum_i \cos(\pi x_i)`."""
        return tf.reduce_sum(tf.cos(_PI * p.coordinates), axis=1)


@final
@dataclass(frozen=True)
class PoissonSines(_InCube):
    r"""Poisson's equation in any dimension, with half a wave along each axis.

    `\Delta u + \frac{\pi^2}{4} \sum_i \sin(\pi x_i / 2) = 0` on the unit cube of `d` dimensions, with the exact values
    on its faces. Exact: `u = \sum_i \sin(\pi x_i / 2)`, additive in the axes as that of `PoissonND`.

    Args:
        dimension: `d >= 1`.
    """

    dimension: int = 5

    citation: ClassVar[str] = (
        "Z. Hao et al., PINNacle: A Comprehensive Benchmark of Physics-Informed Neural Networks for Solving PDEs, "
        "NeurIPS 2024, PNd."
    )

    def __post_init__(self) -> None:
        require_whole(dimension=self.dimension, least=1)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`\Delta u + f`."""
        return u.laplacian() + _PI**2 / 4 * self.exact(p)

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sum_i \sin(\pi x_i / 2)`."""
        return tf.reduce_sum(tf.sin(_PI / 2 * p.coordinates), axis=1)


@final
@dataclass(frozen=True)
class LaplacePairs(_InCube):
    r"""A harmonic polynomial in any even dimension.

    `\Delta u = 0` on the unit cube of `d` dimensions, with the exact values on its faces. Exact: `u = x_1 x_2 + x_3 x_4
    + ... + x_{d-1} x_d`.

    Args:
        dimension: `d >= 2`, even.
    """

    dimension: int = 10

    citation: ClassVar[str] = (
        "W. E and B. Yu, The Deep Ritz Method, Communications in Mathematics and Statistics 6 (2018)."
    )

    def __post_init__(self) -> None:
        require_whole(dimension=self.dimension, least=2)
        if self.dimension % 2:
            raise ValueError(f"dimension: expected an even number, the axes come in pairs; got {self.dimension}")

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`\Delta u`."""
        return u.laplacian()

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sum_i x_{2i-1} x_{2i}`."""
        return tf.reduce_sum(p.coordinates[:, ::2] * p.coordinates[:, 1::2], axis=1)


@final
@dataclass(frozen=True)
class LaplaceAnnulus(Problem):
    r"""The potential between two circles, checked against ln r.

    `\Delta u = 0` for `a < r < b`, `u = \ln a` on the inner and `\ln b` on the outer circle. Exact: `u = \ln r`, the
    fundamental solution of the plane.

    Args:
        inner, outer: the radii `0 < a < b`.
    """

    inner: float = 1.0
    outer: float = 2.0

    citation: ClassVar[str] = "L. C. Evans, Partial Differential Equations, 2nd ed., AMS 2010, section 2.2.1."

    def __post_init__(self) -> None:
        Annulus((0.0, 0.0), self.inner, self.outer)  # says what is wrong with the radii before anything is built

    @property
    def domain(self) -> Shape:
        """The annulus around the origin."""
        return Annulus((0.0, 0.0), self.inner, self.outer)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`\Delta u`."""
        return u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        """One potential on each circle."""
        return (Dirichlet(math.log(self.inner), on="inner"), Dirichlet(math.log(self.outer), on="outer"))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\ln r`."""
        return 0.5 * tf.math.log(p.x**2 + p.y**2)


@final
@dataclass(frozen=True)
class PoissonBall(Problem):
    r"""Poisson's equation in the unit ball of three dimensions.

    `-\Delta u = 4 \pi^2 r^2 \sin(\pi r^2) - 6 \pi \cos(\pi r^2)`, `u = 0` on the sphere. Exact: `u = \sin(\pi r^2)`.
    """

    citation: ClassVar[str] = "Manufactured solution sin(pi r^2)."

    @property
    def domain(self) -> Shape:
        """The unit ball."""
        return Ball((0.0, 0.0, 0.0), 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`\Delta u + f`."""
        s = _PI * _squared_radius(p)
        return u.laplacian() + 4 * _PI * s * tf.sin(s) - 6 * _PI * tf.cos(s)

    def conditions(self) -> Sequence[Condition]:
        """Zero on the sphere."""
        return (Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sin(\pi r^2)`."""
        return tf.sin(_PI * _squared_radius(p))


def _squared_radius(p: PointSet) -> tf.Tensor:
    return tf.reduce_sum(p.coordinates**2, axis=1)
