"""Which conditions become exact and which stay penalties."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import tensorflow as tf
from training_cases import Pair

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Interval, Polygon, Shape
from pinn.problems import (
    Condition,
    Contact,
    Dirichlet,
    Heat1D,
    Initial,
    InitialVelocity,
    Neumann,
    Pin,
    PointData,
    Poisson1D,
    PoissonND,
    Problem,
    Robin,
)
from pinn.training import Sampling, enforce, terms_of


class Square(Problem):
    """Any conditions on the unit square."""

    def __init__(self, *conditions: Condition) -> None:
        self._conditions = conditions

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        return self._conditions


class Evolution(Square):
    """The same on an interval in time."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 1.0)


class Notched(Square):
    """A square with a square hole, whose sides carry penalties only."""

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (1.0, 1.0)) - Box((0.4, 0.4), (0.6, 0.6))


class Triangle(Square):
    """The same in a triangle, whose sides carry exact values that are rough in the corners."""

    @property
    def domain(self) -> Shape:
        return Polygon([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])


CUBE_FACES = {f"x{i}_{end}" for i in range(1, 6) for end in ("min", "max")}

# Problem, mode, for each component the parts with exact values and with exact fluxes, and the penalties.
DIVISIONS = {
    "poisson_1d auto": (Poisson1D(), "auto", [{"x_min"}], [set()], ["neumann_x_max"]),
    "poisson_1d exact": (Poisson1D(), "exact", [{"x_min"}], [{"x_max"}], []),
    "poisson_1d penalty": (Poisson1D(), "penalty", [set()], [set()], ["dirichlet_x_min", "neumann_x_max"]),
    "heat auto": (Heat1D(), "auto", [{"x_min", "x_max", "initial"}], [set()], []),
    "five dimensions auto": (PoissonND(5), "auto", [set()], [set()], ["dirichlet_boundary"]),
    "five dimensions exact": (PoissonND(5), "exact", [CUBE_FACES], [set()], []),
    "two components": (Pair(), "exact", [{"x_min"}, {"x_min", "x_max"}], [{"x_max"}, set()], []),
    "two components auto": (Pair(), "auto", [{"x_min"}, {"x_min", "x_max"}], [set(), set()], ["neumann_x_max_0"]),
    "value and flux on one part": (
        Square(Dirichlet(0.0, on="x_min"), Neumann(1.0, on="x_min")),
        "auto",
        [{"x_min"}],
        [set()],
        ["neumann_x_min"],
    ),
    "parts that carry no value": (
        Notched(Dirichlet(0.0, on=("x_min", "y_max")), Dirichlet(1.0, on="holes")),
        "auto",
        [{"x_min", "y_max"}],
        [set()],
        ["dirichlet_holes"],
    ),
    "one part that carries none": (Notched(Dirichlet(0.0)), "auto", [set()], [set()], ["dirichlet_boundary"]),
    "velocity beside a value": (
        Evolution(Initial(1.0), InitialVelocity(2.0)),
        "auto",
        [{"initial"}],
        [set()],
        [],
    ),
    "velocity without a value": (
        Evolution(Dirichlet(0.0), InitialVelocity(2.0)),
        "exact",
        [{"x_min", "x_max"}],
        [set()],
        ["initial_velocity"],
    ),
    "velocity as penalty": (
        Evolution(Initial(1.0), InitialVelocity(2.0)),
        "penalty",
        [set()],
        [set()],
        ["initial", "initial_velocity"],
    ),
    "a point": (Square(Dirichlet(0.0, on="x_min"), Pin((0.5, 0.5))), "exact", [{"x_min"}], [set()], ["pin"]),
    "values that are rough in corners": (Triangle(Dirichlet(0.0)), "auto", [set()], [set()], ["dirichlet_boundary"]),
    "rough values that are asked for": (
        Triangle(Dirichlet(0.0)),
        "exact",
        [{"edge_0", "edge_1", "edge_2"}],
        [set()],
        [],
    ),
    "a film": (Square(Robin(0.0, on="x_min")), "exact", [set()], [{"x_min"}], []),
    "a film as penalty": (Square(Robin(0.0, on="x_min")), "auto", [set()], [set()], ["robin_x_min"]),
}


@pytest.mark.parametrize("name", DIVISIONS)
def test_conditions_are_divided(name: str) -> None:
    problem, mode, values, fluxes, penalties = DIVISIONS[name]
    found = enforce(problem, mode)
    assert [set(data) for data in found.ansatz.values] == values
    assert [set(data) for data in found.ansatz.fluxes or ({},) * len(values)] == fluxes
    assert [condition.name for condition in found.penalties] == penalties


BAD_INPUT = {
    "mode": (Heat1D(), "hard", "conditions: expected one of auto, exact, penalty; got 'hard'"),
    "two values": (
        Square(Dirichlet(0.0), Dirichlet(1.0, on="x_min")),
        "auto",
        "one value for each part.*two on 'x_min'",
    ),
    "two fluxes": (
        Square(Neumann(0.0, on=("x_min", "y_min")), Neumann(1.0, on="y_min")),
        "penalty",
        "one flux for each part.*two on 'y_min'",
    ),
    "a flux and a film": (
        Square(Neumann(0.0, on="x_min"), Robin(0.0)),
        "exact",
        "one flux for each part.*two on 'x_min'",
    ),
    "a film that heats": (
        Square(Robin(0.0, on="x_min", coefficient=-1.0)),
        "exact",
        "no film can be exact on 'x_min' with a coefficient below 0, got -1.0: make it a penalty",
    ),
    "value and flux": (
        Square(Dirichlet(0.0, on="x_min"), Neumann(0.0, on="boundary")),
        "exact",
        "a value or a flux on each part.*both on 'x_min'. Say conditions=auto",
    ),
    "flux at the start": (
        Evolution(Neumann(0.0, on="initial")),
        "exact",
        "no flux can be exact on 'initial': choose from x_min, x_max",
    ),
    "value on a rough part": (
        Notched(Dirichlet(0.0)),
        "exact",
        "no value can be exact on 'hole_1_x_min' of this shape: make it a penalty, as conditions=auto does",
    ),
    "flux of no family": (Notched(Neumann(0.0, on="x_min")), "exact", "no flux can be exact on 'x_min' of this shape"),
    "point outside": (
        Square(Pin((0.5, 2.0))),
        "auto",
        r"pin: expected points in the domain; 1 of 1 are outside, first x=0\.5, y=2",
    ),
    "point of another dimension": (
        Square(Pin((0.5,))),
        "exact",
        "pin: expected points with 2 numbers, for x, y; got 1",
    ),
    "part": (Square(Dirichlet(0.0, on="top")), "penalty", "'top'.*x_min"),
    "part of a penalty": (Square(Neumann(0.0, on="hole")), "exact", "'hole'.*x_min"),
    "a material that is not there": (
        Square(Contact(on="x_max")),
        "auto",
        "contact_x_max_0_1: expected a component between 0 and 0; got 1",
    ),
    "component": (Square(Dirichlet(0.0, component=1)), "auto", "component between 0 and 0; got 1"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_conditions_are_refused_in_a_sentence(name: str) -> None:
    problem, mode, message = BAD_INPUT[name]
    with pytest.raises(ValueError, match=message):
        enforce(problem, mode)


def test_a_vector_field_needs_components_named() -> None:
    class Nameless(Pair):
        def conditions(self) -> Sequence[Condition]:
            return (Dirichlet(0.0),)

    with pytest.raises(ValueError, match="component between 0 and 1, since the field has 2; got none"):
        enforce(Nameless())


def test_an_exact_velocity_reaches_the_field() -> None:
    """Both numbers of the start, on a network that says something else."""
    moving = Evolution(Initial(1.0), InitialVelocity(lambda p: 2.0 + p.x))
    field = enforce(moving).ansatz(lambda x: 7.0 + tf.reduce_sum(tf.sin(x), axis=1, keepdims=True))
    points = tf.constant([[0.25, 0.0], [0.75, 0.0]], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(points)
        value = field(points)
    assert value[:, 0].numpy() == pytest.approx([1.0, 1.0], abs=1e-15)
    assert tape.gradient(value, points)[:, 1].numpy() == pytest.approx([2.25, 2.75], abs=1e-14)


def test_given_points_stay_where_they_are_given_and_weigh_as_values() -> None:
    data = PointData(((0.25, 0.5), (0.75, 0.5), (0.5, 0.1)), (1.0, 2.0, 3.0))
    problem = Square(Dirichlet(0.0, on="x_min"), Neumann(0.0, on="x_max"), data)
    terms = {
        term.name: term
        for term in terms_of(problem, problem.conditions(), Sampling(boundary=200), dtype=tf.float64, weights={})
    }
    for seed in (0, 1):
        points, normals = terms["point_data"].draw((seed,))
        np.testing.assert_array_equal(points, data.points)
        assert not normals.any()
    np.testing.assert_array_equal(terms["point_data"].redraw((2,), points, lambda x, n: x[:, 0])[0], data.points)
    # A point takes none of the points of the parts, which share them by measure.
    assert len(terms["dirichlet_x_min"].draw((0,))[0]) == len(terms["neumann_x_max"].draw((0,))[0]) == 100
    assert terms["point_data"].weight == terms["dirichlet_x_min"].weight > terms["neumann_x_max"].weight


def test_two_conditions_of_one_name_are_refused() -> None:
    problem = Square(Pin((0.5, 0.5)), Pin((0.25, 0.5)))
    with pytest.raises(ValueError, match="expected different conditions; got pin, pin"):
        terms_of(problem, problem.conditions(), Sampling(), dtype=tf.float64, weights={})
