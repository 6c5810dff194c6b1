r"""Sparse orthogonal factorisation: least squares whose rows each touch a few groups of columns.

The columns come in groups of equal size, and a block of rows touches a handful of groups. Groups are eliminated one
after the other by Householder reflections of the rows that touch them; what is left of these rows is a smaller block
that touches their neighbours, and waits for its turn. The order is that of least degree: the group with the fewest
neighbours goes first, and with it all groups that have no others.

Source: I. Duff, J. Reid, The Multifrontal Solution of Indefinite Sparse Symmetric Linear, ACM Trans. Math. Softw. 9
    (1983); for orthogonal factors T. Davis, Algorithm 915, SuiteSparseQR, ACM Trans. Math. Softw. 38 (2011).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dgeqrf, dormqr

from pinn.solvers.objective import Block


class Front(NamedTuple):
    """Groups that are eliminated together.

    Attributes:
        pivots: the groups that go.
        rest: the groups that their rows also touch.
        blocks: the blocks of the system whose rows take part, by number.
        children: the earlier fronts whose remaining rows take part, by number.
    """

    pivots: tuple[int, ...]
    rest: tuple[int, ...]
    blocks: tuple[int, ...]
    children: tuple[int, ...]


def fronts_of(touched: Sequence[Iterable[int]]) -> list[Front]:
    """In which order to eliminate the groups, given those that each block touches: least degree first."""
    members = {number: frozenset(groups) for number, groups in enumerate(touched)}  # blocks, then remainders of fronts
    of_group: dict[int, set[int]] = {}
    for number, groups in members.items():
        for group in groups:
            of_group.setdefault(group, set()).add(number)
    degree = {group: _degree(holders, members) for group, holders in of_group.items()}
    found: list[Front] = []
    while degree:
        first = min(degree, key=lambda group: (degree[group], group))
        absorbed = frozenset(of_group[first])
        around = frozenset().union(*(members[number] for number in absorbed))
        pivots = tuple(sorted(group for group in around if of_group[group] <= absorbed))
        rest = tuple(sorted(around.difference(pivots)))
        made = len(touched) + len(found)
        blocks = tuple(sorted(number for number in absorbed if number < len(touched)))
        children = tuple(sorted(number - len(touched) for number in absorbed if number >= len(touched)))
        found.append(Front(pivots, rest, blocks, children))
        members[made] = frozenset(rest)
        for group in pivots:
            del degree[group]
        for group in rest:
            of_group[group] = (of_group[group] - absorbed) | {made}
        for group in rest:
            degree[group] = _degree(of_group[group], members)
    return found


def _degree(holders: Iterable[int], members: dict[int, frozenset[int]]) -> int:
    return len(frozenset().union(*(members[number] for number in holders)))


@dataclass(frozen=True)
class _Reflections:
    """The reflections of an orthogonal factorisation, as LAPACK stores them."""

    vectors: np.ndarray
    factors: np.ndarray

    @classmethod
    def of(cls, matrix: np.ndarray) -> _Reflections:
        vectors, factors, _, _ = dgeqrf(matrix, lwork=max(matrix.shape[1], 1) * _PANEL, overwrite_a=True)
        return cls(vectors, factors)

    def triangle(self) -> np.ndarray:
        """`R`, `[min(n, k), k]`."""
        return np.triu(self.vectors[: len(self.factors)])

    def transposed(self, matrix: np.ndarray) -> np.ndarray:
        """`Q^T` times a matrix `[n, k]`."""
        work = max(matrix.shape[1], 1) * _PANEL
        return dormqr("L", "T", self.vectors, self.factors, matrix, lwork=work)[0]


_PANEL = 64  # columns that LAPACK reflects at once


@dataclass(frozen=True)
class _Step:
    """One front after its elimination: `R` of the pivots, and what turns right-hand sides like their rows."""

    pivots: np.ndarray
    rest: np.ndarray
    triangle: np.ndarray  # [p, p]
    coupling: np.ndarray  # [p, q]
    reflections: _Reflections
    shortening: _Reflections | None

    def turn(self, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The entries of the pivots, and what is left for the next fronts."""
        turned = self.reflections.transposed(right[:, np.newaxis])
        count = len(self.pivots)
        left = turned[count:]
        if self.shortening is not None:
            left = self.shortening.transposed(left)[: len(self.rest)]
        return turned[:count, 0], left[:, 0]


@dataclass(frozen=True)
class Multifrontal:
    r"""The factors of `min |A x + b|^2 + \mu^2 |x|^2`, which serve any number of right-hand sides.

    Cost, in flops, for `K` groups of `p` columns: in a row `O(K p^3)`; in a plane, where the lines that part it grow
    with it, `O(K^{3/2} p^3)`, which is reached from above: for three rows a column and `p = 100`, 6e10 for 8 x 8 groups
    and 9e11 for 16 x 16.
    """

    fronts: Sequence[Front]
    blocks: Sequence[Block]
    steps: Sequence[_Step]
    size: int

    @classmethod
    def of(cls, blocks: Sequence[Block], *, group: int, size: int, damping: float) -> Multifrontal:
        """Factorise.

        Args:
            blocks: the rows.
            group: columns a group.
            size: all columns; those that no block touches stay zero.
            damping: `\\mu`, above zero.
        """
        fronts = fronts_of([block.groups for block in blocks])
        steps: list[_Step] = []
        remainders: list[np.ndarray] = []
        for front in fronts:
            sources = [(blocks[k].groups, blocks[k].matrix) for k in front.blocks]
            for k in front.children:
                sources.append((fronts[k].rest, remainders[k]))
                remainders[k] = np.empty((0, 0))
            step, remainder = _eliminated(front, sources, group, damping)
            steps.append(step)
            remainders.append(remainder)
        return cls(fronts, blocks, steps, size)

    def solve(self, right: np.ndarray) -> np.ndarray:
        """The minimiser `x [size]` for `b [R]`."""
        halves: list[np.ndarray] = []
        left: list[np.ndarray] = []
        for front, step in zip(self.fronts, self.steps, strict=True):
            pieces = [-right[self.blocks[k].rows] for k in front.blocks] + [left[k] for k in front.children]
            half, remainder = step.turn(np.concatenate([*pieces, np.zeros(len(step.pivots))]))
            halves.append(half)
            left.append(remainder)
        found = np.zeros(self.size)
        for half, step in zip(reversed(halves), reversed(self.steps), strict=True):
            known = half - step.coupling @ found[step.rest]
            found[step.pivots] = solve_triangular(step.triangle, known, check_finite=False)
        return found


def _eliminated(
    front: Front, sources: Sequence[tuple[Sequence[int], np.ndarray]], group: int, damping: float
) -> tuple[_Step, np.ndarray]:
    """The step of a front, and the rows that remain for its parent."""
    order = {name: k for k, name in enumerate((*front.pivots, *front.rest))}
    count = group * len(front.pivots)
    rows = sum(len(matrix) for _, matrix in sources)
    matrix = np.zeros((rows + count, group * len(order)), order="F")
    begin = 0
    for names, source in sources:
        for k, name in enumerate(names):
            place = group * order[name]
            matrix[begin : begin + len(source), place : place + group] = source[:, k * group : (k + 1) * group]
        begin += len(source)
    matrix[rows:, :count] = damping * np.eye(count)
    reflections = _Reflections.of(np.asfortranarray(matrix[:, :count]))
    turned = reflections.transposed(matrix[:, count:])
    remainder, shortening = turned[count:], None
    if remainder.shape[0] > remainder.shape[1] > 0:
        shortening = _Reflections.of(np.asfortranarray(remainder))
        remainder = shortening.triangle()
    step = _Step(
        columns_of(front.pivots, group),
        columns_of(front.rest, group),
        reflections.triangle(),
        turned[:count].copy(),
        reflections,
        shortening,
    )
    return step, remainder


def columns_of(groups: Sequence[int], size: int) -> np.ndarray:
    """The columns of some groups, one after the other."""
    return (np.asarray(groups, np.int64)[:, np.newaxis] * size + np.arange(size)).ravel()
