"""Triangulated surfaces: corners that are joined, a check that nothing is open, outward sides, and smooth patches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from pinn.geometry.checks import Array
from pinn.geometry.rays import rays_through
from pinn.geometry.triangle_tree import unit_normals

Index = NDArray[np.intp]

_JOINED = 1e-7  # of the size: vertices that are closer are one, as a file in single precision leaves them


class Surface(NamedTuple):
    """Vertices `[V, 3]`, each once, and closed faces `[T, 3]`, counter-clockwise when seen from outside."""

    vertices: Array
    faces: Index

    @property
    def corners(self) -> Array:
        """Of the faces: `[T, 3, 3]`."""
        return self.vertices[self.faces]


class Seams(NamedTuple):
    """Where two faces meet: the faces `[m, 2]`, and whether both run along the common edge in one direction `[m]`."""

    faces: Index
    alike: NDArray[np.bool_]


def closed_surface(vertices: ArrayLike, faces: ArrayLike) -> Surface:
    """The closed surface of faces `[F, 3]` between vertices `[V, 3]`.

    Faces that were turned the wrong way are turned; a closed piece that lies in an odd number of others is a cavity,
    with its normals into it. That the surface does not cross itself is not checked.

    Raises:
        ValueError: arrays of a wrong shape, numbers that are not finite, places that are no vertices, no faces, edges
            that do not belong to an even number of faces, a surface with one side only, or one that encloses nothing.
    """
    places, joined = _checked(vertices, faces)
    seams = _seams(places, joined)
    joined = _turned_alike(joined, seams)
    joined = np.where(_wrong_way(places[joined], seams)[:, None], joined[:, ::-1], joined)
    size = float(np.max(np.ptp(places[joined].reshape(-1, 3), axis=0)))
    if volume(places[joined]) <= 1e-12 * size**3:
        raise ValueError("the mesh is flat and encloses no volume: give it a thickness.")
    return Surface(places, joined)


def volume(corners: Array) -> float:
    """Of what closed triangles `[T, 3, 3]` enclose: the sum of signed tetrahedra with one corner at their center."""
    return float(np.sum(_volumes(corners)))


def areas(corners: Array) -> Array:
    """Of triangles `[T, 3, 3]`: `[T]`."""
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.linalg.norm(across, axis=1) / 2.0


def patches(surface: Surface, crease: float) -> Index:
    """The number of the patch of each face, from 0 on in the order of their first faces: `[T]`.

    Neighbours whose normals differ by less than the angle `crease` belong to one patch. A face without an area has no
    normal, and joins none of its neighbours.
    """
    normals, pairs = unit_normals(surface.corners), _pairs(surface.faces).faces
    flush = np.einsum("mi,mi->m", normals[pairs[:, 0]], normals[pairs[:, 1]]) > np.cos(crease)
    _, labels = _components(len(normals), pairs[flush])
    _, first, found = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[found]


def _checked(vertices: ArrayLike, faces: ArrayLike) -> tuple[Array, Index]:
    places, given = np.array(vertices, dtype=np.float64), np.array(faces)
    if places.ndim != 2 or places.shape[1] != 3:
        raise ValueError(f"vertices must have the shape [V, 3], got {list(places.shape)}.")
    if given.ndim != 2 or given.shape[1] != 3 or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"faces must be whole numbers of the shape [F, 3], got {given.dtype} {list(given.shape)}.")
    if not len(given):
        raise ValueError("a mesh has 4 faces or more, got none.")
    if given.min() < 0 or given.max() >= len(places):
        raise ValueError(f"faces must name vertices 0 to {len(places) - 1}, got {given.min()} to {given.max()}.")
    if not np.all(np.isfinite(places)):
        where = int(np.flatnonzero(~np.all(np.isfinite(places), axis=1))[0])
        raise ValueError(f"vertices must be finite, got {places[where].tolist()} as vertex {where}.")
    return _joined(places, given)


def _joined(places: Array, faces: Index) -> tuple[Array, Index]:
    """With one number for vertices at one place, without faces that are left with two corners, and vertices of none."""
    used = places[np.unique(faces)]
    size = float(np.max(np.ptp(used, axis=0))) or 1.0
    _, first, number = np.unique(np.round(places / (_JOINED * size)), axis=0, return_index=True, return_inverse=True)
    faces = number.reshape(-1)[faces]
    kept = np.all(faces != np.roll(faces, 1, axis=1), axis=1)
    met, faces = np.unique(faces[kept], return_inverse=True)
    return places[first[met]], faces.reshape(-1, 3)


def _seams(places: Array, faces: Index) -> Seams:
    """The seams between faces, after a check that no edge is open."""
    edges = np.sort(_directed(faces), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    open_ = unique[counts % 2 == 1]
    if len(open_):
        start, end = (np.array2string(places[vertex], precision=6, separator=", ") for vertex in open_[0])
        raise ValueError(
            f"the mesh is not watertight: {len(open_)} of {len(unique)} edges are open, the first one from {start} to "
            f"{end}. Close the holes (trimesh.repair.fill_holes, or the program that made the mesh) and save it again."
        )
    return _pairs(faces)


def _directed(faces: Index) -> Index:
    """The edges in the directions in which the faces run along them, three a face: `[3 F, 2]`."""
    return np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2)


def _pairs(faces: Index) -> Seams:
    """Faces that share an edge; where four meet, those of opposite directions go together."""
    directed = _directed(faces)
    edges, forward = np.sort(directed, axis=1), directed[:, 0] < directed[:, 1]
    order = np.lexsort((forward, edges[:, 1], edges[:, 0]))
    new = np.any(np.diff(edges[order], axis=0, prepend=-1) != 0, axis=1)
    position = np.arange(len(order)) - np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    size = np.diff(np.append(np.flatnonzero(new), len(order)))
    of_edge = np.repeat(size, size)
    half = of_edge // 2
    low = np.flatnonzero(position < half)
    first, second = order[low], order[low + half[low]]
    return Seams(np.stack([first // 3, second // 3], axis=1), forward[first] == forward[second])


def _components(nodes: int, pairs: Index) -> tuple[int, Index]:
    graph = coo_matrix((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(nodes, nodes))
    return connected_components(graph, directed=False)


def _turned_alike(faces: Index, seams: Seams) -> Index:
    """The faces turned so that neighbours run along their edge in opposite directions.

    Every face is two nodes of a graph, as it is and turned; a seam joins the nodes that agree. In a surface with two
    sides these are never connected.
    """
    n, (pairs, alike) = len(faces), seams
    first, second = pairs[:, 0], pairs[:, 1]
    ends = np.concatenate(
        [np.stack([first, second + n * alike], axis=1), np.stack([first + n, second + n * ~alike], axis=1)]
    )
    _, labels = _components(2 * n, ends)
    if np.any(labels[:n] == labels[n:]):
        raise ValueError("the mesh has one side only, like a Möbius strip, and so no inside: draw it anew.")
    turned = labels[:n] > labels[n:]  # one choice of the two, the same all over a piece
    return np.where(turned[:, None], faces[:, ::-1], faces)


def _wrong_way(corners: Array, seams: Seams) -> NDArray[np.bool_]:
    """Which faces of consistent pieces have their inside in front."""
    count, piece = _components(len(corners), seams.faces)
    outward = np.bincount(piece, _volumes(corners), count) > 0
    if count == 1:
        return np.full(len(corners), not outward[0])
    _, first = np.unique(piece, return_index=True)
    probes = corners[first].mean(axis=1)
    around = np.zeros((count, count))
    for rows, triangles in rays_through(corners, unit_normals(corners)).crossings(probes):
        np.add.at(around, (rows, piece[triangles]), 1)
    np.fill_diagonal(around, 0)
    cavity = np.sum(around % 2, axis=1) % 2 == 1
    return (outward == cavity)[piece]


def _volumes(corners: Array) -> Array:
    a, b, c = (corners - corners.mean(axis=(0, 1))).transpose(1, 0, 2)
    return np.einsum("ni,ni->n", a, np.cross(b, c)) / 6.0
