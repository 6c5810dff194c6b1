"""A domain before anything is solved on it: its parts with their names, its points, and places worth a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pinn.report.style import INK, MARKERS, PALETTE, SOFT, is_time, literal, new_figure, styled, symbol

_MOST_NAMED = 16  # parts in the legend
_DOTS: dict[str, Any] = {"s": 3.0, "color": "#b9b9b9", "linewidths": 0.0, "zorder": 1.0}
_MARK: dict[str, Any] = {"s": 90.0, "facecolors": "none", "edgecolors": INK, "linewidths": 1.3, "zorder": 6.0}


@dataclass(frozen=True, eq=False)
class Domain:
    """What there is to draw of a domain.

    Args:
        name: of the problem, for the title.
        axes: names of the d coordinates, 1 to 3.
        interior: points inside, `[n, d]`.
        parts: points of each part of the boundary by its name, `[k, d]`.
        conditions: what holds on each part, in a few words; empty where nothing does.
        marks: places that are ringed, `[r, d]`.
    """

    name: str
    axes: tuple[str, ...]
    interior: np.ndarray
    parts: Mapping[str, np.ndarray]
    conditions: Mapping[str, str] = field(default_factory=dict)
    marks: np.ndarray = field(default_factory=lambda: np.zeros((0, 1)))


@styled
def domain_figure(domain: Domain) -> Figure:
    """A line for one axis, a plane for two, a scatter of the boundary for three; each part in a colour of its own.

    Raises:
        ValueError: more than three axes, which no picture shows.
    """
    draw = {1: _line, 2: _plane, 3: _space}.get(len(domain.axes))
    if draw is None:
        raise ValueError(f"domain: expected 1 to 3 axes to draw, got {len(domain.axes)}: {', '.join(domain.axes)}")
    figure = draw(domain)
    figure.suptitle(f"{literal(domain.name)}:  domain and conditions")
    return figure


def _look(index: int, area: float) -> dict[str, Any]:
    colour, marker = PALETTE[index % len(PALETTE)], MARKERS[index // len(PALETTE) % len(MARKERS)]
    return {"color": colour, "s": area, "marker": marker, "linewidths": 0.0, "zorder": 3.0}


def _label(domain: Domain, part: str) -> str:
    return f"{literal(part)}: {literal(domain.conditions.get(part) or 'nothing')}"


def _scattered(axes: Axes, domain: Domain, columns: Any, area: float = 9.0) -> None:
    """The points of every part, and rings around the marks; `columns` turns points into arguments of `scatter`."""
    for index, (name, points) in enumerate(domain.parts.items()):
        axes.scatter(*columns(points), label=_label(domain, name), **_look(index, area))
    if len(domain.marks):
        axes.scatter(*columns(domain.marks), label="see the table", **_MARK)


def _legend(figure: Figure, axes: Axes, place: Any = "outside right upper", scale: float = 1.6) -> None:
    """All parts, or the first ones and how many more there are."""
    handles, labels = axes.get_legend_handles_labels()
    more = len(handles) - _MOST_NAMED
    if more > 0:
        handles = [*handles[:_MOST_NAMED], Line2D([], [], linestyle="none")]
        labels = [*labels[:_MOST_NAMED], f"and {more} more"]
    figure.legend(handles, labels, loc=place, markerscale=scale)


def _line(domain: Domain) -> Figure:
    """One axis: the interior as a line, its ends on it."""
    figure = new_figure(6.6, 2.0)
    axes = figure.subplots()
    axes.scatter(domain.interior[:, 0], np.zeros(len(domain.interior)), **_DOTS)
    _scattered(axes, domain, lambda points: (points[:, 0], np.zeros(len(points))), area=45.0)
    axes.set_yticks([])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(symbol(domain.axes[0]))
    _legend(figure, axes, place="outside lower left", scale=1.0)
    return figure


def _plane(domain: Domain) -> Figure:
    figure = new_figure(6.4, 4.2)
    axes = figure.subplots()
    axes.scatter(domain.interior[:, 0], domain.interior[:, 1], **_DOTS)
    _scattered(axes, domain, lambda points: (points[:, 0], points[:, 1]))
    axes.set_xlabel(symbol(domain.axes[0]))
    axes.set_ylabel(symbol(domain.axes[1]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.locator_params(nbins=5)
    axes.margins(0.04)
    if not any(is_time(axis) for axis in domain.axes):
        axes.set_aspect("equal", adjustable="box")
    _legend(figure, axes)
    return figure


def _space(domain: Domain) -> Figure:
    """Three axes: the boundary alone, since points inside would hide it."""
    figure = new_figure(6.8, 4.8)
    axes: Any = figure.add_subplot(projection="3d")
    _scattered(axes, domain, lambda points: (points[:, 0], points[:, 1], points[:, 2]))
    for name, axis in zip("xyz", domain.axes, strict=True):
        getattr(axes, f"set_{name}label")(symbol(axis))
        getattr(axes, f"{name}axis").set_pane_color((1.0, 1.0, 1.0, 0.0))
    axes.tick_params(labelsize=7.0, colors=SOFT)
    axes.locator_params(nbins=4)
    if not any(is_time(axis) for axis in domain.axes):
        axes.set_aspect("equal")
    _legend(figure, axes)
    return figure
