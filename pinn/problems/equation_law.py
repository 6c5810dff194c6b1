"""A condition on the boundary written as an equation, for what no other condition says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.problems.conditions import BoundaryCondition


@final
@dataclass(frozen=True)
class BoundaryLaw(BoundaryCondition):
    r"""Any relation of values, slopes and places on the boundary, such as radiation,
    `\partial u / \partial n + s u^4 = s u_\infty^4`.

    Args:
        law: `(p, u) -> [N]`, what should vanish; `u` is the whole field, and `p` knows its normals.
        on: as for every condition.
    """

    law: Callable[[PointSet, Jet], tf.Tensor] = field(kw_only=True)

    kind: ClassVar[str] = "law"
    couples: ClassVar[bool] = True

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:
        return self.law(p, u)
