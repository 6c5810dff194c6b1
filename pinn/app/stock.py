"""A TensorFlow graph as operations of Keras: what a saved Keras model may hold without any code of one's own.

The operations of the graph are walked in order. What depends on constants alone is computed; everything else becomes
the operation of `keras.ops` that says the same, applied to symbolic tensors. Sizes that are only known once there are
points, such as the number of rows in `tf.zeros_like(x[:, 0])`, stay words until something is filled with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

ROWS = "rows"
"""The number of points, where it stands in a shape."""

Value = Any  # keras.KerasTensor, np.ndarray, or a list of sizes
Rule = Callable[..., Value]  # the operation, then its inputs


class UnknownOperationError(Exception):
    """An operation that Keras has not, by its name in TensorFlow."""


def stock(traced: Any, given: Sequence[keras.KerasTensor]) -> Value:
    """The one output of a traced function as a symbolic tensor of Keras.

    Args:
        traced: a concrete function of TensorFlow; constants from outside are taken as they are.
        given: what its arguments stand for; the first of them has the points for rows.

    Raises:
        UnknownOperationError: an operation has no rule here.
    """
    outside = [None if t.dtype == tf.resource else t.numpy() for t in traced.captured_inputs]
    known: dict[str, Value] = {t.name: value for t, value in zip(traced.inputs, [*given, *outside], strict=True)}
    for op in traced.graph.get_operations():
        if op.type in ("Placeholder", "NoOp"):
            continue
        values = [known[tensor.name] for tensor in op.inputs]
        found = (
            _constant(op, values) if all(isinstance(v, np.ndarray) for v in values) else _symbolic(op, values, given)
        )
        outputs = found if isinstance(found, tuple) else (found,)
        known |= {tensor.name: value for tensor, value in zip(op.outputs, outputs, strict=True)}
    return known[traced.outputs[0].name]


def _constant(op: tf.Operation, values: Sequence[np.ndarray]) -> Value:
    """What TensorFlow makes of constants."""
    if op.type == "Const":
        return tf.make_ndarray(op.get_attr("value"))
    left, arguments = list(values), {}
    for argument in op.op_def.input_arg:
        count = op.get_attr(argument.number_attr) if argument.number_attr else None
        arguments[argument.name] = left.pop(0) if count is None else [left.pop(0) for _ in range(count)]
    inferred = {a.type_attr for a in op.op_def.input_arg} | {a.number_attr for a in op.op_def.input_arg}
    chosen = {a.name: op.get_attr(a.name) for a in op.op_def.attr if a.name not in inferred}
    try:
        found = getattr(tf.raw_ops, op.type)(**arguments, **chosen)
    except (AttributeError, TypeError) as error:  # a few have other names there than in a graph
        raise UnknownOperationError(op.type) from error
    return tuple(t.numpy() for t in found) if isinstance(found, list) else found.numpy()


def _symbolic(op: tf.Operation, values: Sequence[Value], given: Sequence[keras.KerasTensor]) -> Value:
    if op.type == "Fill":
        return _filled(values[0], values[1], given[0])
    if op.type not in _RULES:
        raise UnknownOperationError(op.type)
    return _RULES[op.type](op, *values)


def _filled(sizes: Sequence[Any], value: np.ndarray, points: keras.KerasTensor) -> Value:
    """A constant for each point, `[N, ...]`."""
    if list(sizes).count(ROWS) != 1 or sizes[0] != ROWS:
        raise UnknownOperationError("Fill")
    column = ops.reshape(ops.zeros_like(points[:, :1]), (-1, *[1] * (len(sizes) - 1)))
    return ops.add(ops.cast(column, value.dtype.name), np.full((1, *sizes[1:]), value)[0] if len(sizes) > 1 else value)


def _shape(op: tf.Operation, _: Value) -> list[Any]:
    return [ROWS if size is None else size for size in op.inputs[0].shape.as_list()]


def _packed(op: tf.Operation, *values: Value) -> Value:
    """Tensors on top of each other, or the sizes of a shape."""
    if any(isinstance(value, str) for value in values):
        return [value if isinstance(value, str) else int(value) for value in values]
    return ops.stack(values, axis=op.get_attr("axis"))


def _slices(op: tf.Operation, value: Value, begin: np.ndarray, end: np.ndarray, strides: np.ndarray) -> Value:
    """What a slice in Python means in TensorFlow's words: a bit a dimension says what begin, end and stride are not."""
    masks = {name: op.get_attr(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    index: list[Any] = []
    for position, (first, last, step) in enumerate(zip(begin.tolist(), end.tolist(), strides.tolist(), strict=True)):
        bits = {name: bool(mask >> position & 1) for name, mask in masks.items()}
        if bits["ellipsis"]:
            index.append(Ellipsis)
        elif bits["new_axis"]:
            index.append(None)
        elif bits["shrink_axis"]:
            index.append(first)
        else:
            index.append(slice(None if bits["begin"] else first, None if bits["end"] else last, step))
    return value[index[0] if isinstance(value, list) else tuple(index)]


def _reshaped(op: tf.Operation, value: Value, sizes: Any) -> Value:  # noqa: ARG001 - one signature for all rules
    sizes = list(sizes)
    return ops.reshape(value, [-1 if size == ROWS else int(size) for size in sizes])


def _one_hot(op: tf.Operation, value: Value, depth: np.ndarray, on: np.ndarray, off: np.ndarray) -> Value:
    rows = ops.one_hot(value, int(depth), axis=op.get_attr("axis"), dtype=on.dtype.name)
    return ops.add(ops.multiply(rows, on - off), off)


def _product(op: tf.Operation, a: Value, b: Value) -> Value:
    first, second = (ops.transpose(t) if op.get_attr(f"transpose_{k}") else t for t, k in ((a, "a"), (b, "b")))
    return ops.matmul(first, second)


def _axes(axis: np.ndarray) -> Any:
    return tuple(axis.tolist()) if axis.ndim else int(axis)


def _of(function: Callable[..., Value]) -> Rule:
    """The rule of an operation that has nothing but inputs."""
    return lambda _, *values: function(*values)


def _reduced(function: Callable[..., Value]) -> Rule:
    return lambda op, value, axis: function(value, axis=_axes(axis), keepdims=op.get_attr("keep_dims"))


_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("Identity", "StopGradient", "PreventGradient"), _of(lambda x: x)),
    **{
        name: _of(getattr(ops, own))
        for name, own in {
            **{"AddV2": "add", "Add": "add", "Sub": "subtract", "Mul": "multiply", "RealDiv": "divide"},
            **{"Pow": "power", "Maximum": "maximum", "Minimum": "minimum", "FloorMod": "mod", "Atan2": "arctan2"},
            **{"Less": "less", "LessEqual": "less_equal", "Greater": "greater", "GreaterEqual": "greater_equal"},
            **{"Equal": "equal", "NotEqual": "not_equal", "LogicalAnd": "logical_and", "LogicalOr": "logical_or"},
            **{"LogicalNot": "logical_not", "SelectV2": "where", "Neg": "negative", "Abs": "abs", "Sign": "sign"},
            **{"Square": "square", "Sqrt": "sqrt", "Rsqrt": "rsqrt", "Reciprocal": "reciprocal", "Exp": "exp"},
            **{"Log": "log", "Log1p": "log1p", "Expm1": "expm1", "Sin": "sin", "Cos": "cos", "Tan": "tan"},
            **{"Asin": "arcsin", "Acos": "arccos", "Atan": "arctan", "Sinh": "sinh", "Cosh": "cosh", "Tanh": "tanh"},
            **{"Sigmoid": "sigmoid", "Softplus": "softplus", "Erf": "erf", "Floor": "floor", "Ceil": "ceil"},
            **{"OnesLike": "ones_like", "ZerosLike": "zeros_like"},
        }.items()
    },
    **{
        name: _reduced(getattr(ops, own))
        for name, own in {"Sum": "sum", "Prod": "prod", "Mean": "mean", "Max": "max", "Min": "min"}.items()
    },
    "AddN": _of(lambda *values: reduce(ops.add, values)),
    "ArgMax": lambda _, x, axis: ops.argmax(x, axis=int(axis)),
    "ArgMin": lambda _, x, axis: ops.argmin(x, axis=int(axis)),
    "Cast": lambda op, x: ops.cast(x, op.get_attr("DstT").name),
    "ConcatV2": lambda _, *values: ops.concatenate(values[:-1], axis=int(values[-1])),
    "Erfc": _of(lambda x: ops.subtract(1.0, ops.erf(x))),
    "ExpandDims": lambda _, x, axis: ops.expand_dims(x, int(axis)),
    "GatherV2": lambda _, x, rows, axis: ops.take(x, rows, axis=int(axis)),
    "MatMul": _product,
    "OneHot": _one_hot,
    "Pack": _packed,
    "Reshape": _reshaped,
    "Shape": _shape,
    "SquaredDifference": _of(lambda a, b: ops.square(ops.subtract(a, b))),
    "Squeeze": lambda op, x: ops.squeeze(x, axis=tuple(op.get_attr("squeeze_dims")) or None),
    "StridedSlice": _slices,
    "Transpose": lambda _, x, order: ops.transpose(x, tuple(order.tolist())),
    "Unpack": lambda op, x: tuple(ops.unstack(x, num=op.get_attr("num"), axis=op.get_attr("axis"))),
}
