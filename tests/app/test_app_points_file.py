"""Points from files: columns in any order, and every mistake with its line and column."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

from pinn.app import points_file as room
from pinn.app.points_file import points_file

AXES = ("x", "t")


def _read(path: Path) -> tuple[np.ndarray, list[list[str]]]:
    blocks = list(points_file(path, AXES).blocks())
    return np.concatenate([points for points, _ in blocks]), [list(row) for _, rows in blocks for row in rows]


def test_a_table_gives_its_points_in_the_order_of_the_axes_and_keeps_its_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "BLOCK", 2)
    path = tmp_path / "points.csv"
    path.write_text('\ufefft, name ,x\n0.5,"a, b",1\n\n1e-3,,-2\n.25,c, 3 \n', encoding="utf-8")
    found = points_file(path, AXES)
    assert found.names == ("t", "name", "x")
    assert [len(points) for points, _ in found.blocks()] == [2, 1]
    points, rows = _read(path)
    np.testing.assert_array_equal(points, [[1.0, 0.5], [-2.0, 1e-3], [3.0, 0.25]])
    assert rows == [["0.5", "a, b", "1"], ["1e-3", "", "-2"], [".25", "c", " 3 "]]


@pytest.mark.parametrize(
    ("arrays", "points"),
    [
        ({"x": [1.0, 2.0], "t": [3.0, 4.0]}, [[1.0, 3.0], [2.0, 4.0]]),
        ({"points": [[1.0, 3.0]]}, [[1.0, 3.0]]),
        ({"points": [[1.0, 3.0]], "axes": ["t", "x"], "value": [7.0]}, [[3.0, 1.0]]),
    ],
)
def test_arrays_by_axis_or_by_the_names_of_a_run(tmp_path, arrays, points):
    np.savez(tmp_path / "points.npz", **arrays)
    found, rows = _read(tmp_path / "points.npz")
    np.testing.assert_array_equal(found, points)
    assert [[float(cell) for cell in row] for row in rows] == points


def test_an_array_is_read_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "BLOCK", 2)
    np.save(tmp_path / "points.npy", np.arange(10.0, dtype=np.float32).reshape(5, 2))
    np.testing.assert_array_equal(_read(tmp_path / "points.npy")[0], np.arange(10.0).reshape(5, 2))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: expected the names of columns, x, t among them; x, t are missing in: nothing."),
        ("t;x\n1;2\n", "x, t are missing in: t;x."),
        ("x,y\n1,2\n", "line 1: expected the names of columns, x, t among them; t is missing in: x, y."),
        ("x,t,x\n1,2,3\n", "line 1: expected each column once; got 'x' 2 times."),
        ("x,t\n1,2\n\n3,4,5\n", "line 4: expected 2 cells, one for each of x, t; got 3."),
        ("x,t\n1,2\n3,O.5\n", "line 3, column t: expected a finite number; got 'O.5'."),
        ("n,t,x\na,2,inf\n", "line 2, column x: expected a finite number; got 'inf'."),
        ("x,t\n1,\n", "line 2, column t: expected a finite number; got ''."),
        (b"x,t\n1,2\xff\n", "expected a table in UTF-8"),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_place(tmp_path, text, said):
    path = tmp_path / "points.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=re.escape(said)) as error:
        _read(path)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 4)), r"of shape \[N, 2\] for the axes x, t; got \[3, 4\] of float64"),
        (np.array([["a", "b"]]), "expected numbers of shape"),
        (np.array([[0.0, 1.0], [np.nan, 1.0]]), "row 1, x: expected a finite number; got nan"),
        (np.array([[object(), 1]]), "it is damaged"),
    ],
)
def test_an_array_of_something_else_is_refused(tmp_path, array, said):
    np.save(tmp_path / "points.npy", array)
    with pytest.raises(ValueError, match=said):
        _read(tmp_path / "points.npy")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y": [1.0]}, "an array for each of x, t, or one named points; got y"),
        ({"x": [1.0], "t": [1.0, 2.0]}, "arrays of one length; got x 1, t 2"),
        ({"points": [[1.0, 2.0]], "axes": ["x", "y"]}, "the axes x, t; got x, y"),
    ],
)
def test_arrays_of_other_names_are_refused(tmp_path, arrays, said):
    np.savez(tmp_path / "points.npz", **arrays)
    with pytest.raises(ValueError, match=said):
        _read(tmp_path / "points.npz")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "points.npz").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(ValueError, match="it is damaged"):
        _read(tmp_path / "points.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_which_can_be_read_only_once_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ValueError, match=r"pipe\.csv: expected a file, which can be read more than once; got a pipe"):
        points_file(tmp_path / "pipe.csv", ("x", "y"))
