"""What there is to see of a solution: grids and cuts of its domain with every quantity evaluated on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from pinn.geometry import Shape
from pinn.report import Curve, Panel, View
from pinn.validation import Evaluator

_LINE, _GRID, _SLICE_GRID = 401, 181, 141
_MOMENTS = 5  # curves at different times of a 1-D evolution
_SNAPSHOTS = 4  # maps at different times of a 2-D evolution
_SLICES = 3

Fixed = Mapping[str, float]
Quantities = dict[str, np.ndarray]  # "solution", "exact", "error", "residual", each [N] or [N, m]


def views(evaluator: Evaluator) -> list[View]:
    """One view a component: curves in one space dimension, maps in two, slices through the middle in more.

    A 1-D evolution is shown as a map over space and time with moments as curves, an evolution in the plane as
    snapshots.
    """
    shape, problem, reference = evaluator.problem.domain, evaluator.problem, evaluator.reference
    truth, accuracy = ("exact", 0.0) if reference is None else (reference.kind, reference.accuracy)
    first, *others = shape.space_axes
    curves: Sequence[_Cut] = []
    panels: Sequence[_Cut] = []
    if not others:
        curves = [_Cut((first,), fixed, _LINE) for fixed in _moments(shape, _MOMENTS)]
        panels = [_Cut((first, shape.time_axis), {}, _GRID)] if shape.time_axis else []
    elif len(others) == 1:
        panels = [_Cut((first, others[0]), fixed, _GRID) for fixed in _moments(shape, _SNAPSHOTS)]
    else:
        panels = [_Cut((first, others[0]), fixed, _SLICE_GRID) for fixed in _slices(shape, others[1:])]
    cuts = [(cut, *_evaluate(cut, evaluator)) for cut in (*curves, *panels)]
    return [
        View(
            problem.name,
            name,
            curves=[_curve(cut, ticks, _component(q, c)) for cut, ticks, q in cuts if len(cut.axes) == 1],
            panels=[_panel(cut, ticks, _component(q, c)) for cut, ticks, q in cuts if len(cut.axes) == 2],
            truth=truth,
            accuracy=accuracy,
        )
        for c, name in enumerate(problem.quantities)
    ]


@final
@dataclass(frozen=True)
class _Cut:
    """A line or a plane through the domain: the axes that vary, the coordinates that do not, points an axis."""

    axes: tuple[str, ...]
    fixed: Fixed
    count: int

    @property
    def title(self) -> str:
        return ", ".join(f"{axis} = {value:.3g}" for axis, value in self.fixed.items())


def _moments(shape: Shape, count: int) -> list[Fixed]:
    if shape.time_axis is None:
        return [{}]
    lower, upper = shape.bounds
    return [{shape.time_axis: float(t)} for t in np.linspace(lower[-1], upper[-1], count)]


def _slices(shape: Shape, normals: Sequence[str]) -> list[Fixed]:
    """Planes across the first axis that is not drawn; every further one, and time, in the middle (time at its end)."""
    lower, upper = (dict(zip(shape.axes, bound, strict=True)) for bound in shape.bounds)
    middle = {axis: float(lower[axis] + upper[axis]) / 2 for axis in normals}
    if shape.time_axis is not None:
        middle[shape.time_axis] = float(upper[shape.time_axis])
    across = normals[0]
    fractions = np.linspace(0, 1, _SLICES + 2)[1:-1]
    return [{**middle, across: float(lower[across] + f * (upper[across] - lower[across]))} for f in fractions]


def _evaluate(cut: _Cut, evaluator: Evaluator) -> tuple[list[np.ndarray], Quantities]:
    """The ticks of the axes that vary, and every quantity on their grid, `[..., m]` flattened, NaN outside the
    domain and where it is not finite.
    """
    shape = evaluator.problem.domain
    bounds = dict(zip(shape.axes, zip(*shape.bounds, strict=True), strict=True))
    ticks = [np.linspace(*bounds[axis], cut.count) for axis in cut.axes]
    grid = dict(zip(cut.axes, (g.ravel() for g in np.meshgrid(*ticks, indexing="xy")), strict=True))
    size = len(next(iter(grid.values())))
    points = np.stack([grid.get(axis, np.full(size, cut.fixed.get(axis, 0.0))) for axis in shape.axes], axis=1)
    inside = shape.inside(points)
    known = _quantities(evaluator, points[inside])
    return ticks, {name: _spread(values, inside) for name, values in known.items()}


def _quantities(evaluator: Evaluator, points: np.ndarray) -> Quantities:
    found = {"solution": evaluator.value(points)}
    if evaluator.known:
        found["exact"] = evaluator.formula(points)
        found["error"] = found["solution"] - found["exact"]
    residuals = list(evaluator.residuals(points).values())
    # Several equations have no order that matches the components: the map shows their root sum of squares.
    found["residual"] = residuals[0] if len(residuals) == 1 else np.sqrt(sum(r**2 for r in residuals))
    return found


def _spread(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """On the whole grid; a formula may be singular on the boundary, which is no reason to draw nothing."""
    full = np.full((len(inside), *values.shape[1:]), np.nan)
    full[inside] = np.where(np.isfinite(values), values, np.nan)
    return full


def _component(quantities: Quantities, component: int) -> Quantities:
    return {name: values if values.ndim == 1 else values[:, component] for name, values in quantities.items()}


def _curve(cut: _Cut, ticks: list[np.ndarray], values: Quantities) -> Curve:
    return Curve(cut.title, cut.axes[0], ticks[0], values)


def _panel(cut: _Cut, ticks: list[np.ndarray], values: Quantities) -> Panel:
    reshape: Callable[[np.ndarray], np.ndarray] = lambda v: v.reshape(len(ticks[1]), len(ticks[0]))  # noqa: E731
    return Panel(
        cut.title, (cut.axes[0], cut.axes[1]), ticks[0], ticks[1], {name: reshape(v) for name, v in values.items()}
    )
