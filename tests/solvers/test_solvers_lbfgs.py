"""L-BFGS against the dense BFGS formula, on quadratics, on Rosenbrock beside SciPy, and at the edges of its domain."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import minimize
from solvers_objectives import Residual, identical, least_squares, rosenbrock, tanh_fit, tanh_start, through_a_file

import pinn.solvers.quasi_newton as room
from pinn.solvers import Lbfgs, StopReason
from pinn.solvers.lbfgs import CurvatureMemory
from pinn.solvers.line_search import StrongWolfe
from pinn.solvers.objective import compile_evaluation


def dense_bfgs(pairs: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The inverse Hessian of BFGS, textbook matrix updates from the scaled identity."""
    s, y = pairs[-1]
    identity = np.eye(s.size)
    H = identity * (s @ y) / (y @ y)
    for s, y in pairs:
        rho = 1.0 / (s @ y)
        H = (identity - rho * np.outer(s, y)) @ H @ (identity - rho * np.outer(y, s)) + rho * np.outer(s, s)
    return H


def curved_pairs(count: int, size: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of a quadratic with eigenvalues from 0.1 to 10, roughened by 1 percent: no exact secant relations."""
    Q = np.linalg.qr(rng.normal(size=(size, size)))[0]
    A = Q @ np.diag(np.geomspace(0.1, 10.0, size)) @ Q.T
    steps = rng.normal(size=(count, size))
    return [(s, A @ s * (1.0 + 0.01 * rng.normal())) for s in steps]


@pytest.mark.parametrize("count", [1, 2, 5, 6, 11, 18], ids=lambda n: f"{n} pairs")
def test_memory_applies_the_dense_bfgs_matrix_of_its_pairs(count: int) -> None:
    rng = np.random.default_rng(count)
    memory, capacity, size = CurvatureMemory.empty(6, 9), 6, 9
    pairs = curved_pairs(count, size, rng)
    assert all(memory.push(s, y) for s, y in pairs)
    H = dense_bfgs(pairs[-capacity:])
    applied = np.column_stack([memory.apply(e) for e in np.eye(size)])
    # The condition number of H times round-off, with room: 1e2 * 2e-16 * (6 updates of growth about 10).
    np.testing.assert_allclose(applied, H, atol=1e-11 * np.abs(H).max())
    s, y = pairs[-1]
    np.testing.assert_allclose(memory.apply(y), s, atol=1e-12 * np.abs(H).max() * np.abs(y).max())  # secant equation


@pytest.mark.parametrize(
    ("s", "y"),
    [
        ([1.0, 0.0], [-1.0, 0.0]),
        ([1.0, 0.0], [0.0, 1.0]),
        ([1.0, 0.0], [1e-17, 1.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([1e-200, 0.0], [1e-200, 0.0]),
        ([1.0, 0.0], [1e-170, 0.0]),
        ([1.0, 0.0], [np.nan, 1.0]),
    ],
    ids=["negative", "none", "below round-off", "no step", "underflow", "square underflows", "NaN"],
)
def test_pairs_without_curvature_are_left_out(s: list[float], y: list[float]) -> None:
    memory = CurvatureMemory.empty(3, 2)
    assert memory.push(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    before = memory.apply(np.array([1.0, 1.0]))
    assert not memory.push(np.array(s), np.array(y))
    np.testing.assert_array_equal(memory.apply(np.array([1.0, 1.0])), before)


@pytest.mark.parametrize(("memory", "start"), [(40, [-1.2, 1.0, 0.5]), (4, [-1.2, 1.0, 0.5])], ids=["full", "ring"])
def test_every_iteration_moves_along_the_dense_bfgs_direction(memory: int, start: list[float]) -> None:
    solver, w = Lbfgs(memory=memory), np.array(start)
    advance, state = solver.compile(rosenbrock(3)), solver.start(w)
    points = [(w, compile_evaluation(rosenbrock(3))(w)[1])]
    for _ in range(25):
        state, _ = advance(state, 1)
        points.append((state["weights"], state["gradient"]))
    for k in range(1, len(points) - 1):
        history = points[max(0, k - memory) : k + 1]
        pairs = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(history)]
        direction = -dense_bfgs(pairs) @ points[k][1]
        moved = points[k + 1][0] - points[k][0]
        cosine = moved @ direction / np.linalg.norm(moved) / np.linalg.norm(direction)
        # s and y are recovered here from differences of weights: relative errors of 1e-13 for steps of 1e-3.
        assert cosine == pytest.approx(1.0, abs=1e-9), f"iteration {k + 1}"


def test_first_step_has_unit_length_at_most() -> None:
    """Steepest descent at a gradient of length 2e6 must not leap by 2e6: the first trial moves by 1."""
    objective = least_squares(1e3 * np.eye(2), np.zeros(2))
    solver = Lbfgs(line_search=StrongWolfe(max_evaluations=1))
    w = np.array([3.0, 4.0])
    state, _ = solver.compile(objective)(solver.start(w), 1)
    np.testing.assert_allclose(state["weights"], w * (1.0 - 1.0 / 5.0), rtol=1e-14)


@pytest.mark.parametrize("condition", [1.0, 1e2, 1e4, 1e6], ids=lambda c: f"condition {c:g}")
def test_quadratic_ends_in_n_iterations_whatever_the_condition(condition: float) -> None:
    """With exact line searches BFGS directions are conjugate, so the minimum is met after at most n iterations.

    `condition` is that of the Hessian. The searches are exact to 1e-8, the interpolating cubic being exact on a
    parabola. Round-off moves the final weights by eps * condition, relatively, hence the loss by its square.
    """
    n, rng = 8, np.random.default_rng(1)
    Q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    A = np.diag(np.geomspace(1.0, condition**0.5, n)) @ Q
    solver = Lbfgs(line_search=StrongWolfe(sufficient_decrease=1e-10, curvature=1e-8))
    w = rng.normal(size=n)
    _, progress = solver.compile(least_squares(A, np.zeros(n)))(solver.start(w), n)
    relative = progress.losses / np.sum((A @ w) ** 2)
    assert relative[-1] <= 1e-30 * condition**2
    if condition > 1.0:  # n different eigenvalues need all n iterations
        assert relative[n - 2] > 1e-6


def test_convergence_is_superlinear() -> None:
    """The ratio of successive errors tends to 0 (Nocedal, Wright, theorem 6.6); steepest descent keeps its rate."""
    solver, w = Lbfgs(memory=60), np.array([-1.2, 1.0])
    advance, state, errors = solver.compile(rosenbrock(2)), solver.start(w), []
    stop = None
    while stop is None:
        state, progress = advance(state, 1)
        errors.append(np.linalg.norm(state["weights"] - 1.0))
        stop = progress.stop
    resolved = [e for e in errors if e > 1e-13]  # below, round-off of weights near 1
    ratios = np.divide(resolved[1:], resolved[:-1])
    assert ratios[-1] < 1e-2
    assert np.exp(np.mean(np.log(ratios[-4:]))) < 0.1


ROSENBROCK = {"2": (2, 50), "20": (20, 150)}  # evaluations to reach 1e-8 in the weights


@pytest.mark.parametrize(("size", "budget"), ROSENBROCK.values(), ids=ROSENBROCK.keys())
def test_rosenbrock_within_a_stated_number_of_evaluations_and_beside_scipy(size: int, budget: int) -> None:
    objective, w = rosenbrock(size), np.tile([-1.2, 1.0], size // 2)
    solver, evaluations, state = Lbfgs(memory=50), 0, None
    advance, state = solver.compile(objective), solver.start(w)
    while np.max(np.abs(state["weights"] - 1.0)) > 1e-8:
        state, progress = advance(state, 1)
        evaluations += progress.evaluations
        assert progress.stop in (None, StopReason.GRADIENT_TOLERANCE)
        assert evaluations <= budget

    evaluate, theirs, reached = compile_evaluation(objective), 0, False

    def counted(weights: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal theirs, reached
        theirs += not reached
        reached = reached or bool(np.max(np.abs(weights - 1.0)) <= 1e-8)
        return evaluate(weights)

    minimize(counted, w, jac=True, method="L-BFGS-B", options={"maxcor": 50, "ftol": 0.0, "gtol": 0.0})
    assert reached
    assert evaluations <= 2 * theirs


def test_every_loss_is_below_the_one_before_and_round_off_ends_the_descent() -> None:
    solver = Lbfgs(max_steps=5000)
    state, progress = solver.compile(tanh_fit())(solver.start(np.random.default_rng(1).normal(size=12)), 5000)
    assert np.all(np.diff(progress.losses) < 0.0)
    assert progress.stop is StopReason.ROUND_OFF
    assert progress.losses[-1] < 1e-28  # a zero-residual fit with residuals at round-off, 25 * (1e-16)^2 and some
    assert len(progress.losses) == solver.steps_done(state) < 5000


def test_nonzero_minimum_ends_at_round_off() -> None:
    """Near a minimum of 1 the loss resolves weights to the root of round-off, and the search must not wander on."""
    objective = least_squares(np.array([[1.0, 2.0], [3.0, 1.0], [0.0, 0.0]]), np.array([1.0, 1.0, 1.0]))
    solver = Lbfgs()
    state, progress = solver.compile(objective)(solver.start(np.array([30.0, -20.0])), 1000)
    assert progress.stop in (StopReason.ROUND_OFF, StopReason.GRADIENT_TOLERANCE)
    assert progress.losses[-1] == pytest.approx(1.0, rel=1e-15)
    np.testing.assert_allclose(solver.best(state), [0.2, 0.4], atol=1e-7)
    assert progress.evaluations < 200


@pytest.mark.parametrize("tolerance", [1e-2, 1e-5, 1e-8])
def test_gradient_tolerance_is_met_and_not_overshot(tolerance: float) -> None:
    solver = Lbfgs(gradient_tolerance=tolerance)
    advance, start = solver.compile(rosenbrock(2)), solver.start(np.array([-1.2, 1.0]))
    state, progress = advance(start, 1000)
    assert progress.stop is StopReason.GRADIENT_TOLERANCE
    assert np.max(np.abs(state["gradient"])) <= tolerance
    before, _ = advance(start, len(progress.losses) - 1)
    assert np.max(np.abs(before["gradient"])) > tolerance
    again, none = advance(state, 10)
    assert (len(none.losses), none.evaluations, none.stop) == (0, 0, StopReason.GRADIENT_TOLERANCE)
    assert identical(state, again)
    _, tighter = Lbfgs(gradient_tolerance=tolerance / 1e3).compile(rosenbrock(2))(state, 1000)
    assert len(tighter.losses) > 0


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The losses of every evaluation made by L-BFGS."""
    losses: list[float] = []

    def recording(objective):
        evaluate = compile_evaluation(objective)

        def recorded(weights):
            loss, gradient = evaluate(weights)
            losses.append(loss)
            return loss, gradient

        return recorded

    monkeypatch.setattr(room, "compile_evaluation", recording)
    return losses


def test_backs_off_from_a_region_where_the_loss_is_nan(seen: list[float]) -> None:
    """`log(w)` is NaN for w < 0; its square is so flat at w = 30 that the search leaps over the border."""
    objective = Residual(tf.math.log, 2)
    solver = Lbfgs()
    state, progress = solver.compile(objective)(solver.start(np.array([30.0, 20.0])), 100)
    assert np.isnan(seen).any()
    assert np.all(np.isfinite(progress.losses))
    assert progress.evaluations == len(seen)
    np.testing.assert_allclose(solver.best(state), 1.0, atol=1e-12)


def test_start_where_the_loss_is_nan_stops_at_once() -> None:
    solver = Lbfgs()
    start = solver.start(np.array([-1.0]))
    state, progress = solver.compile(Residual(tf.math.log, 1))(start, 10)
    assert (progress.stop, len(progress.losses), progress.evaluations) == (StopReason.NOT_FINITE, 0, 1)
    np.testing.assert_array_equal(solver.current(state), [-1.0])


def test_failed_search_drops_the_memory_and_goes_on_by_steepest_descent() -> None:
    """A memory from another objective, whose direction fails here within the trials allowed, costs one restart only."""
    stiff, soft = least_squares(1e4 * np.eye(3), np.zeros(3)), least_squares(1e-4 * np.eye(3), np.zeros(3))
    solver = Lbfgs(line_search=StrongWolfe(max_evaluations=3))
    state, _ = solver.compile(soft)(solver.start(np.array([1.0, 2.0, 3.0])), 1)
    assert state["pairs"] == 1
    # Hand over a memory whose scale is 1e16 times too long along the pair only; across it, steepest descent is sound.
    state = solver.forget(state) | {"scale": np.array(0.9e-8)}
    moved, progress = solver.compile(stiff)(state, 1)
    assert progress.stop is None
    assert len(progress.losses) == 1
    assert progress.evaluations == 1 + 3 + 1  # the start, the failed search, one step of steepest descent
    assert moved["pairs"] == 1  # the old pair dropped, the new one kept


def test_gradient_whose_square_underflows_ends_the_descent() -> None:
    solver = Lbfgs()
    objective = least_squares(1e-100 * np.eye(2), np.zeros(2))
    _, progress = solver.compile(objective)(solver.start(np.array([1.0, 2.0])), 100)
    assert (progress.stop, len(progress.losses), progress.evaluations) == (StopReason.ROUND_OFF, 0, 1)


def test_wrong_gradient_ends_instead_of_wandering() -> None:
    """A gradient of the wrong sign leaves no lower point along it."""

    class Wrong(Residual):
        def loss_and_gradient(self, weights):
            loss, gradient = super().loss_and_gradient(weights)
            return loss, -gradient

    solver = Lbfgs()
    _, progress = solver.compile(Wrong(lambda w: w, 2))(solver.start(np.array([1.0, 2.0])), 100)
    assert progress.stop is StopReason.ROUND_OFF
    assert progress.evaluations <= 31


def test_checkpoint_in_the_middle_of_a_full_ring_continues_bit_for_bit(tmp_path) -> None:
    solver = Lbfgs(memory=5)
    advance, start = solver.compile(tanh_fit()), solver.start(tanh_start())
    whole, _ = advance(start, 30)
    half, _ = advance(start, 13)
    assert half["pairs"] == 13  # wrapped around
    resumed, _ = solver.compile(tanh_fit())(through_a_file(half, tmp_path / "half.npz"), 17)
    assert identical(whole, resumed)


BAD = [
    ({"memory": 0}, ValueError, "memory must be at least 1, got 0"),
    ({"memory": 2.0}, TypeError, "memory must be a whole number, got 2.0"),
    ({"max_steps": -1}, ValueError, "max_steps must be at least 1, got -1"),
    ({"gradient_tolerance": -1e-9}, ValueError, "gradient_tolerance must satisfy 0 <= gradient_tolerance"),
    ({"line_search": 0.9}, TypeError, "line_search must be a StrongWolfe, got 0.9"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD, ids=[m for _, _, m in BAD])
def test_bad_options_are_named(options, error, message: str) -> None:
    with pytest.raises(error, match=f"Lbfgs: {message}"):
        Lbfgs(**options)


def test_float32_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match="Lbfgs works in float64, the objective is float32: set dtype=float64"):
        Lbfgs().compile(rosenbrock(2, tf.float32))
    with pytest.raises(TypeError, match="Lbfgs: the weights must be float64, got float32"):
        Lbfgs().start(np.zeros(2, np.float32))
