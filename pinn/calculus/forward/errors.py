"""What the one-pass engine refuses, each refusal with its remedy."""

from __future__ import annotations


class UnsupportedOpError(NotImplementedError):
    """The traced function uses an operation that has no rule, or uses it in a way that its rule does not cover.

    Args:
        op_type: TensorFlow's name of the operation, as in `tf.raw_ops`.
        why: what the rule does not cover; empty when there is no rule.
    """

    def __init__(self, op_type: str, why: str = "") -> None:
        self.op_type = op_type
        self.reason = why or "there is no rule for it"
        super().__init__(
            f"engine forward: cannot differentiate the operation {op_type}: {self.reason}. "
            f"Use engine='tape', or add a rule by pinn.calculus.register_rule({op_type!r}, rule)."
        )


class BatchCoupledError(ValueError):
    """The value at one point depends on other points, so derivatives "at a point" do not exist.

    Args:
        op_type: the operation that mixes the points.
        how: what it does to the batch axis.
    """

    def __init__(self, op_type: str, how: str) -> None:
        super().__init__(
            f"expected a field whose row n depends on point n alone; the operation {op_type} {how}. "
            "Reduce, sort or combine along the other axes only; batch statistics are frozen by training=False."
        )
