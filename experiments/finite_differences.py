r"""Finite differences on boxes: what a classical solver needs for `-\Delta u = f` and for the heat equation.

Order 2 is the five-point stencil (three points in 1 dimension, seven in 3). Order 4 is the compact one
(L. Collatz, The Numerical Treatment of Differential Equations, 3rd ed., Springer 1960; for the heat equation
S. H. Crandall, Quarterly of Applied Mathematics 13, 1955): with the second difference `D = \delta^2 / h^2` of an axis
and `B = 1 + h^2 D / 12`, `D u = B u_{xx} + O(h^4)`, so that

    \sum_i a_i (\prod_{j \ne i} B_j) D_i u = (\prod_i B_i) \sum_i a_i u_{x_i x_i} + O(h^4).

Linear systems are solved by a sparse factorisation (SuperLU, minimum degree), one for each grid. NumPy and SciPy only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy import sparse
from scipy.interpolate import NdBSpline, make_interp_spline
from scipy.sparse.linalg import SuperLU, splu

ORDERS = (2, 4)
_SPLINE = 5  # the degree in between the nodes: errors fall faster than those of either scheme


@dataclass(frozen=True)
class Grid:
    """The nodes of a box, ends included, `cells[i] + 1` on axis i; the last axis runs fastest."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    cells: tuple[int, ...]

    @property
    def axes(self) -> tuple[np.ndarray, ...]:
        """The coordinates of the nodes on each axis, `[cells[i] + 1]`."""
        return tuple(np.linspace(a, b, n + 1) for a, b, n in zip(self.lower, self.upper, self.cells, strict=True))

    @property
    def spacings(self) -> tuple[float, ...]:
        """The distances of neighbours on each axis."""
        return tuple((b - a) / n for a, b, n in zip(self.lower, self.upper, self.cells, strict=True))

    @property
    def points(self) -> np.ndarray:
        """All nodes, `[n, d]`."""
        return np.stack(np.meshgrid(*self.axes, indexing="ij"), axis=-1).reshape(-1, len(self.cells))

    def face(self, axis: int, *, upper: bool) -> np.ndarray:
        """Which nodes lie on a face, `[n]`."""
        index = np.zeros([n + 1 for n in self.cells], bool)
        np.moveaxis(index, axis, 0)[-1 if upper else 0] = True
        return index.ravel()


@dataclass(frozen=True)
class Boundary:
    """What is known at the nodes of a grid.

    Attributes:
        fixed: `[n]`, where the value is prescribed.
        values: `[n]`, or `[levels, n]` where there is time, these values, zero elsewhere.
        load: likewise, what prescribed fluxes add to `\\sum_i a_i u_{x_i x_i}` on faces with no value.
    """

    fixed: np.ndarray
    values: np.ndarray
    load: np.ndarray


@dataclass(frozen=True)
class GridSolution:
    """Values on a tensor grid, and what they took.

    Attributes:
        axes: the nodes on each axis; time is the last one, where there is time.
        values: `[len(axes[0]), len(axes[1]), ...]`.
        seconds: to assemble, factorise and solve; the data of the problem are not counted.
    """

    axes: tuple[np.ndarray, ...]
    values: np.ndarray
    seconds: float

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The spline of degree 5 through all values, at points `[N, d]`: `[N]`."""
        knots, coefficients = [], self.values
        for i, nodes in enumerate(self.axes):
            spline = make_interp_spline(nodes, coefficients, k=_SPLINE, axis=i)
            knots.append(spline.t)
            coefficients = np.ascontiguousarray(np.moveaxis(spline.c, 0, i))
        return NdBSpline(tuple(knots), coefficients, _SPLINE)(points)


def poisson(
    grid: Grid, coefficients: Sequence[float], right: np.ndarray, boundary: Boundary, *, order: int
) -> GridSolution:
    r"""Solve `\sum_i a_i u_{x_i x_i} = s` on a grid.

    Args:
        grid: the nodes, `n` in all.
        coefficients: `a_i`, one an axis, all of one sign.
        right: `s` at the nodes, `[n]`.
        boundary: what is known; at least one value must be fixed.
        order: 2 or 4.

    Cost: one sparse factorisation; of `N^{d}` nodes about `N`, `N^3`, `N^6` operations for d = 1, 2, 3.
    """
    began = time.perf_counter()
    stiffness, mass = _operators(grid, coefficients, order)
    free = ~boundary.fixed
    known = mass @ right - boundary.load - stiffness @ boundary.values
    values = boundary.values.copy()
    values[free] = _factorised(stiffness[free][:, free]).solve(known[free])
    seconds = time.perf_counter() - began
    return GridSolution(grid.axes, values.reshape([n + 1 for n in grid.cells]), seconds)


def heat(
    grid: Grid,
    coefficients: Sequence[float],
    *,
    times: np.ndarray,
    start: np.ndarray,
    right: np.ndarray,
    boundary: Boundary,
    order: int,
    keep_every: int = 1,
) -> GridSolution:
    r"""Solve `u_t = \sum_i a_i u_{x_i x_i} + g` by the trapezoidal rule in time (J. Crank, P. Nicolson 1947).

    With the stiffness `K` and the mass `M` of the stencil, a step of `\tau` solves
    `(M - \tau K / 2) u' = (M + \tau K / 2) u + \tau M (g + g') / 2`.

    Args:
        grid: the nodes in space, `n` in all.
        coefficients: `a_i > 0`, one an axis.
        times: `[k + 1]`, evenly spaced levels, the first one that of `start`.
        start: `[n]`.
        right: `g` at the nodes at all levels, `[k + 1, n]`.
        boundary: what is known, with values and loads of all levels, `[k + 1, n]`.
        order: 2 or 4, in space; in time it is 2.
        keep_every: one in so many levels is kept; it divides k.

    Cost: one sparse factorisation, and one solution with its factors a level.
    """
    began = time.perf_counter()
    stiffness, mass = _operators(grid, coefficients, order)
    step = (times[-1] - times[0]) / (len(times) - 1)
    free = ~boundary.fixed
    left, onward = (mass - 0.5 * step * stiffness)[free], (mass + 0.5 * step * stiffness)[free]
    onward_free, factors = onward[:, free].tocsr(), _factorised(left[:, free])
    # What does not depend on the solution, of all steps at once: [k, free].
    added = 0.5 * step * (mass[free] @ (right[:-1] + right[1:]).T).T
    added += 0.5 * step * (boundary.load[:-1] + boundary.load[1:])[:, free]
    added += (onward @ boundary.values[:-1].T - left @ boundary.values[1:].T).T
    inner = start[free]
    kept = [inner]
    for k in range(1, len(times)):
        inner = factors.solve(onward_free @ inner + added[k - 1])
        if k % keep_every == 0:
            kept.append(inner)
    values = boundary.values[::keep_every].copy()
    values[:, free] = kept
    seconds = time.perf_counter() - began
    shape = [n + 1 for n in grid.cells]
    return GridSolution((*grid.axes, times[::keep_every]), values.T.reshape([*shape, -1]), seconds)


def _factorised(matrix: sparse.spmatrix) -> SuperLU:
    """Minimum degree on the pattern of `A + A^T` without pivoting: the stencils are dominated by their diagonal."""
    options = {"SymmetricMode": True}
    return splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)


def _operators(grid: Grid, coefficients: Sequence[float], order: int) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    r"""Stiffness and mass `[n, n]` of `\sum_i a_i u_{x_i x_i}` on all nodes.

    Rows of nodes on a face are those of a reflection there, which a prescribed flux corrects by its load.
    """
    if order not in ORDERS:
        raise ValueError(f"order: expected one of {', '.join(map(str, ORDERS))}; got {order}")
    seconds = [_second_difference(n, h) for n, h in zip(grid.cells, grid.spacings, strict=True)]
    means = [
        sparse.eye_array(n + 1) + (h**2 / 12.0 * d if order == 4 else 0.0 * d)
        for n, h, d in zip(grid.cells, grid.spacings, seconds, strict=True)
    ]
    terms = (
        a * _product([second if j == i else mean for j, mean in enumerate(means)])
        for i, (a, second) in enumerate(zip(coefficients, seconds, strict=True))
    )
    stiffness, mass = reduce(lambda a, b: a + b, terms), _product(means)
    mass.eliminate_zeros()
    stiffness.eliminate_zeros()
    return stiffness, mass


def _second_difference(cells: int, spacing: float) -> sparse.csr_array:
    """`(u[k-1] - 2 u[k] + u[k+1]) / h^2`, reflected at both ends."""
    above, below = np.ones(cells), np.ones(cells)
    above[0] = below[-1] = 2.0
    return sparse.diags_array([below, np.full(cells + 1, -2.0), above], offsets=[-1, 0, 1], format="csr") / spacing**2


def _product(factors: Sequence[sparse.sparray]) -> sparse.csr_array:
    return reduce(lambda a, b: sparse.kron(a, b, format="csr"), factors)
