"""Which problems are linear in the field, found by trying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
import tensorflow as tf
from training_cases import SMALL

from pinn.calculus import Jet, PointSet, engine_named
from pinn.geometry import Box, Shape
from pinn.problems import Condition, Dirichlet, Heat1D, Neumann, Poisson2D, PoissonND, Problem
from pinn.training import linear, terms_of

Write = Callable[[PointSet, Jet], tf.Tensor]


@dataclass(frozen=True)
class Written(Problem):
    """An equation given as a function."""

    equation: Write
    parts: Sequence[Condition] = field(default_factory=lambda: (Dirichlet(1.0),))

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (2.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return self.equation(p, u)

    def conditions(self) -> Sequence[Condition]:
        return self.parts


LINEAR: dict[str, Problem] = {
    "Poisson": Poisson2D(),
    "Poisson in five dimensions": PoissonND(5),
    "heat": Heat1D(),
    "coefficients that vary, and a source": Written(
        lambda p, u: tf.exp(p.x) * u.laplacian() + p.y * u.d("x") - 1e4 * u.value - tf.sin(p.y)
    ),
    "fluxes": Written(lambda p, u: u.laplacian(), (Neumann(lambda p: p.x, on="x_min"), Dirichlet(2.0, on="y_max"))),
}
OTHERS: dict[str, Problem] = {
    "a square": Written(lambda p, u: u.laplacian() + u.value**2),
    "convection": Written(lambda p, u: u.value * u.d("x") - u.d("y")),
    "a small cubic term": Written(lambda p, u: u.laplacian() + 1e-6 * u.value**3),
    "a logarithm, which is not finite": Written(lambda p, u: u.laplacian() + tf.math.log(u.value)),
    "the size of the gradient": Written(lambda p, u: tf.sqrt(u.d("x") ** 2 + u.d("y") ** 2) - 1),
}


# The small cubic term is below the round-off of single precision.
TRIED = [(name, "float64") for name in (*LINEAR, *OTHERS)] + [("heat", "float32"), ("convection", "float32")]


@pytest.mark.parametrize(("name", "precision"), TRIED)
def test_superposition_is_tried(name: str, precision: str) -> None:
    dtype, problem = tf.as_dtype(precision), (LINEAR | OTHERS)[name]
    terms = terms_of(problem, problem.conditions(), SMALL, dtype=dtype, weights={})
    found = linear(terms, components=1, dtype=dtype, engine=engine_named("auto"))
    assert found == (name in LINEAR)
