"""Exact fluxes in training: nothing is left of their residuals at any weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
from training_cases import SMALL, objective

from pinn.calculus import Field, Jet, PointSet, engine_named
from pinn.geometry import Annulus, Interval, Shape
from pinn.problems import Condition, Dirichlet, Neumann, Poisson1D, Problem, Robin
from pinn.solvers import Adam
from pinn.training import enforce, terms_of, train


@dataclass(frozen=True)
class Flow(Problem):
    """A ring with given values outside, and a flux on the inside that is written with the normal."""

    @property
    def domain(self) -> Shape:
        return Annulus((0.0, 0.0), 1.0, 2.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(lambda p: p.x * p.y, on="outer"), Neumann(self.flux, on="inner"))

    def flux(self, p: PointSet) -> tf.Tensor:
        """n . grad (x y)."""
        assert p.normals is not None
        return p.normals[:, 0] * p.y + p.normals[:, 1] * p.x


@dataclass(frozen=True)
class Cooled(Problem):
    """A rod that is held on the left and cooled on the right, by a film whose coefficient is a function."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(1.0, on="x_min"), Robin(0.5, on="x_max", coefficient=lambda p: 2.0 * p.x))


PROBLEMS = {"rod": Poisson1D(), "ring": Flow(), "film": Cooled()}


def condition_losses(problem: Problem, field: Field) -> dict[str, float]:
    """The mean squares of all conditions of a problem, as its penalties would see them."""
    penalties = enforce(problem, "penalty").penalties
    terms = terms_of(problem, penalties, SMALL, dtype=tf.float64, weights={})
    found = {}
    for term in terms[1:]:
        points, normals = (tf.constant(array) for array in term.draw((7,)))
        found[term.name] = float(
            tf.reduce_mean(term.rows(field, points, normals, engine_named("auto"))[term.name] ** 2)
        )
    return found


@pytest.mark.parametrize("name", PROBLEMS)
def test_fluxes_hold_whatever_the_weights(name: str) -> None:
    """Mean squares of round-off at two draws of the weights, which give two fields."""
    target, network = objective(PROBLEMS[name], conditions="exact")
    assert list(target.points()) == ["equation"]
    start = network.weights()
    inside = tf.constant(PROBLEMS[name].domain.interior(np.full((1, PROBLEMS[name].domain.unit_dimension), 0.4)))
    fields = [target.field(tf.constant(weights)) for weights in (start, start[::-1] + 0.3)]
    assert abs(fields[0](inside) - fields[1](inside)).numpy().max() > 1e-3
    for field in fields:
        losses = condition_losses(PROBLEMS[name], field)
        assert len(losses) == 2
        assert max(losses.values()) < 1e-26


def test_training_with_exact_fluxes_lowers_the_loss() -> None:
    target, network = objective(PROBLEMS["rod"], conditions="exact")
    trained = train(target, Adam(max_steps=20, learning_rate=1e-2), network.weights(), steps_planned=20)
    loss = trained.history.columns()["loss"]
    assert trained.steps == 20
    assert loss[-1] < 0.95 * loss[0]
    assert max(condition_losses(PROBLEMS["rod"], target.field(tf.constant(trained.weights))).values()) < 1e-26


def test_the_jacobian_agrees_with_the_gradient() -> None:
    """Single points vectorised against one reverse pass over all points: grad |r|^2 = 2 J^T r."""
    target, network = objective(PROBLEMS["rod"], conditions="exact")
    weights = tf.constant(network.weights())
    residuals, jacobian = target.residuals(weights).numpy(), target.jacobian(weights).numpy()
    _, gradient = target.loss_and_gradient(weights)
    np.testing.assert_allclose(2 * jacobian.T @ residuals, gradient, atol=1e-12 * float(tf.reduce_max(abs(gradient))))
