"""Conditions: residuals on a part of the boundary, or at the initial time; for given points see `point_conditions`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet

Value = float | Callable[[PointSet], tf.Tensor]


class Condition(ABC):
    """A residual `[N]` somewhere in the domain; `residual(p, u)` is zero where the condition holds.

    A condition with `fixes_value` prescribes the field's own value, one with `fixes_flux` its normal derivative and one
    with `fixes_velocity` its derivative in time, so that an ansatz can satisfy it exactly on shapes that allow it, as
    it can a `Robin` condition; any other is a penalty. One that `couples` sees all components at once and has none of
    its own. One that `weighs_as_value` has a residual in the units of the field, and is weighed as a value is. Subclass
    `BoundaryCondition` for parts of the boundary and `PointCondition` for points that are given.

    Attributes:
        value: what is prescribed, a number or a function of the points, `[N]`.
        component: which component of a vector field is meant; `None` for a scalar field.
    """

    value: Value
    component: int | None

    kind: ClassVar[str]
    fixes_value: ClassVar[bool] = False
    fixes_flux: ClassVar[bool] = False
    fixes_velocity: ClassVar[bool] = False
    couples: ClassVar[bool] = False
    weighs_as_value: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """What tells the conditions of a problem apart."""

    @property
    def components(self) -> tuple[int, ...]:
        """The components that it is about: its own, and none of a scalar field; one that couples says which."""
        return () if self.component is None else (self.component,)

    @final
    def prescribed(self, p: PointSet) -> tf.Tensor:
        """The prescribed value at the points, `[N]`, in their dtype."""
        return evaluated(self.value, p)

    @final
    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        """What should be zero there, `[N]`."""
        return self._observed(p, u if self.component is None else u[self.component]) - self.prescribed(p)

    @abstractmethod
    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:
        """What the condition sees of a scalar field, `[N]`."""


@dataclass(frozen=True)
class BoundaryCondition(Condition):
    """A condition on parts of the boundary, or at the initial time.

    Args:
        value: what is prescribed, a number or a function of the points, `[N]`.
        on: one part, several, or `"boundary"` for all parts in space; see `Shape.parts` of the domain.
        component: which component of a vector field is meant; `None` for a scalar field.
    """

    value: Value = 0.0
    on: str | Sequence[str] = "boundary"
    component: int | None = None

    @final
    @property
    def name(self) -> str:
        """`dirichlet_x_min`, `neumann_boundary`, `initial`, with the components when there are any."""
        where = self.on if isinstance(self.on, str) else "_".join(self.on)
        parts = [self.kind] if self.kind.startswith(where) else [self.kind, where]
        return "_".join([*parts, *map(str, self.components)])


def evaluated(value: Value, p: PointSet) -> tf.Tensor:
    """A number or a function at the points, `[N]`, in their dtype."""
    if callable(value):
        return tf.convert_to_tensor(value(p), p.dtype)
    return tf.fill(tf.shape(p.coordinates)[:1], tf.constant(value, p.dtype))


def each_component(values: Callable[[PointSet], tf.Tensor], count: int) -> tuple[Value, ...]:
    """The first components of a function `[N, m]` of the points, as functions `[N]` of their own."""
    return tuple(partial(_component, values, i) for i in range(count))


def _component(values: Callable[[PointSet], tf.Tensor], index: int, p: PointSet) -> tf.Tensor:
    return values(p)[:, index]


@final
@dataclass(frozen=True)
class Dirichlet(BoundaryCondition):
    """The value on the boundary, `u = g`."""

    kind: ClassVar[str] = "dirichlet"
    fixes_value: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the value needs no point
        return u.value


@final
@dataclass(frozen=True)
class Neumann(BoundaryCondition):
    r"""The flux through the boundary, `\partial u / \partial n = n \cdot \nabla u = h`, with the outward unit normal
    `n`.
    """

    kind: ClassVar[str] = "neumann"
    fixes_flux: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.normal(p.normals)


@final
@dataclass(frozen=True)
class Robin(BoundaryCondition):
    r"""A film on the boundary, `\partial u / \partial n + a u = h`: with `a = \alpha / k` and `h = a u_\infty` heat
    passes from a wall of conductivity `k` to surroundings of temperature `u_\infty`.

    Args:
        coefficient: `a`, a number or a function of the points; `a \ge 0` where the problem is to be well posed, and
            where the condition is to hold exactly.
    """

    coefficient: Value = 1.0

    kind: ClassVar[str] = "robin"

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.normal(p.normals) + evaluated(self.coefficient, p) * u.value


@final
@dataclass(frozen=True)
class Initial(BoundaryCondition):
    """The value at the initial time, `u(x, t_0) = u_0(x)`."""

    on: str | Sequence[str] = "initial"

    kind: ClassVar[str] = "initial"
    fixes_value: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the value needs no point
        return u.value


@final
@dataclass(frozen=True)
class InitialVelocity(BoundaryCondition):
    r"""The velocity at the initial time, `\partial_t u(x, t_0) = v_0(x)`: an equation of second order in time takes it
    beside `Initial`.
    """

    on: str | Sequence[str] = "initial"

    kind: ClassVar[str] = "initial_velocity"
    fixes_velocity: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the slope in time needs no normal
        return u.dt()
