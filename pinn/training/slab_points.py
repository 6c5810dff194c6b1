"""Collocation points of one slab of time: as many in every patch, however small it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np

from pinn.fields import PatchGrid
from pinn.geometry import Shape
from pinn.training.sampling import SAMPLERS
from pinn.training.terms import Term


@final
class Interior(NamedTuple):
    """Points in the patches of a slab.

    Attributes:
        points: `[N, d]`, time last.
        patches: the patch that each of them is in, `[N]`.
    """

    points: np.ndarray
    patches: np.ndarray


def in_patches(grid: PatchGrid, shape: Shape, window: tuple[float, float], each: int, seed: Sequence[int]) -> Interior:
    """Points that are spread evenly in each patch during a window of time; those outside of the domain are left out.

    Args:
        grid: the patches.
        shape: the domain, with time.
        window: the first and the last time.
        each: points a patch.
        seed: any numbers; equal ones give equal points.
    """
    boxes, generator = grid.boxes, np.random.default_rng(seed)
    lower = np.column_stack([boxes.lower, np.full(grid.size, window[0])])
    upper = np.column_stack([boxes.upper, np.full(grid.size, window[1])])
    unit = np.stack([SAMPLERS["sobol"](each, lower.shape[1], generator) for _ in range(grid.size)])
    points = (lower[:, np.newaxis] + unit * (upper - lower)[:, np.newaxis]).reshape(-1, lower.shape[1])
    inside = shape.inside(points)
    return Interior(points[inside], np.repeat(np.arange(grid.size), each)[inside])


def on_boundary(
    term: Term, shape: Shape, window: tuple[float, float], seed: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The points of a condition and the normals there, `[N, d]` each, moved into a window of time."""
    points, normals = term.draw(seed)
    lower, upper = shape.bounds
    part = (points[:, -1] - lower[-1]) / (upper[-1] - lower[-1])
    moved = points.copy()
    moved[:, -1] = window[0] + part * (window[1] - window[0])
    return moved, normals
