"""What shapes made of others share: names of parts, points of products, and data and parts seen from one factor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pinn.geometry.boundary_data import BoundaryData, Constant
from pinn.geometry.checks import Array, unit_points
from pinn.geometry.shape import BoundaryPart, Shape

if TYPE_CHECKING:
    import tensorflow as tf

Join = Callable[["tf.Tensor", "tf.Tensor"], "tf.Tensor"]
"""Points of the one factor `[N, a]` and of the other `[N, b]` -> points of the product `[N, a + b]`, in its order."""


def product_distance(distances: Array) -> Array:
    """Signed distance to a product of sets from the signed distances to its k factors `[N, k]`: `[N]`.

    Inside all factors the nearest boundary is that of the nearest factor; outside, the distances to the factors that
    the point is outside of are the legs of a right angle. Exact if the distances to the factors are.
    """
    outside = np.linalg.norm(np.maximum(distances, 0.0), axis=1)
    return np.where(outside > 0, outside, np.max(distances, axis=1))


@dataclass(frozen=True)
class Extent:
    """The whole other factor, as a part of the one is multiplied by it.

    Attributes:
        measure: its measure.
        unit_dimension: the number of unit coordinates that `points` takes.
        points: unit coordinates `[n, unit_dimension]` -> its points `[n, b]`.
        first: whether its axes stand before those of the part.
    """

    measure: float
    unit_dimension: int
    points: Callable[[Array], Array]
    first: bool = False


def times(part: BoundaryPart, extent: Extent) -> BoundaryPart:
    """A part of one factor times the other factor: its unit coordinates come first, the normals are its own."""
    return replace(
        part,
        measure=part.measure * extent.measure,
        unit_dimension=part.unit_dimension + extent.unit_dimension,
        sample=partial(_sample, part, extent),
    )


def _sample(part: BoundaryPart, extent: Extent, unit: ArrayLike) -> tuple[Array, Array]:
    coordinates = unit_points(unit, part.unit_dimension + extent.unit_dimension)
    points, normals = part.sample(coordinates[:, : part.unit_dimension])
    beside = extent.points(coordinates[:, part.unit_dimension :])
    order = -1 if extent.first else 1
    return np.hstack((points, beside)[::order]), np.hstack((normals, np.zeros_like(beside))[::order])


def seen_from_one(data: Mapping[str, BoundaryData], other: tf.Tensor, join: Join) -> dict[str, BoundaryData]:
    """Data of points of the product as data of points of one factor, row i beside the point `other[i]` of the other."""
    return {name: f if isinstance(f, Constant) else partial(_beside, f, other, join) for name, f in data.items()}


def _beside(function: BoundaryData, other: tf.Tensor, join: Join, one: tf.Tensor) -> tf.Tensor:
    return function(join(one, other))


def joined(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """`[N, a]` and `[N, b]` side by side: `[N, a + b]`.

    Stacked, since under XLA a concatenation has no third derivatives, which exact fluxes take.
    """
    import tensorflow as tf

    columns = [*tf.unstack(one, num=one.shape[1], axis=1), *tf.unstack(other, num=other.shape[1], axis=1)]
    return tf.stack(columns, axis=1)


def told_apart(shapes: Sequence[Shape]) -> list[dict[str, BoundaryPart]]:
    """The parts of each shape, by the name there, under names of their own.

    A name that more than one part has gets the number of its shape, again and again until all names differ: one with a
    number may be what a part of another shape is called.
    """
    named = [shape.parts for shape in shapes]
    while True:
        owners = Counter(part.name for parts in named for part in parts.values())
        if all(count == 1 for count in owners.values()):
            return named
        named = [
            {name: part if owners[part.name] == 1 else _with_number(part, i) for name, part in parts.items()}
            for i, parts in enumerate(named, start=1)
        ]


def _with_number(part: BoundaryPart, number: int) -> BoundaryPart:
    return replace(part, name=f"{part.name}_{number}", groups=(part.name, *part.groups))
