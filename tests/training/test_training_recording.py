"""What it costs to record ten thousand steps, which a quick training takes in a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pinn.report import write_columns
from pinn.solvers import Adam, Bfgs, Chain
from pinn.training.history import History
from pinn.training.loop import _stages

ROWS, BLOCK = 10_000, 1_000
SOLVER = Chain((Adam(max_steps=4_000), Bfgs()))
LOSSES = np.random.default_rng(0).uniform(size=ROWS)


def recorded() -> History:
    """All that a training does about its history in that second, with a copy for a checkpoint after each block."""
    history, state = History(), SOLVER.start(np.zeros(3))
    for done in range(0, ROWS, BLOCK):
        history.extend(
            LOSSES[done : done + BLOCK],
            first_step=done + 1,
            seconds=(done / ROWS, (done + BLOCK) / ROWS),
            evaluations=BLOCK,
            stages=_stages(SOLVER, state, range(done + 1, done + 1 + BLOCK)),
            error=0.1,
            terms={"equation": 1.0, "initial": 2.0, "dirichlet_boundary": 3.0},
        )
        history.copy()
    return history


def processor(work: Callable[[], object]) -> float:
    """The least of five measurements: what other processes do meanwhile is not in it."""

    def once() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(once() for _ in range(5))


@pytest.mark.no_cover
def test_ten_thousand_rows_a_second_cost_less_than_two_percent() -> None:
    assert processor(recorded) < 0.02


@pytest.mark.no_cover
def test_they_are_written_in_a_small_multiple_of_the_time_that_their_digits_take(tmp_path: Path) -> None:
    """Both sides are measured on the same processor: seconds and losses are told by their shortest digits."""
    columns = recorded().columns()
    digits = processor(lambda: [list(map(repr, columns[name].tolist())) for name in ("seconds", "loss")])
    assert processor(lambda: write_columns(columns, tmp_path / "history.csv")) < 5.0 * digits
