"""Well-posedness: whether the conditions leave something of the solution free."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from pinn.geometry import INITIAL
from pinn.problems import BoundaryCondition, Periodic, Problem
from pinn.validation.checks import trial as tried
from pinn.validation.checks.coverage import measured
from pinn.validation.checks.finding import Finding, Level

NAME = "well-posedness"
_FREE = 1e-8  # of the largest singular value


def wellposed(problem: Problem) -> list[Finding]:
    """Look for what the equation and its conditions leave open: a component that no equation sees, a constant that can
    be added, a missing value or velocity at the initial time.
    """
    equation = tried.equation(problem)
    unseen = [c for c in range(problem.components) if not _sees(problem, equation, c)]
    found = [_unseen(problem, c) for c in unseen]
    if not unseen:
        found += [*_free_constants(problem, equation), *_missing_starts(problem, equation)]
    start = ", and the start is given as the equation asks for it" if problem.domain.time_axis else ""
    return found or [Finding("ok", NAME, f"no constant is free{start}")]


def _sees(problem: Problem, equation: tried.Trial, component: int) -> bool:
    """Whether the equation differs for two values of a component."""
    other = tried.wave(problem, seed=1)

    def change(x: tf.Tensor) -> tf.Tensor:
        value = other(x)
        return value if problem.frame.components is None else value[:, component]

    return equation.depends_on(change, component)


def _unseen(problem: Problem, component: int) -> Finding:
    name = _component(problem, component)
    remedy = "write the residual with u: u.value, u.d('x'), u.laplacian()"
    return Finding("error", NAME, f"the equation does not depend on {name}", "equation", remedy)


def _free_constants(problem: Problem, equation: tried.Trial) -> Iterator[Finding]:
    """Sums of constants, one a component, that neither the equation nor any condition sees.

    The answers of all rows to the constants are a matrix `[rows, m]`; what it maps to zero is free.
    """
    trials = [equation]
    for condition in problem.conditions():
        found = tried.condition(problem, condition)
        if found is None and not isinstance(condition, Periodic):
            return  # nothing is known of a condition of another kind
        trials += [] if found is None else [found]
    columns = []
    for component in range(problem.components):
        answers = [_settled(*each.answers(tried.constant, component)) for each in trials]
        columns.append(np.concatenate(answers))
    _, sizes, directions = np.linalg.svd(np.stack(columns, axis=1), full_matrices=False)
    for size, direction in zip(sizes, directions, strict=True):
        if size <= _FREE * max(float(sizes[0]), 1e-300):
            components = np.flatnonzero(np.abs(direction) > 0.1)
            names = " and ".join(_component(problem, int(c)) for c in components)
            what = f"{names} can be changed by a constant: neither the equation nor a condition sees it"
            first = int(components[0])
            remedy = f"fix it at one point, {_pin(problem, first)}, or by its mean, Mean(0.0{_of(problem, first)})"
            yield Finding("error", NAME, what, "whole boundary", remedy)


def _settled(answers: np.ndarray, nothing: float) -> np.ndarray:
    """The answers as one column, round-off as zero, each row relative to its largest."""
    clean = np.where(np.abs(answers) > nothing, answers, 0.0)
    return (clean / np.maximum(np.abs(clean).max(axis=1, keepdims=True), 1e-300)).ravel()


def _pin(problem: Problem, component: int) -> str:
    lower, upper = problem.domain.bounds
    at = ", ".join(f"{x:g}" for x in (lower + upper) / 2.0)
    return f"Pin(({at}{',' if len(lower) == 1 else ''}), 0.0{_of(problem, component)})"


def _of(problem: Problem, component: int) -> str:
    return f", component={component}" if problem.components > 1 else ""


def _missing_starts(problem: Problem, equation: tried.Trial) -> Iterator[Finding]:
    """The value at the initial time for an equation of first order in time, the velocity too for one of second."""
    shape = problem.domain
    if shape.time_axis is None:
        return
    forward = np.zeros_like(equation.points)
    forward[:, -1] = 1.0
    level: Level = "warning" if measured(problem.conditions()) else "error"
    for component in range(problem.components):
        name = _component(problem, component)
        second, first = (
            equation.depends_on(tried.power_of(equation.points, forward, order), component) for order in (2, 1)
        )
        has_value, has_velocity = (_given(problem, component, mark) for mark in ("fixes_value", "fixes_velocity"))
        of = _of(problem, component)
        if (first or second) and not has_value:
            what = f"no initial value of {name}, whose derivative in time is in the equation"
            yield Finding(level, NAME, what, INITIAL, f"add Initial(0.0{of}), or the function that it is")
        if second and not has_velocity:
            what = f"no initial velocity of {name}, whose second derivative in time is in the equation"
            yield Finding(level, NAME, what, INITIAL, f"add InitialVelocity(0.0{of}), or the function that it is")
        if has_velocity and not second:
            what = f"an initial velocity of {name}, whose second derivative in time is not in the equation"
            yield Finding("warning", NAME, what, INITIAL, "drop it: the equation says it itself")


def _given(problem: Problem, component: int, mark: str) -> bool:
    """Whether a condition at the initial time fixes the value, or the velocity, of a component."""
    return any(
        isinstance(c, BoundaryCondition)
        and getattr(c, mark)
        and (c.component or 0) == component
        and INITIAL in {part.name for part in problem.domain.select(c.on)}
        for c in problem.conditions()
    )


def _component(problem: Problem, component: int) -> str:
    return "u" if problem.components == 1 else f"component {component}"
