r"""Convection and diffusion, `-\epsilon \Delta u + b \cdot \nabla u = f`, with layers where the flow leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Interval, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Dirichlet
from pinn.problems.problem import Problem


@final
@dataclass(frozen=True)
class ConvectionDiffusion1D(Problem):
    r"""A flow that is warmed evenly and leaves through a layer.

    `-\epsilon u'' + u' = 1` on `(0, 1)`, `u = 0` at both ends. The layer at the outlet is some `\epsilon` wide. Exact:
    `u = x - (e^{-(1 - x) / \epsilon} - e^{-1 / \epsilon}) / (1 - e^{-1 / \epsilon})`.

    Args:
        diffusivity: `\epsilon > 0`, with the length and the speed 1: the inverse of the number of Péclet.
    """

    diffusivity: float = 0.05

    citation: ClassVar[str] = (
        "H.-G. Roos, M. Stynes and L. Tobiska, Robust Numerical Methods for Singularly Perturbed Differential "
        "Equations, 2nd ed., Springer 2008, chapter I."
    )

    def __post_init__(self) -> None:
        require_positive(diffusivity=self.diffusivity)

    @property
    def domain(self) -> Shape:
        """The unit interval."""
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - an even source
        r"""`u' - \epsilon u'' - 1`."""
        return u.d("x") - self.diffusivity * u.laplacian() - 1.0

    def conditions(self) -> Sequence[Condition]:
        """Nothing at both ends."""
        return (Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        """Even warming, less the layer."""
        return _profile(p.x, self.diffusivity)


@final
@dataclass(frozen=True)
class ConvectionDiffusion2D(Problem):
    r"""The same flow across a square, with layers on two edges and in the corner between them.

    `-\epsilon \Delta u + u_x + u_y = f` on the unit square, `u = 0` on its boundary, with `f = g(x) + g(y)` for the
    profile `g` of `ConvectionDiffusion1D`. Exact: `u = g(x) g(y)`.

    Args:
        diffusivity: `\epsilon > 0`.
    """

    diffusivity: float = 0.05

    citation: ClassVar[str] = (
        "H.-G. Roos, M. Stynes and L. Tobiska, Robust Numerical Methods for Singularly Perturbed Differential "
        "Equations, 2nd ed., Springer 2008, chapter III; manufactured as a product of one-dimensional layers."
    )

    def __post_init__(self) -> None:
        require_positive(diffusivity=self.diffusivity)

    @property
    def domain(self) -> Shape:
        """The unit square."""
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        r"""`u_x + u_y - \epsilon \Delta u - f`, where `g` fulfils `-\epsilon g'' + g' = 1`."""
        source = _profile(p.x, self.diffusivity) + _profile(p.y, self.diffusivity)
        return u.d("x") + u.d("y") - self.diffusivity * u.laplacian() - source

    def conditions(self) -> Sequence[Condition]:
        """Nothing on the whole boundary."""
        return (Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        """The product of both profiles."""
        return _profile(p.x, self.diffusivity) * _profile(p.y, self.diffusivity)


def _profile(x: tf.Tensor, diffusivity: float) -> tf.Tensor:
    r"""`x - (e^{-(1 - x) / \epsilon} - e^{-1 / \epsilon}) / (1 - e^{-1 / \epsilon})`, which no power overflows."""
    one = tf.constant(1.0, x.dtype)
    last = tf.exp(-one / diffusivity)
    return x - (tf.exp((x - 1.0) / diffusivity) - last) / (1.0 - last)
