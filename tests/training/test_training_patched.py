"""Residuals of a field in patches: the sparse blocks against the dense Jacobian, and the sparse solution."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Jet, PointSet, engine_named
from pinn.fields import FlatField, Layout, Patches, Patchwork
from pinn.geometry import Annulus, Interval, Shape
from pinn.problems import Condition, Dirichlet, Neumann, Problem
from pinn.solvers import Block, GaussNewton, LeastSquares, Sparse
from pinn.training import ResidualObjective, Sampling, enforce, terms_of


@dataclass(frozen=True)
class Pair(Problem):
    """Two coupled fields on an interval, a value and a flux, and a cube."""

    components = 2

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> dict[str, tf.Tensor]:
        v, w = u
        return {"v": v.laplacian() + w.value**3 - p.x, "w": w.d("x") - p.x * v.value}

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(1.0, on="x_min", component=0), Neumann(0.5, on="x_max", component=1))


@dataclass(frozen=True)
class Ring(Problem):
    """Laplace's equation between two circles: the middle of the box and its corners are empty."""

    @property
    def domain(self) -> Shape:
        return Annulus((0.0, 0.0), 1.0, 1.5)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(self.exact),)

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.math.log(p.x**2 + p.y**2) / 2


@functools.cache  # compiling takes seconds, and what is compiled says the same to every test
def objective_of(problem: Problem, recipe: Patches, sampling: Sampling) -> tuple[ResidualObjective, FlatField]:
    return made(problem, recipe, sampling, "auto")


def made(problem: Problem, recipe: Patches, sampling: Sampling, conditions: str) -> tuple[ResidualObjective, FlatField]:
    lower, upper = problem.domain.bounds
    model = recipe.build(Layout(lower, upper, components=problem.components))
    enforcement = enforce(problem, conditions)
    terms = terms_of(problem, enforcement.penalties, sampling, dtype=tf.float64, weights={})
    field, engine = FlatField(model, tf.float64), engine_named("auto")
    patchwork = Patchwork.of(model)
    return ResidualObjective(field, enforcement.ansatz, terms, engine=engine, seed=0, patchwork=patchwork), field


def ring() -> tuple[ResidualObjective, FlatField]:
    return objective_of(Ring(), Patches(7, features=3, scale=2.0, overlap=0.5), Sampling(interior=400))


def pair() -> tuple[ResidualObjective, FlatField]:
    return objective_of(Pair(), Patches(3, features=5, scale=3.0), Sampling(interior=25, boundary=2))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No number of points here is a multiple of it: the last chunk is never full."""
    monkeypatch.setattr("pinn.training.patched._CHUNK", 48)


def dense_of(objective: ResidualObjective, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    residuals, blocks = objective.linearize(weights)
    group = len(weights) // objective.groups
    matrix = np.zeros((len(residuals), len(weights)))
    rows: list[int] = []
    for block in blocks:
        rows.extend(block.rows)
        for k, number in enumerate(block.groups):
            own = slice(number * group, (number + 1) * group)
            matrix[block.rows, own] = block.matrix[:, k * group : (k + 1) * group]
    assert sorted(rows) == list(range(len(residuals)))  # each residual is in one block
    return residuals, matrix


def test_the_blocks_are_the_dense_jacobian() -> None:
    """Two components, a value in the ansatz, a flux as a penalty, a cube, and weights that are not zero.

    Residuals of third degree in the weights: two central differences make the derivative, without any error.
    """
    objective, field = pair()
    weights = np.random.default_rng(0).normal(size=field.size)
    expected = objective.residuals(tf.constant(weights)).numpy()
    residuals, matrix = dense_of(objective, weights)
    np.testing.assert_allclose(residuals, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())

    def central(k: int, h: float) -> np.ndarray:
        step = h * np.eye(field.size)[k]
        return (objective.evaluate(weights + step) - objective.evaluate(weights - step)) / (2 * h)

    slopes = np.stack([(4 * central(k, 0.25) - central(k, 0.5)) / 3 for k in range(field.size)], axis=1)
    np.testing.assert_allclose(matrix, slopes, rtol=1e-9, atol=1e-10 * np.abs(slopes).max())


def test_chunks_of_points_say_what_all_points_say_at_once() -> None:
    objective, field = ring()
    weights = np.random.default_rng(1).normal(size=field.size)
    expected = objective.residuals(tf.constant(weights)).numpy()
    np.testing.assert_allclose(objective.evaluate(weights), expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())
    residuals, matrix = dense_of(objective, weights)
    np.testing.assert_allclose(residuals, expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())
    zero = objective.evaluate(np.zeros(field.size))
    np.testing.assert_allclose(zero + matrix @ weights, expected, rtol=1e-9, atol=1e-11 * np.abs(expected).max())


def test_the_sparse_solution_has_the_residual_of_the_dense_one() -> None:
    objective, field = ring()
    assert isinstance(objective, Sparse)
    state, _ = LeastSquares().compile(objective)(LeastSquares().start(field.weights()), 2)
    residuals, matrix = dense_of(objective, np.zeros(field.size))
    best = np.linalg.lstsq(matrix, -residuals, rcond=1e-14)[0]
    left = np.linalg.norm(residuals + matrix @ best)
    assert left < 0.9 * np.linalg.norm(residuals)
    assert np.linalg.norm(objective.evaluate(state["weights"])) == pytest.approx(left, rel=1e-8)
    # Patches in the hole hold no point: nobody has to know, and they stay out.
    table = state["weights"].reshape(7, 7, 3)
    assert not table[3, 3].any()
    assert table[0, 3].any()


def test_a_solution_in_the_span_leaves_no_residual() -> None:
    """Weights that are found again from their own residuals."""
    objective, field = ring()
    offset = objective.evaluate(np.random.default_rng(2).normal(size=field.size))
    _, blocks = objective.linearize(np.zeros(field.size))

    class Shifted:
        """The same rows with another right-hand side, which those weights meet."""

        groups, size, dtype = objective.groups, objective.size, tf.float64

        def evaluate(self, weights: np.ndarray) -> np.ndarray:
            return objective.evaluate(weights) - offset

        def linearize(self, weights: np.ndarray) -> tuple[np.ndarray, list[Block]]:
            return self.evaluate(weights), list(blocks)

    _, progress = LeastSquares().compile(Shifted())(LeastSquares().start(np.zeros(field.size)), 4)
    assert progress.losses[-1] < 1e-24 * float(offset @ offset)


def test_a_nonlinear_equation_is_refused_by_least_squares_and_solved_by_newton() -> None:
    objective, field = pair()
    with pytest.raises(ValueError, match=r"LeastSquares: the residuals must be linear.*take solver=gauss_newton"):
        LeastSquares().compile(objective)(LeastSquares().start(np.ones(field.size)), 1)
    solver = GaussNewton()
    state, progress = solver.compile(objective)(solver.start(np.zeros(field.size)), 12)
    residuals, matrix = dense_of(objective, state["weights"])
    assert progress.losses[-1] == pytest.approx(residuals @ residuals, rel=1e-6)
    # At a minimum no direction that is felt lowers the linear model any more.
    change = np.linalg.lstsq(matrix, -residuals, rcond=1e-9)[0]
    left = np.linalg.norm(residuals + matrix @ change)
    assert left == pytest.approx(np.linalg.norm(residuals), rel=1e-3)


def test_exact_fluxes_are_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"field=patches: .*got exact fluxes.*Say conditions=auto"):
        made(Pair(), Patches(2, features=3), Sampling(interior=20, boundary=8), "exact")
