"""Consistency: the exact solution, put into the equation and into every condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, final

import numpy as np

from pinn.problems import Mean, PointCondition, Problem
from pinn.references import ReferenceSolution
from pinn.validation.checks import trial as tried
from pinn.validation.checks.finding import Finding, listed
from pinn.validation.checks.terms import derivative_sizes, rms, term_sizes

NAME = "exact solution"
_TIMES_ACCURACY = 100.0  # of a reference: largest errors are that much larger than those in the mean


def consistency(problem: Problem) -> list[Finding]:
    """Put the exact solution into every equation and condition; what is left is compared with the size of its terms.

    A sign that is wrong, a factor that is forgotten or another source show here at once. A reference is tried on the
    conditions on values only: it has no formula that could be differentiated twice.
    """
    if problem.exact is not None:
        found = list(_tried(problem))
    elif problem.reference is not None:
        found = list(_compared(problem, problem.reference()))
    else:
        return [Finding("ok", NAME, "none is known, so nothing is put in", numbers={})]
    bad = [finding for finding in found if finding.level != "ok"]
    return bad or [_praise(found)]


def _tried(problem: Problem) -> Iterator[Finding]:
    """The exact solution in the equations and in the conditions."""
    exact = tried.exact_field(problem)
    equation = tried.equation(problem)
    sizes = term_sizes(equation, exact)
    for row, values in equation.rows(exact).items():
        yield _judged(_Left(problem, row, values, equation.points), max(sizes[row].values(), default=0.0), sizes[row])
    for condition in problem.conditions():
        found = tried.condition(problem, condition)
        if found is None or isinstance(condition, Mean):  # a mean is not exact at so few points
            continue
        sizes = term_sizes(found, exact)
        inside = replace(found, points=equation.points, normals=_diagonal(equation.points))
        usual = derivative_sizes(inside.derivatives(exact))  # a flux may vanish where the condition holds
        for row, values in found.rows(exact).items():
            left = _Left(problem, row, values, found.points)
            yield _judged(left, max(*sizes[row].values(), usual, 0.0), sizes[row])


def _compared(problem: Problem, reference: ReferenceSolution) -> Iterator[Finding]:
    """A reference at the points of the conditions on values."""
    everywhere = reference.value(tried.inside(problem))
    limits = _Limits(max(_OF_REFERENCE.warn, _TIMES_ACCURACY * reference.accuracy), _OF_REFERENCE.fail)
    for condition in problem.conditions():
        found = tried.condition(problem, condition)
        if found is None or not (condition.fixes_value or isinstance(condition, PointCondition)):
            continue
        value = reference.value(found.points)
        own = value if value.ndim == 1 else value[:, condition.component or 0]
        asked = np.asarray(condition.prescribed(found.point_set))
        scale = max(rms(everywhere), rms(asked))
        yield _judged(_Left(problem, found.name, own - asked, found.points), scale, {}, limits)


class _Limits(NamedTuple):
    """Of the size of the terms: what is said, and what is wrong."""

    warn: float
    fail: float


_OF_FORMULA = _Limits(1e-6, 1e-3)
_OF_REFERENCE = _Limits(1e-3, 1e-1)


@final
@dataclass(frozen=True)
class _Left:
    """What is left of an equation or a condition, `[N]`, at points `[N, d]`."""

    problem: Problem
    row: str
    values: np.ndarray
    points: np.ndarray

    def place(self, index: int) -> str:
        return ", ".join(
            f"{axis}={x:.4g}" for axis, x in zip(self.problem.domain.axes, self.points[index], strict=True)
        )


def _judged(left: _Left, scale: float, terms: Mapping[str, float], limits: _Limits = _OF_FORMULA) -> Finding:
    finite = np.isfinite(left.values)
    relative = rms(left.values) / (scale if scale > 0 else 1.0)
    numbers = {"relative": relative, "scale": scale}
    if not finite.all():
        what = f"no finite number at {int((~finite).sum())} of {len(finite)} points"
        where = f"{left.row} at {left.place(int(np.argmin(finite)))}"
        return Finding("error", NAME, what, where, "correct the solution or the domain", numbers)
    if relative <= limits.warn:
        return Finding("ok", NAME, f"{left.row} {relative:.0e}", left.row, numbers=numbers)
    shown = ", ".join(f"{term} {size:.2g}" for term, size in terms.items())
    what = f"the residual is {relative:.1e} of its terms{f' ({shown})' if shown else ''}"
    where = f"{left.row}, most at {left.place(int(np.argmax(np.abs(left.values))))}"
    remedy = "compare signs, factors and the source with the exact solution"
    return Finding("warning" if relative <= limits.fail else "error", NAME, what, where, remedy, numbers)


def _praise(found: list[Finding]) -> Finding:
    if not found:
        return Finding("ok", NAME, "there is no condition on a value that a reference could be put into")
    largest = max(found, key=lambda finding: finding.numbers["relative"])
    names = listed([finding.where for finding in found], most=4)
    what = f"solves {names}, to {largest.numbers['relative']:.0e} of the terms"
    return Finding("ok", NAME, what, numbers={"relative": largest.numbers["relative"]})


def _diagonal(points: np.ndarray) -> np.ndarray:
    """One direction for all points, along which no derivative is left out."""
    return np.full_like(points, 1.0 / np.sqrt(points.shape[1]))
