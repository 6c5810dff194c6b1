"""The rules by operation type: those that come with the engine, and those that users add."""

from __future__ import annotations

from pinn.calculus.forward.call import Rule
from pinn.calculus.forward.errors import UnsupportedOpError
from pinn.calculus.forward.rules import shipped

RULES: dict[str, Rule] = shipped()


def register_rule(op_type: str, rule: Rule) -> None:
    """Teach the engine `forward` an operation.

    Args:
        op_type: TensorFlow's name of the operation, as in `tf.raw_ops` and as the refusal of the engine names it.
        rule: `rule(call)` returns the outputs of the operation, each a plain tensor or one that carries derivatives.
            For a function of one variable say `register_rule("Name", elementwise(slope, curvature))`.

    Raises:
        ValueError: there is a rule for it.
    """
    if op_type in RULES:
        raise ValueError(f"register_rule: expected an operation without a rule; {op_type} has one")
    RULES[op_type] = rule


def rule_of(op_type: str) -> Rule:
    """The rule of an operation.

    Raises:
        UnsupportedOpError: it has none.
    """
    if op_type not in RULES:
        raise UnsupportedOpError(op_type)
    return RULES[op_type]
