"""What is observed of an objective, weights that change without compiling, and trainings that go on exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
import tensorflow as tf
from training_cases import PROBLEMS, SMALL, objective

from pinn.solvers import Adam, Lbfgs, Solver, State
from pinn.training import (
    EQUATION,
    Balance,
    Causal,
    GradientNorm,
    Rad,
    Rar,
    ResidualObjective,
    Sampling,
    SelfAdaptive,
    Training,
    blocks,
    train,
)
from pinn.training.observation import Observatory

NATURAL = {"dirichlet_boundary": np.pi**4, "initial": np.pi**4}  # of heat_1d, see natural_weight


def test_weights_of_points_weigh_rows_loss_gradient_and_jacobian() -> None:
    """Against the rows of the unweighted objective; the compiled loss is the same program before and after."""
    target, field = objective(PROBLEMS["pair"], natural=False)
    w = tf.constant(field.weights())
    traces: list[int] = []

    @tf.function(autograph=False)
    def everything(w: tf.Tensor) -> tuple[tf.Tensor, ...]:
        traces.append(1)
        return target.residuals(w), target.jacobian(w), *target.loss_and_gradient(w)

    rows, jacobian, _, _ = (part.numpy() for part in everything(w))
    counts = {name: len(points) for name, points in target.points().items()}
    factors = {EQUATION: np.linspace(0.0, 3.0, counts[EQUATION]), "neumann_x_max_0": 7.0}
    target.weigh(factors)
    scaled, weighed, loss, gradient = (part.numpy() for part in everything(w))
    # The equation has two residuals, which share the weights of its points.
    repeats = {name: 2 if name == EQUATION else 1 for name in counts}
    roots = np.sqrt(
        np.concatenate(
            [np.tile(np.broadcast_to(factors.get(name, 1.0), count), repeats[name]) for name, count in counts.items()]
        )
    )
    np.testing.assert_allclose(scaled, roots * rows, rtol=1e-12)
    np.testing.assert_allclose(weighed, roots[:, np.newaxis] * jacobian, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(loss, np.sum((roots * rows) ** 2), rtol=1e-12)
    np.testing.assert_allclose(gradient, 2 * (roots**2 * rows) @ jacobian, rtol=1e-9, atol=1e-10)
    target.weigh({})
    np.testing.assert_allclose(everything(w)[0], rows, rtol=1e-14)
    assert len(traces) == 1


def test_weights_of_a_term_are_its_own_times_those_of_the_balance() -> None:
    target, _ = objective(PROBLEMS["heat_1d"], weights={"initial": 3.0})
    target.weigh({"initial": 2.0, EQUATION: np.arange(12.0)})
    found = {name: weights.sum() for name, weights in target.point_weights().items()}
    assert found == pytest.approx({EQUATION: 66 / 12, "dirichlet_boundary": np.pi**4, "initial": 6.0})


@pytest.fixture(scope="module")
def dense() -> tuple[ResidualObjective, np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """An objective, its field's weights, and the rows and the Jacobian of its unweighted residuals by term."""
    target, field = objective(PROBLEMS["heat_1d"])
    w = tf.constant(field.weights())
    rows, jacobian = target.residuals(w).numpy(), target.jacobian(w).numpy()
    parts, start = [{}, {}], 0
    for name, points in target.points().items():
        place = slice(start, start := start + len(points))
        root = np.sqrt(NATURAL.get(name, 1.0) / len(points))
        parts[0][name], parts[1][name] = rows[place] / root, jacobian[place] / root
    return target, field.weights(), *parts


def test_what_is_observed_is_what_the_dense_jacobian_says(dense: tuple, monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks of few points: the equation is summed over three of them."""
    target, weights, rows, jacobian = dense
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 1)
    monkeypatch.setattr(blocks, "_LEAST_POINTS", 4)
    observed = Observatory(target).at(weights)
    assert observed.names == tuple(rows)
    np.testing.assert_allclose(observed.losses(), [np.mean(r**2) for r in rows.values()], rtol=1e-12)
    norms = [np.linalg.norm(2 / len(r) * r @ jacobian[name]) for name, r in rows.items()]
    np.testing.assert_allclose(observed.gradient_norms(), norms, rtol=1e-10)
    traces = [np.trace(J @ J.T) / len(J) for J in jacobian.values()]
    np.testing.assert_allclose(observed.traces(), traces, rtol=1e-10)
    for name, r in rows.items():
        np.testing.assert_allclose(observed.squares()[name], r**2, rtol=1e-10)
        np.testing.assert_array_equal(observed.times()[name], target.points()[name][:, 1])


def test_balanced_gradients_are_equally_long_and_fixed_weights_multiply(dense: tuple) -> None:
    target, weights, rows, jacobian = dense
    observed = Observatory(target).at(weights)
    balance = GradientNorm()
    factors = balance.factors(balance.update(balance.start(observed), observed), observed)
    lengths = {name: factors[name] * np.linalg.norm(2 / len(r) * r @ jacobian[name]) for name, r in rows.items()}
    np.testing.assert_allclose(list(lengths.values()), lengths[EQUATION], rtol=1e-10)
    target.weigh(factors)
    total = {name: weights.sum() for name, weights in target.point_weights().items()}
    target.weigh({})
    assert total == pytest.approx({name: NATURAL.get(name, 1.0) * factors[name] for name in rows})


FEW_ADAPTIVE = Sampling(interior=12, boundary=8, initial=5, resample_every=3, adapt=Rad(candidates=30))
RING = Sampling(interior=12, boundary=8, initial=5, resample_every=2, adapt=Rar(candidates=30, added=2))
Solvers = Callable[[int], Solver]


def adam(steps: int) -> Solver:
    return Adam(max_steps=steps, learning_rate=1e-2)


def lbfgs(steps: int) -> Solver:
    return Lbfgs(max_steps=steps)


# Factors of terms, of points and of moving points; points by a density, in a ring, and those that stay.
COURSES: dict[str, tuple[Balance, Sampling, Solvers]] = {
    "gradient_norm, rar": (GradientNorm(every=2), RING, adam),
    "self_adaptive": (SelfAdaptive(every=2), SMALL, lbfgs),
    "causal, rad": (Causal(every=2, bins=4), FEW_ADAPTIVE, lbfgs),
}


def course(name: str, steps: int, resume: Training | None = None) -> tuple[Training, ResidualObjective]:
    balance, sampling, solver = COURSES[name]
    target, field = objective(PROBLEMS["heat_1d"], sampling=sampling, natural=not balance.absolute)
    options = {"resample_every": sampling.resample_every, "balance": balance, "resume": resume}
    return train(target, solver(steps), field.weights(), steps_planned=steps, **options), target


def assert_equal(found: State, expected: Mapping[str, np.ndarray]) -> None:
    assert set(found) == set(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)


@pytest.mark.parametrize("name", COURSES)
def test_five_steps_and_five_are_ten(name: str) -> None:
    """State of the solver, points, their weights and what the balance remembers, bit for bit, in a new objective."""
    whole, target = course(name, 10)
    first, _ = course(name, 5)
    second, again = course(name, 10, resume=first)
    assert (first.steps, second.steps) == (5, 10)
    assert_equal(second.state, whole.state)
    assert_equal(second.revision, whole.revision)
    assert_equal(again.point_weights(), target.point_weights())
    assert list(second.history.columns()["step"]) == [6, 7, 8, 9, 10]
    np.testing.assert_array_equal(second.history.columns()["loss"], whole.history.columns()["loss"][5:])


def test_a_balance_steers_and_the_losses_by_term_stay_unweighted() -> None:
    """Weights that fall on one term are felt; what is reported of the terms are their plain mean squares."""
    heavy, target = course("self_adaptive", 10)
    plain_target, field = objective(PROBLEMS["heat_1d"])
    plain = train(plain_target, lbfgs(10), field.weights(), steps_planned=10)
    assert not np.array_equal(heavy.weights, plain.weights)
    last = {name: column[-1] for name, column in heavy.history.columns().items() if name.startswith("loss/")}
    expected = {f"loss/{name}": np.mean(s) for name, s in plain_target.point_squares(heavy.weights).items()}
    assert last == pytest.approx(expected, rel=1e-10)
    assert sum(w.sum() for w in target.point_weights().values()) > 2 * (1 + 2 * np.pi**4)


def test_balances_are_due_before_the_first_step_and_at_every_multiple() -> None:
    seen: list[float] = []

    class Spy(GradientNorm):  # type: ignore[misc]
        def update(self, state: State, observed: object) -> State:
            seen.append(float(state["updates"]))
            return {**state, "updates": state["updates"] + 1}

    target, field = objective(PROBLEMS["poisson_2d"])
    train(target, adam(9), field.weights(), steps_planned=9, balance=Spy(every=4))
    assert seen == [0, 0, 1, 2]  # once on trial, then at 0, 4 and 8
