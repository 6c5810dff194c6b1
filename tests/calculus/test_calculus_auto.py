"""The engine that chooses: what it takes for what is asked, what it falls back to, and that it says so."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import tensorflow as tf

import pinn
from pinn.calculus import Auto, BatchCoupledError, EngineFallbackWarning, Field, Needs, Tape, engine_named


def _scalar(p: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.sin(p), axis=1) * tf.exp(p[:, 0])


def _vector(p: tf.Tensor) -> tf.Tensor:
    return tf.stack([_scalar(p) * k for k in range(1, 7)], axis=1)


def _with_an_operation_without_a_rule(p: tf.Tensor) -> tf.Tensor:
    """`sort` along each point: no rule, and differentiable by tapes."""
    return tf.reduce_sum(tf.sort(p, axis=1) ** 2, axis=1)


GRADIENT = Needs.of(partials=[(0,), (1,), (2,)])
LAPLACIAN = Needs.of(traces=[(0, 1, 2)])
HESSIAN = Needs.of(partials=[(i, j) for i in range(3) for j in range(i, 3)])

CHOICES: dict[str, tuple[Field, Needs, str]] = {
    "the Laplacian": (_scalar, LAPLACIAN, "forward"),
    "heat": (_scalar, Needs.of(partials=[(2,)], traces=[(0, 1)]), "forward"),
    "the diagonal": (_scalar, Needs.of(partials=[(0, 0), (1, 1), (2, 2)]), "forward"),
    "the gradient": (_scalar, GRADIENT, "tape"),
    "the gradient of many components": (_vector, GRADIENT, "forward"),
    "the Hessian": (_scalar, HESSIAN, "tape"),
    "the Hessian of many components": (_vector, HESSIAN, "forward"),
    "an operation without a rule": (_with_an_operation_without_a_rule, LAPLACIAN, "tape"),
    "the gradient of an operation without a rule": (_with_an_operation_without_a_rule, GRADIENT, "tape"),
}


def _points() -> tf.Tensor:
    return tf.constant(np.random.default_rng(0).uniform(size=(5, 3)))


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.filterwarnings("ignore::pinn.calculus.EngineFallbackWarning")
def test_what_is_asked_decides(name: str) -> None:
    field, needs, expected = CHOICES[name]
    engine = Auto()
    assert engine.name == "auto"
    found = engine.differentiate(field, _points(), needs)
    assert engine.name == expected
    truth = Tape().differentiate(field, _points(), needs)
    for mine, right in ((found.partials, truth.partials), (found.traces, truth.traces)):
        assert set(mine) == set(right)
        for key in right:
            np.testing.assert_allclose(mine[key], right[key], rtol=1e-12, atol=1e-12)


def test_the_value_alone_is_no_choice() -> None:
    engine = Auto()
    np.testing.assert_array_equal(engine.differentiate(_scalar, _points(), Needs()).value, _scalar(_points()))
    assert engine.name == "auto"


def test_both_engines_are_named_when_both_were_taken() -> None:
    engine = Auto()
    for needs in (LAPLACIAN, GRADIENT, LAPLACIAN):
        engine.differentiate(_scalar, _points(), needs)
    assert engine.name == "forward+tape"


def test_the_fall_back_is_said_once_and_names_the_operation() -> None:
    engine = Auto()
    with pytest.warns(EngineFallbackWarning, match=r"TopKV2 .*register_rule\('TopKV2', rule\)"):
        engine.differentiate(_with_an_operation_without_a_rule, _points(), LAPLACIAN)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.differentiate(_with_an_operation_without_a_rule, _points(), LAPLACIAN)


def test_the_fall_back_is_right_in_graphs_and_under_xla() -> None:
    laplacian = pinn.laplacian(_with_an_operation_without_a_rule)
    for options in ({}, {"jit_compile": True}):
        with pytest.warns(EngineFallbackWarning):
            found = tf.function(laplacian, **options)(_points())
        np.testing.assert_allclose(found, 6 * np.ones(5), rtol=1e-12)
        laplacian = pinn.laplacian(_with_an_operation_without_a_rule)


@pytest.mark.parametrize("needs", [GRADIENT, LAPLACIAN], ids=["by tapes", "in one pass"])
def test_points_that_are_coupled_are_refused_whatever_is_taken(needs: Needs) -> None:
    with pytest.raises(BatchCoupledError, match=r"sums over the points|reduces over the points"):
        Auto().differentiate(lambda p: p[:, 0] - tf.reduce_mean(p[:, 0]), _points(), needs)


def test_every_use_has_an_engine_of_its_own() -> None:
    assert engine_named("auto") is not engine_named("auto")
    engine = Auto()
    assert engine_named(engine) is engine


def test_nothing_is_said_where_nothing_is_amiss() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pinn.biharmonic(_scalar)(_points())
        pinn.gradient(_vector)(_points())
