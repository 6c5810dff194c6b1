"""The laws of every solver, on every problem: a new solver joins with one line in `SOLVERS`."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest
import tensorflow as tf
from solvers_objectives import (
    Residual,
    identical,
    least_squares,
    rosenbrock,
    tanh_fit,
    tanh_start,
    through_a_file,
)

import pinn.solvers
from pinn.solvers import (
    Adam,
    Bfgs,
    Chain,
    Cosine,
    Engd,
    GaussNewton,
    GaussNewtonCg,
    Lbfgs,
    LeastSquares,
    LevenbergMarquardt,
    Progress,
    SelfScaledBfgs,
    SelfScaledBroyden,
    Solver,
    StopReason,
)


@dataclass(frozen=True)
class Case:
    """A solver and the loss it must reach on each problem, from losses of order 1 to 100 at the start."""

    solver: Solver
    least_squares: float
    rosenbrock: float
    tanh: float


RATE = Cosine(0.05, 10_000, warmup_steps=50)
SOLVERS = {
    "adam": Case(Adam(learning_rate=RATE, max_steps=10_000), least_squares=1e-24, rosenbrock=1e-20, tanh=2e-5),
    "lbfgs": Case(Lbfgs(max_steps=600), least_squares=1e-24, rosenbrock=1e-24, tanh=1e-10),
    "bfgs": Case(Bfgs(max_steps=600), least_squares=1e-24, rosenbrock=1e-24, tanh=1e-10),
    "ss_bfgs": Case(SelfScaledBfgs(max_steps=600), least_squares=1e-24, rosenbrock=1e-24, tanh=1e-10),
    "ss_broyden": Case(SelfScaledBroyden(max_steps=600), least_squares=1e-24, rosenbrock=1e-24, tanh=1e-10),
    "levenberg_marquardt": Case(LevenbergMarquardt(max_steps=600), least_squares=1e-24, rosenbrock=1e-24, tanh=1e-10),
    "engd": Case(
        # Long steps lead it into the other minimum of this function, at (-0.78, 0.61, 0.38, 0.15).
        Engd(max_steps=600),
        least_squares=1e-24,
        rosenbrock=3.70142861043002,
        tanh=1e-10,
    ),
    # Its first step, which is long, leads it where Engd's lead.
    "gauss_newton": Case(GaussNewton(max_steps=600), least_squares=1e-24, rosenbrock=3.70142861043002, tanh=1e-10),
    "gauss_newton_cg": Case(GaussNewtonCg(max_steps=600), least_squares=1e-24, rosenbrock=1e-24, tanh=1e-10),
    "chain": Case(
        Chain((Adam(learning_rate=0.02, max_steps=8), Lbfgs(max_steps=600))),
        least_squares=1e-24,
        rosenbrock=1e-24,
        tanh=1e-10,
    ),
}

MATRIX = np.random.default_rng(0).normal(size=(12, 5))
PROBLEMS = {
    "least_squares": (lambda: least_squares(MATRIX, MATRIX @ np.arange(1.0, 6.0)), np.zeros(5)),
    "rosenbrock": (lambda: rosenbrock(4), np.array([-1.2, 1.0, -1.2, 1.0])),
    "tanh": (tanh_fit, tanh_start()),
}

each_solver = pytest.mark.parametrize("name", SOLVERS)
each_problem = pytest.mark.parametrize("problem", PROBLEMS)


@functools.cache
def compiled(name: str, problem: str):
    make, _ = PROBLEMS[problem]
    return SOLVERS[name].solver.compile(make())


TARGET, SWITCH = tf.Variable(np.ones(3)), tf.Variable(1.0, dtype=tf.float64)


@functools.cache
def compiled_for_changes(name: str):
    """An objective that moves with `TARGET` and breaks with `SWITCH`."""
    weight = tf.constant([1.0, 2.0, 3.0], tf.float64)
    moving = Residual(lambda w: SWITCH * (weight * (w - TARGET) + 1e-3 * tf.norm(TARGET)), 3)
    return SOLVERS[name].solver.compile(moving)


def begin(name: str, problem: str = "tanh"):
    """The solver, its advance and its first state."""
    solver = SOLVERS[name].solver
    return solver, compiled(name, problem), solver.start(PROBLEMS[problem][1])


def test_every_exported_solver_is_in_the_table() -> None:
    exported = {getattr(pinn.solvers, name) for name in pinn.solvers.__all__}
    solvers = {c for c in exported if inspect.isclass(c) and issubclass(c, Solver) and not inspect.isabstract(c)}
    assert solvers == {type(case.solver) for case in SOLVERS.values()} | {LeastSquares}  # which refuses two problems
    assert all(case.solver.name == name for name, case in SOLVERS.items())


def test_importing_the_room_does_not_import_tensorflow() -> None:
    code = (
        "import sys, pinn.solvers as room; room.Chain((room.Adam(), room.Lbfgs())); print('tensorflow' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@each_problem
@each_solver
def test_reaches_the_minimum(name: str, problem: str) -> None:
    solver, advance, state = begin(name, problem)
    state, progress = advance(state, 10_000)
    best = solver.best(state)
    loss = float(PROBLEMS[problem][0]().loss(tf.constant(best)))
    assert loss <= getattr(SOLVERS[name], problem)
    # Eager and XLA round differently, residuals by about 100 summands' ulp: |r + e|^2 for 12 entries e of 1e-14.
    assert loss <= (np.sqrt(np.min(progress.losses)) + np.sqrt(12) * 1e-14) ** 2 * (1 + 1e-9)
    assert progress.stop is not None
    assert progress.stop.benign
    if problem == "least_squares":
        smallest = np.linalg.svd(MATRIX)[1][-1]  # |w - w*| <= sqrt(loss) / smallest singular value
        np.testing.assert_allclose(best, np.arange(1.0, 6.0), atol=getattr(SOLVERS[name], problem) ** 0.5 / smallest)


@each_problem
@each_solver
@pytest.mark.parametrize("parts", [[1] * 23, [7, 1, 1, 14], [0, 22, 0, 1]], ids=str)
def test_splitting_the_steps_changes_nothing(name: str, problem: str, parts: list[int]) -> None:
    _, advance, start = begin(name, problem)
    whole, progress = advance(start, 23)
    state, losses, evaluations = start, [], 0
    for steps in parts:
        state, part = advance(state, steps)
        losses.append(part.losses)
        evaluations += part.evaluations
    assert identical(whole, state)
    assert progress.losses.tobytes() == np.concatenate(losses).tobytes()
    assert progress.evaluations == evaluations


@each_solver
def test_checkpoint_resumes_bit_for_bit_in_a_new_compilation(name: str, tmp_path) -> None:
    solver, advance, start = begin(name)
    whole, progress = advance(start, 40)
    anew = solver.compile(tanh_fit())
    for done in (0, 5, 8, 25):
        part, _ = advance(start, done)
        resumed, rest = anew(through_a_file(part, tmp_path / "state.npz"), 40 - done)
        assert identical(whole, resumed)
        assert rest.losses.tobytes() == progress.losses[done:].tobytes()


@each_solver
def test_state_is_flat_arrays_of_fixed_shape(name: str) -> None:
    _, advance, start = begin(name, "rosenbrock")
    one, _ = advance(start, 1)
    two, _ = advance(one, 1)
    assert all(isinstance(a, np.ndarray) and a.dtype != object for a in two.values())
    shapes = [{key: (a.shape, a.dtype) for key, a in state.items()} for state in (start, one, two)]
    assert shapes[0] == shapes[1] == shapes[2]


@each_solver
def test_the_state_passed_in_is_never_changed(name: str) -> None:
    solver, advance, start = begin(name)
    for state in (start, advance(start, 12)[0]):
        before = {key: a.copy() for key, a in state.items()}
        for array in state.values():
            array.setflags(write=False)
        advance(state, 12)
        solver.forget(state)
        solver.best(state)[:] = 0.0
        solver.current(state)[:] = 0.0
        assert identical(before, state)


@each_solver
def test_no_steps_compile_and_change_nothing(name: str) -> None:
    _, advance, start = begin(name)
    state, progress = advance(start, 0)
    assert identical(start, state)
    assert (progress.losses.shape, progress.evaluations, progress.stop) == ((0,), 0, None)


@each_solver
def test_counts_agree_and_a_stop_is_final(name: str) -> None:
    solver, advance, state = begin(name, "least_squares")
    done = 0
    progress = Progress(np.empty(0), 0, None)
    while progress.stop is None:
        state, progress = advance(state, 50)
        done += len(progress.losses)
        assert solver.steps_done(state) == done
        assert progress.losses.dtype == np.float64
        assert progress.evaluations >= len(progress.losses)
        assert len(progress.losses) == 50 or progress.stop is not None
    for steps in (0, 5):
        again, none = advance(state, steps)
        assert identical(state, again)
        assert (len(none.losses), none.evaluations, none.stop) == (0, 0, progress.stop)


@each_solver
def test_start_copies_the_weights_and_is_their_best(name: str) -> None:
    solver, weights = SOLVERS[name].solver, tanh_start()
    state = solver.start(weights)
    weights[:] = 0.0
    np.testing.assert_array_equal(solver.best(state), tanh_start())
    np.testing.assert_array_equal(solver.current(state), tanh_start())
    assert solver.steps_done(state) == 0


@each_solver
def test_forget_lets_the_solver_follow_a_changed_objective(name: str) -> None:
    """The target moves to where the old best loss cannot be met again: the new minimum must become the best."""
    TARGET.assign(np.ones(3))
    SWITCH.assign(1.0)
    solver, advance = SOLVERS[name].solver, compiled_for_changes(name)
    state, _ = advance(solver.start(np.array([1.5, 0.5, 1.2])), 60)
    done, reached = solver.steps_done(state), solver.best(state)
    TARGET.assign([3.0, 2.0, 1.0])
    fresh = solver.forget(state)
    assert solver.steps_done(fresh) == done
    np.testing.assert_array_equal(solver.best(fresh), reached)
    np.testing.assert_array_equal(solver.current(fresh), solver.current(state))
    first, progress = advance(fresh, 1)
    assert progress.evaluations >= 1
    assert solver.steps_done(first) == done + 1
    state, _ = advance(first, 2000)
    minimum = np.array([3.0, 2.0, 1.0]) - 1e-3 * np.sqrt(14.0) / np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(solver.best(state), minimum, atol=1e-5)


def test_forget_keeps_moments_and_curvature_and_drops_losses() -> None:
    for name, kept, dropped in (
        ("adam", ("weights", "first_moment", "second_moment", "step", "best"), {"best_loss": np.inf}),
        ("lbfgs", ("weights", "S", "Y", "SY", "pairs", "scale", "step"), {"loss": np.nan, "gradient": 0.0}),
        ("ss_broyden", ("weights", "H", "pairs", "scale", "step"), {"loss": np.nan, "gradient": 0.0}),
    ):
        solver, advance, start = begin(name)
        state, _ = advance(start, 10)
        forgotten = solver.forget(state)
        for key in kept:
            np.testing.assert_array_equal(forgotten[key], state[key])
            assert np.any(state[key] != start[key])
        for key, value in dropped.items():
            assert np.all(np.isfinite(state[key]))
            np.testing.assert_array_equal(forgotten[key], np.full_like(state[key], value))


@each_solver
def test_forget_reopens_a_stop_caused_by_the_old_objective(name: str) -> None:
    TARGET.assign([3.0, 2.0, 1.0])
    SWITCH.assign(np.nan)
    solver, advance = SOLVERS[name].solver, compiled_for_changes(name)
    start = solver.start(np.ones(3))
    state, progress = advance(start, 5)
    assert (progress.stop, len(progress.losses), progress.evaluations) == (StopReason.NOT_FINITE, 0, 1)
    np.testing.assert_array_equal(solver.best(state), np.ones(3))
    np.testing.assert_array_equal(solver.current(state), np.ones(3))
    SWITCH.assign(1.0)
    assert advance(state, 5)[1].stop is StopReason.NOT_FINITE
    state, progress = advance(solver.forget(state), 1)
    assert (len(progress.losses), solver.steps_done(state)) == (1, 1)


@each_solver
def test_options_are_immutable(name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        SOLVERS[name].solver.max_steps = 5


@each_solver
@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        (-1, ValueError, "steps must be at least 0, got -1"),
        (1.5, TypeError, "steps must be a whole number, got 1.5"),
        (True, TypeError, "steps must be a whole number, got True"),
    ],
)
def test_wrong_steps_are_refused(name: str, steps, error, message: str) -> None:
    _, advance, start = begin(name)
    with pytest.raises(error, match=f"{type(SOLVERS[name].solver).__name__}: {message}"):
        advance(start, steps)


@each_solver
@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (np.zeros((2, 3)), ValueError, r"one flat vector \[P\] with P >= 1, got shape \(2, 3\)"),
        (np.zeros(0), ValueError, r"got shape \(0,\)"),
        (np.zeros(3, np.int64), TypeError, "the weights must be .*float64, got int64"),
        (np.zeros(3, np.float16), TypeError, "got float16"),
    ],
    ids=["matrix", "empty", "integers", "half precision"],
)
def test_wrong_weights_are_refused(name: str, weights, error, message: str) -> None:
    with pytest.raises(error, match=message):
        SOLVERS[name].solver.start(weights)


@each_solver
def test_state_of_another_objective_is_refused(name: str) -> None:
    solver, advance, _ = begin(name)
    with pytest.raises(ValueError, match=r"weights of shape \(3,\), the objective needs float64 of shape \(12,\)"):
        advance(solver.start(np.zeros(3)), 1)


def test_state_of_another_precision_is_refused() -> None:
    solver, advance, _ = begin("adam")
    with pytest.raises(ValueError, match=r"the state holds float32 weights .* the objective needs float64"):
        advance(solver.start(np.zeros(12, np.float32)), 1)


def test_objective_in_half_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="Adam works in float32 or float64, the objective is float16"):
        Adam().compile(rosenbrock(2, tf.float16))


def test_stop_reasons_are_sentences_and_only_not_finite_is_harmful() -> None:
    assert all(" " in reason.value for reason in StopReason)
    assert {reason for reason in StopReason if not reason.benign} == {StopReason.NOT_FINITE}


def test_objectives_of_the_table_obey_the_laws_of_the_protocol() -> None:
    """The fixtures themselves: products against the explicit Jacobian, the gradient against `2 J^T r`."""
    for make, start in PROBLEMS.values():
        objective, w = make(), tf.constant(start + 0.1)
        r, J = objective.residuals(w).numpy(), objective.jacobian(w).numpy()
        v = np.random.default_rng(5).normal(size=w.shape)
        loss, gradient = objective.loss_and_gradient(w)
        np.testing.assert_allclose(loss, r @ r, rtol=1e-13)
        np.testing.assert_allclose(gradient, 2.0 * J.T @ r, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(objective.jacobian_product(w, tf.constant(v)), J @ v, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(objective.transposed_product(w, tf.constant(r)), J.T @ r, rtol=1e-11, atol=1e-12)
