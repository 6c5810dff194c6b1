"""Which conditions become exact and which stay penalties."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import tensorflow as tf
from training_cases import Pair

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Shape
from pinn.problems import Condition, Dirichlet, Heat1D, Neumann, Poisson1D, PoissonND, Problem
from pinn.training import enforce


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


DIVISIONS = {
    "poisson_1d auto": (Poisson1D(), "auto", [{"x_min"}], ["neumann_x_max"]),
    "poisson_1d penalty": (Poisson1D(), "penalty", [set()], ["dirichlet_x_min", "neumann_x_max"]),
    "heat auto": (Heat1D(), "auto", [{"x_min", "x_max", "initial"}], []),
    "five dimensions auto": (PoissonND(5), "auto", [set()], ["dirichlet_boundary"]),
    "five dimensions exact": (PoissonND(5), "exact", [{f"x{i}_{e}" for i in range(1, 6) for e in ("min", "max")}], []),
    "two components": (Pair(), "exact", [{"x_min"}, {"x_min", "x_max"}], ["neumann_x_max_0"]),
}


@pytest.mark.parametrize("name", DIVISIONS)
def test_conditions_are_divided(name: str) -> None:
    problem, mode, exact, penalties = DIVISIONS[name]
    found = enforce(problem, mode)
    assert [set(data) for data in found.ansatz.data] == exact
    assert [condition.name for condition in found.penalties] == penalties


BAD_INPUT = {
    "mode": (Heat1D(), "hard", "conditions: expected one of auto, exact, penalty; got 'hard'"),
    "two values": (
        Square(Dirichlet(0.0), Dirichlet(1.0, on="x_min")),
        "auto",
        "one value for each part.*two on 'x_min'",
    ),
    "part": (Square(Dirichlet(0.0, on="top")), "penalty", "'top'.*x_min"),
    "part of a penalty": (Square(Neumann(0.0, on="hole")), "exact", "'hole'.*x_min"),
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
