r"""The bending of a thin plate, `\Delta^2 u = q`, as two equations of second order.

The field has the components `u`, the deflection, and `w = -\Delta u`, the sum of the bending moments over the rigidity:

    `\Delta u + w = 0`,    `\Delta w + q = 0`.

The two together are of fourth order, and no derivative beyond the second is taken of the field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Shape
from pinn.problems.conditions import Condition, Dirichlet, Neumann
from pinn.problems.problem import Problem

_PI = math.pi


@final
@dataclass(frozen=True)
class PlateSupported(Problem):
    r"""A square plate on simple supports under a load of one half wave.

    `\Delta^2 u = q` on the unit square with `u = \Delta u = 0` on its edges and `q = 4 \pi^4 \sin(\pi x) \sin(\pi y)`,
    written with `w = -\Delta u`. Exact: by Navier, `u = \sin(\pi x) \sin(\pi y)` and `w = 2 \pi^2 u`.
    """

    components: ClassVar[int] = 2
    unknowns: ClassVar[tuple[str, ...]] = ("u", "w")
    citation: ClassVar[str] = (
        "S. Timoshenko and S. Woinowsky-Krieger, Theory of Plates and Shells, 2nd ed., McGraw-Hill 1959, section 27."
    )

    @property
    def domain(self) -> Shape:
        """The unit square."""
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:
        r"""`\Delta u + w` and `\Delta w + q`."""
        return _bending(u, 4 * _PI**4 * tf.sin(_PI * p.x) * tf.sin(_PI * p.y))

    def conditions(self) -> Sequence[Condition]:
        """Neither deflection nor moment on the edges."""
        return (Dirichlet(0.0, component=0), Dirichlet(0.0, component=1))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""`\sin(\pi x) \sin(\pi y)`, once and `2 \pi^2` times, `[N, 2]`."""
        u = tf.sin(_PI * p.x) * tf.sin(_PI * p.y)
        return tf.stack([u, 2 * _PI**2 * u], axis=1)


@final
@dataclass(frozen=True)
class PlateClamped(Problem):
    r"""A square plate that is clamped on all edges.

    `\Delta^2 u = q` on the unit square with `u = \partial u / \partial n = 0` on its edges, written with `w = -\Delta
    u`: the deflection carries two conditions, the moment none. Exact: `u = \sin^2(\pi x) \sin^2(\pi y)`, from which `q`
    follows.
    """

    components: ClassVar[int] = 2
    unknowns: ClassVar[tuple[str, ...]] = ("u", "w")
    citation: ClassVar[str] = "Manufactured solution sin(pi x)^2 sin(pi y)^2."

    @property
    def domain(self) -> Shape:
        """The unit square."""
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:
        r"""`\Delta u + w` and `\Delta w + q`."""
        x, y = _cosines(p)
        return _bending(u, 4 * _PI**4 * (4 * x * y - x - y))

    def conditions(self) -> Sequence[Condition]:
        """Neither deflection nor slope on the edges."""
        return (Dirichlet(0.0, component=0), Neumann(0.0, component=0))

    def exact(self, p: PointSet) -> tf.Tensor:
        r"""With `X = \cos 2 \pi x` and `Y = \cos 2 \pi y`: `u = (1 - X)(1 - Y) / 4` and `w = \pi^2 (2 X Y - X - Y)`."""
        x, y = _cosines(p)
        return tf.stack([(1 - x) * (1 - y) / 4, _PI**2 * (2 * x * y - x - y)], axis=1)


def _bending(u: Jet, load: tf.Tensor) -> Mapping[str, tf.Tensor]:
    deflection, moment = u
    return {"moment": deflection.laplacian() + moment.value, "load": moment.laplacian() + load}


def _cosines(p: PointSet) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.cos(2 * _PI * p.x), tf.cos(2 * _PI * p.y)
