"""What a shape promises without numbers: names, selection, values, and messages for bad input."""

from __future__ import annotations

import copy
import doctest
import inspect
import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from geometry_cases import CASES, EVERY_CASE, Case

import pinn.geometry
from pinn.geometry import Annulus, Ball, Box, Constant, Interval, Shape

SQUARE = Box((0.0, 0.0), (1.0, 1.0))


def test_every_exported_shape_has_a_case() -> None:
    exported = [getattr(pinn.geometry, name) for name in pinn.geometry.__all__]
    shapes = {x for x in exported if inspect.isclass(x) and issubclass(x, Shape) and not inspect.isabstract(x)}
    assert shapes == {type(case.shape) for case in CASES}


def test_the_example_of_the_room() -> None:
    result = doctest.testmod(pinn.geometry)
    assert result.attempted > 0
    assert result.failed == 0


def test_importing_and_sampling_do_not_import_tensorflow() -> None:
    code = (
        "import sys; from pinn.geometry import Ball; domain = Ball((0, 0), 1).over(0, 1);"
        "domain.interior([[0.5, 0.5, 0.5]]); domain.parts; sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_a_shape_is_a_value(case: Case) -> None:
    shape = case.shape
    assert pickle.loads(pickle.dumps(shape)) == shape == copy.deepcopy(shape)
    assert len({shape, copy.deepcopy(shape)}) == 1
    shape.parts.clear()
    assert list(shape.parts) == list(case.parts)
    with pytest.raises(FrozenInstanceError):
        shape.axes = ("q",)  # type: ignore[misc]


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_axes_and_dimensions_belong_together(case: Case) -> None:
    shape = case.shape
    assert shape.dim == len(shape.axes) == len(shape.bounds[0]) == len(shape.bounds[1])
    assert shape.axes == (*shape.space_axes, *([shape.time_axis] if shape.time_axis else []))
    assert all(np.all(bound == again) for bound, again in zip(shape.bounds, shape.bounds, strict=True))
    assert math.isfinite(shape.measure)


NAMES = [
    (Interval(0.0, 1.0), ("x",), ["x_min", "x_max"]),
    (Interval(0.0, 1.0, axis="r"), ("r",), ["r_min", "r_max"]),
    (Box((0.0,) * 3, (1.0,) * 3), ("x", "y", "z"), ["x_min", "x_max", "y_min", "y_max", "z_min", "z_max"]),
    (Ball((0.0,) * 4, 1.0), ("x1", "x2", "x3", "x4"), ["sphere"]),
    (Annulus((0.0, 0.0), 1.0, 2.0, axes=("u", "v")), ("u", "v"), ["inner", "outer"]),
    (Interval(0.0, 1.0).over(0.0, 1.0), ("x", "t"), ["x_min", "x_max", "initial"]),
    (Ball((0.0, 0.0), 1.0).over(0.0, 1.0, axis="tau"), ("x", "y", "tau"), ["sphere", "initial"]),
]


@pytest.mark.parametrize(("shape", "axes", "parts"), NAMES, ids=[f"{'_'.join(row[1])}-{row[2][0]}" for row in NAMES])
def test_names_of_axes_and_parts(shape: Shape, axes: tuple[str, ...], parts: list[str]) -> None:
    assert shape.axes == axes
    assert list(shape.parts) == parts


def test_an_interval_is_a_box() -> None:
    assert Interval(0, 1) == Box((0.0,), (1.0,))


def test_integers_lists_and_arrays_become_tuples_of_floats() -> None:
    assert Box([0, 0], np.ones(2)) == SQUARE
    assert repr(Box([0, 0], np.ones(2))) == repr(SQUARE)


SELECTIONS = [
    ("x_max", ["x_max"]),
    (["y_min", "x_min", "y_min"], ["x_min", "y_min"]),
    ("boundary", ["x_min", "x_max", "y_min", "y_max"]),
    (("boundary", "initial"), ["x_min", "x_max", "y_min", "y_max", "initial"]),
    ({"initial"}, ["initial"]),
    ((), []),
]


@pytest.mark.parametrize(("on", "expected"), SELECTIONS, ids=[str(row[0]) for row in SELECTIONS])
def test_select(on: Any, expected: list[str]) -> None:
    assert [part.name for part in SQUARE.over(0.0, 1.0).select(on)] == expected


BAD_SHAPES = [
    (lambda: Box((0.0, 1.0), (1.0, 1.0)), ValueError, r"turned inside out: .* got 1.0 >= 1.0 on axis 'y'"),
    (lambda: Box((0.0,), (1.0, 1.0)), ValueError, "lower and upper must have the same length, got 1 and 2"),
    (lambda: Box((), ()), ValueError, "lower must hold one number an axis, got none"),
    (lambda: Box(0.0, 1.0), TypeError, r"lower must hold one number an axis, such as \(0.0, 0.0\), got 0.0"),
    (lambda: Box((0.0, math.nan), (1.0, 1.0)), ValueError, r"lower\[1\] must be finite, got nan"),
    (lambda: Box((0.0,), (math.inf,)), ValueError, r"upper\[0\] must be finite, got inf"),
    (lambda: Box((0.0,), ("one",)), TypeError, r"upper\[0\] must be a real number, got 'one'"),
    (lambda: Box((0.0, 0.0), (1.0, 1.0), axes=("x",)), ValueError, "axes must name 2 coordinates, got 1"),
    (lambda: Box((0.0, 0.0), (1.0, 1.0), axes=("x", "x")), ValueError, "axes must differ from each other"),
    (lambda: Box((0.0, 0.0), (1.0, 1.0), axes=("x", "t")), ValueError, r"'t' is reserved for time.*over\(start, end\)"),
    (
        lambda: Box((0.0, 0.0), (1.0, 1.0), axes=("x", "")),
        ValueError,
        "must be an identifier such as 'x' or 'x1', got ''",
    ),
    (lambda: Box((0.0, 0.0), (1.0, 1.0), axes=("x", "2y")), ValueError, "must be an identifier .* got '2y'"),
    (lambda: Box((0.0, 0.0), (1.0, 1.0), axes=("x", "lambda")), ValueError, "must be an identifier .* got 'lambda'"),
    (lambda: Box((0.0, 0.0), (1.0, 1.0), axes=("x", 3)), TypeError, "an axis name must be a string, got 3"),
    (
        lambda: Box((0.0, 0.0), (1.0, 1.0), axes="xy"),
        TypeError,
        "axes must be a sequence of names, got the string 'xy'",
    ),
    (lambda: Interval(1.0, 0.0), ValueError, "turned inside out"),
    (lambda: Interval("0", None), TypeError, "upper must be a real number, got None"),
    (lambda: Ball((0.0, 0.0), 0.0), ValueError, "radius must be greater than 0, got 0.0"),
    (lambda: Ball((0.0, 0.0), -1.0), ValueError, "radius must be greater than 0, got -1.0"),
    (lambda: Ball((0.0,), 1.0), ValueError, "a ball must have at least 2 dimensions, got 1: use Interval"),
    (lambda: Ball((0.0, math.inf), 1.0), ValueError, r"center\[1\] must be finite"),
    (lambda: Annulus((0.0, 0.0), 2.0, 1.0), ValueError, "turned inside out: inner must be below outer, got 2.0 >= 1.0"),
    (lambda: Annulus((0.0, 0.0), 1.0, 1.0), ValueError, "turned inside out"),
    (lambda: Annulus((0.0, 0.0), 0.0, 1.0), ValueError, "inner must be greater than 0, got 0.0"),
    (lambda: Annulus((0.0,), 1.0, 2.0), ValueError, "an annulus must have at least 2 dimensions"),
    (lambda: SQUARE.over(1.0, 1.0), ValueError, "start must be before end, got 1.0 >= 1.0"),
    (lambda: SQUARE.over(0.0, math.nan), ValueError, "end must be finite, got nan"),
    (lambda: SQUARE.over(0.0, 1.0, axis="y"), ValueError, "the time axis 'y' is also a space axis"),
    (lambda: SQUARE.over(0.0, 1.0, axis="2"), ValueError, "must be an identifier"),
    (lambda: SQUARE.over(0.0, 1.0).over(0.0, 1.0), ValueError, "space must have no time of its own"),
    (lambda: pinn.geometry.TimeProduct("square", 0.0, 1.0), TypeError, "space must be a shape, .* got 'square'"),
    (lambda: Constant("zero"), TypeError, "the value of a Constant must be a real number"),
    (lambda: Constant(math.nan), ValueError, "the value of a Constant must be finite"),
]


@pytest.mark.parametrize(("build", "error", "match"), BAD_SHAPES, ids=[row[2][:40] for row in BAD_SHAPES])
def test_a_bad_shape_is_refused_with_a_clear_message(build: Callable[[], object], error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        build()


BAD_CALLS = [
    (lambda: SQUARE.select("left"), ValueError, "'left': choose from x_min, x_max, y_min, y_max, or boundary"),
    (lambda: SQUARE.select(["x_min", "initial"]), ValueError, "unknown boundary part 'initial'"),
    (lambda: SQUARE.inside([0.5, 0.5]), ValueError, r"points must have the shape \[N, 2\], got \[2\]"),
    (lambda: SQUARE.signed_distance(np.zeros((4, 3))), ValueError, r"shape \[N, 2\], got \[4, 3\]"),
    (lambda: SQUARE.interior(np.zeros((4, 1))), ValueError, r"must have the shape \[n, 2\], got \[4, 1\]"),
    (lambda: SQUARE.interior([[0.5, 1.5]]), ValueError, r"must lie in \[0, 1\]"),
    (lambda: SQUARE.interior([[0.5, math.nan]]), ValueError, r"must lie in \[0, 1\]"),
    (lambda: SQUARE.parts["x_min"].sample([[0.5, 0.5]]), ValueError, r"must have the shape \[n, 1\], got \[1, 2\]"),
    (lambda: Ball((0, 0), 1).parts["sphere"].sample([[-0.1]]), ValueError, r"must lie in \[0, 1\]"),
    (
        lambda: SQUARE.over(0, 1).parts["x_min"].sample([[0.5]]),
        ValueError,
        r"must have the shape \[n, 2\], got \[1, 1\]",
    ),
    (lambda: SQUARE.vanishing(tf.zeros([3, 2]), ["top"]), ValueError, "unknown boundary part 'top'"),
    (
        lambda: SQUARE.vanishing(tf.zeros([3, 3]), "x_min"),
        ValueError,
        r"points must have the shape \[N, 2\], got \(3, 3\)",
    ),
    (lambda: SQUARE.vanishing(tf.zeros([3, 2], tf.int32), "x_min"), TypeError, "float32 or float64 tensor, got int32"),
    (lambda: SQUARE.lift(tf.zeros([2]), {}), ValueError, r"points must have the shape \[N, 2\], got \(2,\)"),
]


@pytest.mark.parametrize(("call", "error", "match"), BAD_CALLS, ids=[row[2][:40] for row in BAD_CALLS])
def test_a_bad_call_is_refused_with_a_clear_message(call: Callable[[], object], error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        call()
