"""How training went: the loss and its terms against steps, the loss and the true error against seconds."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pinn.report.scales import decades, set_decades
from pinn.report.style import INK, PALETTE, SOFT, literal, new_figure, note, soften, styled
from pinn.report.views import History

ERROR_COLOUR = PALETTE[1]
TERM_COLOURS = tuple(colour for colour in PALETTE if colour != ERROR_COLOUR)
LOSS, ERROR = "loss", "relative L2 error"


def stages(history: History) -> list[tuple[str, int, int]]:
    """The runs of equal stage names as `(name, first row, last row)`, in order; none without a column of stages."""
    names = history.columns.get("stage", np.empty(0, dtype=np.str_))
    if names.size == 0:
        return []
    starts = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1).tolist(), names.size]
    return [(str(names[first]), first, last - 1) for first, last in pairwise(starts)]


def _line(axes: Axes, across: np.ndarray, values: np.ndarray, **look: object) -> None:
    """The positive finite values as a line; as dots where they are few."""
    drawn = np.isfinite(values) & (values > 0.0) & np.isfinite(across)
    marker = "o" if np.count_nonzero(drawn) <= 40 else None
    axes.plot(across[drawn], values[drawn], marker=marker, markersize=3.5, **look)  # type: ignore[arg-type]


def _mark_stages(axes: Axes, across: np.ndarray, history: History) -> bool:
    """A thin line where a stage begins, and the names above the plot where there is room; whether all had room."""
    low, high = axes.get_xlim()
    named = True
    for index, (name, first, last) in enumerate(stages(history)):
        start = across[first] if index else low
        end = across[min(last + 1, across.size - 1)] if last + 1 < across.size else high
        if index:
            axes.axvline(start, color=SOFT, lw=0.9, ls=(0, (3, 2)), zorder=1.5, gid="stage")
        if (end - start) / (high - low) < 0.02 + 0.018 * len(name):
            named = False
            continue
        axes.annotate(
            literal(name), (0.5 * (start + end), 1.0), (0.0, 4.0), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", ha="center", va="bottom", color=SOFT, fontsize=9.0, style="italic",
        )  # fmt: skip
    return named


def _title(name: str, history: History, *, named: bool) -> str:
    """The title of the figure; it lists the stages where the plot has no room for their names."""
    order = list(dict.fromkeys(stage for stage, _, _ in stages(history)))
    by = "" if named or len(order) > 4 else f" by {literal(', then '.join(order))}"
    return f"{literal(name)}:  training{by}" if name else f"Training{by}"


def _draw(axes: Axes, across: np.ndarray, series: Mapping[str, tuple[np.ndarray, Mapping[str, object]]]) -> None:
    """Named series on a logarithmic axis of whole decades."""
    soften(axes)
    axes.tick_params(length=2.5)
    axes.locator_params(axis="x", nbins=5)
    limits = decades(*(values for values, _ in series.values()), depth=100.0)
    if limits is None:
        axes.set_yticks([])
        note(axes, "no positive values")
    else:
        axes.set_yscale("log", nonpositive="mask")
        room = (limits[1] / limits[0]) ** 0.03
        axes.set_ylim(limits[0] / room, limits[1] * room)
        set_decades(axes.yaxis, *limits, count=7)
    for name, (values, look) in series.items():
        _line(axes, across, values, label=name, **look)
    known = across[np.isfinite(across)]
    if known.size and known.max() > known.min():
        room = 0.015 * np.ptp(known)
        axes.set_xlim(known.min() - room, known.max() + room)


@styled
def history_figure(history: History, *, name: str = "") -> Figure:
    """Left: the loss and each of its terms against steps. Right: the loss and the true error against seconds.

    Both in a logarithmic scale, with a dashed line where a solver hands over to the next. Zeros, NaN and missing
    columns are left out; a single row is a dot.

    Args:
        history: the records.
        name: the problem, for the title.
    """
    columns = history.columns
    total = (columns["loss"], {"color": INK, "lw": 1.3, "zorder": 3.0})
    left: dict[str, tuple[np.ndarray, Mapping[str, object]]] = {
        literal(term): (values, {"color": TERM_COLOURS[index % len(TERM_COLOURS)], "lw": 1.0})
        for index, (term, values) in enumerate(history.terms.items())
    }
    right: dict[str, tuple[np.ndarray, Mapping[str, object]]] = {LOSS: total}
    if "error" in columns:
        right[ERROR] = (columns["error"], {"color": ERROR_COLOUR, "lw": 1.8, "zorder": 4.0})
    figure = new_figure(9.2, 4.0)
    steps, seconds = figure.subplots(1, 2)
    named = True
    for axes, across, series, label in (
        (steps, columns["step"], {LOSS: total, **left}, "step"),
        (seconds, columns["seconds"], right, "time [s]"),
    ):
        _draw(axes, across, series)
        named = _mark_stages(axes, across, history) and named
        axes.set_xlabel(label)
    lines = (line for axes in (steps, seconds) for line in axes.get_lines() if line.get_gid() is None)
    handles = {line.get_label(): line for line in lines if np.size(line.get_xdata())}
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=min(len(handles), 5))
    figure.suptitle(_title(name, history, named=named))
    return figure
