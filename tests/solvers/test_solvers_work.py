"""What solvers say that they take, against what refuses them and against each other."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.solvers import (
    Adam,
    Bfgs,
    Chain,
    Engd,
    GaussNewton,
    GaussNewtonCg,
    Lbfgs,
    LeastSquares,
    LevenbergMarquardt,
    SelfScaledBfgs,
    SelfScaledBroyden,
    Solver,
    demand,
    operations,
)

ROWS, WEIGHTS = 300, 40
SOLVERS: tuple[Solver, ...] = (
    Adam(),
    Lbfgs(),
    Bfgs(),
    SelfScaledBfgs(),
    SelfScaledBroyden(),
    GaussNewton(),
    GaussNewtonCg(),
    LeastSquares(),
    LevenbergMarquardt(),
    Engd(),
    Chain((Adam(), Bfgs())),
)


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda solver: solver.name)
def test_more_weights_take_more(solver: Solver) -> None:
    small, large = (demand(solver, ROWS, weights).size for weights in (WEIGHTS, 2 * WEIGHTS))
    assert 0 < small < large
    few, many = (sum(operations(solver, ROWS, weights, evaluation=1e6 * weights)) for weights in (WEIGHTS, 2 * WEIGHTS))
    assert 0 < few < many


def test_a_chain_takes_the_memory_of_its_largest_stage_and_the_time_of_all() -> None:
    stages = (Adam(), Bfgs())
    chain = Chain(stages)
    assert demand(chain, ROWS, WEIGHTS) == demand(stages[1], ROWS, WEIGHTS)
    parts = [operations(stage, ROWS, WEIGHTS, evaluation=1e6) for stage in stages]
    assert operations(chain, ROWS, WEIGHTS, evaluation=1e6) == tuple(map(sum, zip(*parts, strict=True)))


def test_what_is_told_is_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = demand(Bfgs(), ROWS, WEIGHTS)
    monkeypatch.setattr("pinn.solvers.checks.memory", lambda: asked.size)
    Bfgs().start(np.zeros(WEIGHTS))
    monkeypatch.setattr("pinn.solvers.checks.memory", lambda: asked.size - 1)
    with pytest.raises(ValueError, match="the inverse Hessian of 40 weights"):
        Bfgs().start(np.zeros(WEIGHTS))
