"""Shapes with parts of the boundary that a condition on the points names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from pinn.geometry.boundary_data import BoundaryData
from pinn.geometry.checks import Array
from pinn.geometry.clipping import divided
from pinn.geometry.shape import BOUNDARY, INITIAL, BoundaryPart, SpatialShape

if TYPE_CHECKING:
    import tensorflow as tf

Predicate = Callable[[Any], NDArray[np.bool_]]

_REST = "rest"


@final
@dataclass(frozen=True)
class Named(SpatialShape):
    """A shape with a name for the boundary points that satisfy a predicate, as `shape.with_part` makes it.

    A part whose points all satisfy it keeps its name and joins the group `name`. A part that is divided becomes two:
    `part_name` in the groups `name` and `part`, and `part_rest` in the group `part`. A divided part carries penalties
    only, since it has no vanishing function of its own; all else is that of the shape.

    Args:
        shape: any shape in space.
        name: no part or group of the shape.
        predicate: of the points, with the axes as attributes: `lambda p: p.y > 1 - 1e-9`. Shapes are equal if they have
            the same function, and can be pickled if it can: a function of a module, and no lambda.

    Raises:
        ValueError: the name is taken, no boundary point satisfies the predicate, or it is none of the axes.
    """

    shape: SpatialShape
    name: str
    predicate: Predicate
    axes: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", self.shape.axes)
        taken = {BOUNDARY, INITIAL, _REST, *self.shape.names}
        if self.name in taken:
            raise ValueError(f"the name {self.name!r} is taken: choose none of {', '.join(sorted(taken))}.")
        if not any(self.name in part.groups for part in self.parts.values()):
            raise ValueError(f"no point of the boundary belongs to the part {self.name!r}: change its condition.")

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Those of the shape."""
        return self.shape.bounds

    @property
    def measure(self) -> float:
        """That of the shape."""
        return self.shape.measure

    @property
    def unit_dimension(self) -> int:
        """That of the shape."""
        return self.shape.unit_dimension

    @property
    def parts(self) -> dict[str, BoundaryPart]:
        """Those of the shape, divided where the predicate divides them."""
        return dict(_parts(self))

    @property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """Those of the shape whose parts are all whole."""
        parts = self.parts
        return tuple(family for family in self.shape.families if all(name in parts for name in family))

    def holds(self, points: Array) -> NDArray[np.bool_]:
        """The predicate at points `[N, d]`: `[N]`."""
        try:
            answer = np.asarray(self.predicate(SimpleNamespace(**dict(zip(self.axes, points.T, strict=True)))))
        except AttributeError as error:
            raise ValueError(
                f"the condition of the part {self.name!r} cannot be answered: {error}; the points have the axes "
                f"{', '.join(self.axes)}."
            ) from None
        if answer.shape != (len(points),):
            raise ValueError(
                f"the condition of the part {self.name!r} must answer once a point, [{len(points)}], "
                f"got the shape {list(answer.shape)}: compare the coordinates as arrays, as in p.y > 0.5."
            )
        return answer.astype(bool)

    def _interior(self, unit: Array) -> Array:
        return self.shape._interior(unit)

    def _inside(self, points: Array, slack: float) -> NDArray[np.bool_]:
        return self.shape._inside(points, slack)

    def _signed_distance(self, points: Array) -> Array:
        return self.shape._signed_distance(points)

    def _vanishing(self, points: tf.Tensor, names: frozenset[str]) -> tf.Tensor:
        return self.shape._vanishing(points, names)

    def _lift(self, points: tf.Tensor, data: Mapping[str, BoundaryData]) -> tf.Tensor:
        return self.shape._lift(points, data)

    def _project(self, points: tf.Tensor, part: str) -> tuple[tf.Tensor, tf.Tensor]:
        return self.shape._project(points, part)

    def _ramp(self, points: tf.Tensor, part: str) -> tf.Tensor:
        return self.shape._ramp(points, part)


@lru_cache(maxsize=32)
def _parts(shape: Named) -> dict[str, BoundaryPart]:
    found: dict[str, BoundaryPart] = {}
    for part in shape.shape.parts.values():
        chosen, rest = divided(part, shape.holds)
        if chosen is None:
            pieces = [part]
        elif rest is None:
            pieces = [replace(part, groups=(*part.groups, shape.name))]
        else:
            groups = (part.name, *part.groups)
            pieces = [
                replace(chosen, name=f"{part.name}_{shape.name}", valued=False, groups=(*groups, shape.name)),
                replace(rest, name=f"{part.name}_{_REST}", valued=False, groups=groups),
            ]
        found |= {piece.name: piece for piece in pieces}
    return found
