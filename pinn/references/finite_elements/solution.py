r"""References by finite elements: quadratic in space, refined until they are as accurate as asked.

The error in the mean square falls with the third power of the size of the elements, and that of the steps in time with
the fourth: from one level to the next, with both halved, by about eight; less where a solution is not smooth. What is
handed back is the finest level. With the distances between three levels, of which each is q times the next, q at most
8, its error is about the last distance over `q - 1`. Twice that is called its accuracy, and never more than the last
distance, which is about the error of the coarser level.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import final

import numpy as np

from pinn.references.finite_elements.evolution import between, march
from pinn.references.finite_elements.forms import UnsolvedError, WeakForm
from pinn.references.finite_elements.quadratic import Nodes, Shares
from pinn.references.finite_elements.space import Space, System
from pinn.references.finite_elements.steady import steady
from pinn.references.finite_elements.triangulation import Triangulation
from pinn.references.reference import ReferenceSolution

KIND = "finite elements"

_COMPARED = 2**13  # points
_STEPS = 1  # a panel of time, on the first level
_MOST_NODES = {1: 200_001, 2: 250_000, 3: 250_000}  # by the dimension: three GiB at most
_MOST_NODES_IN_TIME = {1: 200_001, 2: 100_000, 3: 15_000}  # where every panel has matrices to be factorised
_MOST_VALUES = 12_000_000  # at the nodes and all times: 100 MB
_MOST_DEAR = 1_200_000  # nodes times steps where an equation is not linear: two minutes
_RATE = 8.0  # of convergence, at best


@final
@dataclass(frozen=True, eq=False)
class Level:
    """A solution by finite elements of one size.

    Attributes:
        nodes: where.
        times: the ends of the steps, `[S + 1]`; empty for a steady equation.
        values: at the nodes: `[N]`, or `[S, 4, N]` at the start and the stages of each step.
        dear: whether forces were computed anew in every step.
    """

    nodes: Nodes
    times: np.ndarray
    values: np.ndarray
    dear: bool = False

    def value(self, points: np.ndarray) -> np.ndarray:
        """The solution at points `[n, d]`, time last: `[n]`."""
        shares, found = self._found(points)
        return np.einsum("na,na->n", shares.values, found)

    def gradient(self, points: np.ndarray) -> np.ndarray:
        """Its slopes over space: `[n, k]`."""
        shares, found = self._found(points)
        return np.einsum("nai,na->ni", shares.slopes, found)

    def _found(self, points: np.ndarray) -> tuple[Shares, np.ndarray]:
        """What the points take from which nodes, and the values of these, `[n, A]`."""
        points = np.asarray(points, np.float64)
        shares = self.nodes.at(points[:, : self.nodes.dim])
        if not len(self.times):
            return shares, self.values[shares.nodes]
        t = np.clip(points[:, -1], self.times[0], self.times[-1])
        step = np.clip(np.searchsorted(self.times, t, side="right") - 1, 0, len(self.times) - 2)
        weights = between((t - self.times[step]) / np.diff(self.times)[step])
        stages = [self.values[step[:, np.newaxis], i, shares.nodes] for i in range(4)]
        return shares, sum(weights[:, i, np.newaxis] * stage for i, stage in enumerate(stages))


def finite_elements(form: WeakForm, triangulation: Triangulation, *, accuracy: float) -> tuple[Level, float]:
    """A solution and its accuracy, refined until that is what is asked for or the memory ends.

    Args:
        form: the equation.
        triangulation: of the first level; its parts are those that the form names.
        accuracy: the relative error in the mean square.

    Raises:
        UnsolvedError: what keeps the method from a solution.
        ModuleNotFoundError: scikit-fem is not installed.
    """
    system = System(Space(triangulation), form)
    coarse, before = solved(system, 0, None), math.inf
    for number in itertools.count(1):
        triangulation = triangulation.refined()
        system = System(Space(triangulation), form, system)
        fine = solved(system, number, coarse)
        apart = _distance(coarse, fine, triangulation)
        if not np.isfinite(apart):
            raise UnsolvedError("the finite elements found values that are not finite")
        reached = _accuracy(apart, before)
        if reached <= accuracy or not _fits(fine):
            return fine, reached
        coarse, before = fine, apart
    raise AssertionError  # memory ends


def _accuracy(apart: float, before: float) -> float:
    """The error of the finer of two levels, twice its estimate, by their distance and that of the two before."""
    if not 0.0 < apart < before < math.inf:
        return apart
    return apart * min(1.0, 2.0 / (min(before / apart, _RATE) - 1.0 + 1e-12))


def referring(level: Level, accuracy: float) -> ReferenceSolution:
    """A level as a reference."""
    return ReferenceSolution(KIND, accuracy, level.value, level.gradient)


def solved(system: System, number: int, coarser: Level | None) -> Level:
    """The solution on one level, by its number; from that on a coarser one, where there is one."""
    nodes = system.space.nodes
    if system.form.evolution is None:
        guess = np.zeros(len(nodes.places)) if coarser is None else coarser.value(nodes.places)
        return Level(nodes, np.zeros(0), steady(system, guess))
    found = march(system, _STEPS * 2**number)
    starts = np.concatenate([found.start[np.newaxis], found.stages[:-1, -1]])
    values = np.concatenate([starts[:, np.newaxis], found.stages], axis=1)
    return Level(nodes, found.times, values, not found.linear)


def _fits(level: Level) -> bool:
    """Whether the next level is small enough."""
    factor = 2**level.nodes.dim
    nodes = factor * len(level.nodes.places)
    steps = 2 * max(len(level.times) - 1, 0)
    if level.dear and steps * nodes > _MOST_DEAR:
        return False
    most = _MOST_NODES_IN_TIME if steps else _MOST_NODES
    return nodes <= most[level.nodes.dim] and 4 * steps * nodes <= _MOST_VALUES


def _distance(one: Level, other: Level, triangulation: Triangulation) -> float:
    """The relative distance of two levels at random points of the mesh."""
    random = np.random.default_rng(0)
    corners = triangulation.points[triangulation.cells]
    volumes = np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1]))
    chosen = random.choice(len(corners), _COMPARED, p=volumes / volumes.sum())
    shares = random.dirichlet(np.ones(corners.shape[1]), _COMPARED)
    points = np.einsum("nai,na->ni", corners[chosen], shares)
    if len(one.times):
        points = np.column_stack([points, random.uniform(one.times[0], one.times[-1], _COMPARED)])
    values = other.value(points)
    size = float(np.linalg.norm(values))
    return float(np.linalg.norm(values - one.value(points))) / (size or np.sqrt(_COMPARED))
