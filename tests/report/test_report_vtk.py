"""What is written for ParaView is read back by VTK itself: the same numbers, and cells of the right sizes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersVerdict import vtkCellSizeFilter
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

from pinn.geometry import Ball, Box, Interval, SpatialShape
from pinn.geometry.meshing import cells
from pinn.report import write_pvd, write_vtu

SHAPES = {
    "line": Interval(0, 2),
    "quadrilateral": Box((0, 0), (2, 1)),
    "hexahedron": Box((0, 0, 0), (1, 2, 1)),
    "triangle": Box((0, 0), (2, 1)) - Ball((0.5, 0.5), 0.2),
    "tetrahedron": Ball((0, 0), 1) * Interval(0, 1, axis="z"),
}


def _read(path: Path):
    reader = vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetErrorCode() == 0
    return reader.GetOutput()


@pytest.mark.parametrize(("kind", "shape"), SHAPES.items())
def test_fields_on_cells_of_every_kind_come_back(tmp_path: Path, kind: str, shape: SpatialShape):
    made = cells(shape, 8)
    assert made.kind == kind
    rng = np.random.default_rng(0)
    fields = {"u": rng.normal(size=len(made.points)), 'a <b> & "c"': rng.normal(size=made.points.shape)}
    fields["single"] = fields["u"].astype(np.float32)
    found = _read(write_vtu(made.points, made.cells, kind, fields, tmp_path / "a" / "field.vtu", time=0.1))
    k = shape.dim
    points = vtk_to_numpy(found.GetPoints().GetData())
    np.testing.assert_array_equal(points[:, :k], made.points)
    assert not points[:, k:].any()
    assert {found.GetPointData().GetArrayName(i) for i in range(3)} == set(fields)
    for name, values in fields.items():
        read = vtk_to_numpy(found.GetPointData().GetArray(name))
        assert read.dtype == values.dtype
        np.testing.assert_array_equal(read if values.ndim == 1 else read[:, :k], values)
    assert found.GetFieldData().GetArray("TimeValue").GetValue(0) == 0.1
    sizes = vtkCellSizeFilter()
    sizes.SetInputData(found)
    sizes.Update()
    name = {1: "Length", 2: "Area", 3: "Volume"}[k]
    np.testing.assert_allclose(vtk_to_numpy(sizes.GetOutput().GetCellData().GetArray(name)), made.measures, rtol=1e-9)


# Of 8 bytes each: none, fewer than one block of 32 KiB, exactly two, and three with a short one at the end.
@pytest.mark.parametrize("count", [0, 100, 8192, 10_000])
def test_arrays_of_any_length_come_back(tmp_path: Path, count: int):
    points = np.arange(float(count))[:, np.newaxis]
    found = _read(write_vtu(points, np.empty((0, 2), int), "line", {"u": np.sqrt(points[:, 0])}, tmp_path / "a.vtu"))
    assert found.GetNumberOfPoints() == count
    assert found.GetFieldData().GetNumberOfArrays() == 0
    if count:
        np.testing.assert_array_equal(
            vtk_to_numpy(found.GetPointData().GetArray("u")), np.sqrt(np.arange(float(count)))
        )


def test_equal_fields_give_equal_bytes(tmp_path: Path):
    made = cells(Interval(0, 1), 5)
    paths = [write_vtu(made.points, made.cells, "line", {}, tmp_path / name) for name in ("a.vtu", "b.vtu")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_series_names_its_files_and_times(tmp_path: Path):
    path = write_pvd(['a "1".vtu', "b.vtu"], [0.0, 1 / 3], tmp_path / "series.pvd")
    rows = ET.parse(path).getroot().findall("./Collection/DataSet")
    assert [(row.get("file"), float(row.get("timestep"))) for row in rows] == [('a "1".vtu', 0.0), ("b.vtu", 1 / 3)]


@pytest.mark.parametrize(
    ("points", "corners", "kind", "fields", "said"),
    [
        (np.zeros((2, 4)), 2, "line", {}, "at most three components; got 4"),
        (np.zeros((2, 1)), 3, "line", {}, r"cells of shape \[C, 2\]; got \[1, 3\]"),
        (np.zeros((2, 1)), 2, "wedge", {}, "wedge: expected cells of a kind among line, triangle"),
        (np.zeros((2, 1)), 2, "line", {"u": np.zeros(3)}, r"'u' of shape \[2\] or \[2, k\]; got \[3\]"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_and_nothing_is_written(tmp_path, points, corners, kind, fields, said):
    with pytest.raises(ValueError, match=said):
        write_vtu(points, np.zeros((1, corners), int), kind, fields, tmp_path / "a.vtu")
    assert not list(tmp_path.iterdir())
