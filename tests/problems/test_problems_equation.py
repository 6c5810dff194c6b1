"""Problems stated as text: every word against the same thing written in Python, and every mistake with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from problem_cases import places

from pinn.calculus import Jet, LazyJet, Needs, PointSet, Tape, learn
from pinn.problems import (
    BoundaryCondition,
    BoundaryLaw,
    Condition,
    Dirichlet,
    Equation,
    Initial,
    InitialVelocity,
    Mean,
    Neumann,
    Periodic,
    Pin,
    PointData,
    Robin,
)
from pinn.problems.equation_conditions import conditions_from
from pinn.problems.equation_statement import Statement
from pinn.problems.equation_words import EquationWords
from pinn.problems.expressions import ExpressionError

SQUARE = {"type": "box", "lower": [0.0, 0.0], "upper": [1.0, 1.0]}
PROBLEM = {
    "equation": "-laplacian(u) + u**3 = source",
    "shape": SQUARE,
    "given": ({"dirichlet": "exact"},),
    "solution": "sin(pi*x)*sin(pi*y)",
}
WORDS = {"solution": None, "given": ()}


def field(x: tf.Tensor) -> tf.Tensor:
    """Two components of three coordinates, with no symmetry that could hide an exchange."""
    a, b, t = tf.unstack(x, axis=1)
    return tf.stack([tf.sin(a + 2 * b) * tf.exp(-t) + a**2, tf.cos(a * b) + t * b**3 + 0.5], axis=1)


def stated(equation: Any, **options: Any) -> Equation:
    """A problem of two unknowns on the unit square over time."""
    return Equation(equation, SQUARE, (0.0, 1.0), (), {"k": 0.3, "c": "1 + k*x"}, ("u", "v"), **options)


def points(dtype: tf.DType = tf.float64) -> PointSet:
    """Random points of the unit cube."""
    return PointSet(tf.constant(np.random.default_rng(1).uniform(size=(20, 3)), dtype), ("x", "y", "t"))


def laplacian_of_square(p: PointSet, u: Jet) -> tf.Tensor:
    """`lap(u^2) = 2 u lap(u) + 2 |grad u|^2`."""
    return 2 * u[0].value * u[0].laplacian() + 2 * tf.reduce_sum(u[0].gradient() ** 2, axis=1)


TEXTS: dict[str, Callable[[PointSet, Jet], tf.Tensor]] = {
    "u_t = k*laplacian(u)": lambda p, u: u[0].dt() - 0.3 * u[0].laplacian(),
    "u_xx + 2*u_yy - u_tt = v": lambda p, u: u[0].d("x", "x") + 2 * u[0].d("y", "y") - u[0].dtt() - u[1].value,
    "v_xy + v_yx = 2*d(v, x, y) + u_x": lambda p, u: -u[0].d("x"),
    "div(c*grad(v)) = 0": lambda p, u: u[1].flux_divergence(lambda q: 1 + 0.3 * q.x, p),
    "dot(vector(u, v), grad(v)) = exp(-t)*y": lambda p, u: (
        u[0].value * u[1].d("x") + u[1].value * u[1].d("y") - tf.exp(-p.t) * p.y
    ),
    "div(vector(u, v)) = 0": lambda p, u: u[0].d("x") + u[1].d("y"),
    "laplacian(u**2) = 0": laplacian_of_square,
    "d(x*v, x) = v + x*v_x + abs(u)": lambda p, u: -tf.abs(u[0].value),
    "dot(grad(u), grad(u)) ^ 2 = max(u, v)": lambda p, u: (
        tf.reduce_sum(u[0].gradient() ** 2, axis=1) ** 2 - tf.maximum(u[0].value, u[1].value)
    ),
    "div(2*grad(u) + vector(u*v, 1) - grad(v)/c) = 0": lambda p, u: (
        2 * u[0].laplacian()
        + u[0].d("x") * u[1].value
        + u[0].value * u[1].d("x")
        - u[1].flux_divergence(lambda q: 1 / (1 + 0.3 * q.x), p)
    ),
}


@pytest.mark.parametrize("text", TEXTS)
def test_an_equation_is_what_its_text_says(text: str) -> None:
    problem, p = stated(text), points()
    u = LazyJet(field, p, problem.frame, Tape())
    np.testing.assert_allclose(problem.residual(p, u), TEXTS[text](p, u), rtol=1e-12, atol=1e-12)


def test_equations_keep_the_dtype_of_the_points() -> None:
    problem, p = stated("u_t = k*laplacian(u) + c"), points(tf.float32)
    assert problem.residual(p, LazyJet(field, p, problem.frame, Tape())).dtype == tf.float32


NEEDS = {
    "u_t = k*laplacian(u)": Needs.of([(2,)], [(0, 1)]),
    "u_xx + u_yy + v_xx = u_x": Needs.of([(0,), (0, 0)], [(0, 1)]),
    "c*u_xx + c*u_yy = 0": Needs.of([], [(0, 1)]),
    "u_xx + 2*u_yy = 0": Needs.of([(0, 0), (1, 1)]),
    "(u_xx + u_yy)**2 = 1": Needs.of([(0, 0), (1, 1)]),
}


@pytest.mark.parametrize("text", NEEDS)
def test_second_derivatives_with_one_coefficient_are_one_laplacian(text: str) -> None:
    problem = stated(text)
    assert learn(problem.residual, problem.frame, tf.float64) == NEEDS[text]


def test_several_equations_keep_their_names() -> None:
    problem, p = stated({"first": "u = v", "second": "u_x = 0"}), points()
    rows = problem.residual(p, LazyJet(field, p, problem.frame, Tape()))
    assert isinstance(rows, dict)
    assert list(rows) == ["first", "second"]


SOLUTION = "exp(x)*cos(y) + t**2"
CONDITIONS: list[tuple[dict[str, Any], Condition]] = [
    ({"dirichlet": "k*y", "at": "x_min"}, Dirichlet(lambda p: 0.3 * p.y, "x_min")),
    ({"dirichlet": 2}, Dirichlet(2.0)),
    ({"neumann": 0.5, "at": ["x_min", "y_max"]}, Neumann(0.5, ("x_min", "y_max"))),
    ({"neumann": "exact", "at": "y_max"}, Neumann(lambda p: -tf.exp(p.x) * tf.sin(p.y), "y_max")),
    ({"robin": "x", "coefficient": "1 + y"}, Robin(lambda p: p.x, coefficient=lambda p: 1 + p.y)),
    (
        {"robin": "exact", "coefficient": 2, "at": "x_max"},
        Robin(lambda p: 3 * tf.exp(p.x) * tf.cos(p.y) + 2 * p.t**2, "x_max", coefficient=2.0),
    ),
    (
        {"law": "u_n + u**4 = n_x + u_y", "at": ["x_max", "y_max"]},
        BoundaryLaw(
            law=lambda p, u: u.normal(p.normals) + u.value**4 - p.normals[:, 0] - u.d("y"), on=("x_max", "y_max")
        ),
    ),
    ({"initial": "exact"}, Initial(lambda p: tf.exp(p.x) * tf.cos(p.y))),
    ({"velocity": "exact"}, InitialVelocity(lambda p: 2 * p.t)),
    ({"pin": 1.5, "at": [0.5, 0.25, 0]}, Pin((0.5, 0.25, 0.0), 1.5)),
]


@pytest.mark.parametrize(
    ("description", "by_hand"), CONDITIONS, ids=[str(description) for description, _ in CONDITIONS]
)
def test_a_condition_is_what_its_description_says(description: dict[str, Any], by_hand: Condition) -> None:
    statement = Statement(
        EquationWords(("x", "y", "t"), ("x", "y"), ("u",)), {"equation": "u_t = source"}, {"k": 0.3}, {"u": SOLUTION}
    )
    problem = Equation("u_t = source", SQUARE, (0.0, 1.0), solution=SOLUTION)
    (condition,) = conditions_from((description,), statement, problem.domain)
    assert type(condition) is type(by_hand)
    assert condition.name == by_hand.name
    p = places(problem, by_hand)
    u = LazyJet(lambda x: field(x)[:, 0], p, problem.frame, Tape())
    np.testing.assert_allclose(condition.residual(p, u), by_hand.residual(p, u), rtol=1e-12, atol=1e-12)


def test_the_other_conditions_are_read_too(tmp_path: Path) -> None:
    table = tmp_path / "measured.csv"
    table.write_text("x,y,t,u\n0.5,0.5,0.0,1.0\n0.25,0.5,1.0,2.0\n")
    given = ({"periodic": "x"}, {"data": str(table)}, {"mean": 0.5})
    problem = Equation("u_t = 0", SQUARE, (0.0, 1.0), given)
    periodic, data, mean = problem.conditions()
    assert mean == Mean(0.5)
    assert periodic == Periodic("x")
    assert isinstance(data, PointData)
    assert data.values == (1.0, 2.0)


def test_a_condition_of_one_unknown_has_its_component() -> None:
    given = ({"dirichlet": 0, "of": "v", "at": "x_min"},)
    problem = Equation({"a": "u = v", "b": "v_x = u"}, SQUARE, None, given, unknowns=("u", "v"))
    (condition,) = problem.conditions()
    assert isinstance(condition, BoundaryCondition)
    assert condition.component == 1


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no equals sign": ({"equation": "laplacian(u)"}, r"^equation: column 13: expected one equals sign; got none"),
    "two": ({"equation": "u = v = 1"}, r"^equation: column 7: expected one equals sign; got 2"),
    "unknown word": ({"equation": "laplacian(u) = w", **WORDS}, r"^equation: column 16: unknown name 'w'"),
    "in one of several": (
        {"equation": {"a": "u = 0", "b": "u +"}, **WORDS},
        r"^equation.b: column \d: expected one eq",
    ),
    "a vector is left": ({"equation": "grad(u) = 0", **WORDS}, r"^equation: expected numbers on both sides; got a vec"),
    "no vector": ({"equation": "div(u) = 0", **WORDS}, r"^equation: column 1: div takes a vector, such as grad\(u\)"),
    "vector of vectors": (
        {"equation": "grad(grad(u)) = 0", **WORDS},
        r"^equation: column 1: grad takes a number; got a vector",
    ),
    "no coordinate": ({"equation": "d(u, 2) = 0", **WORDS}, r"^equation: column 1: d\(what, x, y, ...\) takes coord"),
    "high order": ({"equation": "laplacian(laplacian(u)) = 1", **WORDS}, r"up to the second order; got u_x+y*y*:"),
    "no unknown": ({"equation": "x = 1", **WORDS}, r"^equation: expected an equation of u; got one without"),
    "source of nothing": ({"equation": "u_x = source", **WORDS}, r"^equation: 'source' is what makes the exact solu"),
    "source squared": ({"equation": "u_x = source**2"}, r"^equation: expected 'source' once"),
    "wrong solution": (
        {"equation": "laplacian(u) = -1", "solution": "x*(1 - x)"},
        r"^exact: expected a solution of the equation 'equation'; put in, it leaves -1 at x = ",
    ),
    "wrong data": ({"given": ({"dirichlet": "x"},)}, r"^exact: .* the condition dirichlet_boundary; put in, it leaves"),
    "singular": ({"equation": "u_x = source", "solution": "log(x - 2)"}, r"^exact: expected a solution .* leaves nan"),
    "solution of another": ({"solution": {"w": "x"}}, r"^exact: expected an expression for each of u; got w"),
    "no kind": (
        {"given": ({"dirichle": 0},)},
        r"^conditions\[0\]: expected one of .* got none. Did you mean dirichlet",
    ),
    "two kinds": ({"given": ({"pin": 0, "neumann": 0},)}, r"^conditions\[0\]: expected one of .* got pin, neumann"),
    "no description": ({"given": ("dirichlet",)}, r"^conditions\[0\]: expected a description"),
    "wrong option": (
        {"given": ({"dirichlet": 0, "att": "x_min"},)},
        r"^conditions\[0\].att: unknown for dirichlet.*at",
    ),
    "missing option": (
        {"given": ({"robin": 0},)},
        r"^conditions\[0\].coefficient: a value is missing; robin needs one",
    ),
    "wrong part": ({"given": ({"dirichlet": 0, "at": "left"},)}, r"^conditions\[0\]: unknown boundary part 'left'"),
    "wrong data text": (
        {"given": ({"dirichlet": "sin(q)"},)},
        r"^conditions\[0\].dirichlet: column 5: unknown name 'q'",
    ),
    "wrong law": ({"given": ({"law": "u_n"},)}, r"^conditions\[0\].law: column 4: expected one equals sign"),
    "law of nothing": ({"given": ({"law": "n_x = 1"},)}, r"^conditions\[0\].law: expected an equation of u; got one"),
    "no table": ({"given": ({"data": "missing.csv"},)}, r"^conditions\[0\]: .*No such file.*missing.csv"),
    "no exact data": (
        {"given": ({"neumann": "exact"},), "solution": None, "equation": "u = 0"},
        r"there is none: give",
    ),
    "which unknown": (
        {"equation": {"a": "u = v"}, "unknowns": ("u", "v"), "solution": None, "given": ({"dirichlet": 0},)},
        r"^conditions\[0\].of: expected one of the unknowns u, v; got none",
    ),
    "unknowns twice": ({"unknowns": ("u", "u")}, r"^unknowns: expected different names"),
    "unknown is taken": ({"unknowns": ("x",), "solution": "x"}, r"^unknowns: the name 'x' has a meaning already"),
    "parameter is taken": ({"parameters": {"x": 1.0}}, r"^parameters.x: the name 'x' has a meaning already"),
    "parameter before": ({"parameters": {"a": "b", "b": 1.0}}, r"^parameters.a: column 1: unknown name 'b'"),
    "time": ({"time": (1.0, 0.0)}, r"^time: the time interval is turned inside out"),
    "shape": ({"shape": {"type": "bal"}}, r"^shape.type: expected one of .*Did you mean ball"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_is_told_with_its_place(name: str) -> None:
    options, message = MISTAKES[name]
    with pytest.raises(ValueError, match=message):
        Equation(**{**PROBLEM, **options})


def test_the_shape_is_made_once() -> None:
    problem = Equation("u_x = 0", SQUARE)
    assert problem.domain is problem.domain


def test_no_text_is_ever_run() -> None:
    for text in ("__import__('os') = u", "u.__class__ = 1", "u = eval(1)", "u = (lambda: 1)()"):
        with pytest.raises(ExpressionError):
            Equation(text, SQUARE)
