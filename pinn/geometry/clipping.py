"""The piece of a boundary part that a cut leaves, as a part of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.cells import CellMap, Cover, cell_map
from pinn.geometry.checks import Array, unit_points
from pinn.geometry.shape import BoundaryPart

Margin = Callable[[Array, Array], Array]
"""Points `[n, d]` of a part and the normals there -> `[n]`: negative where the cut leaves them, and in size not larger
than the distance to the cut."""

_BUDGET = 1024  # cut cells: crossings are found to round-off on a curve, and to 1e-3 of a surface
_LEAST = 1e-4  # of a part, and of a face of the whole: less is what round-off leaves where boundaries touch

_BULGE = 0.5  # how much further a cell of a surface reaches than its lattice points, in their distance from its middle


def clipped(part: BoundaryPart, margin: Margin, *, touching: float, face: float) -> BoundaryPart | None:
    """What the cut leaves of the part: None if nothing, the part itself if everything.

    Nothing is what is less than 1e-4 of the part, and of `face`, the area that is thought large: a large box that cuts
    a small shape keeps little of its faces, and all of it is needed.

    The samples of the part are uniform in measure, so the share that is left is a set of unit coordinates, and a tree
    of cells finds it (`pinn.geometry.cells`). A cell is on one side of the cut if its middle is further from the cut
    than its other lattice points (corners, middles of edges, ...) are from the middle, with room for what bulges
    between: half the length of a curve, and of a surface half of that distance again; or if all its lattice points are
    on one side at less than `touching`: the cut then runs along the part.
    """
    k = part.unit_dimension
    if k == 0:
        return part if margin(*part.sample(np.empty((1, 0))))[0] < 0 else None
    found = cell_map(
        np.zeros(k),
        np.ones(k),
        partial(_cover, part, margin, touching),
        lambda unit: margin(*part.sample(unit)) <= 0,
        budget=_BUDGET,
        splits=2 * k,
    )
    return _restricted(part, found, min(part.measure, face))


def _restricted(part: BoundaryPart, kept: CellMap | None, large: float) -> BoundaryPart | None:
    """The piece of the part whose unit coordinates are kept; None if it is 1e-4 of what is large, or less."""
    if kept is None or part.measure * kept.measure <= _LEAST * large:
        return None
    if kept.whole:
        return part

    def sample(unit: ArrayLike) -> tuple[Array, Array]:
        return part.sample(kept(unit_points(unit, part.unit_dimension)))

    return replace(part, measure=part.measure * kept.measure, sample=sample)


def _lattice(dimension: int) -> Array:
    """The points of the unit cube with coordinates 0, 1/2 and 1, its middle in the middle: `[3^k, k]`."""
    return np.array(list(itertools.product((0.0, 0.5, 1.0), repeat=dimension)))


def _cover(part: BoundaryPart, margin: Margin, touching: float, lower: Array, upper: Array) -> Cover:
    lattice = _lattice(part.unit_dimension)
    middle = len(lattice) // 2
    unit = lower[:, None] + lattice * (upper - lower)[:, None]
    points, normals = part.sample(unit.reshape(-1, part.unit_dimension))
    distances = margin(points, normals).reshape(len(lower), -1)
    points = points.reshape(len(lower), len(lattice), -1)
    radius = np.linalg.norm(points - points[:, middle : middle + 1], axis=2).max(axis=1)
    curve = part.unit_dimension == 1
    radius += part.measure * (upper - lower)[:, 0] / 2.0 if curve else _BULGE * radius
    along = np.abs(distances).max(axis=1) < touching
    inside = (distances[:, middle] < -radius) | (along & (distances < 0).all(axis=1))
    outside = (distances[:, middle] > radius) | (along & (distances > 0).all(axis=1))
    return Cover(inside, outside)


def divided(
    part: BoundaryPart, holds: Callable[[Array], NDArray[np.bool_]]
) -> tuple[BoundaryPart | None, BoundaryPart | None]:
    """The piece of a part where a predicate of the points holds, and the rest; None for a piece that is empty.

    Nothing is known of a predicate but its answers: cells of 1/64 of the part (of each coordinate, 1/16 on surfaces)
    are on one side if all their lattice points are, so that narrower pieces are overlooked.
    """
    k = part.unit_dimension

    def piece(wanted: bool) -> BoundaryPart | None:
        def keeps(points: Array) -> NDArray[np.bool_]:
            return holds(points) == wanted

        if k == 0:
            return part if keeps(part.sample(np.empty((1, 0)))[0])[0] else None
        found = cell_map(
            np.zeros(k),
            np.ones(k),
            partial(_agreement, part, keeps),
            lambda unit: keeps(part.sample(unit)[0]),
            budget=_BUDGET,
            splits=6 if k == 1 else 4 * k,
        )
        return _restricted(part, found, part.measure)

    chosen = piece(True)
    if chosen is None or chosen is part:
        return chosen, None if chosen is part else part
    return chosen, piece(False)


def _agreement(part: BoundaryPart, keeps: Callable[[Array], NDArray[np.bool_]], lower: Array, upper: Array) -> Cover:
    unit = lower[:, None] + _lattice(part.unit_dimension) * (upper - lower)[:, None]
    answers = keeps(part.sample(unit.reshape(-1, part.unit_dimension))[0]).reshape(len(lower), -1)
    return Cover(np.all(answers, axis=1), ~np.any(answers, axis=1))
