"""The dense quasi-Newton methods against textbook formulas for the other matrix, on quadratics and on valleys."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from solvers_objectives import Residual, least_squares, rosenbrock, tanh_fit, tanh_start

from pinn.solvers import Bfgs, Lbfgs, SelfScaledBfgs, SelfScaledBroyden, StopReason
from pinn.solvers.bfgs import BroydenMetric, DenseQuasiNewton
from pinn.solvers.line_search import StrongWolfe
from pinn.solvers.transforms import TRANSFORMS

METHODS = {method.name: method for method in (Bfgs, SelfScaledBfgs, SelfScaledBroyden)}
each_method = pytest.mark.parametrize("name", METHODS)


def updated_hessian(name: str, B: np.ndarray, s: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The update of the Hessian `B` itself, as Al-Baali and Khalfan write it: their formulas 2, 3 and 20 to 25."""
    sy, sBs, n = s @ y, s @ B @ s, len(s)
    b, h = sBs / sy, y @ np.linalg.solve(B, y) / sy
    theta, tau = 0.0, 1.0
    if name == "ss_bfgs":
        tau = min(1.0, 1.0 / b)
    if name == "ss_broyden":
        a = b * h - 1.0
        rho_minus = min(1.0, h * (1.0 - math.sqrt(a / (1.0 + a))))
        rho_plus = min(1.0, 1.0 / b)
        theta = max((rho_minus - 1.0) / a, min(1.0 / rho_minus, (1.0 - b) / b))
        root = (1.0 + theta * a) ** (1.0 / (1.0 - n))
        tau = rho_plus * min(root, 1.0 / theta) if theta > 0 else min(rho_plus * root, 1.0 + theta * a)
    w = math.sqrt(sBs) * (y / sy - B @ s / sBs)
    return tau * (B - np.outer(B @ s, B @ s) / sBs + theta * np.outer(w, w)) + np.outer(y, y) / sy


def whole(metric: BroydenMetric) -> np.ndarray:
    return np.column_stack([metric.apply(e) for e in np.eye(len(metric.H))])


@each_method
@pytest.mark.parametrize("stretch", [0.3, 1.0, 3.0])
def test_updates_are_those_of_the_hessian_inverted(name: str, stretch: float) -> None:
    """Curvatures overestimated, met and underestimated: every branch of the formulas is taken in some update."""
    rng = np.random.default_rng(int(stretch * 100))
    A = rng.normal(size=(6, 6))
    A = A @ A.T + np.eye(6)
    metric = BroydenMetric(np.zeros((6, 6)), METHODS[name].family)
    B = None
    for k in range(12):
        s = rng.normal(size=6)
        y = A @ s * (stretch if k % 2 else 1.0)
        if B is None:
            B = np.eye(6) * (y @ y) / (s @ y)
        assert metric.push(s, y, s @ B @ s if k else np.nan)  # the first pair sets the scale of its own model
        B = updated_hessian(name, B, s, y)
        np.testing.assert_allclose(whole(metric) @ B, np.eye(6), atol=1e-8)
        np.testing.assert_allclose(metric.apply(y), s, rtol=1e-9)  # the secant equation, whatever the member


@each_method
def test_pairs_without_curvature_are_left_out(name: str) -> None:
    metric = BroydenMetric(np.zeros((2, 2)), METHODS[name].family)
    assert metric.push(np.array([1.0, 2.0]), np.array([2.0, 3.0]), 1.0)
    before = whole(metric)
    for s, y, modelled in (([1.0, 0.0], [-1.0, 0.0], 1.0), ([1.0, 0.0], [np.nan, 1.0], 1.0), ([1, 1], [1, 1], -1.0)):
        assert not metric.push(np.array(s, float), np.array(y, float), modelled)
        np.testing.assert_array_equal(whole(metric), before)


@pytest.mark.parametrize("condition", [1e2, 1e4])
def test_bfgs_ends_a_quadratic_in_n_iterations(condition: float) -> None:
    """With exact line searches BFGS directions are conjugate (Nocedal and Wright, theorem 6.4)."""
    n, rng = 8, np.random.default_rng(1)
    A = np.diag(np.geomspace(1.0, condition**0.5, n)) @ np.linalg.qr(rng.normal(size=(n, n)))[0]
    solver = Bfgs(transform="none", line_search=StrongWolfe(sufficient_decrease=1e-10, curvature=1e-8))
    w = rng.normal(size=n)
    _, progress = solver.compile(least_squares(A, np.zeros(n)))(solver.start(w), n + 1)
    relative = progress.losses / np.sum((A @ w) ** 2)
    assert relative[-1] <= 1e-26  # one step more than exact searches would need
    assert relative[n - 2] > 1e-6


@each_method
def test_convergence_is_superlinear(name: str) -> None:
    """The ratio of successive errors tends to 0 on a valley with a minimum that is not zero."""
    objective = Residual(lambda w: tf.stack([10.0 * (w[1] - w[0] ** 2), 1.0 - w[0], w[0] * 0.0 + 1.0]), 2)
    solver = METHODS[name](transform="none")
    advance, state, errors, stop = solver.compile(objective), solver.start(np.array([-1.2, 1.0])), [], None
    while stop is None:
        state, progress = advance(state, 1)
        errors.append(np.linalg.norm(state["weights"] - 1.0))
        stop = progress.stop
    resolved = [e for e in errors if e > 1e-7]  # below, the loss of 1 hides what the weights gain
    ratios = np.divide(resolved[1:], resolved[:-1])
    assert np.exp(np.mean(np.log(ratios[-4:]))) < 0.2


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("method", [Lbfgs, *METHODS.values()])
def test_transforms_share_the_minimum_and_every_loss_falls(method: type[DenseQuasiNewton], transform: str) -> None:
    solver = method(transform=transform, max_steps=2000)
    state, progress = solver.compile(tanh_fit())(solver.start(tanh_start()), 2000)
    assert np.all(np.diff(progress.losses) < 0.0)
    assert progress.losses[-1] < 1e-7  # a valley so flat that the loss itself takes thousands of steps
    np.testing.assert_allclose(
        tanh_fit().loss(tf.constant(solver.best(state))), progress.losses[-1], rtol=1e-6, atol=1e-26
    )


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_slopes_of_the_transforms_are_their_derivatives(transform: str) -> None:
    value, slope, _ = TRANSFORMS[transform]
    for loss in (1e-20, 1e-3, 7.0):
        numerical = (value(loss * 1.0001) - value(loss * 0.9999)) / (0.0002 * loss)
        assert slope(loss) == pytest.approx(numerical, rel=1e-6)
    assert math.isfinite(value(0.0))
    assert math.isfinite(slope(0.0))


@each_method
def test_a_loss_of_zero_is_the_end_and_no_accident(name: str) -> None:
    solver = METHODS[name](transform="log")
    state, progress = solver.compile(Residual(lambda w: w - 1.0, 3))(solver.start(np.array([4.0, 1.0, 2.0])), 50)
    assert progress.stop in (StopReason.GRADIENT_TOLERANCE, StopReason.ROUND_OFF)
    np.testing.assert_allclose(solver.best(state), 1.0, atol=1e-15)


@each_method
def test_a_matrix_that_has_gone_wrong_costs_one_restart(name: str) -> None:
    """A metric that points uphill is dropped, steepest descent takes over, and curvature is learned anew."""
    solver = METHODS[name]()
    advance = solver.compile(rosenbrock(4))
    state, _ = advance(solver.start(np.array([-1.2, 1.0, -1.2, 1.0])), 10)
    moved, progress = advance({**state, "H": -state["H"]}, 1)
    assert len(progress.losses) == 1
    assert moved["pairs"] == 1
    _, progress = advance(moved, 500)
    assert progress.losses[-1] < 1e-20


@each_method
def test_a_matrix_that_would_not_fit_is_refused_with_its_size(name: str) -> None:
    owner = METHODS[name].__name__
    with pytest.raises(
        ValueError, match=rf"{owner}: the inverse Hessian of 1000000 weights needs 1.86e\+04 GiB .*lbfgs"
    ):
        METHODS[name]().start(np.zeros(1_000_000))


def test_an_unknown_transform_is_refused() -> None:
    with pytest.raises(ValueError, match="SelfScaledBroyden: transform must be one of none, sqrt, log, got 'cube'"):
        SelfScaledBroyden(transform="cube")


VALLEY = tf.constant([[1.0, 1.0], [-10.0, 10.0]], tf.float64)  # 100 times as narrow as it is long


@each_method
@pytest.mark.parametrize("transform", ["none", "log"])
def test_the_metric_survives_a_change_of_points(name: str, transform: str) -> None:
    """A minimum that moves leaves the curvature of the loss as it was: nothing is dropped, and few trials are needed
    although the loss is many orders larger. On the loss itself the first step points straight to the new minimum.
    """
    target = tf.Variable([1.0, -1.0], dtype=tf.float64)
    solver = METHODS[name](transform=transform, line_search=StrongWolfe(curvature=0.1))
    advance = solver.compile(Residual(lambda w: tf.linalg.matvec(VALLEY, w - target), 2))
    state, progress = advance(solver.start(np.array([4.0, 1.0])), 9)
    target.assign([2.0, 1.5])
    moved, again = advance(solver.forget(state), 1)
    assert again.losses[0] > 100 * progress.losses[-1]
    assert moved["pairs"] == state["pairs"] + 1
    assert again.evaluations <= 12
    change, expected = moved["weights"] - state["weights"], [2.0, 1.5] - state["weights"]
    if transform == "none":
        assert change @ expected / np.linalg.norm(change) / np.linalg.norm(expected) > 0.99
