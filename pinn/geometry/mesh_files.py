"""Meshes from files: STL, PLY and OBJ."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pinn.geometry.mesh import Mesh
from pinn.geometry.optional import optional

_SUFFIXES = (".stl", ".ply", ".obj")


def mesh_from_file(file: str | Path, *, crease: float = 0.5, axes: tuple[str, ...] = ()) -> Mesh:
    """The body in a file that ends in `.stl` (text or binary), `.ply` or `.obj`; read again only if it has changed.

    Args:
        file: its path; the numbers in it are taken as they are (`scaled` changes the unit).
        crease: the angle between normals, in radians, from which on an edge is sharp; see `Mesh`.
        axes: three names, by default x, y and z.

    Raises:
        ValueError: the file is missing, has another ending, holds no triangles, or no closed surface of them; the
            message names the file and the remedy.
        ModuleNotFoundError: trimesh is not installed (`pip install 'pinn[shapes]'`).
    """
    path = Path(file)
    if path.suffix.lower() not in _SUFFIXES:
        raise ValueError(f"{path}: expected a file that ends in {', '.join(_SUFFIXES)}.")
    try:
        status = path.stat()
    except OSError as error:
        raise ValueError(f"{path}: the file cannot be read: {error.strerror}. Check the path.") from None
    return _read(path, crease, tuple(axes), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, crease: float, axes: tuple[str, ...], _changed: int, _size: int) -> Mesh:
    trimesh = optional("trimesh", "a mesh from a file")
    try:
        loaded = trimesh.load_mesh(path, process=False)
        vertices, faces = loaded.vertices, loaded.faces
    except Exception as error:  # each of its readers fails in its own way
        raise ValueError(
            f"{path}: this is no {path.suffix[1:].upper()} file that can be read ({error}): export it anew."
        ) from None
    if not len(faces):
        raise ValueError(f"{path}: expected triangles, got none: export the surface of the body as triangles.")
    try:
        return Mesh(vertices, faces, crease=crease, axes=axes)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
