"""The common look: fonts, colours that colour-blind readers tell apart, and how symbols and numbers are written."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pinn.files import replacing
from pinn.report.views import View

DPI = 150

INK = "#1a1a1a"
SOFT = "#6b6b6b"
OUTSIDE = "#dcdcdc"
"""Ground of a map where the field is not defined: darker than the white centre of a diverging palette."""

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6D3B", "#7F4FC9")
"""Okabe and Ito (2008), the yellow and the black replaced by a brown and a violet that hold on white."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"

STYLE: dict[str, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "mathtext.fontset": "cm",
    "axes.titlesize": 10.0,
    "axes.labelsize": 10.0,
    "axes.titlepad": 7.0,
    "axes.edgecolor": "#8c8c8c",
    "axes.linewidth": 0.7,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "text.color": INK,
    "xtick.color": "#8c8c8c",
    "ytick.color": "#8c8c8c",
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "figure.titlesize": 11.5,
    "figure.titleweight": "bold",
    "figure.facecolor": "white",
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.0,
    "image.cmap": SEQUENTIAL,
}

P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """The same function under the common look, whatever the caller's matplotlib settings are; they are left alone."""

    @wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(STYLE)  # type: ignore[arg-type]
            return draw(*args, **kwargs)

    return inner


def new_figure(width: float, height: float, *, compressed: bool = False) -> Figure:
    """An empty figure in inches on an Agg canvas, its layout solved so that texts keep clear of each other.

    Args:
        width: inches.
        height: inches.
        compressed: pull axes of a fixed aspect together.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, layout="compressed" if compressed else "constrained")
    FigureCanvasAgg(figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(w_pad=0.06, h_pad=0.06, wspace=0.03, hspace=0.03)  # type: ignore[call-arg]
    return figure


@styled
def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure as PNG at 150 dots an inch, whole or not at all.

    A layout with more axes than fit is drawn as it comes; that is a matter of looks, not a warning to a person.
    """
    with replacing(path) as stream, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        figure.savefig(stream, format="png", dpi=DPI)
    return Path(path)


def symbol(label: str) -> str:
    """A label as it is set: a lone letter in italics, units and words upright; `x [m]` becomes `$x$ [m]`."""
    name, gap, unit = label.partition(" ")
    if re.fullmatch(r"[A-Za-z]", name) and (not gap or unit.startswith(("[", "("))):
        return f"${name}${gap}{unit}"
    return label


def caption(title: str) -> str:
    """What is held fixed, as it is set: `z = -0.25` with the letter in italics and a true minus sign."""
    italic = re.sub(r"(?<![A-Za-z$])([A-Za-z])(?= = )", r"$\1$", title)
    return re.sub(r"(?<= )-(?=[\d.])", "\N{MINUS SIGN}", italic)


def literal(text: str) -> str:
    """Text that is shown as it is, with no mathematics between dollar signs."""
    return text.replace("$", r"\$")


def shortened(text: str, most: int = 28) -> str:
    """A text of at most so many characters: the beginning and the end of one that is longer."""
    if len(text) <= most:
        return text
    begin = (2 * most) // 3
    return f"{text[: begin - 1]}\N{HORIZONTAL ELLIPSIS}{text[begin - most :]}"


def title_of(view: View) -> str:
    """The problem and the quantity, and how good a reference is where that is what they are compared with."""
    known = f"   ({literal(view.truth)}, good to {view.accuracy:.0e})" if view.accuracy else ""
    return f"{literal(view.name)}:  {symbol(view.quantity)}{known}"


def is_time(label: str) -> bool:
    """Whether a label names time rather than a length: `t`, `t [s]`, `time`."""
    return label.partition(" ")[0] in {"t", "time", "Time"}


def power_of_ten(exponent: int) -> str:
    """A factor as text: `×10⁻⁶` in mathematical type, nothing for one."""
    return rf"$\times 10^{{{exponent}}}$" if exponent else ""


def soften(axes: Axes) -> None:
    """Leave the frame of a plot of lines open at the top and the right, and rule it lightly."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, which="major")


def note(axes: Axes, text: str) -> None:
    """A quiet sentence in the middle of axes that have nothing to show."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=SOFT, fontsize=9.0)
