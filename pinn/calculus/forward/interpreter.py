"""The walk over a traced function: one rule an operation, in the order in which they were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from pinn.calculus.checks import checked
from pinn.calculus.forward.call import Call, execute
from pinn.calculus.forward.carried import Carried, Tensor, plain
from pinn.calculus.forward.plan import Plan
from pinn.calculus.forward.registry import rule_of
from pinn.calculus.needs import Field

# Operations that hold other graphs: these are walked as well, whether or not their inputs depend on the points.
NESTING = frozenset({"PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "While", "StatelessWhile"})


def propagate(function: Field, points: Carried, plan: Plan) -> Tensor:
    """The function's value with its derivatives, from one walk over its operations.

    Raises:
        UnsupportedOpError: an operation without a rule.
        BatchCoupledError: an operation that mixes points.
        ValueError: the value has a wrong shape or dtype.
    """
    traced = trace(function, points.value)
    checked(traced.graph.outputs[0], points.value)
    variables = {id(variable.handle): variable for variable in traced.graph.variables}
    (found,) = Walk(plan, variables)(traced.graph, [points, *traced.captured_inputs])
    return found


def trace(function: Field, points: tf.Tensor) -> Any:
    """The concrete graph of a function at the points' shape and dtype.

    Python's own `if` and `while` on tensors are translated only where the function uses them, since translation costs
    time and not every lambda can be translated.
    """
    spec = tf.TensorSpec(points.shape, points.dtype)

    def field(p: tf.Tensor) -> tf.Tensor:
        return tf.convert_to_tensor(function(p))

    try:
        return tf.function(field, autograph=False).get_concrete_function(spec)
    except tf.errors.OperatorNotAllowedInGraphError:
        return tf.function(field).get_concrete_function(spec)


@dataclass(frozen=True)
class Walk:
    """Runs graphs on tensors that carry derivatives.

    Args:
        plan: which derivatives.
        variables: the variables that the graphs read, by the identity of their handles. They are read through the
            variable itself, so that every surrounding gradient tape sees it.
    """

    plan: Plan
    variables: Mapping[int, tf.Variable]

    def __call__(
        self, graph: Any, inputs: Sequence[Tensor], outputs: Sequence[tf.Tensor] | None = None
    ) -> list[Tensor]:
        """Tensors of a function graph, by default its outputs, on the given inputs, those that it captured included."""
        outputs = graph.outputs if outputs is None else outputs
        known: dict[Any, Tensor] = {inner.ref(): outer for inner, outer in zip(graph.inputs, inputs, strict=True)}
        for op, carries in _needed(graph, outputs):
            if op.outputs and op.outputs[0].ref() in known:
                continue
            own = tuple(known[tensor.ref()] for tensor in op.inputs)
            found = self._run(op, own if carries else tuple(plain(tensor) for tensor in own), known)
            known.update((tensor.ref(), value) for tensor, value in zip(op.outputs, found, strict=True))
        return [known[tensor.ref()] for tensor in outputs]

    def _run(self, op: tf.Operation, inputs: tuple[Tensor, ...], known: Mapping[Any, Tensor]) -> list[Tensor]:
        if op.type in NESTING or any(isinstance(tensor, Carried) for tensor in inputs):
            return rule_of(op.type)(Call(op, inputs, self.plan, self, known))
        values = [plain(tensor) for tensor in inputs]
        used = [self.variables[id(value)] for value in values if id(value) in self.variables]
        reads = [variable.value() for variable in used]
        return list(reads) if op.type == "ReadVariableOp" and reads else execute(op, values)


def _needed(graph: Any, wanted: Sequence[tf.Tensor]) -> list[tuple[tf.Operation, bool]]:
    """The operations to run, in order, each with whether the outputs depend on it.

    Those they do not depend on act (print, assert, assign), or feed what acts: for these the values are enough.
    """
    outputs = {tensor.ref() for tensor in wanted}
    values: set[Any] = set()
    kept: list[tuple[tf.Operation, bool]] = []
    for op in reversed(_sorted(graph)):
        made = {tensor.ref() for tensor in op.outputs}
        feeds = not outputs.isdisjoint(made)
        acts = op.op_def.is_stateful and op.type not in ("ReadVariableOp", "VarHandleOp")
        if feeds or acts or not values.isdisjoint(made):
            kept.append((op, feeds))
            (outputs if feeds else values).update(tensor.ref() for tensor in op.inputs)
    return kept[::-1]


def _sorted(graph: Any) -> list[tf.Operation]:
    """All operations, each after those that it reads from: a loop that was differentiated reads from later ones."""
    found: dict[tf.Operation, None] = {}
    for last in graph.get_operations():
        waiting = [last]
        while waiting:
            op = waiting[-1]
            before = [tensor.op for tensor in op.inputs if tensor.op not in found]
            if before and op not in found:
                waiting.extend(before)
            else:
                found[waiting.pop()] = None
    return list(found)
