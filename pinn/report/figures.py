"""All figures of one run, in one call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pinn.report.curves import curves_figure
from pinn.report.history import history_figure
from pinn.report.maps import maps_figure
from pinn.report.points import points_figure
from pinn.report.style import save_figure
from pinn.report.views import History, Points, View


def file_name(kind: str, quantity: str) -> str:
    """The name of a picture: `maps_u.png`; what a file system may not take becomes an underscore."""
    return f"{kind}_{re.sub(r'[^A-Za-z0-9.-]+', '_', quantity.partition(' ')[0]).strip('_.') or 'field'}.png"


def save_figures(
    view: View | Sequence[View], points: Points | None, history: History | None, folder: str | Path
) -> list[Path]:
    """Draw everything that a run has to show into `folder/figures/`, at 150 dots an inch.

    Args:
        view: one view a component of the field (one alone may stand without a list).
        points: the collocation points, or `None`.
        history: the records of the training, or `None`.
        folder: the run folder; `figures/` is created in it.

    Returns:
        The files written: `maps_<quantity>.png` for views with panels, `curves_<quantity>.png` for views with curves,
        `points.png`, `history.png`. Each is written whole or not at all.
    """
    views = [view] if isinstance(view, View) else list(view)
    name = views[0].name if views else ""
    target = Path(folder) / "figures"
    written = [save_figure(maps_figure(v), target / file_name("maps", v.quantity)) for v in views if v.panels]
    written += [save_figure(curves_figure(v), target / file_name("curves", v.quantity)) for v in views if v.curves]
    if points is not None:
        written.append(save_figure(points_figure(points, name=name), target / "points.png"))
    if history is not None:
        written.append(save_figure(history_figure(history, name=name), target / "history.png"))
    return written
