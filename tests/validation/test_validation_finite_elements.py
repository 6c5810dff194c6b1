"""References by finite elements, learned from problems as they are written: they agree with every exact solution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Jet, PointSet, Tape
from pinn.geometry import Ball, Box, Interval, Polygon, Shape
from pinn.problems import (
    BoundaryLaw,
    Bratu1D,
    Condition,
    ConvectionDiffusion1D,
    Dirichlet,
    FisherKPP,
    Heat1D,
    Helmholtz2D,
    Initial,
    Kovasznay,
    LaplaceAnnulus,
    LayeredWall,
    Mean,
    Neumann,
    Periodic,
    Pin,
    Poisson2D,
    PoissonBoltzmann,
    PoissonCubic,
    PoissonND,
    Problem,
    Robin,
    ScreenedPoisson,
    Wave1D,
)
from pinn.references import ReferenceSolution
from pinn.references.finite_elements import UnsolvedError
from pinn.validation import Evaluator, Reference, finite_element_reference, validate
from pinn.validation import finite_elements as bridge

PROBLEMS: Mapping[str, tuple[Problem, float]] = {
    "in one axis": (ConvectionDiffusion1D(), 1e-4),
    "exponential": (Bratu1D(), 1e-5),
    "screened": (PoissonBoltzmann(), 1e-4),
    "in the plane": (Poisson2D(), 1e-3),
    "indefinite": (Helmholtz2D(), 0.1),
    "with a layer": (ScreenedPoisson(), 1e-3),
    "cubic": (PoissonCubic(), 1e-2),
    "a ring": (LaplaceAnnulus(), 1e-3),
    "heat": (Heat1D(), 1e-3),
    "a front": (FisherKPP(), 1e-3),
    "a wave": (Wave1D(), 1e-2),
}


def _gaps(problem: Problem, accuracy: float) -> tuple[float, float]:
    """The error of a reference, and the accuracy that it claims."""
    found = finite_element_reference(problem, accuracy=accuracy)
    domain = problem.domain
    points = domain.interior(np.random.default_rng(1).random((2000, domain.unit_dimension)))
    exact = Evaluator(problem, lambda x: x[:, :1], Tape(), tf.float64).exact(points)
    return float(np.linalg.norm(found.value(points) - exact) / np.linalg.norm(exact)), found.accuracy


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_reference_is_as_close_to_the_exact_solution_as_it_says(name: str) -> None:
    problem, accuracy = PROBLEMS[name]
    error, claimed = _gaps(problem, accuracy)
    assert error <= claimed <= accuracy


@dataclass(frozen=True)
class Stated(Problem):
    """An equation and conditions given as functions."""

    shape: Shape
    equation: Callable[[PointSet, Jet], Any]
    given: Sequence[Condition]
    truth: Callable[[PointSet], tf.Tensor] | None = None
    components: int = 1

    @property
    def domain(self) -> Shape:
        return self.shape

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return self.equation(p, u)

    def conditions(self) -> Sequence[Condition]:
        return self.given

    def exact(self, p: PointSet) -> tf.Tensor:
        assert self.truth is not None
        return self.truth(p)


def _slope(p: PointSet, along: Callable[[PointSet], Sequence[tf.Tensor]]) -> tf.Tensor:
    return tf.add_n([n * g for n, g in zip(tf.unstack(p.normals, axis=1), along(p), strict=False)])


_DISK = Ball((0.0, 0.0), 1.0)
_SQUARE = Box((0.0, 0.0), (1.0, 1.0))
_U: Callable[[PointSet], tf.Tensor] = lambda p: tf.sin(p.x) * tf.exp(p.y)  # noqa: E731 - harmonic
_DU: Callable[[PointSet], Sequence[tf.Tensor]] = lambda p: (tf.cos(p.x) * tf.exp(p.y), _U(p))  # noqa: E731
_FLUX = lambda p: _slope(p, _DU)  # noqa: E731

# All have the solution sin(x) exp(y), or sin(x) exp(y - t): of sign, coefficients and conditions in all their forms.
WRITTEN: Mapping[str, Problem] = {
    "the other sign": Stated(_DISK, lambda p, u: -u.laplacian(), [Dirichlet(_U)], _U),
    "anisotropic and mixed": Stated(
        _DISK,
        lambda p, u: u.d("x", "x") + 3.0 * u.d("y", "y") + u.d("x", "y") - 2.0 * _U(p) - tf.cos(p.x) * tf.exp(p.y),
        [Dirichlet(_U)],
        _U,
    ),
    "a coefficient of the place": Stated(
        _DISK,
        lambda p, u: u.flux_divergence(lambda q: 2.0 + q.x * q.y, p) - p.y * _DU(p)[0] - p.x * _U(p),
        [Dirichlet(_U)],
        _U,
    ),
    "a coefficient of the value": Stated(
        _DISK,
        lambda p, u: (
            (1.0 + u.value**2) * u.laplacian()
            + 2.0 * u.value * (u.d("x") ** 2 + u.d("y") ** 2 - _DU(p)[0] ** 2 - _U(p) ** 2)
        ),
        [Dirichlet(_U)],
        _U,
    ),
    "fluxes and a film": Stated(
        _SQUARE,
        lambda p, u: u.laplacian(),
        [
            Neumann(_FLUX, on="x_min"),
            Robin(lambda p: _FLUX(p) + 2.0 * _U(p), on="y_max", coefficient=2.0),
            Dirichlet(_U, on=("x_max", "y_min")),
        ],
        _U,
    ),
    "fluxes only, and a pin": Stated(
        _DISK, lambda p, u: -2.0 * u.laplacian(), [Neumann(_FLUX), Pin((0.5, 0.25), _U)], _U
    ),
    "fluxes only, and a mean": Stated(
        Interval(0.0, 1.0),
        lambda p, u: u.laplacian() - 2.0,
        [Neumann(lambda p: 2.0 * p.x), Mean(1.0 / 3.0)],
        lambda p: p.x**2,
    ),
    "radiation in time": Stated(
        Interval(0.0, 1.0).over(0.0, 1.0),
        lambda p, u: u.dt() - 0.2 * u.laplacian() + 1.2 * tf.exp(p.x - p.t),
        [
            Initial(lambda p: tf.exp(p.x)),
            Dirichlet(lambda p: tf.exp(-p.t), on="x_min"),
            BoundaryLaw(
                on="x_max", law=lambda p, u: u.normal(p.normals) + u.value**4 - tf.exp(1 - p.t) - tf.exp(4 * (1 - p.t))
            ),
        ],
        lambda p: tf.exp(p.x - p.t),
    ),
    "in time, with a source and a flux that change": Stated(
        Interval(0.0, 1.0).over(0.0, 1.0),
        lambda p, u: -u.d("x", "x") + 2.0 * u.dt() + tf.sin(p.x) * tf.exp(-p.t),
        [
            Initial(lambda p: tf.sin(p.x)),
            Dirichlet(0.0, on="x_min"),
            Neumann(lambda p: tf.cos(p.x) * tf.exp(-p.t), on="x_max"),
        ],
        lambda p: tf.sin(p.x) * tf.exp(-p.t),
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_an_equation_is_understood_however_it_is_written(name: str) -> None:
    error, claimed = _gaps(WRITTEN[name], 1e-3)
    assert error <= claimed <= 1e-3


def test_a_wrong_sign_is_seen() -> None:
    """The residual with the sign of one term changed has another reference."""
    wrong = Stated(_DISK, lambda p, u: u.laplacian() + 2.0 * u.d("x"), [Dirichlet(_U)], _U)
    error, claimed = _gaps(wrong, 1e-3)
    assert claimed <= 1e-3
    assert error > 0.1


REFUSED: Mapping[str, tuple[Problem, str]] = {
    "a system": (Kovasznay(), "not a system of 3"),
    "an interface": (LayeredWall(), "not a system"),
    "five axes": (PoissonND(), "5 axes of space"),
    "first order": (Stated(_DISK, lambda p, u: u.d("x") + u.value, [Dirichlet(0.0)]), "second derivatives"),
    "one axis of two": (Stated(_DISK, lambda p, u: u.d("x", "x"), [Dirichlet(0.0)]), "second derivatives"),
    "hyperbolic": (Stated(_DISK, lambda p, u: u.d("x", "x") - u.d("y", "y"), [Dirichlet(0.0)]), "second derivatives"),
    "fully nonlinear": (
        Stated(_DISK, lambda p, u: u.laplacian() ** 3 + u.laplacian(), [Dirichlet(0.0)]),
        "linear in its",
    ),
    "backwards in time": (
        Stated(Interval(0.0, 1.0).over(0.0, 1.0), lambda p, u: u.dt() + u.laplacian(), [Initial(0.0), Dirichlet(0.0)]),
        "well posed",
    ),
    "no beginning": (
        Stated(Interval(0.0, 1.0).over(0.0, 1.0), lambda p, u: u.dt() - u.laplacian(), [Dirichlet(0.0)]),
        "the initial state is not given",
    ),
    "a part without a condition": (
        Stated(_SQUARE, lambda p, u: u.laplacian(), [Dirichlet(0.0, on=("x_min", "x_max", "y_min"))]),
        "no condition holds on 'y_max'",
    ),
    "two conditions": (
        Stated(_SQUARE, lambda p, u: u.laplacian(), [Dirichlet(0.0), Neumann(0.0, on="x_min")]),
        "more than one condition holds on 'x_min'",
    ),
    "periodic": (Stated(Interval(0.0, 1.0), lambda p, u: u.laplacian(), [Periodic("x")]), "periodic_x"),
    "a free constant": (Stated(_DISK, lambda p, u: u.laplacian(), [Neumann(0.0)]), "add a Pin"),
    "an oblique slope": (
        Stated(_DISK, lambda p, u: u.d("x", "x") + 2.0 * u.d("y", "y"), [Neumann(0.0)]),
        "a slope along the boundary",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_has_no_reference(name: str) -> None:
    problem, sentence = REFUSED[name]
    with pytest.raises(UnsolvedError, match=sentence):
        finite_element_reference(problem, accuracy=1e-2)


def test_a_residual_that_fails_is_a_sentence() -> None:
    def failing(p: PointSet, u: Jet) -> tf.Tensor:
        raise OverflowError("too far")

    with pytest.raises(UnsolvedError, match="finite elements failed: too far"):
        finite_element_reference(Stated(_DISK, failing, [Dirichlet(0.0)]), accuracy=1e-2)


def test_a_corner_that_points_inwards() -> None:
    """The stress function of an L-shaped bar: its slope has no bound in the corner."""
    shape = Polygon(((-1.0, -1.0), (1.0, -1.0), (1.0, 0.0), (0.0, 0.0), (0.0, 1.0), (-1.0, 1.0)))
    problem = Stated(shape, lambda p, u: u.laplacian() + 1.0, [Dirichlet(0.0)])
    coarse, fine = (finite_element_reference(problem, accuracy=accuracy) for accuracy in (1e-2, 1e-3))
    points = shape.interior(np.random.default_rng(0).random((4000, 2)))
    error = np.linalg.norm(coarse.value(points) - fine.value(points)) / np.linalg.norm(fine.value(points))
    assert error <= coarse.accuracy <= 1e-2
    assert fine.accuracy <= 1e-3


def test_a_reference_is_computed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PINN_CACHE", str(tmp_path))
    first = finite_element_reference(PoissonBoltzmann(), accuracy=1e-2)
    (kept,) = tmp_path.iterdir()
    monkeypatch.setattr(bridge, "finite_elements", lambda *_, **__: pytest.fail("computed again"))
    x = np.linspace(0.0, 1.0, 9)[:, np.newaxis]
    np.testing.assert_array_equal(finite_element_reference(PoissonBoltzmann(), accuracy=1e-2).value(x), first.value(x))
    with pytest.raises(pytest.fail.Exception):
        finite_element_reference(PoissonBoltzmann(), accuracy=1e-3)
    kept.write_bytes(b"no archive")
    with pytest.raises(pytest.fail.Exception):
        finite_element_reference(PoissonBoltzmann(), accuracy=1e-2)


def test_without_the_libraries_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'pinn\[references\]'"):
        finite_element_reference(Poisson2D(), accuracy=1e-2)


@pytest.mark.parametrize(
    ("error", "accuracy", "verdict"),
    [(1e-4, 1e-4, "pass"), (2e-3, 1e-4, "fail"), (1e-4, 1e-2, "no reference"), (0.1, 1e-2, "fail")],
)
def test_a_verdict_knows_how_accurate_its_reference_is(error: float, accuracy: float, verdict: str) -> None:
    """The tolerance is 1e-3: a reference that is less accurate shows only what is too far away from it."""
    known = lambda x: np.ones(len(x))  # noqa: E731
    substitute = ReferenceSolution("guess", accuracy, known, lambda x: np.zeros((len(x), 1)))
    field = lambda x: (1.0 + error) * tf.ones_like(x)  # noqa: E731
    evaluator = Evaluator(PoissonBoltzmann(), field, Tape(), tf.float64, lambda: substitute)
    found = validate(evaluator, np.linspace(0.0, 1.0, 9)[:, np.newaxis], tolerance=1e-3)
    assert (found.verdict, found.reference) == (verdict, Reference("guess", accuracy))
