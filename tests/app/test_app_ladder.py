"""The accuracy ladder: what is tried, in which order, and when the climb ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pinn.app import solve as solving
from pinn.app.build import field_from
from pinn.app.ladder import Rung, climb, patches_along, rungs
from pinn.app.record import gap_of
from pinn.app.run import run
from pinn.app.solution import load
from pinn.app.solve import solve
from pinn.calculus import Jet, PointSet
from pinn.fields import Mlp, Patches, RandomFeatures, Slabs
from pinn.geometry import Interval, Shape
from pinn.problems import Condition, Dirichlet, Poisson1D, Problem
from pinn.solvers import Adam, GaussNewton, LeastSquares
from pinn.training import Event, Sampling

FEW = Sampling(interior=60, boundary=8)


@dataclass(frozen=True)
class Made:
    """A rung's outcome."""

    error: float
    ended: bool = False


@dataclass(frozen=True)
class Rod(Problem):
    """`u'' = u^power` with `u = 1` at both ends, whose solution nobody says."""

    power: int = 1

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian() - u.value**self.power

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(1.0),)


def test_features_come_first_where_they_can_serve() -> None:
    def fields(**how: object) -> list[type]:
        usual = {"linear": True, "axes": 2, "timed": False, "dtype": "float64", "goal": 1e-8}
        return [type(rung.field) for rung in rungs(**{**usual, **how})]

    assert fields() == [RandomFeatures, Patches, Patches, Mlp, Mlp]
    assert fields(timed=True) == [RandomFeatures, Patches, Patches, Slabs, Slabs, Mlp, Mlp]
    assert fields(timed=True, linear=False) == [RandomFeatures, Slabs, Slabs, Mlp, Mlp]
    assert fields(timed=True, axes=3) == fields(axes=3) == [RandomFeatures, RandomFeatures, *[Patches] * 2, Mlp, Mlp]
    assert fields(axes=1) == [RandomFeatures, Mlp, Mlp]
    assert fields(linear=False) == [RandomFeatures, Patches, Mlp, Mlp]
    assert fields(axes=4) == fields(axes=10) == [RandomFeatures, Mlp, Mlp]
    assert fields(linear=False, axes=4) == fields(axes=11) == [Mlp, Mlp]
    assert fields(linear=False, components=2) == [RandomFeatures, RandomFeatures, Patches, Mlp, Mlp]
    assert fields(dtype="float32") == [Mlp]


def test_patches_are_cut_along_the_axes_that_need_it() -> None:
    assert patches_along((31.4, 1.5, 1.0), 40) == (21, 1, 1)
    assert patches_along((1.0, 1.0, 1.0), 40) == (4, 3, 3)
    assert patches_along((1.0, 9.0, 4.5), 40) == (1, 9, 4)
    assert patches_along((1.9, 2.8, 1.0), 216) == (12, 18, 1)  # a plate with holes over time, which stays whole
    ladder = rungs(linear=True, axes=3, timed=True, dtype="float64", goal=0.0, numbers=(31.4, 1.5, 1.0))
    assert [rung.field.patches for rung in ladder if isinstance(rung.field, Patches)] == [(30, 2, 1), (63, 3, 1)]
    assert ladder[1].field.scale == pytest.approx((1.3 * 31.4 + 1.5, 1.3 * 1.5 + 1.5, 2.8))


def test_a_curved_equation_is_met_by_newtons_method_and_by_points_that_follow_its_residual() -> None:
    straight, curved = (
        rungs(linear=linear, axes=2, timed=False, dtype="float64", goal=0.0) for linear in (True, False)
    )
    assert isinstance(straight[0].solver, LeastSquares)
    assert all(isinstance(rung.solver, GaussNewton) for rung in curved[:2])
    assert all(rung.sampling == Sampling() for rung in (*straight, *curved[:2]))
    assert all(rung.sampling.adapt is not None and rung.sampling.resample_every for rung in curved[2:])


def test_slabs_are_cut_as_fine_as_the_goal_asks() -> None:
    def residuals(goal: float) -> list[float]:
        ladder = rungs(linear=False, axes=2, timed=True, dtype="float64", goal=goal)
        return [rung.field.residual for rung in ladder if isinstance(rung.field, Slabs)]

    assert residuals(1e-6) == pytest.approx([3e-6, 1e-6 / 3])
    assert residuals(0.0) == [1e-9, 1e-9]


@pytest.mark.parametrize(
    ("errors", "goal", "tried", "best"),
    [
        ([1e-5, 1e-7, 1e-9], 1e-4, 1, 1e-5),
        ([1e-5, 1e-7, 1e-9], 1e-8, 3, 1e-9),
        ([1e-5, 1e-3, 1e-4], 1e-8, 3, 1e-5),
        ([np.inf, 1e-3], 1e-2, 2, 1e-3),
    ],
)
def test_the_climb_ends_when_the_goal_is_reached_and_keeps_the_best(
    errors: list[float], goal: float, tried: int, best: float
) -> None:
    ladder = [Rung(Mlp(), None, "")] * len(errors)
    found, made = climb(ladder, lambda number, _: Made(errors[number]), goal)
    assert (found.error, len(made)) == (best, tried)


def test_the_climb_ends_when_there_is_no_time_left() -> None:
    found, made = climb([Rung(Mlp(), None, "")] * 3, lambda *_: Made(0.5, ended=True), 1e-8)
    assert (found.error, len(made)) == (0.5, 1)


def test_a_linear_equation_is_solved_by_features_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    solution = solve(Poisson1D(), sampling=FEW, accuracy=1e-7)
    assert solution.errors is not None
    assert solution.errors.relative_l2 < 1e-7
    assert solution.summary["choice"] == (
        "random_features by least_squares, because the equation is linear in u and has 1 axis"
    )
    saved = load(solution.save(tmp_path / "first")).config
    assert saved["field"]["name"] == "random_features"
    capsys.readouterr()
    assert run(dict(saved), tmp_path / "again", lambda _: None) == 0
    assert "chosen" not in capsys.readouterr().out
    first, again = (np.load(tmp_path / name / "solution.npz") for name in ("first", "again"))
    np.testing.assert_array_equal(first["value"], again["value"])


def test_without_a_truth_the_residual_on_other_points_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """A linear equation and a nonlinear one are both done after the features."""
    tried: list[str] = []

    def noted(*_: object, **options: object) -> tuple[Rung, ...]:
        ladder = rungs(**options)
        tried.extend(type(rung.field).__name__ for rung in ladder)
        return (ladder[0], Rung(Mlp(width=4, depth=1), Adam(max_steps=3), "a few steps"))

    monkeypatch.setattr(solving, "rungs", noted)
    solution = solve(Rod(), sampling=FEW, reference="none")
    assert solution.summary["field"] == "random_features"
    assert "self-consistency" in solution.summary["choice"]
    assert solution.verdict == "no reference"
    x = np.linspace(0.0, 1.0, 9)[:, np.newaxis]
    np.testing.assert_allclose(solution(x), np.cosh(x[:, 0] - 0.5) / np.cosh(0.5), rtol=1e-7)
    tried.clear()
    monkeypatch.setattr(solving, "climb", lambda ladder, *_: pytest.fail(ladder[0].why))
    with pytest.raises(pytest.fail.Exception, match="the equation is not linear in u and has 1 axis"):
        solve(Rod(power=2), sampling=FEW, reference="none")
    assert tried == ["RandomFeatures", "Mlp", "Mlp"]


def test_a_rung_that_is_not_enough_leads_to_the_next_and_time_ends_the_climb(monkeypatch: pytest.MonkeyPatch) -> None:
    ladder = (
        Rung(Mlp(width=3, depth=1), Adam(max_steps=2), "it is small"),
        Rung(RandomFeatures(20, scale=1.0), LeastSquares(), "the small one was not enough"),
    )
    monkeypatch.setattr(solving, "rungs", lambda **_: ladder)
    events: list[Event] = []
    solution = solve(Poisson1D(), sampling=FEW, accuracy="best", observer=events.append)
    assert list(dict.fromkeys(event.rung for event in events)) == ["rung 1 of 2: mlp", "rung 2 of 2: random_features"]
    assert "the small one was not enough" in solution.summary["choice"]
    assert solution.summary["seconds"]["total"] > solution.summary["seconds"]["train"]
    assert solution.summary["tolerance"] is None
    first, second = solution.summary["tried"]
    assert (first["field"], first["solver"], first["why"], first["taken"]) == ("mlp", "adam", "it is small", False)
    assert (second["field"], second["taken"]) == ("random_features", True)
    assert second["error"] == solution.summary["errors"]["relative_l2"] < first["error"]
    assert first["seconds"] + second["seconds"] <= solution.summary["seconds"]["total"]
    hurried = solve(Poisson1D(), sampling=FEW, accuracy="best", time_limit=1e-9)
    assert "it is small" in hurried.summary["choice"]


@pytest.mark.parametrize(("solver", "field"), [(LeastSquares(), "random_features"), (Adam(max_steps=1), "mlp")])
def test_a_solver_that_is_named_has_the_field_that_it_serves(solver: LeastSquares | Adam, field: str) -> None:
    solution = solve(Poisson1D(), solver=solver, sampling=Sampling(interior=20, boundary=8))
    assert solution.summary["field"] == field
    assert "choice" not in solution.summary


def test_an_option_of_a_network_asks_for_a_network() -> None:
    nothing = {"name": "auto", "width": None, "depth": None, "activation": None}
    assert field_from(nothing) is None
    assert field_from({**nothing, "width": 7}) == Mlp(width=7)
    with pytest.raises(ValueError, match=r"field\.wide: unknown"):
        field_from({**nothing, "wide": 7})


GAPS = {
    "one equation": ({"loss/equation": np.array([np.nan, 4.0])}, [], 6.0, 3.0),
    "two equations, a condition": (
        {"loss/first": np.array([1.0]), "loss/second": np.array([7.0]), "loss/initial": np.array([1e9])},
        ["initial"],
        2.0,
        1.0,
    ),
    "nothing left": ({"loss/equation": np.array([0.0])}, [], 1.0, None),
    "no step": ({"loss/equation": np.zeros(0)}, [], 1.0, None),
    "broken": ({"loss/equation": np.array([1.0])}, [], np.inf, None),
}


@pytest.mark.parametrize("name", GAPS)
def test_the_gap_compares_the_equation_on_and_between_the_points(name: str) -> None:
    history, conditions, elsewhere, expected = GAPS[name]
    assert gap_of(history, elsewhere, conditions) == expected


def test_a_field_that_has_learned_its_points_is_told_from_one_that_solves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sixty ridges through eight points: no residual there, a large one in between."""
    config = {
        "problem": {"_target_": "pinn.problems.Poisson1D"},
        "field": {"name": "random_features", "features": 60, "scale": 4.0, "activation": "tanh"},
        "solver": {"name": "least_squares"},
        "sampling": {"name": "sobol", "interior": 8, "boundary": 8, "initial": None},
        "engine": {"name": "auto"},
        **dict.fromkeys(("accuracy", "time_limit")),
        **{
            "conditions": "exact",
            "reference": "auto",
            "weights": {},
            "balance": {"name": "fixed"},
            "seed": 0,
            "dtype": "float64",
            "device": "auto",
        },
    }
    assert run(config, tmp_path, lambda _: None) == 0
    assert "times larger between the training points than on them" in capsys.readouterr().out
