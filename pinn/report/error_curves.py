"""The work-precision picture: true error over seconds and over evaluations or steps, one curve a method or a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from pinn.report.scales import set_decades
from pinn.report.style import INK, MARKERS, PALETTE, SOFT, literal, new_figure, note, soften, styled

DASHES = ("-", (0, (5, 1.6)), (0, (1.4, 1.3)), (0, (6, 1.4, 1.2, 1.4)))
"""Lines of the members of a family, in order."""

LIGHTEN = (0.0, 0.35, 0.0, 0.5)
"""How far each of them is mixed with white."""

FAINT = "#c4c4c4"
"""Lines of curves that have no name."""

_FAINTEST = 1e-17  # what a logarithmic axis shows of an error of zero


@dataclass(frozen=True)
class ErrorCurve:
    """How the error of one method falls.

    Args:
        name: of the method.
        family: methods of one family share a colour and a marker.
        seconds: `[k]`, of work done.
        errors: `[k]`, after that work.
        evaluations: `[k]`, of the objective; `None` where the word has no meaning, as for a direct solver.
        reference: drawn in black, heavier and under the others: what the rest is measured by.
        quiet: drawn thin and grey, with no name: one of many beside those that matter.
    """

    name: str
    family: str
    seconds: np.ndarray
    errors: np.ndarray
    evaluations: np.ndarray | None = None
    reference: bool = False
    quiet: bool = False

    def __post_init__(self) -> None:
        columns = [self.seconds, self.errors, *([] if self.evaluations is None else [self.evaluations])]
        lengths = {len(column) for column in columns}
        if len(lengths) != 1:
            raise ValueError(f"{self.name}: expected columns of one length; got {sorted(lengths)}")


@dataclass(frozen=True)
class _Look:
    colour: tuple[float, float, float]
    marker: str
    dashes: object
    width: float


_Key = tuple[str, str]  # family and name


def _looks(curves: Sequence[ErrorCurve]) -> dict[_Key, _Look]:
    """A look for each name: colour and marker by the family, dashes and shade by the place in it. Where there is one
    family, colour and marker are by the place.
    """
    families: dict[tuple[str, bool], list[str]] = {}
    for curve in curves:
        members = families.setdefault((curve.family, curve.reference), [])
        if not curve.quiet and curve.name not in members:
            members.append(curve.name)
    alone = sum(not reference for _, reference in families) == 1
    looks, taken = {}, 0
    for (family, reference), members in families.items():
        for place, name in enumerate(members):
            index, shade = (place, place // len(PALETTE)) if alone else (taken, place)
            looks[family, name] = _look(index, shade, reference=reference)
        taken += 0 if reference else 1
    return looks


def _look(index: int, shade: int, *, reference: bool) -> _Look:
    """Colour and marker by their places in the palettes, dashes and lightness by another."""
    markers = [marker for marker in MARKERS if marker != "P"]
    base, marker = (INK, "P") if reference else (PALETTE[index % len(PALETTE)], markers[index % len(markers)])
    white = LIGHTEN[shade % len(LIGHTEN)]
    red, green, blue = (part + white * (1.0 - part) for part in to_rgb(base))
    return _Look((red, green, blue), marker, DASHES[shade % len(DASHES)], 2.1 if reference else 1.5)


def _drawable(across: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Points `[n, 2]` with positive finite coordinates; an error of zero is drawn at the bottom."""
    at = np.column_stack([across, np.maximum(errors, _FAINTEST)]).astype(np.float64)
    return at[np.all(np.isfinite(at), axis=1) & (at[:, 0] > 0.0)]


def _draw(axes: Axes, at: np.ndarray, curve: ErrorCurve, look: _Look) -> None:
    """The line, markers spread evenly along it, and a larger one at its end."""
    layer = 2.0 if curve.reference else 3.0
    few = len(at) <= 12
    (line,) = axes.plot(at[:, 0], at[:, 1], color=look.colour, lw=look.width, label=curve.name, zorder=layer)
    line.set(ls=look.dashes, marker=look.marker, markersize=4.0, markevery=1 if few else 0.14)
    if not few:
        axes.plot(*at[-1], look.marker, color=look.colour, markersize=6.5, mec="white", mew=0.6, zorder=layer)


def _draw_quietly(axes: Axes, at: np.ndarray) -> None:
    """A thin line, or a dot where there is only a point."""
    axes.plot(at[:, 0], at[:, 1], color=FAINT, lw=0.8, marker="." if len(at) == 1 else None, zorder=1.8)


def _scales(axes: Axes, at: np.ndarray, label: str) -> None:
    """Logarithmic axes with some room around all points `[n, 2]`."""
    axes.set_xscale("log")
    axes.set_xlabel(label)
    soften(axes)
    axes.tick_params(which="both", length=2.5)
    if not len(at):
        note(axes, "nothing measured")
        return
    room = 1.25
    axes.set_xlim(at[:, 0].min() / room, at[:, 0].max() * room)
    axes.xaxis.set_major_locator(LogLocator(base=10.0, numticks=12))
    axes.xaxis.set_major_formatter(FuncFormatter(_short))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _short(value: float, _: object) -> str:
    """`0.01`, `1`, `100`, and from ten thousand on a power of ten."""
    return f"{value:g}" if value < 1e4 else rf"$\mathdefault{{10^{{{round(np.log10(value))}}}}}$"


def _error_scale(axes: Axes, errors: np.ndarray) -> None:
    axes.set_yscale("log")
    if len(errors):
        low, high = errors.min() / 2.0, errors.max() * 2.0
        axes.set_ylim(low, high)
        set_decades(axes.yaxis, low, high, count=14)


def _legend(figure: Figure, curves: Sequence[ErrorCurve], looks: Mapping[_Key, _Look]) -> None:
    """All methods under the headings of their families, to the right of the panels."""
    entries: list[Line2D] = []
    named = [curve for curve in curves if not curve.quiet]
    for family in dict.fromkeys(curve.family for curve in named):
        entries.append(Line2D([], [], ls="", label=literal(family), gid="heading"))
        for name in dict.fromkeys(curve.name for curve in named if curve.family == family):
            look = looks[family, name]
            entry = Line2D([], [], color=look.colour, lw=look.width, label=literal(name))
            entry.set(ls=look.dashes, marker=look.marker, markersize=4.0)
            entries.append(entry)
    if len(named) < len(curves):
        entries.append(Line2D([], [], color=FAINT, lw=0.8, label=f"{len(curves) - len(named)} more"))
    legend = figure.legend(handles=entries, loc="outside right center", handlelength=4.2, labelspacing=0.35)
    for entry, text in zip(entries, legend.get_texts(), strict=True):
        text.set_fontweight("bold" if entry.get_gid() == "heading" else "normal")


@styled
def work_precision_figure(
    curves: Sequence[ErrorCurve],
    *,
    title: str = "",
    subtitle: str = "",
    quantity: str = "relative L2 error",
    across: str = "evaluations of the objective",
) -> Figure:
    """True error over seconds of training (left) and over evaluations of the objective (right), all axes logarithmic.

    Colour and marker tell the family of a method, dashes and shade the method; a reference is black. Where all are of
    one family, colour and marker tell the method. Several curves of one family and name, such as those of several
    seeds, share one look and one entry of the legend. Points that are not positive and finite are left out, as are
    curves without evaluations on the right.

    Args:
        curves: in the order of the legend.
        title: of the figure.
        subtitle: in small letters below it.
        quantity: what falls, where it is not the true error.
        across: what `evaluations` count, where they are something else.

    Raises:
        ValueError: no curve.
    """
    if not curves:
        raise ValueError("work-precision picture: expected at least one curve; got none")
    figure = new_figure(9.6, 4.7)
    left, right = figure.subplots(1, 2, sharey=True)
    looks = _looks(curves)
    for axes, label, column in (
        (left, "time [s]", [curve.seconds for curve in curves]),
        (right, across, [curve.evaluations for curve in curves]),
    ):
        drawn = [
            (curve, _drawable(along, curve.errors))
            for curve, along in zip(curves, column, strict=True)
            if along is not None
        ]
        drawn = [(curve, at) for curve, at in drawn if len(at)]
        _scales(axes, np.concatenate([at for _, at in drawn] or [np.empty((0, 2))]), label)
        for curve, at in drawn:
            if curve.quiet:
                _draw_quietly(axes, at)
            else:
                _draw(axes, at, curve, looks[curve.family, curve.name])
    left.set_ylabel(quantity)
    _error_scale(left, np.concatenate([_drawable(curve.seconds, curve.errors)[:, 1] for curve in curves]))
    right.tick_params(labelleft=False)
    figure.align_xlabels()
    _legend(figure, curves, looks)
    figure.suptitle(literal(title) or "Error against work")
    if subtitle:
        figure.supxlabel(literal(subtitle), fontsize=8.5, color=SOFT)
    return figure
