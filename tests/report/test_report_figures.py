"""Figures hold the right artists, scales that mean what they say, and texts that keep clear of each other."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import report_cases as cases
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from pinn.report import (
    Curve,
    History,
    Panel,
    Points,
    View,
    comparison_figure,
    curves_figure,
    domain_figure,
    history_figure,
    maps_figure,
    points_figure,
    save_figure,
    save_figures,
)
from pinn.report.history import stages
from pinn.report.points import MOST, thin
from pinn.report.style import new_figure

MAPS = {
    **{name: make for name, make in cases.VIEWS.items() if make().panels},
    **{
        f"map: {name}": (lambda values=values: cases.degenerate_panel(values))
        for name, values in cases.degenerate_values((6, 7)).items()
    },
}
CURVES = {
    **{name: make for name, make in cases.VIEWS.items() if make().curves},
    **{
        f"curve: {name}": (lambda values=values: cases.degenerate_curve(values))
        for name, values in cases.degenerate_values((40,)).items()
    },
}
FIGURES: dict[str, Callable[[], Figure]] = {
    **{f"maps of {name}": (lambda make=make: maps_figure(make())) for name, make in MAPS.items()},
    **{f"curves of {name}": (lambda make=make: curves_figure(make())) for name, make in CURVES.items()},
    **{
        f"points of {name}": (lambda make=make: points_figure(make(), name="poisson_2d"))
        for name, make in cases.POINTS.items()
    },
    **{f"domain of {name}": (lambda make=make: domain_figure(make())) for name, make in cases.DOMAINS.items()},
    **{
        f"history of {name}": (lambda make=make: history_figure(make(), name="poisson_2d"))
        for name, make in cases.HISTORIES.items()
    },
    **{f"sweep of {name}": (lambda make=make: comparison_figure(make())) for name, make in cases.SWEEPS.items()},
}


def drawn_texts(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, np.ndarray]]:
    """Every text that reaches the canvas, with its corners `(x0, y0, x1, y1)` in pixels."""
    seen: list[Text] = []
    draw = Text.draw

    def record(self: Text, renderer: object) -> None:
        if self.get_visible() and self.get_text():
            seen.append(self)
        draw(self, renderer)

    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", record)
        figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    return [(text.get_text(), Text.get_window_extent(text, renderer).extents) for text in dict.fromkeys(seen)]


@pytest.mark.parametrize("name", FIGURES)
def test_texts_neither_overlap_nor_leave_the_page(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = FIGURES[name]()
    texts = drawn_texts(figure, monkeypatch)
    assert len(texts) >= 2
    width, height = figure.canvas.get_width_height()
    for text, (x0, y0, x1, y1) in texts:
        # Extents are rounded outwards to whole pixels: one pixel is no overhang.
        assert x0 >= -1.0, text
        assert y0 >= -1.0, text
        assert x1 <= width + 1.0, text
        assert y1 <= height + 1.0, text
    for (one, a), (other, b) in combinations(texts, 2):
        # The same rounding on both sides.
        across, up = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        assert min(across, up) <= 1.0, f"{one!r} and {other!r} overlap by {across:.0f} x {up:.0f} pixels"


def test_the_overlap_check_sees_an_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = maps_figure(cases.square())
    figure.text(0.5, 0.5, "one")
    figure.text(0.5, 0.5, "two")
    boxes = dict(drawn_texts(figure, monkeypatch))
    assert boxes["one"][0] < boxes["two"][2]
    assert boxes["two"][0] < boxes["one"][2]


def images(figure: Figure) -> dict[str, Axes]:
    """The axes of the first row of maps by the first word of their title."""
    return {axes.get_title().split(" ")[0]: axes for axes in figure.axes if axes.get_title()}


def limits(axes: Axes) -> tuple[float, float]:
    return axes.images[0].get_clim()


@pytest.mark.parametrize("name", ["square", "annulus", "slices", "snapshots", "heat", "tall"])
def test_maps_share_and_centre_their_colour_scales(name: str) -> None:
    view = cases.VIEWS[name]()
    figure = maps_figure(view)
    maps = images(figure)
    assert list(maps) == ["solution", "exact", "error", "residual"]
    assert len(figure.axes) == 4 * len(view.panels)
    values = view.panels[0].values
    both = np.stack([values["solution"], values["exact"]])
    assert limits(maps["solution"]) == limits(maps["exact"]) == (np.nanmin(both), np.nanmax(both))
    for key in ("error", "residual"):
        low, high = limits(maps[key])
        assert -low == high == np.nanmax(np.abs(values[key]))
        assert maps[key].images[0].get_cmap().name == "RdBu_r"


def test_solution_and_exact_have_one_bar_and_the_others_one_each() -> None:
    maps = images(maps_figure(cases.square()))
    assert [len(maps[key].child_axes) for key in ("solution", "exact", "error", "residual")] == [0, 1, 1, 1]
    assert [len(axes.child_axes) for axes in images(maps_figure(cases.without_exact())).values()] == [1, 1]


def test_bar_texts_times_the_factor_are_the_ticks() -> None:
    bar = images(maps_figure(cases.square()))["error"].child_axes[0]
    assert bar.get_ylabel() == r"$\times 10^{-6}$"
    texts = [float(text.get_text().replace("\N{MINUS SIGN}", "-")) for text in bar.get_yticklabels()]
    # The texts are decimal, the ticks binary: they agree to a few units of float64 round-off.
    np.testing.assert_allclose(np.array(texts) * 1e-6, bar.get_yticks(), rtol=1e-12, atol=1e-20)
    assert 0.0 in texts


@pytest.mark.parametrize(
    ("name", "aspect", "labels"),
    [
        ("square", 1.0, ("$x$", "$y$")),
        ("without exact", 1.0, ("$x$ [m]", "$y$ [m]")),
        ("heat", "auto", ("$x$", "$t$")),
    ],
)
def test_lengths_are_drawn_to_scale_and_named(name: str, aspect: object, labels: tuple[str, str]) -> None:
    first = maps_figure(cases.VIEWS[name]()).axes[0]
    assert first.get_aspect() == aspect
    assert (first.get_xlabel(), first.get_ylabel()) == labels


def test_rows_are_named_by_what_they_hold_fixed() -> None:
    figure = maps_figure(cases.slices())
    rows = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert rows == ["$z$ = \N{MINUS SIGN}0.25", "$z$ = 0", "$z$ = 0.25"]


def test_ground_outside_the_domain_is_grey_and_inside_is_painted() -> None:
    view = cases.annulus()
    figure = maps_figure(view)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1]
    axes = images(figure)["solution"]

    def colour(x: float, y: float) -> np.ndarray:
        column, row = axes.transData.transform((x, y)).astype(int)
        return pixels[row, column, :3].astype(int)

    np.testing.assert_array_equal(colour(0.02, 0.02), [0xDC] * 3)
    np.testing.assert_array_equal(colour(0.95, 0.95), [0xDC] * 3)
    assert np.ptp(colour(0.7, 0.02)) > 50  # viridis is far from grey


def test_a_map_paints_a_value_where_it_belongs() -> None:
    # Images and cells round colours to 8 bits in different ways: one level apart.
    x, y = np.linspace(0.0, 1.0, 21), np.linspace(0.0, 1.0, 31)
    values = np.where((x[None, :] > 0.6) & (y[:, None] < 0.3), 1.0, 0.0)
    for even in (True, False):
        across = x if even else x**1.2
        figure = maps_figure(View("p", "u", panels=[Panel("", ("x", "y"), across, y, {"solution": values})]))
        figure.canvas.draw()
        pixels = np.asarray(figure.canvas.buffer_rgba())[::-1]
        axes = figure.axes[0]
        column, row = axes.transData.transform((0.9, 0.1)).astype(int)
        np.testing.assert_allclose(pixels[row, column, :3].astype(int), [0xFD, 0xE7, 0x25], atol=1)  # top of viridis
        column, row = axes.transData.transform((0.1, 0.9)).astype(int)
        np.testing.assert_allclose(pixels[row, column, :3].astype(int), [0x44, 0x01, 0x54], atol=1)  # bottom


def test_a_spike_is_clipped_and_the_bar_says_so() -> None:
    ramp = np.linspace(-1.0, 1.0, 2500).reshape(50, 50)
    spiked = ramp.copy()
    spiked[0, 0] = 1e4
    x = np.linspace(0.0, 1.0, 50)
    figure = maps_figure(View("p", "u", panels=[Panel("", ("x", "y"), x, x, {"solution": ramp, "residual": spiked})]))
    low, high = limits(images(figure)["residual"])
    assert -low == high <= 1.0
    assert images(figure)["residual"].images[0].colorbar.extend == "both"


def test_a_reference_has_its_own_name_and_says_how_good_it_is() -> None:
    view = cases.referred()
    for figure in (curves_figure(view), maps_figure(view)):
        assert figure.get_suptitle() == "heat_1d:  $u$   (Fourier series, good to 4e-08)"
    legend = curves_figure(view).axes[0].get_legend().get_texts()
    assert [text.get_text() for text in legend][-1] == "Fourier series"
    assert maps_figure(view).axes[1].get_title() == r"Fourier series  $u^\ast$"


def test_heat_curves_have_a_colour_a_time_and_dashes_for_the_exact_ones() -> None:
    view = cases.heat()
    solution, error, residual = curves_figure(view).axes
    legend = [text.get_text() for text in solution.get_legend().get_texts()]
    assert legend == ["$t$ = 0", "$t$ = 0.05", "$t$ = 0.1", "$t$ = 0.2", "$t$ = 0.5", "exact"]
    whole = [line for line in solution.get_lines() if line.get_label() != "exact"]
    dashed = [line for line in solution.get_lines() if line.get_label() == "exact"]
    assert len({str(line.get_color()) for line in whole}) == len(view.curves) == len(dashed)
    assert all(line.is_dashed() for line in dashed)
    assert (error.get_yscale(), residual.get_yscale()) == ("log", "linear")
    for line, curve in zip(error.get_lines(), view.curves, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), np.abs(curve.values["error"]))
    assert solution.get_ylabel() == "$u$"
    assert residual.get_xlabel() == "$x$"


def test_curves_along_two_axes_stand_in_two_columns() -> None:
    figure = curves_figure(cases.cuts())
    assert len(figure.axes) == 6
    assert [axes.get_xlabel() for axes in figure.axes[-2:]] == ["$x$ [m]", "$y$ [m]"]
    assert figure.axes[1].get_title() == "$x$ = 0.5"


def test_curves_without_an_exact_solution_have_no_row_for_the_error() -> None:
    x = np.linspace(0.0, 1.0, 9)
    figure = curves_figure(View("p", "u", [Curve("", "x", x, {"solution": x, "residual": x})]))
    assert [axes.get_ylabel() for axes in figure.axes] == ["$u$", "residual"]


def test_an_error_of_zero_is_said_in_words() -> None:
    values = cases.degenerate_values((40,))["constant"]
    error = curves_figure(cases.degenerate_curve(values)).axes[1]
    assert [text.get_text() for text in error.texts] == ["zero everywhere"]


@pytest.mark.parametrize(
    ("name", "axes", "groups"), [("line", 1, 3), ("heat", 1, 4), ("square", 1, 5), ("cube", 3, 3), ("many axes", 1, 2)]
)
def test_points_are_drawn_group_by_group(name: str, axes: int, groups: int) -> None:
    figure = points_figure(cases.POINTS[name]())
    assert len(figure.axes) == axes
    for each in figure.axes:
        assert len(each.collections) == groups
        assert 0 < sum(len(collection.get_offsets()) for collection in each.collections) <= MOST


def test_legend_counts_the_points_and_stands_outside() -> None:
    figure = points_figure(cases.points_square())
    figure.canvas.draw()
    legend = figure.axes[0].get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    sides = [f"dirichlet {side} (60)" for side in ("west", "east", "south", "north")]
    assert texts == ["interior (4760 of 20000)", *sides]
    assert not legend.get_window_extent().overlaps(figure.axes[0].get_window_extent())


def test_a_long_name_leaves_room_for_the_picture() -> None:
    name = "robin_" + "_".join(f"hole_{k}" for k in range(1, 12))
    groups = {"equation": np.random.default_rng(0).random((50, 2)), name: np.zeros((5, 2))}
    figure = points_figure(Points(("x", "y"), groups))
    figure.canvas.draw()
    legend = figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["equation (50)", "robin_hole_1_hole…10_hole_11 (5)"]
    assert figure.axes[0].get_window_extent().width > legend.get_window_extent().width


@pytest.mark.parametrize("sizes", [(20000, 60, 60), (9000, 9000), (10, 0), (1,), (), (2500, 2500)], ids=str)
def test_thinning_keeps_small_groups_whole_and_draws_at_most_5000(sizes: tuple[int, ...]) -> None:
    groups = {str(index): np.arange(size, dtype=np.float64)[:, None] for index, size in enumerate(sizes)}
    kept = thin(groups)
    assert sum(map(len, kept.values())) == min(sum(sizes), MOST)
    for name, points in kept.items():
        assert len(np.unique(points)) == len(points)
        assert np.isin(points, groups[name]).all()
        assert len(points) >= min(len(groups[name]), MOST // len(sizes))


def test_history_draws_what_is_positive_and_known() -> None:
    history = cases.history()
    left, right = history_figure(history).axes
    drawn = {line.get_label(): line for line in left.get_lines() if line.get_gid() is None}
    assert list(drawn) == ["loss", "interior", "dirichlet", "initial"]
    np.testing.assert_array_equal(drawn["loss"].get_ydata(), history.columns["loss"])
    np.testing.assert_array_equal(drawn["loss"].get_xdata(), history.columns["step"])
    error = next(line for line in right.get_lines() if line.get_label() == "relative L2 error")
    known = np.isfinite(history.columns["error"])
    np.testing.assert_array_equal(error.get_ydata(), history.columns["error"][known])
    np.testing.assert_array_equal(error.get_xdata(), history.columns["seconds"][known])
    assert left.get_yscale() == right.get_yscale() == "log"
    assert (left.get_xlabel(), right.get_xlabel()) == ("step", "time [s]")


def test_what_a_history_does_not_know_is_not_in_its_legend() -> None:
    columns = cases.history(adam=30, lbfgs=20).columns
    nothing = np.full(50, np.nan)
    figure = history_figure(History({**columns, "error": nothing, "loss/initial": nothing}))
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["loss", "interior", "dirichlet"]


def test_history_marks_where_a_stage_begins() -> None:
    history = cases.history(adam=300, lbfgs=200)
    assert stages(history) == [("adam", 0, 299), ("lbfgs", 300, 499)]
    for axes, column in zip(history_figure(history).axes, ("step", "seconds"), strict=True):
        marks = [line.get_xdata()[0] for line in axes.get_lines() if line.get_gid() == "stage"]
        assert marks == [history.columns[column][300]]
        assert [text.get_text() for text in axes.texts] == ["adam", "lbfgs"]


def test_a_stage_too_short_for_its_name_is_named_in_the_title() -> None:
    figure = history_figure(cases.HISTORIES["short last stage"](), name="p")
    assert figure.get_suptitle() == "p:  training by adam, then lbfgs"


def test_few_runs_are_named_and_many_are_coded() -> None:
    few = comparison_figure(cases.SWEEPS["nine"]()).axes[0]
    assert {text.get_text() for text in few.texts} == {
        f"width={width}, seed={seed}" for width in (16, 32, 64) for seed in (0, 1, 2)
    }
    many = comparison_figure(cases.SWEEPS["sixty"]()).axes[0]
    legend = [text.get_text() for text in many.get_legend().get_texts()]
    assert legend == ["width", "8", "16", "32", "64", "128", "activation", "gelu", "sine", "tanh", "frontier"]
    assert len(many.texts) <= 3
    assert many.get_title() == "58 runs, 2 without a true error not drawn"
    assert many.get_xscale() == many.get_yscale() == "log"


def test_runs_at_one_place_are_listed_outside() -> None:
    axes = comparison_figure(cases.SWEEPS["crowded dozen"]()).axes[0]
    listed = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sum("activation=" in text for text in listed) == 12


def test_names_with_dollar_signs_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"key": f"${k}$_", "relative_l2": 10.0**-k, "seconds": 1.0 + k, "verdict": "pass"} for k in range(3)]
    assert r"key=\$0\$_" in [text for text, _ in drawn_texts(comparison_figure(rows), monkeypatch)]


def pixel_spread(path: Path) -> float:
    """Standard deviation of the pixels of a picture, whose channels go from 0 to 1."""
    return float(imread(path)[..., :3].std())


def test_save_figures_writes_every_picture_and_leaves_matplotlib_as_it_was(tmp_path: Path) -> None:
    before = dict(matplotlib.rcParams)
    paths = save_figures(cases.heat(), cases.points_heat(), cases.history(), tmp_path)
    assert [path.name for path in paths] == ["maps_u.png", "curves_u.png", "points.png", "history.png"]
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == sorted(path.name for path in paths)
    for path in paths:
        assert imread(path).shape[1] >= 800  # more than five inches at 150 dots an inch
        assert pixel_spread(path) > 0.05  # a white page has none
    assert dict(matplotlib.rcParams) == before


def test_save_figures_draws_only_what_there_is(tmp_path: Path) -> None:
    views = [
        View("flow", quantity, curves=[Curve("", "x", X, {"solution": X})])
        for quantity in ("u", "p [Pa]", "du/dx", "../..")
    ]
    names = [path.name for path in save_figures(views, None, None, tmp_path)]
    assert names == ["curves_u.png", "curves_p.png", "curves_du_dx.png", "curves_field.png"]
    assert save_figures([], None, None, tmp_path / "none") == []


def test_more_axes_than_fit_are_saved_without_a_warning(tmp_path: Path) -> None:
    figure = new_figure(1.0, 1.0)
    figure.subplots(40, 1)
    assert save_figure(figure, tmp_path / "narrow.png").stat().st_size > 0


def test_pictures_do_not_depend_on_the_settings_of_the_caller(tmp_path: Path) -> None:
    one = save_figure(curves_figure(cases.line()), tmp_path / "one.png").read_bytes()
    with matplotlib.rc_context({"font.size": 30.0, "axes.grid": False, "savefig.dpi": 20, "axes.facecolor": "k"}):
        other = save_figure(curves_figure(cases.line()), tmp_path / "other.png").read_bytes()
    assert one == other


def test_no_figure_warns_when_its_records_are_single_points() -> None:
    one = np.array([0.5])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        maps_figure(View("p", "u", panels=[Panel("", ("x", "y"), one, one, {"solution": one[None]})])).canvas.draw()
        curves_figure(View("p", "u", [Curve("", "x", one, {"solution": one, "error": one})])).canvas.draw()
        points_figure(Points(("x", "y"), {"interior": np.zeros((1, 2))})).canvas.draw()
        points_figure(Points(("x",), {})).canvas.draw()
        points_figure(Points(("x", "y"), {})).canvas.draw()


X, Y = np.linspace(0.0, 1.0, 3), np.linspace(0.0, 1.0, 2)
WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "values transposed": (
        lambda: Panel("z = 0", ("x", "y"), X, Y, {"solution": np.zeros((3, 2))}),
        r"panel 'z = 0': expected 'solution' of shape \[2, 3\], got \[3, 2\]",
    ),
    "unknown quantity": (
        lambda: Panel("", ("x", "y"), X, Y, {"solution": np.zeros((2, 3)), "truth": np.zeros((2, 3))}),
        r"expected the keys solution .* and exact, error, residual .*, got \['solution', 'truth'\]",
    ),
    "no solution": (lambda: Curve("", "x", X, {"exact": X}), "expected the keys solution"),
    "axis not increasing": (
        lambda: Curve("c", "x", X[::-1], {"solution": X}),
        "curve 'c': expected finite, incr",
    ),
    "axis with NaN": (lambda: Curve("c", "x", X * np.nan, {"solution": X}), "expected finite, increasing"),
    "axis of two dimensions": (
        lambda: Curve("c", "x", np.zeros((2, 2)), {"solution": X}),
        r"expected x of shape \[n\]",
    ),
    "points of another dimension": (
        lambda: Points(("x", "y"), {"interior": np.zeros((4, 3))}),
        r"points 'interior': expected shape \[n, 2\] for the axes x, y, got \[4, 3\]",
    ),
    "points without axes": (lambda: points_figure(Points((), {})), "expected at least one axis"),
    "history without loss": (lambda: History({"step": X, "seconds": X}), "expected the columns step, seconds and loss"),
    "history of two lengths": (
        lambda: History({"step": X, "seconds": X, "loss": Y}),
        r"expected columns \[k\] of one length, got step \[3\], seconds \[3\], loss \[2\]",
    ),
    "maps without panels": (lambda: maps_figure(cases.line()), "expected at least one panel"),
    "curves without curves": (lambda: curves_figure(cases.square()), "expected at least one curve"),
}


@pytest.mark.parametrize(("make", "message"), WRONG.values(), ids=WRONG)
def test_wrong_records_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_domain_names_its_parts_and_what_holds_there() -> None:
    figure = domain_figure(cases.domain(2, 20))
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels[:2] == ["x_min: nothing", "x_max: dirichlet"]
    assert len(labels) == 17
    assert labels[-1] == "and 9 more"  # 24 parts and the rings, of which 16 are named
    with pytest.raises(ValueError, match="expected 1 to 3 axes to draw, got 4"):
        domain_figure(replace(cases.domain(1), axes=("a", "b", "c", "d")))
