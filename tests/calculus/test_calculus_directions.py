"""Derivatives along directions, against closed Hessians."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
import tensorflow as tf
from calculus_cases import CASES

import pinn
from pinn.calculus import directions

CASE = next(case for case in CASES if case.name == "product_of_sines_4d")
VECTOR = next(case for case in CASES if case.name == "vector_field")
GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("engine", ["tape", "forward", "auto"])
@pytest.mark.parametrize("apart", [False, True], ids=["one for all points", "one a point"])
def test_along_any_directions(apart: bool, engine: str) -> None:
    x = CASE.points()
    shape = x.shape if apart else x.shape[1:]
    v, w = GENERATOR.normal(size=(2, *shape))
    each_v, each_w = np.broadcast_to(v, x.shape), np.broadcast_to(w, x.shape)
    points = tf.constant(x)
    close = {"rtol": 1e-12, "atol": 1e-12}
    found = pinn.directional_derivative(CASE.function, v, engine=engine)(points)
    np.testing.assert_allclose(found, np.einsum("ni,ni->n", CASE.gradient(x), each_v), **close)
    found = pinn.second_directional_derivative(CASE.function, v, w, engine=engine)(points)
    np.testing.assert_allclose(found, np.einsum("nij,ni,nj->n", CASE.hessian(x), each_v, each_w), **close)
    found = pinn.second_directional_derivative(CASE.function, v, engine=engine)(points)
    np.testing.assert_allclose(found, np.einsum("nij,ni,nj->n", CASE.hessian(x), each_v, each_v), **close)


@pytest.mark.parametrize("jit", [False, True], ids=["unknown batch", "xla"])
def test_vector_fields_in_graphs(jit: bool) -> None:
    x = VECTOR.points()
    v = GENERATOR.normal(size=x.shape)
    shape = x.shape if jit else (None, x.shape[1])
    mixed = tf.function(
        lambda p, v: pinn.second_directional_derivative(VECTOR.function, v, [1.0, 2.0, 3.0])(p), jit_compile=jit
    )
    found = mixed.get_concrete_function(*[tf.TensorSpec(shape, tf.float64)] * 2)(tf.constant(x), tf.constant(v))
    expected = np.einsum("nmij,ni,j->nm", VECTOR.hessian(x), v, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_the_examples() -> None:
    assert doctest.testmod(directions).failed == 0


def test_bad_input_is_refused_in_a_sentence() -> None:
    points = tf.constant(CASE.points())
    for wrong in ([1.0, 2.0], np.ones((3, 4)), 1.0):
        with pytest.raises(ValueError, match=r"direction: expected the shape \[4\], .*got"):
            pinn.directional_derivative(CASE.function, wrong)(points)
    with pytest.raises(ValueError, match="expected one of auto, tape, forward"):
        pinn.directional_derivative(CASE.function, [1.0], engine="fast")
    with pytest.raises(TypeError, match="floating point"):
        pinn.directional_derivative(CASE.function, [1, 2, 3, 4])(tf.constant([[1, 2, 3, 4]]))
