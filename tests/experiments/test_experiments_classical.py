"""Finite differences: rates of convergence, known numbers, and the problems that they refuse."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import PointSet
from pinn.geometry import Box, Interval
from pinn.problems import (
    Condition,
    Dirichlet,
    Heat1D,
    Heat2D,
    Initial,
    LaplaceAnnulus,
    Neumann,
    Poisson1D,
    Poisson2D,
    PoissonND,
    Problem,
)

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

import classical
from box_problems import Equation, equation_of, solve_on
from finite_differences import Boundary, Grid, poisson


@dataclass(frozen=True)
class Forced(Problem):
    """`u_t = u_xx / 2 + g` with values at the left end and the source that move in time, and a flux at the right."""

    @property
    def domain(self):
        return Interval(-1.0, 1.0).over(0.5, 1.0)

    def residual(self, p, u):
        # u = sin(x + t): u_t - u_xx / 2 = cos(x + t) + sin(x + t) / 2, written with another factor.
        return 3.0 * (u.d("t") - 0.5 * u.laplacian("x") - tf.cos(p.x + p.t) - 0.5 * tf.sin(p.x + p.t))

    def conditions(self) -> Sequence[Condition]:
        flux = Neumann(lambda p: tf.cos(p.x + p.t), on="x_max")
        return (Dirichlet(self.exact, on="x_min"), flux, Initial(self.exact))

    def exact(self, p):
        return tf.sin(p.x + p.t)


@dataclass(frozen=True)
class Squared(Problem):
    """One equation of a kind that grids do not serve, chosen by its name."""

    kind: str = "squared"

    @property
    def domain(self):
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p, u):
        return {
            "squared": lambda: u.laplacian() - u.value**2,
            "variable": lambda: (1.0 + p.x) * u.laplacian(),
            "hyperbolic": lambda: u.d("x", "x") - u.d("y", "y"),
            "two": lambda: {"a": u.laplacian(), "b": u.d("x")},
        }[self.kind]()

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(0.0),)


@dataclass(frozen=True)
class Brick(Problem):
    """`u_xx + u_yy + u_zz = 0` for `u = e^x e^y sin(sqrt(2) z)`, on a box of three edges."""

    @property
    def domain(self):
        return Box((0.0, 0.0, -1.0), (1.0, 2.0, 1.0))

    def residual(self, p, u):
        return u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(self.exact),)

    def exact(self, p):
        return tf.exp(p.x + p.y) * tf.sin(2.0**0.5 * p.z)


RATES = {
    "values and a flux": (Poisson1D(), 2, (16, 64)),
    "a square": (Poisson2D(), 2, (16, 32)),
    "a square, compact": (Poisson2D(), 4, (16, 32)),
    "a brick": (Brick(), 2, (6, 12)),
    "heat, compact": (Heat1D(), 4, (8, 32)),
    "heat in the plane": (Heat2D(), 2, (16, 32)),
    "everything moves": (Forced(), 2, (16, 64)),
}


def error_at_nodes(problem: Problem, equation: Equation, cells: int, order: int) -> float:
    found = solve_on(problem, equation, cells, order=order)
    nodes = np.stack(np.meshgrid(*found.axes, indexing="ij"), axis=-1).reshape(-1, len(found.axes))
    truth = problem.exact(PointSet(tf.constant(nodes), problem.domain.axes)).numpy()
    return float(np.abs(found.values.ravel() - truth).max())


@pytest.mark.parametrize(("problem", "order", "cells"), RATES.values(), ids=RATES)
def test_the_error_falls_at_the_rate_of_the_scheme(problem: Problem, order: int, cells: tuple[int, int]) -> None:
    equation = equation_of(problem)
    coarse, fine = (error_at_nodes(problem, equation, n, order) for n in cells)
    assert np.log(coarse / fine) / np.log(cells[1] / cells[0]) == pytest.approx(order, abs=0.25)


def test_the_five_point_stencil_has_its_known_error_between_the_nodes() -> None:
    # sin(pi x) sin(pi y) is an eigenvector of the stencil: the solution is in proportion to it.
    points = classical.held_out(Poisson2D())[:4000]
    for cells, known in {64: 2.0e-4, 256: 1.3e-5}.items():
        half = np.pi / cells / 2
        truth = np.prod(np.sin(np.pi * points), axis=1)
        value = solve_on(Poisson2D(), equation_of(Poisson2D()), cells, order=2)(points)
        error = np.linalg.norm(value - truth) / np.linalg.norm(truth)
        assert error == pytest.approx((half / np.sin(half)) ** 2 - 1.0, rel=1e-5)
        assert error == pytest.approx(known, rel=0.05)


def test_a_quadratic_is_solved_exactly_with_a_flux() -> None:
    grid = Grid((0.0, 0.0), (1.0, 2.0), (6, 7))
    x, y = grid.points.T
    exact = x**2 - 3.0 * y**2
    fixed = grid.face(0, upper=False) | grid.face(0, upper=True) | grid.face(1, upper=False)
    load = np.where(grid.face(1, upper=True), 2.0 * -12.0 / grid.spacings[1], 0.0)  # du/dn = -6 y at y = 2
    boundary = Boundary(fixed, np.where(fixed, exact, 0.0), load)
    found = poisson(grid, (1.0, 1.0), np.full(len(x), 2.0 - 6.0), boundary, order=2)
    np.testing.assert_allclose(found.values.ravel(), exact, atol=1e-12)
    with pytest.raises(ValueError, match="order: expected one of 2, 4; got 3"):
        poisson(grid, (1.0, 1.0), np.zeros(len(x)), boundary, order=3)


def test_the_numbers_of_an_equation_are_found_by_trying() -> None:
    equation = equation_of(Forced())
    np.testing.assert_allclose(equation.second, [-1.5], rtol=1e-9)
    assert equation.rate == pytest.approx(3.0, rel=1e-9)
    points = np.array([[0.25, 0.75]])
    np.testing.assert_allclose(equation.source(points), -3.0 * (np.cos(1.0) + 0.5 * np.sin(1.0)), rtol=1e-12)


REFUSED = {
    "no box": (LaplaceAnnulus(), "finite differences are for boxes; the domain is of the kind Annulus"),
    "five axes": (PoissonND(5), "up to 3 axes in space; the domain has 5"),
    "two equations": (Squared("two"), "one equation; it has a, b"),
    **{kind: (Squared(kind), "constant coefficients") for kind in ("squared", "variable", "hyperbolic")},
}


@pytest.mark.parametrize(("problem", "message"), REFUSED.values(), ids=REFUSED)
def test_what_finite_differences_do_not_serve_is_refused(problem: Problem, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        equation_of(problem)


def test_the_compact_stencil_refuses_a_flux_and_the_other_order_goes_on() -> None:
    with pytest.raises(ValueError, match="values on all faces"):
        next(classical.ladder(Poisson1D(), np.zeros((1, 1)), order=4))
    points = classical.held_out(Poisson1D())[:100]
    assert list(classical.ladders(Poisson1D(), points, patience=1e-9)) == [2]


LADDERS = {
    2: [classical.Rung(2, 10, 1e-2, 0.1), classical.Rung(2, 20, 2.5e-3, 0.4)],
    4: [classical.Rung(4, 10, 1e-3, 0.2), classical.Rung(4, 20, 1e-3 / 16, 3.2)],
}


def test_equal_accuracy_is_interpolated_on_the_quicker_ladder() -> None:
    coarse = classical.equal_accuracy(LADDERS, 5e-3)
    assert (coarse.order, coarse.cells, coarse.reached) == (4, 10, True)  # 0.2 s at once, against 0.2 s by order 2
    middle = classical.equal_accuracy(LADDERS, 1e-3 / 4)
    assert middle.cells == 15  # 10 sqrt(2), rounded up
    assert middle.seconds == pytest.approx(0.8)
    beyond = classical.equal_accuracy(LADDERS, 1e-9)
    assert str(beyond) == "beyond order 4, 20 cells, 3.2 s"


def test_the_script_prints_its_ladder_and_refuses_in_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classical, "SIZES", {2: (8, 16)})
    assert classical.main(["problem=poisson_2d"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert [(row[0], row[1]) for row in rows] == [("2", "8"), ("2", "16"), ("4", "8"), ("4", "16")]
    assert classical.main(["problem=poisson_3d"]) == 2
    assert "problem: expected one of" in capsys.readouterr().err
    assert classical.main(["problem=laplace_annulus"]) == 2
    assert "the domain is of the kind Annulus" in capsys.readouterr().err
