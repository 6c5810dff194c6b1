"""Checks of a problem before anything is trained: each a function `problem -> findings`, in a file of its own.

>>> from pinn.problems import Poisson2D
>>> from pinn.validation.checks import CHECKS
>>> [finding.level for finding in CHECKS["corners"](Poisson2D())]
['ok']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pinn.problems import Problem
from pinn.validation.checks import consistency as _consistency
from pinn.validation.checks import corners as _corners
from pinn.validation.checks import coverage as _coverage
from pinn.validation.checks import normals as _normals
from pinn.validation.checks import scale as _scale
from pinn.validation.checks import wellposed as _wellposed
from pinn.validation.checks.finding import LEVELS, Finding, Level, worst

CHECKS: Mapping[str, Callable[[Problem], list[Finding]]] = {
    _coverage.NAME: _coverage.coverage,
    _corners.NAME: _corners.corners,
    _normals.NAME: _normals.normals,
    _wellposed.NAME: _wellposed.wellposed,
    _consistency.NAME: _consistency.consistency,
    _scale.NAME: _scale.scale,
}
"""All checks by the name under which their findings stand."""

__all__ = ["CHECKS", "LEVELS", "Finding", "Level", "worst"]
