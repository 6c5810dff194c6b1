"""Errors of a field against the truth, and the size of its residuals, on points that were not trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np


@final
@dataclass(frozen=True)
class Errors:
    r"""Distances between a field `u` and the truth `u^*` over `N` points.

    Attributes:
        relative_l2: `\sqrt{\sum |u - u^*|^2 / \sum |u^*|^2}`, over points and components. Where the truth is zero
            everywhere it is absolute, the root of the mean over the points: `\sqrt{\sum |u|^2 / N}`.
        max: the largest `|u - u^*|`.
        relative_h1: as `relative_l2`, with the gradients over space added to both sums.
    """

    relative_l2: float
    max: float
    relative_h1: float


@final
@dataclass(frozen=True)
class ResidualSize:
    """The root mean square and the largest magnitude of the equation's residual."""

    rms: float
    max: float


def errors(value: np.ndarray, truth: np.ndarray, gradient: np.ndarray, true_gradient: np.ndarray) -> Errors:
    """Compare values `[N]` or `[N, m]` and gradients `[N, k]` or `[N, m, k]` with the truth of the same shapes."""
    difference, slope = value - truth, gradient - true_gradient
    l2, h1 = _sum_of_squares(difference), _sum_of_squares(slope)
    truth_l2, truth_h1 = _sum_of_squares(truth), _sum_of_squares(true_gradient)
    return Errors(
        relative_l2=_relative(l2, truth_l2, len(value)),
        max=float(np.max(np.abs(difference))),
        relative_h1=_relative(l2 + h1, truth_l2 + truth_h1, len(value)),
    )


def residual_size(residuals: Mapping[str, np.ndarray]) -> ResidualSize:
    """Root mean square over all equations and points, and the largest magnitude."""
    rows = np.concatenate([np.ravel(row) for row in residuals.values()]).astype(np.float64)
    return ResidualSize(rms=float(np.sqrt(np.mean(rows**2))), max=float(np.max(np.abs(rows))))


def _sum_of_squares(values: np.ndarray) -> float:
    return float(np.sum(np.asarray(values, np.float64) ** 2))


def _relative(error: float, scale: float, points: int) -> float:
    return math.sqrt(error / (scale if scale > 0 else points))
