r"""Conditions between two materials, each with a field of its own.

At an interface the temperature may jump and its slope does, so that one smooth field cannot hold both sides. Here every
material has a component of the field, and the conditions couple two components at the same point. For layers the
points are made the same by folding: each layer is mapped to one reference interval such that neighbours meet at the
same end. With the outward normal `n` of the reference domain and conductivities `k` in its coordinates (those of the
material over its thickness), heat that leaves one material enters the other:

    `k_1 \partial u_1 / \partial n + k_2 \partial u_2 / \partial n = q`,

and it passes a contact of resistance `R` by a fall of the temperature:

    `u_1 - u_2 + R k_1 \partial u_1 / \partial n = j`.

Source: H. S. Carslaw and J. C. Jaeger, Conduction of Heat in Solids, 2nd ed., Oxford 1959, section 1.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.problems.conditions import BoundaryCondition


@dataclass(frozen=True)
class Coupling(BoundaryCondition):
    """What two components have to do with each other on a part.

    Args:
        value: what is prescribed, a number or a function of the points, `[N]`.
        on: the part of the reference domain where the materials meet.
        between: the components of both materials.

    Raises:
        ValueError: `between` is not two components.
    """

    between: tuple[int, int] = (0, 1)

    couples: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if len(set(self.between)) != 2 or len(self.between) != 2:
            raise ValueError(f"{self.kind}: expected two different components in between; got {self.between}")

    @final
    @property
    def components(self) -> tuple[int, ...]:
        """Both."""
        return tuple(self.between)


@final
@dataclass(frozen=True)
class FluxBalance(Coupling):
    r"""What flows out of one material flows into the other, up to a source in the interface:
    `k_1 \partial u_1 / \partial n + k_2 \partial u_2 / \partial n = q`.

    Args:
        value: `q`.
        on: the part of the reference domain where the materials meet.
        between: the components of both materials.
        conductivities: `k_1` and `k_2`, in the coordinates of the reference domain.
    """

    conductivities: tuple[float, float] = (1.0, 1.0)

    kind: ClassVar[str] = "flux_balance"

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:
        flows = [k * u[i].normal(p.normals) for i, k in zip(self.between, self.conductivities, strict=True)]
        return flows[0] + flows[1]


@final
@dataclass(frozen=True)
class Contact(Coupling):
    r"""The fall of the field across a contact: continuity where `R` and `j` are zero.

    `u_1 - u_2 + R k_1 \partial u_1 / \partial n = j`.

    Args:
        value: `j`, a jump that is there without any flux.
        on: the part of the reference domain where the materials meet.
        between: the components of both materials.
        resistance: `R`.
        conductivity: `k_1`, in the coordinates of the reference domain.
    """

    resistance: float = 0.0
    conductivity: float = 1.0

    kind: ClassVar[str] = "contact"
    weighs_as_value: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:
        first, second = (u[i] for i in self.between)
        return first.value - second.value + self.resistance * self.conductivity * first.normal(p.normals)
