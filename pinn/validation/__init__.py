"""Validation: errors against the truth, sizes of residuals, and the verdict."""

from pinn.validation.evaluation import Evaluator
from pinn.validation.finite_elements import finite_element_reference
from pinn.validation.norms import Errors, ResidualSize, errors, residual_size
from pinn.validation.verdict import Reference, Report, Verdict, validate

__all__ = [
    "Errors",
    "Evaluator",
    "Reference",
    "Report",
    "ResidualSize",
    "Verdict",
    "errors",
    "finite_element_reference",
    "residual_size",
    "validate",
]
