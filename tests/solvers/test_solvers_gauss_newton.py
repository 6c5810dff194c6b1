"""Methods of Gauss and Newton against dense algebra, on problems whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from solvers_objectives import Residual, identical, least_squares, rosenbrock, tanh_fit, tanh_start, through_a_file

from pinn.solvers import Bfgs, Chain, Engd, GaussNewtonCg, LeastSquares, LevenbergMarquardt, StopReason
from pinn.solvers.gauss_newton import DenseLocal, Gram
from pinn.solvers.gauss_newton_cg import Sketch
from pinn.solvers.linearized import Linearization

SHAPES = {"weight space": (12, 5), "sample space": (5, 12), "square": (6, 6)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_directions_solve_the_damped_normal_equations(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    J, r = rng.normal(size=shape), rng.normal(size=shape[0])
    for damping in (1e-3, 1.0, 1e3):
        expected = -np.linalg.solve(J.T @ J + damping * np.eye(shape[1]), J.T @ r)
        found = Gram.of(Linearization(r, J)).direction(damping)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_directions_pull_towards_what_they_are_asked_to() -> None:
    """SPRING's formula, written out: b v - (J^T J + m I)^-1 J^T (r + J b v)."""
    rng = np.random.default_rng(3)
    for shape in SHAPES.values():
        J, r, kept = rng.normal(size=shape), rng.normal(size=shape[0]), rng.normal(size=shape[1])
        expected = kept - np.linalg.solve(J.T @ J + 0.1 * np.eye(shape[1]), J.T @ (r + J @ kept))
        found = Gram.of(Linearization(r, J)).direction(0.1, around=kept)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_one_natural_gradient_step_is_the_formula_with_the_first_minimum_along_it() -> None:
    objective, start = tanh_fit(), tanh_start()
    solver = Engd(damping=1e-2, momentum=0.5)
    advance = solver.compile(objective)
    one, _ = advance(solver.start(start), 1)
    two, _ = advance(one, 1)
    w = solver.best(one)
    r, J = objective.residuals(tf.constant(w)).numpy(), objective.jacobian(tf.constant(w)).numpy()
    kept = 0.5 * one["velocity"]
    damping = 1e-2 * np.mean(np.diag(J @ J.T if J.shape[1] > J.shape[0] else J.T @ J))
    v = kept - np.linalg.solve(J.T @ J + damping * np.eye(len(w)), J.T @ (r + J @ kept))
    np.testing.assert_allclose(two["velocity"], v, rtol=1e-7, atol=1e-10)
    losses = [float(objective.loss(tf.constant(w + 0.5**k * v))) for k in range(30)]
    first = next(k for k in range(30) if losses[k] < r @ r and losses[k + 1] >= losses[k])
    np.testing.assert_allclose(solver.best(two), w + 0.5**first * v, rtol=1e-9, atol=1e-12)


def test_momentum_that_leads_uphill_is_dropped() -> None:
    solver = Engd(damping=1e-12, momentum=0.9)
    rng = np.random.default_rng(5)
    A, b = rng.normal(size=(20, 6)), rng.normal(size=20)
    start = {**solver.start(np.zeros(6)), "velocity": 1e8 * rng.normal(size=6)}
    state, _ = solver.compile(least_squares(A, b))(start, 2)
    np.testing.assert_allclose(solver.best(state), np.linalg.lstsq(A, b)[0], rtol=1e-6)


def test_a_sketch_of_full_rank_is_the_matrix_and_one_of_low_rank_its_largest_part() -> None:
    rng = np.random.default_rng(6)
    basis, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    values = 10.0 ** -np.arange(30.0)
    matrix = basis @ np.diag(values) @ basis.T
    for rank in (30, 6):
        test, _ = np.linalg.qr(rng.normal(size=(30, rank)))
        sketch = Sketch.of(test, matrix @ test)
        approximation = sketch.vectors @ np.diag(sketch.values) @ sketch.vectors.T
        assert np.linalg.norm(approximation - matrix, 2) < max(1e-13, 100 * values[min(rank, 29)])
        np.testing.assert_allclose(sketch.vectors.T @ sketch.vectors, np.eye(rank), atol=1e-6)


def test_conjugate_gradients_find_the_direction_of_the_dense_method() -> None:
    objective, start = tanh_fit(), tanh_start()
    dense = DenseLocal.of("", objective).model(start, 0)
    free = GaussNewtonCg(rank=5, tolerance=1e-12, iterations=1000).look(objective).model(start, 0)
    np.testing.assert_allclose(free.loss, dense.loss, rtol=1e-13)
    np.testing.assert_allclose(free.steepest, dense.steepest, rtol=1e-12)
    for damping in (1.0, 1e-3, 1e-6):
        change = dense.direction(damping)
        np.testing.assert_allclose(free.direction(damping), change, rtol=1e-5, atol=1e-7 * np.abs(change).max())
        np.testing.assert_allclose(free.predicted(change), dense.predicted(change), rtol=1e-9)


def test_the_sketch_saves_iterations_where_few_eigenvalues_are_large() -> None:
    """A spectrum of 1e6 and 1: a handful of iterations is enough with the large ones taken out, and not without."""
    rng = np.random.default_rng(7)
    basis, _ = np.linalg.qr(rng.normal(size=(60, 60)))
    spectrum = np.concatenate([10.0 ** np.linspace(3, 1, 10), np.linspace(1.0, 1.5, 50)])
    objective = least_squares(np.diag(spectrum) @ basis.T, rng.normal(size=60))
    solutions = {}
    for rank in (1, 15):
        model = GaussNewtonCg(rank=rank, iterations=12, tolerance=1e-12).look(objective).model(np.zeros(60), 0)
        solutions[rank] = model.predicted(model.direction(1e-9))
    assert solutions[15] < 1e-6
    assert solutions[1] > 1e-3


def test_a_matrix_that_round_off_has_made_indefinite_gives_no_direction() -> None:
    gram = Gram.of(Linearization(np.ones(3), np.full((3, 3), 1e8)))
    assert gram.direction(1e-6) is None
    assert gram.direction(gram.scale) is not None


def test_one_step_solves_linear_least_squares_whatever_the_damping_allows() -> None:
    rng = np.random.default_rng(1)
    A, b = rng.normal(size=(20, 6)), rng.normal(size=20)
    solver = LevenbergMarquardt(damping=1e-14)
    state, _ = solver.compile(least_squares(A, b))(solver.start(np.zeros(6)), 1)
    np.testing.assert_allclose(solver.best(state), np.linalg.lstsq(A, b)[0], rtol=1e-10)


def test_convergence_is_quadratic_where_the_residuals_vanish() -> None:
    """Undamped Gauss-Newton squares the error in each step (Nocedal and Wright, section 10.3)."""
    solver = LevenbergMarquardt(damping=1e-16)
    advance, state, errors = solver.compile(tanh_like()), solver.start(np.array([1.3, 0.8])), []
    for _ in range(5):
        state, _ = advance(state, 1)
        errors.append(np.abs(solver.best(state) - 1.0).max())
    resolved = [e for e in errors if e > 1e-14]
    orders = np.log(resolved[1:]) / np.log(resolved[:-1])
    assert orders[-1] > 1.7


def tanh_like() -> Residual:
    t = tf.constant(np.linspace(0.0, 1.0, 9))
    return Residual(lambda w: w[0] * tf.tanh(3 * t * w[1]) - tf.tanh(3 * t), 2)


def test_damping_rises_where_the_model_fails_and_falls_where_it_holds() -> None:
    solver = LevenbergMarquardt(damping=1e-8)
    advance, state = solver.compile(rosenbrock(2)), solver.start(np.array([-1.2, 1.0]))
    first, progress = advance(state, 1)
    assert progress.evaluations > 2  # the undamped step to the far side of the valley was refused
    assert first["damping"] > 1e-8
    last, _ = advance(first, 200)
    assert last["damping"] < first["damping"]
    np.testing.assert_allclose(solver.best(last), 1.0, atol=1e-12)


def test_a_checkpoint_resumes_bit_for_bit(tmp_path) -> None:
    solver = LevenbergMarquardt()
    advance, start = solver.compile(tanh_fit()), solver.start(tanh_start())
    whole, _ = advance(start, 20)
    half, _ = advance(start, 9)
    resumed, _ = solver.compile(tanh_fit())(through_a_file(half, tmp_path / "half.npz"), 11)
    assert identical(whole, resumed)


def test_a_weight_that_no_residual_feels_stays_where_it_is() -> None:
    solver = LevenbergMarquardt()
    state, progress = solver.compile(Residual(lambda w: w[:2] ** 2 - 1.0, 3))(
        solver.start(np.array([2.0, 3.0, 5.0])), 50
    )
    assert progress.losses[-1] < 1e-28
    assert solver.best(state)[2] == 5.0


def test_a_residual_that_is_not_finite_stops_at_the_last_good_weights() -> None:
    solver = LevenbergMarquardt()
    state, progress = solver.compile(Residual(tf.math.log, 1))(solver.start(np.array([-1.0])), 10)
    assert (progress.stop, len(progress.losses)) == (StopReason.NOT_FINITE, 0)
    np.testing.assert_array_equal(solver.current(state), [-1.0])


def test_a_jacobian_that_would_not_fit_is_refused_with_its_size() -> None:
    huge = Residual(lambda w: tf.zeros([10_000_000], tf.float64) + w[0], 1_000_000)
    with pytest.raises(ValueError, match=r"Jacobian of 10000000 residuals and 1000000 weights needs .* GiB .*lbfgs"):
        LevenbergMarquardt().compile(huge)


def test_gradient_tolerance_is_met() -> None:
    solver = LevenbergMarquardt(gradient_tolerance=1e-6)
    state, progress = solver.compile(rosenbrock(2))(solver.start(np.array([-1.2, 1.0])), 500)
    assert progress.stop is StopReason.GRADIENT_TOLERANCE
    _, gradient = rosenbrock(2).loss_and_gradient(tf.constant(solver.best(state)))
    assert np.abs(gradient).max() <= 1e-6


class Network(Residual):
    """A residual whose last three weights are those of a linear layer."""

    last_layer = 3


class TestLeastSquares:
    """Linear residuals."""

    def test_the_minimum_is_that_of_numpy(self) -> None:
        rng = np.random.default_rng(2)
        A, b = rng.normal(size=(30, 7)), rng.normal(size=30)
        solver = LeastSquares()
        state, progress = solver.compile(least_squares(A, b))(solver.start(rng.normal(size=7)), 10)
        np.testing.assert_allclose(solver.best(state), np.linalg.lstsq(A, b)[0], rtol=1e-12)
        assert progress.stop in (StopReason.ROUND_OFF, StopReason.STEP_LIMIT)

    def test_columns_that_depend_on_each_other_are_no_obstacle(self) -> None:
        """Rank 3 of 6: the residual is that of the rank-3 problem, and the weights stay of order 1."""
        rng = np.random.default_rng(3)
        half = rng.normal(size=(20, 3))
        A, b = np.hstack([half, half]), half @ np.ones(3)
        solver = LeastSquares()
        state, progress = solver.compile(least_squares(A, b))(solver.start(np.zeros(6)), 10)
        assert progress.losses[-1] < 1e-26
        np.testing.assert_allclose(solver.best(state), 0.5, rtol=1e-10)

    def test_the_condition_enters_once(self) -> None:
        """A condition of 1e10 leaves residuals of round-off, where the normal equations have none to tell."""
        rng = np.random.default_rng(4)
        A = rng.normal(size=(40, 8)) @ np.diag(np.geomspace(1.0, 1e-10, 8))
        b = A @ rng.normal(size=8)
        solver = LeastSquares()
        _, progress = solver.compile(least_squares(A, b))(solver.start(np.zeros(8)), 10)
        assert progress.losses[-1] < 1e-28 * (b @ b)

    def test_splitting_the_steps_changes_nothing(self) -> None:
        rng = np.random.default_rng(5)
        solver = LeastSquares()
        advance = solver.compile(least_squares(rng.normal(size=(9, 4)), rng.normal(size=9)))
        start = solver.start(np.zeros(4))
        whole, progress = advance(start, 4)
        state = start
        for _ in range(4):
            state, _ = advance(state, 1)
        assert identical(whole, state)
        again, none = advance(whole, 3)
        assert identical(whole, again)
        assert none.stop is progress.stop

    def test_residuals_that_are_not_linear_are_refused_with_the_remedy(self) -> None:
        solver = LeastSquares()
        with pytest.raises(ValueError, match=r"must be linear in the weights.*random_features.*levenberg_marquardt"):
            solver.compile(rosenbrock(2))(solver.start(np.array([-1.2, 1.0])), 1)

    def test_a_start_that_solves_the_equations_up_to_round_off_is_still_seen_to_be_linear(self) -> None:
        # What is left is round-off of terms that cancel, and so small a step is lost in them: r(w + d) = r(w).
        matrix, target = np.random.default_rng(6).normal(size=(9, 4)), np.full(9, 3.0)
        nearly = tf.constant(target * (1 - 2e-16))
        objective = Residual(lambda w: (tf.linalg.matvec(tf.constant(matrix), w) + target) - nearly, 4)
        assert 0.0 < float(objective.loss(tf.zeros(4, tf.float64))) < 1e-29
        solver = LeastSquares()
        state, progress = solver.compile(objective)(solver.start(np.zeros(4)), 3)
        assert progress.stop is StopReason.ROUND_OFF
        assert np.abs(solver.best(state)).max() < 1e-14

    def test_of_a_network_only_the_linear_last_layer_is_solved_for(self) -> None:
        """`tanh(X a) b - t` is linear in `b` alone: the answer is that of NumPy for the matrix `tanh(X a)`."""
        rng = np.random.default_rng(7)
        inputs, target, inner = rng.normal(size=(12, 2)), rng.normal(size=12), rng.normal(size=(2, 3))
        objective = Network(
            lambda w: tf.linalg.matvec(tf.tanh(tf.constant(inputs) @ tf.reshape(w[:6], [2, 3])), w[6:]) - target, 9
        )
        solver = LeastSquares()
        start = np.concatenate([inner.ravel(), rng.normal(size=3)])
        state, _ = solver.compile(objective)(solver.start(start), 4)
        np.testing.assert_array_equal(solver.best(state)[:6], start[:6])
        expected = np.linalg.lstsq(np.tanh(inputs @ inner), target, rcond=None)[0]
        np.testing.assert_allclose(solver.best(state)[6:], expected, rtol=1e-12)
        # Without that knowledge the whole network is tried, and is not linear.
        with pytest.raises(ValueError, match="must be linear"):
            solver.compile(Residual(objective.function, 9))(solver.start(start), 0)

    def test_a_chain_finishes_a_descent_and_refuses_curved_residuals_before_it(self) -> None:
        rng = np.random.default_rng(8)
        inputs, target = tf.constant(rng.normal(size=(15, 2))), rng.normal(size=15)
        features = lambda w: tf.linalg.matvec(tf.tanh(inputs @ tf.reshape(w[:6], [2, 3])), w[6:])  # noqa: E731
        start = rng.normal(size=9)
        losses = []
        for stages in ((Bfgs(max_steps=5),), (Bfgs(max_steps=5), LeastSquares())):
            chain = Chain(stages)
            objective = Network(lambda w: features(w) - target, 9)
            state, _ = chain.compile(objective)(chain.start(start), 20)
            losses.append(float(objective.loss(tf.constant(chain.best(state)))))
        assert losses[1] < losses[0]
        chain = Chain((Bfgs(max_steps=5), LeastSquares()))
        with pytest.raises(ValueError, match="must be linear"):
            chain.compile(Network(lambda w: features(w) ** 3 - target, 9))(chain.start(start), 0)

    def test_a_residual_that_is_not_finite_stops(self) -> None:
        solver = LeastSquares()
        objective = Residual(lambda w: w * np.nan, 2)
        _, progress = solver.compile(objective)(solver.start(np.ones(2)), 3)
        assert progress.stop is StopReason.NOT_FINITE
