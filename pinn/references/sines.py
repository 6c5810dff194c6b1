r"""Evolutions on a rectangle with zero on its edges, `u_t = D \Delta u + n(u, x, y, t)`, by sine series.

*Space.* `u = \sum_{jk} a_{jk}(t) \sin(j \pi x / L_x) \sin(k \pi y / L_y)`, which is smooth where `n` vanishes on the
edges and its odd continuation is as smooth as `u` itself. `n` is evaluated on a grid of two points a mode. Outside of
the rectangle the series continues the solution by odd reflection: where a problem has that symmetry, a part of its
domain is enough.

*Time.* Steps by `Etdrk4`, to which the time is one more unknown, with the slope 1. Coefficients and slopes are kept at
equal distances, and cubics join them.

*Accuracy.* The same with half the modes, half the steps and half the frames, compared at random points.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from scipy.fft import dstn

from pinn.references.exponential import Etdrk4
from pinn.references.reference import ReferenceSolution

KIND = "sine series"

_COMPARED = 4000

Initial = Callable[[np.ndarray, np.ndarray], np.ndarray]
Reaction = Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray]


@final
@dataclass(frozen=True)
class _Frames:
    """Coefficients and their slopes in time at equal distances.

    Attributes:
        numbers: `j \\pi / L_x [J]` and `k \\pi / L_y [K]`.
        distance: of the times.
        values, slopes: `[F, J, K]`.
    """

    numbers: tuple[np.ndarray, np.ndarray]
    distance: float
    values: np.ndarray
    slopes: np.ndarray

    def __call__(self, points: np.ndarray, *, along: int | None = None) -> np.ndarray:
        """Values at points `[N, 3]`, or slopes along an axis of space, `[N]`."""
        position = points[:, 2] / self.distance
        frames = np.clip(np.floor(position).astype(int), 0, len(self.values) - 2)
        shares = _cubics(position - frames, self.distance)
        x, y = (_waves(points[:, axis], k, slope=along == axis) for axis, k in enumerate(self.numbers))
        found = np.empty(len(points))
        for frame in np.unique(frames):
            own = np.flatnonzero(frames == frame)
            of_frame = (array[frame + later] for later in (0, 1) for array in (self.values, self.slopes))
            parts = [np.einsum("nj,jk,nk->n", x[own], a, y[own], optimize=True) for a in of_frame]
            found[own] = np.sum(shares[:, own] * parts, axis=0)
        return found


def _waves(at: np.ndarray, numbers: np.ndarray, *, slope: bool) -> np.ndarray:
    """The sines of an axis, or their slopes, `[N, J]`."""
    angles = np.outer(at, numbers)
    return numbers * np.cos(angles) if slope else np.sin(angles)


def _cubics(s: np.ndarray, distance: float) -> np.ndarray:
    """Hermite's cubics: the shares of value and slope before, and of value and slope after, `[4, N]`."""
    r = 1.0 - s
    return np.stack([r * r * (1 + 2 * s), distance * s * r * r, s * s * (1 + 2 * r), -distance * r * s * s])


@final
@dataclass(frozen=True)
class _Equation:
    """What `sine_evolution` is told."""

    initial: Initial
    reaction: Reaction
    diffusivity: float
    lengths: tuple[float, float]
    duration: float

    def solved(self, modes: tuple[int, int], frames: int, steps: int) -> _Frames:
        """With so many modes along both axes, frames, and steps from one frame to the next."""
        sizes = tuple(2 * count - 1 for count in modes)
        x, y = (length * np.arange(1, size + 1) / (size + 1) for length, size in zip(self.lengths, sizes, strict=True))
        numbers = tuple(
            np.pi * np.arange(1, count + 1) / length for count, length in zip(modes, self.lengths, strict=True)
        )
        decay = -self.diffusivity * (numbers[0][:, np.newaxis] ** 2 + numbers[1] ** 2)

        def coefficients(values: np.ndarray) -> np.ndarray:
            return np.asarray(dstn(values, type=1)[: modes[0], : modes[1]]) / math.prod(size + 1 for size in sizes)

        def reacted(state: np.ndarray) -> np.ndarray:
            padded = np.zeros(sizes)
            padded[: modes[0], : modes[1]] = state[:-1].reshape(modes)
            values = self.reaction(dstn(padded, type=1) / 4, x[:, np.newaxis], y, float(state[-1]))
            return np.append(coefficients(values), 1.0)

        linear = np.append(decay, 0.0)
        step = Etdrk4.of(linear, self.duration / (frames * steps))
        state = np.append(coefficients(self.initial(x[:, np.newaxis], y)), 0.0)
        kept = np.empty((2, frames + 1, *modes))
        for frame in range(frames + 1):
            kept[0, frame] = state[:-1].reshape(modes)
            kept[1, frame] = (linear * state + reacted(state))[:-1].reshape(modes)
            for _ in range(steps if frame < frames else 0):
                state = step(state, reacted)
        return _Frames((numbers[0], numbers[1]), self.duration / frames, *kept)


def sine_evolution(
    initial: Initial,
    reaction: Reaction,
    *,
    diffusivity: float,
    lengths: tuple[float, float],
    duration: float,
    modes: tuple[int, int],
    frames: int,
    steps: int,
) -> ReferenceSolution:
    """The solution of `u_t = D \\Delta u + n(u, x, y, t)` on `(0, L_x) x (0, L_y)`, zero on the edges.

    Args:
        initial: `u_0(x, y)`, zero on the edges.
        reaction: `n`, zero on the edges.
        diffusivity: `D > 0`.
        lengths: `L_x` and `L_y`.
        duration: the last time; the first is 0.
        modes: along both axes.
        frames: how many spans of time cubics join.
        steps: in each of them.
    """
    equation = _Equation(initial, reaction, diffusivity, lengths, duration)
    fine = equation.solved(modes, frames, steps)
    coarse = equation.solved((modes[0] // 2, modes[1] // 2), frames // 2, steps)
    points = np.random.default_rng(0).uniform(0.0, (*lengths, duration), (_COMPARED, 3))
    values = fine(points)
    accuracy = float(np.linalg.norm(values - coarse(points)) / np.linalg.norm(values))
    return ReferenceSolution(KIND, accuracy, fine, lambda p: np.stack([fine(p, along=axis) for axis in (0, 1)], axis=1))
