"""Evolutions on features of space: slopes against formulas, whole runs against exact solutions, and runs that go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Jet, PointSet, engine_named
from pinn.fields import Ansatz, EvolvingFeatures, Layout
from pinn.geometry import Box, Interval, Shape, TimeProduct
from pinn.problems import Condition, Dirichlet, Initial, Periodic, Problem
from pinn.training import (
    Event,
    Evolution,
    Integration,
    Sampling,
    Snapshot,
    Training,
    enforce,
    interior_points,
    terms_of,
)
from pinn.training.integration import END
from pinn.training.loop import TIME_LIMIT

PI = math.pi


@dataclass(frozen=True)
class Cooling(Problem):
    """`2 u_t = D lap u - u`, u = 0 at the edges: `sin(pi x) sin(pi y) exp(-(2 pi^2 D + 1) t / 2)`."""

    diffusivity: float = 0.1

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (1.0, 1.0)).over(1.0, 2.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return 2.0 * u.d("t") - self.diffusivity * u.laplacian() + u.value

    def conditions(self) -> Sequence[Condition]:
        return Dirichlet(0.0), Initial(lambda p: tf.sin(PI * p.x) * tf.sin(PI * p.y))

    def exact(self, p: PointSet) -> tf.Tensor:
        rate = (2 * PI**2 * self.diffusivity + 1) / 2
        return tf.sin(PI * p.x) * tf.sin(PI * p.y) * tf.exp(-rate * (p.t - 1.0))


@dataclass(frozen=True)
class Rotation(Problem):
    """`u_t + v_t = 2 v_x`, `u_t - v_t = u_x - v_x`, periodic: `u = v = sin(x + t)`. The slopes in time are coupled."""

    components = 2

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 2 * PI).over(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> dict[str, tf.Tensor]:
        first, second = u
        both, apart = first.d("t") + second.d("t"), first.d("t") - second.d("t")
        return {"sum": both - 2.0 * second.d("x"), "difference": apart - first.d("x") + second.d("x")}

    def conditions(self) -> Sequence[Condition]:
        start = lambda p: tf.sin(p.x)  # noqa: E731
        return (Periodic("x"), Initial(start, component=0), Initial(start, component=1))

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.stack([tf.sin(p.x + p.t)] * 2, axis=1)


@dataclass(frozen=True)
class Steady(Cooling):
    """Without a slope in time at some places."""

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return tf.cast(p.x > 0.5, p.dtype) * u.d("t") - u.laplacian()


@dataclass(frozen=True)
class Square(Cooling):
    """Not linear in the slope."""

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.d("t") ** 2 - u.laplacian()


@dataclass(frozen=True)
class Constrained(Rotation):
    """One of the equations has no slope in time, as that of an incompressible flow."""

    def residual(self, p: PointSet, u: Jet) -> dict[str, tf.Tensor]:
        first, second = u
        return {"moves": first.d("t") - second.d("x"), "rests": first.d("x")}


@dataclass(frozen=True)
class Blowing(Problem):
    """`u_t = u^2` from 1: infinite at t = 1, within the domain."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 2.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.d("t") - u.value**2

    def conditions(self) -> Sequence[Condition]:
        return (Initial(1.0),)


@dataclass(frozen=True)
class Made:
    """An evolution with all that it stands on."""

    problem: Problem
    recipe: EvolvingFeatures
    model: keras.Model
    ansatz: Ansatz
    evolution: Evolution

    def run(self, **how: object) -> Training:
        return Integration(self.evolution, self.recipe).run(**how)  # type: ignore[arg-type]

    def error(self, weights: np.ndarray) -> float:
        """The largest one anywhere."""
        table = self.model.get_layer("output")
        table.set_weights([weights.reshape(table.get_weights()[0].shape)])
        shape = self.problem.domain
        points = tf.constant(shape.interior(np.random.default_rng(1).random((4000, shape.dim))))
        truth = self.problem.exact(PointSet(points, shape.axes))
        found = self.ansatz(self.model)(points)
        return float(np.abs(found.numpy() - truth.numpy().reshape(found.shape)).max())


def made(problem: Problem, recipe: EvolvingFeatures, engine: str = "auto") -> Made:
    shape = problem.domain
    assert isinstance(shape, TimeProduct)
    enforcement = enforce(problem)
    lower, upper = shape.bounds
    model = recipe.build(Layout(lower, upper, components=problem.components, periodic=enforcement.periodic))
    (term,) = terms_of(problem, enforcement.penalties, Sampling(), dtype=tf.float64, weights={})
    evolution = Evolution(
        term,
        enforcement.ansatz,
        recipe.in_space(model),
        interior_points(shape.space, 3 * recipe.features, kind="sobol", seed=(0,)),
        (float(lower[-1]), float(upper[-1])),
        engine=engine_named(engine),
        tolerance=recipe.tolerance,
    )
    return Made(problem, recipe, model, enforcement.ansatz, evolution)


RECIPE = EvolvingFeatures(80, frames=20, scale=5.0, tolerance=1e-7)


@pytest.mark.parametrize("engine", ["tape", "forward"])
def test_slopes_are_the_projection_of_what_the_equation_says(engine: str) -> None:
    evolution = made(Cooling(), EvolvingFeatures(6, frames=5), engine).evolution
    x, y = evolution.places.T
    start = np.sin(PI * x) * np.sin(PI * y)
    values, laplacian = evolution.bases[0].jets
    np.testing.assert_allclose(values.T @ values, np.eye(evolution.size), atol=1e-12)
    q = 0.1 * np.random.default_rng(0).normal(size=evolution.size)
    wanted = (0.1 * (laplacian @ q - 2 * PI**2 * start) - values @ q - start) / 2
    np.testing.assert_allclose(evolution.slopes(1.3, q), values.T @ wanted, atol=1e-9)
    left = wanted - values @ (values.T @ wanted)
    assert evolution.residual(1.3, q) == pytest.approx(float(np.mean(left**2)), rel=1e-6)


@pytest.mark.parametrize("problem", [Cooling(), Rotation()], ids=lambda problem: type(problem).__name__)
def test_the_jacobian_is_that_of_the_slopes(problem: Problem) -> None:
    evolution = made(problem, EvolvingFeatures(30, frames=5)).evolution
    generator = np.random.default_rng(0)
    q, direction = generator.normal(size=(2, evolution.size))
    moved = (evolution.slopes(1.1, q + 1e-5 * direction) - evolution.slopes(1.1, q - 1e-5 * direction)) / 2e-5
    np.testing.assert_allclose(evolution.jacobian(1.1, q) @ direction, moved, atol=1e-6 * np.abs(moved).max())


@pytest.mark.parametrize(
    ("problem", "recipe", "method"),
    [
        (Cooling(), RECIPE, "rk45"),
        (Rotation(), EvolvingFeatures(40, frames=30, scale=3.0, tolerance=1e-7), "rk45"),
    ],
    ids=["cooling", "system"],
)
def test_exact_solutions_are_found(problem: Problem, recipe: EvolvingFeatures, method: str) -> None:
    found = made(problem, recipe)
    training = found.run()
    assert (training.stop_reason, training.failure) == (END, None)
    # What is left out of the features is below 1e-7 of the largest on the points, and 1e-5 beside them.
    assert found.error(training.weights) < 1e-5
    assert set(training.history.columns()["stage"]) == {method}


def test_an_implicit_method_is_taken_where_disturbances_die_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.training.integration._STIFF", 10.0)
    found = made(Cooling(), RECIPE)
    training = found.run()
    assert found.error(training.weights) < 1e-5
    assert set(training.history.columns()["stage"]) == {"radau"}


def test_errors_follow_the_tolerance() -> None:
    errors = []
    for tolerance in (1e-3, 1e-6):
        found = made(Cooling(), EvolvingFeatures(80, frames=20, scale=5.0, tolerance=tolerance))
        errors.append(found.error(found.run().weights))
    assert errors[1] < 0.05 * errors[0]


@pytest.fixture(scope="module")
def cooling() -> tuple[Made, Training, list[Event], list[Snapshot]]:
    """A run that was looked at after every step, and what could have been kept of it then."""
    seen: list[Event] = []
    kept: list[Snapshot] = []

    def watch(event: Event) -> None:
        seen.append(event)
        kept.append(event.snapshot())

    found = made(Cooling(), RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pinn.training.integration._BETWEEN", 0.0)
        return found, found.run(observer=watch), seen, kept


def test_a_run_tells_of_every_step(cooling: tuple[Made, Training, list[Event], list[Snapshot]]) -> None:
    _, whole, seen, _ = cooling
    assert list(whole.history.columns()["step"]) == list(range(1, whole.steps + 1))
    assert [event.step for event in seen] == list(range(1, whole.steps + 1))
    assert all(event.step <= event.steps_planned for event in seen)
    assert seen[0].stage.startswith("time 1")
    assert np.isnan(seen[0].loss)  # before the end of the first window
    assert np.isfinite(seen[-1].loss)


def assert_equal(found: Training, expected: Training) -> None:
    assert found.weights.tobytes() == expected.weights.tobytes()
    assert (found.steps, found.stop_reason) == (expected.steps, expected.stop_reason)
    assert list(found.state) == list(expected.state)
    for name, array in expected.state.items():
        assert found.state[name].tobytes() == array.tobytes(), name
    np.testing.assert_array_equal(found.history.columns()["loss"], expected.history.columns()["loss"])


def test_a_run_goes_on_bit_for_bit(cooling: tuple[Made, Training, list[Event], list[Snapshot]]) -> None:
    found, whole, _, kept = cooling
    middle = kept[len(kept) // 2]
    assert 0 < middle.step < whole.steps
    again = Snapshot.of({name: array.copy() for name, array in middle.arrays().items()}, middle.numbers())
    assert_equal(found.run(resume=again), whole)


def test_time_is_up_after_a_step_and_whole_windows_count(
    cooling: tuple[Made, Training, list[Event], list[Snapshot]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, whole, _, _ = cooling
    looks = iter(range(100_000))
    with monkeypatch.context() as patch:
        patch.setattr(Integration, "_now", lambda _: float(next(looks)))
        training = found.run(time_limit=100.0)
    assert training.stop_reason == TIME_LIMIT
    assert 0 < training.steps < whole.steps
    assert np.isfinite(training.weights).all()
    rest = Snapshot(training.steps, 0.0, training.state, training.revision, training.history)
    assert_equal(found.run(resume=rest), whole)


def test_what_blows_up_is_a_failure_that_says_when() -> None:
    found = made(Blowing(), EvolvingFeatures(10, frames=10, scale=1.0))
    training = found.run()
    assert training.failure is not None
    assert training.failure.startswith("at the time ")
    assert 0.9 < float(training.failure.split()[3].rstrip(":")) < 1.1
    assert np.isfinite(training.weights).all()


@pytest.mark.parametrize("problem", [Steady(), Square(), Constrained()], ids=lambda problem: type(problem).__name__)
def test_equations_that_do_not_say_the_slope_are_refused(problem: Problem) -> None:
    with pytest.raises(
        ValueError, match="expected an equation that is linear in the slope in time and has it everywhere"
    ):
        made(problem, EvolvingFeatures(10, frames=5))
