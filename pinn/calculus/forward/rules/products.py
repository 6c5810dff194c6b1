"""Matrix products and Einstein sums: linear in each factor, all rows in one product."""

from __future__ import annotations

import string

import tensorflow as tf

from pinn.calculus.forward.arithmetic import Product, bilinear
from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Batch, Carried, Tensor, plain
from pinn.calculus.forward.errors import BatchCoupledError, UnsupportedOpError

_CONTRACTS = "sums over the points"
_PAIRS = "multiplies points with points"


def _matrix_product(left_flag: str, right_flag: str) -> Rule:
    """`a @ b` over the last two axes; each factor may be transposed, as the node's attributes say."""

    def rule(call: Call) -> list[Tensor]:
        transpose_a, transpose_b = call.attribute(left_flag), call.attribute(right_flag)
        a, b = (_spread(tensor) for tensor in call.inputs)
        batch = _batch_of_product(call, a, b, transpose_a=transpose_a, transpose_b=transpose_b)

        def matmul(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
            return tf.linalg.matmul(x, y, transpose_a=transpose_a, transpose_b=transpose_b)

        def stacked(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
            """Rows times one matrix as a single product of matrices: `[k, N, a] @ [a, b]`."""
            if transpose_a or y.shape.rank != 2:
                return matmul(x, y)
            sizes = tf.shape(x)
            flat = tf.linalg.matmul(tf.reshape(x, [-1, x.shape[-1]]), y, transpose_b=transpose_b)
            found = tf.reshape(flat, tf.concat([sizes[:-1], tf.shape(flat)[-1:]], axis=0))
            return tf.ensure_shape(found, [*x.shape[:-1], flat.shape[-1]])

        return [bilinear(call.plan, Product(stacked, matmul, matmul), a, b, value=call.value(), batch=batch)]

    return rule


def _spread(tensor: Tensor) -> Tensor:
    return tensor.spread() if isinstance(tensor, Carried) else tensor


def _batch_of_product(call: Call, a: Tensor, b: Tensor, *, transpose_a: bool, transpose_b: bool) -> Batch | None:
    """Where the points are in `a @ b`; refused if they are summed over, or are in the rows of one and in the other."""
    rank = max(plain(a).shape.rank, plain(b).shape.rank)
    contracted_a, contracted_b = (rank - 2 if transpose_a else rank - 1), (rank - 1 if transpose_b else rank - 2)
    places = [
        _place_in_product(call, tensor, rank, contracted, matrix_axis)
        for tensor, contracted, matrix_axis in ((a, contracted_a, rank - 2), (b, contracted_b, rank - 1))
        if isinstance(tensor, Carried)
    ]
    if len(places) == 2 and (places[0] != places[1] or (places[0] is not None and places[0].axis >= rank - 2)):
        raise BatchCoupledError(call.type, _PAIRS)
    return places[0]


def _place_in_product(call: Call, x: Carried, rank: int, contracted: int, matrix_axis: int) -> Batch | None:
    batch = x.batch_in(rank)
    if batch is None:
        return None
    if batch.axis == contracted:
        raise BatchCoupledError(call.type, _CONTRACTS)
    return Batch(matrix_axis, batch.inner) if batch.axis >= rank - 2 else batch


def _einstein_sum(call: Call) -> list[Tensor]:
    equation = call.attribute("equation").decode()
    if "." in equation:
        raise UnsupportedOpError(call.type, f"its equation {equation!r} has an ellipsis")
    operands, result = equation.split("->")
    labels = operands.split(",")
    row = next(letter for letter in string.ascii_letters if letter not in equation)
    batch = _batch_of_sum(call, labels, result)
    if len(labels) == 1:
        x = call.only().spread()
        return call.linear(x, lambda t: tf.einsum(f"{row}{labels[0]}->{row}{result}", t), batch)
    a, b = (tensor.spread(batch=True) if isinstance(tensor, Carried) else tensor for tensor in call.inputs)

    def contract(left: str, right: str) -> str:
        return f"{left}{labels[0]},{right}{labels[1]}->{row}{result}"

    product = Product(
        lambda x, y: tf.einsum(contract(row, ""), x, y),
        lambda x, y: tf.einsum(contract("", row), x, y),
        lambda x, y: tf.einsum(contract(row, row), x, y),
        broadcasts=False,
    )
    return [bilinear(call.plan, product, a, b, value=call.value(), batch=batch)]


def _batch_of_sum(call: Call, labels: list[str], result: str) -> Batch | None:
    places = [(k, x.batch) for k, x in enumerate(call.inputs) if isinstance(x, Carried)]
    counted = {(labels[k][batch.axis], batch.inner) for k, batch in places if batch is not None}
    if not counted:
        return None
    if len(counted) > 1:
        raise BatchCoupledError(call.type, _PAIRS)
    letter, inner = counted.pop()
    if letter not in result or any(operand.count(letter) > 1 for operand in labels):
        raise BatchCoupledError(call.type, _CONTRACTS)
    return Batch(result.index(letter), inner)


RULES: dict[str, Rule] = {
    "BatchMatMulV2": _matrix_product("adj_x", "adj_y"),
    "Einsum": _einstein_sum,
    "MatMul": _matrix_product("transpose_a", "transpose_b"),
}
