"""Every operator against closed forms: engines x functions x dtypes x ways of running."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from calculus_cases import CASES, Case

import pinn
from pinn.calculus import ENGINES, operators

Run = Callable[[Callable[[tf.Tensor], tf.Tensor], tf.Tensor], tf.Tensor]


def _unknown_batch(f: Callable[[tf.Tensor], tf.Tensor], points: tf.Tensor) -> tf.Tensor:
    spec = tf.TensorSpec([None, points.shape[1]], points.dtype)
    return tf.function(f, autograph=False, input_signature=[spec])(points)


RUNS: dict[str, Run] = {
    "eager": lambda f, points: f(points),
    "graph": lambda f, points: tf.function(f)(points),  # as most people write it: autograph translates for seconds
    "xla": lambda f, points: tf.function(f, autograph=False, jit_compile=True)(points),
    "unknown_batch": _unknown_batch,
}


def _trace(case: Case, x: np.ndarray) -> np.ndarray:
    return np.trace(case.hessian(x), axis1=-2, axis2=-1)


def _diagonal(case: Case, x: np.ndarray) -> np.ndarray:
    return np.diagonal(case.hessian(x), axis1=-2, axis2=-1)


OPERATORS = {
    "gradient": (pinn.gradient, lambda case, x: case.gradient(x)),
    "hessian_diagonal": (pinn.hessian_diagonal, _diagonal),
    "laplacian": (pinn.laplacian, _trace),
    "hessian": (pinn.hessian, lambda case, x: case.hessian(x)),
}

# A handful of roundings of numbers of order 1 to 100 in each precision.
TOLERANCE = {"float64": 1e-12, "float32": 2e-4}


# Tapes compile a sweep for each axis: twenty are as five, and take seconds.
CONFORMANCE = [
    pytest.param(case, engine, run, id=f"{run}-{case.name}-{engine}")
    for run in ("eager", "xla", "unknown_batch")
    for case in CASES
    for engine in ("tape", "forward")
    if run == "eager" or engine == "forward" or case.dimension <= 8
]


@pytest.mark.no_cover  # the lines of the others, in ways that tracing of lines slows down
@pytest.mark.parametrize(("case", "engine", "run"), CONFORMANCE)
def test_operators_match_closed_forms_however_they_run(case: Case, engine: str, run: str) -> None:
    """All operators in one program: compilations are what costs. Under XLA sizes are static, else unknown."""
    applied = [operator(case.function, engine=engine) for operator, _ in OPERATORS.values()]
    for dtype, tolerance in TOLERANCE.items():
        if dtype == "float32" and run != "eager" and case is not CASES[0]:
            continue  # the same graph as in float64
        points = case.points(dtype)
        answers = RUNS[run](lambda p: [apply(p) for apply in applied], tf.constant(points))
        for (name, (_, oracle)), found in zip(OPERATORS.items(), answers, strict=True):
            expected = oracle(case, points.astype(np.float64))
            assert found.shape == expected.shape, name
            assert found.dtype == dtype
            error = np.abs(found - expected).max() / max(1.0, np.abs(expected).max())
            assert error <= tolerance, (name, dtype, error)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("axes", [0, -1, (1,), (2, 0)])
def test_chosen_axes_pick_their_part_of_the_hessian(axes: int | tuple[int, ...], engine: str) -> None:
    case = next(c for c in CASES if c.name == "log_radius_3d")
    x = case.points()
    chosen = [axes] if isinstance(axes, int) else list(axes)
    expected = case.hessian(x)[:, chosen][:, :, chosen]
    at = partial(tf.constant, x)
    close = partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-12)
    close(pinn.hessian(case.function, axes=axes, engine=engine)(at()), expected)
    close(pinn.hessian_diagonal(case.function, axes=axes, engine=engine)(at()), np.diagonal(expected, axis1=1, axis2=2))
    close(pinn.laplacian(case.function, axes=axes, engine=engine)(at()), np.trace(expected, axis1=1, axis2=2))
    close(pinn.gradient(case.function, axes=axes, engine=engine)(at()), case.gradient(x)[:, chosen])


@pytest.mark.parametrize("dimension", [2, 3, 4, 7])
def test_log_of_squared_radius_is_harmonic_in_the_plane_only(dimension: int) -> None:
    points = tf.constant(np.random.default_rng(0).normal(size=(50, dimension)))
    squared = tf.reduce_sum(points**2, axis=1)
    found = pinn.laplacian(lambda p: tf.math.log(tf.reduce_sum(p**2, axis=1)))(points)
    # The terms that cancel in the plane are of order 2/r^2: their rounding is the yardstick.
    np.testing.assert_allclose(found, 2 * (dimension - 2) / squared, atol=1e-12 * np.max(2 / squared), rtol=1e-12)


def test_biharmonic_of_known_functions() -> None:
    points = tf.constant(np.random.default_rng(1).uniform(0.5, 1.5, (20, 2)))
    x, y = points[:, 0], points[:, 1]
    # lap lap (x^4 y^2) = 24 y^2 + 2 * 24 x^2, and r^2 ln r is biharmonic in the plane.
    found = pinn.biharmonic(lambda p: p[:, 0] ** 4 * p[:, 1] ** 2)(points)
    np.testing.assert_allclose(found, 24 * y**2 + 48 * x**2, rtol=1e-11)
    thin_plate = pinn.biharmonic(lambda p: tf.reduce_sum(p**2, 1) * tf.math.log(tf.reduce_sum(p**2, 1)))(points)
    np.testing.assert_allclose(thin_plate, np.zeros(20), atol=1e-10)


@pytest.mark.parametrize("run", RUNS)
def test_divergence_of_vector_fields(run: str) -> None:
    points = tf.constant(np.random.default_rng(2).uniform(size=(9, 3)))
    x, y, z = tf.unstack(points, axis=1)
    found = RUNS[run](
        pinn.divergence(lambda p: tf.stack([p[:, 0] ** 2, p[:, 0] * p[:, 1], tf.sin(p[:, 2])], 1)), points
    )
    np.testing.assert_allclose(found, 2 * x + x + tf.cos(z), rtol=1e-13)
    plane = pinn.divergence(lambda p: tf.stack([p[:, 2] * p[:, 1], p[:, 0] * p[:, 2] ** 2], 1), axes=(1, 2))(points)
    np.testing.assert_allclose(plane, z + 2 * x * z, rtol=1e-13)
    assert not np.allclose(plane, y)


def test_divergence_of_the_gradient_is_the_laplacian() -> None:
    case = next(c for c in CASES if c.name == "product_of_sines_4d")
    points = tf.constant(case.points())
    both = pinn.divergence(pinn.gradient(case.function))(points), pinn.laplacian(case.function)(points)
    np.testing.assert_allclose(*both, rtol=1e-12)


@pytest.mark.parametrize("engine", ["tape", "forward"])
@pytest.mark.parametrize("run", ["eager", "xla"])
def test_divergence_of_a_flux(run: str, engine: str) -> None:
    points = tf.constant(np.random.default_rng(3).uniform(size=(9, 3)))
    x, y, z = (column.numpy() for column in tf.unstack(points, axis=1))

    def conductivity(p: tf.Tensor) -> tf.Tensor:
        return 1 + p[:, 0] ** 2 * p[:, 1]

    # a = 1 + x^2 y, u = x y + sin z: a lap u + grad a . grad u = -(1 + x^2 y) sin z + 2 x y y + x^2 x
    found = RUNS[run](
        pinn.flux_divergence(lambda p: p[:, 0] * p[:, 1] + tf.sin(p[:, 2]), conductivity, engine=engine), points
    )
    expected = -(1 + x**2 * y) * np.sin(z) + 2 * x * y * y + x**3
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    both = RUNS[run](
        pinn.flux_divergence(
            lambda p: tf.stack([p[:, 2] ** 2, p[:, 0] ** 3], 1), conductivity, axes=(0, 2), engine=engine
        ),
        points,
    )
    np.testing.assert_allclose(both[:, 0], 2 * (1 + x**2 * y), rtol=1e-13)
    np.testing.assert_allclose(both[:, 1], 6 * x * (1 + x**2 * y) + 2 * x * y * 3 * x**2, rtol=1e-13)


@pytest.mark.parametrize("engine", ["tape", "forward"])
def test_a_flux_whose_coefficient_is_a_number_or_is_known_at_the_points(engine: str) -> None:
    """The same numbers as of the coefficient as a function, for scalar and vector fields and for chosen axes."""
    points = tf.constant(np.random.default_rng(3).uniform(size=(9, 3)))
    fields = (lambda p: p[:, 0] ** 2 * p[:, 1] + tf.sin(p[:, 2]), lambda p: tf.sin(p) * p[:, ::-1])
    varying = lambda p: 1 + p[:, 0] ** 2 * p[:, 1]  # noqa: E731
    for field in fields:
        for axes in (None, (2, 0)):
            flux = partial(pinn.flux_divergence, field, axes=axes, engine=engine)
            known = varying(points), pinn.gradient(varying, axes=axes)(points)
            np.testing.assert_allclose(flux(known)(points), flux(varying)(points), rtol=1e-12)
            laplacian = pinn.laplacian(field, axes=axes, engine=engine)(points)
            np.testing.assert_allclose(flux(2.5)(points), 2.5 * laplacian, rtol=1e-12)


def _loss(f: tf.Tensor) -> tf.Tensor:
    return tf.reduce_prod(f**2 - 3 * f + 1)


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 1, 3), (30,)], ids=str)
def test_second_derivatives_of_a_product_over_a_tensor_of_any_shape(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(3).uniform(-0.3, 0.3, shape)
    factor, flat = values**2 - 3 * values + 1, np.ravel(values)
    others = np.array([np.prod(np.delete(np.ravel(factor), i)) for i in range(flat.size)])
    expected = (2 * others).reshape(shape)  # factor'' = 2, times all the others
    scale = np.abs(expected).max()
    for tensor in (tf.constant(values), tf.Variable(values)):
        found = pinn.hessian_diagonal(_loss, batched=False)(tensor)
        assert found.shape == shape
        np.testing.assert_allclose(found, expected, atol=1e-12 * scale)
        np.testing.assert_allclose(pinn.laplacian(_loss, batched=False)(tensor), expected.sum(), rtol=1e-11)
    compiled = tf.function(pinn.hessian_diagonal(_loss, batched=False), jit_compile=True)
    np.testing.assert_allclose(compiled(tf.constant(values)), expected, atol=1e-12 * scale)


def test_unbatched_gradient_hessian_and_divergence() -> None:
    values = np.random.default_rng(4).uniform(-0.3, 0.3, (2, 2))
    tensor = tf.constant(values)
    factor, slope = values**2 - 3 * values + 1, 2 * values - 3
    product = np.prod(factor)
    np.testing.assert_allclose(pinn.gradient(_loss, batched=False)(tensor), product / factor * slope, rtol=1e-12)
    found = pinn.hessian(_loss, batched=False)(tensor)
    assert found.shape == (2, 2, 2, 2)
    expected = product * (slope / factor).reshape(4, 1) * (slope / factor).reshape(1, 4)
    np.fill_diagonal(expected, (2 * product / factor).ravel())
    np.testing.assert_allclose(tf.reshape(found, (4, 4)), expected, rtol=1e-11)
    np.testing.assert_allclose(
        pinn.divergence(lambda f: f**3, batched=False)(tensor), np.sum(3 * values**2), rtol=1e-13
    )
    np.testing.assert_allclose(
        pinn.hessian_diagonal(_loss, batched=False, axes=(0, 3))(tensor), expected[[0, 3], [0, 3]]
    )


def test_never_forms_the_full_hessian() -> None:
    """A diagonal of 2000 entries in a second or so: one sweep an entry, in a loop."""
    tensor = tf.constant(np.random.default_rng(5).normal(size=2000))
    found = tf.function(pinn.hessian_diagonal(lambda f: tf.reduce_sum(f**3), batched=False))(tensor)
    np.testing.assert_allclose(found, 6 * tensor, rtol=1e-12)


def _network(dtype: str) -> tuple[list[tf.Variable], Callable[[tf.Tensor], tf.Tensor]]:
    generator = np.random.default_rng(6)
    shapes = [(2, 5), (5,), (5, 1)]
    w1, b1, w2 = (tf.Variable(generator.normal(size=shape), dtype=dtype) for shape in shapes)
    return [w1, b1, w2], lambda p: (tf.tanh(p @ w1 + b1) @ w2)[:, 0]


@pytest.mark.parametrize("run", ["eager", "graph", "xla"])
@pytest.mark.parametrize("engine", ["tape", "forward"])
def test_differentiable_with_respect_to_weights_and_points(engine: str, run: str) -> None:
    """Against central differences of the operator itself: an oracle that knows nothing of tapes."""
    variables, network = _network("float64")
    points = tf.constant(np.random.default_rng(7).uniform(size=(6, 2)))

    def loss(p: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(pinn.laplacian(network, engine=engine)(p) ** 2)

    def with_gradients(p: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(p)
            value = loss(p)
        return tape.gradient(value, [p, *variables])

    def packed(p: tf.Tensor) -> tf.Tensor:
        return tf.concat([tf.reshape(g, [-1]) for g in with_gradients(p)], axis=0)

    found = RUNS[run](packed, points).numpy()
    step = 1e-5  # error of a central difference: step^2 = 1e-10 times the third derivative
    numeric = [(loss(points + e) - loss(points - e)) / (2 * step) for e in _units(points, step)]
    for variable in variables:
        for e in _units(variable, step):
            variable.assign_add(e)
            above = loss(points)
            variable.assign_sub(2 * e)
            below = loss(points)
            variable.assign_add(e)
            numeric.append((above - below) / (2 * step))
    np.testing.assert_allclose(found, np.array(numeric), rtol=1e-6, atol=1e-6 * np.abs(found).max())


def _units(like: tf.Tensor, step: float) -> list[np.ndarray]:
    size = int(np.prod(like.shape))
    return [(step * np.eye(size)[k]).reshape(like.shape) for k in range(size)]


def test_looped_sweeps_are_differentiable_too() -> None:
    weights = tf.Variable(np.random.default_rng(8).normal(size=(20, 4)))
    points = tf.constant(np.random.default_rng(9).uniform(size=(3, 20)))

    @tf.function(jit_compile=True)
    def gradient() -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(pinn.laplacian(lambda p: tf.reduce_sum(tf.sin(p @ weights), 1))(points))
        return tape.gradient(value, weights)

    # lap sum_k sin(p . w_k) = -sum_k |w_k|^2 sin(p . w_k)
    w, p = weights.numpy(), points.numpy()
    s, c = np.sin(p @ w), np.cos(p @ w)
    expected = -2 * w * s.sum(0) - np.sum(w**2, 0) * (p.T @ c)
    np.testing.assert_allclose(gradient(), expected, rtol=1e-11, atol=1e-11)


def test_operators_are_the_doctests_they_show() -> None:
    outcome = doctest.testmod(operators)
    assert outcome.attempted >= 6
    assert outcome.failed == 0


BAD_INPUT = {
    "one tensor": (
        lambda: pinn.laplacian(_first)(tf.zeros(3)),
        ValueError,
        r"shape \[N, d\]; got \[3\].*batched=False",
    ),
    "whole numbers": (lambda: pinn.laplacian(_first)(tf.constant([[1, 2]])), TypeError, "floating point.*got int32"),
    "axis too large": (lambda: pinn.laplacian(_first, axes=2)(tf.zeros((1, 2))), ValueError, r"-2 and 1 .*got \[2\]"),
    "axis twice": (lambda: pinn.laplacian(_first, axes=(0, -2))(tf.zeros((1, 2))), ValueError, "different positions"),
    "no axis": (lambda: pinn.gradient(_first, axes=())(tf.zeros((1, 2))), ValueError, "different positions"),
    "engine": (
        lambda: pinn.laplacian(_first, engine="fast"),
        ValueError,
        "expected one of auto, tape, forward; got 'fast'",
    ),
    "not batched": (
        lambda: pinn.laplacian(tf.reduce_sum)(tf.zeros((4, 2))),
        ValueError,
        r"\[N\] or \[N, m\].*got \[\]",
    ),
    "wrong rows": (lambda: pinn.laplacian(lambda p: p[:1, 0])(tf.zeros((4, 2))), ValueError, r"\[4, 2\]; got \[1\]"),
    "rank three": (lambda: pinn.gradient(lambda p: p[:, :, None])(tf.zeros((4, 2))), ValueError, r"got \[4, 2, 1\]"),
    "components": (lambda: pinn.divergence(lambda p: p[:, :1])(tf.zeros((4, 2))), ValueError, "2 components"),
    "coefficient": (
        lambda: pinn.flux_divergence(_first, lambda p: p)(tf.zeros((4, 2))),
        ValueError,
        r"coefficient of shape \[N\]; got \[4, 2\]",
    ),
    "coefficient, values alone": (
        lambda: pinn.flux_divergence(_first, tf.ones(4))(tf.zeros((4, 2))),
        ValueError,
        r"values \[N\] with their gradient \[N, 2\]; got shapes \[4\] and \[4, 2\]",
    ),
    "coefficient, a gradient of other axes": (
        lambda: pinn.flux_divergence(_first, (tf.ones(4), tf.ones((4, 3))))(tf.zeros((4, 2))),
        ValueError,
        r"got shapes \[4\] and \[4, 3\]",
    ),
    "not scalar": (lambda: pinn.gradient(lambda f: f[:2], batched=False)(tf.zeros(3)), ValueError, "scalar function"),
    "no numbers": (
        lambda: pinn.laplacian(_first)(tf.constant([[0.0, 1.0], [np.nan, 2.0]])),
        ValueError,
        r"NaN in 1 of 4 coordinates, the first at \[1, 0\]",
    ),
    "no numbers in a tensor": (
        lambda: pinn.gradient(tf.reduce_sum, batched=False)(tf.constant(np.nan)),
        ValueError,
        r"NaN in 1 of 1 coordinates, the first at \[\]",
    ),
    "no numbers along a direction": (
        lambda: pinn.directional_derivative(_first, [1.0, 0.0])(tf.constant([[np.nan, 2.0]])),
        ValueError,
        r"NaN in 1 of 2",
    ),
    "no numbers at random": (
        lambda: pinn.stochastic_laplacian(_first, samples=1)(tf.constant([[np.nan, 2.0]])),
        ValueError,
        r"NaN in 1 of 2",
    ),
    "empty": (lambda: pinn.gradient(tf.reduce_sum, batched=False)(tf.zeros((0, 2))), ValueError, "at least one entry"),
}


def _first(p: tf.Tensor) -> tf.Tensor:
    return p[:, 0] ** 2


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_in_a_sentence(name: str) -> None:
    call, kind, message = BAD_INPUT[name]
    with pytest.raises(kind, match=message):
        call()


def test_every_exported_operator_is_tested_here() -> None:
    exported = {
        name for name, value in vars(operators).items() if callable(value) and value.__module__ == operators.__name__
    }
    assert {name for name in exported if not name.startswith("_")} == {
        *OPERATORS,
        "biharmonic",
        "divergence",
        "flux_divergence",
    }
