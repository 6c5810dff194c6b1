"""From a problem to a saved run and back, a few steps each: the same bytes again, and every ending a training has."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from app_runs import DATA_FILES, files, settings, silent, summary_of

from pinn.app.automatic import SCALES
from pinn.app.bench import VALIDATION_POINTS
from pinn.app.messages import FAILED, INTERRUPTED, SOLVED
from pinn.app.run import run
from pinn.app.solution import Solution, load
from pinn.app.solve import solve
from pinn.calculus import Jet, PointSet
from pinn.fields import Mlp, RandomFeatures
from pinn.geometry import Interval, Shape
from pinn.problems import Condition, Dirichlet, Heat1D, Poisson1D, PoissonND, Problem
from pinn.problems.problem import Residual
from pinn.solvers import Adam, Chain, Constant, Lbfgs
from pinn.training import Event, GradientNorm, Sampling, interior_points

SUMMARY_KEYS = """
problem about verdict tolerance errors residual reference self_consistency seconds steps stop_reason
engine solver field weights balance
conditions weights_of_terms points
dtype seed device replicas date versions citation
"""
TINY = Mlp(width=4, depth=1)
FEW = Sampling(interior=16, boundary=8, initial=4)


def brief(steps: int = 3) -> Adam:
    return Adam(learning_rate=Constant(0.05), max_steps=steps)


def quick(problem: Problem, **chosen: Any) -> Solution:
    """A training of a few steps with a few weights on a few points."""
    return solve(problem, **{"field": TINY, "sampling": FEW, "solver": brief(), **chosen})


def mine(cls: type) -> str:
    return f"{__name__}.{cls.__name__}"


@dataclass(frozen=True)
class Oscillator(Problem):
    r"""Two components on `(0, 2)`, `u_1' = u_2` and `u_2' = -u_1`: a sine given at both ends, a cosine at the left."""

    components: ClassVar[int] = 2

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 2.0)

    def residual(self, p: PointSet, u: Jet) -> Residual:
        return {"first": u[0].d("x") - u[1].value, "second": u[1].d("x") + u[0].value}

    def conditions(self) -> list[Condition]:
        return [Dirichlet(lambda p: tf.sin(p.x), component=0), Dirichlet(1.0, on="x_min", component=1)]

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.stack([tf.sin(p.x), tf.cos(p.x)], axis=1)


@dataclass(frozen=True)
class Ceiling(Problem):
    """Pulls the field up to 9, where no number waits beyond a limit: a training that breaks on its way."""

    limit: float = 1.0
    exact = None

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> Residual:
        nowhere = tf.constant(np.nan, p.dtype)
        return {"harmless": u.d("x"), "lift": tf.where(u.value < self.limit, u.value - 9.0, nowhere)}


@dataclass(frozen=True)
class BrokenTruth(Problem):
    """The logarithm of something negative, for a truth."""

    @property
    def domain(self) -> Shape:
        return Interval(-1.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> Residual:
        return u.laplacian()

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.math.log(p.x)


@dataclass(frozen=True)
class Step(Problem):
    r"""A step that spreads, `x / \sqrt{x^2 + t}`: no number in `x = 0, t = 0`, which only pictures ever ask for."""

    @property
    def domain(self) -> Shape:
        return Interval(-1.0, 1.0).over(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> Residual:
        return u.d("t")

    def exact(self, p: PointSet) -> tf.Tensor:
        return p.x / tf.sqrt(p.x**2 + p.t)


@dataclass(frozen=True)
class Driven(Problem):
    """A source that is a function, and no known solution."""

    source: Callable[[tf.Tensor], tf.Tensor] = tf.sin

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> Residual:
        return u.laplacian() + self.source(p.x)


@pytest.fixture(autouse=True)
def _no_warning(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """TensorFlow warns through its logger, of functions that are traced too often for instance."""
    yield
    assert not [record.message for record in caplog.get_records("call") if record.levelno >= logging.WARNING]


CHOSEN: dict[str, Any] = {
    "field": TINY,
    "solver": Chain((brief(4), Lbfgs(max_steps=3))),
    "sampling": Sampling(kind="latin_hypercube", interior=16, boundary=8, initial=4, resample_every=3),
    "balance": GradientNorm(every=2),
    "conditions": "penalty",
    "weights": {"equation": 0.5, "conditions": 2.0},
    "accuracy": 1e3,
    "seed": 5,
}


@pytest.fixture(scope="module")
def solution() -> Solution:
    return solve(Heat1D(), **CHOSEN)


@pytest.fixture(scope="module")
def folder(solution: Solution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return solution.save(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def loaded(folder: Path) -> Solution:
    return load(folder)


class TestOneRun:
    """A chain of two solvers with points drawn anew, saved, loaded and run again."""

    def test_the_summary_keeps_its_contract(self, solution: Solution, folder: Path) -> None:
        found = summary_of(folder)
        assert list(found) == SUMMARY_KEYS.split()
        assert set(found["errors"]) == {"relative_l2", "max", "relative_h1"}
        assert set(found["residual"]) == {"rms", "max", "gap"}
        assert 0.1 < found["residual"]["gap"] < 10
        assert found["reference"] == {"kind": "exact", "accuracy": 0.0}
        assert (found["problem"], found["verdict"], found["tolerance"]) == ("heat_1d", "pass", 1e3)
        assert (found["steps"], found["stop_reason"]) == (7, "the step limit of the solver was reached")
        assert (found["engine"], found["solver"], found["field"]) == ("forward", "chain", "mlp")
        # 2 inputs, 4 neurons, 1 output: (2 + 1) 4 + (4 + 1).
        assert found["weights"] == 17
        assert found["balance"] == "gradient_norm"
        assert found["about"] == "A cooling rod."
        assert found["conditions"] == {"exact": [], "penalty": ["dirichlet_boundary", "initial"]}
        assert list(found["weights_of_terms"]) == ["equation", "dirichlet_boundary", "initial"]
        # Factors are sums of gradients over one of them: above 1, times the fixed weights.
        assert found["weights_of_terms"]["equation"] > 0.5
        assert all(found["weights_of_terms"][name] > 2.0 for name in ("dirichlet_boundary", "initial"))
        assert found["points"] == {
            "equation": 16,
            "dirichlet_boundary": 8,
            "initial": 4,
            "validation": VALIDATION_POINTS,
        }
        assert (found["dtype"], found["seed"]) == ("float64", 5)
        assert found["citation"] == Heat1D.citation
        assert set(found["versions"]) == {"pinn", "python", "tensorflow", "keras", "numpy", "commit"}
        seconds = found["seconds"]
        assert set(seconds) == {"build", "compile", "train", "total"}
        assert 0 < seconds["build"] + seconds["compile"] + seconds["train"] <= seconds["total"]

    def test_the_errors_are_those_of_the_saved_values(self, folder: Path) -> None:
        with np.load(folder / "solution.npz") as arrays:
            value, truth, points = arrays["value"], arrays["exact"], arrays["points"]
            assert tuple(arrays["axes"]) == ("x", "t")
        closed = np.exp(-0.25 * np.pi**2 * points[:, 1]) * np.sin(np.pi * points[:, 0])
        np.testing.assert_allclose(truth, closed, rtol=0, atol=1e-14)
        found = summary_of(folder)["errors"]
        # The same sums in another order.
        assert found["relative_l2"] == pytest.approx(np.linalg.norm(value - closed) / np.linalg.norm(closed), rel=1e-12)
        assert found["max"] == pytest.approx(np.abs(value - closed).max(), rel=1e-12)

    def test_the_history_has_a_row_for_each_step(self, loaded: Solution) -> None:
        history = loaded.history
        terms = ["loss/equation", "loss/dirichlet_boundary", "loss/initial"]
        assert list(history) == ["step", "seconds", "evaluations", "loss", "error", *terms, "stage"]
        assert history["step"].tolist() == [1, 2, 3, 4, 5, 6, 7]
        assert history["stage"].tolist() == ["adam"] * 4 + ["lbfgs"] * 3
        assert np.isfinite(history["loss"]).all()
        assert history["error"][-1] > 0

    def test_the_points_of_the_last_drawing_are_those_kept(self, solution: Solution) -> None:
        assert {name: len(points) for name, points in solution.collocation.items()} == {
            "equation": 16,
            "dirichlet_boundary": 8,
            "initial": 4,
        }
        # Seven steps with new points every three: the second new drawing.
        drawn = interior_points(Heat1D().domain, 16, kind="latin_hypercube", seed=(5, 2, 0))
        np.testing.assert_array_equal(solution.collocation["equation"], drawn)
        assert (solution.collocation["initial"][:, 1] == 0.0).all()
        assert np.isin(solution.collocation["dirichlet_boundary"][:, 0], (0.0, 1.0)).all()

    def test_what_is_loaded_is_what_was_saved(self, solution: Solution, loaded: Solution) -> None:
        assert loaded.problem == solution.problem
        assert loaded.summary == solution.summary
        assert loaded.config == solution.config
        assert (loaded.verdict, loaded.errors) == (solution.verdict, solution.errors)
        for mapping in ("history", "collocation"):
            before, after = getattr(solution, mapping), getattr(loaded, mapping)
            assert list(after) == list(before)
            for name in before:
                assert after[name].dtype == before[name].dtype, name
                np.testing.assert_array_equal(after[name], before[name], err_msg=name)
        np.testing.assert_array_equal(loaded.validation, solution.validation)

    def test_the_field_is_the_same_bit_for_bit(self, solution: Solution, loaded: Solution) -> None:
        points = np.random.default_rng(1).uniform(size=(50, 2))
        np.testing.assert_array_equal(loaded(points), solution(points))
        for ask in (lambda u: u.value, lambda u: u.d("t"), lambda u: u.laplacian()):
            np.testing.assert_array_equal(ask(loaded.jet(points)), ask(solution.jet(points)))

    @pytest.mark.pictures
    def test_saving_again_changes_no_byte(self, folder: Path, loaded: Solution, tmp_path: Path) -> None:
        loaded.save(tmp_path)
        assert files(tmp_path) == files(folder) == DATA_FILES | {"figures/maps_u.png", "figures/curves_u.png"}
        # Keras writes the time of saving into its file.
        for name in files(folder) - {"model.keras"}:
            assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name

    def test_the_saved_config_runs_again_to_the_same_bytes(self, folder: Path, tmp_path: Path) -> None:
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        assert run(config, tmp_path, silent) == SOLVED
        for name in ("solution.npz", "config.yaml"):
            assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name
        timeless = {"seconds": None, "date": None}
        assert summary_of(tmp_path) | timeless == summary_of(folder) | timeless

    def test_another_seed_gives_other_bytes(self, solution: Solution, folder: Path, tmp_path: Path) -> None:
        other = solve(Heat1D(), **{**CHOSEN, "seed": 6}).save(tmp_path)
        assert (other / "solution.npz").read_bytes() != (folder / "solution.npz").read_bytes()
        with np.load(folder / "solution.npz") as one, np.load(other / "solution.npz") as two:
            for name in ("points", "weights", "value", "collocation/equation"):
                assert not np.array_equal(one[name], two[name]), name

    @pytest.mark.pictures
    @pytest.mark.parametrize("what", ["solution", "points", "history"])
    def test_it_can_be_plotted(self, what: Any, loaded: Solution) -> None:
        assert "heat" in loaded.plot(what).get_suptitle()

    def test_what_cannot_be_plotted_or_asked(self, solution: Solution) -> None:
        with pytest.raises(ValueError, match="plot: expected one of solution, points, history; got 'loss'"):
            solution.plot("loss")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=r"shape \[N, 2\] for the axes x, t; got \[3\]"):
            solution([1.0, 2.0, 3.0])
        with pytest.raises(ValueError, match=r"shape \[N, 2\] for the axes x, t; got \[1, 3\]"):
            solution.jet([[1.0, 2.0, 3.0]])


def test_a_network_made_by_hand_in_single_precision(tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.Input((1,), dtype="float32"),
            keras.layers.Dense(3, activation="tanh", dtype="float32"),
            keras.layers.Dense(1, dtype="float32"),
        ],
        name="by_hand",
    )
    before = [np.array(weight) for weight in model.get_weights()]
    solution = quick(Poisson1D(), field=model, dtype="float32")
    assert solution.model is model
    assert any((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    assert (solution.summary["field"], solution.summary["dtype"]) == ("by_hand", "float32")
    assert solution.config["field"] == {"name": "custom"}
    assert solution([[0.5]]).dtype == np.float32
    loaded = load(solution.save(tmp_path))
    points = np.linspace(0, 1, 9)[:, np.newaxis]
    np.testing.assert_array_equal(loaded(points), solution(points))
    with np.load(tmp_path / "solution.npz") as arrays:
        assert {arrays[name].dtype for name in ("points", "value", "exact", "weights")} == {np.dtype(np.float32)}
    # The field holds the left value exactly; the trained network inside it does not.
    assert solution([[0.0]]) == 0.0
    assert model(np.array([[0.0]], np.float32)).numpy() != 0.0


# how conditions are imposed -> the terms of the loss with their points, whether the largest error at the ends fits
ENFORCED: dict[str, tuple[dict[str, int], Callable[[float], bool]]] = {
    # A few roundings of numbers up to 1.
    "exact": ({"equation": 16}, lambda error: error < 1e-14),
    # A few steps from random weights leave errors of the size of the data.
    "penalty": (
        {"equation": 16, "dirichlet_boundary_0": 2, "dirichlet_x_min_1": 1},
        lambda error: error > 1e-2,
    ),
}


@pytest.mark.parametrize(("conditions", "terms", "fits"), [(k, *v) for k, v in ENFORCED.items()], ids=ENFORCED)
def test_a_field_of_two_components(
    conditions: str, terms: dict[str, int], fits: Callable[[float], bool], tmp_path: Path
) -> None:
    solution = quick(Oscillator(), conditions=conditions)
    ends = np.array([[0.0], [2.0]])
    assert solution(ends).shape == (2, 2)
    given = np.array([solution(ends)[0, 0], solution(ends)[1, 0] - np.sin(2.0), solution(ends)[0, 1] - 1.0])
    assert fits(np.abs(given).max())
    assert {name: len(points) for name, points in solution.collocation.items()} == terms
    assert [name for name in solution.history if name.startswith("loss/")] == [
        "loss/first",
        "loss/second",
        *(f"loss/{term}" for term in terms if term != "equation"),
    ]
    assert solution.summary["points"] == terms | {"validation": VALIDATION_POINTS}
    loaded = load(solution.save(tmp_path))
    np.testing.assert_array_equal(loaded(ends), solution(ends))
    assert files(tmp_path) == DATA_FILES | {"figures/curves_u1.png", "figures/curves_u2.png"}
    with np.load(tmp_path / "solution.npz") as arrays:
        assert arrays["value"].shape == arrays["exact"].shape == (VALIDATION_POINTS, 2)


def test_random_features_solve_a_linear_problem_at_once() -> None:
    """The scale is chosen by the run and kept in its config, so that the config gives the same bytes."""
    field = RandomFeatures(features=60)
    first = solve(Poisson1D(), field)
    assert first.summary["solver"] == "least_squares"
    assert first.errors is not None
    assert first.errors.relative_l2 < 1e-8
    assert first.config["field"]["scale"] in SCALES
    again = solve(Poisson1D(), RandomFeatures(features=60, scale=first.config["field"]["scale"]))
    np.testing.assert_array_equal(first(first.validation), again(first.validation))


def test_an_accuracy_that_is_reached_ends_training(tmp_path: Path) -> None:
    found = solve(Poisson1D(), TINY, Adam(learning_rate=1e-2, max_steps=100_000), 0.5)
    assert found.summary["verdict"] == "pass"
    assert found.summary["stop_reason"] == "the asked accuracy was reached"
    assert found.summary["steps"] % 100 == 0


class TestEndings:
    """Every way in which a training ends leaves a run that says so."""

    def test_an_accuracy_that_is_missed(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(settings("pinn.problems.Poisson1D", accuracy=1e-9), tmp_path, silent) == FAILED
        found = summary_of(tmp_path)
        assert (found["verdict"], found["tolerance"]) == ("fail", 1e-9)
        line, reason = capsys.readouterr().out.splitlines()
        assert line.startswith(f"poisson_1d  relative L2 {found['errors']['relative_l2']:.1e}  in ")
        assert "FAIL (tolerance 1e-09)" in line
        assert reason == "training ended: the step limit of the solver was reached"

    @pytest.mark.parametrize(("limit", "at_once"), [(0.5, False), (-99.0, True)], ids=["on the way", "at once"])
    def test_numbers_that_break(self, limit: float, at_once: bool, tmp_path: Path) -> None:
        config = settings(mine(Ceiling), steps=500) | {"problem": {"_target_": mine(Ceiling), "limit": limit}}
        assert run(config, tmp_path, silent) == FAILED
        found = summary_of(tmp_path)
        assert found["verdict"] == "fail"
        assert found["errors"] is None
        assert (found["steps"] == 0) is at_once
        reason, _, blame = found["stop_reason"].partition("; ")
        assert reason == "the loss or its gradient is not finite (NaN or infinity)"
        assert blame.startswith(f"step {found['steps'] + 1}: the residual 'lift' is not finite at ")
        assert " of 16 points, first at x=0." in blame
        loaded = load(tmp_path)
        assert all(np.isfinite(weights).all() for weights in loaded.model.get_weights())
        assert np.isfinite(loaded.history["loss"]).all()
        assert np.isfinite(loaded([[0.5]])).all()
        assert len(loaded.history["step"]) == found["steps"]

    def test_an_interrupt(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        before = signal.getsignal(signal.SIGINT)
        steps: list[int] = []

        def interrupting(event: Event) -> None:
            steps.append(event.step)
            signal.raise_signal(signal.SIGINT)

        config = settings("pinn.problems.Poisson1D", steps=10**6, accuracy=1e3)
        assert run(config, tmp_path, interrupting) == INTERRUPTED
        assert signal.getsignal(signal.SIGINT) is before
        found = summary_of(tmp_path)
        assert steps == [found["steps"]]
        assert found["stop_reason"] == "interrupted"
        assert load(tmp_path).history["step"].tolist() == list(range(1, found["steps"] + 1))
        assert capsys.readouterr().out.splitlines()[1:] == ["interrupted; the best field so far was saved"]

    def test_a_time_limit(self) -> None:
        solution = quick(Poisson1D(), solver=brief(10**7), time_limit=0.2)
        assert solution.summary["stop_reason"] == "the time limit was reached"
        assert 0 < solution.summary["steps"] < 10**7
        assert solution.summary["seconds"]["train"] >= 0.2
        assert solution.verdict == "pass"

    def test_a_time_limit_before_the_first_step(self, tmp_path: Path) -> None:
        solution = quick(Poisson1D(), time_limit=1e-9)
        assert (solution.summary["steps"], solution.verdict) == (0, "pass")
        loaded = load(solution.save(tmp_path))
        assert files(tmp_path) == DATA_FILES - {"figures/history.png"} | {"figures/curves_u.png"}
        assert {name: len(column) for name, column in loaded.history.items()} == dict.fromkeys(solution.history, 0)
        np.testing.assert_array_equal(loaded([[0.3]]), solution([[0.3]]))

    def test_a_truth_that_is_no_number_is_refused_before_any_training(self, tmp_path: Path) -> None:
        def never(_: Event) -> None:
            raise AssertionError("it was trained")

        said = r"broken_truth: expected an exact solution that is finite in the domain; got NaN or infinity at \d+ of"
        with pytest.raises(ValueError, match=said):
            run(settings(mine(BrokenTruth), steps=10**6), tmp_path / "run", never)
        assert not (tmp_path / "run").exists()


def test_a_truth_that_is_singular_on_the_boundary_is_no_obstacle(tmp_path: Path) -> None:
    assert run(settings(mine(Step)), tmp_path, silent) == SOLVED
    assert files(tmp_path) == DATA_FILES | {"figures/maps_u.png", "figures/curves_u.png"}


def test_a_run_that_is_saved_in_part_is_not_complete(
    solution: Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was there before."""
    (tmp_path / "summary.json").write_text("{}", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("pinn.app.solution.write_npz", full)
    with pytest.raises(OSError, match="No space left"):
        solution.save(tmp_path)
    with pytest.raises(FileNotFoundError, match="expected the folder of a finished run"):
        load(tmp_path)


def test_without_a_truth_nothing_is_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An accuracy that cannot be checked is not met; without one there is nothing to miss."""
    (tmp_path / ".model.keras.0123abcd.tmp.keras").write_bytes(b"half of one, of a run that was killed")
    assert run(settings(mine(Driven), accuracy=1e-9, reference="none"), tmp_path, silent) == FAILED
    line, estimate, remedy = capsys.readouterr().out.splitlines()
    assert "NOT CHECKED (tolerance 1e-09, no reference)" in line
    assert estimate.startswith("no reference; self-consistency ")
    assert remedy.startswith("nobody knows whether accuracy=1e-09 was met: driven has no solution to compare with. ")
    found = summary_of(tmp_path)
    assert (found["verdict"], found["errors"], found["reference"]) == ("no reference", None, None)
    assert not [name for name in files(tmp_path) if ".tmp" in name]
    loaded = load(tmp_path)
    assert loaded.errors is None
    assert np.isnan(loaded.history["error"]).all()
    with np.load(tmp_path / "solution.npz") as arrays:
        assert "exact" not in arrays.files


def test_a_problem_that_no_config_holds_is_given_again_to_load_it(tmp_path: Path) -> None:
    problem = Driven(source=lambda x: 3.0 * x)
    solution = quick(problem)
    solution.save(tmp_path)
    with pytest.raises(ValueError, match=r"made in Python.* Give it again: pinn\.load\(folder, problem=\.\.\.\)"):
        load(tmp_path)
    points = np.linspace(0, 1, 9)[:, np.newaxis]
    loaded = load(tmp_path, problem=problem)
    np.testing.assert_array_equal(loaded(points), solution(points))
    assert loaded.evaluator.residuals(points)["equation"] == pytest.approx(
        solution.jet(points).laplacian().numpy() + 3.0 * points[:, 0]
    )


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    solution = quick(
        PoissonND(np.int64(1)),  # type: ignore[arg-type]
        accuracy=np.float64(1e3),
        time_limit=np.float32(60),
        conditions="penalty",
        weights={"conditions": np.float64(2)},
    )
    loaded = load(solution.save(tmp_path))
    assert loaded.config == solution.config
    assert loaded.problem == PoissonND(1)
    assert (loaded.config["accuracy"], loaded.config["time_limit"]) == (1e3, 60.0)
    assert loaded.config["weights"] == {"conditions": 2.0}
