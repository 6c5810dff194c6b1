"""Tables, JSON and arrays as files, exact and whole."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pinn.files import replacing

_QUOTED = frozenset(',"\r\n')


def plain(value: object) -> object:
    """The value in the terms of JSON: NumPy scalars and arrays unwrapped, paths as text, NaN and infinities as `None`.

    Raises:
        TypeError: for anything else, or a key that is not text.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return float(value) if math.isfinite(value) else None
        case np.generic() | np.ndarray():
            return plain(value.tolist())
        case Path():
            return str(value)
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise TypeError(f"expected text as keys of a JSON object, got {list(value)}")
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    raise TypeError(
        f"expected numbers, text, arrays, lists or mappings for JSON, got {type(value).__name__}: {value!r}"
    )


def write_json(value: object, path: str | Path) -> Path:
    """Write a value as indented UTF-8 JSON, keys in the order given, strictly standard: NaN becomes `null`.

    Floats are written so that reading them gives the same bits.
    """
    text = json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    with replacing(path) as stream:
        stream.write(text.encode() + b"\n")
    return Path(path)


def cell(value: object) -> str:
    """One value as text for CSV: floats exactly (`float(cell(x)) == x`), NaN, infinities and `None` as nothing."""
    simple = plain(value)
    if simple is None:
        return ""
    if isinstance(simple, list | dict):
        return json.dumps(simple, ensure_ascii=False)
    return repr(simple) if isinstance(simple, float) else str(simple)


def write_records(names: Sequence[str], records: Sequence[Sequence[object]], path: str | Path) -> Path:
    """Write rows below a line of names as UTF-8 CSV (RFC 4180 quoting, `\\n` line ends)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([cell(value) for value in record] for record in records)
    with replacing(path) as stream:
        stream.write(text.getvalue().encode())
    return Path(path)


def write_columns(columns: Mapping[str, Sequence[object] | np.ndarray], path: str | Path) -> Path:
    """Write named columns `[k]` of one length as CSV, such as the history of a training.

    Numbers are written column by column: a million rows of eight cells take about two seconds.

    Raises:
        ValueError: when the lengths differ.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{Path(path).name}: expected columns of one length, got {lengths}")
    texts = [_texts(column) for column in columns.values()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    if len(texts) > 1 and all(_is_bare(column) for column in columns.values()):
        text.writelines(f"{line}\n" for line in map(",".join, zip(*texts, strict=True)))
    else:
        writer.writerows(zip(*texts, strict=True))
    with replacing(path) as stream:
        stream.write(text.getvalue().encode())
    return Path(path)


def _texts(column: Sequence[object] | np.ndarray) -> list[str]:
    """The cells of a column, as `cell` makes each."""
    if not isinstance(column, np.ndarray) or column.dtype.kind not in "fiuU":
        return [cell(value) for value in column]
    if column.dtype.kind != "f":
        return list(map(str, column.tolist()))
    known = np.flatnonzero(np.isfinite(column))
    if len(known) == len(column):
        return list(map(repr, column.tolist()))
    texts = [""] * len(column)
    for place, value in zip(known.tolist(), column[known].tolist(), strict=True):
        texts[place] = repr(value)
    return texts


def _is_bare(column: Sequence[object] | np.ndarray) -> bool:
    """Whether no cell of a column needs quotes."""
    if not isinstance(column, np.ndarray) or column.dtype.kind not in "fiuU":
        return False
    return column.dtype.kind != "U" or not _QUOTED & set("".join(set(column.tolist())))


def read_columns(path: str | Path, *, texts: Sequence[str] = (), whole: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Read what `write_columns` wrote: columns `[k]` of float64, NaN where a cell is empty.

    Args:
        path: of the file.
        texts: names of columns of text.
        whole: names of columns of integers.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no such table.
    """

    def column(name: str, cells: Sequence[str]) -> np.ndarray:
        if name in texts:
            return np.array(cells, dtype=np.str_)
        numbers = np.array([float(cell) if cell else math.nan for cell in cells], dtype=np.float64)
        return numbers.astype(int) if name in whole else numbers

    names, cells = _table(Path(path))
    return {name: column(name, cells[place :: len(names)]) for place, name in enumerate(names)}


def _table(path: Path) -> tuple[list[str], list[str]]:
    """The names in the first line, and all cells below it, one row after the other."""
    text = path.read_text(encoding="utf-8")
    if '"' in text or "\r" in text:
        names, *rows = csv.reader(io.StringIO(text))
        widths = {len(row) for row in rows}
        cells = [cell for row in rows for cell in row]
    else:  # nothing is quoted: commas and line ends are all there is to see
        head, *lines = text.removesuffix("\n").split("\n")
        names = head.split(",")
        widths = {line.count(",") + 1 for line in lines}
        cells = ",".join(lines).split(",") if lines else []
    if not text or not widths <= {len(names)}:
        raise ValueError(f"{path}: expected a table with {len(names)} cells in every line; got {sorted(widths)}")
    return names, cells


def write_npz(arrays: Mapping[str, np.ndarray], path: str | Path) -> Path:
    """Write named arrays as a compressed `.npz` that `numpy.load` reads without pickle. Equal arrays give equal bytes.

    Raises:
        TypeError: for an array of Python objects, which only pickle could hold.
    """
    plain_arrays = {name: np.asarray(array) for name, array in arrays.items()}
    objects = [name for name, array in plain_arrays.items() if array.dtype.hasobject]
    if objects:
        raise TypeError(f"{Path(path).name}: expected arrays of numbers or text, got Python objects in {objects}")
    with replacing(path) as stream:
        np.savez_compressed(stream, allow_pickle=False, **plain_arrays)
    return Path(path)
