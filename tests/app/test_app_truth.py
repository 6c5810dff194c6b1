"""What a run is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pinn.app import truth
from pinn.app.solution import load
from pinn.app.solve import solve
from pinn.app.truth import truth_of
from pinn.calculus import Jet, PointSet
from pinn.fields import RandomFeatures
from pinn.geometry import Interval, Shape
from pinn.problems import AllenCahn1D, Condition, Dirichlet, LidDrivenCavity, Poisson1D, Problem
from pinn.solvers import LeastSquares
from pinn.training import Sampling


@dataclass(frozen=True)
class Rod(Problem):
    """`u'' = u` with both ends at 1, of which nobody has written down the solution."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian() - u.value

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(1.0),)


def _solved(**options: object) -> object:
    return solve(Rod(), RandomFeatures(features=50), LeastSquares(), sampling=Sampling(interior=100), **options)


def test_a_field_without_a_formula_is_measured_by_finite_elements(tmp_path: Path) -> None:
    solution = _solved(accuracy=1e-6)
    assert solution.verdict == "pass"
    reference = solution.summary["reference"]
    assert reference["kind"] == "finite elements"
    assert 0.0 < reference["accuracy"] <= 1e-7
    assert solution.summary["self_consistency"] is None
    again = load(solution.save(tmp_path))
    x = np.linspace(0.0, 1.0, 9)[:, np.newaxis]
    np.testing.assert_allclose(again.evaluator.exact(x), np.cosh(x[:, 0] - 0.5) / np.cosh(0.5), rtol=1e-7)


def test_without_a_reference_the_estimate_is_labelled() -> None:
    found = _solved(reference="none").summary
    assert (found["verdict"], found["reference"]) == ("no reference", None)
    assert found["self_consistency"]["value"] < 1e-6
    assert found["self_consistency"]["kind"].startswith("residual on points held out")


def test_what_a_problem_knows_is_taken_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "finite_element_reference", lambda *_, **__: pytest.fail("computed"))
    for problem in (Poisson1D(), AllenCahn1D()):
        assert truth_of(problem, "auto", 1e-3).substitute is None
        with pytest.raises(pytest.fail.Exception):
            truth_of(problem, "finite_elements", 1e-3)


def test_a_problem_that_finite_elements_do_not_serve() -> None:
    """It is an error where they are asked for, and otherwise a sentence."""
    assert "not a system of 3" in truth_of(LidDrivenCavity(), "auto", None).why_not
    with pytest.raises(ValueError, match=r"reference: expected .*; finite elements serve one field"):
        truth_of(LidDrivenCavity(), "finite_elements", None)
    with pytest.raises(ValueError, match="reference: expected one of auto, none, finite_elements; got 'fem'"):
        solve(Rod(), reference="fem")
