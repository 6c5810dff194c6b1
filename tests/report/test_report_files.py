"""Files are whole or absent, and what is read back is what was written."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinn import files
from pinn.files import made_once, remove_unfinished, replacing, replacing_folder
from pinn.report import plain, read_columns, write_columns, write_csv, write_json, write_npz
from pinn.report.figures import save_figure
from pinn.report.files import write_records
from pinn.report.style import new_figure

WRITERS: dict[str, Callable[[Path], object]] = {
    "json": lambda path: write_json({"a": 1}, path),
    "csv columns": lambda path: write_columns({"a": [1.0, 2.0]}, path),
    "csv rows": lambda path: write_csv([{"k": 1, "relative_l2": 0.5, "verdict": "pass"}], path),
    "npz": lambda path: write_npz({"a": np.arange(3.0)}, path),
    "png": lambda path: save_figure(new_figure(1.0, 1.0), path),
}


class Interrupted(BaseException):
    """Stands for Ctrl-C: no subclass of Exception."""


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_failure_at_the_last_moment_leaves_the_old_file(
    write: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", fail)
        with pytest.raises(OSError, match="No space left"):
            write(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
    write(path)
    assert path.read_bytes() != b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [ValueError, Interrupted])
def test_a_failure_in_the_middle_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    def write_half() -> None:
        with replacing(tmp_path / "deep" / "new") as stream:
            stream.write(b"half of it")
            raise error

    with pytest.raises(error):
        write_half()
    assert os.listdir(tmp_path / "deep") == []


def test_of_two_who_make_a_file_at_once_the_first_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    with made_once(path, ending=".db") as slow:
        slow.write_bytes(b"second")
        assert slow.suffix == ".db"
        with made_once(path) as quick:
            quick.write_bytes(b"first")
        assert path.read_bytes() == b"first"

    def make_half() -> None:
        with made_once(tmp_path / "other") as half:
            half.write_bytes(b"half")
            raise Interrupted

    with pytest.raises(Interrupted):
        make_half()
    assert path.read_bytes() == b"first"
    assert [*os.listdir(tmp_path), *os.listdir(path.parent)] == ["deep", "file"]


def test_readers_see_the_old_file_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_folder_takes_the_place_of_another_when_it_is_whole(tmp_path: Path) -> None:
    def write(name: str, error: BaseException | None = None) -> None:
        with replacing_folder(tmp_path / "folder") as folder:
            (folder / name).write_text(name)
            if error is not None:
                raise error

    write("first")
    with pytest.raises(Interrupted):
        write("half", Interrupted())
    assert os.listdir(tmp_path) == ["folder"]
    assert os.listdir(tmp_path / "folder") == ["first"]
    write("second")
    assert os.listdir(tmp_path) == ["folder"]
    assert os.listdir(tmp_path / "folder") == ["second"]


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    with replacing(tmp_path / "solution.npz"):
        (half,) = tmp_path.iterdir()
    (tmp_path / "solution.npz").rename(half)
    (tmp_path / ".saved_model.0a1b2c3d.tmp" / "variables").mkdir(parents=True)
    (tmp_path / ".model.0a1b2c3d.tmp.keras").touch()
    mine = {"mine.tmp", ".draft.tmp_notes", ".cache.tmp", ".old.0a1b.tmp"}
    for name in mine:
        (tmp_path / name).touch()
    assert len(os.listdir(tmp_path)) == 3 + len(mine)
    remove_unfinished(tmp_path)
    assert set(os.listdir(tmp_path)) == mine


def test_permissions_are_those_of_an_ordinary_file(tmp_path: Path) -> None:
    (tmp_path / "ordinary").write_text("")
    write_json({}, tmp_path / "ours")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_json_of_numpy_values_and_nan(tmp_path: Path) -> None:
    value = {
        "float": np.float64(1e-7),
        "single": np.float32(0.5),
        "integer": np.int64(3),
        "truth": np.bool_(True),
        "text": np.str_("adam"),
        "array": np.array([[1.0, np.nan], [np.inf, -0.0]]),
        "nan": math.nan,
        "numpy nan": np.float64(np.nan),
        "path": Path("outputs") / "run",
        "tuple": (None, False, "é"),
    }
    read = json.loads(write_json(value, tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert read == {
        "float": 1e-7,
        "single": 0.5,
        "integer": 3,
        "truth": True,
        "text": "adam",
        "array": [[1.0, None], [None, 0.0]],
        "nan": None,
        "numpy nan": None,
        "path": str(Path("outputs") / "run"),
        "tuple": [None, False, "é"],
    }
    assert list(read) == list(value)
    assert type(plain(np.float64(1.0))) is float


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {1}}, "got set"),
        (1j, "got complex"),
        (np.array([1j]), "got complex"),
        ({1: 2}, "expected text as keys"),
    ],
    ids=["set", "complex", "complex array", "key"],
)
def test_json_refuses_what_it_cannot_say(value: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=message):
        write_json(value, tmp_path / "file")
    assert os.listdir(tmp_path) == []


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=8))
def test_columns_read_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, column: list[float]) -> None:
    path = tmp_path_factory.mktemp("csv") / "history.csv"
    write_columns({"loss": np.array(column), "stage": ['a, "quoted"\nname'] * len(column)}, path)
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["stage"] for row in rows] == ['a, "quoted"\nname'] * len(column)
    for row, value in zip(rows, column, strict=True):
        assert row["loss"] == "" if not math.isfinite(value) else float(row["loss"]).hex() == value.hex()


COLUMNS = {
    "numbers": {"step": np.arange(3), "loss": np.array([1.0, np.nan, 1e-300]), "single": np.float32([0.1, 2, np.inf])},
    "text": {"stage": np.array(["adam", "lbfgs", ""]), "n": np.arange(3)},
    "text to quote": {"stage": np.array(["a,b", 'say "c"', "d\ne"]), "n": np.arange(3)},
    "mixed": {"any": [1, None, "x"], "n": np.array([True, False, True])},
    "one column": {"loss": np.array([np.nan, 1.0])},
    "no rows": {"step": np.zeros(0), "stage": np.zeros(0, "<U1")},
}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_columns_are_written_as_rows_of_cells(tmp_path: Path, columns: dict[str, np.ndarray]) -> None:
    """The quick way, column by column, gives the bytes of the slow and obvious one."""
    rows = list(zip(*columns.values(), strict=True))
    slow = write_records(list(columns), rows, tmp_path / "slow.csv").read_bytes()
    assert write_columns(columns, tmp_path / "quick.csv").read_bytes() == slow


@pytest.mark.parametrize("stage", ["adam", 'a, "quoted"\nname'])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_columns_are_read_back(tmp_path: Path, stage: str, count: int) -> None:
    columns = {
        "step": np.arange(count),
        "loss": np.where(np.arange(count) % 2, np.nan, 1 / 3),
        "stage": np.full(count, stage),
    }
    found = read_columns(write_columns(columns, tmp_path / "h.csv"), texts=("stage",), whole=("step",))
    assert list(found) == list(columns)
    for name, column in columns.items():
        np.testing.assert_array_equal(found[name], column)
        assert found[name].dtype.kind == column.dtype.kind


@pytest.mark.parametrize("text", ["", "a,b\n1\n", "a,b\n1,2,3\n", 'a,b\n"1"\n', "a,b\n1,x\n"])
def test_a_table_with_other_lines_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "h.csv").write_text(text)
    with pytest.raises(ValueError, match=r"expected a table with|could not convert"):
        read_columns(tmp_path / "h.csv")


def test_columns_of_two_lengths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"history.csv: expected columns of one length, got \{'a': 1, 'b': 2\}"):
        write_columns({"a": [1], "b": [1, 2]}, tmp_path / "history.csv")


def test_arrays_read_back_bit_for_bit_and_equal_arrays_give_equal_bytes(tmp_path: Path) -> None:
    u = np.array([[1.0, np.nan], [-0.0, 5e-324]])
    arrays = {"u": u, "x/t": np.arange(3, dtype=np.int32), "stage": np.array(["a"])}
    one = write_npz(arrays, tmp_path / "one.npz")
    other = write_npz(arrays, tmp_path / "other")
    assert other == tmp_path / "other"  # the name is kept, with no suffix added
    assert one.read_bytes() == other.read_bytes()
    with np.load(one, allow_pickle=False) as read:
        assert list(read) == list(arrays)
        for name, array in arrays.items():
            assert read[name].dtype == array.dtype
            assert read[name].tobytes() == array.tobytes()


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"expected arrays of numbers or text, got Python objects in \['a'\]"):
        write_npz({"a": np.array([None])}, tmp_path / "solution.npz")
