"""Each operation of TensorFlow that a saved Keras model can say: the same numbers, fresh and read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from pinn.app.stock import _RULES, UnknownOperationError, stock

POINTS = np.random.default_rng(0).uniform(0.1, 0.9, size=(7, 3))

Case = Callable[[tf.Tensor], tf.Tensor]
_A, _B = (lambda x: x[:, 0]), (lambda x: x[:, 1])
_MATRIX = tf.constant(np.arange(6.0).reshape(2, 3))


def _number(value: float) -> tf.Tensor:
    return tf.constant(value, tf.float64)


def _ones(x: tf.Tensor) -> tf.Tensor:
    return tf.fill([tf.shape(x)[0]], _number(1.0))


UNARY = {
    **{"Neg": tf.negative, "Abs": lambda x: tf.abs(x - 0.5), "Sign": lambda x: tf.sign(x - 0.5), "Square": tf.square},
    **{"Sqrt": tf.sqrt, "Rsqrt": tf.math.rsqrt, "Reciprocal": tf.math.reciprocal, "Exp": tf.exp, "Log": tf.math.log},
    **{"Log1p": tf.math.log1p, "Expm1": tf.math.expm1, "Sin": tf.sin, "Cos": tf.cos, "Tan": tf.tan, "Asin": tf.asin},
    **{"Acos": tf.acos, "Atan": tf.atan, "Sinh": tf.sinh, "Cosh": tf.cosh, "Tanh": tf.tanh, "Sigmoid": tf.sigmoid},
    **{"Softplus": tf.math.softplus, "Erf": tf.math.erf, "Erfc": tf.math.erfc, "Floor": lambda x: tf.floor(9 * x)},
    **{
        "Ceil": lambda x: tf.math.ceil(9 * x),
        "OnesLike": tf.ones_like,
        "ZerosLike": lambda x: tf.raw_ops.ZerosLike(x=x),
    },
    **{"Identity": tf.identity, "StopGradient": tf.stop_gradient},
}
BINARY = {
    **{"AddV2": tf.add, "Sub": tf.subtract, "Mul": tf.multiply, "RealDiv": tf.divide, "Pow": tf.pow},
    **{"Maximum": tf.maximum, "Minimum": tf.minimum, "FloorMod": tf.math.floormod, "Atan2": tf.atan2},
    "SquaredDifference": tf.math.squared_difference,
}
LOGICAL = {
    **{"Less": tf.less, "LessEqual": tf.less_equal, "Greater": tf.greater, "GreaterEqual": tf.greater_equal},
    **{"Equal": tf.equal, "NotEqual": tf.not_equal},
}
REDUCTIONS = {
    **{"Sum": tf.reduce_sum, "Prod": tf.reduce_prod, "Mean": tf.reduce_mean, "Max": tf.reduce_max},
    "Min": tf.reduce_min,
}
CASES: dict[str, Case] = {
    **UNARY,
    **{name: lambda x, f=f: f(_A(x), _B(x)) for name, f in BINARY.items()},
    **{name: lambda x, f=f: tf.where(f(_A(x), _B(x)), _A(x), 2.0 * _B(x)) for name, f in LOGICAL.items()},
    **{name: lambda x, f=f: f(x, axis=1, keepdims=True) + f(x, axis=[1])[:, None] for name, f in REDUCTIONS.items()},
    "Add": lambda x: tf.raw_ops.Add(x=x, y=x),
    "AddN": lambda x: tf.add_n([x, x, 2 * x]),
    "ArgMax": lambda x: tf.cast(tf.argmax(x, axis=1), x.dtype),
    "ArgMin": lambda x: tf.cast(tf.argmin(x, axis=1), x.dtype),
    "Cast": lambda x: tf.cast(tf.cast(x, tf.float32), tf.float64),
    "ConcatV2": lambda x: tf.concat([x, tf.sin(x)], axis=1),
    "ExpandDims": lambda x: tf.expand_dims(_A(x), 1),
    "GatherV2": lambda x: tf.gather(x, [2, 0], axis=1),
    "LogicalAnd": lambda x: tf.cast(tf.logical_and(x < 0.6, x > 0.3), x.dtype),
    "LogicalNot": lambda x: tf.cast(tf.logical_not(x < 0.6), x.dtype),
    "LogicalOr": lambda x: tf.cast(tf.logical_or(x > 0.6, x < 0.3), x.dtype),
    "MatMul": lambda x: tf.matmul(x, _MATRIX, transpose_b=True),
    "OneHot": lambda x: tf.one_hot(tf.argmin(x, axis=1), 3, on_value=_number(2.0), off_value=_number(-1.0)),
    "Pack": lambda x: tf.stack([_A(x), _B(x), tf.fill(tf.shape(x)[:1], _number(4.0))], axis=1),
    "PreventGradient": lambda x: tf.raw_ops.PreventGradient(input=x),
    "Reshape": lambda x: tf.reshape(x, [-1, 1, 3])[:, 0],
    "SelectV2": lambda x: tf.where(x > 0.5, x, tf.constant(0.0, x.dtype)),
    "Shape": lambda x: tf.reshape(x, tf.shape(x)) + tf.fill([tf.shape(x)[0], 3], _number(2.0)) + _ones(x)[:, None],
    "Squeeze": lambda x: tf.squeeze(x[:, :1], axis=1),
    "StridedSlice": lambda x: x[..., 0:1] + x[:, ::-1] + x[:, tf.newaxis, 1],
    "Transpose": lambda x: tf.transpose(tf.transpose(x, [1, 0]) * 2, [1, 0]),
    "Unpack": lambda x: tf.add_n([(k + 1.0) * part for k, part in enumerate(tf.unstack(x, axis=1))]),
}  # fmt: skip


def _model(function: Case) -> tuple[keras.Model, set[str]]:
    traced = tf.function(function, autograph=False).get_concrete_function(tf.TensorSpec([None, 3], tf.float64))
    inputs = keras.Input((3,), dtype="float64")
    output = stock(traced, [inputs])
    return keras.Model(inputs, output), {op.type for op in traced.graph.get_operations()}


@pytest.mark.parametrize("name", CASES)
def test_an_operation_is_the_same_in_keras(name: str, tmp_path: Path):
    model, operations = _model(CASES[name])
    assert name in operations
    model.save(tmp_path / "model.keras")
    expected = CASES[name](tf.constant(POINTS))
    for found in (model, keras.saving.load_model(tmp_path / "model.keras")):
        # The complement of the error function is taken from 1.
        np.testing.assert_allclose(found(tf.constant(POINTS)), expected, rtol=1e-14, atol=3e-16)


def test_every_rule_has_a_case():
    assert set(CASES) == set(_RULES)


def test_constants_are_computed():
    """By operations that have no rule, too."""
    found, operations = _model(lambda x: x + tf.cumsum(tf.range(3, dtype=x.dtype)) * tf.unstack(_MATRIX)[1])
    assert {"Cumsum", "Unpack"} <= operations
    np.testing.assert_allclose(found(tf.constant(POINTS)), POINTS + np.array([0.0, 4.0, 15.0]), rtol=1e-15)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (tf.math.lgamma, "Lgamma"),
        (lambda x: x + tf.split(_MATRIX, 2)[1], "Split"),
        (lambda x: tf.transpose(x) + tf.fill([3, tf.shape(x)[0]], _number(1.0)), "Fill"),
    ],
)
def test_an_operation_that_keras_has_not_is_named(function: Case, name: str):
    with pytest.raises(UnknownOperationError, match=name):
        _model(function)
