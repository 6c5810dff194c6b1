"""Conditions against values by hand: films, pinned points, measurements and their files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from pinn.calculus import Frame, LazyJet, PointSet, Tape
from pinn.problems import Pin, PointCondition, PointData, Robin

AXES = ("x", "y")
POINTS = np.random.default_rng(0).uniform(size=(30, 2))
PLACES = tuple(map(tuple, POINTS.tolist()))
VALUES = np.sin(3 * POINTS[:, 0]) * POINTS[:, 1]


def jet(p: PointSet) -> LazyJet:
    """Of `x^2 y`, with the gradient `(2 x y, x^2)`."""
    return LazyJet(lambda x: x[:, 0] ** 2 * x[:, 1], p, Frame(p.axes, None, None), Tape())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_film_is_the_flux_and_the_value(dtype: str) -> None:
    x, y = POINTS.T
    angle = 2 * np.pi * x
    normals = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    p = PointSet(tf.constant(POINTS, dtype), AXES, tf.constant(normals, dtype))
    flux = normals[:, 0] * 2 * x * y + normals[:, 1] * x**2
    # Sums of a few numbers of order one.
    atol = 20 * np.finfo(dtype).eps
    np.testing.assert_allclose(Robin(0.5).residual(p, jet(p)), flux + x**2 * y - 0.5, atol=atol)
    varying = Robin(lambda p: p.y, coefficient=lambda p: 3.0 * p.x)
    np.testing.assert_allclose(varying.residual(p, jet(p)), flux + 3 * x * x**2 * y - y, atol=atol)


MODES: dict[str, Callable[..., tf.Tensor]] = {
    "eager": lambda f, x: f(x),
    "graph": lambda f, x: tf.function(f, autograph=False)(x),
    "xla": lambda f, x: tf.function(f, jit_compile=True, autograph=False)(x),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", MODES)
def test_measurements_are_found_at_their_points_in_any_order(mode: str, dtype: str) -> None:
    data = PointData(PLACES, tuple(VALUES))
    order = np.random.default_rng(1).permutation(len(POINTS))
    found = MODES[mode](lambda x: data.prescribed(PointSet(x, AXES)), tf.constant(POINTS[order], dtype))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, VALUES[order].astype(dtype))


def test_many_measurements_take_little_memory() -> None:
    """All distances between them would take 80 GB."""
    places = np.random.default_rng(2).uniform(size=(100_000, 2))
    data = PointData(tuple(map(tuple, places.tolist())), tuple(places[:, 0].tolist()))
    np.testing.assert_array_equal(data.prescribed(PointSet(tf.constant(places), AXES)), places[:, 0])


def test_points_close_together_keep_their_own_values() -> None:
    near = ((1e3, 0.0), (1e3 + 1e-9, 0.0))
    found = PointData(near, (1.0, 2.0)).prescribed(PointSet(tf.constant(near, tf.float64), AXES))
    np.testing.assert_array_equal(found, [1.0, 2.0])


CONDITIONS: dict[str, PointCondition] = {
    "pin": Pin((0.5, 2.0), 0.5),
    "pin with a function": Pin((0.5, 2.0), lambda p: p.x),
    "data": PointData(PLACES, tuple(POINTS[:, 0] ** 2 * POINTS[:, 1])),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_right_field_meets_them_and_a_wrong_one_does_not(name: str) -> None:
    condition = CONDITIONS[name]
    p = PointSet(tf.constant(condition.points), AXES)
    np.testing.assert_allclose(condition.residual(p, jet(p)), 0.0, atol=1e-15)
    wrong = LazyJet(lambda x: x[:, 0] ** 2 * x[:, 1] + 0.01, p, Frame(AXES, None, None), Tape())
    np.testing.assert_allclose(condition.residual(p, wrong), 0.01, atol=1e-15)


def test_they_are_named_by_component() -> None:
    assert Pin((0.0,)).name == "pin"
    assert Pin((0.0,), component=2).name == "pin_2"
    assert PointData(((0.0,),), (1.0,), component=0).name == "point_data_0"
    assert Robin(0.0, on="x_max").name == "robin_x_max"


def test_lists_and_arrays_are_taken_and_the_condition_is_a_value() -> None:
    assert Pin([1, 2]) == Pin((1.0, 2.0))  # type: ignore[arg-type]
    assert PointData(POINTS, VALUES) == PointData(PLACES, tuple(VALUES))  # type: ignore[arg-type]
    assert hash(PointData(POINTS, VALUES)) == hash(PointData(PLACES, tuple(VALUES)))  # type: ignore[arg-type]


def test_a_table_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "probe.csv"
    path.write_text("station, y,x ,pressure\na,2,1,5e-1\nb,4,3,-7\n", encoding="utf-8-sig")
    found = PointData.from_csv(path, axes=("x", "y"), value="pressure", component=1)
    assert found == PointData(((1.0, 2.0), (3.0, 4.0)), (0.5, -7.0), 1)


TABLES = {
    "no such column": ("x,u\n1,2\n", r"expected the columns x, y, u; y missing among x, u"),
    "empty": ("", "y, u missing among none"),
    "no rows": ("x,y,u\n", r"expected points of shape \[n, d\]"),
    "words": ("x,y,u\n1,2,3\n1,many,3\n", "probe.csv, line 3: expected a finite number; got 'many'"),
    "short": ("x,y,u\n1,2\n", "line 2: expected a finite number; got None"),
    "infinite": ("x,y,u\n1,2,inf\n", "line 2: expected a finite number; got 'inf'"),
}


@pytest.mark.parametrize(("text", "message"), TABLES.values(), ids=TABLES)
def test_a_table_that_is_none_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "probe.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        PointData.from_csv(path, axes=AXES)


def test_a_file_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        PointData.from_csv(tmp_path / "nowhere.csv", axes=AXES)


BAD_INPUT: dict[str, tuple[Callable[[], Any], str]] = {
    "pin at infinity": (lambda: Pin((np.inf,)), "Pin: expected points .* of finite numbers"),
    "pin nowhere": (lambda: Pin(()), "Pin: expected points"),
    "no points": (lambda: PointData((), ()), "PointData: expected points"),
    "points of one number": (lambda: PointData((1.0, 2.0), (1.0, 2.0)), "PointData: expected points"),  # type: ignore[arg-type]
    "too few values": (lambda: PointData(PLACES, (1.0,)), r"one finite value for each of 30 points; got .* \[1\]"),
    "no number": (lambda: PointData(((0.0,),), (np.nan,)), "got the shape .* with NaN or infinity"),
    "twice": (lambda: PointData(((0.0,), (0.0,)), (1.0, 2.0)), r"each point once; got \(0\.0,\) again"),
}


@pytest.mark.parametrize(("call", "message"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_impossible_points_are_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
