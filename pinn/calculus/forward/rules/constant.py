"""Operations whose result is locally constant in the points, or says only how tensors look."""

from __future__ import annotations

from pinn.calculus.forward.call import Call, Rule
from pinn.calculus.forward.carried import Tensor


def _constant(call: Call) -> list[Tensor]:
    return list(call.values())


RULES: dict[str, Rule] = dict.fromkeys(
    (
        # steps and signs
        "Ceil", "Floor", "FloorDiv", "Rint", "Round", "Sign", "TruncateDiv",
        # comparisons and tests
        "ApproximateEqual", "Equal", "Greater", "GreaterEqual", "IsFinite", "IsInf", "IsNan", "Less", "LessEqual",
        "NotEqual",
        # positions
        "ArgMax", "ArgMin", "Bucketize",
        # shapes
        "OnesLike", "Rank", "Shape", "ShapeN", "Size", "ZerosLike",
    ),
    _constant,
)  # fmt: skip
