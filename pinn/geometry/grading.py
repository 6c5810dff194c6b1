r"""Points that crowd towards a part of the boundary, as evenly spread as uniform ones are.

With the distance d of a point from the part, the density is `\rho(d / w)` up to a factor, where w is a width in units
of the domain's size and `\rho` one of

- `inverse`: `1 / (1 + d / w)`, with about as many points in each octave of the distance, for a curve or a surface;
- `inverse_square`: `1 / (1 + d / w)^2`, with most of the points within a few widths;
- `exponential`: `exp(-d / w)`, with next to none beyond.

The unit cube is cut into cells, smaller ones where the density of the points that they are mapped to changes, and the
cube is mapped to itself so that each cell gets what it deserves (`pinn.geometry.cells`). The map is monotone a
coordinate at each step: low-discrepancy points stay evenly spread, whatever the shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import qmc

from pinn.geometry.cells import CellMap, density_map
from pinn.geometry.checks import Array, positive_number, unit_points
from pinn.geometry.shape import BoundaryPart, Shape

LAWS: dict[str, Callable[[Array], Array]] = {
    "inverse": lambda s: 1.0 / (1.0 + s),
    "inverse_square": lambda s: 1.0 / np.square(1.0 + s),
    "exponential": lambda s: np.exp(-np.minimum(s, 50.0)),
}
"""The densities as functions of the distance in widths, from the part on."""

_BUDGET = 2048  # cells that may be cut again
_ON_PARTS = 1 << 13  # samples of the parts, for distances to some of them only
_NEARLY = 0.01  # relative: a search for the nearest one of many that are equally far would look at them all


@final
@dataclass(frozen=True)
class Grading:
    """Where points crowd, and by which law.

    Args:
        towards: parts of the boundary, as `Shape.select` takes them.
        law: one of `LAWS`.
        width: the distance at which the density is a half (`inverse`), a quarter or 1 / e of that on the part, in units
            of the longest side of the domain's bounds.

    Raises:
        ValueError: an unknown law, a width that is not positive, no part.
    """

    towards: str | tuple[str, ...]
    law: str = "inverse"
    width: float = 0.1

    def __post_init__(self) -> None:
        towards = self.towards if isinstance(self.towards, str) else tuple(self.towards)
        if not towards or not all(isinstance(name, str) for name in towards):
            raise ValueError(f"towards: expected the name of a part, or several names; got {self.towards!r}")
        if self.law not in LAWS:
            raise ValueError(f"grading: expected one of {', '.join(LAWS)}; got {self.law!r}")
        object.__setattr__(self, "towards", towards)
        object.__setattr__(self, "width", positive_number("width", self.width))


def graded(shape: Shape, unit: Array, grading: Grading) -> Array:
    """Unit coordinates `[n, k]` moved so that `shape.interior` maps uniform ones to graded points: `[n, k]`.

    The first call for a shape makes the map, at some ten thousand distances; the last few maps are remembered.

    Raises:
        ValueError: a part that the shape does not have.
    """
    return _map(shape, grading)(unit_points(unit, shape.unit_dimension))


def distance_to(shape: Shape, on: str | Collection[str]) -> Callable[[Array], Array]:
    """The Euclidean distance to some parts, as a function of points `[N, d]` in the shape: `[N]`.

    Near the parts it is that to the boundary; elsewhere it is known to the gaps between some thousand samples of them,
    and to a hundredth.
    Space and time count alike, as in `signed_distance`.
    """
    parts = shape.select(on)
    if len(parts) == len(shape.parts) and shape.time_axis is None:
        return lambda points: abs(shape.signed_distance(points))
    total = sum(part.measure for part in parts)
    counts = [2 ** max(math.ceil(math.log2(_ON_PARTS * part.measure / total)), 0) for part in parts]
    samples = [_spread(part, count) for part, count in zip(parts, counts, strict=True)]
    tree, sides = cKDTree(np.concatenate(samples)), shape.dim - 1
    gap = (total / sum(counts)) ** (1.0 / sides) if sides else 0.0

    def distance(points: Array) -> Array:
        return np.maximum(abs(shape.signed_distance(points)), tree.query(points, eps=_NEARLY)[0] - gap)

    return distance


def _spread(part: BoundaryPart, count: int) -> Array:
    k = part.unit_dimension
    return part.sample(qmc.Sobol(k, rng=np.random.default_rng(0)).random(count) if k else np.empty((1, 0)))[0]


@lru_cache(maxsize=8)
def _map(shape: Shape, grading: Grading) -> CellMap:
    lower, upper = shape.bounds
    width, law = grading.width * float(np.max(upper - lower)), LAWS[grading.law]
    distance = distance_to(shape, grading.towards)
    return density_map(shape.unit_dimension, lambda unit: law(distance(shape.interior(unit)) / width), budget=_BUDGET)
