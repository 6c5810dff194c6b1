"""The piece of a boundary part that a cut leaves, as a part of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pinn.geometry.cells import CellMap, Classify, Contains, Cover, cell_map
from pinn.geometry.checks import Array, unit_points
from pinn.geometry.pieces import Boxes
from pinn.geometry.shape import BoundaryPart

Margin = Callable[[Array, Array], Array]
"""Points `[n, d]` of a part and the normals there -> `[n]`: negative where the cut leaves them, and in size not larger
than the distance to the cut."""

_BUDGET = 1024  # cut cells: crossings are found to round-off on a curve, and to 1e-3 of a surface
_LEAST = 1e-4  # of a part, and of a face of the whole: less is what round-off leaves where boundaries touch

_MOST_CUT_PIECES = 8192
_LEVELS_OF_PIECES = 8  # halvings a coordinate: to 1/256 of a piece
_ASIDE = 1e-7  # of a box: how far inside it its corners are looked at

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
    contains = lambda unit: margin(*part.sample(unit)) <= 0  # noqa: E731
    found = _kept(part, partial(_cover, part, margin, touching), contains, splits=2 * k)
    return _restricted(part, found, min(part.measure, face))


def _kept(part: BoundaryPart, classify: Classify, contains: Contains, *, splits: int) -> CellMap | Boxes | None:
    """The unit coordinates that are kept, by a tree of cells, or by one tree a piece."""
    if part.knots is not None:
        return _kept_pieces(part.knots, part.unit_dimension, classify, contains, splits=splits)
    k = part.unit_dimension
    return cell_map(np.zeros(k), np.ones(k), classify, contains, budget=_BUDGET, splits=splits)


def _kept_pieces(knots: Array, k: int, classify: Classify, contains: Contains, *, splits: int) -> Boxes | None:
    """The boxes that are kept of those between the knots.

    They are halved along one coordinate after the other, those that are cut, until there are too many or each is too
    small; its middle then decides about a box. They are shrunk a little when they are looked at: at a knot itself
    begins the next piece, which may be anywhere.
    """
    lower = np.column_stack([knots[:-1], np.zeros((len(knots) - 1, k - 1))])
    upper = np.column_stack([knots[1:], np.ones((len(knots) - 1, k - 1))])
    lower, upper = (corner[knots[1:] > knots[:-1]] for corner in (lower, upper))
    kept: list[tuple[Array, Array]] = []
    whole = True
    for level in range(_LEVELS_OF_PIECES * k):
        room = _ASIDE * (upper - lower)
        inside, outside = classify(lower + room, upper - room)
        if len(lower) < 2**splits and level < splits:
            inside, outside = np.zeros_like(inside), np.zeros_like(outside)
        kept.append((lower[inside], upper[inside]))
        whole &= not outside.any()
        open_ = ~inside & ~outside
        lower, upper = lower[open_], upper[open_]
        if not len(lower) or len(lower) > _MOST_CUT_PIECES:
            break
        lower, upper = _halved(lower, upper, level % k)
    if len(lower):
        chosen = contains((lower + upper) / 2.0)
        kept.append((lower[chosen], upper[chosen]))
        whole &= bool(chosen.all())
    lowers, uppers = zip(*kept, strict=True)
    boxes = Boxes(np.concatenate(lowers), np.concatenate(uppers), whole)
    return boxes if len(boxes.lower) else None


def _halved(lower: Array, upper: Array, axis: int) -> tuple[Array, Array]:
    """Both halves of each box, across an axis."""
    middle = (lower[:, axis] + upper[:, axis]) / 2.0
    lower, upper = np.repeat(lower, 2, axis=0), np.repeat(upper, 2, axis=0)
    upper[0::2, axis], lower[1::2, axis] = middle, middle
    return lower, upper


def _restricted(part: BoundaryPart, kept: CellMap | Boxes | None, large: float) -> BoundaryPart | None:
    """The piece of the part whose unit coordinates are kept; None if it is 1e-4 of what is large, or less."""
    if kept is None or part.measure * kept.measure <= _LEAST * large:
        return None
    if kept.whole:
        return part

    def sample(unit: ArrayLike) -> tuple[Array, Array]:
        return part.sample(kept(unit_points(unit, part.unit_dimension)))

    knots = kept.cumulative / kept.measure if isinstance(kept, Boxes) else None
    return replace(part, measure=part.measure * kept.measure, sample=sample, knots=knots)


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
        contains = lambda unit: keeps(part.sample(unit)[0])  # noqa: E731
        splits = 6 if k == 1 else 4 * k
        return _restricted(part, _kept(part, partial(_agreement, part, keeps), contains, splits=splits), part.measure)

    chosen = piece(True)
    if chosen is None or chosen is part:
        return chosen, None if chosen is part else part
    return chosen, piece(False)


def _agreement(part: BoundaryPart, keeps: Callable[[Array], NDArray[np.bool_]], lower: Array, upper: Array) -> Cover:
    unit = lower[:, None] + _lattice(part.unit_dimension) * (upper - lower)[:, None]
    answers = keeps(part.sample(unit.reshape(-1, part.unit_dimension))[0]).reshape(len(lower), -1)
    return Cover(np.all(answers, axis=1), ~np.any(answers, axis=1))
