"""The simplex: a triangle in the plane, a tetrahedron in space, and their likes in higher dimensions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.boundary_data import BoundaryData, Constant
from pinn.geometry.checks import Array, finite_numbers, space_axes, unit_points
from pinn.geometry.interpolation import Face, transfinite
from pinn.geometry.shape import BoundaryPart
from pinn.geometry.value_shape import ValueShape

if TYPE_CHECKING:
    import tensorflow as tf

_FLAT = 1e-10  # of the longest direction: a thinner simplex is none


@final
@dataclass(frozen=True)
class Simplex(ValueShape):
    r"""The convex hull of d + 1 points in d >= 2 dimensions, with the part `facet_i` opposite vertex i.

    Everything is said in barycentric coordinates, `x = \sum_i \lambda_i v_i` with `\sum_i \lambda_i = 1`, where facet i
    is `\lambda_i = 0` and `|\nabla \lambda_i|` is one over the height above it.

    **Points.** `\lambda_0 = 1 - u_1^(1/d)`, and the same again in the facet that is left: uniform, and monotone a
    coordinate. `signed_distance` is exact: inside the least height, outside by projections onto facets that the point
    is beyond, facets of these, and so on (at most `2^(d+1)` of them).

    **Values.** `vanishing` for k facets is `k^k` times the product of their `\lambda_i`. `lift` picks a pole: the
    vertex opposite a facet that carries no data, or vertex 0 if all do. Shifting `\lambda_i` to the pole projects onto
    facet i, and these projections commute: their Boolean sum G interpolates on all facets but the one opposite the
    pole, in up to `2^d - 1` evaluations of the data. That last one, with the data f, is met by
    `G(x) + (1 - \lambda_0)^4 (f(q) - G(q))`, with q the projection of x onto it along the ray from the pole, around
    which the lift is three times continuously differentiable.

    Args:
        vertices: d + 1 points of d numbers, in any order.
        axes: names of the axes; by default x, y, z, or x1, ..., xd beyond three dimensions.

    Raises:
        ValueError: a wrong number of points or numbers, numbers that are not finite, points that lie in a plane.
    """

    vertices: tuple[tuple[float, ...], ...]
    axes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", _checked_vertices(self.vertices))
        object.__setattr__(self, "axes", space_axes(self.axes, len(self.vertices) - 1))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The box of the vertices."""
        return np.min(self.vertices, axis=0), np.max(self.vertices, axis=0)

    @property
    def measure(self) -> float:
        """`|det(v_1 - v_0, ..., v_d - v_0)| / d!`."""
        return abs(float(np.linalg.det(np.subtract(self.vertices[1:], self.vertices[0])))) / math.factorial(self.dim)

    @property
    def unit_dimension(self) -> int:
        """d."""
        return self.dim

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """`facet_0`, ..., `facet_d`, of measure `d V` over the height."""
        names = [f"facet_{i}" for i in range(self.dim + 1)]
        measures = self.dim * self.measure / _frame(self).heights
        return {
            name: BoundaryPart(name, float(measure), self.dim - 1, partial(self._sample_facet, i))
            for i, (name, measure) in enumerate(zip(names, measures, strict=True))
        }

    def _sample_facet(self, facet: int, unit: ArrayLike) -> tuple[Array, Array]:
        corners = np.delete(np.array(self.vertices), facet, axis=0)
        points = _weights(unit_points(unit, self.dim - 1)) @ corners
        return points, np.broadcast_to(_frame(self).normals[facet], points.shape).copy()

    def _interior(self, unit: Array) -> Array:
        return _weights(unit) @ np.array(self.vertices)

    def _heights(self, points: Array) -> Array:
        """Signed distances to the planes of the facets, positive on the inner side: `[N, d + 1]`."""
        normals, levels = _frame(self).normals, _frame(self).levels
        return levels - points @ normals.T

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        return np.all(self._heights(points) >= -slack * np.max(np.abs(self.bounds)), axis=1)

    def _signed_distance(self, points: Array) -> Array:
        distance = -self._heights(points).min(axis=1)
        outside = np.flatnonzero(distance > 0)
        distance[outside] = _distance_to_hull(points[outside], np.array(self.vertices))
        return distance

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        import tensorflow as tf

        chosen = sorted(_facet(name) for name in names)
        return float(len(chosen)) ** len(chosen) * tf.reduce_prod(self._barycentric(points, chosen), axis=1)

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        import tensorflow as tf

        by_facet = {_facet(name): function for name, function in data.items()}
        pole = next((i for i in range(self.dim + 1) if i not in by_facet), 0)
        others = [i for i in range(self.dim + 1) if i != pole]
        frame = np.array(self.vertices)[others] - self.vertices[pole]  # x = v_pole + \lambda_others @ frame

        def placed(function: BoundaryData) -> BoundaryData:
            """The data as a function of the barycentric coordinates of the others."""
            if isinstance(function, Constant):
                return function
            return lambda weights: function(weights @ tf.constant(frame, weights.dtype) + self.vertices[pole])

        faces = [Face(k, 0.0, None, placed(by_facet[i])) for k, i in enumerate(others) if i in by_facet]
        weights = self._barycentric(points, others)
        lifted = transfinite(weights, faces)
        if pole not in by_facet:
            return lifted
        rest = tf.reduce_sum(weights, axis=1)
        at_pole = tf.abs(rest) < np.finfo(points.dtype.as_numpy_dtype).eps  # where no ray has a direction
        ahead = weights / tf.where(at_pole, tf.ones_like(rest), rest)[:, None]
        onto = tf.where(at_pole[:, None], tf.fill(tf.shape(ahead), tf.constant(1.0 / self.dim, ahead.dtype)), ahead)
        return lifted + tf.square(tf.square(rest)) * (placed(by_facet[pole])(onto) - transfinite(onto, faces))

    def _barycentric(self, points: tf.Tensor, chosen: list[int]) -> tf.Tensor:
        r"""The k coordinates `\lambda` that are chosen, at the points: `[N, k]`."""
        import tensorflow as tf

        frame = _frame(self)
        normals, levels = frame.normals[chosen], frame.levels[chosen]
        return (levels - points @ tf.constant(normals.T, points.dtype)) / frame.heights[chosen]


class _Frame(NamedTuple):
    """What the vertices say of the facets, i in 0, ..., d."""

    heights: Array  # of the vertices above their facets, [d + 1]
    normals: Array  # outward, [d + 1, d]
    levels: Array  # of x . normal on the facet, [d + 1]


@lru_cache(maxsize=32)
def _frame(simplex: Simplex) -> _Frame:
    vertices = np.array(simplex.vertices)
    inverse = np.linalg.inv(vertices[1:] - vertices[0]).T
    gradients = np.vstack([-inverse.sum(axis=0), inverse])
    slopes = np.linalg.norm(gradients, axis=1)
    normals = -gradients / slopes[:, None]
    on_facet = np.roll(vertices, -1, axis=0)  # vertex i + 1 lies on facet i
    return _Frame(1.0 / slopes, normals, np.sum(normals * on_facet, axis=1))


def _facet(name: str) -> int:
    return int(name.removeprefix("facet_"))


def _weights(unit: Array) -> Array:
    """Uniform barycentric coordinates `[n, k + 1]` from unit coordinates `[n, k]`."""
    k = unit.shape[1]
    left, weights = np.ones(len(unit)), []
    for i in range(k):
        kept = unit[:, i] ** (1.0 / (k - i))
        weights.append(left * (1.0 - kept))
        left = left * kept
    return np.stack([*weights, left], axis=1)


def _distance_to_hull(points: Array, corners: Array) -> Array:
    """Distance from points `[N, d]` to the hull of k corners `[k, d]` that are affinely independent: `[N]`.

    The projection onto their affine hull is the nearest point if it is in the hull. Otherwise the nearest point lies on
    a facet that the projection is beyond: it differs from the projection by outward normals of the facets it lies on,
    and one of them at least grows towards the projection.
    """
    if len(corners) == 1 or not len(points):
        return np.linalg.norm(points - corners[0], axis=1)
    frame = corners[1:] - corners[0]
    weights = (points - corners[0]) @ np.linalg.pinv(frame)
    weights = np.column_stack([1.0 - weights.sum(axis=1), weights])
    distance = np.linalg.norm(points - weights @ corners, axis=1)
    beyond = weights < 0
    distance[beyond.any(axis=1)] = np.inf
    for i in range(len(corners)):
        rows = np.flatnonzero(beyond[:, i])
        distance[rows] = np.minimum(distance[rows], _distance_to_hull(points[rows], np.delete(corners, i, axis=0)))
    return distance


def _checked_vertices(vertices: object) -> tuple[tuple[float, ...], ...]:
    if isinstance(vertices, str) or not isinstance(vertices, Iterable):
        raise TypeError(f"vertices must be a sequence of points, such as [(0, 0), (1, 0), (0, 1)], got {vertices!r}.")
    points = tuple(finite_numbers(f"vertices[{i}]", point) for i, point in enumerate(vertices))
    if len(points) < 3:
        raise ValueError(f"a simplex has 3 vertices or more, got {len(points)}: in one dimension use Interval.")
    for i, point in enumerate(points):
        if len(point) != len(points) - 1:
            raise ValueError(
                f"a simplex of {len(points)} vertices has {len(points) - 1} coordinates a vertex, "
                f"got {len(point)} in vertices[{i}]."
            )
    stretches = np.linalg.svd(np.subtract(points[1:], points[0]), compute_uv=False)
    if stretches[-1] <= _FLAT * stretches[0]:
        raise ValueError(f"the simplex is degenerate: its vertices lie in a plane, got {points}. Move one out of it.")
    return points
