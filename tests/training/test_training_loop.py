"""The loop: it stops with a reason, keeps the best, watches, resamples, and gives the same weights every time."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from training_cases import PROBLEMS, LogOfField, objective

from pinn.solvers import Adam, Chain, Lbfgs, StopReason
from pinn.training import Event, History, Training, train
from pinn.training.clock import divided
from pinn.training.interrupt import interruption
from pinn.training.loop import GOAL, INTERRUPTED, TIME_LIMIT


def _train(solver: object, **options: object) -> Training:
    target, field = objective(PROBLEMS["poisson_2d"], conditions="exact")
    return train(target, solver, field.weights(), steps_planned=10, **options)


CHAIN = Chain((Adam(max_steps=30, learning_rate=1e-2), Lbfgs(max_steps=20)))


def test_training_lowers_the_loss_and_says_why_it_stopped() -> None:
    events: list[Event] = []
    found = _train(CHAIN, observer=events.append, monitor=lambda w: float(np.sum(w**2)))
    assert found.steps == 50
    assert found.stop_reason == StopReason.STEP_LIMIT.value
    assert found.failure is None
    assert not found.interrupted
    history = found.history.columns()
    np.testing.assert_array_equal(history["step"], np.arange(1, 51))
    assert list(history["stage"]) == ["adam"] * 30 + ["lbfgs"] * 20
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert np.all(np.diff(history["seconds"]) >= 0)
    measured = ~np.isnan(history["error"])
    np.testing.assert_array_equal(~np.isnan(history["evaluations"]), measured)
    evaluations = history["evaluations"][measured]
    assert np.all(np.diff(evaluations) > 0)
    adam = measured & (history["stage"] == "adam")
    np.testing.assert_array_equal(history["evaluations"][adam], history["step"][adam])
    assert evaluations[-1] >= 50  # a line search takes at least one a step
    assert measured[-1]
    np.testing.assert_array_equal(measured, ~np.isnan(history["loss/equation"]))
    np.testing.assert_allclose(history["error"][-1], np.sum(found.weights**2))
    np.testing.assert_allclose(history["loss/equation"][-1], history["loss"][-1], rtol=1e-10)
    assert [event.step for event in events] == sorted({event.step for event in events})
    assert events[-1].step == 50
    assert events[-1].stage == "lbfgs"
    assert all(event.steps_planned == 10 for event in events)
    assert [event.terms["equation"] for event in events] == list(history["loss/equation"][measured])
    assert [event.error for event in events] == list(history["error"][measured])
    assert [event.controls() for event in (events[0], events[-1])] == [{"learning_rate": 1e-2}, {}]
    assert found.compile_seconds > 0
    assert found.train_seconds > 0


def test_the_same_seed_gives_the_same_weights_bit_for_bit() -> None:
    first, second = _train(CHAIN), _train(CHAIN)
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.history.columns()["loss"], second.history.columns()["loss"])


def test_a_goal_ends_training_at_a_step_that_no_clock_decides() -> None:
    """The error falls below the goal at some step; training ends at the next multiple of 100."""
    target, field = objective(PROBLEMS["poisson_1d"], conditions="exact")
    start = field.weights()
    runs = [
        train(
            target,
            Adam(max_steps=10**6, learning_rate=1e-3),
            start,
            steps_planned=10,
            monitor=lambda w: float(np.exp(-np.linalg.norm(w - start))),
            goal=0.9,
        )
        for _ in range(2)
    ]
    assert [run.stop_reason for run in runs] == [GOAL, GOAL]
    assert runs[0].steps == runs[1].steps
    assert runs[0].steps % 100 == 0
    np.testing.assert_array_equal(runs[0].weights, runs[1].weights)
    assert runs[0].history.columns()["error"][-1] <= 0.9


# steps to the next look at the clock, steps done, periods -> steps of a block
BLOCKS = {
    "no period": ((75, 30, 0, 0), 75),
    "a rest that is short": ((75, 0, 100, 0), 100),
    "a rest that is long": ((60, 0, 100, 0), 50),
    "an even division": ((30, 100, 0, 100), 34),
    "its end": ((30, 167, 100), 33),
    "the nearest of several": ((1000, 130, 100, 40), 30),
    "the slowest start": ((1, 0, 100), 1),
}


@pytest.mark.parametrize(("given", "steps"), BLOCKS.values(), ids=BLOCKS)
def test_blocks_divide_the_way_to_what_happens_next(given: tuple[int, ...], steps: int) -> None:
    assert divided(*given) == steps


# the same, and the steps between two pauses
PAUSED = {
    "no pauses": ((330, 0), 0, 330),
    "up to the last pause inside": ((330, 0), 100, 300),
    "from between two": ((330, 250), 100, 250),
    "none inside": ((60, 120), 100, 60),
    "an end that is one": ((300, 0), 100, 300),
    "on the way to what happens next": ((330, 0, 500), 100, 200),
    "what happens next": ((330, 200, 500), 100, 300),
    "what happens next, between two": ((390, 0, 250), 100, 250),
}


@pytest.mark.parametrize(("given", "pauses", "steps"), PAUSED.values(), ids=PAUSED)
def test_blocks_end_where_steps_pause_anyway(given: tuple[int, ...], pauses: int, steps: int) -> None:
    assert divided(*given, pauses=pauses) == steps


def test_a_time_limit_ends_training_with_a_reason() -> None:
    found = _train(Adam(max_steps=10**6), time_limit=0.2)
    assert found.stop_reason == TIME_LIMIT
    assert 0 < found.steps < 10**6
    assert found.failure is None


def test_an_interrupt_ends_training_at_a_whole_step_and_keeps_the_best() -> None:
    def interrupt(event: Event) -> None:
        if event.step > 20:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    found = _train(Adam(max_steps=10**6), observer=interrupt)
    assert found.interrupted
    assert found.stop_reason == INTERRUPTED
    assert found.steps > 20
    assert np.isfinite(found.weights).all()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def attended() -> Iterator[None]:
    """Python's own handler of Ctrl-C, also where the suite runs in the background and interrupts are ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_interrupt_is_raised(attended: None) -> None:
    with interruption() as came:
        assert not came()
        os.kill(os.getpid(), signal.SIGINT)
        assert came()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_other_threads_leave_signals_alone() -> None:
    answers: list[bool] = []

    def ask() -> None:
        with interruption() as came:
            answers.append(came())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert answers == [False]


def test_a_loss_that_is_not_a_number_names_step_and_residual_and_keeps_good_weights() -> None:
    target, field = objective(LogOfField())
    start = np.zeros_like(field.weights())
    start[-1] = 0.3  # the bias of the output: u = 0.3, and the equation drives it below 0.001
    found = train(target, Adam(max_steps=500, learning_rate=0.05), start, steps_planned=500)
    assert found.failure is not None
    assert found.failure.startswith(f"step {found.steps + 1}: the residual 'equation' is not finite at ")
    assert found.stop_reason == StopReason.NOT_FINITE.value
    assert 1 <= found.steps < 500
    assert np.isfinite(found.weights).all()
    assert "residuals are finite" in target.blame(found.weights)
    assert np.isfinite(found.history.columns()["loss"]).all()


@pytest.mark.parametrize("solver", [Adam(max_steps=20), Lbfgs(max_steps=20)], ids=lambda s: s.name)
def test_points_are_drawn_anew_at_the_steps_asked_for(solver: object) -> None:
    target, field = objective(PROBLEMS["poisson_2d"])
    drawn: list[int] = []
    resample = target.resample
    target.resample = lambda epoch, weights: (drawn.append(epoch), resample(epoch, weights))  # type: ignore[method-assign]
    found = train(target, solver, field.weights(), steps_planned=20, resample_every=6)
    assert drawn == list(range(1, (found.steps - 1) // 6 + 1))
    fixed, field = objective(PROBLEMS["poisson_2d"])
    assert not np.array_equal(train(fixed, solver, field.weights(), steps_planned=20).weights, found.weights)


def test_a_history_without_steps_has_empty_columns() -> None:
    columns = History().columns()
    assert {"step", "seconds", "evaluations", "loss", "error", "stage"} <= set(columns)
    assert all(len(column) == 0 for column in columns.values())
