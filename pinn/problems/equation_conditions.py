"""Conditions from descriptions: mappings of names to numbers and texts, as a config holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
import tensorflow as tf

from pinn.calculus import PointSet
from pinn.geometry import Shape
from pinn.hints import did_you_mean
from pinn.problems.conditions import (
    BoundaryCondition,
    Condition,
    Dirichlet,
    Initial,
    InitialVelocity,
    Neumann,
    Robin,
    evaluated,
)
from pinn.problems.equation_jets import JetFunction, on_jets, require_unknown
from pinn.problems.equation_law import BoundaryLaw
from pinn.problems.equation_statement import Statement, normal_component, placed
from pinn.problems.expression_parser import parse_equation
from pinn.problems.expression_tokens import ExpressionError
from pinn.problems.mean import Mean
from pinn.problems.periodic import Periodic
from pinn.problems.point_conditions import Pin, PointData


@dataclass(frozen=True)
class _Description:
    """One condition as it was written, with the place of it."""

    statement: Statement
    kind: str
    options: Mapping[str, Any]
    place: str

    @property
    def unknown(self) -> str:
        """Which unknown is meant: the only one, or the one named by `of`."""
        unknowns = self.statement.words.unknowns
        named = self.options.get("of", unknowns[0] if len(unknowns) == 1 else "none")
        if named not in unknowns:
            raise ValueError(
                f"{self.place}.of: expected one of the unknowns {', '.join(unknowns)}; got {named}"
                f"{did_you_mean(named, unknowns)}"
            )
        return str(named)

    @property
    def component(self) -> int | None:
        """The index of the unknown, as conditions take it."""
        unknowns = self.statement.words.unknowns
        return None if len(unknowns) == 1 else unknowns.index(self.unknown)

    @property
    def on(self) -> str | tuple[str, ...]:
        """The parts of the boundary, all of them when none are named. Not under the key `on`: YAML reads it as true."""
        on = self.options.get("at", "boundary")
        return on if isinstance(on, str) else tuple(on)

    def value(self, exact: Callable[[], sympy.Expr | Callable[[PointSet], tf.Tensor]]) -> Any:
        """What is prescribed; `exact` says it of the exact solution."""
        with placed(f"{self.place}.{self.kind}"):
            return self.statement.data(self.options[self.kind], exact)

    def slope(self) -> Any:
        """The normal derivative that is prescribed."""
        return self.value(lambda: self.statement.exact_flux(self.unknown))

    def own_value(self) -> Any:
        """The value that is prescribed."""
        return self.value(lambda: self.statement.exact_of(self.unknown))


def _dirichlet(given: _Description) -> Condition:
    return Dirichlet(given.own_value(), on=given.on, component=given.component)


def _neumann(given: _Description) -> Condition:
    return Neumann(given.slope(), on=given.on, component=given.component)


def _robin(given: _Description) -> Condition:
    statement = given.statement
    with placed(f"{given.place}.coefficient"):
        film = statement.data(given.options["coefficient"], lambda: statement.exact_of(given.unknown))

    def exact() -> Callable[[PointSet], tf.Tensor]:
        flux, value = statement.exact_flux(given.unknown), statement.on_points(statement.exact_of(given.unknown))
        return lambda p: flux(p) + evaluated(film, p) * value(p)

    return Robin(given.value(exact), coefficient=film, on=given.on, component=given.component)


def _initial(given: _Description) -> Condition:
    return Initial(given.own_value(), component=given.component)


def _velocity(given: _Description) -> Condition:
    words = given.statement.words
    return InitialVelocity(
        given.value(lambda: given.statement.exact_of(given.unknown, words.axes[-1])), component=given.component
    )


def _pin(given: _Description) -> Condition:
    return Pin(tuple(given.options["at"]), given.own_value(), given.component)


def _mean(given: _Description) -> Condition:
    return Mean(given.options["mean"], given.component)


def _data(given: _Description) -> Condition:
    file, axes = given.options["data"], given.statement.words.axes
    return PointData.from_csv(file, axes=axes, value=given.unknown, component=given.component)


def _periodic(given: _Description) -> Condition:
    return Periodic(given.options["periodic"])


def _law(given: _Description) -> Condition:
    words = given.statement.words
    slopes = {f"{name}_n": i for i, name in enumerate(words.unknowns)}
    normals = {f"n_{axis}": i for i, axis in enumerate(words.space)}
    symbols = {name: sympy.Symbol(name, real=True) for name in (*slopes, *normals)}
    with placed(f"{given.place}.law"):
        zero = parse_equation(given.options["law"], given.statement.language.extended(symbols))
        require_unknown(zero, words, slopes)
        law = on_jets(
            zero,
            words,
            {
                **{name: _normal_derivative(i, len(slopes)) for name, i in slopes.items()},
                **{name: _normal(axis) for name, axis in normals.items()},
            },
        )
    return BoundaryLaw(law=law, on=given.on)


def _normal_derivative(index: int, count: int) -> JetFunction:
    return lambda p, u: (u if count == 1 else u[index]).normal(p.normals)


def _normal(axis: int) -> JetFunction:
    return lambda p, _: normal_component(p, axis)


@dataclass(frozen=True)
class _Kind:
    """How a condition is built, which options must stand beside its value, and which may."""

    build: Callable[[_Description], Condition]
    needed: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()


_KINDS: dict[str, _Kind] = {
    "dirichlet": _Kind(_dirichlet, possible=("at", "of")),
    "neumann": _Kind(_neumann, possible=("at", "of")),
    "robin": _Kind(_robin, needed=("coefficient",), possible=("at", "of")),
    "law": _Kind(_law, possible=("at",)),
    "initial": _Kind(_initial, possible=("of",)),
    "velocity": _Kind(_velocity, possible=("of",)),
    "periodic": _Kind(_periodic),
    "pin": _Kind(_pin, needed=("at",), possible=("of",)),
    "mean": _Kind(_mean, possible=("of",)),
    "data": _Kind(_data, possible=("of",)),
}


def conditions_from(
    descriptions: Sequence[Mapping[str, Any]], statement: Statement, shape: Shape
) -> tuple[Condition, ...]:
    """The conditions that a list of descriptions means, in their order.

    Each is a mapping with one kind as a key, whose value is what is prescribed: a number, an expression of the
    coordinates and parameters, or the word `exact`:

        {dirichlet: sin(y), at: x_min}              the value
        {neumann: 0, at: [y_min, y_max]}            the normal derivative
        {robin: 2*20, coefficient: 2, at: x_max}    the normal derivative plus the coefficient times the value
        {law: u_n + u**4 = 1, at: hole}             any equation of u, u_n, u_x, n_x, ... on the boundary
        {initial: sin(pi*x)}   {velocity: 0}        at the initial time
        {periodic: x}                               both ends of an axis are one place
        {pin: 0, at: [0.5, 0.5]}                    the value at one point
        {mean: 0}                                   the mean over the domain, a number
        {data: measured.csv}                        values at the points of a table with columns x, y, ..., u

    `at` names parts of the boundary, all of it when left out; `of` names the unknown where there are several.

    Raises:
        ValueError: no kind or two, an option that is missing or unknown, or what the condition itself refuses; the
            message begins with the place in the list.
    """
    return tuple(_condition(one, statement, shape, f"conditions[{i}]") for i, one in enumerate(descriptions))


def _condition(description: Any, statement: Statement, shape: Shape, place: str) -> Condition:
    example = "such as {dirichlet: 0, at: boundary}"
    if not isinstance(description, Mapping):
        raise ValueError(f"{place}: expected a description {example}; got {description!r}")
    kinds = [key for key in description if key in _KINDS]
    if len(kinds) != 1:
        near = "" if kinds else "".join(did_you_mean(key, _KINDS) for key in description)
        raise ValueError(
            f"{place}: expected one of {', '.join(_KINDS)} as a key, {example}; got {', '.join(kinds) or 'none'}{near}"
        )
    kind = _KINDS[kinds[0]]
    _require_keys(description, kinds[0], kind, place)
    try:
        condition = kind.build(_Description(statement, kinds[0], description, place))
        if isinstance(condition, BoundaryCondition):
            shape.select(condition.on)
        return condition
    except ExpressionError:
        raise
    except (ValueError, OSError) as error:
        raise ValueError(str(error) if str(error).startswith(place) else f"{place}: {error}") from None


def _require_keys(description: Mapping[str, Any], name: str, kind: _Kind, place: str) -> None:
    served = (name, *kind.needed, *kind.possible)
    for key in description:
        if key not in served:
            raise ValueError(
                f"{place}.{key}: unknown for {name}; expected {', '.join(served)}{did_you_mean(key, served)}"
            )
    for key in kind.needed:
        if key not in description:
            raise ValueError(f"{place}.{key}: a value is missing; {name} needs one")
