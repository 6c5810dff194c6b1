r"""Exponential time differencing: `a' = L a + N(a)` with a diagonal `L` that may be as stiff as it likes.

The linear part is solved exactly in every step, `e^{hL}`, and the other by a method of Runge and Kutta of fourth order.
Its coefficients are quotients that cancel where `hL` is small; they are means over a circle in the complex plane.

Source: S. M. Cox and P. C. Matthews, Exponential Time Differencing for Stiff Systems, J. Comput. Phys. 176 (2002);
    A.-K. Kassam and L. N. Trefethen, Fourth-Order Time-Stepping for Stiff PDEs, SIAM J. Sci. Comput. 26 (2005).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

_CIRCLE = np.exp(1j * np.pi * (np.arange(16) + 0.5) / 16)  # one half: the other has the conjugate values

Nonlinear = Callable[[np.ndarray], np.ndarray]


@final
@dataclass(frozen=True)
class Etdrk4:
    """One step of a length `h` for a real diagonal `L` `[K]`.

    Attributes:
        whole, half: `e^{hL}` and `e^{hL/2}`.
        inner: of the stages.
        first, middle, last: of the step.
    """

    whole: np.ndarray
    half: np.ndarray
    inner: np.ndarray
    first: np.ndarray
    middle: np.ndarray
    last: np.ndarray

    @classmethod
    def of(cls, linear: np.ndarray, step: float) -> Etdrk4:
        """The coefficients of steps of this length."""
        z = step * linear[:, np.newaxis] + _CIRCLE
        e = np.exp(z)

        def mean(values: np.ndarray) -> np.ndarray:
            return step * np.real(values.mean(axis=1))

        return cls(
            np.exp(step * linear),
            np.exp(step * linear / 2),
            mean((np.exp(z / 2) - 1) / z),
            mean((-4 - z + e * (4 - 3 * z + z**2)) / z**3),
            mean((2 + z + e * (z - 2)) / z**3),
            mean((-4 - 3 * z - z**2 + e * (4 - z)) / z**3),
        )

    def __call__(self, a: np.ndarray, nonlinear: Nonlinear) -> np.ndarray:
        """The state `[K]` one step later."""
        at_start = nonlinear(a)
        b = self.half * a + self.inner * at_start
        at_b = nonlinear(b)
        c = self.half * a + self.inner * at_b
        at_c = nonlinear(c)
        d = self.half * b + self.inner * (2 * at_c - at_start)
        return self.whole * a + self.first * at_start + 2 * self.middle * (at_b + at_c) + self.last * nonlinear(d)
