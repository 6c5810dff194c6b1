r"""Equations in time by Radau's method of order five, of first or second order in time, linear or not.

The method has the nodes `c = (4 - \sqrt 6) / 10, (4 + \sqrt 6) / 10, 1` in a step of length h and a matrix A of
integrals. With `B = A^{-1} / h` and `Z_i = U_i - U_0`, polynomials of third degree have the slope `B Z` and, where the
velocity has another of its own that starts at `V_0`, the second derivative `B (B Z - V_0)`. So the stages solve

    `M_2 (B^2 Z - B V_0) + M_1 B Z + K(t_i, U_0 + Z_i) = 0`.

In the basis of the eigenvectors of B, Newton's method has one real matrix and one complex one of the size of U, and
both serve as long as h and the derivative of K stay. The method is stable for stiff equations and damps what is fast,
and given values may depend on time as they like. Between the nodes a step is the polynomial through its start and its
stages.

Source: E. Hairer and G. Wanner, Solving Ordinary Differential Equations II, Springer 1996, section IV.8.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from pinn.references.finite_elements.direct import Solve, factorised
from pinn.references.finite_elements.forms import Evolution, UnsolvedError
from pinn.references.finite_elements.space import System
from pinn.references.finite_elements.stiffness import Stiffness

_ROOT = math.sqrt(6.0)
STAGES = np.array([(4.0 - _ROOT) / 10.0, (4.0 + _ROOT) / 10.0, 1.0])
_A = np.array(
    [
        [(88 - 7 * _ROOT) / 360, (296 - 169 * _ROOT) / 1800, (-2 + 3 * _ROOT) / 225],
        [(296 + 169 * _ROOT) / 1800, (88 + 7 * _ROOT) / 360, (-2 - 3 * _ROOT) / 225],
        [(16 - _ROOT) / 36, (16 + _ROOT) / 36, 1 / 9],
    ]
)
_B = np.linalg.inv(_A)

_FIRST, _LONGEST = 2.0**-10, 1 / 8  # of the duration: the first panel, and the longest
_MOST = (
    15  # iterations of Newton's method; where they do not suffice its matrices are made anew, then the step is halved
)
_SHORTEST = 2.0**-6  # of the first step
_DONE = 1e-9  # a change that counts as none, relative to the values


@final
@dataclass(frozen=True, eq=False)
class March:
    """Values at the nodes for all times.

    Attributes:
        times: the ends of the steps, `[S + 1]`.
        start: `[N]`.
        stages: `[S, 3, N]`.
        linear: whether the equation is, with the same matrices at all times.
    """

    times: np.ndarray
    start: np.ndarray
    stages: np.ndarray
    linear: bool


def times(evolution: Evolution, steps: int) -> np.ndarray:
    """The ends of the steps: so many in each panel, each of which is as long as all before, up to an eighth."""
    ends = [0.0, _FIRST]
    while ends[-1] < 1.0:
        ends.append(min(2 * ends[-1], ends[-1] + _LONGEST, 1.0))
    found = [a + (b - a) * np.arange(steps) / steps for a, b in itertools.pairwise(ends)]
    return evolution.start + (evolution.end - evolution.start) * np.append(np.concatenate(found), 1.0)


def march(system: System, steps: int) -> March:
    """The values at all times, with so many steps a panel.

    Raises:
        UnsolvedError: a step that does not converge.
    """
    evolution = system.form.evolution
    assert evolution is not None
    places = system.space.nodes.places
    start = evolution.value(places)
    velocity = np.zeros_like(start) if evolution.velocity is None else evolution.velocity(places)
    stiffness = Stiffness.of(system)
    step = _stepper(system, stiffness)
    ends, stages = [evolution.start], list[np.ndarray]()
    left = list(itertools.pairwise(times(evolution, steps)))[::-1]
    shortest = _SHORTEST * (left[-1][1] - left[-1][0])
    while left:
        a, b = left.pop()
        values = stages[-1][-1] if stages else start
        found = step(values, velocity, a, b - a, _ahead(ends, start, stages, b - a))
        if found is not None:
            ends.append(b)
            stages.append(values + found[0])
            velocity = found[1]
        elif b - a > shortest:
            left += [((a + b) / 2.0, b), (a, (a + b) / 2.0)]
        else:
            raise UnsolvedError(f"the finite elements found no step from the time {a:.6g}")
    return March(np.array(ends), start, np.array(stages), stiffness.constant)


def _ahead(ends: Sequence[float], start: np.ndarray, stages: Sequence[np.ndarray], h: float) -> np.ndarray:
    """The last step's polynomial at the stages of the next step, of length h: `[3, N]`."""
    if not stages:
        return np.array([start] * 3)
    before = stages[-2][-1] if len(stages) > 1 else start
    weights = between(1.0 + STAGES * h / (ends[-1] - ends[-2]))
    return weights @ np.concatenate([before[np.newaxis], stages[-1]])


def between(share: np.ndarray) -> np.ndarray:
    """The polynomials of third degree that are one at the start or at a stage of a step: `[n]` -> `[n, 4]`."""
    places = np.append(0.0, STAGES)
    found = np.ones((len(share), 4))
    for i, own in enumerate(places):
        for other in np.delete(places, i):
            found[:, i] *= (share - other) / (own - other)
    return found


Found = tuple[np.ndarray, np.ndarray] | None  # the changes at the stages [3, N], and the velocities at the end [N]
Step = Callable[[np.ndarray, np.ndarray, float, float, np.ndarray], Found]


def _stepper(system: System, stiffness: Stiffness) -> Step:
    """A step from values and velocities at a time, of a length, with a guess for the stages; `None` if it fails."""
    matrices = _Matrices(system, stiffness)
    fixed = system.fixed

    def step(values: np.ndarray, velocity: np.ndarray, t: float, h: float, guess: np.ndarray) -> Found:
        B, at = _B / h, t + STAGES * h
        start = guess - values
        start[:, fixed] = [system.given(time) - values[fixed] for time in at]

        def residual(z: np.ndarray) -> np.ndarray:
            rates = B @ z
            forces = np.array([stiffness.force(time, values + change) for time, change in zip(at, z, strict=True)])
            return (matrices.first @ rates.T + matrices.second @ (B @ (rates - velocity)).T).T + forces

        for renewed in (False, True):
            middle = values + start[1]
            solve = matrices.solver(h, float(at[1]), middle, renewed=renewed)
            z, done = _newton(residual, solve, start, np.abs(values).max(), linear=stiffness.constant)
            if done:
                return z, (B @ z)[-1]
        return None

    return step


def _newton(
    residual: Callable[[np.ndarray], np.ndarray], solve: Solve, z: np.ndarray, size: float, *, linear: bool
) -> tuple[np.ndarray, bool]:
    """The stages, and whether the iteration came to rest."""
    last = np.inf
    for number in range(_MOST):
        change = solve(-residual(z))
        z, now = z + change, float(np.abs(change).max())
        if linear or now <= _DONE * max(size, float(np.abs(z).max())):
            return z, bool(np.isfinite(now))
        if not np.isfinite(now) or now > (2.0 if number < 2 else 0.7) * last:
            return z, False
        last = now
    return z, False


class _Matrices:
    """The two matrices of a step, factorised, and made anew when its length or the point of linearisation changes."""

    def __init__(self, system: System, stiffness: Stiffness) -> None:
        evolution = system.form.evolution
        assert evolution is not None
        self.first, self.second = system.mass(evolution.first), system.mass(evolution.second)
        self._stiffness, self._free = stiffness, system.free
        self._length = 0.0
        self._solve: Solve | None = None

    def solver(self, h: float, t: float, values: np.ndarray, *, renewed: bool) -> Solve:
        """The stages `[3, N]` that change the residual by so much, `[3, N]`; zero where values are given."""
        if not renewed and self._solve is not None and abs(h - self._length) <= 1e-9 * h:
            return self._solve
        self._length, found = h, self._made(h, self._stiffness.slope(t, values))
        self._solve = found
        return found

    def _made(self, h: float, slope: Any) -> Solve:
        numbers, basis = np.linalg.eig(_B / h)
        real, pair = int(np.argmin(abs(numbers.imag))), int(np.argmax(numbers.imag))
        back, free = np.linalg.inv(basis), self._free

        def factor(number: Any) -> Solve:
            whole = number**2 * self.second + number * self.first + slope
            return factorised(whole[free][:, free])

        of_real, of_pair = factor(float(numbers[real].real)), factor(numbers[pair])

        def solve(sides: np.ndarray) -> np.ndarray:
            own = back @ sides[:, free]
            first = np.outer(basis[:, real], _complex(of_real, own[real]))
            second = np.outer(basis[:, pair], of_pair(np.ascontiguousarray(own[pair])))
            found = np.zeros_like(sides)
            found[:, free] = first.real + 2.0 * second.real
            return found

        return solve


def _complex(solve: Solve, side: np.ndarray) -> np.ndarray:
    """A real system with a complex side."""
    real, imaginary = (solve(np.ascontiguousarray(part)) for part in (side.real, side.imag))
    return real + 1j * imaginary
