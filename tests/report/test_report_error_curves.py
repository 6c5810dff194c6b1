"""The work-precision picture shows the curves that it is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from pinn.report import ErrorCurve, save_figure, work_precision_figure
from pinn.report.style import INK

SECONDS = np.array([0.1, 1.0, 10.0])
ERRORS = np.array([1e-1, 1e-4, 1e-6])
STEPS = np.array([10.0, 100.0, 1000.0])
MANY = np.geomspace(1.0, 100.0, 40)
CURVES = [
    ErrorCurve("order 2", "classical", SECONDS, ERRORS, reference=True),
    ErrorCurve("bfgs", "quasi-Newton", SECONDS * 2, ERRORS, STEPS),
    ErrorCurve("lbfgs", "quasi-Newton", SECONDS * 3, ERRORS, STEPS),
    ErrorCurve("bfgs", "quasi-Newton", SECONDS * 4, ERRORS, STEPS),  # another seed
    ErrorCurve("adam $5", "first order", MANY, 1.0 / MANY, MANY),
    ErrorCurve("odd", "first order", np.array([0.0, 1.0, np.nan]), np.array([1e-1, 0.0, 1e-3]), np.full(3, np.nan)),
]


def lines(axes, name: str) -> list[Line2D]:
    return [line for line in axes.get_lines() if line.get_label() == name]


@pytest.mark.pictures
def test_the_picture_shows_its_curves_by_seconds_and_by_evaluations(tmp_path: Path) -> None:
    figure = work_precision_figure(CURVES, title="a $title", subtitle="2 cores")
    left, right = figure.axes
    assert all(axes.get_xscale() == axes.get_yscale() == "log" for axes in (left, right))
    np.testing.assert_array_equal(lines(left, "lbfgs")[0].get_xydata(), np.column_stack([SECONDS * 3, ERRORS]))
    np.testing.assert_array_equal(lines(right, "lbfgs")[0].get_xydata(), np.column_stack([STEPS, ERRORS]))
    assert len(lines(left, "bfgs")) == 2
    assert lines(left, "order 2")
    assert not lines(right, "order 2")  # a direct solver evaluates no objective
    np.testing.assert_array_equal(lines(left, "odd")[0].get_xydata(), [[1.0, 1e-17]])  # zero is drawn at the bottom
    assert not lines(right, "odd")
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert entries == ["classical", "order 2", "quasi-Newton", "bfgs", "lbfgs", "first order", r"adam \$5", "odd"]
    assert save_figure(figure, tmp_path / "picture.png").stat().st_size > 10_000


def test_looks_tell_families_and_their_members_apart() -> None:
    left, _ = work_precision_figure(CURVES).axes
    look = {
        name: (to_rgb(line.get_color()), line.get_marker(), line.get_linestyle())
        for name in ("order 2", "bfgs", "lbfgs", "adam $5")
        for line in lines(left, name)[:1]
    }
    assert look["order 2"][0] == to_rgb(INK)
    assert look["bfgs"][1] == look["lbfgs"][1] != look["adam $5"][1]
    assert len(set(look.values())) == 4
    first, again = lines(left, "bfgs")
    assert first.get_color() == again.get_color()


def test_columns_of_different_lengths_and_no_curves_are_refused() -> None:
    with pytest.raises(ValueError, match=r"bfgs: expected columns of one length; got \[2, 3\]"):
        ErrorCurve("bfgs", "quasi-Newton", SECONDS, ERRORS[:2])
    with pytest.raises(ValueError, match="at least one curve"):
        work_precision_figure([])


def test_where_there_is_one_family_colours_tell_its_members_and_quiet_curves_have_no_name() -> None:
    curves = [ErrorCurve(f"width={w}", "adam", SECONDS * w, ERRORS, STEPS, quiet=w == 4) for w in (1, 2, 3, 4)]
    figure = work_precision_figure(curves, quantity="loss", across="steps")
    left, right = figure.axes
    assert (left.get_ylabel(), right.get_xlabel()) == ("loss", "steps")
    named = [lines(left, f"width={w}")[0] for w in (1, 2, 3)]
    assert len({line.get_color() for line in named}) == len({line.get_marker() for line in named}) == 3
    assert not lines(left, "width=4")
    (quiet,) = (line for line in left.get_lines() if line not in named)
    assert quiet.get_linewidth() < named[0].get_linewidth()
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert entries == ["adam", "width=1", "width=2", "width=3", "1 more"]


def test_one_name_in_two_families_has_two_looks() -> None:
    curves = [ErrorCurve("width=8", family, SECONDS, ERRORS, STEPS) for family in ("adam", "bfgs")]
    left, _ = work_precision_figure(curves).axes
    first, second = lines(left, "width=8")
    assert first.get_color() != second.get_color()
