"""Slabs behind the one call: the ladder takes them, files keep them, and what they cannot serve is refused."""

from __future__ import annotations

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
from pinn.app.ladder import Rung
from pinn.app.solution import load
from pinn.app.solve import solve
from pinn.calculus import Jet, PointSet
from pinn.fields import Slabs
from pinn.geometry import Interval, Shape
from pinn.problems import Condition, Heat1D, Initial, Poisson1D, Problem
from pinn.solvers import Adam
from pinn.training import Ntk, Sampling

SMALL = Slabs(slabs=2, patches=2, features=50, residual=1e-3, most=2)


@dataclass(frozen=True)
class Growth(Problem):
    """`u_t = u^2` at every place by itself, `u = 1 / (2 + x - t)`; known to nobody where `known` is not said."""

    known: bool = True

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.d("t") - u.value**2

    def conditions(self) -> Sequence[Condition]:
        return (Initial(lambda p: 1.0 / (2.0 + p.x)),)

    def exact(self, p: PointSet) -> tf.Tensor:
        return 1.0 / (2.0 + p.x - p.t)


@dataclass(frozen=True)
class Wave(Problem):
    """Of second order in time."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.d("t", "t") - u.laplacian("x")


def test_the_ladder_marches_and_a_folder_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(solving, "rungs", lambda **_: (Rung(SMALL, None, "it was asked to"),) * 2)
    solution = solve(Growth(), accuracy=1e-3)
    summary = solution.summary
    assert summary["choice"] == "slabs by gauss_newton, because it was asked to"
    assert (summary["verdict"], summary["field"], summary["solver"]) == ("pass", "slabs", "gauss_newton")
    assert solution.errors is not None
    assert solution.errors.relative_l2 < 1e-4
    assert summary["points"]["equation"] == 2 * 2 * 150
    assert summary["residual"]["gap"] < 10
    assert field_from(solution.config["field"]) == SMALL
    again = load(solution.save(tmp_path))
    points = Growth().domain.interior(np.random.default_rng(0).random((20, 2)))
    np.testing.assert_array_equal(again(points), solution(points))


@pytest.mark.parametrize(
    ("problem", "how", "match"),
    [
        (Poisson1D(), {}, "expected a problem with time; poisson_1d has none. Say field=patches"),
        (Heat1D(), {"dtype": "float32"}, "expected dtype=float64; got float32"),
        (Heat1D(), {"solver": Adam()}, "expected solver=auto or solver=gauss_newton"),
        (
            Heat1D(),
            {"conditions": "penalty"},
            "expected exact conditions at the initial time, no given points and no mean. Say",
        ),
        (Heat1D(), {"sampling": Sampling(interior=100)}, "expected no choice of points inside"),
        (Heat1D(), {"balance": Ntk()}, "expected balance=fixed; got ntk"),
        (Wave(), {}, "expected an equation of first order in time; got one of second order"),
    ],
)
def test_what_slabs_cannot_serve_is_refused(problem: Problem, how: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=f"field=slabs: {match}"):
        solve(problem, SMALL, **how)


def test_their_options_are_those_of_a_config() -> None:
    options = describe_field(Slabs(4, patches=(3, 2), features=7))
    assert options == {
        "name": "slabs",
        "slabs": 4,
        "patches": [3, 2],
        "features": 7,
        "residual": 1e-6,
        "most": 128,
        "activation": "sine",
        "scale": 4.5,
        "overlap": 1.0,
    }
    assert field_from(options) == Slabs(4, patches=(3, 2), features=7)
