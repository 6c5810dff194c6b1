r"""Harmonic functions around discs, by series whose every term solves Laplace's equation.

With `z = x + i y`, the poles `z_j` and a scale `s` of the region,

`u = Re \sum_{k=0}^{n} a_k (z / s)^k + \sum_j (b_j \log |z - z_j| + Re \sum_{k=1}^{m} c_{jk} (r / (z - z_j))^k)`

for real `b` and complex `a`, `c`, which a least-squares fit to the values on the boundary finds. *Accuracy.* The error
is harmonic, too: by the maximum principle it is nowhere larger than on the boundary, where it is seen at points between
those of the fit.

Source: L. N. Trefethen, Series Solution of Laplace Problems, ANZIAM Journal 60 (2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from pinn.references.reference import ReferenceSolution

KIND = "harmonic series"

_CHUNK = 2048  # points at once


@final
@dataclass(frozen=True)
class _Series:
    """The terms of a series without their coefficients.

    Attributes:
        poles: `z_j`, `[J]`.
        radius: `r`.
        scale: `s`.
        degree, order: `n` and `m`.
    """

    poles: np.ndarray
    radius: float
    scale: float
    degree: int
    order: int

    def values(self, points: np.ndarray) -> np.ndarray:
        """Each term at points `[N, 2]`, `[N, K]`."""
        z, away = self._places(points)
        powers = (z / self.scale) ** np.arange(self.degree + 1)
        inverse = (self.radius / away)[..., np.newaxis] ** np.arange(1, self.order + 1)
        terms = np.concatenate([powers, inverse.reshape(len(z), -1)], axis=1)
        return np.concatenate([np.log(np.abs(away)), terms.real, terms.imag], axis=1)

    def slopes(self, points: np.ndarray) -> np.ndarray:
        """The slopes of each term, `[N, 2, K]`: `Re f' ` and `-Im f'` for `Re f`, `Im f'` and `Re f'` for `Im f`."""
        z, away = self._places(points)
        n, k = np.arange(self.degree + 1), np.arange(1, self.order + 1)
        powers = n / self.scale * (z / self.scale) ** np.maximum(n - 1, 0)
        inverse = -k / self.radius * (self.radius / away)[..., np.newaxis] ** (k + 1)
        terms = np.concatenate([powers, inverse.reshape(len(z), -1)], axis=1)
        logarithms = 1 / away
        along_x = np.concatenate([logarithms.real, terms.real, terms.imag], axis=1)
        along_y = np.concatenate([-logarithms.imag, -terms.imag, terms.real], axis=1)
        return np.stack([along_x, along_y], axis=1)

    def _places(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The points as complex numbers, `[N, 1]`, and seen from the poles, `[N, J]`."""
        z = (points[:, 0] + 1j * points[:, 1])[:, np.newaxis]
        return z, z - self.poles


def harmonic_expansion(
    points: np.ndarray,
    values: np.ndarray,
    *,
    poles: np.ndarray,
    radius: float,
    degree: int = 40,
    order: int = 20,
) -> ReferenceSolution:
    """The solution of `\\Delta u = 0` with given values on the boundary of a region around the origin with round holes.

    Args:
        points: on the boundary, `[N, 2]`, dense along each of its pieces and in order: every second one is fitted, the
            others say how accurate the fit is.
        values: there, `[N]`.
        poles: the middles of the holes, and of what mirrors them beyond smooth pieces of the boundary, `[J, 2]`.
        radius: of the holes.
        degree: `n`.
        order: `m`.

    Returns:
        The solution; its accuracy is the largest error on the boundary, in units of the root mean square there.
    """
    middles = poles[:, 0] + 1j * poles[:, 1]
    series = _Series(middles, radius, float(np.linalg.norm(points, axis=1).max()), degree, order)
    matrix = series.values(points[::2])
    sizes = np.linalg.norm(matrix, axis=0)
    sizes[sizes == 0.0] = 1.0  # the imaginary part of 1
    found = np.linalg.lstsq(matrix / sizes, values[::2], rcond=None)[0] / sizes

    def value(at: np.ndarray) -> np.ndarray:
        return _in_chunks(at, lambda part: series.values(part) @ found)

    def gradient(at: np.ndarray) -> np.ndarray:
        return _in_chunks(at, lambda part: series.slopes(part) @ found)

    between = float(np.abs(value(points[1::2]) - values[1::2]).max())
    return ReferenceSolution(KIND, between / float(np.sqrt(np.mean(values**2))), value, gradient)


def _in_chunks(points: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A function at all points `[N, 2]`, without the terms of all of them at once."""
    parts = range(0, max(len(points), 1), _CHUNK)
    return np.concatenate([function(points[k : k + _CHUNK]) for k in parts])
