"""The march in time: as good as its equation, with patches cut where the residual is, and able to go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Jet, LazyJet, PointSet, Tape, engine_named
from pinn.fields import Ansatz, Layout, PatchGrid, Slabs, Slabwork
from pinn.geometry import Interval, Shape
from pinn.problems import Burgers1D, Condition, Dirichlet, Initial, Neumann, Problem
from pinn.solvers import GaussNewton
from pinn.training import Event, March, Sampling, SlabTerms, Training, enforce, terms_of
from pinn.training.loop import TIME_LIMIT
from pinn.training.march import END
from pinn.training.marched import Marched, Outcome
from pinn.training.patched import PatchedTerm
from pinn.training.slab_points import in_patches


@dataclass(frozen=True)
class Rod(Problem):
    """`u_t = u_xx`, insulated on the right: `u = exp(-t pi^2 / 4) sin(pi x / 2)`."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 0.4)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.d("t") - u.laplacian("x")

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(0.0, on="x_min"), Neumann(0.0, on="x_max"), Initial(lambda p: tf.sin(math.pi / 2 * p.x)))

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.exp(-(math.pi**2) / 4 * p.t) * tf.sin(math.pi / 2 * p.x)


@dataclass(frozen=True)
class Swing(Problem):
    """`v' = w, w' = -v` at every place by itself, with `v = cos(x + t)`: little to compile."""

    components = 2

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 0.4)

    def residual(self, p: PointSet, u: Jet) -> dict[str, tf.Tensor]:
        return {"v": u[0].d("t") - u[1].value, "w": u[1].d("t") + u[0].value}

    def conditions(self) -> Sequence[Condition]:
        return (Initial(lambda p: tf.cos(p.x), component=0), Initial(lambda p: -tf.sin(p.x), component=1))

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.stack([tf.cos(p.x + p.t), -tf.sin(p.x + p.t)], axis=1)


@dataclass(frozen=True)
class Made:
    """A march with all that it stands on."""

    march: March
    work: Slabwork
    model: keras.Model
    ansatz: Ansatz
    problem: Problem

    def error(self) -> float:
        """The largest one anywhere."""
        self.work.publish(self.model)
        shape = self.problem.domain
        points = tf.constant(shape.interior(np.random.default_rng(1).random((4000, shape.dim))))
        truth = self.problem.exact(PointSet(points, shape.axes))
        found = self.ansatz(self.model)(points)
        return float(np.abs(found.numpy() - truth.numpy().reshape(found.shape)).max())


def made(problem: Problem, recipe: Slabs) -> Made:
    shape = problem.domain
    lower, upper = shape.bounds
    model = recipe.build(Layout(lower, upper, components=problem.components))
    work = Slabwork.of(recipe, model, (lower[-1], upper[-1]))
    enforcement = enforce(problem)
    terms = terms_of(problem, enforcement.penalties, Sampling(boundary=60), dtype=tf.float64, weights={})
    slabs = SlabTerms(work, terms, enforcement.ansatz, engine=engine_named("auto"), shape=shape, seed=0)
    march = March(slabs, grid=recipe.grid(lower[:-1], upper[:-1]), solver=GaussNewton())
    return Made(march, work, model, enforcement.ansatz, problem)


WAVE = Burgers1D(viscosity=0.01, duration=0.6)
RECIPE = Slabs(slabs=3, patches=4, features=60, residual=1e-3, most=32)


@pytest.fixture(scope="module")
def front() -> tuple[Made, Training, list[Event]]:
    """A front that four patches are too wide for."""
    seen: list[Event] = []
    found = made(WAVE, RECIPE)
    return found, found.march.run(observer=seen.append), seen


def test_a_front_is_followed_by_patches_and_solved(front: tuple[Made, Training, list[Event]]) -> None:
    found, training, _ = front
    assert training.stop_reason == END
    assert (training.failure, training.interrupted) == (None, False)
    assert found.error() < 1e-4
    assert found.march.done.residual <= 1e-3
    sizes = found.march.done.grid.axes[0].sizes
    middles = found.march.done.grid.axes[0].middles
    assert len(sizes) > 4
    assert np.abs(middles[sizes < 1.5 * sizes.min()]).max() < 0.15  # where the front is
    assert sizes.min() < 0.3 * sizes.max()


def test_a_march_tells_of_every_step(front: tuple[Made, Training, list[Event]]) -> None:
    found, training, seen = front
    columns = training.history.columns()
    assert list(columns["step"]) == list(range(1, training.steps + 1))
    assert np.all(np.diff(columns["seconds"]) > 0)
    assert len(seen) == training.steps
    assert [event.stage for event in (seen[0], seen[-1])] == ["slab 1 of 3", "slab 3 of 3"]
    assert [event.loss for event in seen] == list(columns["loss"])
    assert [event.step for event in seen] == list(columns["step"])
    assert all(event.step <= event.steps_planned for event in seen)
    assert seen[0].terms == {}  # before the end of the first slab
    assert set(seen[-1].terms) == {name.removeprefix("loss/") for name in columns if name.startswith("loss/")}
    assert len(found.march.done.points) == 3
    for k, points in enumerate(found.march.done.points):
        assert np.all((0.2 * k <= points[:, 1]) & (points[:, 1] <= 0.2 * (k + 1) + 1e-12))


def test_a_march_goes_on_where_it_was_stopped_bit_for_bit(front: tuple[Made, Training, list[Event]]) -> None:
    found, whole, seen = front
    middle = next(event.snapshot() for event in seen if event.stage == "slab 3 of 3")
    arrays, numbers = middle.arrays(), middle.numbers()
    training = found.march.run(resume=type(middle).of({k: v.copy() for k, v in arrays.items()}, numbers))
    assert training.weights.tobytes() == whole.weights.tobytes()
    assert training.steps == whole.steps
    for part in ("state", "revision"):
        again, expected = getattr(training, part), getattr(whole, part)
        assert list(again) == list(expected)
        for name in expected:
            assert again[name].tobytes() == expected[name].tobytes(), name
    losses = [run.history.columns()["loss"] for run in (training, whole)]
    np.testing.assert_array_equal(*losses)


def test_a_flux_is_a_term_beside_the_equation() -> None:
    found = made(Rod(), Slabs(slabs=2, patches=2, features=80, residual=1e-4, most=4))
    training = found.march.run()
    assert training.stop_reason == END
    assert found.error() < 1e-5
    columns, rod = training.history.columns(), Rod()
    assert columns["loss"][-1] > 1.5 * columns["loss/equation"][-1]  # it counts the flux as well
    # All patches are of one size, and have as many points.
    points = tf.constant(np.concatenate(found.march.done.points))
    jet = LazyJet(lambda x: found.ansatz(found.model)(x)[:, 0], PointSet(points, rod.domain.axes), rod.frame, Tape())
    squares = rod.residual(PointSet(points, rod.domain.axes), jet).numpy() ** 2
    assert columns["loss/equation"][-1] == pytest.approx(np.mean(squares), rel=1e-3)


def test_two_linear_equations_take_a_step_a_slab_and_patches_may_have_no_room() -> None:
    found = made(Swing(), Slabs(slabs=2, patches=2, features=80, residual=1e-9, most=2))
    training = found.march.run()
    assert training.stop_reason == f"{END}; 2 of them had no room for more patches: raise field.most"
    assert training.steps == 2
    assert found.error() < 1e-5


def test_a_residual_that_is_no_number_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    nan = lambda _term, _table, points, _normals: np.full((1, len(points)), np.nan)  # noqa: E731
    monkeypatch.setattr(PatchedTerm, "values", nan)
    monkeypatch.setattr(PatchedTerm, "slopes", lambda *seen: (nan(*seen), []))
    training = made(Swing(), Slabs(slabs=2, patches=2, features=10, most=2)).march.run()
    assert training.failure == "slab 1: the residual of the equation is not finite"
    assert np.isfinite(training.weights).all()


def test_time_is_up_after_the_step_that_is_on_its_way() -> None:
    training = made(Swing(), Slabs(slabs=2, patches=2, features=10, most=2)).march.run(time_limit=1e-9)
    assert (training.stop_reason, training.steps) == (TIME_LIMIT, 0)


def test_points_are_as_many_in_every_patch_and_none_outside() -> None:
    grid = PatchGrid.regular(np.array([0.0]), np.array([1.0]), (4,)).refined(np.array([True, False, False, False]))
    found = in_patches(grid, Rod().domain, (0.1, 0.2), 16, (0, 1))
    assert list(np.bincount(found.patches)) == [16] * grid.size
    for k in range(grid.size):
        own = found.points[found.patches == k]
        assert np.all((grid.boxes.lower[k] <= own[:, 0]) & (own[:, 0] <= grid.boxes.upper[k]))
        assert np.all((own[:, 1] >= 0.1) & (own[:, 1] <= 0.2))
    wide = PatchGrid.regular(np.array([-1.0]), np.array([1.0]), (4,))
    assert np.all(in_patches(wide, Rod().domain, (0.0, 0.4), 16, (0,)).patches >= 2)


def test_what_was_marched_is_a_value() -> None:
    grid = PatchGrid.regular(np.array([0.0]), np.array([1.0]), (2,), overlap=0.5)
    assert Marched(grid).residual == math.inf
    done = Marched(grid, scale=2.0)
    for shares in ([0.5, 0.5], [4.0, 5.0]):
        done = done.after(Outcome(np.zeros(2), np.array(shares), np.ones((3, 2)), np.array(shares)))
    assert done.residuals == (1.0, 3.0)
    assert done.residual == pytest.approx(math.sqrt(5.0) / 2.0)
    again = Marched.of(done.arrays(), grid)
    assert again.residuals == done.residuals
    assert [len(points) for points in again.points] == [3, 3]
    np.testing.assert_array_equal(again.losses, [[0.5, 0.5], [4.0, 5.0]])
    assert again.grid.axes[0].overlap == 0.5
    assert Marched.of(Marched(grid).arrays(), grid).points == ()
