"""Cases of polygons: moments by signed triangles from the first vertex, membership by counting crossings."""

from __future__ import annotations

import math

import numpy as np
from geometry_moments import Array, Case, Moments, Part, summed

from pinn.geometry import Polygon, RegularPolygon

Ring = list[tuple[float, float]]


def _area(ring: Ring) -> float:
    return sum((a * d - b * c) / 2 for (a, b), (c, d) in zip(ring, ring[1:] + ring[:1], strict=True))


def ring_moments(ring: Ring) -> Moments:
    """Of a triangle with the corners v_i and their sum s: mean s / 3, second moment (sum v_i v_i^T + s s^T) / 12."""
    terms = []
    for i in range(1, len(ring) - 1):
        corners = np.array([ring[0], ring[i], ring[i + 1]])
        total = corners.sum(axis=0)
        second = (corners.T @ corners + np.outer(total, total)) / 12
        area = _area([ring[0], ring[i], ring[i + 1]]) * math.copysign(1, _area(ring))
        terms.append((math.copysign(1, area), Moments(abs(area), total / 3, second - np.outer(total, total) / 9)))
    return summed(*(term for term in terms if term[1].measure > 0))


def edge_part(a: tuple[float, float], b: tuple[float, float]) -> Part:
    along = np.subtract(b, a)
    length = float(np.linalg.norm(along))

    def off(p: Array) -> float:
        return float(along[0] * (p[1] - a[1]) - along[1] * (p[0] - a[0])) / length

    return Part(length, np.add(a, b) / 2, np.outer(along, along) / 12, off)


def odd_crossings(ring: Ring, p: Array) -> bool:
    """Whether a ray to the right of p crosses the ring an odd number of times."""
    crossings = 0
    for (a, b), (c, d) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (b > p[1]) != (d > p[1]) and p[0] < a + (p[1] - b) / (d - b) * (c - a):
            crossings += 1
    return crossings % 2 == 1


def polygon_case(name: str, shape: Polygon, outline: Ring, holes: list[Ring], *, peak: float, reentrant: bool) -> Case:
    parts = {}
    for prefix, ring in (("", outline), *((f"hole_{k}_", hole) for k, hole in enumerate(holes, start=1))):
        for i, (a, b) in enumerate(zip(ring, ring[1:] + ring[:1], strict=True)):
            parts[f"{prefix}edge_{i}"] = edge_part(a, b)
    return Case(
        name,
        shape,
        summed((1, ring_moments(outline)), *((-1, ring_moments(hole)) for hole in holes)),
        parts,
        lambda p: odd_crossings(outline, p) and not any(odd_crossings(hole, p) for hole in holes),
        reentrant=reentrant,
        peak=peak,
        probe=2,
    )


_L: Ring = [(-1.0, -1.0), (1.0, -1.0), (1.2, 0.0), (0.1, 0.2), (0.0, 1.0), (-1.0, 1.0)]
_HOLE: Ring = [(-0.7, -0.7), (-0.2, -0.6), (-0.6, -0.2)]
_HEXAGON: Ring = [
    (0.5 + 0.8 * math.cos(0.3 + k * math.pi / 3), 0.8 * math.sin(0.3 + k * math.pi / 3)) for k in range(6)
]

POLYGON_CASES = (
    polygon_case("polygon_with_a_hole", Polygon(_L, [_HOLE]), _L, [_HOLE], peak=0.1, reentrant=True),
    # Clockwise, and a vertex with a straight angle.
    polygon_case(
        "clockwise_polygon",
        Polygon([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (1.5, 0.0), (0.0, 0.0)]),
        [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (1.5, 0.0)],
        [],
        peak=0.2,
        reentrant=False,
    ),
    polygon_case("hexagon", RegularPolygon(6, (0.5, 0.0), 0.8, angle=0.3), _HEXAGON, [], peak=0.5, reentrant=False),
)
