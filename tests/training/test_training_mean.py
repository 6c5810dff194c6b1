"""A given mean: one residual that looks at the whole domain, and what it is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Jet, PointSet, engine_named
from pinn.fields import FlatField, Layout, Patches, Patchwork, RandomFeatures
from pinn.geometry import Ball, Box, Interval, Shape
from pinn.problems import Condition, Mean, Neumann, Problem
from pinn.solvers import LeastSquares
from pinn.training import ResidualObjective, Sampling, enforce, terms_of
from pinn.training.terms import spread_out

MEAN = 0.7


@dataclass(frozen=True)
class Insulated(Problem):
    """A rod without any flux through its ends, of which the mean is known: cos(pi x) + 0.7."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian() + np.pi**2 * tf.cos(np.pi * p.x)

    def conditions(self) -> Sequence[Condition]:
        return (Neumann(0.0), Mean(MEAN))


def objective() -> ResidualObjective:
    problem = Insulated()
    lower, upper = problem.domain.bounds
    model = RandomFeatures(30, scale=1.0).build(Layout(lower, upper))
    enforcement = enforce(problem)
    terms = terms_of(problem, enforcement.penalties, Sampling(interior=60), dtype=tf.float64, weights={})
    return ResidualObjective(
        FlatField(model, tf.float64), enforcement.ansatz, terms, engine=engine_named("forward"), seed=0
    )


@pytest.mark.parametrize(
    ("shape", "mean"),
    [(Box((0.0, 0.0), (1.0, 1.0)), (np.e - 1) * (np.cos(1) - 1)), (Ball((0.0, 0.0, 0.0), 1.0), 0.0)],
    ids=["square", "ball"],
)
def test_the_points_of_a_mean_know_it(shape: Shape, mean: float) -> None:
    """Scrambled Sobol points: about n^-1.5 of a smooth function, 4e-6."""
    p = spread_out(shape)
    assert np.mean(-np.exp(p[:, 0]) * np.sin(p[:, 1])) == pytest.approx(mean, abs=2e-5)


def test_a_pure_neumann_problem_is_solved_with_a_mean() -> None:
    target = objective()
    solver = LeastSquares()
    state, _ = solver.compile(target)(solver.start(tf.zeros([target.size], tf.float64).numpy()), 5)
    x = np.linspace(0.0, 1.0, 21)[:, np.newaxis]
    found = target.field(tf.constant(solver.best(state)))(tf.constant(x)).numpy()
    assert found == pytest.approx(np.cos(np.pi * x) + MEAN, abs=1e-5)


def test_it_is_one_row_in_all_that_an_objective_gives() -> None:
    target = objective()
    weights = tf.constant(np.random.default_rng(0).normal(size=target.size))
    rows = target.residuals(weights)
    seen = target.field(weights)(tf.constant(spread_out(Interval(0.0, 1.0))))
    miss = float(tf.reduce_mean(seen)) - MEAN
    assert float(rows[-1]) == pytest.approx(np.sqrt(target.point_weights()["mean"][0]) * miss, rel=1e-12)
    assert float(target.term_losses(weights)["mean"]) == pytest.approx(miss**2, rel=1e-12)
    _, gradient = target.loss_and_gradient(weights)
    by_rows = 2.0 * tf.linalg.matvec(target.jacobian(weights), rows, transpose_a=True)
    np.testing.assert_allclose(gradient, by_rows, rtol=1e-9, atol=1e-9 * float(tf.reduce_max(tf.abs(gradient))))
    anywhere = target.residuals_at("mean", weights.numpy(), np.full((3, 1), 0.25), np.zeros((3, 1)))["mean"]
    assert anywhere == pytest.approx([miss] * 3, rel=1e-12)


def test_a_field_in_patches_cannot_look_everywhere() -> None:
    problem = Insulated()
    lower, upper = problem.domain.bounds
    model = Patches(2, features=10).build(Layout(lower, upper))
    terms = terms_of(problem, problem.conditions(), Sampling(interior=60), dtype=tf.float64, weights={})
    with pytest.raises(ValueError, match=r"field=patches: .* got a mean, .*Give a Pin"):
        ResidualObjective(
            FlatField(model, tf.float64),
            enforce(problem).ansatz,
            terms,
            engine=engine_named("forward"),
            seed=0,
            patchwork=Patchwork.of(model),
        )


@pytest.mark.parametrize("value", [np.nan, "a", True, lambda p: p.x], ids=lambda value: type(value).__name__)
def test_a_mean_is_a_number(value: object) -> None:
    with pytest.raises(ValueError, match="mean: expected a finite number; got"):
        Mean(value)  # type: ignore[arg-type]


def test_means_are_told_apart_by_component() -> None:
    assert [Mean(0.0).name, Mean(0.0, component=2).name] == ["mean", "mean_2"]
