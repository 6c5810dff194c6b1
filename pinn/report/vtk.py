"""Fields on meshes as files of VTK, for ParaView: `.vtu` for one moment, `.pvd` for a series of them.

A `.vtu` is XML with its arrays inline, compressed by zlib and written in base64. An array is cut into blocks of 32 KiB
that are compressed one by one; before them, in base64 of its own, stands how many blocks there are, the size of a whole
one, the size of the last if it is shorter (else 0), and the compressed size of each, as unsigned numbers of 64 bits.

Source: VTK File Formats, in the documentation of VTK, section XML.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from pinn.files import replacing

CELLS: Mapping[str, tuple[int, int]] = {  # the number of the type in VTK, and of its vertices
    "line": (3, 2),
    "triangle": (5, 3),
    "quadrilateral": (9, 4),
    "tetrahedron": (10, 4),
    "hexahedron": (12, 8),
}

_BLOCK = 32_768
_TYPES = {"f8": "Float64", "f4": "Float32", "i8": "Int64", "u1": "UInt8"}
_HEAD = (
    '<?xml version="1.0"?>\n'
    '<VTKFile type="{}" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
    'compressor="vtkZLibDataCompressor">\n'
)


def write_vtu(
    points: np.ndarray,
    cells: np.ndarray,
    kind: str,
    fields: Mapping[str, np.ndarray],
    path: str | Path,
    *,
    time: float | None = None,
) -> Path:
    """Write fields on the vertices of a mesh, whole or not at all. Equal arrays give equal bytes.

    Args:
        points: the vertices, `[V, k]` with k up to 3; what is missing of three coordinates is 0.
        cells: the vertices of each cell, `[C, n]`, in the order of VTK.
        kind: of the cells, a key of `CELLS`.
        fields: numbers `[V]` by name, or vectors `[V, k]` with k up to 3, which get three components, too.
        path: of the file.
        time: the moment that the fields belong to, if any.

    Raises:
        ValueError: more than three coordinates, a kind that is not known, or an array of another shape.
    """
    number, corners = CELLS.get(kind, (0, 0))
    if not number:
        raise ValueError(f"{kind}: expected cells of a kind among {', '.join(CELLS)}")
    if cells.ndim != 2 or cells.shape[1] != corners:
        raise ValueError(f"{Path(path).name}: expected cells of shape [C, {corners}]; got {list(cells.shape)}")
    for name, values in fields.items():
        if len(values) != len(points) or values.ndim > 2:
            raise ValueError(
                f"{Path(path).name}: expected '{name}' of shape [{len(points)}] or [{len(points)}, k]; "
                f"got {list(values.shape)}"
            )
    offsets = np.arange(1, len(cells) + 1, dtype=np.int64) * corners
    parts = [
        _HEAD.format("UnstructuredGrid"),
        "<UnstructuredGrid>\n",
        "" if time is None else f"<FieldData>\n{_array('TimeValue', np.array([time]), single=True)}</FieldData>\n",
        f'<Piece NumberOfPoints="{len(points)}" NumberOfCells="{len(cells)}">\n',
        f"<Points>\n{_array('points', _in_space(points))}</Points>\n",
        f"<Cells>\n{_array('connectivity', np.ravel(cells).astype(np.int64))}{_array('offsets', offsets)}",
        f"{_array('types', np.full(len(cells), number, np.uint8))}</Cells>\n",
        "<PointData>\n",
        *(_array(name, values if values.ndim == 1 else _in_space(values)) for name, values in fields.items()),
        "</PointData>\n</Piece>\n</UnstructuredGrid>\n</VTKFile>\n",
    ]
    with replacing(path) as stream:
        stream.write("".join(parts).encode())
    return Path(path)


def write_pvd(files: Sequence[str], times: Sequence[float], path: str | Path) -> Path:
    """Write the list of a series of `.vtu`, by their names relative to its folder, with the time of each."""
    rows = "".join(
        f'<DataSet timestep="{time!r}" part="0" file={quoteattr(file)}/>\n'
        for file, time in zip(files, map(float, times), strict=True)
    )
    text = f'<?xml version="1.0"?>\n<VTKFile type="Collection" version="1.0">\n<Collection>\n{rows}</Collection>\n'
    with replacing(path) as stream:
        stream.write(f"{text}</VTKFile>\n".encode())
    return Path(path)


def _in_space(vectors: np.ndarray) -> np.ndarray:
    """Vectors `[V, k]` with zeros for what is missing of three components."""
    if vectors.shape[1] > 3:
        raise ValueError(f"expected at most three components; got {vectors.shape[1]}")
    return np.pad(vectors, ((0, 0), (0, 3 - vectors.shape[1])))


def _array(name: str, values: np.ndarray, *, single: bool = False) -> str:
    """One array as an element of XML."""
    data = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    shape = f' NumberOfComponents="{values.shape[1]}"' if values.ndim == 2 else ""
    tuples = ' NumberOfTuples="1"' if single else ""
    kind = _TYPES[data.dtype.str[1:]]
    return (
        f'<DataArray type="{kind}" Name={quoteattr(name)}{shape}{tuples} format="binary">{_encoded(data)}</DataArray>\n'
    )


def _encoded(data: np.ndarray) -> str:
    """The bytes as VTK reads them."""
    raw = data.tobytes()
    packed = [zlib.compress(raw[start : start + _BLOCK]) for start in range(0, len(raw), _BLOCK)]
    header = np.array([len(packed), _BLOCK, len(raw) % _BLOCK, *map(len, packed)], "<u8")
    return (base64.b64encode(header.tobytes()) + base64.b64encode(b"".join(packed))).decode()
