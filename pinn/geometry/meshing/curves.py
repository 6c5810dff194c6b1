"""The boundary of a plane shape as smooth curves: found from nothing but the samples of its parts.

A part maps the unit interval onto a curve, in the order of the curve, with jumps where something was cut away and with
corners where its edges meet. Both are jumps of the point or of the normal as functions of the unit coordinate, and
bisection finds them to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from pinn.geometry.checks import Array
from pinn.geometry.shape import BoundaryPart, SpatialShape

_SAMPLES = 257
_TURN = 0.15  # between samples a normal that turns by more than this, in radians, is looked at
_LONG = 8.0  # so is a step of so many times the mean one
_BISECTIONS, _ROUNDS = 60, 12
_JUMP = 1e-6  # of the size or of a normal, that remains at the end


@final
@dataclass(frozen=True)
class Curve:
    """A smooth piece of the boundary.

    Attributes:
        part: whose piece it is.
        unit: coordinates along it, `[n]`, from one end to the other.
        points, normals: there, `[n, 2]`.
    """

    part: BoundaryPart
    unit: Array
    points: Array
    normals: Array

    @property
    def lengths(self) -> Array:
        """From the first point to each, `[n]`."""
        return np.append(0.0, np.cumsum(np.linalg.norm(np.diff(self.points, axis=0), axis=1)))

    @property
    def forward(self) -> bool:
        """Whether the inside is to the left."""
        along = self.points[1] - self.points[0]
        return bool(self.normals[0, 0] * along[1] - self.normals[0, 1] * along[0] > 0)

    @property
    def tangents(self) -> Array:
        """Directions with the inside to the left, at both ends, `[2, 2]`."""
        n = self.normals[[0, -1]]
        return np.stack([-n[:, 1], n[:, 0]], axis=1)

    @property
    def turning(self) -> Array:
        """How much a unit of length turns the normal, `[n]`."""
        turned = np.linalg.norm(np.diff(self.normals, axis=0), axis=1) / np.maximum(np.diff(self.lengths), 1e-300)
        return np.maximum(np.append(turned, turned[-1]), np.append(turned[0], turned))

    def at(self, lengths: Array) -> Array:
        """The points so far from the first one along the curve: `[m, 2]`."""
        return _samples(self.part, np.interp(lengths, self.lengths, self.unit))[0]


def curves(shape: SpatialShape) -> list[Curve]:
    """All smooth pieces of the boundary."""
    size = float(np.max(shape.bounds[1] - shape.bounds[0]))
    return [curve for part in shape.parts.values() for curve in _pieces(part, size)]


def _samples(part: BoundaryPart, unit: Array) -> tuple[Array, Array]:
    """Points and normals along a part; coordinates that only spread points evenly are zero."""
    coordinates = np.zeros((len(unit), part.unit_dimension))
    coordinates[:, 0] = unit
    return part.sample(coordinates)


def _pieces(part: BoundaryPart, size: float) -> list[Curve]:
    unit, cuts = np.linspace(0.0, 1.0, _SAMPLES), np.zeros(0)
    for _ in range(_ROUNDS):
        low, high = _suspicious(part, unit, cuts, size)
        if not len(low):
            break
        middle = (low + high) / 2.0
        for _ in range(_BISECTIONS):
            half = (low + high) / 2.0
            first = _jump(part, low, half, size) >= _jump(part, half, high, size)
            low, high = np.where(first, low, half), np.where(first, half, high)
        real = _jump(part, low, high, size) > _JUMP
        cuts = np.append(cuts, low[real])
        unit = np.unique(np.concatenate([unit, low[real], high[real], middle[~real]]))
    found = np.split(unit, 1 + np.flatnonzero(np.isin(unit[:-1], cuts)))
    return [Curve(part, piece, *_samples(part, piece)) for piece in found if len(piece) > 1]


def _suspicious(part: BoundaryPart, unit: Array, cuts: Array, size: float) -> tuple[Array, Array]:
    """The intervals, not yet cut, in which a point or a normal may jump."""
    points, normals = _samples(part, unit)
    steps, turns = (np.linalg.norm(np.diff(a, axis=0), axis=1) for a in (points, normals))
    long = steps > _LONG * max(part.measure / _SAMPLES, 1e-9 * size)
    rows = np.flatnonzero((long | (turns > _TURN)) & ~np.isin(unit[:-1], cuts))
    return unit[rows], unit[rows + 1]


def _jump(part: BoundaryPart, low: Array, high: Array, size: float) -> Array:
    (p, n), (q, m) = _samples(part, low), _samples(part, high)
    return np.linalg.norm(p - q, axis=1) / size + np.linalg.norm(n - m, axis=1)
