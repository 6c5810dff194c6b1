"""Uniform points of a set that is known by membership only: a tree of cells, and a map that follows it.

The bounding box is halved again and again along its longest axis. A cell that is proved to lie inside, or outside, is
left as it is; the others are halved until there are `budget` of them, and the share of each that is inside is then
measured. This gives the measure of the set, and a map from the unit cube:

1. *Down the tree.* At a cell that was halved across axis i, of which the share q lies in the lower half, a point goes
   to the lower half if `u_i <= q`, with `u_i / q` for its new coordinate, else to the upper one with
   `(u_i - q) / (1 - q)`. Every half gets the points that its measure deserves, and they are uniform in it again. The
   map is monotone a coordinate at each step: low-discrepancy points stay evenly spread.
2. *In the cell* the coordinates place the point. In a cell that the boundary cuts, a point that falls outside is drawn
   anew with scrambled coordinates, in the same cell, until it is inside. Cut cells hold a small share of the measure.

Source: hierarchical warping after P. Clarberg, W. Jarosz, T. Akenine-Möller and H. W. Jensen, Wavelet Importance
Sampling, ACM Trans. Graph. 24 (2005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from pinn.geometry.checks import Array
from pinn.geometry.scramble import scrambled

_LEVELS = 48  # in one dimension cells end at 2^-48 of the root: a few round-offs
_TRIALS = 32  # points a cut cell, to measure the share that is inside
_DENSITIES = 16  # points a cell at which a density is looked at
_AT_ONCE = 16  # scrambled coordinates that are tried together
_ATTEMPTS = 64  # then a point becomes the one of the trials that was inside: one in 32 is, at least

Flags = NDArray[np.bool_]


class Cover(NamedTuple):
    """What is proved of n cells: that they lie in the set, or outside it; neither for cells that may be cut."""

    inside: Flags
    outside: Flags


Classify = Callable[[Array, Array], Cover]  # lower corners [n, d], upper corners [n, d]
Contains = Callable[[Array], Flags]  # points [n, d]


def cover_by_distance(lower: Array, upper: Array, distance: Array) -> Cover:
    """Cells whose center is further from the boundary than half their diagonal lie on one side of it.

    The signed `distance` `[n]` of the centers may be too small in size, never too large.
    """
    radius = np.linalg.norm(upper - lower, axis=1) / 2.0
    return Cover(distance < -radius, distance > radius)


class _Level(NamedTuple):
    """The cells of one generation, all of the same size."""

    lower: Array  # [n, d]
    size: Array  # [d]
    child: NDArray[np.intp]  # [n]: place of the lower half in the next generation, -1 for a leaf; the upper one follows
    mass: Array  # [n]: measure of the part that is inside
    cut: NDArray[np.intp]  # [n]: place in the witnesses, -1 unless the boundary may cut the leaf


@final
@dataclass(frozen=True)
class CellMap:
    """The tree of a set, and the uniform map onto it that the module describes; `cell_map` makes it.

    Attributes:
        whole: whether no cell was found outside or cut, so that the set is the box itself.
    """

    levels: tuple[_Level, ...]
    witnesses: Array  # [m, d]: one point inside each cut leaf
    contains: Contains
    whole: bool

    @property
    def measure(self) -> float:
        """The measure of the set."""
        return float(self.levels[0].mass[0])

    def __call__(self, unit: Array) -> Array:
        """Unit coordinates `[n, d]` in [0, 1] -> points of the set, `[n, d]`."""
        unit, points = unit.copy(), np.empty_like(unit)
        rows, nodes = np.arange(len(unit)), np.zeros(len(unit), np.intp)
        for level, following in zip(self.levels, (*self.levels[1:], None), strict=True):
            ends = level.child[nodes] < 0
            self._place(level, nodes[ends], rows[ends], unit, points)
            rows, nodes = rows[~ends], level.child[nodes[~ends]]
            if following is None or not len(rows):
                break
            nodes = _descend(level, following, nodes, rows, unit)
        return points

    def _place(
        self, level: _Level, nodes: NDArray[np.intp], rows: NDArray[np.intp], unit: Array, points: Array
    ) -> None:
        lower = level.lower[nodes]
        points[rows] = lower + unit[rows] * level.size
        open_ = np.flatnonzero(level.cut[nodes] >= 0)
        for attempt in range(_ATTEMPTS):
            open_ = open_[~self.contains(points[rows[open_]])]
            if not len(open_):
                return
            drawn = [scrambled(unit[rows[open_]], _AT_ONCE * attempt + i) for i in range(_AT_ONCE)]
            tried = lower[open_, None] + np.stack(drawn, axis=1) * level.size
            hits = self.contains(tried.reshape(-1, unit.shape[1])).reshape(len(open_), _AT_ONCE)
            points[rows[open_]] = tried[np.arange(len(open_)), hits.argmax(axis=1)]  # the first one that is inside
        points[rows[open_]] = self.witnesses[level.cut[nodes[open_]]]


def _descend(
    level: _Level, following: _Level, nodes: NDArray[np.intp], rows: NDArray[np.intp], unit: Array
) -> NDArray[np.intp]:
    """The halves that the rows go to, from the lower halves `nodes`; their coordinates are stretched in place."""
    axis = int(np.argmax(level.size != following.size))
    low, high = following.mass[nodes], following.mass[nodes + 1]
    share, u = low / (low + high), unit[rows, axis]
    up = (u > share) | (low == 0.0)
    stretched = np.where(up, u - share, u) / np.where(up, 1.0 - share, share)
    unit[rows, axis] = np.clip(stretched, 0.0, 1.0)
    return nodes + up


def cell_map(
    lower: Array, upper: Array, classify: Classify, contains: Contains, *, budget: int, splits: int = 0
) -> CellMap | None:
    """The tree of a set in the box from `lower` `[d]` to `upper` `[d]`; None if no point of it is found.

    Args:
        classify: what can be proved of cells.
        contains: membership of points.
        budget: cut cells at which halving ends. With 8192, cells are about 1e-4 of the length of a curve in the plane,
            and 1e-2 of the size of a surface in space.
        splits: generations that are halved without asking, for a classification that is sure of small cells only.
    """
    generations, size = _grown(lower, upper, classify, budget, splits)
    last_lower, cut = generations[-1].lower, generations[-1].cover
    open_ = np.flatnonzero(~cut.inside & ~cut.outside)
    tried = last_lower[open_, None] + _trials(len(open_), len(lower)) * size[-1]
    hits = contains(tried.reshape(-1, len(lower))).reshape(len(open_), _TRIALS)
    share, witnesses = hits.mean(axis=1), tried[np.arange(len(open_)), hits.argmax(axis=1)]
    masses = [np.where(found.cover.inside, np.prod(step), 0.0) for found, step in zip(generations, size, strict=True)]
    places = [np.full(len(mass), -1) for mass in masses]
    masses[-1][open_], places[-1][open_] = share * np.prod(size[-1]), np.arange(len(open_))
    levels = _weighed(generations, size, masses, places)
    if levels[0].mass[0] == 0.0:
        return None
    whole = not len(open_) and not any(generation.cover.outside.any() for generation in generations)
    return CellMap(levels, witnesses, contains, whole)


def _trials(cells: int, dim: int) -> Array:
    """Sobol points in each cell, shifted at random, so that the errors of cells with equal cuts differ: `[n, m, d]`."""
    generator = np.random.default_rng(0)
    trials = qmc.Sobol(dim, rng=generator).random(_TRIALS)
    return (trials + generator.random((cells, 1, dim))) % 1.0


def density_map(dimension: int, density: Callable[[Array], Array], *, budget: int) -> CellMap:
    """The map of the unit cube to itself after which uniform points have a density: one that is positive.

    Cells are halved while the density `[n]` of the points `[n, dimension]` in them differs by more than a third, or
    until there are `budget` of these; in a cell it is then constant.
    """
    trials = qmc.Sobol(dimension, rng=np.random.default_rng(0)).random(_DENSITIES)

    def found(lower: Array, upper: Array) -> Array:
        tried = lower[:, None] + trials * (upper - lower)[:, None]
        return density(tried.reshape(-1, dimension)).reshape(len(lower), -1)

    def classify(lower: Array, upper: Array) -> Cover:
        values = found(lower, upper)
        means.append(values.mean(axis=1))
        flat = values.max(axis=1) <= 4.0 / 3.0 * values.min(axis=1)
        return Cover(flat & (len(means) > 2 * dimension), np.zeros(len(lower), bool))  # in large cells it may hide

    means: list[Array] = []
    generations, sizes = _grown(np.zeros(dimension), np.ones(dimension), classify, budget, splits=0)
    masses = [mean * np.prod(size) for mean, size in zip(means, sizes, strict=True)]
    uncut = [np.full(len(mass), -1) for mass in masses]
    return CellMap(_weighed(generations, sizes, masses, uncut), np.empty((0, dimension)), _everywhere, False)


def _everywhere(points: Array) -> Flags:
    return np.ones(len(points), bool)


class _Generation(NamedTuple):
    lower: Array
    cover: Cover
    halved: NDArray[np.intp]  # the cells that have halves in the next generation, in their order


def _grown(
    lower: Array, upper: Array, classify: Classify, budget: int, splits: int
) -> tuple[list[_Generation], list[Array]]:
    corner, sizes = lower[None].astype(np.float64), [upper - lower]
    generations: list[_Generation] = []
    while True:
        size = sizes[-1]
        cover = classify(corner, corner + size) if len(generations) >= splits else _unknown(len(corner))
        halved = np.flatnonzero(~cover.inside & ~cover.outside)
        if not len(halved) or len(halved) > budget or len(generations) == _LEVELS * len(lower):
            return [*generations, _Generation(corner, cover, halved[:0])], sizes
        generations.append(_Generation(corner, cover, halved))
        axis = int(np.argmax(size))
        step = np.where(np.arange(len(size)) == axis, size / 2.0, 0.0)
        corner = np.repeat(corner[halved], 2, axis=0)
        corner[1::2] += step
        sizes.append(size - step)


def _unknown(cells: int) -> Cover:
    return Cover(np.zeros(cells, bool), np.zeros(cells, bool))


def _weighed(
    generations: list[_Generation], sizes: list[Array], masses: list[Array], places: list[NDArray[np.intp]]
) -> tuple[_Level, ...]:
    """From the last generation upwards: the mass of a cell that was halved is that of its halves."""
    levels: list[_Level] = []
    upwards = reversed(list(zip(generations, sizes, masses, places, strict=True)))
    for (corner, _, halved), size, mass, cut in upwards:
        child = np.full(len(corner), -1)
        if levels:
            child[halved] = 2 * np.arange(len(halved))
            mass[halved] = levels[-1].mass[0::2] + levels[-1].mass[1::2]
        levels.append(_Level(corner, size, child, mass, cut))
    return tuple(reversed(levels))
