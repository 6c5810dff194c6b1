"""The exact solution proves its problem: zero residual, every condition met; and a wrong field fails both."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from problem_cases import ALL, PROBLEMS, SOLVED, interior, jet_of_exact, places

from pinn import problems
from pinn.calculus import PointSet
from pinn.problems import Dirichlet, Initial, InitialVelocity, Neumann, PointCondition, Problem
from pinn.problems.problem import Residual

CONF = Path(__file__).parents[2] / "conf" / "problem"


def rows(residual: Residual) -> list[tf.Tensor]:
    """The residuals of all equations."""
    return list(residual.values()) if isinstance(residual, Mapping) else [residual]


@pytest.mark.parametrize("problem", SOLVED, ids=repr)
def test_exact_solution_has_zero_residual_and_meets_every_condition(problem: Problem) -> None:
    p = interior(problem)
    u = jet_of_exact(problem, p)
    scale = float(tf.reduce_max(tf.abs(u.hessian_diagonal()))) + 1.0
    # Round-off of second derivatives by the tape: a few hundred units in the last place of their size.
    assert all(float(tf.reduce_max(tf.abs(row))) <= 1e-13 * 500 * scale for row in rows(problem.residual(p, u)))
    assert problem.conditions()
    for condition in problem.conditions():
        on = places(problem, condition)
        assert float(tf.reduce_max(tf.abs(condition.residual(on, jet_of_exact(problem, on))))) <= 1e-13 * scale


@pytest.mark.parametrize("problem", SOLVED, ids=repr)
def test_a_wrong_field_fails_every_equation(problem: Problem) -> None:
    p = interior(problem)
    wrong = jet_of_exact(problem, p, lambda at: 0.01 * tf.reduce_sum(at.coordinates**2, axis=1))
    # 0.01 |x|^2 adds at least 0.02 kappa to each residual inside.
    assert min(float(tf.reduce_mean(tf.abs(row))) for row in rows(problem.residual(p, wrong))) > 1e-4


@pytest.mark.parametrize("problem", SOLVED, ids=repr)
def test_a_wrong_field_fails_every_condition(problem: Problem) -> None:
    for condition in problem.conditions():
        on = places(problem, condition)
        bend = (
            (lambda at: 0.01 + 0.01 * tf.reduce_sum(at.coordinates, axis=1))
            if condition.fixes_value or condition.fixes_velocity or isinstance(condition, PointCondition)
            else (lambda at: 0.01 * tf.reduce_sum(at.coordinates**2, axis=1))
        )
        assert float(tf.reduce_mean(tf.abs(condition.residual(on, jet_of_exact(problem, on, bend))))) > 1e-4


def test_every_shipped_problem_is_in_the_table_and_in_conf() -> None:
    shipped = {v for v in vars(problems).values() if inspect.isclass(v) and issubclass(v, Problem) and v is not Problem}
    assert {type(problem) for problem in ALL} == shipped
    assert {path.stem for path in CONF.glob("*.yaml")} == set(PROBLEMS)
    for name, cases in PROBLEMS.items():
        assert {problem.name for problem in cases} == {name}


@pytest.mark.parametrize("problem", [cases[0] for cases in PROBLEMS.values()], ids=lambda p: p.name)
def test_every_shipped_problem_says_its_equation_and_its_source(problem: Problem) -> None:
    text = inspect.getdoc(type(problem)) or ""
    assert ("Exact:" in text) == (problem.exact is not None)
    assert problem.exact is not None or "No exact solution is known" in text
    assert re.search(r"\\Delta|\\nabla|u''|u_\{?t", text)
    assert len(problem.citation) > 10


def test_bratu_is_the_cool_solution_up_to_the_fold() -> None:
    centre = PointSet(tf.constant([[0.5]], tf.float64), ("x",))
    # The published maximum for lambda = 1 and the height of the fold, 2 ln cosh(1.19968), where both solutions meet.
    assert problems.Bratu1D(1.0).exact(centre).numpy()[0] == pytest.approx(0.140539, abs=1e-6)
    assert problems.Bratu1D(3.5138307).exact(centre).numpy()[0] == pytest.approx(1.18684, abs=1e-3)


def test_the_lid_agrees_with_the_walls_and_runs_at_full_speed_between() -> None:
    lid = problems.LidDrivenCavity().conditions()[0]
    p = PointSet(tf.constant([[0.0, 1.0], [1.0, 1.0], [0.25, 1.0], [0.5, 1.0]], tf.float64), ("x", "y"))
    by_hand = [0.0, 0.0, 1.0 - np.cosh(12.5) / np.cosh(25.0), 1.0 - 1.0 / np.cosh(25.0)]
    np.testing.assert_allclose(lid.prescribed(p), by_hand, atol=1e-15)


def test_conditions_have_names_that_tell_them_apart() -> None:
    assert Dirichlet(0.0).name == "dirichlet_boundary"
    assert Neumann(1.0, on="x_max").name == "neumann_x_max"
    assert Initial(0.0).name == "initial"
    assert InitialVelocity(0.0).name == "initial_velocity"
    assert Dirichlet(0.0, on=("x_min", "y_max"), component=1).name == "dirichlet_x_min_y_max_1"


def test_prescribed_values_come_in_the_dtype_of_the_points() -> None:
    for dtype in (tf.float32, tf.float64):
        p = PointSet(tf.ones((3, 1), dtype), ("x",))
        for condition in (Dirichlet(0.1), Dirichlet(lambda p: 2 * p.x)):
            assert condition.prescribed(p).dtype == dtype
            assert condition.prescribed(p).shape == (3,)


BAD_INPUT = {
    "dimension": (lambda: problems.PoissonND(0), "dimension: .*at least 1; got 0"),
    "radii": (lambda: problems.LaplaceAnnulus(2.0, 1.0), "inner|outer"),
    "diffusivity": (lambda: problems.Heat1D(diffusivity=-1.0), "diffusivity: expected a positive number; got -1.0"),
    "waves": (lambda: problems.Helmholtz2D(waves_x=0), "waves_x: .*at least 1; got 0"),
    "layers": (lambda: problems.LayeredWall((1.0, 2.0, 3.0)), "conductivities: expected two numbers, one a layer; got"),  # type: ignore[arg-type]
    "no thickness": (lambda: problems.LayeredWall(thicknesses=(0.0, 1.0)), r"thicknesses\[0\]: expected a positive"),
    "contrast": (lambda: problems.HeatVarying(contrast=-1.0), "contrast: expected a number above -1, .*; got -1.0"),
    "endless contrast": (lambda: problems.HeatVarying(contrast=np.inf), "contrast: expected a finite number; got inf"),
    "fronts": (lambda: problems.AllenCahn1D(diffusivity=1e-5), "diffusivity: expected at least 2e-05 .*; got 1e-05"),
    "angle": (lambda: problems.ScreenedPoisson(angle=float("inf")), "angle: expected a finite number; got inf"),
    "beyond the fold": (lambda: problems.Bratu1D(3.514), r"rate: expected below 3\.5138, .*; got 3\.514"),
    "duration": (lambda: problems.Heat2D(duration=float("nan")), "duration: expected a positive number; got nan"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_impossible_parameters_are_refused(name: str) -> None:
    call, message = BAD_INPUT[name]
    with pytest.raises(ValueError, match=message):
        call()


def test_a_problem_without_domain_or_residual_cannot_be_made() -> None:
    class Half(Problem):
        def residual(self, p: object, u: object) -> tf.Tensor:
            return tf.constant(np.nan)

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]
