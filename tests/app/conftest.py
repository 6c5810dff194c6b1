"""Settings of the tests of the command: pictures are made but not painted, which would take a third of a run; and a
solution for all that is done with one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from app_runs import Drift
from matplotlib.figure import Figure

from pinn.app.solution import Solution
from pinn.app.solve import solve
from pinn.fields import Mlp
from pinn.solvers import Adam, Constant
from pinn.training import Sampling


def _unpainted(figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{len(figure.axes)} axes", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def quick_pictures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that look at pictures are marked so, and get real ones."""
    if request.node.get_closest_marker("pictures") is None:
        monkeypatch.setattr("pinn.report.figures.save_figure", _unpainted)


@pytest.fixture(scope="session")
def flow() -> Solution:
    """A solution of two components, a velocity, in the plane and time, hardly trained."""
    few = Sampling(interior=16, boundary=8, initial=4)
    return solve(Drift(), Mlp(width=4, depth=1), Adam(learning_rate=Constant(0.05), max_steps=2), sampling=few)
