"""Every rule of the one-pass engine: an operation with a rule and no case here fails the suite."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from forward_cases import CASES, SAME_OTHERWISE, SINGLE_POINT, Function
from forward_oracle import Truth, assembled, assert_same, differentiate, everything, nested

from pinn.calculus import Needs, UnsupportedOpError
from pinn.calculus.forward import Forward, interpreter
from pinn.calculus.forward.interpreter import trace
from pinn.calculus.forward.registry import RULES

ENGINE = Forward()
FLAT = [pytest.param(op, name, id=f"{op}-{name}") for op, cases in CASES.items() for name in cases]
TALKS = frozenset({"While", "If"})  # XLA compiles no printing


def _points(op: str) -> np.ndarray:
    return np.random.default_rng(3).uniform(0.3, 1.2, (1 if op in SINGLE_POINT else 6, 3))


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize(("op", "name"), FLAT)
def test_rules_give_all_derivatives(op: str, name: str) -> None:
    # Round-off of a handful of operations, relative to the largest entry.
    assert_same(differentiate(ENGINE, CASES[op][name], _points(op)), _truth(op, name), 1e-12)


@pytest.mark.no_cover  # the lines of the test above, in another way
@pytest.mark.parametrize("op", CASES)
def test_rules_know_traces_alone_in_graphs_of_unknown_batch_size(op: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 1 if op in SINGLE_POINT else None
    types: set[str] = set()

    def noted(function: Function, p: tf.Tensor) -> Any:
        found = trace(function, p)
        types.update(_operations(found.graph))
        return found

    monkeypatch.setattr(interpreter, "trace", noted)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([rows, 3], tf.float64)])
    def partly(p: tf.Tensor) -> list[Partly]:
        return [_partly(function, p) for function in CASES[op].values()]

    for name, found in zip(CASES[op], partly(tf.constant(_points(op))), strict=True):
        _assert_part_of(found, _truth(op, name), tolerance=1e-12)
    assert op in types, "the cases do not use their operation"


@pytest.mark.no_cover  # the lines of the test above, in another way
@pytest.mark.parametrize("op", CASES)
def test_rules_in_float32(op: str) -> None:
    for name, function in CASES[op].items():
        found = _partly(function, tf.constant(_points(op), tf.float32))
        assert found[0].dtype == tf.float32
        _assert_part_of(found, _truth(op, name), tolerance=1e-4)


@pytest.mark.no_cover  # the lines of the test above, in another way
@pytest.mark.parametrize("group", range(4))
def test_rules_under_xla(group: int) -> None:
    """One case of an operation, a quarter of them in one program, since each compilation costs seconds."""
    chosen = [(op, next(iter(CASES[op]))) for op in list(CASES)[group::4] if op not in TALKS | SINGLE_POINT]
    compiled = tf.function(
        lambda p: [_partly(CASES[op][name], p) for op, name in chosen], autograph=False, jit_compile=True
    )
    for (op, name), found in zip(chosen, compiled(tf.constant(_points(""))), strict=True):
        _assert_part_of(found, _truth(op, name), tolerance=1e-12)


@cache
def _truth(op: str, name: str) -> Truth:
    return nested(SAME_OTHERWISE.get(op, CASES[op][name]), _points(op))


Partly = tuple[tf.Tensor, tf.Tensor]


def _partly(function: Function, p: tf.Tensor) -> Partly:
    """A trace over two of three axes, and a first derivative along the third."""
    found = ENGINE.differentiate(function, p, Needs.of(partials=[(1,)], traces=[(0, 2)]))
    return found.traces[0, 2], found.partials[1,]


def _assert_part_of(found: Partly, truth: Truth, *, tolerance: float) -> None:
    scale = max(1.0, np.abs(truth.hessian).max(), np.abs(truth.gradient).max())
    expected = truth.hessian[..., 0, 0] + truth.hessian[..., 2, 2], truth.gradient[..., 1]
    for part, right in zip(found, expected, strict=True):
        assert part.shape == right.shape
        np.testing.assert_allclose(part, right, rtol=tolerance, atol=tolerance * scale)


def _operations(graph: tf.Graph) -> set[str]:
    """The types of all operations of a graph, those of the functions that it calls included."""
    definition = graph.as_graph_def()
    nested_nodes = [node for inner in definition.library.function for node in inner.node_def]
    return {node.op for node in [*definition.node, *nested_nodes]}


def test_a_constant_is_zero_in_all_derivatives() -> None:
    points = tf.constant(_points(""))
    found = ENGINE.differentiate(lambda p: tf.ones_like(p[:, 0]), points, everything(3))
    truth = assembled(found, 3)
    assert not truth.gradient.any()
    assert not truth.hessian.any()


# Operations whose reverse sweeps are made of others; what a field takes apart, its own gradient puts together.
OF_ITSELF = ["Cumprod", "Digamma", "Einsum", "Elu", "LeakyRelu", "Max", "Pad", "Pow", "Prod", "Softmax"]
OF_ITSELF += ["StatefulPartitionedCall", "StridedSlice", "Unpack", "Xlogy"]


@pytest.mark.no_cover
@pytest.mark.parametrize("op", OF_ITSELF)
def test_fields_that_differentiate_themselves(op: str) -> None:
    for function in CASES[op].values():
        points = _points(op)
        field = _gradient_of(function)
        assert_same(differentiate(ENGINE, field, points), nested(field, points), 1e-10)


@pytest.mark.parametrize("op", ["If", "While"])
def test_gradients_of_branches_and_loops_inside_a_field_are_refused(op: str) -> None:
    (function, *_) = CASES[op].values()
    with pytest.raises(UnsupportedOpError, match="keeps intermediates for a gradient"):
        differentiate(ENGINE, _gradient_of(function), _points(op))


def _gradient_of(function: Function) -> Function:
    def field(p: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(p)
            value = function(p)
        return tape.gradient(value, p, unconnected_gradients="zero")

    return field
