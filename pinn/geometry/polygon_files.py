"""Polygons from files: CSV tables of vertices, and GeoJSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pinn.geometry.polygon import Polygon

_SUFFIXES = (".csv", ".geojson", ".json")


def polygon_from_file(file: str | Path) -> Polygon:
    """The polygon in a file.

    - `.csv`: one vertex a line, `x,y`, the first ring being the outline and each further one a hole; empty lines stand
      between rings. A first line without any number is a heading.
    - `.geojson`, `.json`: a Polygon, or a Feature or a FeatureCollection that holds one. Its rings must be closed.

    Raises:
        ValueError: the file is missing, has another ending, or does not hold one polygon; the message names the file
            and the line or the ring.
    """
    path = Path(file)
    if path.suffix.lower() not in _SUFFIXES:
        raise ValueError(f"{path}: expected a file that ends in {', '.join(_SUFFIXES)}.")
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets begin a file with a mark of its encoding
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: the file cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    rings = _rings_of_table(text, path) if path.suffix.lower() == ".csv" else _rings_of_geojson(text, path)
    try:
        return Polygon(rings[0], tuple(rings[1:]))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None


def _rings_of_table(text: str, path: Path) -> list[Any]:
    rings: list[list[tuple[float, float]]] = [[]]
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            rings.append([])
        elif _is_vertex(cells):
            rings[-1].append((float(cells[0]), float(cells[1])))
        elif number > 1 or any(map(_is_number, cells)):
            raise ValueError(f"{path}, line {number}: expected a vertex as two numbers, x,y; got {','.join(row)!r}.")
    filled = [ring for ring in rings if ring]
    if not filled:
        raise ValueError(f"{path}: expected vertices, one a line as x,y; got none.")
    return filled


def _is_vertex(cells: list[str]) -> bool:
    return len(cells) == 2 and all(map(_is_number, cells))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _rings_of_geojson(text: str, path: Path) -> list[Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: this is no JSON: {error.msg}.") from None
    rings = _polygon_of(content, path)
    if not isinstance(rings, list) or not rings or not all(isinstance(ring, list) for ring in rings):
        raise ValueError(f"{path}: expected the coordinates of a Polygon as a list of rings; got {rings!r}.")
    for i, ring in enumerate(rings):
        if not ring or ring[0] != ring[-1]:
            what = f"hole_{i}" if i else "the outline"
            raise ValueError(f"{path}: {what} is open: repeat its first vertex at the end, as GeoJSON asks.")
    return rings


def _polygon_of(content: Any, path: Path) -> Any:
    """The coordinates of the one Polygon in a GeoJSON object."""
    kind = content.get("type") if isinstance(content, Mapping) else None
    if kind == "Polygon":
        return content.get("coordinates")
    if kind == "Feature":
        return _polygon_of(content.get("geometry"), path)
    if kind == "FeatureCollection":
        features = content.get("features")
        if not isinstance(features, list) or len(features) != 1:
            found = len(features) if isinstance(features, list) else repr(features)
            raise ValueError(f"{path}: expected one feature, got {found}: keep one polygon a file.")
        return _polygon_of(features[0], path)
    raise ValueError(f"{path}: expected a Polygon, a Feature or a FeatureCollection; got {kind!r}.")
