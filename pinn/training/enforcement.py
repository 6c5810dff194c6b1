"""How conditions are enforced: exactly, through an ansatz, or as penalties in the loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import tensorflow as tf

from pinn.calculus import PointSet
from pinn.fields import Ansatz, Data
from pinn.geometry import Constant, Shape
from pinn.problems import Condition, Problem

MODES = ("auto", "exact", "penalty")

# Transfinite interpolation evaluates the data 3^d - 1 times a point: 26 in space, 242 in five dimensions.
_DIMENSIONS_FOR_LIFT = 3


@final
@dataclass(frozen=True)
class Enforcement:
    """The ansatz that carries the exact conditions, and the conditions that are left as penalties."""

    ansatz: Ansatz
    penalties: tuple[Condition, ...]


def enforce(problem: Problem, mode: str = "auto") -> Enforcement:
    """Divide a problem's conditions into exact ones and penalties.

    | mode | conditions on the field's value | other conditions |
    |---|---|---|
    | `exact` | ansatz | penalty |
    | `penalty` | penalty | penalty |
    | `auto` | ansatz in up to 3 space dimensions, or when every value is a number; else penalty | penalty |

    Raises:
        ValueError: an unknown mode, a part that the domain does not have, a component that the field does not have,
            two values for one component on one part.
    """
    if mode not in MODES:
        raise ValueError(f"conditions: expected one of {', '.join(MODES)}; got {mode!r}")
    conditions = tuple(problem.conditions())
    shape = problem.domain
    _require_components(conditions, problem.components)
    given = [_values_by_part(conditions, shape, component, problem) for component in range(problem.components)]
    exact = mode == "exact" or (mode == "auto" and _is_cheap(conditions, shape))
    data = given if exact else [{} for _ in given]
    penalties = tuple(c for c in conditions if not (exact and c.fixes_value))
    return Enforcement(Ansatz(shape, tuple(data)), penalties)


def _is_cheap(conditions: tuple[Condition, ...], shape: Shape) -> bool:
    values = [condition.value for condition in conditions if condition.fixes_value]
    return len(shape.space_axes) <= _DIMENSIONS_FOR_LIFT or not any(callable(value) for value in values)


def _values_by_part(conditions: tuple[Condition, ...], shape: Shape, component: int, problem: Problem) -> Data:
    found: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {}
    for condition in conditions:
        parts = shape.select(condition.on)
        if not condition.fixes_value or component != (condition.component or 0):
            continue
        for part in parts:
            if part.name in found:
                raise ValueError(
                    f"{problem.name}: expected one value for each part of the boundary; "
                    f"got two on {part.name!r}. Drop one of them."
                )
            found[part.name] = _as_data(condition, shape.axes)
    return found


def _as_data(condition: Condition, axes: tuple[str, ...]) -> Callable[[tf.Tensor], tf.Tensor]:
    if not callable(condition.value):
        return Constant(float(condition.value))
    return lambda coordinates: condition.prescribed(PointSet(coordinates, axes))


def _require_components(conditions: tuple[Condition, ...], components: int) -> None:
    for condition in conditions:
        if components > 1 and condition.component is None:
            raise ValueError(
                f"{condition.name}: expected a component between 0 and {components - 1}, "
                f"since the field has {components}; got none"
            )
        if condition.component is not None and not 0 <= condition.component < components:
            raise ValueError(
                f"{condition.name}: expected a component between 0 and {components - 1}; got {condition.component}"
            )
