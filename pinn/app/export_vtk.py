"""A solution as files of VTK, for ParaView: its components, the truth, the error, the residual and the gradients."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pinn.app.formats import Wishes
from pinn.geometry import TimeProduct
from pinn.geometry.meshing import Cells, cells
from pinn.report import write_pvd, write_vtu

if TYPE_CHECKING:
    import tensorflow as tf

    from pinn.app.solution import Solution
    from pinn.calculus import Jet, PointSet
    from pinn.problems import Problem

FOLDER, NAME = "vtk", "solution"
RESOLUTION: Mapping[int, int] = {1: 200, 2: 64, 3: 16}
"""Cells along the longest side of a domain, by its axes of space."""
TIMES = 20

Fields = dict[str, np.ndarray]


def refuse(problem: Problem, wishes: Wishes) -> None:
    """Raise `ValueError` where a problem has too many axes to be looked at, or no time of which moments are asked."""
    space = len(problem.domain.space_axes)
    if space not in RESOLUTION:
        raise ValueError(
            f"vtk: expected a problem with up to three axes of space, which is what can be looked at; {problem.name} "
            f"has {space}"
        )
    if wishes.times is not None and problem.domain.time_axis is None:
        raise ValueError(f"times: expected a problem in time; {problem.name} is steady. Leave it out")


def export(solution: Solution, folder: Path, wishes: Wishes) -> Path:
    """Write `vtk/solution.vtu` or, in time, one `.vtu` a moment and `vtk/solution.pvd`, which lists them.

    Returns:
        The file for ParaView to open.

    Raises:
        ValueError: see `refuse`, and `pinn.geometry.meshing.cells`.
        OSError: the folder cannot be written.
    """
    refuse(solution.problem, wishes)
    domain = solution.problem.domain
    shape: Any = domain.space if isinstance(domain, TimeProduct) else domain
    made = cells(shape, wishes.resolution or RESOLUTION[shape.dim])
    fields = fields_of(solution)
    if not isinstance(domain, TimeProduct):
        return _write(made, fields(made.points), folder / FOLDER / f"{NAME}.vtu")
    times = np.linspace(domain.start, domain.end, wishes.times or TIMES)
    last = folder / FOLDER / f"{NAME}.pvd"
    last.unlink(missing_ok=True)  # of what was there before: its list is true no longer
    names = [f"{NAME}_{number:04d}.vtu" for number in range(len(times))]
    for name, time in zip(names, times.tolist(), strict=True):
        moment = np.column_stack([made.points, np.full(len(made.points), time)])
        _write(made, fields(moment), last.with_name(name), time)
    for path in last.parent.glob(f"{NAME}_*.vtu"):
        if re.fullmatch(rf"{NAME}_\d+\.vtu", path.name) and path.name not in names:
            path.unlink()
    return write_pvd(names, times.tolist(), last)


def fields_of(solution: Solution) -> Callable[[np.ndarray], Fields]:
    """Everything there is to see at points `[V, d]`, by name: each component `u`, `u_exact` and `u_error` where there
    is a truth, `u_gradient` in space; vectors such as `velocity` in the same way; `residual`, or one an equation.
    """
    problem, evaluator = solution.problem, solution.evaluator
    ask = evaluator.asked(lambda p, u: _answers(problem, p, u))

    def fields(points: np.ndarray) -> Fields:
        found = ask(points)
        known = evaluator.formula(points) if evaluator.known else None
        result = _named(problem, "", found["value"])
        if known is not None:
            result |= _named(problem, "_exact", known) | _named(problem, "_error", found["value"] - known)
        gradient = found["gradient"]
        slopes = gradient[:, np.newaxis] if gradient.ndim == 2 else gradient
        result |= {f"{u}_gradient": slopes[:, c] for c, u in enumerate(problem.quantities)}
        return result | {name: values for name, values in found.items() if name.startswith("residual")}

    return fields


def _answers(problem: Problem, p: PointSet, u: Jet) -> dict[str, tf.Tensor]:
    """Value, gradient and residuals, computed in one pass."""
    left = problem.residual(p, u)
    residuals = {f"residual_{name}": r for name, r in left.items()} if isinstance(left, Mapping) else {"residual": left}
    return {"value": u.value, "gradient": u.gradient(), **residuals}


def _named(problem: Problem, ending: str, values: np.ndarray) -> Fields:
    """Components `[V]` or `[V, m]` by name, and the vectors that some of them are together."""
    columns = values.reshape(len(values), -1)
    single = {f"{u}{ending}": columns[:, c] for c, u in enumerate(problem.quantities)}
    return single | {f"{name}{ending}": columns[:, list(of)] for name, of in problem.vectors.items()}


def _write(made: Cells, fields: Fields, path: Path, time: float | None = None) -> Path:
    return write_vtu(made.points, made.cells, made.kind, fields, path, time=time)
