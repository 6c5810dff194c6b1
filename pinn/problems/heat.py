r"""The heat equation, `\partial_t u = \kappa \Delta u`, with solutions that decay in a single mode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Ball, Box, Interval, Shape
from pinn.problems.checks import require_finite, require_positive, require_whole
from pinn.problems.conditions import Condition, Dirichlet, Initial, Neumann
from pinn.problems.problem import Problem

_PI = math.pi


@final
@dataclass(frozen=True)
class Heat1D(Problem):
    r"""A cooling rod.

    `u_t = \kappa u_{xx}` on `(0, 1) \times (0, T)`, `u = 0` at both ends, `u(x, 0) = \sin(\pi x)`. Exact: `u =
    e^{-\kappa \pi^2 t} \sin(\pi x)`.

    Args:
        diffusivity: `\kappa > 0`, length^2 a time.
        duration: `T > 0`.
    """

    diffusivity: float = 0.25
    duration: float = 1.0

    citation: ClassVar[str] = (
        "J. Mueller and M. Zeinhofer, Achieving High Accuracy with PINNs via Energy Natural Gradient Descent, "
        "ICML 2023."
    )

    def __post_init__(self) -> None:
        require_positive(diffusivity=self.diffusivity, duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The unit interval over time."""
        return Interval(0.0, 1.0).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u_t - \kappa u_{xx}`."""
        return u.d("t") - self.diffusivity * u.laplacian("x")

    def conditions(self) -> Sequence[Condition]:
        """Cold ends, and the initial mode."""
        return (Dirichlet(0.0), Initial(lambda p: tf.sin(_PI * p.x)))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`e^{-\kappa \pi^2 t} \sin(\pi x)`."""
        return tf.exp(-self.diffusivity * _PI**2 * p.t) * tf.sin(_PI * p.x)


@final
@dataclass(frozen=True)
class Heat2D(Problem):
    r"""A cooling plate.

    `u_t = \kappa \Delta u` on the unit square for `0 < t < T`, `u = 0` on the edges, `u(x, y, 0) = \sin(\pi x)
    \sin(\pi y)`. Exact: `u = e^{-2 \kappa \pi^2 t} \sin(\pi x) \sin(\pi y)`.

    Args:
        diffusivity: `\kappa > 0`, length^2 a time.
        duration: `T > 0`.
    """

    diffusivity: float = 0.1
    duration: float = 1.0

    citation: ClassVar[str] = "H. S. Carslaw and J. C. Jaeger, Conduction of Heat in Solids, 2nd ed., Oxford 1959."

    def __post_init__(self) -> None:
        require_positive(diffusivity=self.diffusivity, duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The unit square over time."""
        return Box((0.0, 0.0), (1.0, 1.0)).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u_t - \kappa \Delta u`."""
        return u.d("t") - self.diffusivity * u.laplacian("x", "y")

    def conditions(self) -> Sequence[Condition]:
        """Cold edges, and the initial mode."""
        return (Dirichlet(0.0), Initial(_mode))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`e^{-2 \kappa \pi^2 t} \sin(\pi x) \sin(\pi y)`."""
        return tf.exp(-2 * self.diffusivity * _PI**2 * p.t) * _mode(p)


@final
@dataclass(frozen=True)
class HeatND(Problem):
    r"""Heat flow in a cube of any dimension.

    `u_t = \kappa \Delta u` on the unit cube of `d` dimensions for `0 < t < T`, with the exact values on its faces and
    at the initial time. Exact: `u = e^{-4 \kappa t} \sum_i \sin(2 x_i)`.

    Args:
        dimension: `d >= 1`, without time.
        diffusivity: `\kappa > 0`, length^2 a time.
        duration: `T > 0`.
    """

    dimension: int = 4
    diffusivity: float = 0.25
    duration: float = 1.0

    citation: ClassVar[str] = (
        "F. Dangel, J. Mueller and M. Zeinhofer, Kronecker-Factored Approximate Curvature for Physics-Informed Neural "
        "Networks, NeurIPS 2024."
    )

    def __post_init__(self) -> None:
        require_whole(dimension=self.dimension, least=1)
        require_positive(diffusivity=self.diffusivity, duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The unit cube over time."""
        return Box((0.0,) * self.dimension, (1.0,) * self.dimension).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u_t - \kappa \Delta u`, over space."""
        return u.d("t") - self.diffusivity * u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        """The exact values on all faces and at the beginning."""
        return (Dirichlet(self.exact), Initial(self.exact))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`e^{-4 \kappa t} \sum_i \sin(2 x_i)`."""
        return tf.exp(-4 * self.diffusivity * p.t) * tf.reduce_sum(tf.sin(2 * p.coordinates[:, :-1]), axis=1)


@final
@dataclass(frozen=True)
class Heat2DMultiscale(Problem):
    r"""A plate that conducts 250 000 times better along one axis, and has many waves along the other.

    `u_t = u_{xx} / (500 \pi)^2 + u_{yy} / \pi^2` on the unit square for `0 < t < T`, `u = 0` on the edges, `u(x, y, 0)
    = \sin(n \pi x) \sin(\pi y)`. Exact: `u = \sin(n \pi x) \sin(\pi y) e^{-(1 + (n / 500)^2) t}`.

    Args:
        waves: `n \ge 1`, how many half waves there are along the axis that hardly conducts.
        duration: `T > 0`.
    """

    waves: int = 20
    duration: float = 5.0

    citation: ClassVar[str] = (
        "Z. Hao et al., PINNacle: A Comprehensive Benchmark of Physics-Informed Neural Networks for Solving PDEs, "
        "NeurIPS 2024, Heat2d-MS."
    )

    def __post_init__(self) -> None:
        require_whole(waves=self.waves, least=1)
        require_positive(duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The unit square over time."""
        return Box((0.0, 0.0), (1.0, 1.0)).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u_t - u_{xx} / (500 \pi)^2 - u_{yy} / \pi^2`."""
        return u.d("t") - u.d("x", "x") / (500 * _PI) ** 2 - u.d("y", "y") / _PI**2

    def conditions(self) -> Sequence[Condition]:
        """Cold edges, and the initial pattern."""
        return (Dirichlet(0.0), Initial(self._pattern))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sin(n \pi x) \sin(\pi y) e^{-(1 + (n / 500)^2) t}`."""
        return self._pattern(p) * tf.exp(-(1 + (self.waves / 500) ** 2) * p.t)

    def _pattern(self, p: PointSet) -> tf.Tensor:
        return tf.sin(self.waves * _PI * p.x) * tf.sin(_PI * p.y)


@final
@dataclass(frozen=True)
class HeatBall(Problem):
    r"""A ball of any dimension that is heated through its surface.

    `u_t = \Delta u / d - r^2 e^{r^2 / 2 + t} / d` in the unit ball of `d` dimensions for `0 < t < T`, with the exact
    flux `\partial u / \partial n = e^{1/2 + t}` on the sphere and the exact values at the beginning. Exact: `u = e^{r^2
    / 2 + t}`.

    Args:
        dimension: `d >= 2`, without time.
        duration: `T > 0`.
    """

    dimension: int = 5
    duration: float = 1.0

    citation: ClassVar[str] = (
        "Z. Hao et al., PINNacle: A Comprehensive Benchmark of Physics-Informed Neural Networks for Solving PDEs, "
        "NeurIPS 2024, HNd."
    )

    def __post_init__(self) -> None:
        require_whole(dimension=self.dimension, least=2)
        require_positive(duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The unit ball over time."""
        return Ball((0.0,) * self.dimension, 1.0).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`u_t - \Delta u / d + r^2 e^{r^2 / 2 + t} / d`."""
        return u.d("t") - (u.laplacian() - _squared_radius(p) * self.exact(p)) / self.dimension

    def conditions(self) -> Sequence[Condition]:
        """The exact flux through the sphere, which is the exact value there, and the exact values at the beginning."""
        return (Neumann(self.exact, on="sphere"), Initial(self.exact))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`e^{r^2 / 2 + t}`."""
        return tf.exp(_squared_radius(p) / 2 + p.t)


@final
@dataclass(frozen=True)
class HeatVarying(Problem):
    r"""A heated plate that conducts better towards one corner.

    `u_t = \nabla \cdot (k \nabla u) + f` with `k = \kappa (1 + a x y)` on the unit square for `0 < t < T`, `u = 0` on
    the edges, and the source that makes it so. Exact: `u = e^{-t} \sin(\pi x) \sin(\pi y)`.

    Args:
        diffusivity: `\kappa > 0`, length^2 a time, in the corner at the origin.
        contrast: `a > -1`; in the opposite corner the diffusivity is `1 + a` times as large.
        duration: `T > 0`.
    """

    diffusivity: float = 0.1
    contrast: float = 4.0
    duration: float = 1.0

    citation: ClassVar[str] = "Manufactured solution exp(-t) sin(pi x) sin(pi y)."

    def __post_init__(self) -> None:
        require_positive(diffusivity=self.diffusivity, duration=self.duration)
        require_finite(contrast=self.contrast)
        if self.contrast <= -1.0:
            raise ValueError(f"contrast: expected a number above -1, so that heat is conducted; got {self.contrast}")

    @property
    def domain(self) -> Shape:
        """The unit square over time."""
        return Box((0.0, 0.0), (1.0, 1.0)).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`u_t - \nabla \cdot (k \nabla u) - f`."""
        return u.d("t") - u.flux_divergence(self._conductivity, p) - self._source(p)

    def conditions(self) -> Sequence[Condition]:
        """Cold edges, and the initial mode."""
        return (Dirichlet(0.0), Initial(_mode))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`e^{-t} \sin(\pi x) \sin(\pi y)`."""
        return tf.exp(-p.t) * _mode(p)

    def _conductivity(self, p: PointSet) -> tf.Tensor:
        return self.diffusivity * (1.0 + self.contrast * p.x * p.y)

    def _source(self, p: PointSet) -> tf.Tensor:
        r"""`u_t - k \Delta u - \nabla k \cdot \nabla u` of the exact solution, with `\nabla k = \kappa a (y, x)`."""
        slope_x, slope_y = tf.cos(_PI * p.x) * tf.sin(_PI * p.y), tf.sin(_PI * p.x) * tf.cos(_PI * p.y)
        along = self.diffusivity * self.contrast * _PI * (p.y * slope_x + p.x * slope_y)
        return tf.exp(-p.t) * ((2 * _PI**2 * self._conductivity(p) - 1.0) * _mode(p) - along)


def _mode(p: PointSet) -> tf.Tensor:
    return tf.sin(_PI * p.x) * tf.sin(_PI * p.y)


def _squared_radius(p: PointSet) -> tf.Tensor:
    return tf.reduce_sum(p.coordinates[:, :-1] ** 2, axis=1)
