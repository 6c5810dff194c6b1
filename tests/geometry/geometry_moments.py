"""Closed forms that the cases are made of: moments of sets, sums and differences of them, and the case itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pinn.geometry import Shape

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Measure, mean `[d]` and covariance `[d, d]` of the uniform distribution on a set."""

    measure: float
    mean: Array
    covariance: Array


@dataclass(frozen=True)
class Part(Moments):
    """Moments of a boundary part, and a function of one point that is zero on it."""

    off: Callable[[Array], float]


@dataclass(frozen=True)
class Case:
    """A shape and what is known of it.

    Attributes:
        accuracy: of the measures, relative.
        distance: where the signed distance is exact: "everywhere", "inside" or "outside"; elsewhere it is a bound.
        reentrant: whether a corner points inwards, so that the nearest boundary point may be met at any angle.
        peak: what the maximum of the vanishing function reaches.
        probe: how many of the last parts are named where compiling is slow.
        reach: the shape in which data may be asked for, where that is larger than the shape itself.
    """

    name: str
    shape: Shape
    interior: Moments
    parts: dict[str, Part]
    contains: Callable[[Array], bool]
    accuracy: float = 1e-14
    distance: str = "everywhere"
    reach: Shape | None = None
    peak: float = 0.5
    reentrant: bool = False
    probe: int = 3

    @property
    def size(self) -> float:
        lower, upper = self.shape.bounds
        return float(max(upper - lower))

    @property
    def valued(self) -> tuple[str, ...]:
        return tuple(name for name, part in self.shape.parts.items() if part.valued)


def summed(*terms: tuple[float, Moments]) -> Moments:
    """Moments of a union of disjoint sets (signs 1), or of a set without one inside it (sign -1)."""
    measure = sum(sign * m.measure for sign, m in terms)
    mean = sum(sign * m.measure * m.mean for sign, m in terms) / measure
    second = sum(sign * m.measure * (m.covariance + np.outer(m.mean, m.mean)) for sign, m in terms) / measure
    return Moments(measure, mean, second - np.outer(mean, mean))


def box_moments(lower: tuple[float, ...], upper: tuple[float, ...]) -> Moments:
    """A box, or one of its faces, where lower and upper are equal on one axis: that counts 1 in the measure."""
    a, b = np.array(lower, float), np.array(upper, float)
    lengths = np.where(a == b, 1.0, b - a)
    return Moments(float(np.prod(lengths)), (a + b) / 2, np.diag((b - a) ** 2 / 12))


def crossed(first: Moments, second: Moments) -> Moments:
    """Moments of the product of two sets: coordinates of one are independent of those of the other."""
    a, b = len(first.mean), len(second.mean)
    mixed = np.zeros((a, b))
    covariance = np.block([[first.covariance, mixed], [mixed.T, second.covariance]])
    return Moments(first.measure * second.measure, np.append(first.mean, second.mean), covariance)


def on_axis(moments: Moments, axis: int, value: float) -> Part:
    """The moments of a part on which one coordinate is constant."""
    return Part(moments.measure, moments.mean, moments.covariance, lambda p: p[axis] - value)


def ball_volume(d: int) -> float:
    return math.pi ** (d / 2) / math.gamma(d / 2 + 1)


def ball_moments(center: tuple[float, ...], radius: float) -> Moments:
    """Of each coordinate the variance is R^2 / (d + 2)."""
    d = len(center)
    return Moments(ball_volume(d) * radius**d, np.array(center, float), np.eye(d) * radius**2 / (d + 2))


def sphere_part(center: Array, radius: float) -> Part:
    """On a sphere the variance of a coordinate is R^2 / d."""
    d = len(center)
    measure = d * ball_volume(d) * radius ** (d - 1)
    covariance = np.eye(d) * radius**2 / d
    return Part(measure, np.array(center, float), covariance, lambda p: math.dist(p, center) - radius)
