"""Texts beside points, placed so that none covers another or a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.path import Path
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from pinn.report.style import SOFT

DISTANCES = (6.0, 14.0, 24.0, 38.0)
"""Points (1/72 inch) from a dot to its text, tried from near to far; beyond the first a thin line ties the two."""

DIRECTIONS = ((1, 0), (-1, 0), (1, 1), (-1, -1), (-1, 1), (1, -1), (0, 1), (0, -1))
"""Sides of a dot, tried in this order: right, left, the corners, above, below."""

_ALIGN_X = {1: "left", -1: "right", 0: "center"}
_ALIGN_Y = {1: "bottom", -1: "top", 0: "center"}


@dataclass
class _Ground:
    """What is taken, in pixels: boxes of dots and curves, boxes of texts, and the lines that tie texts to dots."""

    frame: Bbox
    marks: np.ndarray
    texts: list[Bbox] = field(default_factory=list)
    ties: list[Path] = field(default_factory=list)

    def is_free(self, box: Bbox, tie: Path) -> bool:
        """Whether a text may stand there: inside, on nothing, and its line under no other text."""
        x0, y0, x1, y1 = box.extents
        inside = self.frame.x0 <= x0 and x1 <= self.frame.x1 and self.frame.y0 <= y0 and y1 <= self.frame.y1
        left, low, right, high = self.marks.T
        return (
            inside
            and not np.any((left < x1) & (right > x0) & (low < y1) & (high > y0))
            and not any(box.overlaps(other) or tie.intersects_bbox(other) for other in self.texts)
            and not any(other.intersects_bbox(box) for other in self.ties)
        )


def _candidates() -> list[tuple[float, float, int, int]]:
    """All offsets in points with the side they lie on, `(dx, dy, across, up)`."""
    return [
        (distance * across * (0.6 if up else 1.0), distance * up * (0.6 if across else 1.0), across, up)
        for distance in DISTANCES
        for across, up in DIRECTIONS
    ]


def _annotate(axes: Axes, text: str, at: tuple[float, float], size: float) -> Annotation:
    """A text tied to a point in data coordinates by a thin line, outside the layout."""
    annotation = axes.annotate(
        text,
        at,
        (0.0, 0.0),
        textcoords="offset points",
        fontsize=size,
        zorder=6,
        annotation_clip=False,
        arrowprops={"arrowstyle": "-", "color": SOFT, "lw": 0.5, "shrinkA": 0.0, "shrinkB": 3.0},
    )
    annotation.set_in_layout(False)
    return annotation


def _find_place(annotation: Annotation, dot: np.ndarray, renderer: RendererAgg, ground: _Ground) -> bool:
    """Move the text to the first free place and claim it; whether there was one."""
    for index, (dx, dy, across, up) in enumerate(_candidates()):
        annotation.set(position=(dx, dy), ha=_ALIGN_X[across], va=_ALIGN_Y[up])
        annotation.update_positions(renderer)
        box = Text.get_window_extent(annotation, renderer).padded(2.0)
        nearest = np.clip(dot, box.min, box.max)
        tie = Path([dot, nearest])
        if ground.is_free(box, tie):
            if annotation.arrow_patch is not None:
                annotation.arrow_patch.set_visible(index >= len(DIRECTIONS))
            ground.texts.append(box)
            ground.ties.append(tie)
            return True
    return False


def place_labels(
    axes: Axes, points: np.ndarray, texts: Sequence[str], *, obstacles: np.ndarray | None = None, size: float = 8.0
) -> list[bool]:
    """Write each text near its point where it covers neither another text, nor a point, nor the frame.

    Greedy, in the order given: the first free one of 32 places near the point is taken. Texts that find none are left
    out. The layout of the figure is settled first, so limits and sizes must be final.

    Args:
        axes: where the points are.
        points: data coordinates `[n, 2]` of the points to be named.
        texts: n names.
        obstacles: data coordinates `[k, 2]` of all points that no text may cover; those named when left out.
        size: of the letters, in points.

    Returns:
        For each text whether it was written.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    renderer = cast(FigureCanvasAgg, figure.canvas).get_renderer()
    radius = 3.0 * figure.dpi / 72.0
    marks = axes.transData.transform(points if obstacles is None else obstacles)
    ground = _Ground(axes.get_window_extent(renderer), np.hstack([marks - radius, marks + radius]))
    written = []
    for at, dot, text in zip(points, axes.transData.transform(points), texts, strict=True):
        annotation = _annotate(axes, text, (float(at[0]), float(at[1])), size)
        found = _find_place(annotation, dot, renderer, ground)
        if not found:
            annotation.remove()
        written.append(found)
    return written
