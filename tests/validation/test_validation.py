"""Errors in closed form, evaluation in blocks, and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Jet, PointSet, Tape
from pinn.geometry import Interval, Shape
from pinn.problems import Heat1D, Poisson2D, PoissonBall, Problem
from pinn.validation import Evaluator, errors, residual_size, validate


def _evaluator(problem: Problem, change: float = 0.0) -> Evaluator:
    """The exact solution plus a multiple of the sum of the coordinates, as a field of one component."""
    assert problem.exact is not None

    def field(x: tf.Tensor) -> tf.Tensor:
        value = problem.exact(PointSet(x, problem.domain.axes)) + change * tf.reduce_sum(x, axis=1)
        return value[:, tf.newaxis]

    return Evaluator(problem, field, Tape(), tf.float64)


def _points(problem: Problem, count: int = 5000) -> np.ndarray:
    """More points than one block holds."""
    shape = problem.domain
    return shape.interior(np.random.default_rng(0).uniform(size=(count, shape.unit_dimension)))


def test_errors_are_the_formulas() -> None:
    truth, value = np.array([3.0, 4.0]), np.array([3.0, 4.5])
    true_gradient, gradient = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 2.0]])
    found = errors(value, truth, gradient, true_gradient)
    assert found.relative_l2 == pytest.approx(0.5 / 5.0)
    assert found.max == 0.5
    assert found.relative_h1 == pytest.approx(np.sqrt((0.25 + 4.0) / (25.0 + 1.0)))


@pytest.mark.parametrize("repeated", [1, 100])
def test_errors_of_a_zero_truth_are_absolute_and_do_not_grow_with_the_points(repeated: int) -> None:
    value, slope = np.tile([3.0, 4.0], repeated), np.tile([[0.0], [5.0]], (repeated, 1))
    found = errors(value, np.zeros_like(value), slope, np.zeros_like(slope))
    assert found.relative_l2 == pytest.approx(np.sqrt((9.0 + 16.0) / 2))
    assert found.relative_h1 == pytest.approx(np.sqrt((9.0 + 16.0 + 25.0) / 2))


def test_residual_size_takes_all_equations_together() -> None:
    found = residual_size({"a": np.array([3.0, 0.0]), "b": np.array([0.0, -4.0])})
    assert found.rms == 2.5
    assert found.max == 4.0


@pytest.mark.parametrize("problem", [Poisson2D(), PoissonBall(), Heat1D()], ids=lambda p: p.name)
def test_the_exact_field_passes_and_a_tilted_one_fails_by_a_known_amount(problem: Problem) -> None:
    points = _points(problem)
    exact = validate(_evaluator(problem), points, tolerance=1e-12)
    assert exact.verdict == "pass"
    assert exact.errors is not None
    assert exact.errors.relative_h1 < 1e-12
    assert exact.residual.max < 1e-10
    assert exact.reference is not None
    assert (exact.reference.kind, exact.reference.accuracy, exact.points) == ("exact", 0.0, 5000)
    tilted = validate(_evaluator(problem, 0.01), points, tolerance=1e-3)
    assert tilted.verdict == "fail"
    assert tilted.errors is not None
    tilt = 0.01 * points.sum(axis=1)
    truth = _evaluator(problem).exact(points)
    assert tilted.errors.relative_l2 == pytest.approx(np.linalg.norm(tilt) / np.linalg.norm(truth), rel=1e-10)
    assert tilted.errors.max == pytest.approx(np.abs(tilt).max(), rel=1e-10)
    # The gradient over space is off by 0.01 along every space axis; time does not count.
    slope = 0.01 * np.sqrt(len(problem.domain.space_axes) * len(points))
    true_gradient = _evaluator(problem).gradients(points)[1]
    scale = np.sqrt(np.sum(truth**2) + np.sum(true_gradient**2))
    assert tilted.errors.relative_h1 == pytest.approx(np.hypot(np.linalg.norm(tilt), slope) / scale, rel=1e-9)


def test_no_tolerance_passes_what_is_finite_and_fails_what_is_not() -> None:
    problem = Poisson2D()
    assert validate(_evaluator(problem, 1.0), _points(problem, 50), tolerance=None).verdict == "pass"
    broken = Evaluator(problem, lambda x: x[:, :1] * np.nan, Tape(), tf.float64)
    assert validate(broken, _points(problem, 50), tolerance=None).verdict == "fail"


@dataclass(frozen=True)
class Unknown(Problem):
    """Two equations whose solution nobody wrote down."""

    components = 2

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:
        return {"first": u[0].d("x") - 1.0, "second": u[1].laplacian() - 3.0}


def test_without_a_reference_there_is_a_residual_and_no_verdict() -> None:
    evaluator = Evaluator(Unknown(), lambda x: tf.concat([x, x**2], axis=1), Tape(), tf.float64)
    found = validate(evaluator, np.linspace(0, 1, 11)[:, None], tolerance=1e-3)
    assert found.verdict == "no reference"
    assert found.errors is None
    assert found.reference is None
    assert found.residual.max == pytest.approx(1.0)  # (x^2)'' - 3 = -1
    assert found.residual.rms == pytest.approx(np.sqrt(0.5))
    assert evaluator.value(np.ones((3, 1))).shape == (3, 2)
    assert evaluator.gradients(np.ones((3, 1)))[1] is None


def test_blocks_join_to_what_one_block_gives() -> None:
    evaluator = _evaluator(Poisson2D(), 0.3)
    points = _points(Poisson2D(), 9001)
    whole = evaluator.residuals(points)["equation"]
    parts = np.concatenate([evaluator.residuals(part)["equation"] for part in np.array_split(points, 7)])
    np.testing.assert_array_equal(whole, parts)


def test_jet_answers_at_points() -> None:
    jet = _evaluator(Poisson2D()).jet(np.array([[0.5, 0.5]]))
    np.testing.assert_allclose(jet.laplacian(), [-2 * np.pi**2], rtol=1e-13)


class NotFinite(Problem):
    """An exact solution with a pole inside."""

    domain = Interval(-1.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.value

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.math.log(p.x)


class WrongShape(NotFinite):
    def exact(self, p: PointSet) -> tf.Tensor:  # type: ignore[override]
        return p.coordinates


def test_a_truth_that_is_not_finite_or_has_a_wrong_shape_is_refused() -> None:
    points = np.array([[0.5], [-0.25], [-0.5]])
    field = tf.identity
    with pytest.raises(ValueError, match=r"not_finite: .*NaN or infinity at 2 of 3 points, first at x=-0.25"):
        Evaluator(NotFinite(), field, Tape(), tf.float64).exact(points)
    with pytest.raises(ValueError, match=r"wrong_shape: expected an exact solution of shape \[N\]; got \[None, 1\]"):
        Evaluator(WrongShape(), field, Tape(), tf.float64).exact(points)
