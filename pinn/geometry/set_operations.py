r"""Union, intersection and difference of shapes.

**Regions.** A region is a shape or, for a hole, what is outside a shape. With the signed distances `s_i` of the regions
(negative inside), `max_i s_i` belongs to their intersection and `min_i s_i` to their union. The sign is right
everywhere. The size is the distance itself inside an intersection or a difference, and outside a union, if it is that
for the operands: the nearest point of all their boundaries is then a point of the result's boundary. Elsewhere it can
be too small, near corners where boundaries cross; it is exact everywhere for holes that touch nothing.

**Boundary.** Of a part of region i is left what lies in the other regions (intersection) or outside them (union). A
step of relative length 1e-10 along the normal decides where boundaries coincide: two regions on the same side keep the
common piece once, two on different sides lose it. So the walls of a union have no crack, and none runs through it.

**Values.** In an intersection of regions, each with a function that vanishes on the named parts of its boundary, the
product vanishes on all of them, and the extensions `g_i` of the data are blended by inverse distances (the operand with
a vanishing function zero wins):

    `g = \sum_i w_i g_i`,    `w_i = \prod_(j \ne i) \phi_j / \sum_k \prod_(j \ne k) \phi_j`.

Both are as smooth as those of the operands but at points where named boundaries of two operands cross. The data may be
asked for on what was cut away of a part. A hole needs a form that can be removed smoothly, such as a ball; the parts of
other holes, and of unions, carry penalties only.

Source: V. L. Rvachev, T. I. Sheiko, V. Shapiro and I. Tsukanov, Transfinite interpolation over implicitly defined sets,
    Comput. Aided Geom. Des. 18 (2001).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from pinn.geometry.checks import Array
from pinn.geometry.combined import Combined, Region
from pinn.geometry.factors import told_apart
from pinn.geometry.shape import BoundaryPart, SpatialShape

HOLES = "holes"


@final
@dataclass(frozen=True)
class Difference(Combined):
    """A shape without the holes: `shape - hole`, where `a - b - c` has two holes.

    The parts of the shape keep their names. A hole with one part calls it `hole_1`, `hole_2`, ... in the order of the
    holes; one with several parts calls them `hole_1_x_min`, ..., with the group `hole_1`. All of them are in the group
    `holes`. Numbers go on after those of holes that the shape has already. `bounds` are those of the shape.

    Args:
        shape: what the holes are made in.
        holes: at least one shape, of the same axes; they may overlap and may reach over the boundary.

    Raises:
        TypeError: an operand is no shape in space.
        ValueError: no holes, axes that differ, a hole wholly outside the shape, or nothing that is left.
    """

    shape: SpatialShape
    holes: tuple[SpatialShape, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "holes", operands("Difference", self.holes))
        object.__setattr__(self, "axes", common_axes("Difference", (self.shape, *self.holes)))
        for name, hole in self._numbered().items():
            if not _overlap(self.shape, hole):
                raise ValueError(f"{name} lies outside the shape, got {hole!r}: move it inside, or leave it out.")
        _ = self.measure  # says at once if nothing is left

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Those of the shape, even if a hole cuts its outermost points off."""
        return self.shape.bounds

    @property
    def _regions(self) -> tuple[Region, ...]:
        return (Region(self.shape), *(Region(hole, outside=True) for hole in self.holes))

    @property
    def _is_union(self) -> bool:
        return False

    def _numbered(self) -> dict[str, SpatialShape]:
        """The holes by name, after those that the shape has already."""
        taken = self.shape.names
        free = (name for name in (f"hole_{i}" for i in itertools.count(1)) if name not in taken)
        return dict(zip(free, self.holes, strict=False))

    def _named(self) -> Sequence[Mapping[str, BoundaryPart]]:
        return [self.shape.parts, *(_parts_of_hole(name, hole) for name, hole in self._numbered().items())]


def _parts_of_hole(hole: str, shape: SpatialShape) -> dict[str, BoundaryPart]:
    parts = shape.parts
    if len(parts) == 1:
        return {name: replace(part, name=hole, groups=(HOLES,)) for name, part in parts.items()}
    return {name: replace(part, name=f"{hole}_{name}", groups=(hole, HOLES)) for name, part in parts.items()}


@final
@dataclass(frozen=True)
class Intersection(Combined):
    """The points that all shapes have in common: `a & b`.

    A part keeps its name if one operand alone has it. Otherwise `_1`, `_2`, ... is added, the number of its operand,
    and the bare name is the group of all of them. `a & b & c` has three operands. `bounds` are the common part of the
    boxes.

    Args:
        shapes: two or more, of the same axes.

    Raises:
        TypeError: an operand is no shape in space.
        ValueError: fewer than two shapes, axes that differ, or nothing in common.
    """

    shapes: tuple[SpatialShape, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", operands("Intersection", self.shapes))
        object.__setattr__(self, "axes", common_axes("Intersection", self.shapes))
        if np.any(self.bounds[0] >= self.bounds[1]):
            raise ValueError(f"the intersection is empty: {self!r}. Move or resize its shapes so that they overlap.")
        _ = self.measure  # says at once if it is empty

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The common part of the boxes."""
        lower, upper = zip(*(shape.bounds for shape in self.shapes), strict=True)
        return np.max(lower, axis=0), np.min(upper, axis=0)

    @property
    def _regions(self) -> tuple[Region, ...]:
        return tuple(Region(shape) for shape in self.shapes)

    @property
    def _is_union(self) -> bool:
        return False

    def _named(self) -> Sequence[Mapping[str, BoundaryPart]]:
        return told_apart(self.shapes)


@final
@dataclass(frozen=True)
class Union(Combined):
    """The points of all shapes together: `a | b`. Names of parts are as in `Intersection`; none is `valued`.

    Args:
        shapes: two or more, of the same axes; they need not touch.

    Raises:
        TypeError: an operand is no shape in space.
        ValueError: fewer than two shapes, or axes that differ.
    """

    shapes: tuple[SpatialShape, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", operands("Union", self.shapes))
        object.__setattr__(self, "axes", common_axes("Union", self.shapes))

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The box around the boxes."""
        lower, upper = zip(*(shape.bounds for shape in self.shapes), strict=True)
        return np.min(lower, axis=0), np.max(upper, axis=0)

    @property
    def _regions(self) -> tuple[Region, ...]:
        return tuple(Region(shape) for shape in self.shapes)

    @property
    def _is_union(self) -> bool:
        return True

    def _named(self) -> Sequence[Mapping[str, BoundaryPart]]:
        return told_apart(self.shapes)


def operands(what: str, shapes: Any) -> tuple[Any, ...]:
    """What is in the sequence of shapes; a bare shape is refused."""
    if not isinstance(shapes, Iterable):
        raise TypeError(f"{what} takes a sequence of shapes, got {shapes!r}: write ({shapes!r},).")
    return tuple(shapes)


def common_axes(what: str, shapes: Sequence[Any]) -> tuple[str, ...]:
    """The axes of all operands, at least two."""
    for shape in shapes:
        if not isinstance(shape, SpatialShape):
            raise TypeError(f"{what} takes shapes in space, such as Ball((0.0, 0.0), 1.0), got {shape!r}.")
    if len(shapes) < 2:
        raise ValueError(f"{what} takes two shapes or more, got {len(shapes)}.")
    for shape in shapes[1:]:
        if shape.axes != shapes[0].axes:
            raise ValueError(f"{what} takes shapes with the same axes, got {shapes[0].axes} and {shape.axes}.")
    return tuple(shapes[0].axes)


def _overlap(one: SpatialShape, other: SpatialShape) -> bool:
    """Whether the shapes have an inside in common: some samples show it at once, else a tree of cells looks for it."""
    unit = np.random.default_rng(0).random((256, other.unit_dimension))
    if one._inside(other._interior(unit), 0.0).any():
        return True
    try:
        return Intersection((one, other)).measure > 0
    except ValueError:
        return False
