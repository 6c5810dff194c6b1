"""Points from a file, some thousands at a time: a table with a line of names, or arrays of NumPy.

A file of any length takes no more memory than one block of it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from pinn.report.files import cell

BLOCK = 16_384
POINTS, AXES = "points", "axes"  # the names of `solution.npz`

Row = Sequence[str]


@final
@dataclass(frozen=True)
class PointsFile:
    """Points `[N, d]` in a file, with whatever else it says of them.

    Attributes:
        names: of all columns.
        blocks: begins anew with every call: points `[n, d]`, in the order of the axes asked for, and all cells of their
            lines as text.
    """

    names: tuple[str, ...]
    blocks: Callable[[], Iterator[tuple[np.ndarray, Sequence[Row]]]]


def points_file(path: Path, axes: Sequence[str]) -> PointsFile:
    """The points in a file.

    Args:
        path: a `.csv` with the axes among its columns, in any order, with others beside them; a `.npy` of `[N, d]`, in
            the order of the axes; or a `.npz` with one array an axis, or with `points` and perhaps `axes`, as
            `solution.npz` has them.
        axes: the names of the coordinates.

    Raises:
        OSError: there is no such file.
        ValueError: a pipe, an axis that is missing or there twice, or a file of something else. While blocks are read:
            a line with more or fewer cells than names, or a coordinate that is no finite number, with line and column.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ValueError(
            f"{path}: expected a file, which can be read more than once; got a pipe or a device.\n"
            "Write it to a file first."
        )
    if path.suffix in (".npy", ".npz"):
        array = _array(path, axes)
        return PointsFile(tuple(axes), lambda: _blocks_of(path, array, axes))
    with _open(path) as reader:
        names = tuple(name.strip() for name in next(reader, []))
    columns = _columns(path, names, axes)
    return PointsFile(names, lambda: _lines(path, names, columns))


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    """A reader of the lines of a table."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        try:
            yield reader
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(
                f"{path}, line {reader.line_num + 1}: expected a table in UTF-8, with commas between its columns; "
                f"got something else ({error})."
            ) from error


def _columns(path: Path, names: Sequence[str], axes: Sequence[str]) -> list[int]:
    """Where each axis stands."""
    missing = [axis for axis in axes if axis not in names]
    if missing:
        shown = ", ".join(names) if any(names) else "nothing"
        raise ValueError(
            f"{path}, line 1: expected the names of columns, {', '.join(axes)} among them; "
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing in: {shown}."
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{path}, line 1: expected each column once; got {twice!r} {names.count(twice)} times.")
    return [names.index(axis) for axis in axes]


def _lines(path: Path, names: Sequence[str], columns: Sequence[int]) -> Iterator[tuple[np.ndarray, list[Row]]]:
    """The blocks of a table; empty lines are passed over."""
    with _open(path) as reader:
        next(reader)
        rows: list[Row] = []
        numbers: list[int] = []
        for row in reader:
            if not row:
                continue
            if len(row) != len(names):
                raise ValueError(
                    f"{path}, line {reader.line_num}: expected {len(names)} cells, one for each of "
                    f"{', '.join(names)}; got {len(row)}."
                )
            rows.append(row)
            numbers.append(reader.line_num)
            if len(rows) == BLOCK:
                yield _coordinates(path, rows, numbers, names, columns), rows
                rows, numbers = [], []
        if rows:
            yield _coordinates(path, rows, numbers, names, columns), rows


def _coordinates(
    path: Path, rows: Sequence[Row], lines: Sequence[int], names: Sequence[str], columns: Sequence[int]
) -> np.ndarray:
    """The points `[n, d]` of some lines."""
    try:
        points = np.array([[float(row[column]) for column in columns] for row in rows])
    except ValueError:
        points = None
    if points is not None and np.all(np.isfinite(points)):
        return points
    line, column = next((line, c) for line, row in zip(lines, rows, strict=True) for c in columns if not _is(row[c]))
    got = rows[lines.index(line)][column]
    raise ValueError(f"{path}, line {line}, column {names[column]}: expected a finite number; got {got!r}.")


def _is(text: str) -> bool:
    """Whether a text is a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _array(path: Path, axes: Sequence[str]) -> np.ndarray:
    """The points `[N, d]` in a file of NumPy."""
    found: np.ndarray
    try:
        if path.suffix == ".npy":
            found = np.lib.format.open_memmap(path, mode="r")
        else:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                found = _of_arrays(path, arrays, axes)
    except (OSError, _ArraysError):
        raise
    except Exception as error:  # a damaged file fails in as many ways as there are formats
        raise ValueError(
            f"{path}: expected arrays of numbers as NumPy writes them; it is damaged ({error})."
        ) from error
    if found.ndim != 2 or found.shape[1] != len(axes) or found.dtype.kind not in "fiu":
        raise ValueError(
            f"{path}: expected numbers of shape [N, {len(axes)}] for the axes {', '.join(axes)}; got "
            f"{list(found.shape)} of {found.dtype}."
        )
    return np.asarray(found)


class _ArraysError(ValueError):
    """Arrays of other names than were expected."""


def _of_arrays(path: Path, arrays: Any, axes: Sequence[str]) -> np.ndarray:
    if all(axis in arrays for axis in axes):
        columns = [np.ravel(arrays[axis]) for axis in axes]
        if len({len(column) for column in columns}) > 1:
            lengths = ", ".join(f"{axis} {len(column)}" for axis, column in zip(axes, columns, strict=True))
            raise _ArraysError(f"{path}: expected arrays of one length; got {lengths}.")
        return np.stack(columns, axis=1)
    if POINTS not in arrays:
        raise _ArraysError(
            f"{path}: expected an array for each of {', '.join(axes)}, or one named {POINTS}; got {', '.join(arrays)}."
        )
    order = tuple(map(str, arrays[AXES])) if AXES in arrays else tuple(axes)
    if sorted(order) != sorted(axes):
        raise _ArraysError(f"{path}: expected points with the axes {', '.join(axes)}; got {', '.join(order)}.")
    return np.asarray(arrays[POINTS])[:, [order.index(axis) for axis in axes]]


def _blocks_of(path: Path, array: np.ndarray, axes: Sequence[str]) -> Iterator[tuple[np.ndarray, list[Row]]]:
    for start in range(0, len(array), BLOCK):
        points = np.asarray(array[start : start + BLOCK], np.float64)
        bad = np.argwhere(~np.isfinite(points))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"{path}, row {start + row}, {axes[column]}: expected a finite number; got {points[row, column]}."
            )
        yield points, [[cell(x) for x in point] for point in points.tolist()]
