"""Polygons from CSV and GeoJSON files, and messages that name the file and the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pinn.geometry import Polygon, polygon_from_file, shape_from

OUTLINE = [[0, 0], [2, 0], [2, 1], [0, 1], [0, 0]]
HOLE = [[0.5, 0.5], [0.7, 0.5], [0.5, 0.7], [0.5, 0.5]]
EXPECTED = Polygon(OUTLINE, [HOLE])
POLYGON: dict[str, Any] = {"type": "Polygon", "coordinates": [OUTLINE, HOLE]}
FEATURE = {"type": "Feature", "properties": {}, "geometry": POLYGON}

FILES = {
    "plain.csv": "0,0\n2,0\n2,1\n0,1\n\n0.5,0.5\n0.7,0.5\n0.5,0.7\n",
    "closed.csv": "x, y\n0, 0\n2, 0\n2, 1\n0, 1\n0, 0\n\n\n0.5, 0.5\n0.7, 0.5\n0.5, 0.7\n\n",
    "spreadsheet.csv": "\ufeff0,0\r\n2,0\r\n2,1\r\n0,1\r\n,\r\n0.5,0.5\r\n0.7,0.5\r\n0.5,0.7\r\n",
    "polygon.geojson": json.dumps(POLYGON),
    "marked.geojson": "\ufeff" + json.dumps(POLYGON),
    "feature.json": json.dumps(FEATURE),
    "collection.geojson": json.dumps({"type": "FeatureCollection", "features": [FEATURE]}),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_the_polygon(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    assert polygon_from_file(tmp_path / name) == EXPECTED
    assert shape_from({"type": "polygon_file", "file": str(tmp_path / name)}) == EXPECTED


def geojson(*rings: list[Any]) -> str:
    return json.dumps({"type": "Polygon", "coordinates": rings})


BAD = {
    "missing": ("none.csv", None, "none.csv: the file cannot be read: No such file"),
    "ending": ("shape.dxf", "", "shape.dxf: expected a file that ends in .csv, .geojson, .json"),
    "word": ("a.csv", "x,y\n0,0\n1,zero\n", "a.csv, line 3: expected a vertex as two numbers, x,y; got '1,zero'"),
    "word in the first line": ("a.csv", "0,zero\n1,0\n0,1\n1,1\n", "a.csv, line 1: expected a vertex .*got '0,zero'"),
    "three numbers in the first line": ("a.csv", "0,0,0\n1,0\n0,1\n1,1\n", "a.csv, line 1: expected a vertex"),
    "three numbers": ("a.csv", "0,0\n1,0,0\n", "a.csv, line 2: expected a vertex"),
    "empty": ("a.csv", "\n", "a.csv: expected vertices, one a line"),
    "too few": ("a.csv", "0,0\n1,0\n", "a.csv: the outline must have 3 vertices or more, got 2"),
    "crossing": ("a.csv", "0,0\n1,1\n1,0\n0,1\n", "a.csv: the outline must not cross"),
    "no number": ("a.csv", "0,0\n1,nan\n0,1\n", r"a.csv: the outline\[1\]\[1\] must be finite"),
    "no JSON": ("a.geojson", "{\n'", "a.geojson, line 2: this is no JSON"),
    "open": ("a.geojson", geojson(OUTLINE[:-1]), "a.geojson: the outline is open: repeat its first vertex"),
    "open hole": ("a.geojson", geojson(OUTLINE, HOLE[:-1]), "a.geojson: hole_1 is open"),
    "line": ("a.geojson", json.dumps({"type": "LineString"}), "expected a Polygon, .*got 'LineString'"),
    "list": ("a.json", "[]", "expected a Polygon, .*got None"),
    "no rings": ("a.json", json.dumps({"type": "Polygon"}), "coordinates of a Polygon as a list of rings; got None"),
    "two": (
        "a.json",
        json.dumps({"type": "FeatureCollection", "features": [FEATURE, FEATURE]}),
        "expected one feature, got 2: keep one polygon a file",
    ),
    "no features": ("a.json", '{"type": "FeatureCollection", "features": {}}', "expected one feature, got {}: keep"),
    "hole outside": ("a.json", geojson(OUTLINE, [[9, 9], [9.5, 9], [9, 9.5], [9, 9]]), "hole_1 must lie inside"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_the_place(name: str, tmp_path: Path) -> None:
    file, text, match = BAD[name]
    if text is not None:
        (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=match):
        polygon_from_file(tmp_path / file)
