"""The rehearsal of a problem's own code: each failure is one sentence that names the method and the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pinn.geometry import Box
from pinn.problems import Dirichlet, Heat1D, Neumann, Poisson2D, PoissonExpression, Problem, Robin, rehearse


@dataclass(frozen=True)
class Fragile(Problem):
    """A sound problem of which a test breaks one part."""

    shape: Callable[[], Any] = lambda: Box((0, 0), (1, 1))
    equation: Callable[[Any, Any], Any] = lambda p, u: u.laplacian() + p.x
    given: Callable[[], Any] = lambda: [Dirichlet(0.0)]
    truth: Callable[[Any], Any] = lambda p: p.x * p.y
    components: Any = field(default=1)

    @property
    def domain(self) -> Any:
        return self.shape()

    def residual(self, p: Any, u: Any) -> Any:
        return self.equation(p, u)

    def conditions(self) -> Any:
        return self.given()

    def exact(self, p: Any) -> Any:
        return self.truth(p)


def leaves() -> Any:
    raise SystemExit(0)


HERE = r" \(test_problems_rehearsal\.py, line \d+\)"

# part that is broken -> the start of the message
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "domain fails": (
        {"shape": lambda: 1 / 0},
        "Fragile.domain: expected code that runs; got ZeroDivisionError: division by zero" + HERE,
    ),
    "domain inside out": (
        {"shape": lambda: Box((1, 1), (0, 0))},
        "Fragile.domain: the box is turned inside out: .*" + HERE,
    ),
    "domain is no shape": ({"shape": lambda: (0, 1)}, r"Fragile.domain: expected a shape such as .*; got \(0, 1\)"),
    "domain leaves": ({"shape": leaves}, "Fragile.domain: expected code that runs; got SystemExit: 0"),
    "residual fails": (
        {"equation": lambda p, u: {}["k"]},
        "Fragile.residual: expected code that runs; got KeyError: 'k'" + HERE,
    ),
    "residual misspells": (
        {"equation": lambda p, u: u.laplace()},
        "Fragile.residual: .* AttributeError: the jet has no attribute 'laplace'" + HERE,
    ),
    "residual of another axis": (
        {"equation": lambda p, u: u.d("t")},
        "Fragile.residual: expected one of the axes x, y; got 't'" + HERE,
    ),
    "points of another axis": (
        {"equation": lambda p, u: p.z},
        "Fragile.residual: expected one of the axes x, y; got 'z'" + HERE,
    ),
    "residual by NumPy": (
        {"equation": lambda p, u: np.sin(p.x)},
        "Fragile.residual: expected TensorFlow's functions .*; got a NumPy function" + HERE,
    ),
    "residual returns nothing": ({"equation": lambda p, u: None}, "Fragile.residual: expected what .*; got None"),
    "residual without rows": ({"equation": lambda p, u: {}}, r"Fragile.residual: expected what .*; got \{\}"),
    "component that is not there": (
        {"equation": lambda p, u: u[1].value, "components": 1},
        "Fragile.residual: the field has one component, which needs no index; got the index 1",
    ),
    "components": ({"components": 0}, "Fragile.components: expected a whole number of at least 1; got 0"),
    "conditions fail": (
        {"given": lambda: 1 / 0},
        "Fragile.conditions: expected code that runs; got ZeroDivisionError",
    ),
    "one condition": ({"given": lambda: Dirichlet(0.0)}, "Fragile.conditions: expected a list of conditions"),
    "conditions of junk": ({"given": lambda: [3]}, r"Fragile.conditions: expected a list of conditions.*; got \[3\]"),
    "value is text": ({"given": lambda: [Dirichlet("a")]}, "dirichlet_boundary: expected a finite number.*; got 'a'"),
    "value is NaN": ({"given": lambda: [Dirichlet(np.nan)]}, "dirichlet_boundary: expected a finite number.*; got nan"),
    "value fails": (
        {"given": lambda: [Dirichlet(lambda p: 1 / 0)]},
        "dirichlet_boundary: expected code that runs; got ZeroDivisionError: division by zero" + HERE,
    ),
    "coefficient fails": (
        {"given": lambda: [Robin(0.0, coefficient=lambda p: np.exp(p.x))]},
        "robin_boundary.coefficient: expected TensorFlow's functions .*; got a NumPy function" + HERE,
    ),
    "coefficient is NaN": (
        {"given": lambda: [Robin(0.0, coefficient=np.nan)]},
        "robin_boundary.coefficient: expected a finite number.*; got nan",
    ),
    "value of a wrong shape": (
        {"given": lambda: [Dirichlet(lambda p: p.coordinates)]},
        r"dirichlet_boundary: expected values of shape \[N\], one number a point; got \[None, 2\]",
    ),
    "component of a scalar": (
        {"given": lambda: [Neumann(0.0, component=0)]},
        "neumann_boundary_0: expected no component, since the field has only one; got 0",
    ),
    "exact fails": ({"truth": lambda p: p.x / 0 + {}["k"]}, "Fragile.exact: .* KeyError: 'k'" + HERE),
    "exact returns nothing": (
        {"truth": lambda p: None},
        "Fragile.exact: expected the solution at the points; got None",
    ),
    "exact in another precision": (
        {"truth": lambda p: tf.cast(p.x, tf.float32)},
        "Fragile.exact: expected values in float64, as the points are; got float32",
    ),
}


@pytest.mark.parametrize(("broken", "message"), BROKEN.values(), ids=BROKEN)
def test_each_failure_names_the_method_and_what_came(broken: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=f"^{message}") as caught:
        rehearse(Fragile(**broken), tf.float64)
    assert len(str(caught.value).splitlines()) <= 2


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("problem", [Fragile(), Poisson2D(), Heat1D(), PoissonExpression()], ids=lambda p: p.name)
def test_a_sound_problem_passes(problem: Problem, dtype: tf.DType) -> None:
    rehearse(problem, dtype)


def test_an_interrupt_is_not_an_error_of_the_problem() -> None:
    def interrupted() -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rehearse(Fragile(shape=interrupted), tf.float64)
