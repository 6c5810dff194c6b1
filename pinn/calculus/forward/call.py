"""One operation of a traced function, as a rule sees it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from pinn.calculus.forward.carried import Batch, Carried, Tensor, carry, plain
from pinn.calculus.forward.errors import UnsupportedOpError
from pinn.calculus.forward.plan import Plan
from pinn.calculus.forward.rows import Linear


class Nested(Protocol):
    """Runs a graph on tensors that carry derivatives."""

    def __call__(
        self, graph: Any, inputs: Sequence[Tensor], outputs: Sequence[tf.Tensor] | None = None
    ) -> list[Tensor]:
        """The given tensors of the graph, or all its outputs."""


@dataclass(frozen=True)
class Call:
    """An operation with its inputs, some of which carry derivatives.

    Args:
        op: the node of the traced graph.
        inputs: tensors of the surrounding computation, in the node's order.
        plan: which derivatives are carried.
        walk: runs a nested graph on tensors that carry derivatives.
        earlier: what is known of the node's graph so far, by the reference of its tensors.
    """

    op: tf.Operation
    inputs: tuple[Tensor, ...]
    plan: Plan
    walk: Nested
    earlier: Mapping[Any, Tensor]

    @property
    def type(self) -> str:
        """TensorFlow's name of the operation."""
        return str(self.op.type)

    def values(self) -> list[tf.Tensor]:
        """The operation on the values alone."""
        return execute(self.op, [plain(tensor) for tensor in self.inputs])

    def value(self) -> tf.Tensor:
        """The only output of the operation on the values alone."""
        (found,) = self.values()
        return found

    def attribute(self, name: str) -> Any:
        """An attribute of the node."""
        return self.op.get_attr(name)

    def written(self, position: int) -> np.ndarray | None:
        """The input at a position as an array, if it is a constant of the function itself: no variable, no weight."""
        return tf.get_static_value(self.op.inputs[position])

    def static(self, position: int) -> np.ndarray | None:
        """The input at a position as an array, if it is known without running anything.

        Eagerly that includes variables: for sizes and positions, never for what somebody may differentiate.
        """
        inside = self.written(position)
        return inside if inside is not None else tf.get_static_value(plain(self.inputs[position]))

    def number(self, position: int) -> np.ndarray:
        """The input at a position as an array; refused if it is known only at run time."""
        found = self.static(position)
        if found is None:
            raise UnsupportedOpError(self.type, f"its input {position} must be known when the function is traced")
        return np.asarray(found)

    def only(self, position: int = 0) -> Carried:
        """The input at a position as the one that carries derivatives; refused if others do too."""
        carriers = [k for k, tensor in enumerate(self.inputs) if isinstance(tensor, Carried)]
        if carriers != [position]:
            raise UnsupportedOpError(self.type, f"its inputs {carriers} depend on the points, expected only {position}")
        found = self.inputs[position]
        assert isinstance(found, Carried)
        return found

    def linear(self, x: Carried, function: Linear, batch: Batch | None) -> list[Tensor]:
        """The result of an operation that acts on all rows of `x` as `function` does."""
        return [carry(self.value(), *x.each(lambda rows: rows.linear(function)), batch)]


Rule = Callable[[Call], list[Tensor]]


def execute(op: tf.Operation, inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The operation of a node on other inputs, where we are: eagerly, or as a node of the surrounding graph."""
    if op.type == "Const":
        return [tf.constant(tf.make_ndarray(op.get_attr("value")), op.outputs[0].dtype)]
    function, names = _raw(op.type)
    tensors = _grouped(op, inputs)
    settings = [name for name in names[len(tensors) :] if name != "name"]
    values = dict(zip(settings, _attributes(op, settings), strict=True))
    found = function(**dict(zip(names, tensors, strict=False)), **values)
    if isinstance(found, tf.Operation) or found is None:
        return []
    return list(found) if isinstance(found, list | tuple) else [found]


@cache
def _raw(op_type: str) -> tuple[Any, tuple[str, ...]]:
    """TensorFlow's function for an operation, and its arguments: the inputs in the node's order, then settings."""
    function = getattr(tf.raw_ops, op_type, None)
    if function is None:
        raise UnsupportedOpError(op_type, "TensorFlow offers no way to run it again")
    return function, tuple(inspect.signature(function).parameters)


def _grouped(op: tf.Operation, inputs: Sequence[tf.Tensor]) -> list[Any]:
    """The flat inputs of a node, those that form a list as a list."""
    grouped: list[Any] = []
    rest = list(inputs)
    for declared in op.op_def.input_arg:
        if declared.number_attr or declared.type_list_attr:
            length = op.get_attr(declared.number_attr or declared.type_list_attr)
            count = length if isinstance(length, int) else len(length)
            grouped.append(rest[:count])
            rest = rest[count:]
        else:
            grouped.append(rest.pop(0))
    return grouped


def _attributes(op: tf.Operation, settings: Sequence[str]) -> list[Any]:
    """The node's attributes for the settings of its function, some of which the function calls by another name."""
    inferred = {
        name for arg in op.op_def.input_arg for name in (arg.type_attr, arg.number_attr, arg.type_list_attr) if name
    }
    declared = [attribute.name for attribute in op.op_def.attr if attribute.name not in inferred]
    renamed = iter([name for name in declared if name not in settings])
    return [op.get_attr(name if name in declared else next(renamed)) for name in settings]
