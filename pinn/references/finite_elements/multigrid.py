r"""Large sparse systems by Krylov's method with one V-cycle through coarser levels as its preconditioner.

A direct factorisation fills in: in space, fifty thousand unknowns take gigabytes. Here the memory is that of the
matrix. On each level high frequencies are damped by Chebyshev's polynomial in `D^{-1} A` on the upper part of its
spectrum, and what is left is corrected on the next coarser level, whose matrix is `P^T A P` with the interpolation P
between levels. On the coarsest level the system is factorised.

Source: M. Adams, M. Brezina, J. Hu and R. Tuminaro, Parallel multigrid smoothing, J. Comput. Phys. 188 (2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres

from pinn.references.finite_elements.direct import Solve, factorised
from pinn.references.finite_elements.forms import UnsolvedError

_DEGREE = 3  # of a smoother
_UPPER, _LOWER = 1.1, 0.1  # of the largest eigenvalue: the part of the spectrum that is smoothed
_POWERS = 12  # iterations for that eigenvalue
_TOLERANCE, _RESTART, _CYCLES = 1e-11, 60, 3


def multigrid(matrix: Any, interpolations: Sequence[Any]) -> Solve:
    """The solution of a sparse system as a function of its right-hand side.

    Args:
        matrix: of the finest level, `[N, N]`.
        interpolations: from each level to the next finer one, the finest first.

    Raises:
        UnsolvedError: the coarsest matrix is singular, or (by the function) the iteration does not converge.
    """
    cycle = _cycle(matrix, list(interpolations))
    preconditioner = LinearOperator(matrix.shape, matvec=cycle)

    def solve(side: np.ndarray) -> np.ndarray:
        found, failed = gmres(
            matrix, side, rtol=_TOLERANCE, atol=0.0, restart=_RESTART, maxiter=_CYCLES, M=preconditioner
        )
        if failed and np.linalg.norm(matrix @ found - side) > 1e-6 * np.linalg.norm(side):
            raise UnsolvedError("the iteration for the finite elements did not converge")
        return np.asarray(found)

    return solve


def _cycle(matrix: Any, interpolations: list[Any]) -> Solve:
    """One V-cycle from zero."""
    if not interpolations:
        return factorised(matrix)
    up = interpolations[0].tocsr()
    down = up.T.tocsr()
    coarser = _cycle((down @ matrix @ up).tocsr(), interpolations[1:])
    smooth = _smoother(matrix)

    def cycle(side: np.ndarray) -> np.ndarray:
        found = smooth(side)
        found = found + up @ coarser(down @ (side - matrix @ found))
        return found + smooth(side - matrix @ found)

    return cycle


def _smoother(matrix: Any) -> Solve:
    """Chebyshev's iteration from zero for `D^{-1} A` with its spectrum between the bounds."""
    inverse = 1.0 / matrix.diagonal()
    vector = np.random.default_rng(0).normal(size=len(inverse))
    for _ in range(_POWERS):
        vector = inverse * (matrix @ (vector / np.linalg.norm(vector)))
    largest = float(np.linalg.norm(vector))
    center, half = largest * (_UPPER + _LOWER) / 2.0, largest * (_UPPER - _LOWER) / 2.0

    def smooth(side: np.ndarray) -> np.ndarray:
        rho = half / center
        change = inverse * side / center
        found = change
        for _ in range(_DEGREE - 1):
            after = 1.0 / (2.0 * center / half - rho)
            change = after * rho * change + 2.0 * after / half * (inverse * (side - matrix @ found))
            found, rho = found + change, after
        return np.asarray(found)

    return smooth
