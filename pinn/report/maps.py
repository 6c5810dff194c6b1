"""Maps over two axes: solution, exact solution, error and residual side by side, one row a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pinn.report.scales import Scale, diverging, sequential
from pinn.report.style import (
    DIVERGING,
    OUTSIDE,
    SEQUENTIAL,
    caption,
    is_time,
    literal,
    new_figure,
    note,
    power_of_ten,
    styled,
    symbol,
    title_of,
)
from pinn.report.views import QUANTITIES, Panel, View

BAR = 0.85
"""Inches that a colour bar takes with its texts."""


@dataclass(frozen=True)
class _Cell:
    """Inches of one map, and whether a length has the same size on both of its axes."""

    width: float
    height: float
    equal: bool

    @property
    def ticks(self) -> int:
        """How many tick texts fit along the height without crowding."""
        return int(np.clip(self.height / 0.32, 2, 6))

    @property
    def ticks_across(self) -> int:
        """How many intervals between tick texts fit along the width."""
        return int(np.clip(self.width / 0.7, 1, 4))


def _cell(panel: Panel) -> _Cell:
    """The size of a map of this panel: true to scale for two lengths, unless that would make a thread of it."""
    wide, high = np.ptp(panel.x), np.ptp(panel.y)
    lengths = not any(is_time(label) for label in panel.labels)
    if not lengths or min(wide, high) <= 0.2 * max(wide, high):
        return _Cell(2.35, 2.1, equal=False)
    ratio = float(high / wide)
    width = min(2.35, 3.0 / ratio)
    return _Cell(width, width * ratio, equal=True)


def _edges(centres: np.ndarray) -> np.ndarray:
    """Cell borders `[n + 1]` halfway between the coordinates, the outer ones on the outer coordinates."""
    if centres.size == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    return np.concatenate([centres[:1], 0.5 * (centres[1:] + centres[:-1]), centres[-1:]])


def _is_even(axis: np.ndarray) -> bool:
    """Whether the coordinates have one spacing, to a thousandth of it."""
    steps = np.diff(axis)
    return bool(steps.size > 0 and np.ptp(steps) <= 1e-3 * steps.mean())


def _paint(axes: Axes, x: np.ndarray, y: np.ndarray, values: np.ma.MaskedArray, look: Mapping[str, Any]) -> Any:
    """Values as colours: interpolated on an even grid, one flat cell a value on any other.

    Pixels are centred at the coordinates, so the image reaches half a step beyond them and the limits cut it back.
    Interpolation loses values with a neighbour outside the domain: flat pixels under it keep them in sight.
    """
    if not (_is_even(x) and _is_even(y)):
        return axes.pcolormesh(_edges(x), _edges(y), values, **look)
    limits = axes.get_xlim(), axes.get_ylim()
    dx, dy = 0.5 * (x[1] - x[0]), 0.5 * (y[1] - y[0])
    extent = (x[0] - dx, x[-1] + dx, y[0] - dy, y[-1] + dy)
    layers = ("nearest", "bilinear") if np.ma.is_masked(values) else ("bilinear",)
    for layer in layers:
        image = axes.imshow(values, origin="lower", extent=extent, interpolation=layer, aspect="auto", **look)
    axes.set(xlim=limits[0], ylim=limits[1])
    return image


def _scales(panel: Panel, count: int) -> dict[str, Scale | None]:
    """A scale for each quantity: one for solution and exact together, one centred at zero for error and residual."""
    values = panel.values
    common = sequential(*(values[key] for key in ("solution", "exact") if key in values), count=count)
    own = {key: diverging(values[key], count=count) for key in ("error", "residual") if key in values}
    return {key: own.get(key, common) for key in values}


def _colour_bar(axes: Axes, mesh: Any, scale: Scale) -> None:
    """A bar as tall as its map, ticked in units that its label names."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    inset = axes.inset_axes((1.04, 0.0, 0.055, 1.0))
    bar = figure.colorbar(mesh, cax=inset, extend=scale.extend, extendfrac=0.04)
    bar.set_ticks(list(scale.ticks), labels=list(scale.texts))
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.6)
    bar.ax.tick_params(length=2.5, pad=2.0)
    if scale.exponent:
        bar.set_label(power_of_ten(scale.exponent), rotation=90, labelpad=3.0)


def _map(axes: Axes, panel: Panel, key: str, scale: Scale | None, *, bar: bool) -> None:
    """One quantity of a panel as coloured cells."""
    axes.set_facecolor(OUTSIDE)
    axes.set_xlim(*_edges(panel.x)[[0, -1]])
    axes.set_ylim(*_edges(panel.y)[[0, -1]])
    if scale is None:
        note(axes, "no finite values")
        return
    palette = colormaps[DIVERGING if key in ("error", "residual") else SEQUENTIAL].copy()
    look = {"cmap": palette, "vmin": scale.low, "vmax": scale.high, "rasterized": True}
    mesh = _paint(axes, panel.x, panel.y, np.ma.masked_invalid(panel.values[key]), look)
    if bar:
        _colour_bar(axes, mesh, scale)


def _heading(key: str, view: View) -> str:
    """The title of a column: the quantity in words, and as a formula where it has a short symbol."""
    words = literal(view.truth) if key == "exact" else key
    sign = symbol(view.quantity.partition(" ")[0])
    if not sign.startswith("$"):
        return words
    letter = sign.strip("$")
    formula = {"solution": letter, "exact": rf"{letter}^\ast", "error": rf"{letter} - {letter}^\ast"}.get(key)
    return f"{words}  ${formula}$" if formula else words


def _frame(axes: Axes, panel: Panel, cell: _Cell, *, first: bool, last: bool) -> None:
    """Axis labels, only along the outer sides of the grid, and the aspect."""
    if cell.equal:
        axes.set_aspect("equal")
    axes.tick_params(length=2.5, labelleft=first, labelbottom=last)
    axes.locator_params(axis="x", nbins=cell.ticks_across)
    axes.locator_params(axis="y", nbins=max(min(cell.ticks, 4), 2))
    if first:
        axes.set_ylabel(symbol(panel.labels[1]))
    if last:
        axes.set_xlabel(symbol(panel.labels[0]))


def _name_row(axes: Axes, title: str) -> None:
    """What the row holds fixed, outside the vertical label."""
    axes.annotate(
        caption(title),
        xy=(0.0, 0.5),
        xycoords=axes.yaxis.label,
        xytext=(-7.0, 0.0),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="center",
        fontsize=11.0,
    )


def _has_bar(key: str, keys: list[str]) -> bool:
    """Solution and exact share one bar, beside the exact solution."""
    return not (key == "solution" and "exact" in keys)


@styled
def maps_figure(view: View) -> Figure:
    """The panels of a view as a grid of maps: a row each, and a column for each quantity that is known.

    Solution and exact solution share one colour scale a row. Error and residual are signed, on a palette whose white
    centre is zero. Two lengths are drawn to scale. Ground that is not the domain (NaN) is grey.

    Raises:
        ValueError: when the view has no panel.
    """
    if not view.panels:
        raise ValueError(f"maps of {view.name}: expected at least one panel, got none; draw its curves instead")
    keys = [key for key in QUANTITIES if any(key in panel.values for panel in view.panels)]
    cells = [_cell(panel) for panel in view.panels]
    bars = sum(_has_bar(key, keys) for key in keys)
    figure = new_figure(
        max(len(keys) * max(cell.width for cell in cells) + bars * BAR + 0.95, 3.6),
        sum(cell.height + 0.22 for cell in cells) + 0.95,
        compressed=any(cell.equal for cell in cells),
    )
    grid = figure.subplots(len(cells), len(keys), squeeze=False, height_ratios=[cell.height for cell in cells])
    alike = len({(panel.labels, panel.x[0], panel.x[-1]) for panel in view.panels}) == 1
    for row, (panel, cell) in enumerate(zip(view.panels, cells, strict=True)):
        scales = _scales(panel, cell.ticks)
        for column, key in enumerate(keys):
            axes = grid[row, column]
            if key not in panel.values:
                axes.set_axis_off()
                continue
            _map(axes, panel, key, scales[key], bar=_has_bar(key, list(panel.values)))
            _frame(axes, panel, cell, first=column == 0, last=not alike or row == len(cells) - 1)
        if panel.title:
            _name_row(grid[row, 0], panel.title)
    for axes, key in zip(grid[0], keys, strict=True):
        axes.set_title(_heading(key, view))
    figure.suptitle(title_of(view))
    return figure
