"""The chain: what is handed over, when, and what ends it."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from solvers_objectives import Residual, identical, rosenbrock, tanh_fit, tanh_start, through_a_file

from pinn.solvers import Adam, Chain, Lbfgs, StopReason


@functools.cache
def compiled(chain: Chain):
    return chain.compile(tanh_fit())


ADAM = Adam(learning_rate=0.3, max_steps=10)  # so fast that the last loss is not the lowest
LBFGS = Lbfgs(max_steps=20)
CHAIN = Chain((ADAM, LBFGS))


def test_chain_equals_its_stages_by_hand_from_the_best_weights() -> None:
    objective, w = tanh_fit(), tanh_start()
    adam_state, adam = ADAM.compile(objective)(ADAM.start(w), 100)
    assert np.any(ADAM.best(adam_state) != ADAM.current(adam_state))
    lbfgs_state, lbfgs = LBFGS.compile(objective)(LBFGS.start(ADAM.best(adam_state)), 100)

    chain = Chain([ADAM, LBFGS])
    state, progress = compiled(chain)(chain.start(w), 100)
    assert progress.losses.tobytes() == np.concatenate([adam.losses, lbfgs.losses]).tobytes()
    assert progress.evaluations == adam.evaluations + lbfgs.evaluations
    assert progress.stop is StopReason.STEP_LIMIT
    assert chain.steps_done(state) == 30
    assert chain.best(state).tobytes() == LBFGS.best(lbfgs_state).tobytes()


def test_active_stage_changes_with_the_last_step_of_a_stage() -> None:
    chain = CHAIN
    advance, state = compiled(chain), chain.start(tanh_start())
    assert chain.active(state) is ADAM
    state, progress = advance(state, 9)
    assert chain.active(state) is ADAM
    state, progress = advance(state, 1)
    assert (chain.active(state), progress.stop, chain.steps_done(state)) == (LBFGS, None, 10)
    state, progress = advance(state, 20)
    assert (chain.active(state), progress.stop, chain.steps_done(state)) == (LBFGS, StopReason.STEP_LIMIT, 30)


@pytest.mark.parametrize("done", [4, 10, 17], ids=["in adam", "at the hand-over", "in lbfgs"])
def test_checkpoint_in_any_stage_continues_bit_for_bit(done: int, tmp_path) -> None:
    chain = CHAIN
    advance, start = compiled(chain), chain.start(tanh_start())
    whole, _ = advance(start, 30)
    half, _ = advance(start, done)
    resumed, _ = advance(through_a_file(half, tmp_path / "half.npz"), 30 - done)
    assert identical(whole, resumed)


def test_stage_that_is_not_finite_ends_the_chain() -> None:
    """Adam runs into a wall at 0.5; the loss at its border is the best."""
    objective = Residual(lambda w: tf.where(w < 0.5, tf.constant(np.nan, w.dtype), w + 10.0), 1)
    adam = Adam(learning_rate=0.03, max_steps=1000)
    chain = Chain((adam, LBFGS))
    state, progress = chain.compile(objective)(chain.start(np.ones(1)), 1000)
    assert progress.stop is StopReason.NOT_FINITE
    assert chain.active(state) is adam
    assert chain.current(state)[0] < 0.5 <= chain.best(state)[0] < 0.54
    assert chain.steps_done(state) == len(progress.losses)


def test_stage_that_stops_early_for_a_benign_reason_hands_over() -> None:
    """The first stage meets its loose tolerance; the second goes on to the minimum."""
    chain = Chain((Lbfgs(gradient_tolerance=1.0), Lbfgs(gradient_tolerance=1e-9)))
    state, progress = chain.compile(rosenbrock(2))(chain.start(np.array([-1.2, 1.0])), 500)
    assert progress.stop is StopReason.GRADIENT_TOLERANCE
    assert int(state["stage"]) == 1
    np.testing.assert_allclose(chain.best(state), 1.0, atol=1e-8)


def test_stage_without_work_is_passed_through() -> None:
    chain = Chain((Lbfgs(gradient_tolerance=1e9), ADAM))
    state, progress = chain.compile(rosenbrock(2))(chain.start(np.array([-1.2, 1.0])), 3)
    assert (chain.active(state), len(progress.losses), progress.evaluations) == (ADAM, 3, 4)


def test_steps_are_told_apart_by_stage() -> None:
    advance, start = compiled(CHAIN), CHAIN.start(tanh_start())
    early, _ = advance(start, 4)
    late, _ = advance(early, 11)
    assert [CHAIN.stage_of(early, step) for step in (1, 4)] == [ADAM, ADAM]
    assert [CHAIN.stage_of(late, step) for step in (1, 10, 11, 15)] == [ADAM, ADAM, LBFGS, LBFGS]


def test_chains_nest() -> None:
    inner = Chain((Adam(max_steps=3), Adam(max_steps=4)))
    outer = Chain((inner, LBFGS))
    advance, start = outer.compile(tanh_fit()), outer.start(tanh_start())
    whole, _ = advance(start, 12)
    parts = start
    for _ in range(12):
        parts, _ = advance(parts, 1)
    assert identical(whole, parts)
    assert (outer.active(whole), outer.steps_done(whole)) == (LBFGS, 12)


def test_forget_reaches_the_active_stage() -> None:
    chain = CHAIN
    advance, start = compiled(chain), chain.start(tanh_start())
    state, _ = advance(start, 15)
    forgotten = chain.forget(state)
    assert np.isnan(forgotten["1.loss"])
    assert np.isfinite(state["1.loss"])
    assert chain.steps_done(forgotten) == 15


def test_bad_stages_are_named() -> None:
    with pytest.raises(ValueError, match="Chain: stages must hold at least one solver, got none"):
        Chain(())
    with pytest.raises(TypeError, match="Chain: every stage must be a Solver, got 'adam'"):
        Chain((ADAM, "adam"))
    with pytest.raises(ValueError, match="Lbfgs works in float64, the objective is float32"):
        Chain((ADAM, LBFGS)).compile(rosenbrock(2, tf.float32))
