r"""Periodic evolutions in one axis of space, `u_t = D u_xx + s u + n(u)`, by Fourier series and exponential steps.

*Space.* `u(x, t) = Re \sum_{k=0}^{K} a_k(t) e^{i k w (x - x_0)}` with `w = 2 \pi / (x_1 - x_0)`. The coefficients of
the initial state are integrals, by Gauss' rule on panels, and not samples: where it has a kink across the ends, its
series is as good as a series can be, and diffusion takes the rest of the error away. Products are formed on a grid of
four points a mode, where those of third degree have an alias in the last mode alone.

*Time.* Steps by `Etdrk4` from node to node of panels that double in length, each with the nodes of Chebyshev: modes
that die early are followed as closely as the others, and between the nodes a polynomial says what is there. Before the
first panel, which begins after 1e-9 of the duration, nothing has happened that could be seen.

*Accuracy.* The same with half the modes and half as many steps, compared at random points.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.polynomial.legendre import leggauss

from pinn.references.exponential import Etdrk4
from pinn.references.reference import ReferenceSolution

KIND = "Fourier series"

_NODES = 17  # of a panel of time
_BEGIN = 1e-9  # of the duration: where the first panel begins
_LONGEST = 1 / 8  # of the duration: a panel
_GAUSS = 16  # points of a panel of space
_CHUNK = 1024  # points at once
_COMPARED = 4000

Function = Callable[[np.ndarray], np.ndarray]


@final
@dataclass(frozen=True)
class _Series:
    """Coefficients at the nodes of all panels.

    Attributes:
        origin, number: `x_0` and `w`.
        times: `[P, M]`, the nodes of each panel.
        coefficients: `[P, M, K + 1]`.
        weights: of barycentric interpolation, `[M]`.
    """

    origin: float
    number: float
    times: np.ndarray
    coefficients: np.ndarray
    weights: np.ndarray

    def __call__(self, points: np.ndarray, *, slope: bool = False) -> np.ndarray:
        """Values or slopes in space at points `[N, 2]`: `[N]`."""
        chunks = [points[k : k + _CHUNK] for k in range(0, len(points), _CHUNK)]
        return np.concatenate([self._at(chunk, slope) for chunk in chunks] or [np.zeros(0)])

    def _at(self, points: np.ndarray, slope: bool) -> np.ndarray:
        panel = np.clip(np.searchsorted(self.times[:, 0], points[:, 1], side="right") - 1, 0, len(self.times) - 1)
        shares = self._shares(np.maximum(points[:, 1], self.times[0, 0]), panel)
        found = np.empty(len(points))
        modes = np.arange(self.coefficients.shape[2])
        factors = 1j * self.number * modes if slope else np.ones(len(modes))
        for k in np.unique(panel):
            own = np.flatnonzero(panel == k)
            a = shares[own] @ (self.coefficients[k] * factors)
            waves = np.exp(1j * self.number * np.outer(points[own, 0] - self.origin, modes))
            found[own] = np.real(np.einsum("nk,nk->n", a, waves))
        return found

    def _shares(self, times: np.ndarray, panel: np.ndarray) -> np.ndarray:
        """How much each node of its panel counts at a time, `[N, M]`."""
        away = times[:, np.newaxis] - self.times[panel]
        met = away == 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            quotients = self.weights / away
            shares = quotients / quotients.sum(axis=1, keepdims=True)
        return np.where(met.any(axis=1, keepdims=True), met.astype(np.float64), shares)


@final
@dataclass(frozen=True)
class _Equation:
    """What `periodic_evolution` is told."""

    initial: Function
    nonlinear: Function
    linear: float
    diffusivity: float
    interval: tuple[float, float]
    duration: float

    def solved(self, modes: int, steps: int) -> _Series:
        """The series with modes up to `K`, after about so many steps."""
        number = 2 * math.pi / (self.interval[1] - self.interval[0])
        growth = self.linear - self.diffusivity * (number * np.arange(modes + 1)) ** 2
        nodes = 0.5 - 0.5 * np.cos(np.pi * np.arange(_NODES) / (_NODES - 1))
        times = np.array([a + nodes * (b - a) for a, b in _panels(self.duration)])
        state, now = _coefficients(self.initial, self.interval, modes), 0.0
        found = np.empty((*times.shape, modes + 1), np.complex128)

        def on_grid(a: np.ndarray) -> np.ndarray:
            return _to_coefficients(self.nonlinear(_to_values(a)))

        for place in np.ndindex(*times.shape):
            length = float(times[place]) - now
            if length > 0:
                count = max(1, math.ceil(length * steps / self.duration))
                step = Etdrk4.of(growth, length / count)
                for _ in range(count):
                    state = step(state, on_grid)
            found[place], now = state, float(times[place])
        weights = (-1.0) ** np.arange(_NODES)
        weights[[0, -1]] /= 2
        return _Series(self.interval[0], number, times, found, weights)


def periodic_evolution(
    initial: Function,
    nonlinear: Function,
    *,
    linear: float,
    diffusivity: float,
    interval: tuple[float, float],
    duration: float,
    modes: int = 1024,
    steps: int = 1000,
) -> ReferenceSolution:
    """The solution of `u_t = D u_xx + s u + n(u)`, `u(x, 0) = u_0(x)`, periodic in x.

    Args:
        initial: `u_0`, smooth inside; values and slopes may differ at the ends.
        nonlinear: `n`, a polynomial of third degree at most.
        linear: `s`.
        diffusivity: `D > 0`.
        interval: the ends in x.
        duration: the last time, above 0; the first is 0.
        modes: `K`, at least 2.
        steps: about how many, at least 2.

    Raises:
        ValueError: a number out of its range, or a solution that does not stay finite.
    """
    _require_numbers(interval=interval[1] - interval[0], diffusivity=diffusivity, duration=duration)
    for name, count in (("modes", modes), ("steps", steps)):
        if count < 2:
            raise ValueError(f"{name}: expected at least 2, since half of them are tried as well; got {count}")
    equation = _Equation(initial, nonlinear, linear, diffusivity, interval, duration)
    with np.errstate(over="ignore", invalid="ignore"):  # what grows without bound is told of below
        fine, coarse = equation.solved(modes, steps), equation.solved(modes // 2, steps // 2)
    _require_finite(fine)
    lower, upper = np.array([interval[0], 0.0]), np.array([interval[1], duration])
    points = np.random.default_rng(0).uniform(lower, upper, (_COMPARED, 2))
    values = fine(points)
    scale = float(np.linalg.norm(values)) or math.sqrt(_COMPARED)  # absolute where the solution is zero
    accuracy = float(np.linalg.norm(values - coarse(points))) / scale
    return ReferenceSolution(KIND, accuracy, fine, lambda p: fine(p, slope=True)[:, np.newaxis])


def _require_numbers(**numbers: float) -> None:
    for name, number in numbers.items():
        if not (number > 0 and math.isfinite(number)):
            raise ValueError(f"{name}: expected a positive number; got {number}")


def _require_finite(found: _Series) -> None:
    bad = ~np.isfinite(found.coefficients).all(axis=2)
    if bad.any():
        raise ValueError(
            f"expected a solution that stays finite; it is lost at t={found.times[bad].min():.3g}. "
            "Take a shorter duration or more steps."
        )


def _panels(duration: float) -> list[tuple[float, float]]:
    """Each twice as long as all before it together, until they are an eighth of the whole."""
    ends = [_BEGIN * duration]
    while ends[-1] < duration:
        ends.append(min(2 * ends[-1], ends[-1] + _LONGEST * duration, duration))
    return list(itertools.pairwise(ends))


def _coefficients(initial: Function, interval: tuple[float, float], modes: int) -> np.ndarray:
    """`a_k = (2 / L) \\int u_0 e^{-i k w (x - x_0)} dx`, half of that for k = 0, `[K + 1]`."""
    length = interval[1] - interval[0]
    count = max(4, modes // 2)  # panels of two waves at most, or four, with 16 points each
    nodes, weights = leggauss(_GAUSS)
    within = (nodes + 1) / 2
    x = (np.arange(count)[:, np.newaxis] + within) / count
    values = weights / count * initial(interval[0] + length * x.ravel()).reshape(x.shape)  # dx / L, twice
    # e^{-i k w x} is a wave over the panels, which all nodes share, times one within a panel.
    modes_of = np.arange(modes + 1)
    over_panels = np.fft.fft(values, axis=0)[modes_of % count]
    found = np.einsum("kg,kg->k", over_panels, np.exp(-2j * np.pi / count * np.outer(modes_of, within)))
    found[0] /= 2
    return np.asarray(found)


def _to_values(a: np.ndarray) -> np.ndarray:
    """The sum on a grid of four points a mode."""
    size = 4 * (len(a) - 1)
    spectrum = np.zeros(size // 2 + 1, np.complex128)
    spectrum[: len(a)] = a / 2
    spectrum[0] = np.real(a[0])
    return np.fft.irfft(spectrum, size) * size


def _to_coefficients(values: np.ndarray) -> np.ndarray:
    """The modes of values on that grid, as many as there were."""
    spectrum = np.fft.rfft(values)[: len(values) // 4 + 1] / len(values) * 2
    spectrum[0] /= 2
    return np.asarray(spectrum)
