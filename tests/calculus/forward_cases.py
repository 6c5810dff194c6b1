"""Functions for the one-pass engine, at least one for every operation with a rule; points lie in (0.3, 1.2)^3."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

Function = Callable[[tf.Tensor], tf.Tensor]  # [N, 3] -> [N] or [N, m]
raw = tf.raw_ops


def _mix(p: tf.Tensor) -> tf.Tensor:
    """Three features of all three coordinates with all their second derivatives, `[N, 3]`, within (-1, 1)."""
    x, y, z = tf.unstack(p, axis=1)
    return tf.stack([tf.sin(x * y + z), 0.5 * tf.cos(x - y * z), x * y * z / 2], axis=1)


def _positive(p: tf.Tensor) -> tf.Tensor:
    return 0.2 + _mix(p) ** 2


def _weights(p: tf.Tensor, *shape: int) -> tf.Tensor:
    values = np.random.default_rng(len(shape) + shape[0]).normal(size=shape)
    return tf.constant(values, p.dtype)


def _const(p: tf.Tensor, value: object) -> tf.Tensor:
    return tf.constant(value, p.dtype)


def _unary(operation: Callable[[tf.Tensor], tf.Tensor], inner: Function = _mix) -> Function:
    return lambda p: operation(inner(p))


def _grad(operation: Callable[..., tf.Tensor], *names: str, inner: Function = _mix) -> Function:
    """A reverse-mode operation with its factor and argument both dependent on the points."""

    def function(p: tf.Tensor) -> tf.Tensor:
        arguments = {"y": inner(p), "dy": _mix(p[:, ::-1]), "gradients": _mix(p[:, ::-1])}
        arguments |= {"features": inner(p), "outputs": inner(p)}
        return operation(**{name: arguments[name] for name in names})

    return function


_YDY = ("y", "dy")
_GF = ("gradients", "features")


@tf.function
def _inner_function(p: tf.Tensor) -> tf.Tensor:
    return tf.tanh(_mix(p)) * p[:, :1]


def _branch(p: tf.Tensor) -> tf.Tensor:
    y = _mix(p)
    scale = _const(p, 2.0)
    return tf.cond(scale > 1, lambda: y * p, lambda: tf.sin(y) + 0 * p)


def _loop(p: tf.Tensor) -> tf.Tensor:
    def step(i: tf.Tensor, y: tf.Tensor, s: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return i + 1, tf.sin(y) * p, s + y  # s is constant until the first turn

    zero = tf.zeros_like(p)
    return tf.while_loop(lambda i, *_: i < 3, step, (0, _mix(p), zero), maximum_iterations=3)[2]


def _sequence_layer(p: tf.Tensor) -> tf.Tensor:
    """[N, 4, 3] through a dense layer as [4 N, 3]."""
    w = _weights(p, 3, 2)
    sequence = tf.stack([_mix(p * k) for k in (0.5, 0.7, 0.9, 1.0)], axis=1)
    flat = tf.tanh(tf.reshape(sequence, [-1, 3]) @ w)
    return tf.reduce_sum(tf.reshape(flat, [-1, 4, 2]), axis=1)


def _attention(p: tf.Tensor) -> tf.Tensor:
    tokens = tf.stack([_mix(p), _mix(p[:, ::-1]), p], axis=1)  # [N, 3, 3]
    q, k, v = (tf.einsum("nta,ab->ntb", tokens, _weights(p, 3, 3 + j)[:, :3]) for j in range(3))
    scores = tf.nn.softmax(tf.einsum("nsa,nta->nst", q, k))
    return tf.reduce_mean(tf.linalg.matmul(scores, v), axis=1)


def _points_last(p: tf.Tensor) -> tf.Tensor:
    """A network written with the points along the last axis."""
    columns = tf.transpose(p)
    hidden = tf.tanh(tf.matmul(_weights(p, 5, 3), columns) + _weights(p, 5, 1))
    return tf.transpose(tf.matmul(_weights(p, 2, 5), hidden))


def _nested_gradient(p: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(p)
        value = tf.reduce_sum(tf.tanh(p @ _weights(p, 3, 4)), axis=1)
    return tape.gradient(value, p)


def _cut_back(p: tf.Tensor, part: tf.Tensor, *, mask: int = 0, shrink: int = 0, **options: object) -> tf.Tensor:
    """What reverse mode makes of a slice of an array like the points."""
    options = {"strides": [1, 1], "begin_mask": mask & 1, "end_mask": mask, "shrink_axis_mask": shrink, **options}
    return raw.StridedSliceGrad(shape=tf.shape(p), dy=part, **options)


# operation -> functions that use it
CASES: dict[str, dict[str, Function]] = {
    "Abs": {"abs": _unary(tf.abs)},
    "Acos": {"acos": _unary(lambda y: tf.acos(0.8 * y))},
    "Acosh": {"acosh": _unary(lambda y: tf.acosh(y + 1.5), _positive)},
    "Add": {"add": lambda p: raw.Add(x=_mix(p), y=p[:, :1] ** 2)},
    "AddN": {"add_n": lambda p: tf.add_n([_mix(p), p**2, p * p[:, :1]])},
    "AddV2": {
        "both": lambda p: _mix(p) + p**2,
        "column": lambda p: _mix(p)[:, :1] + p**2,
        "constant": lambda p: tf.tanh(_mix(p) + _const(p, [1.0, 2.0, 3.0])),
        "constant of more axes": lambda p: tf.transpose(tf.tanh(_mix(p)[:, 0] + _const(p, [[1.0], [2.0]]))),
        "disjoint axes": lambda p: tf.sin(p[:, 0]) + tf.cos(p[:, 1] * 2),
        "overlapping axes": lambda p: tf.sin(p[:, 0] * p[:, 1]) + tf.cos(p[:, 1] * p[:, 2]),
        "column of points broadcast": lambda p: tf.sin(p[:, :1] + _const(p, [1.0, 2.0])),
    },
    "ApproximateEqual": {"mask": lambda p: tf.where(raw.ApproximateEqual(x=p, y=p + 1), p, p**3)},
    "ArgMax": {"one hot": lambda p: tf.one_hot(tf.argmax(p, axis=1), 3, dtype=p.dtype) * _mix(p)},
    "ArgMin": {"one hot": lambda p: tf.one_hot(tf.argmin(p, axis=1), 3, dtype=p.dtype) * _mix(p)},
    "Asin": {"asin": _unary(lambda y: tf.asin(0.8 * y))},
    "Asinh": {"asinh": _unary(tf.asinh)},
    "Atan": {"atan": _unary(tf.atan)},
    "Atan2": {
        "both": lambda p: tf.atan2(_mix(p)[:, 0], p[:, 1] ** 2),
        "first": lambda p: tf.atan2(_mix(p), _const(p, 0.7)),
        "second": lambda p: tf.atan2(_const(p, 0.7), _mix(p)),
    },
    "Atanh": {"atanh": _unary(lambda y: tf.atanh(0.8 * y))},
    "BatchMatMulV2": {
        "shared matrix": lambda p: tf.linalg.matmul(_outer(p), _weights(p, 3, 2))[:, 0],
        "both": lambda p: tf.linalg.matmul(_outer(p), _outer(p[:, ::-1]))[:, 1],
        "adjoint": lambda p: tf.linalg.matmul(_outer(p), _outer(p[:, ::-1]), transpose_a=True)[:, 1],
        "matrix first": lambda p: tf.linalg.matmul(_weights(p, 2, 3), _outer(p))[:, 1],
        "vector": lambda p: tf.linalg.matvec(_outer(p), _mix(p)),
    },
    "BiasAdd": {"bias": lambda p: tf.tanh(tf.nn.bias_add(_mix(p), _const(p, [1.0, 2.0, 3.0])))},
    "BroadcastTo": {
        "new axis": lambda p: tf.reduce_sum(tf.sin(tf.broadcast_to(_mix(p)[:, :, None], [tf.shape(p)[0], 3, 4])), 2)
    },
    "Bucketize": {"buckets": lambda p: tf.cast(raw.Bucketize(input=p, boundaries=[0.5, 0.8]), p.dtype) * _mix(p)},
    "Cast": {
        "own dtype": lambda p: raw.Cast(x=_mix(p), DstT=p.dtype) ** 3,
        "to integers": lambda p: tf.cast(tf.cast(p * 10, tf.int32), p.dtype) * _mix(p),
    },
    "Ceil": {"ceil": lambda p: tf.math.ceil(p * 3) * _mix(p)},
    "CheckNumerics": {"check": lambda p: tf.debugging.check_numerics(_mix(p), "finite")},
    "ClipByValue": {"clip": lambda p: _clipped(p)},
    "ConcatV2": {
        "points": lambda p: tf.concat([p, _mix(p), tf.ones_like(p)], axis=1),
        "columns": lambda p: tf.sin(tf.concat([p[:, :1], p[:, 2:]], axis=1)),
        "constant Jacobians": lambda p: tf.tanh(tf.concat([p, 2 * p], axis=1) @ _weights(p, 6, 2)),
        "negative axis": lambda p: tf.concat([_mix(p), p**2], axis=-1),
    },
    "Cos": {"cos": _unary(tf.cos)},
    "Cosh": {"cosh": _unary(tf.cosh)},
    "Cumsum": {"cumsum": lambda p: tf.cumsum(_mix(p), axis=1), "reverse": lambda p: _cumsum_reverse(p)},
    "Cumprod": {
        "cumprod": lambda p: tf.math.cumprod(_mix(p), axis=1),
        "exclusive and back": lambda p: tf.math.cumprod(tf.sin(p), axis=1, exclusive=True, reverse=True),
    },
    "Digamma": {"digamma": _unary(tf.math.digamma, _positive)},
    "Div": {"div": lambda p: raw.Div(x=_mix(p), y=p + 1)},
    "DivNoNan": {"both": lambda p: tf.math.divide_no_nan(_mix(p), tf.where(p > 0.7, p, tf.zeros_like(p)))},
    "Einsum": {
        "attention": _attention,
        "one operand": lambda p: tf.einsum("nij->nj", _outer(p)),
        "trace": lambda p: tf.einsum("nij,ji->n", _outer(p), _weights(p, 3, 3)),
        "matrix first": lambda p: tf.einsum("ab,nb->na", _weights(p, 2, 3), _mix(p)),
        "both": lambda p: tf.einsum("na,nb->nab", _mix(p), p)[:, :, 1],
        "ranks differ": lambda p: tf.einsum("nab,nb->na", _outer(p), _mix(p)),
    },
    "Elu": {"elu": _unary(tf.nn.elu)},
    "EluGrad": {"grad": _grad(raw.EluGrad, "gradients", "outputs")},
    "EnsureShape": {"ensure": lambda p: tf.ensure_shape(_mix(p), [None, 3])},
    "Equal": {"where": lambda p: tf.where(tf.equal(tf.round(p), 1), _mix(p), p**2)},
    "Erf": {"erf": _unary(tf.math.erf)},
    "Erfc": {"erfc": _unary(tf.math.erfc)},
    "Erfinv": {"erfinv": _unary(lambda y: tf.math.erfinv(0.8 * y))},
    "EuclideanNorm": {"norm": lambda p: tf.math.reduce_euclidean_norm(_mix(p), axis=1, keepdims=True)},
    "Exp": {"exp": _unary(tf.exp)},
    "ExpandDims": {
        "behind": lambda p: tf.expand_dims(_mix(p), 1)[:, 0],
        "before": lambda p: tf.expand_dims(p**2, 0)[0],
    },
    "Expm1": {"expm1": _unary(tf.math.expm1)},
    "Floor": {"floor": lambda p: tf.floor(p * 3) * _mix(p)},
    "FloorDiv": {"floordiv": lambda p: (p // 0.4) * _mix(p)},
    "FloorMod": {"constant": lambda p: _mix(p) % 0.3, "both": lambda p: tf.math.floormod(_mix(p), p)},
    "GatherV2": {
        "columns": lambda p: tf.gather(_mix(p), [2, 0, 2], axis=1),
        "scalar": lambda p: tf.gather(_mix(p), 1, axis=1),
        "dynamic": lambda p: tf.gather(_mix(p), tf.argmax(tf.ones_like(p[0])), axis=1),
    },
    "Greater": {"where": lambda p: tf.where(p > 0.7, _mix(p), p**2)},
    "GreaterEqual": {"where": lambda p: tf.where(p >= 0.7, _mix(p), p**2)},
    "Identity": {"identity": _unary(tf.identity)},
    "IdentityN": {"silu": _unary(tf.nn.silu), "several": lambda p: tf.identity_n([_mix(p), p])[0]},
    "If": {"branch": lambda p: _stateful_branch(p)},
    "Inv": {"inv": _unary(lambda y: raw.Inv(x=y), _positive)},
    "InvGrad": {"grad": _grad(raw.InvGrad, *_YDY)},
    "IsFinite": {"where": lambda p: tf.where(tf.math.is_finite(p), _mix(p), p)},
    "IsInf": {"where": lambda p: tf.where(tf.math.is_inf(p), p, _mix(p))},
    "IsNan": {"where": lambda p: tf.where(tf.math.is_nan(p), p, _mix(p))},
    "L2Loss": {"one point": lambda p: tf.stack([tf.nn.l2_loss(_mix(p))])},
    "LeakyRelu": {"leaky": _unary(lambda y: tf.nn.leaky_relu(y - 0.2, 0.3))},
    "LeakyReluGrad": {"grad": lambda p: raw.LeakyReluGrad(gradients=_mix(p), features=p - 0.7, alpha=0.3)},
    "Less": {"where": lambda p: tf.where(p < 0.7, _mix(p), p**2)},
    "LessEqual": {"where": lambda p: tf.where(p <= 0.7, _mix(p), p**2)},
    "Lgamma": {"lgamma": _unary(tf.math.lgamma, _positive)},
    "Log": {"log": _unary(tf.math.log, _positive), "logsumexp": lambda p: tf.reduce_logsumexp(_mix(p), axis=1)},
    "Log1p": {"log1p": _unary(tf.math.log1p, _positive)},
    "LogSoftmax": {"log_softmax": _unary(tf.nn.log_softmax)},
    "MatMul": {
        "layer": lambda p: tf.tanh(_mix(p) @ _weights(p, 3, 4)) @ _weights(p, 4, 2),
        "first layer": lambda p: tf.tanh(p @ _weights(p, 3, 4)) @ _weights(p, 4, 2),
        "transposed weights": lambda p: tf.matmul(_mix(p), _weights(p, 4, 3), transpose_b=True),
        "points last": _points_last,
        "transposed points": lambda p: tf.matmul(tf.transpose(_mix(p)), _weights(p, 3, 4), transpose_a=True),
        "broadcast rows": lambda p: (p[:, :1] + _const(p, [1.0, 2.0])) @ _weights(p, 2, 3),
    },
    "Max": {"max": lambda p: tf.reduce_max(_mix(p), axis=1), "equal": lambda p: tf.reduce_max(_twice(p), 1)},
    "Maximum": {"maximum": lambda p: tf.maximum(_mix(p), 0.3 * p), "equal": lambda p: tf.maximum(_mix(p), _mix(p))},
    "Mean": {"mean": lambda p: tf.reduce_mean(_mix(p), axis=1), "of points": lambda p: tf.reduce_mean(p, 1) ** 2},
    "Min": {"min": lambda p: tf.reduce_min(_mix(p), axis=1, keepdims=True)},
    "Minimum": {"minimum": lambda p: tf.minimum(_mix(p), 0.3 * p), "constant": lambda p: tf.minimum(_mix(p), 0.2)},
    "MirrorPad": {"reflect": lambda p: tf.pad(_mix(p), [[0, 0], [1, 2]], mode="REFLECT")},
    "Mod": {"mod": lambda p: raw.Mod(x=_mix(p), y=0.3 * tf.ones_like(p))},
    "Mul": {
        "both": lambda p: _mix(p) * p,
        "column": lambda p: _mix(p)[:, :1] * p,
        "vector by constant column": lambda p: tf.transpose(_mix(p)[:, 0] * _const(p, [[1.0], [2.0]])),
        "disjoint axes": lambda p: tf.sin(p[:, 0]) * tf.cos(p[:, 1]),
        "column of points broadcast": lambda p: tf.sin(p[:, :1] * _const(p, [1.0, 2.0])) * p[:, 1:],
    },
    "MulNoNan": {"both": lambda p: tf.math.multiply_no_nan(_mix(p), tf.where(p > 0.7, p, tf.zeros_like(p)))},
    "Neg": {"neg": lambda p: -_mix(p), "of points": lambda p: tf.exp(-p)},
    "NotEqual": {"where": lambda p: tf.where(tf.not_equal(tf.round(p), 1), _mix(p), p**2)},
    "OnesLike": {"ones": lambda p: raw.OnesLike(x=_mix(p)) + p**2},
    "Pack": {
        "columns": lambda p: tf.stack([p[:, 0] * p[:, 1], tf.sin(p[:, 2]), tf.ones_like(p[:, 0])], axis=1),
        "before": lambda p: tf.reduce_sum(tf.stack([_mix(p), p**2, tf.ones_like(p)], axis=0), axis=0),
    },
    "Pad": {"pad": lambda p: tf.pad(_mix(p), [[0, 0], [1, 2]])},
    "PadV2": {"pad": lambda p: tf.pad(_mix(p), [[0, 0], [1, 2]], constant_values=3)},
    "PartitionedCall": {"nested": lambda p: _inner_function(p) + p},
    "Pow": {
        "square": lambda p: _mix(p) ** 2,
        "cube": lambda p: _mix(p) ** 3,
        "root": lambda p: _positive(p) ** 0.5,
        "one and zero": lambda p: _mix(p) ** 1 + _mix(p) ** 0,
        "constant tensor": lambda p: _positive(p) ** _const(p, [1.0, 2.0, -1.5]),
        "exponent": lambda p: _const(p, 1.7) ** _mix(p),
        "both": lambda p: _positive(p) ** _mix(p),
    },
    "Polygamma": {"polygamma": _unary(lambda y: tf.math.polygamma(tf.ones_like(y), y), _positive)},
    "Prod": {
        "three": lambda p: tf.reduce_prod(_mix(p), axis=1),
        "two axes": lambda p: tf.reduce_prod(_outer(p), axis=[1, 2]),
        "with zeros": lambda p: tf.reduce_prod(p - 0.3 * tf.round(p / 0.3), axis=1, keepdims=True),
        "five": lambda p: tf.reduce_prod(tf.concat([_mix(p), p[:, :2]], axis=1), axis=1),
        "columns": lambda p: tf.reduce_prod(tf.sin(p), axis=1),
    },
    "Rank": {"rank": lambda p: tf.cast(raw.Rank(input=_mix(p)), p.dtype) * p**2},
    "RealDiv": {
        "both": lambda p: _mix(p) / p,
        "constant over": lambda p: 1.5 / (p + 1),
        "over constant": lambda p: _mix(p) / _const(p, [1.0, 2.0, 3.0]),
        "column": lambda p: _mix(p) / p[:, :1],
    },
    "Reciprocal": {"reciprocal": _unary(tf.math.reciprocal, _positive)},
    "ReciprocalGrad": {"grad": _grad(raw.ReciprocalGrad, *_YDY)},
    "Relu": {"relu": _unary(tf.nn.relu), "squared": _unary(lambda y: tf.nn.relu(y - 0.2) ** 3)},
    "Relu6": {"relu6": _unary(lambda y: tf.nn.relu6(8 * y))},
    "Relu6Grad": {"grad": lambda p: _grad(raw.Relu6Grad, *_GF)(p)},
    "ReluGrad": {"grad": _grad(raw.ReluGrad, *_GF)},
    "Reshape": {
        "sequence": _sequence_layer,
        "flatten": lambda p: tf.reshape(_outer(p), [-1, 9]) @ _weights(p, 9, 2),
        "of points": lambda p: tf.tanh(tf.reshape(p, [-1, 3, 1]) * _const(p, [1.0, 2.0]))[:, :, 1],
        "column": lambda p: tf.reshape(_mix(p)[:, :1], [-1]),
        "new axis before": lambda p: tf.reshape(_mix(p), [1, -1, 3])[0],
        "dynamic": lambda p: tf.reshape(_outer(p), [tf.shape(p)[0], 9])[:, ::4],
    },
    "ReverseV2": {"reverse": lambda p: tf.reverse(_mix(p), axis=[1])},
    "Rint": {"rint": lambda p: tf.math.rint(3 * p) * _mix(p)},
    "Roll": {"roll": lambda p: tf.roll(_mix(p), 1, axis=1)},
    "Round": {"round": lambda p: tf.round(3 * p) * _mix(p)},
    "Rsqrt": {"rsqrt": _unary(tf.math.rsqrt, _positive)},
    "RsqrtGrad": {"grad": _grad(raw.RsqrtGrad, *_YDY)},
    "Select": {"same shapes": lambda p: raw.Select(condition=p > 0.7, x=_mix(p), y=p**2)},
    "SelectV2": {
        "both": lambda p: tf.where(p > 0.7, _mix(p), p**2),
        "constant": lambda p: tf.where(p > 0.7, _mix(p), 1.0),
        "broadcast mask": lambda p: tf.where(p[:, :1] > 0.7, _mix(p), p[:, 1:2] * p[:, :1]),
    },
    "Selu": {"selu": _unary(tf.nn.selu)},
    "SeluGrad": {"grad": _grad(raw.SeluGrad, "gradients", "outputs")},
    "Shape": {"shape": lambda p: tf.ones(tf.shape(_mix(p)), p.dtype) * p**2},
    "ShapeN": {"shapes": lambda p: tf.ones(raw.ShapeN(input=[_mix(p), p])[0], p.dtype) * p**2},
    "Sigmoid": {"sigmoid": _unary(tf.sigmoid)},
    "SigmoidGrad": {"grad": _grad(raw.SigmoidGrad, *_YDY)},
    "Sign": {"sign": lambda p: tf.sign(p - 0.7) * _mix(p)},
    "Sin": {"sin": _unary(tf.sin)},
    "Sinh": {"sinh": _unary(tf.sinh)},
    "Size": {"size": lambda p: p**2 / tf.cast(raw.Size(input=_mix(p)), p.dtype)},
    "Slice": {
        "slice": lambda p: tf.slice(_mix(p), [0, 1], [-1, 2]),
        "of points": lambda p: tf.slice(p, [0, 1], [-1, 1]) ** 3,
    },
    "Snapshot": {"snapshot": lambda p: raw.Snapshot(input=_mix(p))},
    "Softmax": {"softmax": _unary(tf.nn.softmax), "of points": lambda p: tf.nn.softmax(p)},
    "Softplus": {"softplus": _unary(tf.nn.softplus)},
    "SoftplusGrad": {"grad": _grad(raw.SoftplusGrad, *_GF)},
    "Softsign": {"softsign": _unary(tf.nn.softsign)},
    "SoftsignGrad": {"grad": _grad(raw.SoftsignGrad, *_GF)},
    "Split": {"split": lambda p: tf.multiply(*tf.split(tf.concat([_mix(p), p], 1), 2, axis=1))},
    "SplitV": {
        "sizes": lambda p: tf.multiply(*tf.split(_mix(p), [1, -1], axis=1)),
        "points": lambda p: _split_points(p),
    },
    "Sqrt": {"sqrt": _unary(tf.sqrt, _positive)},
    "SqrtGrad": {"grad": _grad(raw.SqrtGrad, *_YDY, inner=_positive)},
    "Square": {"square": _unary(tf.square), "of points": lambda p: tf.reduce_sum(tf.square(p), axis=1)},
    "SquaredDifference": {"both": lambda p: tf.math.squared_difference(_mix(p), p)},
    "Squeeze": {"squeeze": lambda p: tf.squeeze(_mix(p)[:, :1], axis=1)},
    "StatefulPartitionedCall": {"nested": lambda p: _stateful_call(p)},
    "StatelessIf": {"branch": _branch},
    "StatelessWhile": {"loop": _loop},
    "StopGradient": {"stop": lambda p: tf.stop_gradient(_mix(p)) * p**2},
    "StridedSlice": {
        "column": lambda p: _mix(p)[:, 1],
        "columns": lambda p: _mix(p)[:, ::-2],
        "ellipsis": lambda p: _mix(p)[..., 1:],
        "new axes": lambda p: _mix(p)[:, None, :, None][:, 0, 1:, 0],
        "negative": lambda p: _mix(p)[:, -1],
        "after an ellipsis": lambda p: _outer(p)[..., 1, :],
    },
    "StridedSliceGrad": {
        "column": lambda p: _cut_back(p, _mix(p)[:, 0], begin=[0, -1], end=[0, 0], begin_mask=1, end_mask=1, shrink=2),
        "every other": lambda p: _cut_back(p, p[:, :2] ** 2, begin=[0, 2], end=[0, 0], strides=[1, -2], mask=3),
        "known": lambda p: _mix(p) * _cut_back(p, p[:, :1], begin=[0, 1], end=[0, 2], mask=1),
    },
    "Sub": {
        "both": lambda p: _mix(p) - p**2,
        "constant": lambda p: tf.exp(1.0 - p),
        "column": lambda p: p - _mix(p)[:, :1],
    },
    "Sum": {
        "last": lambda p: tf.reduce_sum(_mix(p), axis=1),
        "keep": lambda p: tf.reduce_sum(_mix(p), axis=-1, keepdims=True) * p,
        "two": lambda p: tf.reduce_sum(_outer(p), axis=[1, 2]),
        "broadcast rows": lambda p: tf.reduce_sum(p[:, :1] + _const(p, [1.0, 2.0]), axis=1) ** 2,
        "columns last": lambda p: tf.reduce_sum(tf.transpose(_mix(p)), axis=0),
    },
    "Tan": {"tan": _unary(tf.tan)},
    "Tanh": {"tanh": _unary(tf.tanh), "mish": _unary(lambda y: y * tf.tanh(tf.nn.softplus(y)))},
    "TanhGrad": {"grad": _grad(raw.TanhGrad, *_YDY), "nested tape": _nested_gradient},
    "Tile": {"tile": lambda p: tf.tile(_mix(p), [1, 2])},
    "Transpose": {"points last": _points_last, "matrix": lambda p: tf.transpose(_outer(p), [0, 2, 1])[:, 0]},
    "TruncateDiv": {"integers": lambda p: tf.cast(raw.TruncateDiv(x=tf.cast(9 * p, tf.int32), y=2), p.dtype) * p**2},
    "Unpack": {"unstack": lambda p: tf.multiply(*tf.unstack(_mix(p), axis=1)[:2])},
    "While": {"loop": lambda p: _stateful_loop(p)},
    "Xlog1py": {"both": lambda p: tf.math.xlog1py(_mix(p), p)},
    "Xlogy": {"both": lambda p: tf.math.xlogy(_mix(p), p), "constant": lambda p: tf.math.xlogy(_const(p, 2.0), p)},
    "Xdivy": {"both": lambda p: tf.math.xdivy(_mix(p), p), "zero": lambda p: tf.math.xdivy(tf.nn.relu(p - 0.7), p)},
    "ZerosLike": {"zeros": lambda p: raw.ZerosLike(x=_mix(p)) + p**2},
}

# What TensorFlow cannot differentiate twice itself, written in operations that it can.
SAME_OTHERWISE: dict[str, Function] = {
    "Mod": lambda p: tf.where(_mix(p) < 0, -((-_mix(p)) % 0.3), _mix(p) % 0.3),
    "Snapshot": _mix,
    "Softsign": lambda p: _mix(p) / (1 + tf.abs(_mix(p))),
    "SoftsignGrad": lambda p: _mix(p[:, ::-1]) / (1 + tf.abs(_mix(p))) ** 2,
}

# Functions of a single point only: they combine everything they are given.
SINGLE_POINT = frozenset({"L2Loss"})


def _outer(p: tf.Tensor) -> tf.Tensor:
    """`[N, 3, 3]`."""
    return _mix(p)[:, :, None] * p[:, None, :]


def _twice(p: tf.Tensor) -> tf.Tensor:
    return tf.concat([_mix(p), _mix(p)], axis=1)


def _clipped(p: tf.Tensor) -> tf.Tensor:
    return raw.ClipByValue(t=_mix(p), clip_value_min=_const(p, 0.1), clip_value_max=_const(p, 0.4))


def _cumsum_reverse(p: tf.Tensor) -> tf.Tensor:
    return tf.cumsum(_mix(p), axis=1, exclusive=True, reverse=True)


def _split_points(p: tf.Tensor) -> tf.Tensor:
    x, yz = tf.split(p, [1, 2], axis=1)
    return tf.sin(x) * tf.cos(yz)


_VARIABLE = tf.Variable(np.eye(3) + 0.3, dtype=tf.float64)


@tf.function
def _with_variable(p: tf.Tensor) -> tf.Tensor:
    return tf.tanh(_mix(p) @ tf.cast(_VARIABLE, p.dtype))


def _stateful_call(p: tf.Tensor) -> tf.Tensor:
    return _with_variable(p) * p


def _stateful_branch(p: tf.Tensor) -> tf.Tensor:
    y = _mix(p)

    def read() -> tf.Tensor:
        return y @ tf.cast(_VARIABLE.read_value(), p.dtype)

    def act() -> tf.Tensor:
        tf.print("never", output_stream="file:///dev/null")
        return y

    return tf.cond(_const(p, 2.0) > 1, read, act)


def _stateful_loop(p: tf.Tensor) -> tf.Tensor:
    def step(i: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        tf.print("", i, output_stream="file:///dev/null")
        return i + 1, tf.sin(y @ tf.cast(_VARIABLE.read_value(), p.dtype))

    return tf.while_loop(lambda i, y: i < 2, step, (0, _mix(p)), maximum_iterations=2)[1]
