"""What is observed of an objective, weights that change without compiling, and trainings that go on exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
import tensorflow as tf
from training_cases import PROBLEMS, objective

from pinn.solvers import Lbfgs, Solver, State
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
    Snapshot,
    Training,
    blocks,
    train,
)
from pinn.training.observation import Observation, Observatory
from pinn.training.revision import Revision

Dense = tuple[ResidualObjective, np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]
NATURAL = dict.fromkeys(("dirichlet_boundary", "initial"), (np.pi**2 + 1) ** 2)  # of heat_1d, see natural_weight


def test_weights_of_points_weigh_rows_loss_and_gradient_and_nothing_compiles_again() -> None:
    """Against the rows of the unweighted objective, and the gradient against differences of the loss."""
    target, field = objective(PROBLEMS["pair"], natural=False)
    w = tf.constant(field.weights())
    traces: list[int] = []

    @tf.function(autograph=False)
    def everything(w: tf.Tensor) -> tuple[tf.Tensor, ...]:
        traces.append(1)
        return target.residuals(w), *target.loss_and_gradient(w)

    rows = everything(w)[0].numpy()
    counts = {name: len(points) for name, points in target.points().items()}
    factors = {EQUATION: np.linspace(0.0, 3.0, counts[EQUATION]), "neumann_x_max_0": 7.0}
    target.weigh(factors)
    scaled, loss, gradient = (part.numpy() for part in everything(w))
    # The equation has two residuals, which share the weights of its points.
    repeats = {name: 2 if name == EQUATION else 1 for name in counts}
    weights = [np.tile(np.broadcast_to(factors.get(name, 1.0), n), repeats[name]) for name, n in counts.items()]
    np.testing.assert_allclose(scaled, np.sqrt(np.concatenate(weights)) * rows, rtol=1e-12)
    np.testing.assert_allclose(loss, np.sum(np.concatenate(weights) * rows**2), rtol=1e-12)
    direction = np.random.default_rng(0).normal(size=target.size)
    ahead, behind = (float(everything(w + h * direction)[1]) for h in (1e-5, -1e-5))
    np.testing.assert_allclose(gradient @ direction, (ahead - behind) / 2e-5, rtol=1e-6)
    target.weigh({})
    np.testing.assert_allclose(everything(w)[0], rows, rtol=1e-14)
    assert len(traces) == 1


def test_weights_of_a_term_are_its_own_times_those_of_the_balance() -> None:
    target, _ = objective(PROBLEMS["heat_1d"], weights={"initial": 3.0})
    target.weigh({"initial": 2.0, EQUATION: np.arange(12.0)})
    found = {name: weights.sum() for name, weights in target.point_weights().items()}
    assert found == pytest.approx({EQUATION: 66 / 12, **NATURAL, "initial": 6.0})


@pytest.fixture(scope="module")
def dense() -> Dense:
    """An objective, its field's weights, and the rows and the Jacobian of its unweighted residuals by term.

    They are those of points with all kinds of weights, which must be found in the Jacobian and nowhere else.
    """
    target, field = objective(PROBLEMS["heat_1d"])
    w, generator = tf.constant(field.weights()), np.random.default_rng(1)
    counts = {name: len(points) for name, points in target.points().items()}
    factors = {name: generator.uniform(0.5, 2.0, count) for name, count in counts.items()}
    target.weigh(factors)
    rows, jacobian = target.residuals(w).numpy(), target.jacobian(w).numpy()
    by_term: list[dict[str, np.ndarray]] = [{}, {}]
    start = 0
    for name, count in counts.items():
        place = slice(start, start := start + count)
        roots = np.sqrt(NATURAL.get(name, 1.0) / count * factors[name])
        by_term[0][name], by_term[1][name] = rows[place] / roots, jacobian[place] / roots[:, np.newaxis]
    return target, field.weights(), *by_term


@pytest.fixture(scope="module")
def observed(dense: Dense) -> Iterator[Observation]:
    """In blocks of few points: the equation is summed over three of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_BLOCK_BYTES", 1)
        patch.setattr(blocks, "_LEAST_POINTS", 4)
        yield Observatory(dense[0]).at(dense[1])


def test_what_is_observed_is_what_the_dense_jacobian_says(dense: Dense, observed: Observation) -> None:
    target, _, rows, jacobian = dense
    assert observed.names == tuple(rows)
    np.testing.assert_allclose(observed.losses(), [np.mean(r**2) for r in rows.values()], rtol=1e-12)
    norms = [np.linalg.norm(2 / len(r) * r @ jacobian[name]) for name, r in rows.items()]
    np.testing.assert_allclose(observed.gradient_norms(), norms, rtol=1e-10)
    traces = [np.trace(J @ J.T) / len(J) for J in jacobian.values()]
    np.testing.assert_allclose(observed.traces(), traces, rtol=1e-10)
    for name, r in rows.items():
        np.testing.assert_allclose(observed.squares()[name], r**2, rtol=1e-10)
        np.testing.assert_array_equal(observed.times()[name], target.points()[name][:, 1])


def test_balanced_gradients_are_equally_long_and_fixed_weights_multiply(dense: Dense, observed: Observation) -> None:
    target, _, rows, jacobian = dense
    balance = GradientNorm()
    factors = balance.factors(balance.update(balance.start(observed), observed), observed)
    lengths = {name: factors[name] * np.linalg.norm(2 / len(r) * r @ jacobian[name]) for name, r in rows.items()}
    np.testing.assert_allclose(list(lengths.values()), lengths[EQUATION], rtol=1e-10)
    target.weigh(factors)
    total = {name: weights.sum() for name, weights in target.point_weights().items()}
    assert total == pytest.approx({name: NATURAL.get(name, 1.0) * factors[name] for name in rows})


FEW_ADAPTIVE = Sampling(interior=12, boundary=8, initial=5, resample_every=3, adapt=Rad(candidates=30))
RING = Sampling(interior=12, boundary=8, initial=5, resample_every=2, adapt=Rar(candidates=30, added=2))


def lbfgs(steps: int) -> Solver:
    return Lbfgs(max_steps=steps)


# Factors of terms and of points that move; points in a ring and by a density.
COURSES: dict[str, tuple[str, Balance, Sampling]] = {
    "gradient_norm, rar": ("poisson_1d", GradientNorm(every=2), RING),
    "causal, rad": ("heat_1d", Causal(every=2, bins=4), FEW_ADAPTIVE),
}


def course(name: str, steps: int, resume: Snapshot | None = None) -> tuple[Training, ResidualObjective]:
    problem, balance, sampling = COURSES[name]
    target, field = objective(PROBLEMS[problem], sampling=sampling, natural=not balance.absolute)
    options = {"resample_every": sampling.resample_every, "balance": balance, "resume": resume}
    return train(target, lbfgs(steps), field.weights(), steps_planned=steps, **options), target


def assert_equal(found: State, expected: Mapping[str, np.ndarray]) -> None:
    assert set(found) == set(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)


@pytest.mark.parametrize("name", COURSES)
def test_five_steps_and_five_are_ten(name: str) -> None:
    """State of the solver, points, their weights and what the balance remembers, bit for bit, in a new objective."""
    whole, target = course(name, 10)
    first, _ = course(name, 5)
    second, again = course(name, 10, resume=first.snapshot)
    assert (first.steps, second.steps) == (5, 10)
    assert_equal(second.state, whole.state)
    assert_equal(second.revision, whole.revision)
    assert_equal(again.point_weights(), target.point_weights())
    found, expected = second.history.columns(), whole.history.columns()
    assert list(found) == list(expected)
    assert list(found["step"]) == list(range(1, 11))
    np.testing.assert_array_equal(found["loss"], expected["loss"])
    assert (np.diff(found["seconds"]) > 0).all()
    assert second.train_seconds > first.train_seconds


def test_point_weights_grow_and_the_losses_by_term_stay_unweighted() -> None:
    """What is reported of the terms are their plain mean squares, as those of an objective without a balance."""
    target, field = objective(PROBLEMS["heat_1d"])
    found = train(target, lbfgs(4), field.weights(), steps_planned=4, balance=SelfAdaptive(every=2))
    assert sum(w.sum() for w in target.point_weights().values()) > 2 * (1 + sum(NATURAL.values()))
    plain, _ = objective(PROBLEMS["heat_1d"])
    last = {name: column[-1] for name, column in found.history.columns().items() if name.startswith("loss/")}
    expected = {f"loss/{name}": np.mean(s) for name, s in plain.point_squares(found.weights).items()}
    assert last == pytest.approx(expected, rel=1e-10)


def test_what_is_due_comes_before_the_first_step_and_at_every_multiple() -> None:
    looks: list[int] = []

    class Spy(GradientNorm):  # type: ignore[misc]
        def update(self, state: State, observed: object) -> State:
            looks.append(int(state["updates"]))
            return {**state, "updates": state["updates"] + 1}

    target, field = objective(PROBLEMS["poisson_2d"])
    drawn: list[int] = []
    target.resample = lambda epoch, weights: drawn.append(epoch)  # type: ignore[method-assign]
    revision = Revision.begin(target, Spy(every=4), 3, field.weights())
    assert revision.periods == (3, 4)
    changed = [done for done in range(10) if revision.revise(done, field.weights())]
    assert changed == [0, 3, 4, 6, 8, 9]
    assert looks == [0, 0, 1, 2]  # once on trial, then at 0, 4 and 8
    assert drawn == [1, 2, 3]
