"""Meshes: patches, any convex body against its planes, orientation, cuts, files, and messages for what is no body."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from geometry_mesh_cases import INNER, OUTER, box_surface, together
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from pinn.geometry import Ball, Interval, Mesh, mesh_from_file, shape_from

CUBE = box_surface((0.0,) * 3, (1.0,) * 3)


def sphere(subdivisions: int = 3) -> Mesh:
    ball = trimesh.creation.icosphere(subdivisions=subdivisions)
    return Mesh(ball.vertices, ball.faces)


@settings(max_examples=15, deadline=None)
@given(st.integers(6, 40), st.integers(0, 2**32 - 1))
def test_any_convex_body(count: int, seed: int) -> None:
    """Volume, area, membership and distances to planes, for the hull of random points with its faces turned anyhow."""
    rng = np.random.default_rng(seed)
    hull = ConvexHull(rng.normal(size=(count, 3)))
    faces = np.array([rng.permutation(face) for face in hull.simplices])
    mesh = Mesh(hull.points, faces)
    assert mesh.measure == pytest.approx(hull.volume, rel=1e-10)
    assert sum(part.measure for part in mesh.select("surface")) == pytest.approx(hull.area, rel=1e-10)
    points = rng.uniform(-1.5, 1.5, (200, 3))
    heights = points @ hull.equations[:, :3].T + hull.equations[:, 3]
    inside = np.all(heights <= 0, axis=1)
    assert np.array_equal(mesh.inside(points), inside)
    distance = mesh.signed_distance(points)
    assert distance[inside] == pytest.approx(heights[inside].max(axis=1), abs=1e-12)
    nearest = [min(to_triangle(p, hull.points[face]) for face in hull.simplices) for p in points[~inside][:20]]
    assert distance[~inside][:20] == pytest.approx(np.array(nearest), abs=1e-9)
    for part in mesh.parts.values():
        at, normals = part.sample(rng.random((20, 2)))
        assert mesh.signed_distance(at + 1e-3 * normals) == pytest.approx(np.full(20, 1e-3), rel=1e-9)


def to_triangle(p: np.ndarray, corners: np.ndarray) -> float:
    """The least of the distances to the plane, where its foot is inside, to three lines and three corners."""
    found = [float(np.linalg.norm(p - corner)) for corner in corners]
    for a, b in ((0, 1), (1, 2), (2, 0)):
        along = corners[b] - corners[a]
        share = np.dot(p - corners[a], along) / np.dot(along, along)
        if 0 <= share <= 1:
            found.append(float(np.linalg.norm(p - corners[a] - share * along)))
    edges = (corners[1:] - corners[0]).T
    weights, *_ = np.linalg.lstsq(edges, p - corners[0], rcond=None)
    if min(*weights, 1 - weights.sum()) >= 0:
        found.append(float(np.linalg.norm(p - corners[0] - edges @ weights)))
    return min(found)


def test_sharp_edges_bound_the_patches() -> None:
    cube = Mesh(*CUBE)
    assert list(cube.parts) == [f"patch_{i}" for i in range(1, 7)]
    assert len(cube.select("surface")) == len(cube.select("boundary")) == 6
    assert list(Mesh(*CUBE, crease=2.0).parts) == ["surface"]
    assert list(sphere().parts) == ["surface"]
    assert not any(part.valued or part.smooth for part in cube.parts.values())
    assert len(Mesh(*CUBE, crease=2.0).parts["surface"].knots) == 13
    points = sphere(1).parts["surface"].sample(np.linspace(0, 1, 9)[:, None] * [1, 1])[0]
    assert np.isfinite(points).all()


def test_many_patches_are_one_surface() -> None:
    assert list(Mesh(*vars_of(trimesh.creation.icosphere(subdivisions=2)), crease=1e-3).parts) == ["surface"]


def vars_of(mesh: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray]:
    return np.array(mesh.vertices), np.array(mesh.faces)


def test_inverted_faces_and_cavities_are_put_right() -> None:
    """Each closed piece is turned as a whole: outwards, or inwards if it is a cavity; a body in it, outwards again."""
    inner, core = box_surface(*INNER), box_surface((0.2, 0.3, 0.6), (0.4, 0.5, 0.8))
    volume = 1.5 * 0.8 * 1.2 - 0.5 * 0.35 * 0.5 + 0.2**3
    for outward in (1, -1):
        vertices, faces = together(box_surface(*OUTER), (inner[0], inner[1][:, ::outward]), core)
        mesh = Mesh(vertices, faces[:, ::outward])
        assert mesh.measure == pytest.approx(volume, rel=1e-13)
        assert mesh.inside([[0.15, 0.28, 0.55], [0.3, 0.4, 0.7], [0.0, 0.1, 0.3]]).tolist() == [False, True, True]


def test_a_mesh_is_known_by_its_triangles() -> None:
    assert Mesh(*CUBE) == Mesh(*CUBE) == copy.deepcopy(Mesh(*CUBE))
    assert Mesh(*CUBE) != Mesh(CUBE[0] * 2.0, CUBE[1])
    assert Mesh(*CUBE) != Mesh(*CUBE, crease=2.0)
    with pytest.raises(ValueError, match="read-only"):
        Mesh(*CUBE).vertices[0] = 1.0


def test_parts_are_named_along_the_triangles() -> None:
    """The lid of a cube exactly, though the bound holds at its rim too; a cap of a ball to the size of triangles."""
    lidded = Mesh(*CUBE, crease=2.0).with_part("lid", lambda p: p.z > 1 - 1e-9)
    (lid,) = lidded.select("lid")
    assert lid.measure == pytest.approx(1.0, rel=1e-12)
    points, normals = lid.sample(np.random.default_rng(0).random((100, 2)))
    assert np.all(points[:, 2] == 1.0)
    assert np.all(normals == [0.0, 0.0, 1.0])
    (cap,) = sphere().with_part("cap", lambda p: p.z + 0.3 * p.x > 0.8).select("cap")
    assert cap.measure == pytest.approx(math.tau * (1 - 0.8 / math.hypot(1.0, 0.3)), rel=2e-2)
    points, _ = cap.sample(np.random.default_rng(1).random((500, 2)))
    assert np.all(points[:, 2] + 0.3 * points[:, 0] > 0.8 - 1e-3)


def test_meshes_are_cut_moved_and_multiplied_like_any_shape() -> None:
    cube = Mesh(*CUBE)
    cut = cube - Ball((1.0, 0.5, 0.5), 0.3)
    assert cut.measure == pytest.approx(1 - 2 / 3 * math.pi * 0.3**3, rel=1e-4)
    assert cut.parts["patch_2"].measure == pytest.approx(1 - math.pi * 0.3**2, rel=1e-4)
    assert cut.parts["hole_1"].measure == pytest.approx(2 * math.pi * 0.3**2, rel=2e-3)
    assert cut.inside(cut.interior(np.random.default_rng(0).random((500, 3)))).all()
    moved = cube.rotated(0.3, plane=("x", "z")).scaled(2.0).with_part("corner", lambda p: p.y < 0.5)
    assert moved.parts["patch_4"].groups == ("surface",)
    assert sum(part.measure for part in moved.select("corner")) == pytest.approx(4.0 + 4 * 2 * 0.5, rel=1e-3)
    assert (cube * Interval(0.0, 2.0, axis="w")).measure == pytest.approx(2.0, rel=1e-14)


def test_a_file_is_the_mesh(tmp_path: Path) -> None:
    body = trimesh.Trimesh(*CUBE, process=False)
    (tmp_path / "text.stl").write_text(trimesh.exchange.stl.export_stl_ascii(body), encoding="utf-8")
    for name in ("binary.stl", "body.ply", "body.obj"):
        body.export(tmp_path / name)
    for name in ("binary.stl", "text.stl", "body.ply", "body.obj"):
        mesh = mesh_from_file(tmp_path / name)
        assert mesh == Mesh(*CUBE)
        assert mesh is mesh_from_file(str(tmp_path / name))
        assert shape_from({"type": "mesh_file", "file": str(tmp_path / name)}) == mesh
    body.apply_scale(2.0).export(tmp_path / "binary.stl")
    assert mesh_from_file(tmp_path / "binary.stl").measure == pytest.approx(8.0, rel=1e-14)


OPEN = (CUBE[0], CUBE[1][1:])
MOEBIUS = (
    [(math.cos(a), math.sin(a), 0.0) for a in np.arange(6) * math.tau / 6],
    [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 5, 1), (1, 2, 4), (2, 3, 5), (3, 4, 1), (4, 5, 2), (5, 1, 3)],
)  # the projective plane with six vertices: closed, and with one side

BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "open": (lambda: Mesh(*OPEN), r"not watertight: 3 of 18 edges are open, the first one from \[0.*fill_holes"),
    "one side": (lambda: Mesh(*MOEBIUS), "the mesh has one side only"),
    "flat": (lambda: Mesh(CUBE[0] * [1, 1, 0], CUBE[1]), "the mesh is flat and encloses no volume"),
    "infinite": (lambda: Mesh(CUBE[0] * [1, 1, math.inf], CUBE[1]), "vertices must be finite, got .* as vertex"),
    "vertices": (lambda: Mesh(CUBE[0][:, :2], CUBE[1]), r"vertices must have the shape \[V, 3\], got \[8, 2\]"),
    "faces": (lambda: Mesh(CUBE[0], CUBE[1] + 0.5), r"faces must be whole numbers of the shape \[F, 3\], got float64"),
    "none": (lambda: Mesh(CUBE[0], CUBE[1][:0]), "a mesh has 4 faces or more, got none"),
    "place": (lambda: Mesh(CUBE[0], CUBE[1] + 1), "faces must name vertices 0 to 7, got 1 to 8"),
    "part": (lambda: Mesh(*CUBE).select("top"), "'top': choose from patch_1, patch_2, .*, surface, or boundary"),
    "crease": (lambda: Mesh(*CUBE, crease=0), "crease must be greater than 0"),
    "axes": (lambda: Mesh(*CUBE, axes=("x", "y")), "axes must name 3 coordinates, got 2"),
}


@pytest.mark.parametrize(("call", "match"), BAD.values(), ids=list(BAD))
def test_what_is_no_body_is_refused_with_the_remedy(call: Callable[[], Any], match: str) -> None:
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=match):
        call()


BAD_FILES = {
    "missing": ("none.stl", None, "none.stl: the file cannot be read: No such file or directory. Check the path"),
    "ending": ("body.step", b"", "body.step: expected a file that ends in .stl, .ply, .obj"),
    "cut off": ("a.stl", b"\0" * 80 + b"\x05\0\0\0" + b"\0" * 60, "a.stl: expected triangles, got none"),
    "words": ("a.stl", b"solid a\nfacet normal 0 0 one\nendsolid", "a.stl: "),
    "empty": ("a.stl", b"", "a.stl: "),
    "no triangles": ("a.obj", b"v 0 0 0\nv 1 0 0\n", "a.obj: "),
    "ply": ("a.ply", b"ply\nformat", "a.ply: this is no PLY file that can be read"),
    "open": (
        "a.obj",
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 2 3 4\n",
        r"a.obj: the mesh is not watertight: 3 of 6 edges are open, the first one from \[0., 0., 0.\]",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_named_with_the_remedy(name: str, tmp_path: Path) -> None:
    file, content, match = BAD_FILES[name]
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ValueError, match=match):
        mesh_from_file(tmp_path / file)
