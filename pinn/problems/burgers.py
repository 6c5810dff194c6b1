r"""The viscous Burgers equation, `u_t + u \cdot \nabla u = \nu \Delta u`, in which a wave steepens into a front."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import tensorflow as tf
from scipy.special import roots_hermite

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Interval, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Dirichlet, Initial, each_component
from pinn.problems.problem import Problem

_PI = math.pi
_LEAST_VISCOSITY = 5e-4  # below, the weights that are felt are smaller than any number


@final
@dataclass(frozen=True)
class Burgers1D(Problem):
    r"""A sine wave that steepens into a front at the origin.

    `u_t + u u_x = \nu u_{xx}` on `(-1, 1) \times (0, T)`, `u = 0` at both ends, `u(x, 0) = -\sin(\pi x)`. About the
    time `1 / \pi` a front forms at `x = 0`, some `4 \nu` wide: points that do not follow it miss it. Exact: by the
    transform of Cole and Hopf with `f(y) = \exp(-\cos(\pi y) / (2 \pi \nu))`:

    `u = -\frac{\int \sin(\pi y) f(y) e^{-(x - y)^2 / (4 \nu t)} dy}{\int f(y) e^{-(x - y)^2 / (4 \nu t)} dy}`

    The integrals are sums over the nodes of Gauss and Hermite, `(150 + 0.1 / \nu) \max(1, T)` of them: as many as give
    14 digits.

    Args:
        viscosity: `\nu \ge 0.0005`, length^2 a time.
        duration: `T > 0`.
    """

    viscosity: float = 0.01 / _PI
    duration: float = 1.0

    citation: ClassVar[str] = (
        "C. Basdevant et al., Spectral and Finite Difference Solutions of the Burgers Equation, Computers & Fluids 14 "
        "(1986)."
    )

    def __post_init__(self) -> None:
        require_positive(viscosity=self.viscosity, duration=self.duration)
        if self.viscosity < _LEAST_VISCOSITY:
            raise ValueError(f"viscosity: expected at least {_LEAST_VISCOSITY}; got {self.viscosity}")

    @property
    def _nodes(self) -> int:
        return math.ceil((150 + 0.1 / self.viscosity) * max(1.0, self.duration))

    @property
    def domain(self) -> Shape:
        """The interval from -1 to 1 over time."""
        return Interval(-1.0, 1.0).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`u_t + u u_x - \nu u_{xx}`."""
        return u.d("t") + u.value * u.d("x") - self.viscosity * u.laplacian("x")

    def conditions(self) -> Sequence[Condition]:
        """Nothing at the ends, and the initial wave."""
        return (Dirichlet(0.0), Initial(lambda p: -tf.sin(_PI * p.x)))

    def exact(self, p: PointSet) -> tf.Tensor:
        """The quotient of the two integrals, each divided by the largest of its terms."""
        nodes, log_weights = (tf.constant(array, p.dtype) for array in _hermite(self._nodes))
        # The root has no slope at the initial time, where the Gaussian is a point.
        width = tf.sqrt(4.0 * self.viscosity * tf.maximum(p.t, tf.constant(1e-30, p.dtype)))
        y = p.x[:, tf.newaxis] - width[:, tf.newaxis] * nodes
        share = tf.nn.softmax(log_weights - tf.cos(_PI * y) / (2.0 * _PI * self.viscosity), axis=1)
        return -tf.reduce_sum(share * tf.sin(_PI * y), axis=1)


@final
@dataclass(frozen=True)
class Burgers2D(Problem):
    r"""A front that crosses a square at an angle, in a flow of two components.

    `u_t + u u_x + v u_y = \nu \Delta u` and `v_t + u v_x + v v_y = \nu \Delta v` on the unit square for `0 < t < T`,
    with the exact values on its edges and at the beginning. The front is some `8 \nu` wide. Exact: `u = 3/4 - q`, `v =
    3/4 + q`, `q = 1 / (4 (1 + e^{(4 y - 4 x - t) / (32 \nu)}))`.

    Args:
        viscosity: `\nu > 0`, length^2 a time.
        duration: `T > 0`.
    """

    viscosity: float = 0.02
    duration: float = 1.0

    components: ClassVar[int] = 2
    unknowns: ClassVar[tuple[str, ...]] = ("u", "v")
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"velocity": (0, 1)}
    citation: ClassVar[str] = (
        "C. A. J. Fletcher, Generating Exact Solutions of the Two-Dimensional Burgers' Equations, International "
        "Journal for Numerical Methods in Fluids 3 (1983)."
    )

    def __post_init__(self) -> None:
        require_positive(viscosity=self.viscosity, duration=self.duration)

    @property
    def domain(self) -> Shape:
        """The unit square over time."""
        return Box((0.0, 0.0), (1.0, 1.0)).over(0.0, self.duration)

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:  # noqa: ARG002 - no source
        r"""What is left of both balances of momentum."""
        flow = u.d("t") + u[0].value[:, tf.newaxis] * u.d("x") + u[1].value[:, tf.newaxis] * u.d("y")
        left = flow - self.viscosity * u.laplacian()
        return {"momentum_x": left[:, 0], "momentum_y": left[:, 1]}

    def conditions(self) -> Sequence[Condition]:
        """The exact values of both components on the edges and at the beginning."""
        values = each_component(self.exact, 2)
        edges = (Dirichlet(value, component=i) for i, value in enumerate(values))
        return (*edges, *(Initial(value, component=i) for i, value in enumerate(values)))

    def exact(self, p: PointSet) -> tf.Tensor:
        """`(3/4 - q, 3/4 + q)`, `[N, 2]`."""
        q = tf.sigmoid((4 * p.x - 4 * p.y + p.t) / (32 * self.viscosity)) / 4
        return tf.stack([0.75 - q, 0.75 + q], axis=1)


def _hermite(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The nodes, and the logarithms of their weights: the far ones are needed, since `f` may be huge there."""
    nodes, weights = roots_hermite(count)
    felt = weights > 0.0
    return nodes[felt], np.log(weights[felt])
