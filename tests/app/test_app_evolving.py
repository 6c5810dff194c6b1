"""Evolving features behind the one call: the ladder takes them, files keep them, and what they cannot is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pinn.app import solve as solving
from pinn.app.build import field_from
from pinn.app.describe import describe_field
from pinn.app.ladder import Rung, rungs
from pinn.app.solution import load
from pinn.app.solve import solve
from pinn.calculus import Jet, PointSet
from pinn.fields import EvolvingFeatures, RandomFeatures
from pinn.geometry import Interval, Shape
from pinn.problems import Condition, Dirichlet, Heat1D, HeatBall, Initial, Poisson1D, Problem, Wave1D
from pinn.solvers import Adam
from pinn.training import Ntk, Sampling

SMALL = EvolvingFeatures(60, frames=200, tolerance=1e-8)


@dataclass(frozen=True)
class Unknown(Problem):
    """A rod that cools, as if nobody knew how."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 0.1)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.d("t") - u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        return Dirichlet(0.0), Initial(lambda p: tf.sin(math.pi * p.x))


def test_the_ladder_takes_them_and_a_folder_keeps_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(solving, "rungs", lambda **_: (Rung(SMALL, None, "it was asked to"),) * 2)
    solution = solve(Heat1D(), accuracy=1e-4)
    summary = solution.summary
    assert summary["choice"] == "evolving_features by least_squares, because it was asked to"
    assert summary["verdict"] == "pass"
    assert solution.errors is not None
    assert solution.errors.relative_l2 < 1e-4
    assert summary["stop_reason"] == "the end of time was reached"
    assert summary["points"]["equation"] == 120
    assert field_from(solution.config["field"]) == SMALL
    again = load(solution.save(tmp_path))
    points = Heat1D().domain.interior(np.random.default_rng(0).random((20, 2)))
    np.testing.assert_array_equal(again(points), solution(points))


def test_where_nobody_knows_the_truth_the_residual_tells() -> None:
    solution = solve(Unknown(), EvolvingFeatures(40, scale=12.0, frames=60, tolerance=1e-7), reference="none")
    estimate = solution.summary["self_consistency"]["value"]
    assert solution.summary["verdict"] == "no reference"
    assert 0.0 < estimate < 1e-4


@pytest.mark.parametrize(
    ("problem", "how", "match"),
    [
        (Poisson1D(), {}, "expected a problem with time; poisson_1d has none. Say field=random_features"),
        (Heat1D(), {"dtype": "float32"}, "expected dtype=float64; got float32"),
        (Heat1D(), {"solver": Adam()}, "expected solver=auto or solver=least_squares"),
        (Heat1D(), {"conditions": "penalty"}, "expected conditions that hold exactly, values or periodic ones; got"),
        (HeatBall(), {"conditions": "penalty"}, "expected conditions that hold exactly"),
        (Heat1D(), {"sampling": Sampling(boundary=100)}, "expected no choice of points but how many there are inside"),
        (Heat1D(), {"balance": Ntk()}, "expected balance=fixed; got ntk"),
        (Wave1D(), {}, "expected an equation of first order in time; got one of another order"),
    ],
)
def test_what_they_cannot_serve_is_refused(problem: Problem, how: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=f"field=evolving_features: {match}"):
        solve(problem, SMALL, **how)


def test_their_options_are_those_of_a_config() -> None:
    recipe = EvolvingFeatures(7, "tanh", scale=(3.0, 2.0))
    options = describe_field(recipe)
    assert options == {
        "name": "evolving_features",
        "features": 7,
        "activation": "tanh",
        "scale": [3.0, 2.0],
        "frames": 500,
        "tolerance": 1e-4,
    }
    assert field_from(options) == recipe


def test_they_are_tried_where_a_plane_evolves_and_the_equation_is_not_linear() -> None:
    def fields(*, linear: bool, axes: int, timed: bool) -> list[type]:
        return [type(rung.field) for rung in rungs(linear=linear, axes=axes, timed=timed, dtype="float64", goal=1e-2)]

    assert fields(linear=False, axes=3, timed=True)[:2] == [RandomFeatures, EvolvingFeatures]
    assert EvolvingFeatures not in fields(linear=False, axes=3, timed=False)
    assert EvolvingFeatures not in fields(linear=True, axes=3, timed=True)
