"""Every cut through a domain shows the field, the truth, the error and the residual at the right places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
import tensorflow as tf

from pinn.app.views import views
from pinn.calculus import Jet, PointSet, Tape
from pinn.geometry import Annulus, Ball, Box, Interval, Shape
from pinn.problems import Problem
from pinn.problems.problem import Residual
from pinn.references import ReferenceSolution
from pinn.report import Curve, Panel, View, curves_figure, maps_figure
from pinn.validation import Evaluator

Coordinates = Mapping[str, np.ndarray]
Mask = Callable[[Coordinates], Any]

# Values are at most about 30; sums of a dozen terms in double precision are off by some 1e-14.
ROUND_OFF = 1e-12


@dataclass(frozen=True)
class Manufactured(Problem):
    r"""Exact: `\sum_i (i + 1) \sin x_i` over all coordinates, time included: no two of them are interchangeable."""

    shape: Shape

    @property
    def domain(self) -> Shape:
        return self.shape

    def residual(self, p: PointSet, u: Jet) -> Residual:
        return u.laplacian() - p[p.axes[0]]

    def exact(self, p: PointSet) -> tf.Tensor:
        return _waves(p.coordinates)


class Unknown(Manufactured):
    """The same without a known solution."""

    exact = None


def _waves(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.range(1, x.shape[1] + 1, dtype=x.dtype) * tf.sin(x), axis=1)


def _tilted(x: tf.Tensor) -> tf.Tensor:
    """The field under test, `[N, 1]`: the exact solution plus a quarter of the sum of the coordinates."""
    return (_waves(x) + 0.25 * tf.reduce_sum(x, axis=1))[:, tf.newaxis]


def _evaluator(problem: Problem, dtype: tf.DType = tf.float64) -> Evaluator:
    return Evaluator(problem, _tilted, Tape(), dtype)


def _expected(shape: Shape, at: Coordinates) -> dict[str, np.ndarray]:
    """The closed forms in NumPy, at coordinates by axis."""
    exact = sum((i + 1) * np.sin(at[axis]) for i, axis in enumerate(shape.axes))
    error = 0.25 * sum(at[axis] for axis in shape.axes)
    curvature = sum((i + 1) * np.sin(at[axis]) for i, axis in enumerate(shape.axes) if axis != shape.time_axis)
    return {"solution": exact + error, "exact": exact, "error": error, "residual": -curvature - at[shape.axes[0]]}


def _everywhere(at: Coordinates) -> Any:
    return True


def _between(inner: float, outer: float) -> Mask:
    """Grid points on a circle count as inside, like every point of a closed domain: hence the last digits."""

    def inside(at: Coordinates) -> Any:
        radius = np.sqrt(sum(at[axis] ** 2 for axis in at if axis != "t"))
        return (radius >= inner - 1e-12) & (radius <= outer + 1e-12)

    return inside


@dataclass(frozen=True)
class Case:
    """A domain and what is to be seen of it: `(axes, fixed coordinates)` of every curve and panel, and its inside."""

    shape: Shape
    curves: tuple[tuple[tuple[str, ...], dict[str, float]], ...] = ()
    panels: tuple[tuple[tuple[str, ...], dict[str, float]], ...] = ()
    inside: Mask = _everywhere


XY = ("x", "y")
CASES = {
    "interval": Case(Interval(-1.0, 2.0), curves=((("x",), {}),)),
    "interval over time": Case(
        Interval(-1.0, 2.0).over(0.5, 2.5),
        curves=tuple((("x",), {"t": t}) for t in (0.5, 1.0, 1.5, 2.0, 2.5)),
        panels=((("x", "t"), {}),),
    ),
    "time by another name": Case(
        Interval(0.0, 1.0).over(-1.0, 1.0, axis="s"),
        curves=tuple((("x",), {"s": s}) for s in (-1.0, -0.5, 0.0, 0.5, 1.0)),
        panels=((("x", "s"), {}),),
    ),
    "rectangle": Case(Box((0.0, -1.0), (2.0, 1.5)), panels=((XY, {}),)),
    "rectangle over time": Case(
        Box((0.0, -1.0), (2.0, 1.5)).over(0.0, 3.0), panels=tuple((XY, {"t": t}) for t in (0.0, 1.0, 2.0, 3.0))
    ),
    "annulus": Case(Annulus((0.0, 0.0), 0.5, 2.0), panels=((XY, {}),), inside=_between(0.5, 2.0)),
    "annulus over time": Case(
        Annulus((0.0, 0.0), 0.5, 2.0).over(0.0, 3.0),
        panels=tuple((XY, {"t": t}) for t in (0.0, 1.0, 2.0, 3.0)),
        inside=_between(0.5, 2.0),
    ),
    "box": Case(Box((0.0, 0.0, -1.0), (1.0, 2.0, 1.0)), panels=tuple((XY, {"z": z}) for z in (-0.5, 0.0, 0.5))),
    "ball": Case(
        Ball((0.0, 0.0, 0.0), 2.0), panels=tuple((XY, {"z": z}) for z in (-1.0, 0.0, 1.0)), inside=_between(0.0, 2.0)
    ),
    "box at the end of its time": Case(
        Box((0.0, 0.0, -1.0), (1.0, 2.0, 1.0)).over(0.0, 3.0),
        panels=tuple((XY, {"z": z, "t": 3.0}) for z in (-0.5, 0.0, 0.5)),
    ),
    "five dimensions": Case(
        Box((0.0, 0.0, -1.0, 0.0, 1.0), (1.0, 2.0, 1.0, 3.0, 2.0)),
        panels=tuple((("x1", "x2"), {"x3": z, "x4": 1.5, "x5": 1.5}) for z in (-0.5, 0.0, 0.5)),
    ),
}


def _title(fixed: Mapping[str, float]) -> str:
    return ", ".join(f"{axis} = {value:g}" for axis, value in fixed.items())


def _check(case: Case, drawn: Curve | Panel, axes: tuple[str, ...], fixed: dict[str, float]) -> None:
    """The drawn quantities against the closed forms on the grid that the ticks span."""
    assert drawn.title == _title(fixed)
    ticks = (drawn.x,) if isinstance(drawn, Curve) else (drawn.x, drawn.y)
    bounds = dict(zip(case.shape.axes, zip(*case.shape.bounds, strict=True), strict=True))
    for axis, tick in zip(axes, ticks, strict=True):
        assert (tick[0], tick[-1]) == bounds[axis]
        # Fine enough that neither a line nor a map shows its cells.
        assert len(tick) > 100
    grids = np.meshgrid(*ticks, indexing="xy")
    at = dict(zip(axes, grids, strict=True)) | {axis: np.full(grids[0].shape, x) for axis, x in fixed.items()}
    inside = np.broadcast_to(case.inside(at), grids[0].shape)
    assert inside.any()
    expected = _expected(case.shape, at)
    assert set(drawn.values) == set(expected)
    for name, values in drawn.values.items():
        np.testing.assert_array_equal(np.isfinite(values), inside, err_msg=name)
        np.testing.assert_allclose(values[inside], expected[name][inside], rtol=0, atol=ROUND_OFF, err_msg=name)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_cut_shows_the_closed_forms(case: Case) -> None:
    problem = Manufactured(case.shape)
    (view,) = views(_evaluator(problem))
    assert (view.name, view.quantity) == ("manufactured", "u")
    assert [curve.label for curve in view.curves] == [axes[0] for axes, _ in case.curves]
    assert [panel.labels for panel in view.panels] == [axes for axes, _ in case.panels]
    for curve, (axes, fixed) in zip(view.curves, case.curves, strict=True):
        _check(case, curve, axes, fixed)
    for panel, (axes, fixed) in zip(view.panels, case.panels, strict=True):
        _check(case, panel, axes, fixed)


def test_the_annulus_has_a_hole_and_corners() -> None:
    (view,) = views(_evaluator(Manufactured(Annulus((0.0, 0.0), 0.5, 2.0))))
    solution = view.panels[0].values["solution"]
    middle = len(solution) // 2
    assert np.isnan(solution[middle, middle])
    assert np.isnan(solution[0, 0])
    # The share of the grid inside is that of the areas, to the width of a cell along the two circles.
    share, cell = np.isfinite(solution).mean(), 1 / (len(solution) - 1)
    assert share == pytest.approx(np.pi * (4.0 - 0.25) / 16.0, abs=2 * np.pi * (2.0 + 0.5) / 4.0 * cell)


def test_without_a_known_solution_only_field_and_residual_are_seen() -> None:
    (view,) = views(_evaluator(Unknown(Interval(0.0, 1.0).over(0.0, 1.0))))
    assert all(set(drawn.values) == {"solution", "residual"} for drawn in (*view.curves, *view.panels))


def test_a_reference_is_called_by_its_kind() -> None:
    @dataclass(frozen=True)
    class Referred(Unknown):
        def reference(self) -> ReferenceSolution:
            nothing = lambda points: np.zeros(len(points))  # noqa: E731
            return ReferenceSolution("Fourier series", 2e-5, nothing, nothing)

    (view,) = views(_evaluator(Referred(Interval(0.0, 1.0))))
    assert (view.truth, view.accuracy) == ("Fourier series", 2e-5)
    (curve,) = view.curves
    np.testing.assert_array_equal(curve.values["error"], curve.values["solution"])
    (view,) = views(_evaluator(Manufactured(Interval(0.0, 1.0))))
    assert (view.truth, view.accuracy) == ("exact", 0.0)


def test_single_precision_shows_the_same() -> None:
    shape = Box((0.0, -1.0), (2.0, 1.5))
    (single,), (double,) = (views(_evaluator(Manufactured(shape), dtype)) for dtype in (tf.float32, tf.float64))
    for name, values in single.panels[0].values.items():
        # Values of size 10 in float32, rounded a few times; the residual has second derivatives of the same size.
        np.testing.assert_allclose(values, double.panels[0].values[name], rtol=0, atol=3e-5)


@dataclass(frozen=True)
class Flow(Problem):
    """Two components and as many equations as asked for."""

    equations: int = 2
    components: ClassVar[int] = 2

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (1.0, 2.0))

    def residual(self, p: PointSet, u: Jet) -> Residual:
        rows = {"first": u[0].laplacian(), "second": u[1].d("x") + p.y, "third": u[0].d("y")}
        return dict(list(rows.items())[: self.equations])

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.stack([p.x**2, p.x * p.y], axis=1)


def _flow_views(equations: int) -> list[View]:
    """Views of the field `(x^2 + 2 y^2, x y + 1)`, off by `(2 y^2, 1)`."""

    def field(x: tf.Tensor) -> tf.Tensor:
        return tf.stack([x[:, 0] ** 2 + 2 * x[:, 1] ** 2, x[:, 0] * x[:, 1] + 1], axis=1)

    return views(Evaluator(Flow(equations), field, Tape(), tf.float64))


# equations -> the residual drawn: alone as it is, several as their root sum of squares
RESIDUALS: dict[int, Callable[[np.ndarray, np.ndarray], Any]] = {
    1: lambda x, y: 6.0,
    2: lambda x, y: np.sqrt(36.0 + 4 * y**2),
    3: lambda x, y: np.sqrt(36.0 + 4 * y**2 + 16 * y**2),
}


@pytest.mark.parametrize(("equations", "residual"), RESIDUALS.items(), ids=[f"{n} equations" for n in RESIDUALS])
def test_each_component_has_its_view(equations: int, residual: Callable[[np.ndarray, np.ndarray], Any]) -> None:
    first, second = _flow_views(equations)
    assert (first.quantity, second.quantity) == ("u1", "u2")
    x, y = np.meshgrid(first.panels[0].x, first.panels[0].y, indexing="xy")
    expected = {
        "u1": {"solution": x**2 + 2 * y**2, "exact": x**2, "error": 2 * y**2},
        "u2": {"solution": x * y + 1, "exact": x * y, "error": np.ones_like(x)},
    }
    for view in (first, second):
        (panel,) = view.panels
        assert set(panel.values) == {"solution", "exact", "error", "residual"}
        for name, values in expected[view.quantity].items():
            np.testing.assert_allclose(panel.values[name], values, rtol=0, atol=ROUND_OFF)
        np.testing.assert_allclose(panel.values["residual"], residual(x, y) + 0 * x, rtol=0, atol=ROUND_OFF)


@dataclass(frozen=True)
class Step(Problem):
    r"""A step that spreads, `x / \sqrt{x^2 + t}`: the sign of x at first, and no number at all in `x = 0, t = 0`."""

    @property
    def domain(self) -> Shape:
        return Interval(-1.0, 1.0).over(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.d("t") - u.laplacian() + 1.0 / p.t

    def exact(self, p: PointSet) -> tf.Tensor:
        return p.x / tf.sqrt(p.x**2 + p.t)


def test_a_formula_that_is_singular_on_the_boundary_leaves_holes_there() -> None:
    (view,) = views(Evaluator(Step(), lambda x: x[:, :1], Tape(), tf.float64))
    (panel,) = view.panels
    singular = (panel.x == 0.0) & (panel.y[:, np.newaxis] == 0.0)
    assert singular.sum() == 1
    for name in ("exact", "error"):
        np.testing.assert_array_equal(np.isnan(panel.values[name]), singular)
    # 1 / t is infinite along the whole initial line, which a colour scale cannot show.
    np.testing.assert_array_equal(np.isnan(panel.values["residual"]).any(axis=1), panel.y == 0.0)
    assert np.isfinite(panel.values["solution"]).all()
    assert [np.isnan(curve.values["exact"]).sum() for curve in view.curves] == [1, 0, 0, 0, 0]
    assert maps_figure(view).axes
    assert curves_figure(view).axes


def test_a_cut_that_misses_a_thin_domain_is_drawn_empty() -> None:
    (view,) = views(_evaluator(Manufactured(Annulus((0.0, 0.0, 0.0), 1.0, 1.0 + 1e-9))))
    assert len(view.panels) == 3
    for panel in view.panels:
        assert set(panel.values) == {"solution", "exact", "error", "residual"}
    assert np.isnan(view.panels[0].values["solution"]).all()
    assert maps_figure(view).axes
