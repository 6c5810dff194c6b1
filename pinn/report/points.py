"""Collocation points: where the equation and each condition were asked to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pinn.report.style import MARKERS, PALETTE, is_time, literal, new_figure, note, shortened, styled, symbol
from pinn.report.views import Points

MOST = 5000
"""Dots drawn at most: more only fill the page."""


def thin(groups: Mapping[str, np.ndarray], most: int = MOST) -> dict[str, np.ndarray]:
    """At most `most` points in all, small groups whole and large ones sharing the rest evenly.

    The choice is random with a fixed seed: a regular stride would draw lattices into a Sobol sequence.
    """
    sizes = sorted((len(points), name) for name, points in groups.items())
    left, share = most, {}
    for index, (size, name) in enumerate(sizes):
        share[name] = min(size, left // (len(sizes) - index))
        left -= share[name]
    random = np.random.default_rng(0)
    return {
        name: points[np.sort(random.choice(len(points), share[name], replace=False))] for name, points in groups.items()
    }


def _count(name: str, drawn: int, total: int) -> str:
    """The legend of a group: its name, how many points it has, and how many of them are drawn."""
    # A condition on many parts has a name that would leave no room for the picture.
    return f"{literal(shortened(name))} ({total if drawn == total else f'{drawn} of {total}'})"


def _look(index: int, size: int) -> dict[str, Any]:
    """Small pale dots for the first group (the interior), larger and stronger ones on top for the conditions."""
    colour, marker = PALETTE[index % len(PALETTE)], MARKERS[(index // len(PALETTE) + index) % len(MARKERS)]
    if index == 0:
        area = 5.0 if size > 1500 else 8.0
        return {"color": colour, "s": area, "alpha": 0.5, "linewidths": 0.0, "marker": "o"}
    return {"color": colour, "s": 11.0, "alpha": 0.9, "linewidths": 0.0, "marker": marker, "zorder": 2.0 + 0.01 * index}


def _strips(points: Points) -> Figure:
    """One axis: a strip a group, named on the left."""
    drawn = thin(points.groups)
    figure = new_figure(6.6, 0.95 + 0.42 * max(len(drawn), 1))
    axes = figure.subplots()
    for index, (name, group) in enumerate(drawn.items()):
        axes.scatter(
            group[:, 0],
            np.full(len(group), -index),
            label=name,
            **(_look(index, len(group)) | {"marker": "|"} | {"s": 90.0, "linewidths": 0.9}),
        )
    axes.set_yticks(
        [-index for index in range(len(drawn))],
        labels=[_count(name, len(drawn[name]), len(group)) for name, group in points.groups.items()],
    )
    axes.set_ylim(-len(drawn) + 0.4, 0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0.0)
    axes.set_xlabel(symbol(points.axes[0]))
    return figure


def _plane(axes: Axes, points: Points, drawn: Mapping[str, np.ndarray], pair: tuple[int, int]) -> None:
    """The points seen along all axes but two."""
    across, up = pair
    for index, (name, group) in enumerate(drawn.items()):
        label = _count(name, len(group), len(points.groups[name]))
        axes.scatter(group[:, across], group[:, up], label=label, **_look(index, len(group)))
    axes.set_xlabel(symbol(points.axes[across]))
    axes.set_ylabel(symbol(points.axes[up]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=2.5)
    axes.locator_params(nbins=5)
    axes.margins(0.04)
    if not any(is_time(points.axes[axis]) for axis in pair):
        axes.set_aspect("equal", adjustable="datalim")


def _planes(points: Points, pairs: Sequence[tuple[int, int]]) -> Figure:
    """Projections side by side, with one legend outside them."""
    drawn = thin(points.groups)
    width = 3.9 if len(pairs) == 1 else 2.9
    figure = new_figure(width * len(pairs) + 1.9, width * 0.95 + 0.4)
    row = figure.subplots(1, len(pairs), squeeze=False)[0]
    for axes, pair in zip(row, pairs, strict=True):
        _plane(axes, points, drawn, pair)
    handles, labels = row[0].get_legend_handles_labels()
    if handles:
        corner: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.02, 1.02), "borderaxespad": 0.0}
        legend = row[-1].legend(handles, labels, markerscale=1.6, handletextpad=0.3, **corner)
        for handle in legend.legend_handles:
            if handle is not None:
                handle.set_alpha(1.0)
    return figure


@styled
def points_figure(points: Points, *, name: str = "") -> Figure:
    """Where the points of each group lie: strips for one axis, a plane for two, three projections for three.

    With more than three axes the first two are drawn. At most 5000 dots in all.

    Args:
        points: the groups.
        name: the problem, for the title.

    Raises:
        ValueError: when there is no axis.
    """
    dimension = len(points.axes)
    if dimension == 0:
        raise ValueError("points: expected at least one axis, got none")
    if dimension == 1:
        figure = _strips(points)
    else:
        figure = _planes(points, [(0, 1), (0, 2), (1, 2)] if dimension == 3 else [(0, 1)])
    if not any(len(group) for group in points.groups.values()):
        note(figure.axes[0], "no points")
    figure.suptitle(f"{literal(name)}:  collocation points" if name else "Collocation points")
    return figure
