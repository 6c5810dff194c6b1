"""The ellipsoid: an ellipse in the plane, and its likes in higher dimensions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.cells import CellMap, Cover, cell_map
from pinn.geometry.checks import Array, finite_numbers, positive_number, space_axes, unit_points
from pinn.geometry.round import Round
from pinn.geometry.shape import BoundaryPart
from pinn.geometry.sphere import direction_dimension, directions, radii, unit_ball_measure
from pinn.geometry.value_shape import ValueShape

SURFACE = "surface"
_BUDGET = 4096
_BISECTIONS = 100  # of the bracket, until it is two neighbouring numbers


@final
@dataclass(frozen=True)
class Ellipsoid(Round, ValueShape):
    r"""The ellipsoid `\sum_i ((x_i - center_i) / radii_i)^2 <= 1` in d >= 2 dimensions, with the one part `surface`.

    It is the image of the unit ball under a scaling of the axes, and so is its interior map. Areas of the unit sphere
    are stretched by `\prod_i a_i \sqrt{\sum_i (n_i / a_i)^2}` in the direction n: points of the surface are those of
    the sphere, kept with that probability, which a tree of cells over the direction and one coordinate more makes a map
    (`pinn.geometry.cells`). `vanishing` and `lift` are those of `Round`.

    Args:
        center: one number an axis.
        radii: the semi-axes, each greater than 0.
        axes: names of the axes; by default x, y, z, or x1, ..., xd beyond three dimensions.

    Raises:
        ValueError: fewer than two dimensions, numbers that are not finite or not positive, or names that do not fit.
    """

    center: tuple[float, ...]
    radii: tuple[float, ...]
    axes: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        center, given = finite_numbers("center", self.center), finite_numbers("radii", self.radii)
        if len(center) < 2:
            raise ValueError("an ellipsoid must have at least 2 dimensions, got 1: use Interval(lower, upper).")
        if len(center) != len(given):
            raise ValueError(f"center and radii must have the same length, got {len(center)} and {len(given)}.")
        object.__setattr__(self, "center", center)
        object.__setattr__(self, "radii", tuple(positive_number(f"radii[{i}]", a) for i, a in enumerate(given)))
        object.__setattr__(self, "axes", space_axes(self.axes, len(center)))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Center less and plus the radii."""
        return np.subtract(self.center, self.radii), np.add(self.center, self.radii)

    @property
    def measure(self) -> float:
        """`V_d a_1 ... a_d` with the volume V_d of the unit ball."""
        return unit_ball_measure(self.dim) * math.prod(self.radii)

    @property
    def unit_dimension(self) -> int:
        """One for the radius, the others for the direction."""
        return 1 + direction_dimension(self.dim)

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """`surface`, whose measure the cells know to about 1e-5 in the plane, 2e-4 in space and 1e-3 beyond."""
        kept, most = _kept_directions(self.radii)
        measure = self.dim * unit_ball_measure(self.dim) * most * kept.measure
        return {SURFACE: BoundaryPart(SURFACE, measure, direction_dimension(self.dim) + 1, self._sample_surface)}

    def _sample_surface(self, unit: ArrayLike) -> tuple[Array, Array]:
        kept, _ = _kept_directions(self.radii)
        on_sphere = directions(kept(unit_points(unit, direction_dimension(self.dim) + 1))[:, :-1], self.dim)
        normals = on_sphere / self.radii
        return self.center + np.array(self.radii) * on_sphere, normals / np.linalg.norm(normals, axis=1, keepdims=True)

    def _interior(self, unit: Array) -> Array:
        radius = radii(unit[:, 0], 0.0, 1.0, self.dim)
        return self.center + np.array(self.radii) * radius[:, None] * directions(unit[:, 1:], self.dim)

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        """By the level `|y| - 1`, of a slope of at most 1 / min a_i; by the distance where it can be forgiven."""
        forgiven = slack * (max(self.radii) + max(abs(c) for c in self.center))
        level = np.linalg.norm((points - self.center) / self.radii, axis=1) - 1.0
        inside, near = level <= 0.0, abs(level) <= abs(forgiven) / min(self.radii)
        inside[near] = self._signed_distance(points[near]) <= forgiven
        return inside

    def _signed_distance(self, points: Array) -> Array:
        r"""The nearest point is `a_i^2 y_i / (t + a_i^2)` with the one t > -min a_i^2 that puts it on the surface.

        `w = t + min a_i^2` is what is found by bisection: near the center it is tiny, and t is not.

        Source: D. Eberly, Distance from a Point to an Ellipse, an Ellipsoid, or a Hyperellipsoid, Geometric Tools.
        """
        a = np.array(self.radii)
        y = np.maximum(abs(points - self.center), 1e-15 * a)  # on an axis the nearest point is not unique
        excess = (a - a.min()) * (a + a.min())
        low, high = np.zeros(len(y)), np.linalg.norm(a * y, axis=1)
        for _ in range(_BISECTIONS):
            w = (low + high) / 2.0
            beyond = np.sum((a * y / (w[:, None] + excess)) ** 2, axis=1) > 1.0
            low, high = np.where(beyond, w, low), np.where(beyond, high, w)
        return (w - a.min() ** 2) * np.linalg.norm(y / (w[:, None] + excess), axis=1)

    @property
    def _stretch(self) -> tuple[float, ...]:
        return self.radii


@lru_cache(maxsize=32)
def _kept_directions(semi_axes: tuple[float, ...]) -> tuple[CellMap, float]:
    """Where a coordinate v and the direction of the others satisfy `v <= stretch / most`; and `most`."""
    dim, k = len(semi_axes), direction_dimension(len(semi_axes))
    most = math.prod(semi_axes) / min(semi_axes)

    def share(unit: Array) -> Array:
        normals = directions(unit.reshape(-1, k), dim)
        return (np.linalg.norm(normals / semi_axes, axis=1) * min(semi_axes)).reshape(unit.shape[:-1])

    def contains(unit: Array) -> NDArray[np.bool_]:
        return unit[:, -1] <= share(unit[:, :-1])

    found = cell_map(np.zeros(k + 1), np.ones(k + 1), partial(_cover, share, k), contains, budget=_BUDGET, splits=3 * k)
    assert found is not None  # the stretch is nowhere zero
    return found, most


def _cover(share: Callable[[Array], Array], k: int, lower: Array, upper: Array) -> Cover:
    """By the shares at the lattice points of the direction, with as much room again as there is between them."""
    lattice = np.array(list(itertools.product((0.0, 0.5, 1.0), repeat=k)))
    found = share(lower[:, None, :-1] + lattice * (upper - lower)[:, None, :-1])
    least, most = found.min(axis=1), found.max(axis=1)
    room = most - least
    return Cover(upper[:, -1] <= least - room, lower[:, -1] >= most + room)
