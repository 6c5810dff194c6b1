"""The jet: what an equation asks is learned, and what it gets is right."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import ENGINES, Derivatives, Frame, Jet, LazyJet, Needs, PointSet, Tape, engine_named, learn, observe

FRAME = Frame(("x", "y", "t"), "t")
VECTOR = Frame(("x", "y", "t"), "t", components=2)


def _points(count: int = 5) -> PointSet:
    generator = np.random.default_rng(0)
    coordinates, normals = generator.uniform(size=(2, count, 3))
    return PointSet(tf.constant(coordinates), FRAME.axes, tf.constant(normals))


def _field(p: tf.Tensor) -> tf.Tensor:
    x, y, t = tf.unstack(p, axis=1)
    return x**2 * y**3 + tf.exp(-t) * x * y


def _vector_field(p: tf.Tensor) -> tf.Tensor:
    return tf.stack([_field(p), p[:, 0] * p[:, 1] ** 2 * p[:, 2]], axis=1)


# Each question with its answer in closed form, for _field.
QUESTIONS = {
    "value": (lambda p, u: u.value, lambda x, y, t: x**2 * y**3 + np.exp(-t) * x * y),
    "d(t)": (lambda p, u: u.d("t"), lambda x, y, t: -np.exp(-t) * x * y),
    "d(y, x)": (lambda p, u: u.d("y", "x"), lambda x, y, t: 6 * x * y**2 + np.exp(-t)),
    "d(t, t)": (lambda p, u: u.d("t", "t"), lambda x, y, t: np.exp(-t) * x * y),
    "dt": (lambda p, u: u.dt(), lambda x, y, t: -np.exp(-t) * x * y),
    "dtt": (lambda p, u: u.dtt(), lambda x, y, t: np.exp(-t) * x * y),
    # a = y t, u_x = 2 x y^3 + e^-t y, u_y = 3 x^2 y^2 + e^-t x: a lap u + t u_y
    "flux": (
        lambda p, u: u.flux_divergence(lambda q: q.y * q.t, p),
        lambda x, y, t: y * t * (2 * y**3 + 6 * x**2 * y) + t * (3 * x**2 * y**2 + np.exp(-t) * x),
    ),
    "flux of a number": (lambda p, u: u.flux_divergence(2.0, p, "y"), lambda x, y, t: 12 * x**2 * y),
    "laplacian": (lambda p, u: u.laplacian(), lambda x, y, t: 2 * y**3 + 6 * x**2 * y),
    "laplacian(y)": (lambda p, u: u.laplacian("y"), lambda x, y, t: 6 * x**2 * y),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", QUESTIONS)
def test_answers_match_closed_forms(name: str, engine: str) -> None:
    question, answer = QUESTIONS[name]
    p = _points()
    needs = learn(question, FRAME, tf.float64)
    found = observe(question, _field, p, frame=FRAME, needs=needs, engine=engine_named(engine))
    np.testing.assert_allclose(found, answer(*(c.numpy() for c in p.columns())), rtol=1e-13)
    lazy = question(p, LazyJet(_field, p, FRAME, engine_named(engine)))
    np.testing.assert_allclose(lazy, found, rtol=1e-13)


def test_normal_derivative_sums_over_space_and_leaves_time_out() -> None:
    p = _points()
    u = LazyJet(_field, p, FRAME, Tape())
    expected = u.d("x") * p.normals[:, 0] + u.d("y") * p.normals[:, 1]
    np.testing.assert_allclose(u.normal(p.normals), expected, rtol=1e-14)
    v = LazyJet(_vector_field, p, VECTOR, Tape())
    np.testing.assert_allclose(v.normal(p.normals)[:, 0], expected, rtol=1e-14)


def test_shapes_of_gradients_and_diagonals() -> None:
    p = _points()
    u, v = LazyJet(_field, p, FRAME, Tape()), LazyJet(_vector_field, p, VECTOR, Tape())
    assert u.gradient().shape == (5, 2)
    assert u.gradient("t", "x").shape == (5, 2)
    assert v.gradient("x").shape == (5, 2, 1)
    assert v.hessian_diagonal().shape == (5, 2, 2)
    np.testing.assert_allclose(tf.reduce_sum(u.hessian_diagonal(), axis=1), u.laplacian(), rtol=1e-14)


def test_components_are_jets_of_their_own() -> None:
    p = _points()
    v = LazyJet(_vector_field, p, VECTOR, Tape())
    first, second = v
    x, y, t = (c.numpy() for c in p.columns())
    np.testing.assert_allclose(first.laplacian(), 2 * y**3 + 6 * x**2 * y, rtol=1e-13)
    np.testing.assert_allclose(second.d("y", "y"), 2 * x * t, rtol=1e-13)
    np.testing.assert_allclose(v[1].value, x * y**2 * t, rtol=1e-13)


def test_fluxes_of_several_components() -> None:
    p = _points()
    v = LazyJet(_vector_field, p, VECTOR, Tape())
    found = v.flux_divergence(lambda q: q.x, p)
    for k in range(2):
        np.testing.assert_allclose(found[:, k], p.x * v[k].laplacian() + v[k].d("x"), rtol=1e-13)


LEARNED = {
    "heat": (lambda p, u: u.d("t") - 2.0 * u.laplacian("x", "y"), Needs.of([(2,)], [(0, 1)])),
    "value only": (lambda p, u: u.value - p.x, Needs.of()),
    "default laplacian skips time": (lambda p, u: u.laplacian(), Needs.of(traces=[(0, 1)])),
    "telegraph": (lambda p, u: u.dtt() + u.dt() - u.laplacian(), Needs.of([(2,), (2, 2)], [(0, 1)])),
    "conduction": (lambda p, u: u.flux_divergence(lambda q: q.x, p, "x"), Needs.of([(0,)], [(0,)])),
    "mixed": (lambda p, u: u.d("y", "x") + u.d("x"), Needs.of([(0, 1), (0,)])),
    "flux": (lambda p, u: u.normal(p.normals), Needs.of([(0,), (1,)])),
    "nonlinear": (lambda p, u: u.value * u.d("x") - tf.sin(u.value), Needs.of([(0,)])),
}


@pytest.mark.parametrize("name", LEARNED)
def test_needs_are_learned_from_use(name: str) -> None:
    expression, expected = LEARNED[name]
    assert learn(expression, FRAME, tf.float64) == expected


def test_an_engine_computes_only_what_is_needed() -> None:
    found = Tape().differentiate(_field, _points().coordinates, Needs.of([(2,)], [(0, 1)]))
    assert isinstance(found, Derivatives)
    assert set(found.partials) == {(2,)}
    assert set(found.traces) == {(0, 1)}
    assert not Tape().differentiate(_field, _points().coordinates, Needs()).partials


def test_needs_know_the_axes_they_touch() -> None:
    needs = Needs.of([(1, 0), (2,)], [(1, 0)])
    assert needs.first == (2,)
    assert needs.second == ((0, 0), (0, 1), (1, 1))
    assert needs.rows == 1 + 3 + 1 + 1  # value, x, y and t, the mixed entry, the sum
    assert Needs.of([(0, 0), (1, 1)], [(0, 1)]).rows == 1 + 2 + 2  # a sum of entries that are there needs no row
    assert Needs().rows == 1


def _lazy() -> Jet:
    return LazyJet(_field, _points(), FRAME, Tape())


BAD_INPUT = {
    "axis": (lambda: _lazy().d("z"), ValueError, "expected one of the axes x, y, t; got 'z'"),
    "three derivatives": (lambda: _lazy().d("x", "x", "x"), ValueError, "one or two axes.*got 3"),
    "no time": (lambda: LazyJet(_field, _points(), Frame(("x", "y", "z")), Tape()).dt(), ValueError, "a time axis"),
    "coefficient": (lambda: _lazy().flux_divergence(lambda q: q.coordinates, _points()), ValueError, r"\[N\]; got"),
    "axis twice": (lambda: _lazy().laplacian("x", "x"), ValueError, "each axis once"),
    "component of a scalar": (lambda: _lazy()[0], IndexError, "one component, which needs no index"),
    "component": (
        lambda: LazyJet(_vector_field, _points(), VECTOR, Tape())[2],
        IndexError,
        "2 components; got the index 2",
    ),
    "attribute": (lambda: _points().z, AttributeError, "expected one of the axes x, y, t; got 'z'"),
    "item": (lambda: _points()["z"], ValueError, "expected one of the axes x, y, t; got 'z'"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_in_a_sentence(name: str) -> None:
    call, kind, message = BAD_INPUT[name]
    with pytest.raises(kind, match=message):
        call()


def test_points_know_their_columns() -> None:
    p = _points()
    np.testing.assert_array_equal(p.t, p.coordinates[:, 2])
    np.testing.assert_array_equal(p["x"], p.columns()[0])
    assert p.dtype == tf.float64
