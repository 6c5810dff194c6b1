r"""Normals: unit vectors that point outward, against the gradient of the signed distance."""

from __future__ import annotations

import numpy as np

from pinn.geometry import BoundaryPart, Shape
from pinn.geometry.meetings import spread
from pinn.problems import Problem
from pinn.validation.checks.finding import Finding, listed

NAME = "normals"
_LOG_POINTS = 6
_STEP = 1e-5  # of the size: small beside all that bends, large beside round-off
_UNIT, _ON = 1e-9, 1e-6
_ALLOWED = 0.1  # of the points of a part: near its ends the distance is to another part


def normals(problem: Problem) -> list[Finding]:
    r"""Try the boundary of the domain: its points lie on it, `|n| = 1`, and with `h = 10^{-5}` of the size a step `h n`
    leads out and one of `-h n` in. Shapes of one's own are tried like those of the package.
    """
    shape = problem.domain
    wrong: dict[str, list[str]] = {}
    for name, part in shape.parts.items():
        fault = _fault(shape, part)
        if fault is not None:
            wrong.setdefault(fault, []).append(name)
    if not wrong:
        what = "normals are of length 1 and point outward on every part"
        return [Finding("ok", NAME, what, numbers={"parts": len(shape.parts)})]
    owner = type(shape).__name__
    remedy = f"mend `sample` of these parts of {owner}, which gives points and outward unit normals"
    return [Finding("error", NAME, fault, listed(parts), remedy) for fault, parts in wrong.items()]


def _fault(shape: Shape, part: BoundaryPart) -> str | None:
    """What is wrong with the points and normals of a part, if anything."""
    points, directions = part.sample(spread(part.unit_dimension, _LOG_POINTS)[-(2**_LOG_POINTS) :])
    lower, upper = shape.bounds
    size = float(np.max(upper - lower))
    if np.max(np.abs(np.linalg.norm(directions, axis=1) - 1.0)) > _UNIT:
        return "normals that are not of length 1"
    if np.mean(np.abs(shape.signed_distance(points)) > _ON * size) > _ALLOWED:
        return "points that are not on the boundary"
    step = _STEP * float(np.min(upper - lower))
    outer, inner = (shape.signed_distance(points + sign * step * directions) for sign in (1.0, -1.0))
    if np.mean((outer < 0) & (inner > 0)) > _ALLOWED:
        return "normals that point inward"
    if np.mean((outer <= 0) | (inner >= 0)) > _ALLOWED:
        return "normals that do not point from inside to outside"
    return None
