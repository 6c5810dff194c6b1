"""How conditions are enforced: exactly, through an ansatz, or as penalties in the loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

import tensorflow as tf

from pinn.calculus import PointSet
from pinn.fields import Ansatz, Data, Datum
from pinn.geometry import Constant, Shape, TimeProduct
from pinn.geometry.shape import INITIAL
from pinn.problems import BoundaryCondition, Condition, Periodic, PointCondition, Problem, Robin, Value
from pinn.problems.conditions import evaluated
from pinn.training.periodicity import periodic_axes, seam_of

MODES = ("auto", "exact", "penalty")

# Transfinite interpolation evaluates the data 3^d - 1 times a point: 26 in space, 242 in five dimensions.
_DIMENSIONS_FOR_LIFT = 3


@final
@dataclass(frozen=True)
class Enforcement:
    """The ansatz that carries the exact conditions, the conditions that are left as penalties, and for each axis
    whether the network is to be periodic.
    """

    ansatz: Ansatz
    penalties: tuple[Condition, ...]
    periodic: tuple[bool, ...]


def enforce(problem: Problem, mode: str = "auto") -> Enforcement:
    """Divide a problem's conditions into exact ones and penalties.

    | mode | conditions on the field's value | on its flux, and films | other conditions |
    |---|---|---|---|
    | `exact` | ansatz | ansatz | penalty |
    | `penalty` | penalty | penalty | penalty |
    | `auto` | ansatz at the start, and in up to 3 space dimensions or for numbers; else penalty | penalty | penalty |

    Exact fluxes and films are left to those who ask for them: they cost derivatives of the network of third order. What
    the shape cannot carry exactly (a part that is not `valued`, a flux through a part of no family) is a penalty under
    `auto`, and an error under `exact`. Values on parts that are not `smooth` are penalties under `auto` too. A velocity
    at the start is exact where the value there is. Periodic axes always are.

    Raises:
        ValueError: an unknown mode, what `require_places` refuses, two values, fluxes or velocities for one component
            on one part; with `exact` also a value and a flux there, a flux at the initial time, or a condition that the
            shape cannot carry exactly.
    """
    if mode not in MODES:
        raise ValueError(f"conditions: expected one of {', '.join(MODES)}; got {mode!r}")
    require_places(problem)
    conditions = tuple(problem.conditions())
    periodic = periodic_axes(conditions, problem.domain)
    on_parts = tuple(condition for condition in conditions if isinstance(condition, BoundaryCondition))
    exact = _exact(mode, on_parts, problem)
    values = _by_component("value", _values(c for c in exact if c.fixes_value), problem)
    fluxes = _by_component("flux", _values(c for c in exact if _is_flux(c)), problem)
    films = _by_component("film", [(c, c.coefficient) for c in exact if isinstance(c, Robin)], problem)
    moving = [c for c in on_parts if c.fixes_velocity and INITIAL in values[c.component or 0]]
    velocities = tuple(data.get(INITIAL) for data in _by_component("velocity", _values(moving), problem))
    seam = seam_of(problem, conditions) if INITIAL in values[0] else None
    held = (*exact, *moving, *(c for c in conditions if isinstance(c, Periodic)))
    return Enforcement(
        Ansatz(
            problem.domain,
            values,
            fluxes if any(fluxes) else (),
            velocities if moving else (),
            seam,
            films if any(films) else (),
        ),
        tuple(c for c in conditions if not any(c is other for other in held)),
        periodic,
    )


def require_places(problem: Problem) -> None:
    """Check that every condition is somewhere in the domain, and about a component that there is.

    Raises:
        ValueError: a part that the domain does not have, no part at all, a given point outside it, a component that the
            field does not have.
    """
    conditions = tuple(problem.conditions())
    _require_parts(conditions, problem.domain)
    _require_inside(conditions, problem.domain)
    _require_components(conditions, problem.components)


def _exact(mode: str, on_parts: Sequence[BoundaryCondition], problem: Problem) -> tuple[BoundaryCondition, ...]:
    """The conditions on values and fluxes that are to hold exactly; all of them are looked through in any mode."""
    valued = tuple(condition for condition in on_parts if condition.fixes_value)
    # A flux and a film on one part contradict each other only where both are to be exact, as a value and a flux do.
    fluxed = tuple(c for c in on_parts if (_is_flux(c) if mode == "exact" else c.fixes_flux))
    values = _by_component("value", _values(valued), problem)
    fluxes = _by_component("flux", _values(fluxed), problem)
    if mode == "penalty":
        return ()
    if mode == "exact":
        _require_one_of_both(values, fluxes, problem)
        return (*valued, *fluxed)
    carried = tuple(condition for condition in valued if _is_carried(condition, problem.domain))
    cheap = _is_cheap(carried, problem.domain)
    return tuple(condition for condition in carried if cheap or _is_at_start(condition, problem.domain))


def _is_cheap(valued: Sequence[BoundaryCondition], shape: Shape) -> bool:
    return len(shape.space_axes) <= _DIMENSIONS_FOR_LIFT or not any(callable(c.value) for c in valued)


def _is_at_start(condition: BoundaryCondition, shape: Shape) -> bool:
    """Whether a condition is at the initial time only: one evaluation of the data carries it, in any dimension."""
    return all(part.name == INITIAL for part in shape.select(condition.on))


def _is_carried(condition: BoundaryCondition, shape: Shape) -> bool:
    """Whether a value can be exact, and smoothly so, on all parts of the condition."""
    return all(part.valued and part.smooth for part in shape.select(condition.on))


def _is_flux(condition: BoundaryCondition) -> bool:
    return condition.fixes_flux or isinstance(condition, Robin)


def _values(conditions: Iterable[BoundaryCondition]) -> list[tuple[BoundaryCondition, Value]]:
    return [(condition, condition.value) for condition in conditions]


def _by_component(what: str, given: Sequence[tuple[BoundaryCondition, Value]], problem: Problem) -> tuple[Data, ...]:
    """For each component what conditions say on each part."""
    found: list[dict[str, Datum]] = [{} for _ in range(problem.components)]
    for condition, value in given:
        data = found[condition.component or 0]
        for part in problem.domain.select(condition.on):
            if part.name in data:
                raise ValueError(
                    f"{problem.name}: expected one {what} for each part of the boundary; "
                    f"got two on {part.name!r}. Drop one of them."
                )
            data[part.name] = _as_datum(value, problem.domain, part.name, with_normals=_is_flux(condition))
    return tuple(found)


def _as_datum(value: Value, shape: Shape, part: str, *, with_normals: bool) -> Datum:
    if not callable(value):
        return Constant(float(value))

    def datum(coordinates: tf.Tensor) -> tf.Tensor:
        normals = shape.project(coordinates, part)[1] if with_normals else None
        return evaluated(value, PointSet(coordinates, shape.axes, normals))

    return datum


def _require_parts(conditions: Sequence[Condition], shape: Shape) -> None:
    kind = type(shape.space if isinstance(shape, TimeProduct) else shape).__name__
    for condition in conditions:
        if not isinstance(condition, BoundaryCondition):
            continue
        try:
            parts = shape.select(condition.on)
        except ValueError as error:
            raise ValueError(f"{condition.name}, on {kind}: {error}") from None
        if not parts:
            raise ValueError(
                f"{condition.name}, on {kind}: expected at least one part of the boundary; got on={condition.on!r}, "
                f"so that it holds nowhere. Choose from {', '.join(shape.parts)}"
            )


def _require_inside(conditions: Sequence[Condition], shape: Shape) -> None:
    for condition in conditions:
        if not isinstance(condition, PointCondition):
            continue
        points = condition.points
        if points.shape[1] != shape.dim:
            raise ValueError(
                f"{condition.name}: expected points with {shape.dim} numbers, for {', '.join(shape.axes)}; "
                f"got {points.shape[1]}"
            )
        outside = points[~shape.inside(points)]
        if len(outside):
            place = ", ".join(f"{axis}={x:.6g}" for axis, x in zip(shape.axes, outside[0], strict=True))
            raise ValueError(
                f"{condition.name}: expected points in the domain; {len(outside)} of {len(points)} are outside, "
                f"first {place}"
            )


def _require_one_of_both(values: Sequence[Data], fluxes: Sequence[Data], problem: Problem) -> None:
    for value, flux in zip(values, fluxes, strict=True):
        for part in value.keys() & flux.keys():
            raise ValueError(
                f"{problem.name}: expected a value or a flux on each part of the boundary with conditions=exact; "
                f"got both on {part!r}. Say conditions=auto, or drop one of them."
            )


def _require_components(conditions: tuple[Condition, ...], components: int) -> None:
    for condition in conditions:
        if components > 1 and not condition.components and not condition.couples:
            raise ValueError(
                f"{condition.name}: expected a component between 0 and {components - 1}, "
                f"since the field has {components}; got none"
            )
        for component in condition.components:
            if not 0 <= component < components:
                raise ValueError(
                    f"{condition.name}: expected a component between 0 and {components - 1}; got {component}"
                )
