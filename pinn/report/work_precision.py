"""The picture of a sweep: true error against seconds, each run a dot, what was varied told by names or by colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from pinn.report.placement import place_labels
from pinn.report.ranking import Row, frontier, is_measured, number, rank, short_names, varied
from pinn.report.scales import set_decades
from pinn.report.style import MARKERS, PALETTE, SOFT, literal, new_figure, note, soften, styled

NAMED = 12
"""Up to this many runs each carries its name; more are told apart by colour and marker."""

BEST = 3
"""How many of the best runs are named among many."""

SMALLEST_ERROR = 1e-17
"""Errors of zero are drawn here, a tenth of the distance between float64 numbers near one."""

SHORTEST_TIME = 1e-3
"""Seconds at which faster runs are drawn."""

VERDICTS = {"pass": (PALETTE[0], "o"), "fail": (PALETTE[1], "X"), "other": (SOFT, "o")}


@dataclass(frozen=True)
class _Code:
    """How the values of one override are drawn: the key, its values in order, and a look for each."""

    key: str
    values: tuple[str, ...]
    looks: tuple[object, ...]

    def look(self, row: Row) -> object:
        return self.looks[self.values.index(str(row.get(self.key)))]


def _values(rows: Sequence[Row], key: str) -> tuple[str, ...]:
    """The different values of an override, in numerical order where all are numbers."""
    values = list(dict.fromkeys(str(row.get(key)) for row in rows))
    numeric = all(np.isfinite(number(value)) for value in values)
    return tuple(sorted(values, key=number) if numeric else sorted(values))


def _coded(rows: Sequence[Row]) -> tuple[_Code | None, _Code | None]:
    """The overrides that become colour and marker: the first two with few values; seeds are repeats and come last."""
    keys = sorted(varied(rows), key=lambda key: key.rsplit(".", 1)[-1] == "seed")
    few = [(key, _values(rows, key)) for key in keys]
    few = [(key, values) for key, values in few if len(values) <= len(MARKERS)]
    colour = marker = None
    if few:
        key, values = few[0]
        ordered = all(np.isfinite(number(value)) for value in values)
        shades = colormaps["viridis"](np.linspace(0.0, 0.88, len(values))) if ordered else PALETTE
        colour = _Code(key, values, tuple(shades[index] for index in range(len(values))))
    if len(few) > 1:
        key, values = few[1]
        marker = _Code(key, values, MARKERS[: len(values)])
    return colour, marker


def _positions(rows: Sequence[Row]) -> np.ndarray:
    """Seconds and errors `[n, 2]`, within what a logarithmic scale can show."""
    seconds = [max(number(row.get("seconds")), SHORTEST_TIME) for row in rows]
    errors = [max(number(row.get("relative_l2")), SMALLEST_ERROR) for row in rows]
    return np.column_stack([seconds, errors]).astype(np.float64).reshape(-1, 2)


def _with_room(values: np.ndarray, least: float) -> tuple[float, float]:
    """Limits about positive values, an eighth of their logarithmic range beyond them and at least a factor `least`."""
    low, high = float(values.min()), float(values.max())
    room = max((high / low) ** 0.125, least)
    return low / room, high * room


def _axes_limits(axes: Axes, at: np.ndarray) -> None:
    """Room on all sides, ticks of the error at powers of ten, of a short time also at 2 and 5 times these."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    first, last = _with_room(at[:, 0], 1.35)
    axes.set_xlim(first, last)
    low, high = _with_room(at[:, 1], 4.0)
    axes.set_ylim(low, high)
    set_decades(axes.yaxis, low, high, count=7)
    wide = last / first > 100.0
    axes.xaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(LogLocator(base=10.0, subs=(2.0, 5.0), numticks=40) if wide else NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(which="both", length=2.5)
    axes.set_xlabel("time [s]")
    axes.set_ylabel("relative L2 error")
    soften(axes)


def _draw_frontier(axes: Axes, at: np.ndarray) -> np.ndarray:
    """A quiet staircase through the runs that no other beats; points `[k, 2]` along it, which texts keep clear of."""
    front = at[frontier(at[:, 0], at[:, 1])]
    label = "frontier" if len(front) > 1 else "_frontier"
    axes.step(front[:, 0], front[:, 1], where="post", color=SOFT, lw=1.0, ls=(0, (4, 2)), zorder=1.5, label=label)
    corners = np.column_stack([front[1:, 0], front[:-1, 1]])
    path = np.empty((2 * len(front) - 1, 2))
    path[::2], path[1::2] = front, corners
    pieces = [np.geomspace(a, b, 80) for a, b in pairwise(path)]
    return np.concatenate([at, *pieces])


def _name(row: Row, names: Mapping[str, str]) -> str:
    """A run by its varied overrides: `width=16, seed=0`; those that it does not have are left out."""
    return literal(", ".join(f"{short}={row[key]}" for key, short in names.items() if key in row)) or "run"


def _draw_dots(axes: Axes, rows: Sequence[Row], at: np.ndarray, codes: tuple[_Code | None, _Code | None]) -> None:
    """The runs as dots, by their codes, or by their verdict where nothing is coded."""
    colour, marker = codes
    for row, (x, y) in zip(rows, at, strict=True):
        shade, shape = VERDICTS.get(str(row.get("verdict")), VERDICTS["other"])
        face = shade if colour is None else colour.look(row)
        form = shape if colour is None else "o" if marker is None else marker.look(row)
        axes.plot(x, y, ls="", marker=form, markersize=6.5, mfc=face, mec="white", mew=0.6, zorder=3)


def _handle(label: str, colour: object, marker: object) -> Line2D:
    """An entry of a legend that shows a dot."""
    return Line2D([], [], ls="", marker=marker, color=colour, markersize=6.0, label=label)  # type: ignore[arg-type]


def _heading(label: str) -> Line2D:
    """An entry of a legend that is only a heading."""
    return Line2D([], [], ls="", label=label, gid="heading")


def _code_handles(codes: tuple[_Code | None, _Code | None], names: Mapping[str, str]) -> list[Line2D]:
    """The entries that explain colours, then markers, each under the name of its override."""
    colour, marker = codes
    handles = []
    if colour is not None:
        handles.append(_heading(literal(names[colour.key])))
        handles += [_handle(literal(v), look, "o") for v, look in zip(colour.values, colour.looks, strict=True)]
    if marker is not None:
        handles.append(_heading(literal(names[marker.key])))
        handles += [_handle(literal(v), SOFT, look) for v, look in zip(marker.values, marker.looks, strict=True)]
    return handles


def _verdict_handles(rows: Sequence[Row]) -> list[Line2D]:
    """The entries for the verdicts that occur."""
    present = [verdict for verdict in VERDICTS if any(str(row.get("verdict")) == verdict for row in rows)]
    return [_handle(verdict, *VERDICTS[verdict]) for verdict in present]


def _legend(axes: Axes, handles: Sequence[Line2D]) -> None:
    """One legend outside the axes; the frontier last, where there is more than one run on it."""
    entries = [*handles, *(line for line in axes.get_lines() if line.get_label() == "frontier")]
    corner: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.02, 1.02), "borderaxespad": 0.0}
    legend = axes.legend(handles=entries, handletextpad=0.5, **corner)
    for entry, text in zip(entries, legend.get_texts(), strict=True):
        text.set_fontweight("bold" if entry.get_gid() == "heading" else "normal")


def _draw_few(axes: Axes, rows: Sequence[Row], at: np.ndarray, taken: np.ndarray, names: Mapping[str, str]) -> None:
    """Each run with its name beside it; where they do not all fit, numbers and a list outside."""
    _draw_dots(axes, rows, at, (None, None))
    verdicts = _verdict_handles(rows)
    _legend(axes, verdicts)
    texts = [_name(row, names) for row in rows]
    if all(place_labels(axes, at, texts, obstacles=taken)):
        return
    for text in list(axes.texts):
        text.remove()
    places = [_handle(f"{place}  {text}", "none", "") for place, text in enumerate(texts, start=1)]
    _legend(axes, [*verdicts, *places])
    place_labels(axes, at, [str(place) for place in range(1, len(rows) + 1)], obstacles=taken)


def _draw_many(axes: Axes, rows: Sequence[Row], at: np.ndarray, taken: np.ndarray, names: Mapping[str, str]) -> None:
    """Colours and markers for two overrides, explained outside, and names for the best runs only."""
    codes = _coded(rows)
    _draw_dots(axes, rows, at, codes)
    _legend(axes, _code_handles(codes, names) or _verdict_handles(rows))
    place_labels(axes, at[:BEST], [_name(row, names) for row in rows[:BEST]], obstacles=taken)


@styled
def comparison_figure(rows: Sequence[Row], *, title: str = "") -> Figure:
    """True error against seconds in logarithmic scales, with the frontier of the runs that no other beats.

    Up to a dozen runs carry their names. More are told apart by colour and marker, explained outside the axes, and the
    three best are named. Runs without a true error or a time are counted in the title, not drawn.

    Args:
        rows: as in `rank`.
        title: of the figure; a general one when left empty.
    """
    shown = [row for row in rank(rows) if is_measured(row) and np.isfinite(number(row.get("seconds")))]
    figure = new_figure(8.4, 4.8)
    axes = figure.subplots()
    figure.suptitle(literal(title) or "Error against time")
    missing = len(rows) - len(shown)
    counted = "1 run" if len(shown) == 1 else f"{len(shown)} runs"
    counted += f", {missing} without a true error not drawn" if missing else ""
    axes.set_title(counted, fontsize=9.0, color=SOFT)
    if not shown:
        axes.set_axis_off()
        note(axes, "no run has a true error")
        return figure
    names = short_names(varied(rows))
    at = _positions(shown)
    _axes_limits(axes, at)
    taken = _draw_frontier(axes, at)
    draw = _draw_few if len(shown) <= NAMED else _draw_many
    draw(axes, shown, at, taken, names)
    return figure
