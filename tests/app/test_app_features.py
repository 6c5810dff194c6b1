"""Fields of features in a run: nonlinear equations, patches, and what the run chooses for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from pinn.app.attempt import serves
from pinn.app.automatic import PATCH_SCALES, SCALES, auto_sampling
from pinn.app.bench import Bench
from pinn.app.build import field_from
from pinn.app.choices import Choices
from pinn.app.describe import describe_field
from pinn.app.ladder import FOLLOWING
from pinn.app.running import Running
from pinn.app.solve import solve
from pinn.calculus import Jet, PointSet
from pinn.fields import Mlp, Patches, RandomFeatures
from pinn.geometry import Box, Interval, Shape
from pinn.problems import Condition, Dirichlet, Poisson1D, Poisson2D, Problem
from pinn.training import Fixed, Sampling, SelfAdaptive

CPU = Running(("/CPU:0",))


@dataclass(frozen=True)
class Ignition(Problem):
    """`-u'' + exp(u) = f` on an interval, with the solution sin(pi x)."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        truth = self.exact(p)
        return tf.exp(u.value) - u.laplacian() - np.pi**2 * truth - tf.exp(truth)

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(0.0),)

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.sin(np.pi * p.x)


def test_features_solve_a_nonlinear_equation_by_newton() -> None:
    """The scale is chosen, the solver is chosen, and the error squares: three steps from nothing to round-off."""
    solution = solve(Ignition(), RandomFeatures(60), sampling=Sampling(interior=150))
    assert solution.summary["solver"] == "gauss_newton"
    assert solution.config["field"]["scale"] in SCALES
    assert solution.errors is not None
    assert solution.errors.relative_l2 < 1e-8
    loss = solution.history["loss"]
    assert loss[2] < 1e-6 * loss[1] < 1e-9 * loss[0]


def test_patches_solve_a_linear_problem_and_choose_scale_and_points() -> None:
    """A value at one end, a flux at the other, which is a term of the loss."""
    solution = solve(Poisson1D(), Patches(4, features=16))
    assert solution.summary["solver"] == "least_squares"
    assert solution.summary["points"]["equation"] == 3 * 4 * 16
    assert solution.config["field"]["scale"] in PATCH_SCALES
    assert solution.errors is not None
    assert solution.errors.relative_l2 < 1e-8
    assert field_from(solution.config["field"]) == Patches(4, features=16, scale=solution.config["field"]["scale"])


def test_points_that_were_asked_for_stay_and_too_few_are_refused() -> None:
    shape, recipe = Box((0, 0), (1, 1)), Patches(2, features=10)
    filled = auto_sampling(recipe, Sampling(), shape)
    assert (filled.interior, filled.boundary, filled.initial) == (120, 240, 120)
    asked = Sampling(interior=40, boundary=3, initial=1)
    assert auto_sampling(recipe, asked, shape) == asked
    assert auto_sampling(Mlp(), Sampling(interior=1), shape) == Sampling(interior=1)
    with pytest.raises(ValueError, match=r"got sampling\.interior=39 for 40 features.*it takes 120.*fewer patches"):
        auto_sampling(recipe, Sampling(interior=39), shape)


def _choices(**named: object) -> Choices:
    """What nobody has chosen, but for what is named."""
    usual: dict[str, object] = {
        "field": None,
        "solver": None,
        "sampling": Sampling(),
        "engine": "auto",
        "conditions": "auto",
        "weights": {},
        "balance": Fixed(),
        "accuracy": None,
        "seed": 0,
        "dtype": "float64",
        "device": "auto",
        "time_limit": None,
        "reference": "auto",
    }
    return Choices(**{**usual, **named})


def test_points_follow_the_residual_only_where_nobody_has_chosen_others() -> None:
    def sampling(**named: object) -> Sampling:
        return Bench.of(Poisson1D(), _choices(**named), CPU, None, None).with_points(FOLLOWING).chosen.sampling

    assert sampling() == FOLLOWING
    assert sampling(sampling=Sampling(interior=7)) == Sampling(interior=7)
    assert sampling(balance=SelfAdaptive()) == Sampling()  # its weights belong to points, which must stay


@pytest.mark.parametrize(
    ("conditions", "interior", "expected"),
    [("auto", None, True), ("auto", 6400, True), ("auto", 6399, False), ("exact", None, True)],
)
def test_the_ladder_leaves_out_what_cannot_work(conditions: str, interior: int | None, expected: bool) -> None:
    chosen = _choices(sampling=Sampling(interior=interior), conditions=conditions)
    assert serves(Bench.of(Poisson2D(), chosen, CPU, None, None), Patches(8, features=100)) is expected
    one_axis = Bench.of(Poisson1D(), chosen, CPU, None, None)
    assert serves(one_axis, Patches(2, features=10)) is (conditions == "auto")  # which has a flux
    assert serves(one_axis, Mlp())


def test_patches_in_a_config_are_a_number_or_a_list() -> None:
    options = {"name": "patches", "features": 7, "activation": "sine", "scale": None, "overlap": 1.0, "early": None}
    assert field_from({**options, "patches": 3}) == Patches(3, features=7)
    assert field_from({**options, "patches": [3, 2]}) == Patches((3, 2), features=7)
    assert describe_field(Patches((3, 2), features=7)) == {**options, "patches": [3, 2]}
    with pytest.raises(ValueError, match=r"field\.patches"):
        field_from({**options, "patches": "many"})
