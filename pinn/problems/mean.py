"""A mean that is given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.problems.conditions import Condition, Value


@final
@dataclass(frozen=True)
class Mean(Condition):
    r"""The mean over the domain, `\frac{1}{|\Omega|} \int_\Omega u = v`, time included: for what an equation leaves
    free by a constant, as the solution where only fluxes are given, when no value at one point is known (`Pin`).

    It is one residual, a penalty. Cost: the field at 4096 points, which are spread over the domain and always the same.

    Args:
        value: `v`, a number.
        component: which component of a vector field is meant; `None` for a scalar field.

    Raises:
        ValueError: a value that is no finite number.
    """

    value: Value = 0.0
    component: int | None = None

    kind: ClassVar[str] = "mean"
    weighs_as_value: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, Real) or not math.isfinite(self.value):
            raise ValueError(f"mean: expected a finite number; got {self.value!r}")

    @property
    def name(self) -> str:
        """`mean`, with the component when there is one."""
        return "_".join([self.kind, *map(str, self.components)])

    def _observed(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - the value needs no point
        return tf.fill(tf.shape(u.value), tf.reduce_mean(u.value))
