"""Settings of the tests of the command: pictures are made but not painted, which would take a third of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure


def _unpainted(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{len(figure.axes)} axes", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def quick_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that look at pictures are marked so, and get real ones."""
    if request.node.get_closest_marker("pictures") is None:
        monkeypatch.setattr("pinn.report.figures.save_figure", _unpainted)
