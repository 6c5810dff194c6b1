"""What steers a solver, as numbers: those of the stage at work, and none where it steers itself."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.solvers import Adam, Bfgs, Chain, Constant, ExponentialDecay, LevenbergMarquardt, Solver, controls

START = np.zeros(3)
DECAY = ExponentialDecay(initial=1e-2, decay_rate=0.5, decay_steps=10)
CASES = {
    "a number": (Adam(learning_rate=3e-3), {}, {"learning_rate": 3e-3}),
    "a schedule": (Adam(learning_rate=DECAY), {"step": 20}, {"learning_rate": 2.5e-3}),
    "a constant schedule": (Adam(learning_rate=Constant(0.5)), {"step": 7}, {"learning_rate": 0.5}),
    "damping": (LevenbergMarquardt(damping=1e-4), {}, {"damping": 1e-4}),
    "nothing": (Bfgs(), {}, {}),
    "the first stage": (Chain((Adam(), LevenbergMarquardt())), {}, {"learning_rate": 1e-3}),
    "nothing of the stage": (Chain((Bfgs(), Adam())), {}, {}),
}


@pytest.mark.parametrize(("solver", "changes", "expected"), CASES.values(), ids=CASES)
def test_controls(solver: Solver, changes: dict[str, int], expected: dict[str, float]) -> None:
    state = solver.start(START) | {name: np.array(value) for name, value in changes.items()}
    assert controls(solver, state) == pytest.approx(expected)
