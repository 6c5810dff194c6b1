"""The polygon with holes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.blending import blended, joined
from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.checks import Array, finite_number, finite_numbers, positive_number, space_axes, unit_points
from pinn.geometry.edges import Edges
from pinn.geometry.optional import optional
from pinn.geometry.pieces import Triangles, placed, summed_up
from pinn.geometry.shape import BoundaryPart
from pinn.geometry.value_shape import ValueShape

if TYPE_CHECKING:
    import tensorflow as tf

Ring = tuple[tuple[float, float], ...]

OUTER, HOLES = "outer", "holes"
_MOST_EDGES = 64  # with more of them a ring is one part, and carries penalties only
_MOST_FACTORS = 6  # lines whose product vanishes smoothly in corners; of more the product is all but zero everywhere
_REMEMBERED = 32


@final
@dataclass(frozen=True)
class Polygon(ValueShape):
    """A polygon in the plane, convex or not, with any number of polygonal holes.

    **Parts.** With up to 64 edges in all, each is a part: `edge_0` from the first vertex to the second, `edge_1`, ...,
    and `hole_1_edge_0`, ... in the first hole. With more of them each ring is one part: `outer`, `hole_1`, ... . These
    names are groups of the edges otherwise, so that `outer`, `hole_1` and `holes` can always be said.

    **Points.** The interior is triangulated once (constrained Delaunay, without new vertices). The first unit
    coordinate chooses a triangle by area, from left to right, and places the point in it together with the second one.
    The boundary is sampled by arc length. `signed_distance` is exact, by an index of the edges.

    **Values.** With up to 64 edges they can be exact, see `pinn.geometry.edges`. Named edges of the convex hull (up to
    six) enter `vanishing` by the product of the distances to their lines, which is smooth in corners too; all others
    by the join of the distances to the edges themselves. `lift` blends the data, each at a projection onto its edge,
    by inverse distances. In the corners of edges that enter by their join, and of a lift of data that are not all one
    number, second derivatives grow like 1 / r: no part is `smooth`.

    Args:
        vertices: three points or more, in order around the polygon; the first one need not be repeated at the end.
        holes: the same of each hole.
        axes: two names, by default x and y.

    Raises:
        ValueError: fewer than three vertices, a vertex that is repeated, edges that cross, a hole that is not inside,
            or numbers that are not finite. The message names the ring.
        ModuleNotFoundError: shapely is not installed (`pip install 'pinn[shapes]'`).
    """

    vertices: Ring
    holes: tuple[Ring, ...] = ()
    axes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", checked_ring("the outline", self.vertices))
        rings = [checked_ring(f"hole_{i}", hole) for i, hole in enumerate(self.holes, start=1)]
        object.__setattr__(self, "holes", tuple(rings))
        object.__setattr__(self, "axes", space_axes(self.axes, 2))
        _region(self)

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The box of the vertices."""
        corners = np.array(self.vertices)
        return corners.min(axis=0), corners.max(axis=0)

    @property
    def measure(self) -> float:
        """The area of the outline less those of the holes, by the shoelace formula."""
        return abs(signed_area(self.vertices)) - sum(abs(signed_area(hole)) for hole in self.holes)

    @property
    def unit_dimension(self) -> int:
        """2."""
        return 2

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """The edges, or the rings where there are more than 64 edges."""
        return dict(_parts(self))

    @property
    def _size(self) -> float:
        return math.sqrt(self.measure)

    @property
    def _rings(self) -> dict[str, tuple[Ring, float]]:
        """By name: the vertices, and 1 if the inside is to the left of the edges, else -1."""
        rings = {OUTER: (self.vertices, 1.0)} | {
            f"hole_{i}": (hole, -1.0) for i, hole in enumerate(self.holes, start=1)
        }
        return {name: (ring, sign * math.copysign(1.0, signed_area(ring))) for name, (ring, sign) in rings.items()}

    def _interior(self, unit: Array) -> Array:
        return _triangles(self).points(unit)[0]

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        return self._signed_distance(points) <= slack * np.max(np.abs(self.bounds))

    def _signed_distance(self, points: Array) -> Array:
        shapely = optional("shapely", "a polygon")
        region, boundary = _region(self)
        distance = shapely.distance(shapely.points(points), boundary)
        return np.where(shapely.contains_xy(region, points), -distance, distance)

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        import tensorflow as tf

        edges, places = _edges(self)
        chosen = sorted(places[name] for name in names)
        on_hull = _hull_edges(self)
        lines = [i for i in chosen if i in on_hull]
        lines = lines if len(lines) <= _MOST_FACTORS else []
        product = tf.ones_like(points[:, 0])
        if lines:
            heights = edges[lines].along(points) / [on_hull[i] for i in lines]
            product = tf.reduce_prod(heights, axis=1)
        others = [i for i in chosen if i not in lines]
        if others:
            near = joined(edges[others].distances(points) / self._size)
            product = product * near / (near + 0.25)
        return product * _scale(self, tuple(lines))

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        edges, places = _edges(self)
        values = [function(edges.projected(points, places[name])) for name, function in data.items()]
        if len(values) == 1:
            return values[0]
        return blended(values, edges[[places[name] for name in data]].distances(points) / self._size)


def RegularPolygon(  # noqa: N802  (stands beside the other shapes)
    sides: int,
    center: tuple[float, float] = (0.0, 0.0),
    radius: float = 1.0,
    *,
    angle: float = 0.0,
    axes: tuple[str, ...] = (),
) -> Polygon:
    """The polygon with equal sides and corners on a circle, the first one at `angle` (in radians, from the x axis)."""
    if not isinstance(sides, Integral) or sides < 3:
        raise ValueError(f"a regular polygon has 3 sides or more, got {sides!r}.")
    x, y = finite_numbers("center", center)
    r, first = positive_number("radius", radius), finite_number("angle", angle)
    turns = first + 2.0 * math.pi * np.arange(sides) / sides
    return Polygon(tuple((x + r * math.cos(turn), y + r * math.sin(turn)) for turn in turns), axes=axes)


def checked_ring(what: str, ring: Any) -> Ring:
    """The vertices as pairs of floats, three at least, none twice in a row; a repetition of the first is dropped."""
    if isinstance(ring, str) or not isinstance(ring, Iterable):
        raise TypeError(f"{what} must be a sequence of points, such as [(0, 0), (1, 0), (0, 1)], got {ring!r}.")
    vertices = [finite_numbers(f"{what}[{i}]", point) for i, point in enumerate(ring)]
    for i, vertex in enumerate(vertices):
        if len(vertex) != 2:
            raise ValueError(f"{what}[{i}] must be a point of the plane, got {len(vertex)} numbers: {vertex}.")
    if len(vertices) > 1 and vertices[0] == vertices[-1]:
        vertices = vertices[:-1]
    if len(vertices) < 3:
        raise ValueError(f"{what} must have 3 vertices or more, got {len(vertices)}.")
    for i, vertex in enumerate(vertices):
        if vertex == vertices[i - 1]:
            raise ValueError(f"{what} repeats the vertex {vertex} at place {i}: drop one of them.")
    return tuple((x, y) for x, y in vertices)


def signed_area(ring: Ring) -> float:
    """The area, positive if the vertices run counter-clockwise; relative to the first one, against cancellation."""
    x, y = (np.array(ring) - ring[0]).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2.0


@lru_cache(maxsize=_REMEMBERED)
def _region(polygon: Polygon) -> tuple[Any, Any]:
    """The polygon and its boundary as prepared geometries, after a check that they are one."""
    shapely = optional("shapely", "a polygon")
    for name, ring in (("the outline", polygon.vertices), *((f"hole_{i}", h) for i, h in enumerate(polygon.holes, 1))):
        alone = shapely.Polygon(ring)
        if not shapely.is_valid(alone):
            raise ValueError(
                f"{name} must not cross or touch itself, got {shapely.is_valid_reason(alone)}: give the vertices in "
                "the order in which they lie on the boundary."
            )
    outline = shapely.Polygon(polygon.vertices)
    for i, hole in enumerate(polygon.holes, start=1):
        if not shapely.contains_properly(outline, shapely.Polygon(hole)):
            raise ValueError(f"hole_{i} must lie inside the outline without touching it: move it, or cut the outline.")
    region = shapely.Polygon(polygon.vertices, polygon.holes)
    if not shapely.is_valid(region):
        raise ValueError(f"the holes must not touch each other, got {shapely.is_valid_reason(region)}: join them.")
    boundary = shapely.boundary(region)
    shapely.prepare(region)
    shapely.prepare(boundary)
    return region, boundary


@lru_cache(maxsize=_REMEMBERED)
def _triangles(polygon: Polygon) -> Triangles:
    """From left to right."""
    shapely = optional("shapely", "a polygon")
    found = shapely.get_parts(shapely.constrained_delaunay_triangles(_region(polygon)[0]))
    corners = shapely.get_coordinates(found).reshape(len(found), 4, 2)[:, :3]
    corners = corners[np.argsort(corners[:, :, 0].mean(axis=1), kind="stable")]
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    return Triangles(corners, summed_up(abs(ax * by - ay * bx) / 2.0))


@lru_cache(maxsize=_REMEMBERED)
def _edges(polygon: Polygon) -> tuple[Edges, dict[str, int]]:
    """All edges, and the place of each by the name that it has where edges are parts."""
    starts, ends, fronts = [], [], []
    places: dict[str, int] = {}
    for name, (ring, sign) in polygon._rings.items():
        first, second = np.array(ring), np.roll(ring, -1, axis=0)
        along = (second - first) / np.linalg.norm(second - first, axis=1, keepdims=True)
        for i in range(len(ring)):
            places[f"edge_{i}" if name == OUTER else f"{name}_edge_{i}"] = len(places)
        starts.append(first)
        ends.append(second)
        fronts.append(sign * np.stack([-along[:, 1], along[:, 0]], axis=1))
    return Edges(np.concatenate(starts), np.concatenate(ends), np.concatenate(fronts)), places


@lru_cache(maxsize=_REMEMBERED)
def _parts(polygon: Polygon) -> dict[str, BoundaryPart]:
    edges, places = _edges(polygon)
    sizes = [len(ring) for ring, _ in polygon._rings.values()]
    rings = [slice(end - size, end) for size, end in zip(sizes, np.cumsum(sizes), strict=True)]
    named = list(zip(polygon._rings, rings, strict=True))
    if len(places) > _MOST_EDGES:
        return {name: _path(name, edges, rows, _holes_of(name), valued=False) for name, rows in named}
    parts = {}
    for edge, i in places.items():
        ring = next(name for name, rows in named if rows.start <= i < rows.stop)
        parts[edge] = _path(edge, edges, slice(i, i + 1), (ring, *_holes_of(ring)), valued=True)
    return parts


def _holes_of(ring: str) -> tuple[str, ...]:
    """The group of all holes, if the ring is one."""
    return () if ring == OUTER else (HOLES,)


def _path(name: str, edges: Edges, rows: slice, groups: tuple[str, ...], *, valued: bool) -> BoundaryPart:
    return BoundaryPart(
        name, float(edges.lengths[rows].sum()), 1, partial(_sample, edges, rows), valued, smooth=False, groups=groups
    )


def _sample(edges: Edges, rows: slice, unit: ArrayLike) -> tuple[Array, Array]:
    """By arc length along the edges `rows`."""
    chosen, share = placed(summed_up(edges.lengths[rows]), unit_points(unit, 1)[:, 0])
    share = share[:, None]
    points = (1.0 - share) * edges.starts[rows][chosen] + share * edges.ends[rows][chosen]
    return points, -edges.fronts[rows][chosen]


@lru_cache(maxsize=_REMEMBERED)
def _hull_edges(polygon: Polygon) -> dict[int, float]:
    """The edges with all other vertices in front of their line, with the distance of the furthest one."""
    edges, _ = _edges(polygon)
    heights = np.einsum("ei,evi->ev", edges.fronts, np.array(polygon.vertices)[None] - edges.starts[:, None])
    size = float(np.max(polygon.bounds[1] - polygon.bounds[0]))
    alone = np.sum(heights <= 1e-9 * size, axis=1) == 2  # its own two vertices only
    return {int(i): float(heights[i].max()) for i in np.flatnonzero(alone)}


@lru_cache(maxsize=4 * _REMEMBERED)
def _scale(polygon: Polygon, lines: tuple[int, ...]) -> float:
    """One over the largest product of heights over the lines, on a coarse sample: the maximum is then just below 1."""
    if not lines:
        return 1.0
    edges, _ = _edges(polygon)
    on_hull, chosen = _hull_edges(polygon), list(lines)
    ticks = (np.arange(32) + 0.5) / 32
    points = polygon._interior(np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2))
    points = np.concatenate([points, np.array(polygon.vertices)])
    heights = np.einsum("ei,nei->ne", edges.fronts[chosen], points[:, None] - edges.starts[None, chosen])
    return float(0.97 / np.prod(heights / [on_hull[i] for i in chosen], axis=1).max())
