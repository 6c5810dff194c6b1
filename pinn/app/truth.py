"""What a run is measured by: what the problem knows itself, or a reference that is computed for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from pinn.problems import Problem
from pinn.references import ReferenceSolution
from pinn.references.finite_elements import UnsolvedError
from pinn.validation import finite_element_reference

REFERENCES = ("auto", "none", "finite_elements")
"""`auto`: finite elements where the problem knows neither its solution nor a reference; `none`: what it knows only."""

_ASKED, _UNASKED = 0.1, 1e-5
"""The accuracy of a reference: of the tolerance, and where none is asked for."""


@final
@dataclass(frozen=True)
class Truth:
    """A reference in place of what the problem knows.

    Attributes:
        substitute: the reference, or `None` where the problem is to be asked.
        why_not: the sentence that says why there is none, where one was wanted.
    """

    substitute: ReferenceSolution | None = None
    why_not: str = ""

    @property
    def made(self) -> Callable[[], ReferenceSolution] | None:
        """As an `Evaluator` takes it."""
        found = self.substitute
        return None if found is None else lambda: found


def truth_of(problem: Problem, choice: str, tolerance: float | None) -> Truth:
    """The truth for a problem.

    Args:
        problem: what is to be solved.
        choice: one of `REFERENCES`.
        tolerance: the relative error asked for, if any.

    Raises:
        ValueError: finite elements are asked for, and there are none.
    """
    if choice == "none" or (choice == "auto" and (problem.exact is not None or problem.reference is not None)):
        return Truth()
    accuracy = _UNASKED if tolerance is None else _ASKED * tolerance
    try:
        return Truth(finite_element_reference(problem, accuracy=accuracy))
    except (UnsolvedError, ModuleNotFoundError) as error:
        if choice == "auto":
            return Truth(why_not=str(error))
        raise ValueError(f"reference: expected a problem that finite elements serve; {error}") from error
