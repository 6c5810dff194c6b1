"""What set operations share: regions, the pieces of their boundaries, and a tree of cells for the interior."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial, reduce
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.blending import blended
from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.box import Box
from pinn.geometry.cells import CellMap, Cover, cell_map, cover_by_distance
from pinn.geometry.checks import Array
from pinn.geometry.clipping import Margin, clipped
from pinn.geometry.moved import removable
from pinn.geometry.product import Product
from pinn.geometry.shape import BoundaryPart, Shape, SpatialShape
from pinn.geometry.value_shape import ValueShape

if TYPE_CHECKING:
    import tensorflow as tf

_BUDGET = 8192  # cut cells of the interior
_STEP = 1e-10  # of the size: to which side of a boundary that coincides with another one


@final
@dataclass(frozen=True)
class Region:
    """A shape, or everything outside it and its boundary."""

    shape: SpatialShape
    outside: bool = False

    def distance(self, points: Array) -> Array:
        """The signed distance, negative in the region: `[N]`."""
        distance = self.shape._signed_distance(points)
        return -distance if self.outside else distance

    def cover(self, lower: Array, upper: Array) -> Cover:
        """What is proved of cells."""
        found = cover(self.shape, lower, upper)
        return Cover(found.outside, found.inside) if self.outside else found

    def part(self, part: BoundaryPart) -> BoundaryPart:
        """A part of the shape, as this region sees it."""
        return replace(part, sample=partial(_sample_reversed, part)) if self.outside else part

    @property
    def valued(self) -> bool:
        """Whether its parts can carry values."""
        return not self.outside or removable(self.shape) is not None

    def vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        """The vanishing function of the shape, from the side of the region: `[N]`."""
        if not self.outside:
            return self.shape.vanishing(points, names)
        hole = removable(self.shape)
        assert hole is not None  # the parts are not valued otherwise
        return hole._vanishing_around(points, names)

    def lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        """The extension of data, from the side of the region: `[N]`."""
        if not self.outside:
            return self.shape.lift(points, data)
        hole = removable(self.shape)
        assert hole is not None
        return hole._lift_around(points, data)


def _sample_reversed(part: BoundaryPart, unit: ArrayLike) -> tuple[Array, Array]:
    points, normals = part.sample(unit)
    return points, -normals


@dataclass(frozen=True)
class Combined(ValueShape):
    """What union, intersection and difference share: regions, and the pieces of their boundaries.

    The interior, the measure and the pieces that are cut come from trees of cells (`pinn.geometry.cells`): uniform, and
    in measure good to about 1e-6 of the box of bounds in the plane, and 1e-5 in space. A rest that is thinner than 1e-4
    of the box in the plane, or 1e-2 in space, is known by few points a cell. `unit_dimension` is d.
    """

    axes: tuple[str, ...] = field(init=False, compare=False, repr=False)

    @property
    @abstractmethod
    def _regions(self) -> tuple[Region, ...]:
        """The regions that are combined."""

    @property
    @abstractmethod
    def _is_union(self) -> bool:
        """Whether the set is that of the points in one of the regions, not of those in all of them."""

    @abstractmethod
    def _named(self) -> Sequence[Mapping[str, BoundaryPart]]:
        """By region its parts, by the name there, under the names and the groups that they have in the result."""

    @property
    @final
    def measure(self) -> float:
        """The sum of the cells."""
        return _cells(self).measure

    @property
    @final
    def unit_dimension(self) -> int:
        """d."""
        return self.dim

    @property
    @final
    def parts(self) -> dict[str, BoundaryPart]:
        """What is left of the parts of the operands, in their order."""
        return {piece.part.name: piece.part for piece in _pieces(self)}

    def _margin(self, index: int) -> Margin:
        """Negative where a boundary point of a region is one of the result."""
        regions, sign = self._regions, -1.0 if self._is_union else 1.0
        before = [region for region in regions[:index] if _may_touch(region, regions[index])]
        after = [region for region in regions[index + 1 :] if _may_touch(region, regions[index])]

        def margin(points: Array, normals: Array) -> Array:
            step = sign * self._step * normals
            tried = [(region, points - step) for region in (*before, *after)]
            tried += [(region, points + step) for region in before]  # what coincides is left to the first of two
            nothing = np.full(len(points), -np.inf)
            return reduce(np.maximum, (sign * region.distance(p) for region, p in tried), nothing)

        return margin

    @property
    def _step(self) -> float:
        """Small, but seen in the round-off of coordinates."""
        return _STEP * float(np.max(self.bounds[1] - self.bounds[0]))

    @final
    def _interior(self, unit: Array) -> Array:
        return _cells(self)(unit)

    @final
    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        combine = np.logical_or if self._is_union else np.logical_and
        found = reduce(combine, (r.shape._inside(points, slack) for r in self._regions if not r.outside))
        holes = [region.shape for region in self._regions if region.outside]
        if not holes:
            return found
        for hole, rows in zip(holes, _along_first_axis(points, holes), strict=True):
            found[rows] &= ~hole._inside(points[rows], -slack)  # holes are open
        return found

    @final
    def _signed_distance(self, points: Array) -> Array:
        combine = np.minimum if self._is_union else np.maximum
        return reduce(combine, (region.distance(points) for region in self._regions))

    @final
    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        by_region = self._by_region({name: name for name in names})
        return reduce(
            lambda a, b: a * b,
            (self._regions[index].vanishing(points, frozenset(own)) for index, own in by_region.items()),
        )

    @final
    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        import tensorflow as tf

        by_region = [(self._regions[index], own) for index, own in self._by_region(data).items()]
        lifts = [region.lift(points, own) for region, own in by_region]
        if len(lifts) == 1:
            return lifts[0]
        distances = [region.vanishing(points, frozenset(own)) for region, own in by_region]
        return blended(lifts, tf.stack(distances, axis=1))

    def _by_region(self, named: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
        """What is said of parts of the result, by region and by the name there."""
        found: dict[int, dict[str, Any]] = {}
        for index, name, part in _pieces(self):
            if part.name in named:
                found.setdefault(index, {})[name] = named[part.name]
        return found


# A shape is a value, and problems make theirs anew each time they are asked: what costs a tenth of a second is
# remembered by value for the last few shapes.
_REMEMBERED = 32


class _Piece(NamedTuple):
    """What is left of a part: the number of its region, its name there, and the part under its new name."""

    region: int
    name: str
    part: BoundaryPart


@lru_cache(maxsize=_REMEMBERED)
def _pieces(shape: Combined) -> tuple[_Piece, ...]:
    """What is left of the parts of all regions."""
    pieces = []
    face = float(np.max(shape.bounds[1] - shape.bounds[0])) ** (shape.dim - 1)
    for index, (region, named) in enumerate(zip(shape._regions, shape._named(), strict=True)):
        margin = shape._margin(index)
        for name, part in named.items():
            left = clipped(region.part(part), margin, touching=2.0 * shape._step, face=face)
            if left is not None:
                valued = left.valued and region.valued and not shape._is_union
                pieces.append(_Piece(index, name, replace(left, valued=valued)))
    return tuple(pieces)


@lru_cache(maxsize=_REMEMBERED)
def _cells(shape: Combined) -> CellMap:
    """The tree of the interior."""
    found = cell_map(*shape.bounds, partial(cover, shape), partial(shape._inside, slack=0.0), budget=_BUDGET)
    if found is None:
        raise ValueError(f"nothing is left of {shape!r}: move or resize its shapes, so that it has an inside.")
    return found


def _along_first_axis(points: Array, shapes: Sequence[Shape]) -> list[NDArray[np.intp]]:
    """For each shape the rows of the points that its bounds do not rule out on the first axis.

    Points are sorted once, so that a hundred holes do not each look at all of them.
    """
    order = np.argsort(points[:, 0])
    x = points[order, 0]
    ends = [(shape.bounds[0][0], shape.bounds[1][0]) for shape in shapes]
    return [order[np.searchsorted(x, a, "left") : np.searchsorted(x, b, "right")] for a, b in ends]


def _may_touch(one: Region, other: Region) -> bool:
    """Whether one region can cut the boundary of the other: not if it is outside a shape in another place."""
    if not one.outside:
        return True
    (a, b), (c, d) = one.shape.bounds, other.shape.bounds
    slack = 1e-6 * np.maximum(b - a, d - c)
    return bool(np.all((a <= d + slack) & (c <= b + slack)))


def cover(shape: Shape, lower: Array, upper: Array) -> Cover:
    """What is proved of cells (see `pinn.geometry.cells`): exactly for boxes, by the factors of products, else by the
    distance of the centers.
    """
    if isinstance(shape, Box):
        a, b = shape.bounds
        return Cover(np.all((lower >= a) & (upper <= b), axis=1), np.any((upper <= a) | (lower >= b), axis=1))
    if isinstance(shape, Combined):
        covers = [region.cover(lower, upper) for region in shape._regions]
        every, some = (np.logical_or, np.logical_and) if shape._is_union else (np.logical_and, np.logical_or)
        return Cover(reduce(every, (c.inside for c in covers)), reduce(some, (c.outside for c in covers)))
    if isinstance(shape, Product):
        k = shape.first.dim
        one, other = cover(shape.first, lower[:, :k], upper[:, :k]), cover(shape.second, lower[:, k:], upper[:, k:])
        return Cover(one.inside & other.inside, one.outside | other.outside)
    return cover_by_distance(lower, upper, shape._signed_distance((lower + upper) / 2.0))
