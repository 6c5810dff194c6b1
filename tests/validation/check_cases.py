"""Problems that are wrong in one way each, and which check is to find it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Annulus, Ball, Box, Interval, Polygon, Shape
from pinn.geometry.shape import BoundaryPart
from pinn.problems import (
    Condition,
    Contact,
    Dirichlet,
    FluxBalance,
    Initial,
    InitialVelocity,
    Mean,
    Neumann,
    Periodic,
    Pin,
    PointData,
    Problem,
    Residual,
    Robin,
)
from pinn.references import ReferenceSolution

SQUARE = Box((0.0, 0.0), (1.0, 1.0))
CUBE = Box((0.0,) * 3, (1.0,) * 3)
HEATED = Interval(0.0, 1.0).over(0.0, 2.0)


@dataclass(frozen=True)
class Case(Problem):
    """Laplace's equation on a square, or whatever else is given."""

    shape: Shape = SQUARE
    given: Sequence[Condition] = (Dirichlet(0.0),)
    equation: Callable[[PointSet, Jet], Residual] = lambda p, u: u.laplacian()
    size: int = 1
    solution: Callable[[PointSet], tf.Tensor] | None = None
    known: ReferenceSolution | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "components", self.size)
        object.__setattr__(self, "exact", self.solution)
        object.__setattr__(self, "reference", None if self.known is None else lambda: self.known)

    @property
    def domain(self) -> Shape:
        return self.shape

    def residual(self, p: PointSet, u: Jet) -> Residual:
        return self.equation(p, u)

    def conditions(self) -> Sequence[Condition]:
        return self.given


class Twin(NamedTuple):
    """A problem, what is found in it (level, and words that the finding says), and the numbers measured."""

    problem: Problem
    level: str
    said: tuple[str, ...]
    numbers: Mapping[str, float] = {}


def heat(p: PointSet, u: Jet) -> tf.Tensor:
    return u.dt() - u.laplacian()


def waves(p: PointSet, u: Jet) -> tf.Tensor:
    return u.dtt() - u.laplacian()


def stokes(p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:
    along, across, pressure = u
    return {
        "x": pressure.d("x") - along.laplacian(),
        "y": pressure.d("y") - across.laplacian(),
        "mass": along.d("x") + across.d("y"),
    }


def walls(p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:
    return {"left": u[0].laplacian(), "right": u[1].laplacian()}


@dataclass(frozen=True)
class Turned(Box):
    """A square whose right side is said to be somewhere else, or to look elsewhere."""

    change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]] = field(kw_only=True)

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        parts = super().parts
        right = parts["x_max"]
        return {**parts, "x_max": replace(right, sample=lambda unit: self.change(*right.sample(unit)))}


def turned(change: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> Problem:
    return Case(Turned((0.0, 0.0), (1.0, 1.0), change=change))


DISC = Ball((0.5, 0.0), 0.25)
CUT = Box((0.0, 0.0), (1.0, 1.0)) - DISC  # the disc cuts the lower side at 1/4 and 3/4
SIDES = ("x_min", "x_max", "y_max")
LINE = "y_max"
REST = ("x_min", "x_max", "y_min")
LINEAR = ReferenceSolution("line", 1e-9, lambda x: x[:, 0], lambda x: np.ones_like(x))

TWINS: dict[str, dict[str, Twin]] = {
    "coverage": {
        "a side without conditions": Twin(
            Case(given=(Dirichlet(0.0, on=REST),)), "error", ("no condition", "y_max"), {"needed": 1, "given": 0}
        ),
        "measurements instead": Twin(
            Case(given=(Dirichlet(0.0, on=REST), PointData(((0.5, 0.5), (0.2, 0.5)), (0.0, 0.0)))),
            "warning",
            ("no condition", "y_max"),
        ),
        "a hole without conditions": Twin(
            Case(shape=SQUARE - Ball((0.5, 0.5), 0.2), given=(Dirichlet(0.0, on=(*REST, "y_max")),)),
            "error",
            ("no condition", "hole_1"),
        ),
        "a plate with too little": Twin(
            Case(size=2, equation=walls, given=(Dirichlet(0.0, component=0), Dirichlet(0.0, LINE, component=1))),
            "warning",
            ("1 of 2 conditions", "x_min, x_max, y_min"),
        ),
        "value and flux": Twin(
            Case(given=(Dirichlet(0.0), Neumann(0.0, on="x_min"))), "warning", ("2 conditions", "x_min")
        ),
        "two values on a part": Twin(
            Case(given=(Dirichlet(0.0), Dirichlet(1.0, on="x_min"))), "error", ("2 conditions on the value", "x_min")
        ),
        "two values on parts that overlap": Twin(
            Case(
                shape=SQUARE.with_part("left", lambda p: p.x < 0.5),
                given=(Dirichlet(0.0, on="left"), Dirichlet(1.0, on="y_min"), Dirichlet(0.0, on=("x_max", "y_max"))),
            ),
            "error",
            ("2 conditions on the value", "y_min_left"),
        ),
        "two velocities": Twin(
            Case(HEATED, (Dirichlet(), Initial(), InitialVelocity(), InitialVelocity(1.0)), waves),
            "error",
            ("2 conditions on the velocity", "initial"),
        ),
        "one name": Twin(Case(given=(Robin(0.0), Robin(1.0))), "error", ("one name", "robin_boundary")),
    },
    "corners": {
        "a lid": Twin(
            Case(given=(Dirichlet(1.0, on=LINE), Dirichlet(0.0, on=REST))),
            "warning",
            ("dirichlet_y_max is 1", "dirichlet_x_min_x_max_y_min is 0", "y=1", "one more place"),
            {"y": 1.0, "first": 1.0, "second": 0.0, "places": 2},
        ),
        "where a hole cuts a side": Twin(
            Case(shape=CUT, given=(Dirichlet(1.0, on="hole_1"), Dirichlet(0.0, on=(*SIDES, "y_min")))),
            "warning",
            ("dirichlet_hole_1 is 1", "one more place"),
            {"y": 0.0, "places": 2},
        ),
        "vertices of a polygon": Twin(
            Case(
                shape=Polygon(((0.0, 0.0), (2.0, 0.0), (0.0, 1.0))),
                given=(Dirichlet(lambda p: p.x, on="edge_0"), Dirichlet(1.0, on=("edge_1", "edge_2"))),
            ),
            "warning",
            ("dirichlet_edge_0 is ", "one more place"),
            {"y": 0.0, "places": 2},
        ),
        "edges in space": Twin(
            Case(
                shape=Box((0.0,) * 3, (1.0,) * 3), given=(Dirichlet(1.0, on="z_max"), Dirichlet(on=("x_min", "z_min")))
            ),
            "warning",
            ("dirichlet_z_max is 1", "x=0", "z=1"),
            {"x": 0.0, "z": 1.0},
        ),
        "a sudden start": Twin(
            Case(HEATED, (Dirichlet(0.0), Initial(1.0)), heat),
            "warning",
            ("dirichlet_boundary is 0 and initial is 1", "t=0"),
            {"t": 0.0, "first": 0.0, "second": 1.0},
        ),
        "a flux at the start": Twin(
            Case(HEATED, (Neumann(0.0), Initial(lambda p: tf.sin(p.x))), heat),
            "warning",
            ("the values of initial give -1 where neumann_boundary asks for 0", "x=0, t=0"),
        ),
        "a velocity at the start": Twin(
            Case(HEATED, (Dirichlet(lambda p: 3.0 * p.t), Initial(0.0), InitialVelocity(0.0)), waves),
            "warning",
            ("the values of dirichlet_boundary give 3 where initial_velocity asks for 0", "t=0"),
        ),
        "a slope along a side": Twin(
            Case(given=(Dirichlet(lambda p: 2.0 * p.x, on="y_min"), Neumann(0.0, on="x_max"), Dirichlet(on="x_min"))),
            "warning",
            ("the values of dirichlet_y_min give 2 where neumann_x_max asks for 0", "x=1, y=0"),
        ),
        "a component": Twin(
            Case(
                size=2,
                equation=walls,
                given=(Dirichlet(component=0), Dirichlet(1.0, LINE, component=1), Dirichlet(0.0, REST, component=1)),
            ),
            "warning",
            ("dirichlet_y_max_1 is 1",),
        ),
    },
    "normals": {
        "inward": Twin(turned(lambda x, n: (x, -n)), "error", ("inward", "x_max")),
        "long": Twin(turned(lambda x, n: (x, 2.0 * n)), "error", ("not of length 1", "x_max")),
        "along": Twin(turned(lambda x, n: (x, n[:, ::-1])), "error", ("not point from inside to outside", "x_max")),
        "beside": Twin(turned(lambda x, n: (0.9 * x, n)), "error", ("not on the boundary", "x_max")),
    },
    "well-posedness": {
        "pure fluxes": Twin(Case(given=(Neumann(0.0),)), "error", ("changed by a constant", "Pin((0.5, 0.5), 0.0)")),
        "a film without a coefficient": Twin(Case(given=(Robin(0.0, coefficient=0.0),)), "error", ("a constant",)),
        "pressure": Twin(
            Case(size=3, equation=stokes, given=(Dirichlet(component=0), Dirichlet(component=1))),
            "error",
            ("component 2 can be changed", "component=2"),
        ),
        "two layers that float": Twin(
            Case(
                Interval(0.0, 1.0),
                (Neumann(0.0, "x_min", 0), Neumann(0.0, "x_min", 1), FluxBalance(on="x_max"), Contact(on="x_max")),
                walls,
                2,
            ),
            "error",
            ("component 0 and component 1 can be changed",),
        ),
        "a ring": Twin(Case(given=(Periodic("x"), Periodic("y"))), "error", ("changed by a constant",)),
        "no start": Twin(Case(HEATED, (Dirichlet(),), heat), "error", ("no initial value of u", "initial")),
        "measurements instead of a start": Twin(
            Case(HEATED, (Dirichlet(), PointData(((0.5, 0.5), (0.2, 0.5)), (0.0, 0.0))), heat),
            "warning",
            ("no initial value",),
        ),
        "no velocity": Twin(Case(HEATED, (Dirichlet(), Initial()), waves), "error", ("no initial velocity of u",)),
        "a needless velocity": Twin(
            Case(HEATED, (Dirichlet(), Initial(), InitialVelocity()), heat), "warning", ("is not in the equation",)
        ),
        "no u": Twin(Case(equation=lambda p, u: p.x - 1.0), "error", ("does not depend on u",)),
        "no second component": Twin(
            Case(size=2, equation=lambda p, u: u[0].laplacian(), given=(Dirichlet(component=0),)),
            "error",
            ("does not depend on component 1",),
        ),
    },
    "exact solution": {
        "a sign": Twin(
            Case(equation=lambda p, u: u.laplacian() - u.value, solution=lambda p: tf.sin(p.x), given=()),
            "error",
            ("2.0e+00 of its terms", "equation, most at"),
        ),
        "a factor": Twin(
            Case(equation=lambda p, u: u.laplacian() - 1.0001 * u.value, solution=lambda p: tf.exp(p.x), given=()),
            "warning",
            ("1.0e-04 of its terms", "Δu"),
        ),
        "a harmonic one": Twin(
            Case(equation=lambda p, u: u.laplacian() + 1.0, solution=lambda p: p.x**2 - p.y**2, given=()),
            "error",
            ("2.5e-01 of its terms",),
        ),
        "a value": Twin(Case(solution=lambda p: p.x), "error", ("dirichlet_boundary",)),
        "a flux": Twin(Case(solution=lambda p: p.x, given=(Neumann(1.0, on="x_min"),)), "error", ("neumann_x_min",)),
        "a pole": Twin(
            Case(solution=lambda p: tf.sqrt(p.x - 0.5), given=()), "error", ("no finite number", "equation at x=")
        ),
        "a reference": Twin(Case(known=LINEAR), "error", ("dirichlet_boundary",)),
    },
    "scale": {
        "far apart": Twin(Case(equation=lambda p, u: 1e7 * u.d("x") + u.d("y")), "warning", ("u_x", "u_y", "units")),
        "two equations": Twin(
            Case(size=2, equation=lambda p, u: {"a": 1e9 * u[0].laplacian(), "b": u[1].laplacian()}, given=()),
            "warning",
            ("the terms of a are", "divide"),
        ),
        "a thin plate": Twin(Case(shape=Box((0.0, 0.0), (1.0, 1e5))), "warning", ("sides", "y 1.0e+05")),
        "a large field": Twin(Case(solution=lambda p: 1e6 * p.x), "warning", ("of size", "another unit")),
    },
}

CLEAN: dict[str, Problem] = {
    "two circles with different values": Case(
        shape=Annulus((0.0, 0.0), 1.0, 2.0), given=(Dirichlet(0.0, on="inner"), Dirichlet(1.0, on="outer"))
    ),
    "a narrow channel": Case(
        shape=Annulus((0.0, 0.0, 0.0), 1.0, 1.002), given=(Dirichlet(0.0, on="inner"), Dirichlet(1.0, on="outer"))
    ),
    "data that agree in corners": Case(
        given=(Dirichlet(lambda p: p.x, on=LINE), Dirichlet(lambda p: p.x * p.y, on=REST)),
    ),
    "fluxes that agree at the start": Case(HEATED, (Neumann(0.0), Initial(lambda p: tf.cos(np.pi * p.x))), heat),
    "a pinned flux problem": Case(given=(Neumann(0.0), Pin((0.5, 0.5)))),
    "fluxes and a mean": Case(given=(Neumann(0.0), Mean(0.0))),
    "a film": Case(given=(Robin(0.0),)),
    "a reaction with fluxes": Case(given=(Neumann(0.0),), equation=lambda p, u: u.laplacian() - u.value),
    "a ring": Case(given=(Periodic("x"), Dirichlet(0.0, on=("y_min", "y_max")))),
    "transport, of first order": Case(given=(Dirichlet(0.0, on="x_min"),), equation=lambda p, u: u.d("x") + u.d("y")),
    "a parameter in the plane": Case(
        given=(Dirichlet(0.0, on=("x_min", "x_max")),), equation=lambda p, u: u.d("x", "x") - p.y
    ),
    "nothing at all": Case(solution=lambda p: 0.0 * p.x),
    "a reference": Case(known=LINEAR, given=(Dirichlet(lambda p: p.x),)),
}
"""Problems that no check finds fault with."""
