"""The picture of a hyperparameter search: the error of each trial in turn, and over each key that was searched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pinn.report.ranking import number, short_names
from pinn.report.scales import set_decades
from pinn.report.style import INK, PALETTE, SOFT, literal, new_figure, note, soften, styled
from pinn.report.trials import COMPLETE, FAILED, PRUNED, TrialRow, keys_of, ranked

_ACROSS = 3  # panels in a row
_SMALLEST_ERROR = 1e-17
_SPREAD = 0.18  # of trials with the same word beside each other


@styled
def search_figure(
    rows: Sequence[TrialRow], *, importance: Mapping[str, float] | None = None, logarithmic: Sequence[str] = ()
) -> Figure:
    """Above, the error of each trial by its number, with the best so far; below, the error over the values of each key,
    the most important first, dark where the trial was late, and a ring around the best.

    Args:
        rows: the trials, in any order.
        importance: of the keys, between 0 and 1.
        logarithmic: keys that are drawn on a logarithmic scale.
    """
    known = importance or {}
    keys = sorted(keys_of(rows), key=lambda key: -known.get(key, 0.0))
    lines = math.ceil(len(keys) / _ACROSS)
    figure = new_figure(8.4, 3.0 + 2.5 * lines)
    grid = figure.add_gridspec(1 + lines, _ACROSS)
    figure.suptitle("Hyperparameter search")
    _draw_history(figure.add_subplot(grid[0, :]), rows)
    names = short_names(keys)
    for place, key in enumerate(keys):
        axes = figure.add_subplot(grid[1 + place // _ACROSS, place % _ACROSS])
        _draw_slice(axes, rows, key, log=key in logarithmic)
        share = f"   importance {known[key]:.2f}" if key in known else ""
        axes.set_title(f"{literal(names[key])}{share}", fontsize=9.0)
        if place % _ACROSS == 0:
            axes.set_ylabel("relative L2 error")
    return figure


def _draw_history(axes: Axes, rows: Sequence[TrialRow]) -> None:
    """Dots by state, and the staircase of the best so far."""
    axes.set_xlabel("trial")
    axes.set_ylabel("relative L2 error")
    soften(axes)
    complete, pruned = _with_error(rows, COMPLETE), _with_error(rows, PRUNED)
    _error_scale(axes, [*complete, *pruned])
    last = max((row.number for row in rows), default=0)
    axes.set_xlim(-0.02 * last - 0.5, 1.02 * last + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if not complete and not pruned:
        axes.set_yticks([])
        note(axes, "no trial has a true error")
    _dots(axes, pruned, color=SOFT, marker="x", label="pruned")
    _dots(axes, complete, color=PALETTE[0], marker="o", label="complete")
    if complete:
        best = np.minimum.accumulate([_error(row) for row in complete])
        numbers = [row.number for row in complete]
        axes.step([*numbers, last], [*best, best[-1]], where="post", color=INK, lw=1.0, label="best so far")
    failed = [row.number for row in rows if row.state == FAILED]
    if failed:
        axes.plot(
            failed, np.full(len(failed), 0.03), "|", color=PALETTE[1], ms=9, mew=1.5,
            transform=axes.get_xaxis_transform(), label="failed",
        )  # fmt: skip
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), borderaxespad=0.0)


def _dots(axes: Axes, rows: Sequence[TrialRow], *, color: str, marker: str, label: str) -> None:
    if rows:
        axes.plot([r.number for r in rows], [_error(r) for r in rows], ls="", marker=marker, color=color, label=label)


def _draw_slice(axes: Axes, rows: Sequence[TrialRow], key: str, *, log: bool) -> None:
    """Error over the values of one key."""
    soften(axes)
    shown = [row for row in _with_error(rows, COMPLETE) if key in row.values]
    if not shown:
        axes.set_axis_off()
        note(axes, "no complete trial")
        return
    _error_scale(axes, shown)
    across = _across(axes, shown, key, log=log)
    late = np.array([row.number for row in shown])
    axes.scatter(across, [_error(r) for r in shown], c=late, cmap="Blues", vmin=late.min() - 0.6 * max(1, np.ptp(late)),
                 s=24, edgecolor="white", lw=0.5, zorder=3)  # fmt: skip
    best = shown.index(ranked(shown)[0])
    axes.scatter(across[best], _error(shown[best]), s=90, facecolor="none", edgecolor=PALETTE[1], lw=1.4, zorder=4)


def _across(axes: Axes, rows: Sequence[TrialRow], key: str, *, log: bool) -> np.ndarray:
    """Where each trial stands: at its number, or by its word, beside the others with the same word."""
    values = [row.values[key] for row in rows]
    numbers = np.array([number(value) for value in values])
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        if log:
            axes.set_xscale("log")
        elif all(isinstance(value, int) for value in values):
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        return numbers
    words = sorted({str(value) for value in values}, key=lambda word: (number(word), word))
    axes.set_xticks(range(len(words)), [literal(word) for word in words])
    axes.set_xlim(-0.6, len(words) - 0.4)
    golden = (math.sqrt(5) - 1) / 2
    aside = np.array([_SPREAD * (2 * (row.number * golden % 1) - 1) for row in rows])
    return np.array([words.index(str(value)) for value in values]) + aside


def _error_scale(axes: Axes, rows: Sequence[TrialRow]) -> None:
    """A logarithmic scale with room for the errors."""
    if not rows:
        return
    errors = [_error(row) for row in rows]
    low, high = min(errors), max(errors)
    room = max((high / low) ** 0.1, 1.5)
    axes.set_yscale("log")
    axes.set_ylim(low / room, high * room)
    if high / low > 20:
        set_decades(axes.yaxis, low / room, high * room, count=6)


def _with_error(rows: Sequence[TrialRow], state: str) -> list[TrialRow]:
    """Those in a state whose error is known, by number."""
    return sorted((r for r in rows if r.state == state and math.isfinite(r.error)), key=lambda row: row.number)


def _error(row: TrialRow) -> float:
    return max(row.error, _SMALLEST_ERROR)
