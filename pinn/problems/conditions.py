"""Conditions: residuals on a part of the boundary, or at the initial time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet

Value = float | Callable[[PointSet], tf.Tensor]


@dataclass(frozen=True)
class Condition(ABC):
    """A residual `[N]` on parts of the boundary; `residual(p, u)` is zero where the condition holds.

    Args:
        value: what is prescribed, a number or a function of the points, `[N]`.
        on: one part, several, or `"boundary"` for all parts in space; see `Shape.parts` of the domain.
        component: which component of a vector field is meant; `None` for a scalar field.

    A condition with `fixes_value` prescribes the field's own value, one with `fixes_flux` its normal derivative and one
    with `fixes_velocity` its derivative in time, so that an ansatz can satisfy it exactly on shapes that allow it; any
    other condition is a penalty.
    """

    value: Value = 0.0
    on: str | Sequence[str] = "boundary"
    component: int | None = None

    kind: ClassVar[str]
    fixes_value: ClassVar[bool] = False
    fixes_flux: ClassVar[bool] = False
    fixes_velocity: ClassVar[bool] = False

    @final
    @property
    def name(self) -> str:
        """`dirichlet_x_min`, `neumann_boundary`, `initial`, with the component when there is one."""
        where = self.on if isinstance(self.on, str) else "_".join(self.on)
        parts = [self.kind] if self.kind.startswith(where) else [self.kind, where]
        return "_".join(parts if self.component is None else [*parts, str(self.component)])

    @final
    def prescribed(self, p: PointSet) -> tf.Tensor:
        """The prescribed value at the points, `[N]`, in their dtype."""
        if callable(self.value):
            return tf.convert_to_tensor(self.value(p), p.dtype)
        return tf.fill(tf.shape(p.coordinates)[:1], tf.constant(self.value, p.dtype))

    @final
    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        """What should be zero on the part, `[N]`."""
        return self._observed(p, u if self.component is None else u[self.component]) - self.prescribed(p)

    @abstractmethod
    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:
        """What the condition sees of a scalar field, `[N]`."""


@final
@dataclass(frozen=True)
class Dirichlet(Condition):
    """The value on the boundary, `u = g`."""

    kind: ClassVar[str] = "dirichlet"
    fixes_value: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the value needs no point
        return u.value


@final
@dataclass(frozen=True)
class Neumann(Condition):
    r"""The flux through the boundary, `\partial u / \partial n = n \cdot \nabla u = h`, with the outward unit normal
    `n`.
    """

    kind: ClassVar[str] = "neumann"
    fixes_flux: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.normal(p.normals)


@final
@dataclass(frozen=True)
class Initial(Condition):
    """The value at the initial time, `u(x, t_0) = u_0(x)`."""

    on: str | Sequence[str] = "initial"

    kind: ClassVar[str] = "initial"
    fixes_value: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the value needs no point
        return u.value


@final
@dataclass(frozen=True)
class InitialVelocity(Condition):
    r"""The velocity at the initial time, `\partial_t u(x, t_0) = v_0(x)`: an equation of second order in time takes it
    beside `Initial`.
    """

    on: str | Sequence[str] = "initial"

    kind: ClassVar[str] = "initial_velocity"
    fixes_velocity: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the slope in time needs no normal
        return u.dt()
