"""Conditions between two materials against values by hand, and a wall whose layers have nothing to do with each other
without them.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Frame, LazyJet, PointSet, Tape, engine_named
from pinn.fields import FlatField, Layout, RandomFeatures
from pinn.problems import BoundaryCondition, Contact, Dirichlet, FluxBalance, LayeredWall, Neumann
from pinn.solvers import LeastSquares
from pinn.training import ResidualObjective, Sampling, enforce, natural_weight, terms_of

AXES = ("x", "y")
POINTS = np.random.default_rng(0).uniform(size=(20, 2))
X, Y = POINTS.T
ANGLE = 2 * np.pi * Y
NORMALS = np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1)
# Three components: x^2 y, x + y, y^2; and their normal derivatives.
VALUES = (X**2 * Y, X + Y, Y**2)
SLOPES = tuple(
    NORMALS[:, 0] * along + NORMALS[:, 1] * across for along, across in ((2 * X * Y, X**2), (1, 1), (0, 2 * Y))
)
# Condition, and what it sees by hand.
SEEN: dict[str, tuple[BoundaryCondition, np.ndarray]] = {
    "balance": (FluxBalance(0.5), SLOPES[0] + SLOPES[1] - 0.5),
    "balance of others": (FluxBalance(between=(2, 0), conductivities=(3.0, 4.0)), 3 * SLOPES[2] + 4 * SLOPES[0]),
    "continuity": (Contact(), VALUES[0] - VALUES[1]),
    "jump": (Contact(lambda p: p.x, between=(1, 2)), VALUES[1] - VALUES[2] - X),
    "resistance": (Contact(resistance=0.2, conductivity=5.0), VALUES[0] - VALUES[1] + 0.2 * 5.0 * SLOPES[0]),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SEEN)
def test_conditions_see_both_sides(name: str, dtype: str) -> None:
    condition, by_hand = SEEN[name]
    p = PointSet(tf.constant(POINTS, dtype), AXES, tf.constant(NORMALS, dtype))
    field = lambda z: tf.stack([z[:, 0] ** 2 * z[:, 1], z[:, 0] + z[:, 1], z[:, 1] ** 2], axis=1)  # noqa: E731
    u = LazyJet(field, p, Frame(AXES, None, 3), Tape())
    # Sums of a few numbers of order one to ten.
    np.testing.assert_allclose(condition.residual(p, u), by_hand, atol=100 * np.finfo(dtype).eps)


def test_a_fall_of_the_field_weighs_as_a_value() -> None:
    domain = LayeredWall().domain
    value, flux = natural_weight(Dirichlet(0.0), domain), natural_weight(Neumann(0.0), domain)
    assert natural_weight(Contact(), domain) == value > flux == natural_weight(FluxBalance(), domain)


def test_materials_that_meet_on_one_part_are_told_apart() -> None:
    """Of four layers that are folded, the first two and the last two meet at the same end."""
    assert [Contact(on="x_max", between=pair).name for pair in ((0, 1), (2, 3))] == [
        "contact_x_max_0_1",
        "contact_x_max_2_3",
    ]
    assert FluxBalance(on="x_max").name == "flux_balance_x_max_0_1"


@pytest.mark.parametrize("between", [(1, 1), (0, 1, 2)])
def test_a_material_does_not_meet_itself(between: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="contact: expected two different components in between; got"):
        Contact(between=between)


def test_features_solve_a_wall_of_one_to_a_hundred_with_a_contact_resistance() -> None:
    wall = LayeredWall()
    lower, upper = wall.domain.bounds
    model = RandomFeatures(40, scale=1.0).build(Layout(lower, upper, components=2))
    field, enforcement = FlatField(model, tf.float64), enforce(wall)
    terms = terms_of(wall, enforcement.penalties, Sampling(interior=80, boundary=4), dtype=tf.float64, weights={})
    objective = ResidualObjective(field, enforcement.ansatz, terms, engine=engine_named("forward"), seed=0)
    solver = LeastSquares()
    state, _ = solver.compile(objective)(solver.start(field.weights()), 5)
    points = tf.constant(np.linspace(0.0, 1.0, 51)[:, np.newaxis])
    found = objective.field(tf.constant(solver.best(state)))(points)
    truth = wall.exact(PointSet(points, ("x",)))
    assert float(tf.norm(found - truth) / tf.norm(truth)) < 1e-8
    # The fall across the contact is that of the series of resistances, 1 / (R + a / k_1 + b / k_2), and what is heated.
    flux = (1.0 + 5.0 * 0.3**2 / 2 - 200.0 * 0.7**2 / 200) / (0.1 + 0.3 + 0.007)
    assert float(found[-1, 0] - found[-1, 1]) == pytest.approx(0.1 * flux, abs=1e-7)
