r"""Steady flows of an incompressible fluid: `(u \cdot \nabla) u = -\nabla p + \nu \Delta u`, `\nabla \cdot u = 0`.

The field has the components `u`, `v` of the velocity and the pressure `p`, which is known up to a constant only and
therefore pinned at one point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Dirichlet, each_component
from pinn.problems.point_conditions import Pin
from pinn.problems.problem import Problem

_PI = math.pi
_UNKNOWNS = ("u", "v", "p")
_VECTORS = {"velocity": (0, 1)}


@final
@dataclass(frozen=True)
class Stokes2D(Problem):
    r"""Two streams that collide, so slowly that inertia is nothing.

    `-\Delta u + \nabla p = 0`, `\nabla \cdot u = 0` on `(-1, 1)^2`, with the exact velocity on the boundary and `p = 0`
    at the origin. Exact: `u = 20 x y^3`, `v = 5 (x^4 - y^4)`, `p = 60 x^2 y - 20 y^3`.
    """

    components: ClassVar[int] = 3
    unknowns: ClassVar[tuple[str, ...]] = _UNKNOWNS
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = _VECTORS
    citation: ClassVar[str] = (
        "H. C. Elman, D. J. Silvester and A. J. Wathen, Finite Elements and Fast Iterative Solvers, 2nd ed., Oxford "
        "2014, example 3.1.4 (colliding flow)."
    )

    @property
    def domain(self) -> Shape:
        """The square from -1 to 1."""
        return Box((-1.0, -1.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:  # noqa: ARG002 - no force
        """Both balances of momentum, and that of mass."""
        return _balances(u, viscosity=1.0, inertia=0.0)

    def conditions(self) -> Sequence[Condition]:
        """The exact velocity on the boundary, and the pressure at the origin."""
        return (*_velocities(self.exact), Pin((0.0, 0.0), 0.0, 2))

    def exact(self, p: PointSet) -> tf.Tensor:
        """`(u, v, p)`, `[N, 3]`."""
        x, y = p.x, p.y
        return tf.stack([20 * x * y**3, 5 * (x**4 - y**4), 60 * x**2 * y - 20 * y**3], axis=1)


@final
@dataclass(frozen=True)
class Kovasznay(Problem):
    r"""The flow behind a grid of bars.

    `(u \cdot \nabla) u = -\nabla p + \Delta u / Re`, `\nabla \cdot u = 0` on `(-1/2, 1) \times (-1/2, 3/2)`, with the
    exact velocity on the boundary and the exact pressure at one point. Exact: with `\lambda = Re / 2 - \sqrt{Re^2 / 4 +
    4 \pi^2}`, `u = 1 - e^{\lambda x} \cos(2 \pi y)`, `v = \lambda e^{\lambda x} \sin(2 \pi y) / (2 \pi)`, `p = (1 -
    e^{2 \lambda x}) / 2`.

    Args:
        reynolds: `Re > 0`.
    """

    reynolds: float = 40.0

    components: ClassVar[int] = 3
    unknowns: ClassVar[tuple[str, ...]] = _UNKNOWNS
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = _VECTORS
    citation: ClassVar[str] = (
        "L. I. G. Kovasznay, Laminar Flow behind a Two-Dimensional Grid, Mathematical Proceedings of the Cambridge "
        "Philosophical Society 44 (1948)."
    )

    def __post_init__(self) -> None:
        require_positive(reynolds=self.reynolds)

    @property
    def domain(self) -> Shape:
        """The rectangle behind the grid."""
        return Box((-0.5, -0.5), (1.0, 1.5))

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:  # noqa: ARG002 - no force
        """Both balances of momentum, and that of mass."""
        return _balances(u, viscosity=1.0 / self.reynolds, inertia=1.0)

    def conditions(self) -> Sequence[Condition]:
        """The exact velocity on the boundary, and the pressure at one point."""
        return (*_velocities(self.exact), Pin((0.0, 0.0), 0.0, 2))

    def exact(self, p: PointSet) -> tf.Tensor:
        """`(u, v, p)`, `[N, 3]`."""
        # Over the sum of Re / 2 and the root, since their difference is one of nearly equal numbers.
        decay = -4 * _PI**2 / (self.reynolds / 2 + math.sqrt(self.reynolds**2 / 4 + 4 * _PI**2))
        growth, angle = tf.exp(decay * p.x), 2 * _PI * p.y
        across = decay / (2 * _PI) * growth * tf.sin(angle)
        return tf.stack([1 - growth * tf.cos(angle), across, (1 - growth**2) / 2], axis=1)


@final
@dataclass(frozen=True)
class LidDrivenCavity(Problem):
    r"""A square box of fluid under a lid that slides.

    `(u \cdot \nabla) u = -\nabla p + \Delta u / Re`, `\nabla \cdot u = 0` on the unit square; at rest on three walls,
    `u = 1` on the lid, and `p = 0` in the lower left corner. In both upper corners the lid and the walls disagree:
    there the velocity jumps and the pressure is infinite. So the lid gathers speed over a length `1 / s`, `u = 1 -
    \cosh(s (x - 1/2)) / \cosh(s / 2)`, and the conditions agree. No exact solution is known; the standard is the table
    of Ghia, Ghia and Shin for the lid that does not gather speed.

    Args:
        reynolds: `Re > 0`.
        sharpness: `s > 0`, in one over the length of the lid.
    """

    reynolds: float = 100.0
    sharpness: float = 50.0

    components: ClassVar[int] = 3
    unknowns: ClassVar[tuple[str, ...]] = _UNKNOWNS
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = _VECTORS
    citation: ClassVar[str] = (
        "U. Ghia, K. N. Ghia and C. T. Shin, High-Re Solutions for Incompressible Flow Using the Navier-Stokes "
        "Equations and a Multigrid Method, Journal of Computational Physics 48 (1982)."
    )

    def __post_init__(self) -> None:
        require_positive(reynolds=self.reynolds, sharpness=self.sharpness)

    @property
    def domain(self) -> Shape:
        """The unit square."""
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:  # noqa: ARG002 - no force
        """Both balances of momentum, and that of mass."""
        return _balances(u, viscosity=1.0 / self.reynolds, inertia=1.0)

    def conditions(self) -> Sequence[Condition]:
        """The lid, the walls, and the pressure in a corner."""
        walls = ("x_min", "x_max", "y_min")
        return (
            Dirichlet(self._lid, on="y_max", component=0),
            Dirichlet(0.0, on=walls, component=0),
            Dirichlet(0.0, component=1),
            Pin((0.0, 0.0), 0.0, 2),
        )

    def _lid(self, p: PointSet) -> tf.Tensor:
        # The quotient of the hyperbolic cosines by powers that do not overflow.
        near = tf.exp(self.sharpness * (p.x - 1.0)) + tf.exp(-self.sharpness * p.x)
        return 1.0 - near / (1.0 + math.exp(-self.sharpness))


def _balances(u: Jet, *, viscosity: float, inertia: float) -> Mapping[str, tf.Tensor]:
    """What is left of momentum and of mass."""
    along, across, pressure = u
    carried = [
        inertia * (along.value * each.d("x") + across.value * each.d("y")) - viscosity * each.laplacian()
        for each in (along, across)
    ]
    return {
        "momentum_x": carried[0] + pressure.d("x"),
        "momentum_y": carried[1] + pressure.d("y"),
        "mass": along.d("x") + across.d("y"),
    }


def _velocities(exact: Callable[[PointSet], tf.Tensor]) -> tuple[Condition, ...]:
    """Both components of a velocity on the whole boundary."""
    return tuple(Dirichlet(value, component=i) for i, value in enumerate(each_component(exact, 2)))
