"""The objective: rows, loss, gradient, Jacobian and products agree with each other and with finite differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from training_cases import PROBLEMS, LogOfField, objective

from pinn.calculus import LazyJet, PointSet, Tape
from pinn.geometry import Box
from pinn.problems import Dirichlet, Initial, Neumann
from pinn.training import EQUATION, ResidualObjective, natural_weight

MODES = ("penalty", "exact")
CASES = [(name, mode) for name in PROBLEMS for mode in MODES]
WAYS: dict[str, Callable[[Callable[..., tf.Tensor]], Callable[..., tf.Tensor]]] = {
    "eager": lambda f: f,
    "graph": lambda f: tf.function(f, autograph=False),
    "xla": lambda f: tf.function(f, autograph=False, jit_compile=True),
}


def _weights(target: ResidualObjective, field: object) -> tf.Tensor:
    return tf.constant(field.weights() + 0.1 * np.random.default_rng(5).normal(size=target.size))


def _differences(f: Callable[[tf.Tensor], tf.Tensor], w: tf.Tensor, step: float = 1e-6) -> np.ndarray:
    """Central differences along every weight: the oracle that knows no tape, `[..., P]`."""
    columns = [(f(w + e) - f(w - e)) / (2 * step) for e in step * np.eye(len(w))]
    return np.stack([c.numpy() for c in columns], axis=-1)


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_loss_is_the_sum_of_squares_and_the_mean_of_terms(name: str, mode: str) -> None:
    target, field = objective(PROBLEMS[name], conditions=mode, weights={EQUATION: 3.0, "conditions": 1.0})
    w = _weights(target, field)
    terms = target.term_losses(w)
    equations = {"first", "second"} if name == "pair" else {EQUATION}
    assert equations <= set(terms)
    expected = sum((3.0 if key in equations else 1.0) * float(value) for key, value in terms.items())  # conditions: 1
    np.testing.assert_allclose(target.loss(w), expected, rtol=1e-12)
    np.testing.assert_allclose(np.sum(target.residuals(w).numpy() ** 2), expected, rtol=1e-12)


Everything = tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]


# Each way serves every mode, and problems of one and of several equations; every problem goes one way or another.
COMPILED = {("poisson_2d", "exact"): "xla", ("heat_1d", "penalty"): "xla"}
EAGERLY = {("pair", "penalty"): "eager", ("heat_1d", "exact"): "eager"}


@pytest.mark.parametrize(("name", "mode", "way"), [(*case, (COMPILED | EAGERLY).get(case, "graph")) for case in CASES])
def test_gradient_jacobian_and_products_agree_with_differences(name: str, mode: str, way: str) -> None:
    """All answers from one program: what costs is to compile it."""
    target, field = objective(PROBLEMS[name], conditions=mode)
    w = _weights(target, field)
    residuals = tf.function(target.residuals, autograph=False).get_concrete_function(w)
    rows = residuals(w).numpy()
    generator = np.random.default_rng(6)
    v, r = tf.constant(generator.normal(size=target.size)), tf.constant(generator.normal(size=len(rows)))

    def everything(w: tf.Tensor) -> Everything:
        products = target.jacobian_product(w, v), target.transposed_product(w, r)
        return (target.jacobian(w), *target.loss_and_gradient(w), *products)

    found, loss, gradient, product, transposed = WAYS[way](everything)(w)
    jacobian = _differences(residuals, w)
    assert found.shape == (len(rows), target.size)
    # Central differences with steps of 1e-6 are good to about 1e-9 of the size of the rows.
    np.testing.assert_allclose(found, jacobian, atol=1e-7 * np.abs(jacobian).max())
    np.testing.assert_allclose(loss, np.sum(rows**2), rtol=1e-12)
    # From here on the exact Jacobian is the oracle: the same numbers by other ways, to round-off.
    found = found.numpy()
    close = {"rtol": 1e-10, "atol": 1e-11 * np.abs(found).max() * max(np.abs(rows).max(), 1.0)}
    np.testing.assert_allclose(gradient, 2 * rows @ found, **close)
    np.testing.assert_allclose(product, found @ v.numpy(), **close)
    np.testing.assert_allclose(transposed, r.numpy() @ found, **close)


def test_rows_are_the_residuals_of_the_field() -> None:
    """Against the equation written out again on a lazy jet of the Keras model itself."""
    problem = PROBLEMS["poisson_2d"]
    target, field = objective(problem)
    points = tf.constant(target.points()[EQUATION])
    u = LazyJet(lambda x: field.model(x)[:, 0], PointSet(points, ("x", "y")), problem.frame, Tape())
    source = 2 * np.pi**2 * tf.sin(np.pi * points[:, 0]) * tf.sin(np.pi * points[:, 1])
    expected = (u.d("x", "x") + u.d("y", "y") + source) / np.sqrt(len(points))
    rows = target.residuals(tf.constant(field.weights()))[: len(points)]
    np.testing.assert_allclose(rows, expected, rtol=1e-11)


def test_float32_and_float64_agree() -> None:
    wide, field = objective(PROBLEMS["heat_1d"])
    narrow, _ = objective(PROBLEMS["heat_1d"], dtype="float32")
    w = field.weights()
    loss, gradient = narrow.loss_and_gradient(tf.constant(w.astype(np.float32)))
    assert loss.dtype == gradient.dtype == tf.float32
    expected_loss, expected_gradient = wide.loss_and_gradient(tf.constant(w))
    # Second derivatives in single precision keep about five digits.
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-4)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-4 * np.abs(expected_gradient).max())


def test_points_can_be_replaced_without_compiling_again() -> None:
    target, field = objective(PROBLEMS["heat_1d"])
    traces: list[int] = []

    @tf.function(autograph=False, jit_compile=True)
    def loss(w: tf.Tensor) -> tf.Tensor:
        traces.append(1)
        return target.loss(w)

    w = tf.constant(field.weights())
    first, before = float(loss(w)), target.points()
    target.resample(1, field.weights())
    second, after = float(loss(w)), target.points()
    target.resample(0, field.weights())
    assert first != second
    assert float(loss(w)) == first
    assert len(traces) == 1
    assert all(not np.array_equal(before[name], after[name]) for name in before)
    assert {name: p.shape for name, p in before.items()} == {name: p.shape for name, p in after.items()}


def test_counts_of_points_follow_the_sampling() -> None:
    target, _ = objective(PROBLEMS["heat_1d"])
    assert {name: len(p) for name, p in target.points().items()} == {
        EQUATION: 12,
        "dirichlet_boundary": 8,
        "initial": 5,
    }


def test_blame_names_the_residual_and_the_point() -> None:
    target, field = objective(LogOfField())
    low = np.zeros_like(field.weights())
    sentence = target.blame(low)
    assert "'equation' is not finite at 12 of 12 points, first at x=" in sentence
    assert "y=" in sentence
    high = low.copy()
    high[-1] = 1.0  # the last weight is the bias of the output
    assert "residuals are finite" in target.blame(high)


BAD_WEIGHTS = {
    "unknown": (
        {"edge": 1.0},
        "weights: expected one of equation, dirichlet_boundary, initial, conditions; got 'edge'",
    ),
    "negative": ({"conditions": -1.0}, "weights.conditions: expected a positive number; got -1.0"),
    "nan": ({EQUATION: float("nan")}, "weights.equation: expected a positive number; got nan"),
}


@pytest.mark.parametrize("name", BAD_WEIGHTS)
def test_bad_weights_are_refused(name: str) -> None:
    weights, message = BAD_WEIGHTS[name]
    with pytest.raises(ValueError, match=message):
        objective(PROBLEMS["heat_1d"], weights=weights)


def test_a_condition_can_have_a_weight_of_its_own() -> None:
    heavy, field = objective(PROBLEMS["heat_1d"], weights={"conditions": 10.0, "initial": 2.0})
    w = tf.constant(field.weights())
    terms = {name: float(value) for name, value in heavy.term_losses(w).items()}
    expected = terms[EQUATION] + 10 * terms["dirichlet_boundary"] + 2 * terms["initial"]
    np.testing.assert_allclose(heavy.loss(w), expected, rtol=1e-12)


def test_natural_weights_balance_the_units() -> None:
    """Stretching space by s, and time by s^2, divides second derivatives by s^2 and fluxes by s: the weights follow."""
    for stretch in (1.0, 10.0):
        shape = Box((0.0, 0.0), (stretch, 2 * stretch))
        timed, duration = shape.over(7.0, 7.0 + 3.0 * stretch**2), 3.0 * stretch**2
        kappa = np.pi**2 * 1.25 / stretch**2
        np.testing.assert_allclose(natural_weight(Dirichlet(0.0), shape), kappa**2)
        np.testing.assert_allclose(natural_weight(Neumann(0.0), shape), kappa)
        np.testing.assert_allclose(natural_weight(Initial(0.0), timed), (kappa + 1 / duration) ** 2)
        np.testing.assert_allclose(natural_weight(Neumann(0.0), timed), kappa + 1 / duration)


def test_in_a_large_domain_a_short_time_weighs_the_conditions() -> None:
    """A residual of 1 moves the solution of the heat equation by the duration, however large the domain: so much counts
    an error of the start.
    """
    shape = Box((0.0, 0.0), (1e4, 1e4)).over(0.0, 0.5)
    np.testing.assert_allclose(natural_weight(Initial(0.0), shape), 1 / 0.5**2, rtol=1e-6)


def test_conditions_have_their_natural_weights_unless_told_otherwise() -> None:
    target, field = objective(PROBLEMS["heat_1d"])
    w = tf.constant(field.weights())
    terms = {name: float(value) for name, value in target.term_losses(w).items()}
    expected = terms[EQUATION] + (np.pi**2 + 1) ** 2 * (terms["dirichlet_boundary"] + terms["initial"])
    np.testing.assert_allclose(target.loss(w), expected, rtol=1e-12)


WRONG_RESIDUALS = {
    "column": (lambda u: u.value[:, None], r"residual 'equation': expected the shape \[N\].*got \[12, 1\]"),
    "number": (lambda u: 0.0, r"residual 'equation': expected the shape \[N\].*got \[\]"),
    "precision": (lambda u: tf.cast(u.value, tf.float32), "residual 'equation': expected float64; got float32"),
}


@pytest.mark.parametrize("name", WRONG_RESIDUALS)
def test_a_residual_of_a_wrong_shape_is_refused(name: str) -> None:
    answer, message = WRONG_RESIDUALS[name]

    class Wrong(LogOfField):
        def residual(self, p: PointSet, u: object) -> tf.Tensor:
            return answer(u)

    target, field = objective(Wrong())
    with pytest.raises(ValueError, match=message):
        target.residuals(tf.constant(field.weights()))
