"""A training that is killed and goes on from its checkpoint is the one that was not, bit for bit: every solver, with
points that stay, are drawn anew or follow the residual, and with every balance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from training_cases import Told, Values, blocks_of

import pinn.solvers
from pinn.calculus import engine_named
from pinn.fields import FlatField, Layout, Mlp
from pinn.solvers import (
    Adam,
    Advance,
    Bfgs,
    Chain,
    Cosine,
    Engd,
    GaussNewton,
    GaussNewtonCg,
    Lbfgs,
    LeastSquares,
    LevenbergMarquardt,
    SelfScaledBfgs,
    SelfScaledBroyden,
    Solver,
)
from pinn.training import (
    BALANCES,
    EQUATION,
    Balance,
    Causal,
    Checkpoint,
    Event,
    Fixed,
    GradientNorm,
    Ntk,
    Rad,
    Relobralo,
    ResidualObjective,
    Sampling,
    SelfAdaptive,
    Series,
    Snapshot,
    Training,
    enforce,
    loop,
    revision,
    terms_of,
    train,
)

MIDDLE = 4
RATE = Cosine(0.05, 8, warmup_steps=3)
SOLVERS: dict[str, Solver] = {
    "adam": Adam(learning_rate=RATE, max_steps=8),
    "lbfgs": Lbfgs(max_steps=8, memory=3),
    "bfgs": Bfgs(max_steps=8),
    "ss_bfgs": SelfScaledBfgs(max_steps=8),
    "ss_broyden": SelfScaledBroyden(max_steps=8),
    "levenberg_marquardt": LevenbergMarquardt(max_steps=8),
    "engd": Engd(max_steps=8),
    "gauss_newton": GaussNewton(max_steps=8),
    "gauss_newton_cg": GaussNewtonCg(max_steps=8),
    "least_squares": LeastSquares(max_steps=2),
    "chain": Chain((Adam(learning_rate=0.05, max_steps=3), Lbfgs(max_steps=5))),
}

# how the points change, and what weighs the terms
COURSES: dict[str, tuple[str, Balance]] = {
    "points stay": ("stay", Fixed()),
    "points stay, self_adaptive": ("stay", SelfAdaptive(every=2)),
    "drawn anew, relobralo": ("anew", Relobralo(every=2)),
    "drawn anew, ntk": ("anew", Ntk(every=2)),
    "following the residual, gradient_norm": ("rad", GradientNorm(every=2)),
    "following the residual, causal": ("rad", Causal(every=2, bins=4)),
}


@dataclass(frozen=True)
class Bench:
    """An objective with its solver compiled, and what puts it back to its beginning."""

    solver: Solver
    advance: Advance
    objective: ResidualObjective
    start: np.ndarray
    points: Mapping[str, np.ndarray]
    drawing: dict[str, str]

    def train(self, course: str, **options: Any) -> Training:
        """From the first points on, or from those of the course before where a `resume` is to replace them."""
        self.drawing["now"], balance = COURSES[course]
        if "resume" not in options:
            self.objective.restore(self.points)
            self.objective.weigh({})
        every = 0 if self.drawing["now"] == "stay" else 3
        return train(
            self.objective,
            self.solver,
            self.start,
            steps_planned=8,
            advance=self.advance,
            resample_every=every,
            balance=balance,
            **options,
        )


def ground() -> tuple[ResidualObjective, np.ndarray, dict[str, str]]:
    """An objective, the weights of its field, and what decides how its points are drawn."""
    problem, drawing = Values(), {"now": "stay"}
    field = FlatField(Mlp(width=3, depth=1).build(Layout(np.zeros(2), np.ones(2), dtype="float64")), tf.float64)
    enforcement = enforce(problem, "penalty")
    few = Sampling(kind="uniform", interior=16, boundary=4, initial=4)
    anew, rad = (
        terms_of(problem, enforcement.penalties, sampling, dtype=field.dtype, weights={})
        for sampling in (few, replace(few, adapt=Rad(candidates=40), resample_every=3))
    )

    def switched(calm: Callable[..., Any], following: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *seen: (following if drawing["now"] == "rad" else calm)(*seen)

    terms = [replace(a, redraw=switched(a.redraw, b.redraw)) for a, b in zip(anew, rad, strict=True)]
    objective = ResidualObjective(field, enforcement.ansatz, terms, engine=engine_named("tape"), seed=0)
    return objective, field.weights(), drawing


@pytest.fixture(scope="module")
def bench() -> Iterator[Callable[[Solver], Bench]]:
    """One objective for all solvers: what looks at it is traced once, and not once a training."""
    objective, start, drawing = ground()
    points = objective.arrays()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "_measurement", functools.cache(loop._measurement))
        patch.setattr(revision, "Observatory", functools.cache(revision.Observatory))
        yield lambda solver: Bench(solver, solver.compile(objective), objective, start, points, drawing)


def through_the_disk(snapshot: Snapshot, folder: Path) -> Snapshot:
    series = Series(folder)
    series.write(Checkpoint(snapshot, {}))
    found = series.newest(pytest.fail)
    assert found is not None
    return found.snapshot


def whole(course: str, made: Bench) -> tuple[Training, Snapshot]:
    """A training to its end, and what it was in the middle; least squares are solved in the first step."""
    seen: dict[int, Snapshot] = {}

    def observe(event: Event) -> None:
        seen[event.step] = event.snapshot()

    found = made.train(course, observer=observe, observe_every=1)
    return found, seen[min(MIDDLE, found.steps)]


def assert_equal(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert np.asarray(found[key]).dtype == np.asarray(value).dtype, key
        assert np.asarray(found[key]).tobytes() == np.asarray(value).tobytes(), key


def assert_goes_on_exactly(made: Bench, course: str, folder: Path) -> None:
    expected, snapshot = whole(course, made)
    weights = made.objective.point_weights()
    made.objective.resample(9, made.start)
    made.objective.weigh({EQUATION: 7.0})
    found = made.train(course, observe_every=1, resume=through_the_disk(snapshot, folder))
    assert found.steps == expected.steps
    assert found.stop_reason == expected.stop_reason
    assert found.weights.tobytes() == expected.weights.tobytes()
    assert_equal(found.state, expected.state)
    assert_equal(found.revision, expected.revision)
    assert_equal(made.objective.point_weights(), weights)
    timeless = {"seconds": np.zeros(0)}
    assert_equal(found.history.columns() | timeless, expected.history.columns() | timeless)


def test_every_solver_and_every_balance_is_in_the_tables() -> None:
    exported = {getattr(pinn.solvers, name) for name in pinn.solvers.__all__}
    solvers = {s for s in exported if isinstance(s, type) and issubclass(s, Solver) and not s.__abstractmethods__}
    assert solvers == {type(solver) for solver in SOLVERS.values()}
    assert set(BALANCES.values()) == {type(balance) for _, balance in COURSES.values()}


@pytest.mark.parametrize("course", ["drawn anew, relobralo", "following the residual, causal"])
def test_a_training_goes_on_exactly_from_a_pause(
    course: str, bench: Callable[[Solver], Bench], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a step at which nobody has looked at the field, in the midst of a block."""
    blocks_of(8, monkeypatch)
    made, keeper = bench(SOLVERS["adam"]), Told(every=1)
    expected = made.train(course, keeper=keeper)
    middle = keeper.snapshots[5]
    assert np.isnan(middle.history.columns()["error"][-1])
    assert np.isnan(middle.history.columns()[f"loss/{EQUATION}"][-1])
    found = made.train(course, resume=through_the_disk(middle, tmp_path))
    assert found.weights.tobytes() == expected.weights.tobytes()
    assert_equal(found.state, expected.state)
    assert_equal(found.revision, expected.revision)
    assert found.history.columns()["loss"].tobytes() == expected.history.columns()["loss"].tobytes()


@pytest.mark.parametrize("name", SOLVERS)
def test_a_training_goes_on_exactly(name: str, bench: Callable[[Solver], Bench], tmp_path: Path) -> None:
    made = bench(SOLVERS[name])
    for course in COURSES:
        assert_goes_on_exactly(made, course, tmp_path / course)
