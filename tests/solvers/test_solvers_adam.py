"""Adam against its textbook loop in NumPy, its precision, and its stop at a loss that is not finite."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from solvers_objectives import Residual, identical, rosenbrock

from pinn.solvers import Adam, Cosine, ExponentialDecay, StopReason
from pinn.solvers.adam import BLOCK


def rosenbrock_gradient(w: np.ndarray) -> np.ndarray:
    gradient = np.zeros_like(w)
    gradient[1:] += 200.0 * (w[1:] - w[:-1] ** 2)
    gradient[:-1] += -400.0 * w[:-1] * (w[1:] - w[:-1] ** 2) - 2.0 * (1.0 - w[:-1])
    return gradient


def constant(_step: int) -> float:
    return 0.01


def textbook(gradient, w, steps, rate, *, beta_1=0.9, beta_2=0.999, epsilon=1e-8, clip=np.inf) -> list[np.ndarray]:
    """Algorithm 1 of Kingma and Ba, written plainly; returns the weights before each step and after the last."""
    m, v, path = np.zeros_like(w), np.zeros_like(w), [w]
    for t in range(1, steps + 1):
        g = gradient(w)
        g = g * min(1.0, clip / np.sqrt(np.sum(g * g)))
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        w = w - rate(t - 1) * (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
        path.append(w)
    return path


START = np.array([-1.2, 1.0, 0.3, -0.5])
OPTIONS = {
    "default": (Adam(learning_rate=0.01), {"rate": constant}),
    "other betas": (
        Adam(learning_rate=0.01, beta_1=0.5, beta_2=0.99, epsilon=1e-3),
        {"rate": constant, "beta_1": 0.5, "beta_2": 0.99, "epsilon": 1e-3},
    ),
    "no momentum": (Adam(learning_rate=0.01, beta_1=0.0), {"rate": constant, "beta_1": 0.0}),
    "clipped": (Adam(learning_rate=0.01, clip_norm=5.0), {"rate": constant, "clip": 5.0}),
    "decay": (Adam(learning_rate=ExponentialDecay(0.02, 0.5, 50)), {"rate": lambda t: 0.02 * 0.5 ** (t / 50)}),
}


@pytest.mark.parametrize(("solver", "options"), OPTIONS.values(), ids=OPTIONS.keys())
def test_path_equals_the_textbook_loop(solver: Adam, options) -> None:
    steps = 200
    advance = solver.compile(rosenbrock(4))
    state, progress = advance(solver.start(START), steps)
    path = textbook(rosenbrock_gradient, START, steps, **options)
    # 200 steps of a few roundings each; at these options a change of 1e-15 at the start stays of that size.
    np.testing.assert_allclose(state["weights"], path[-1], rtol=1e-12)
    losses = [np.sum(100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2) for w in path]
    np.testing.assert_allclose(progress.losses, losses[:-1], rtol=1e-11)
    np.testing.assert_array_equal(np.argmin(progress.losses), np.argmin(losses[:-1]))
    np.testing.assert_allclose(solver.best(state), path[int(np.argmin(losses[:-1]))], rtol=1e-12)
    assert progress.evaluations == steps


def test_best_is_the_lowest_loss_even_if_later_ones_rise() -> None:
    """At rate 0.3 the iteration overshoots the minimum of `w^2` and swings out again."""
    solver, objective = Adam(learning_rate=0.3), Residual(lambda w: w, 1)
    state, progress = solver.compile(objective)(solver.start(np.array([1.0])), 8)
    path = textbook(lambda w: 2.0 * w, np.array([1.0]), 8, lambda _: 0.3)
    lowest = int(np.argmin(progress.losses))
    assert 0 < lowest < 7
    np.testing.assert_allclose(solver.best(state), path[lowest], rtol=1e-12)
    assert state["best_loss"] == progress.losses[lowest]


def test_float32_follows_float64() -> None:
    solver = Adam(learning_rate=0.01)
    state, progress = solver.compile(rosenbrock(4, tf.float32))(solver.start(START.astype(np.float32)), 100)
    assert {a.dtype for key, a in state.items() if key not in ("step", "stop")} == {np.dtype(np.float32)}
    path = textbook(rosenbrock_gradient, START, 100, constant)
    # 100 steps of at most 0.01 with relative errors of some float32 ulp (1.2e-7), amplified by the valley's curvature.
    np.testing.assert_allclose(state["weights"], path[-1], atol=1e-5)
    assert progress.losses.dtype == np.float64


def test_first_step_has_the_length_of_the_rate_in_float32() -> None:
    """With the bias corrected, the first step is `rate * sign(g)`; `1 - 0.999**1` must not lose float32's digits."""
    solver = Adam(learning_rate=1.0, epsilon=1e-30)
    objective = Residual(lambda w: w + 1.0, 2, tf.float32)
    state, _ = solver.compile(objective)(solver.start(np.zeros(2, np.float32)), 1)
    np.testing.assert_allclose(state["weights"], -1.0, rtol=5e-7)  # four float32 ulp


def test_counts_beyond_one_block_are_bit_identical_to_small_calls() -> None:
    solver = Adam(learning_rate=Cosine(0.01, 5000, warmup_steps=20), max_steps=5000)
    advance = solver.compile(rosenbrock(4))
    start = solver.start(START)
    count = 2 * BLOCK + 10
    whole, progress = advance(start, count)
    parts, losses = start, []
    for steps in (1, 7, BLOCK, BLOCK + 1, 1):
        parts, part = advance(parts, steps)
        losses.append(part.losses)
    assert identical(whole, parts)
    assert progress.losses.tobytes() == np.concatenate(losses).tobytes()
    assert len(progress.losses) == count


def test_step_limit_is_reached_exactly() -> None:
    solver = Adam(max_steps=BLOCK + 3)
    advance = solver.compile(rosenbrock(4))
    state, progress = advance(solver.start(START), 10**9)
    assert (len(progress.losses), progress.stop) == (BLOCK + 3, StopReason.STEP_LIMIT)
    longer = Adam(max_steps=BLOCK + 5)
    _, more = longer.compile(rosenbrock(4))(state, 10**9)
    assert (len(more.losses), more.stop) == (2, StopReason.STEP_LIMIT)


@pytest.mark.parametrize("chunk", [1, 10, 1000], ids=lambda n: f"calls of {n}")
def test_stops_at_the_exact_step_where_the_loss_is_not_finite(chunk: int) -> None:
    """The loss `(w + 10)^2` falls towards a wall at 0.355: the textbook loop tells at which step it is crossed."""
    wall = 0.355
    objective = Residual(lambda w: tf.where(w < wall, tf.constant(np.nan, w.dtype), w + 10.0), 1)
    solver = Adam(learning_rate=0.01)
    path = textbook(lambda w: 2.0 * (w + 10.0), np.array([1.0]), 100, constant)
    crossing = next(k for k, w in enumerate(path) if w[0] < wall)
    assert 50 < crossing < 80  # rate 0.01 over a distance of 0.645, so not at a boundary of the calls

    advance, state, evaluations, stop, losses = solver.compile(objective), solver.start(np.array([1.0])), 0, None, []
    while stop is None:
        state, progress = advance(state, chunk)
        evaluations, stop = evaluations + progress.evaluations, progress.stop
        losses.extend(progress.losses)
    assert stop is StopReason.NOT_FINITE
    assert solver.steps_done(state) == len(losses) == crossing
    assert evaluations == crossing + 1  # the failing one is no step
    np.testing.assert_allclose(solver.current(state), path[crossing], rtol=1e-12)
    np.testing.assert_allclose(solver.best(state), path[crossing - 1], rtol=1e-12)
    assert np.all(np.isfinite(losses))
    assert np.isfinite(state["best_loss"])


def test_stops_at_a_gradient_that_is_not_finite() -> None:
    """The loss of `sqrt(w)` is finite at 0, its gradient by reverse mode is 0 * infinity."""
    solver = Adam()
    start = solver.start(np.zeros(1))
    state, progress = solver.compile(Residual(tf.sqrt, 1))(start, 5)
    assert progress.stop is StopReason.NOT_FINITE
    assert (len(progress.losses), progress.evaluations, solver.steps_done(state)) == (0, 1, 0)
    np.testing.assert_array_equal(solver.best(state), [0.0])


BAD = [
    ({"learning_rate": -1e-3}, ValueError, "learning_rate must satisfy 0 < learning_rate"),
    ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number, got 'fast'"),
    ({"beta_1": 1.0}, ValueError, "beta_1 must satisfy 0 <= beta_1 < 1"),
    ({"beta_2": -0.1}, ValueError, "beta_2 must satisfy"),
    ({"epsilon": 0.0}, ValueError, "epsilon must satisfy 0 < epsilon"),
    ({"max_steps": 0}, ValueError, "max_steps must be at least 1, got 0"),
    ({"max_steps": 1e4}, TypeError, "max_steps must be a whole number, got 10000.0"),
    ({"max_steps": True}, TypeError, "max_steps must be a whole number, got True"),
    ({"clip_norm": 0.0}, ValueError, "clip_norm must satisfy"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD, ids=[m for _, _, m in BAD])
def test_bad_options_are_named(options, error, message: str) -> None:
    with pytest.raises(error, match=f"Adam: {message}"):
        Adam(**options)
