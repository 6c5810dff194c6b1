"""Axes that close on themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.problems.conditions import Condition


@final
@dataclass(frozen=True)
class Periodic(Condition):
    """Both ends of an axis are one place: the field and all its derivatives agree there.

    It is never a term of the loss. The field is made of functions that are periodic by their form, so that nothing is
    left to be seen, whatever `conditions` says; see `FieldRecipe.build`.

    Args:
        axis: its name, such as "x"; the domain has the faces `x_min` and `x_max`, and no other condition is on them.
    """

    axis: str = "x"

    value: ClassVar[float] = 0.0  # type: ignore[misc]  # nothing is prescribed
    component: ClassVar[None] = None  # type: ignore[misc]  # all of them

    kind: ClassVar[str] = "periodic"
    couples: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """`periodic_x`."""
        return f"{self.kind}_{self.axis}"

    @property
    def faces(self) -> tuple[str, str]:
        """The parts of the boundary that are one place."""
        return f"{self.axis}_min", f"{self.axis}_max"

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the form of the field sees to it
        return tf.zeros_like(p.coordinates[:, 0])
