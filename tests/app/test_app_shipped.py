"""Every shipped problem runs from its options to a folder that can be loaded; every kind of picture has ink."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from app_runs import DATA_FILES, files, settings, summary_of
from matplotlib.image import imread

from pinn.app.build import problem_from
from pinn.app.locate import conf_folder
from pinn.app.messages import SOLVED
from pinn.app.run import run
from pinn.app.solution import load
from pinn.problems import Problem
from pinn.training import Event

SHIPPED = {path.stem: path for path in sorted((conf_folder() / "problem").glob("*.yaml"))}


def shipped(name: str) -> dict[str, Any]:
    """The options of a problem in `conf/`."""
    options = yaml.safe_load(SHIPPED[name].read_text(encoding="utf-8"))
    assert isinstance(options, dict)
    return options


def kind_of_pictures(problem: Problem) -> tuple[object, ...]:
    """What decides how a problem is drawn: curves, maps, slices, snapshots, what lies outside, and what is unknown."""
    shape = problem.domain
    in_space = getattr(shape, "space", shape)
    drawn = min(len(shape.space_axes), 3)
    return drawn, shape.time_axis is not None, type(in_space), problem.components, problem.exact is None


# One problem of each kind; painting takes as long as all the rest of such a run.
PAINTED = frozenset({kind_of_pictures(problem_from(shipped(name))): name for name in reversed(SHIPPED)}.values())
EACH = [pytest.param(name, marks=pytest.mark.pictures if name in PAINTED else ()) for name in SHIPPED]


# A reference that goes through all of the time takes half a minute for what is usual, and a second for this.
SHORT = {"heat_long_time": {"duration": 4.0}}


@pytest.mark.parametrize("name", EACH)
def test_every_shipped_problem_runs_from_end_to_end(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinn.app.bench.VALIDATION_POINTS", 2**10)
    for count in ("_GRID", "_SLICE_GRID"):
        monkeypatch.setattr(f"pinn.app.views.{count}", 41)  # of points an axis
    events: list[Event] = []
    # Penalties compile several times faster than exact conditions, which have tests of their own.
    config = settings("", conditions="penalty") | {"problem": shipped(name) | SHORT.get(name, {})}
    assert run(config, tmp_path, events.append) == SOLVED
    assert capsys.readouterr().out.startswith(name)
    assert (events[-1].step, events[-1].steps_planned, events[-1].stage) == (3, 3, "adam")

    found, loaded = summary_of(tmp_path), load(tmp_path)
    assert (found["problem"], found["steps"]) == (name, 3)
    # Three steps do not solve anything, nor do they leave every scale.
    if not loaded.evaluator.known:
        assert (found["errors"], found["verdict"]) == (None, "no reference")
    else:
        assert 0 < found["errors"]["relative_l2"] < 100
        assert events[-1].error == pytest.approx(found["errors"]["relative_l2"], rel=0.2)  # on fewer points
    with np.load(tmp_path / "solution.npz") as arrays:
        np.testing.assert_array_equal(loaded(arrays["points"]), arrays["value"])
        assert loaded.problem.domain.inside(arrays["points"]).all()

    axes = loaded.problem.domain.space_axes
    kinds = ["curves"] if len(axes) == 1 else ["maps"]
    if len(axes) == 1 and loaded.problem.domain.time_axis is not None:
        kinds = ["curves", "maps"]
    drawn = {f"figures/{kind}_{name}.png" for kind in kinds for name in loaded.problem.quantities}
    assert files(tmp_path) == DATA_FILES | drawn
    check = assert_painted if name in PAINTED else assert_made
    for figure in (tmp_path / "figures").iterdir():
        check(figure)


def assert_made(figure: Path) -> None:
    """A picture that was made but not painted says how many axes it has."""
    assert int(figure.read_text(encoding="utf-8").split()[0]) > 0, figure.name


def assert_painted(figure: Path) -> None:
    """More than a blank page: some ink, some paper."""
    pixels = imread(figure)
    assert min(pixels.shape[:2]) > 200, figure.name
    assert 0.01 < (pixels[..., :3].min(axis=-1) < 0.9).mean() < 0.95, figure.name
