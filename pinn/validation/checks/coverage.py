"""Coverage of the boundary: parts with too few conditions, with too many, and with two values for one component."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from pinn.geometry import INITIAL
from pinn.problems import BoundaryCondition, Condition, Periodic, PointCondition, Problem
from pinn.validation.checks.finding import Finding, Level, listed
from pinn.validation.checks.trial import on_parts, power_of

NAME = "coverage"
_ONCE = {"value": "fixes_value", "flux": "fixes_flux", "velocity": "fixes_velocity"}


def coverage(problem: Problem) -> list[Finding]:
    """Compare the conditions on each part of the boundary with those that the equation takes there.

    An equation takes on a part one condition for each component of which it has the second derivative along the normal
    there, which is tried (see `pinn.validation.checks.trial`). Equations of first order take conditions where something
    flows in, which is not for a program to know: nothing is said of them. Periodic faces are complete.
    """
    conditions = problem.conditions()
    found = [*_twice(problem), *_same_name(problem)]
    shape = problem.domain
    periodic = {face for c in conditions if isinstance(c, Periodic) for face in c.faces}
    sides = [name for name in shape.parts if name != INITIAL and name not in periodic]
    by_count: dict[tuple[int, int], list[str]] = defaultdict(list)
    for name, needed in _needed(problem, sides).items() if sides else ():
        by_count[needed, len(_on(problem, name))].append(name)
    for (needed, given), parts in by_count.items():
        found += _judged(problem, parts, needed, given)
    return found or [Finding("ok", NAME, _praise(problem), numbers={"parts": len(shape.parts)})]


def _needed(problem: Problem, parts: Sequence[str]) -> dict[str, int]:
    """How many components have a second derivative across each part in the equation."""
    trial, owners = on_parts(problem, parts)
    change = power_of(trial.points, trial.normals, 2)
    found = dict.fromkeys(parts, 0)
    for component in range(problem.components):
        answers, nothing = trial.answers(change, component)
        seen = np.max(np.abs(answers), axis=0) > nothing  # [N]
        for k, part in enumerate(parts):
            found[part] += bool(seen[owners == k].any())
    return found


def _on(problem: Problem, part: str) -> list[BoundaryCondition]:
    return [
        c
        for c in problem.conditions()
        if isinstance(c, BoundaryCondition) and part in {p.name for p in problem.domain.select(c.on)}
    ]


def _judged(problem: Problem, parts: list[str], needed: int, given: int) -> list[Finding]:
    where = listed(parts)
    numbers = {"needed": needed, "given": given, "parts": len(parts)}
    if given < needed and given == 0:
        level: Level = "warning" if measured(problem.conditions()) else "error"
        what = f"no condition on {_parts(parts)}, where the equation takes {needed}"
        remedy = f"add one, such as Dirichlet(0.0, on={parts[0]!r})"
        return [Finding(level, NAME, what, where, remedy, numbers)]
    if given < needed:
        what = f"{given} of {needed} conditions on {_parts(parts)}"
        return [Finding("warning", NAME, what, where, "the solution may not be unique: add the others", numbers)]
    if 0 < needed < given:
        names = listed([c.name for c in _on(problem, parts[0])])
        what = f"{given} conditions on {_parts(parts)}, where the equation takes {needed}: {names}"
        return [Finding("warning", NAME, what, where, "they may contradict each other: drop what is too much", numbers)]
    return []


def measured(conditions: Sequence[Condition]) -> bool:
    """Whether values at given points, more than one, stand for what conditions leave open."""
    return any(isinstance(c, PointCondition) and len(c.points) > 1 for c in conditions)


def _twice(problem: Problem) -> list[Finding]:
    """Two conditions of one kind on one part for one component."""
    given: dict[tuple[str, str, int], list[Condition]] = defaultdict(list)
    for c in problem.conditions():
        if not isinstance(c, BoundaryCondition) or c.couples:
            continue
        for what, mark in _ONCE.items():
            for chosen in problem.domain.select(c.on) if getattr(c, mark) else ():
                given[chosen.name, what, c.component or 0].append(c)
    found = []
    for (part, what, component), several in given.items():
        if len(several) > 1:
            names = listed([c.name for c in several])
            of = f" of component {component}" if problem.components > 1 else ""
            sentence = f"{len(several)} conditions on the {what}{of}: {names}"
            found.append(Finding("error", NAME, sentence, part, "drop one of them, or name other parts by on=[...]"))
    return found


def _same_name(problem: Problem) -> list[Finding]:
    """Conditions of one name, which no weight could tell apart."""
    names = Counter(c.name for c in problem.conditions())
    several = [name for name, count in names.items() if count > 1]
    if not several:
        return []
    remedy = "name the parts that each is for by on=[...], or drop one"
    return [Finding("error", NAME, "several conditions have one name", listed(several), remedy)]


def _parts(parts: list[str]) -> str:
    return "a part of the boundary" if len(parts) == 1 else f"{len(parts)} parts of the boundary"


def _praise(problem: Problem) -> str:
    parts = [name for name in problem.domain.parts if name != INITIAL]
    return f"every part of the boundary has its conditions: {listed(parts)}"
