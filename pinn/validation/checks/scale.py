"""Scale: terms of one equation, equations of one problem, sides of the domain and the field, all of like size?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from pinn.problems import Problem
from pinn.validation.checks import trial as tried
from pinn.validation.checks.finding import Finding
from pinn.validation.checks.terms import rms, term_sizes

NAME = "scale"
_APART = 1e6  # a loss of squares does not see what is a millionth
_LARGE = 1e4  # a network begins with values of about 1
_MOST = 6  # terms shown


def scale(problem: Problem) -> list[Finding]:
    """Measure each term of each equation, of the exact solution where it is known, else of a wave of order 1."""
    equation = tried.equation(problem)
    field = tried.base_field(problem)
    sizes = term_sizes(equation, field)
    of = "of the exact solution" if problem.exact is not None else "of a wave of order 1"
    found = [_terms(row, terms, of) for row, terms in sizes.items()]
    bad = [finding for finding in found if finding.level != "ok"]
    bad += [*_equations(sizes), *_sides(problem), *_field(problem, np.asarray(field(tf.constant(equation.points))))]
    return bad or found


def _terms(row: str, terms: dict[str, float], of: str) -> Finding:
    largest_first = sorted(terms.items(), key=lambda pair: -pair[1])
    shown = ", ".join(f"{term} {size:.1e}" for term, size in largest_first[:_MOST])
    more = f", {len(terms) - _MOST} more" if len(terms) > _MOST else ""
    what = f"terms {of}: {shown}{more}" if terms else f"all terms {of} vanish"
    if terms and largest_first[0][1] > _APART * largest_first[-1][1]:
        remedy = "measure lengths, times and the field in units that make their terms alike"
        return Finding("warning", NAME, what, row, remedy, dict(terms))
    return Finding("ok", NAME, what, row, numbers=dict(terms))


def _equations(sizes: dict[str, dict[str, float]]) -> Iterator[Finding]:
    largest = {row: max(terms.values()) for row, terms in sizes.items() if terms}
    if largest and max(largest.values()) > _APART * min(largest.values()):
        high, low = max(largest, key=lambda row: largest[row]), min(largest, key=lambda row: largest[row])
        what = f"the terms of {high} are {largest[high]:.1e} and those of {low} {largest[low]:.1e}"
        yield Finding("warning", NAME, what, f"{high}, {low}", "divide each equation by its largest term", largest)


def _sides(problem: Problem) -> Iterator[Finding]:
    lower, upper = problem.domain.bounds
    lengths = dict(zip(problem.domain.axes, (float(x) for x in upper - lower), strict=True))
    if max(lengths.values()) > _LARGE * min(lengths.values()):
        what = "sides of the domain: " + ", ".join(f"{axis} {length:.1e}" for axis, length in lengths.items())
        yield Finding("warning", NAME, what, "domain", "measure each axis in a unit of its own", lengths)


def _field(problem: Problem, value: np.ndarray) -> Iterator[Finding]:
    """The size of the exact solution."""
    size = rms(value)
    if problem.exact is not None and size > 0 and not 1.0 / _LARGE < size < _LARGE:
        what = f"the exact solution is of size {size:.1e}, a field begins with values of about 1"
        yield Finding("warning", NAME, what, "field", "measure it in another unit", {"field": size})
