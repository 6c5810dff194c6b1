"""Lines along one axis: solution over the exact one, the size of the error below it, and the residual below that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pinn.report.scales import decades, diverging, finite, set_decades, set_linear
from pinn.report.style import (
    INK,
    PALETTE,
    SOFT,
    caption,
    literal,
    new_figure,
    note,
    power_of_ten,
    soften,
    styled,
    symbol,
    title_of,
)
from pinn.report.views import Curve, View

SOLID = 0.6
"""Opacity of the solution, so that the dashes of the exact one stand out on the darkest colour."""

HEIGHTS = {"solution": 2.6, "error": 1.5, "residual": 1.5}
"""Inches of the stacked axes."""


def _colours(curves: Sequence[Curve]) -> list[tuple[float, ...] | str]:
    """One blue for one curve; from dark to light, in order, for several; yellow would not hold on white."""
    if len(curves) == 1:
        return [PALETTE[0]]
    return [tuple(colour) for colour in colormaps["viridis"](np.linspace(0.0, 0.88, len(curves)))]


def _lines(axes: Axes, curves: Sequence[Curve], rows: Sequence[np.ndarray | None], **look: Any) -> list[Line2D]:
    """One line a curve in its colour; a dot where it has a single finite value, which no line would show."""
    lines = []
    for curve, colour, values in zip(curves, _colours(curves), rows, strict=True):
        if values is not None:
            marker = "o" if np.count_nonzero(np.isfinite(values)) == 1 else None
            lines += axes.plot(curve.x, values, color=colour, marker=marker, **look)
    return lines


def _draw_solution(axes: Axes, curves: Sequence[Curve], view: View) -> None:
    """Solutions as broad lines, exact ones as dashes on top, and a legend that tells them apart."""
    handles = _lines(axes, curves, [curve.values["solution"] for curve in curves], lw=3.0, alpha=SOLID)
    for line, curve in zip(handles, curves, strict=True):
        line.set_label(caption(curve.title) if len(curves) > 1 else "solution")
    dashes = [
        axes.plot(curve.x, curve.values["exact"], color=INK, lw=1.0, ls=(0, (4, 3)), label=literal(view.truth))[0]
        for curve in curves
        if "exact" in curve.values
    ]
    axes.legend(handles=[*handles, *dashes[:1]], loc="upper left", bbox_to_anchor=(1.01, 1.03), borderaxespad=0.0)
    axes.set_ylabel(symbol(view.quantity))
    if finite(*(curve.values["solution"] for curve in curves)).size == 0:
        note(axes, "no finite values")


def _draw_error(axes: Axes, curves: Sequence[Curve]) -> None:
    """Sizes of the errors on a logarithmic scale; sign changes are dips, cut at a millionth of the largest."""
    sizes = [np.abs(curve.values["error"]) if "error" in curve.values else None for curve in curves]
    known = [size for size in sizes if size is not None]
    axes.set_ylabel("|error|")
    limits = decades(*known, depth=6.0)
    if limits is None:
        axes.set_yticks([])
        note(axes, "zero everywhere" if finite(*known).size else "no finite values")
        return
    axes.set_yscale("log", nonpositive="mask")
    room = (limits[1] / limits[0]) ** 0.04
    axes.set_ylim(limits[0] / room, limits[1] * room)
    set_decades(axes.yaxis, *limits, count=5)
    _lines(axes, curves, [None if size is None else np.where(size > 0.0, size, np.nan) for size in sizes], lw=1.2)


def _draw_residual(axes: Axes, curves: Sequence[Curve]) -> None:
    """Signed residuals about a line at zero."""
    values = [curve.values.get("residual") for curve in curves]
    scale = diverging(np.concatenate([known for known in values if known is not None]), count=4)
    axes.set_ylabel("residual")
    if scale is None:
        axes.set_yticks([])
        note(axes, "no finite values")
        return
    axes.set_ylim(1.08 * scale.low, 1.08 * scale.high)
    set_linear(axes.yaxis, scale)
    factor = power_of_ten(scale.exponent)
    axes.set_ylabel(f"residual\n{factor}" if factor else "residual")
    axes.axhline(0.0, color=SOFT, lw=0.7)
    _lines(axes, curves, values, lw=1.0)


def _by_label(curves: Sequence[Curve]) -> dict[str, list[Curve]]:
    """Curves of one axis together, in the order given."""
    return {
        label: [curve for curve in curves if curve.label == label] for label in dict.fromkeys(c.label for c in curves)
    }


def _draw_group(column: np.ndarray, rows: Sequence[str], curves: Sequence[Curve], view: View) -> None:
    """All rows of one column."""
    draw = {
        "solution": lambda axes: _draw_solution(axes, curves, view),
        "error": lambda axes: _draw_error(axes, curves),
        "residual": lambda axes: _draw_residual(axes, curves),
    }
    low, high = min(curve.x[0] for curve in curves), max(curve.x[-1] for curve in curves)
    for axes, row in zip(column, rows, strict=True):
        soften(axes)
        axes.tick_params(length=2.5, labelbottom=axes is column[-1])
        if any(row in curve.values for curve in curves):
            draw[row](axes)
        else:
            note(axes, "not known")
        if high > low:
            axes.set_xlim(low, high)
    column[-1].set_xlabel(symbol(curves[0].label))
    if len(curves) == 1 and curves[0].title:
        column[0].set_title(caption(curves[0].title))


@styled
def curves_figure(view: View) -> Figure:
    """The curves of a view: solution (line) and exact (dashes), |error| in a logarithmic scale, and residual.

    Curves along one axis share axes, one colour each, named in the legend: moments in time, or parallel cuts. Curves
    along another axis stand in a column of their own.

    Raises:
        ValueError: when the view has no curve.
    """
    if not view.curves:
        raise ValueError(f"curves of {view.name}: expected at least one curve, got none; draw its panels instead")
    groups = _by_label(view.curves)
    rows = [row for row in HEIGHTS if any(row in curve.values for curve in view.curves)]
    heights = [HEIGHTS[row] for row in rows]
    figure = new_figure(6.6 * len(groups), sum(heights) + 0.7)
    grid = figure.subplots(len(rows), len(groups), squeeze=False, sharex="col", height_ratios=heights)
    for index, curves in enumerate(groups.values()):
        _draw_group(grid[:, index], rows, curves, view)
    figure.align_ylabels()
    figure.suptitle(title_of(view))
    return figure
