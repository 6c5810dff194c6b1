"""The verdict: how far a field is from the truth, and whether that is as near as was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from pinn.validation.evaluation import Evaluator
from pinn.validation.norms import Errors, ResidualSize, errors, residual_size

Verdict = Literal["pass", "fail", "no reference"]


@final
@dataclass(frozen=True)
class Reference:
    """What a field was compared with: its kind, and its own relative accuracy (0 for a formula)."""

    kind: str
    accuracy: float


@final
@dataclass(frozen=True)
class Report:
    """The outcome of a validation.

    Attributes:
        verdict: `pass` when the errors are finite and within the tolerance (or none was asked), `fail` when not, `no
            reference` when the truth is not known, or not well enough to tell the two apart.
        tolerance: the relative L2 error asked for, if any.
        errors: against the reference, `None` without one.
        residual: of the equation on the same points.
        reference: what the truth is taken from.
        points: how many points were used, none of them trained on.
    """

    verdict: Verdict
    tolerance: float | None
    errors: Errors | None
    residual: ResidualSize
    reference: Reference | None
    points: int


def validate(evaluator: Evaluator, points: np.ndarray, *, tolerance: float | None) -> Report:
    """Judge a field on points `[N, d]` that were not trained on.

    Raises:
        ValueError: the exact solution is not finite on the points.
    """
    residual = residual_size(evaluator.residuals(points))
    if not evaluator.known:
        return Report("no reference", tolerance, None, residual, None, len(points))
    gradient, true_gradient = evaluator.gradients(points)
    assert true_gradient is not None
    found = errors(evaluator.value(points), evaluator.exact(points), gradient, true_gradient)
    known = evaluator.reference
    truth = Reference("exact", 0.0) if known is None else Reference(known.kind, known.accuracy)
    return Report(_judge(found, tolerance, truth.accuracy), tolerance, found, residual, truth, len(points))


def _judge(found: Errors, tolerance: float | None, accuracy: float) -> Verdict:
    """Whether the error is within the tolerance, for a truth that is itself known to an accuracy only.

    A reference that is less accurate than the tolerance can still show that a field is too far away from it.
    """
    if not np.isfinite(found.relative_l2):
        return "fail"
    if tolerance is None:
        return "pass"
    if accuracy > tolerance:
        return "fail" if found.relative_l2 > tolerance + accuracy else "no reference"
    return "pass" if found.relative_l2 <= tolerance else "fail"
