r"""Laplace's equation, `\Delta u = 0`, on a plate with round holes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, final

import numpy as np
import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Ball, Box, Difference, Shape
from pinn.problems.checks import require_positive
from pinn.problems.conditions import Condition, Dirichlet
from pinn.problems.problem import Problem
from pinn.references import ReferenceSolution, harmonic_expansion

_PI = math.pi
_WALLS = ("x_min", "x_max", "y_min", "y_max")


@final
@dataclass(frozen=True)
class LaplaceDiscs(Problem):
    r"""A warm frame around four cold pipes.

    `\Delta u = 0` on the square `(-1/2, 1/2)^2` without four discs of radius `r` around `(\pm a, \pm a)`, `u = 1` on
    the edges of the square and `u = 0` on the discs. No exact solution is known; the reference is a series.

    Args:
        radius: `r > 0`.
        offset: `a`, with `r < a < 1/2 - r`: the discs touch neither each other nor the edges.
    """

    radius: float = 0.1
    offset: float = 0.3

    citation: ClassVar[str] = (
        "Z. Hao et al., PINNacle: A Comprehensive Benchmark of Physics-Informed Neural Networks for Solving PDEs, "
        "NeurIPS 2024, Poisson2d-C."
    )

    def __post_init__(self) -> None:
        require_positive(radius=self.radius, offset=self.offset)
        if not self.radius < self.offset < 0.5 - self.radius:
            raise ValueError(
                "offset: expected between radius and 0.5 - radius, so that the discs touch nothing; got "
                f"{self.offset} for radius {self.radius}"
            )

    @property
    def domain(self) -> Shape:
        """The square without the discs."""
        a = self.offset
        centres = itertools.product((-a, a), repeat=2)
        return Difference(Box((-0.5, -0.5), (0.5, 0.5)), tuple(Ball(centre, self.radius) for centre in centres))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:  # noqa: ARG002 - no source
        r"""`\Delta u`."""
        return u.laplacian()

    def conditions(self) -> Sequence[Condition]:
        """Warm edges and cold discs."""
        return (Dirichlet(1.0, on=_WALLS), Dirichlet(0.0, on="holes"))

    def reference(self) -> ReferenceSolution:
        """By a series about the discs and their mirror images in the edges, good to 1e-9 or so."""
        return _series(self.radius, self.offset)


@lru_cache(maxsize=4)
def _series(radius: float, offset: float) -> ReferenceSolution:
    side = np.linspace(-0.5, 0.5, 401)
    low, high = np.full_like(side, -0.5), np.full_like(side, 0.5)
    edges = np.concatenate([np.stack(pair, 1) for pair in ((side, low), (side, high), (low, side), (high, side))])
    angles = 2 * _PI * np.arange(200) / 200
    circle = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # Mirrored in an edge the solution goes on with the other sign: its poles are those of the mirror images.
    around = np.array(list(itertools.product((offset - 1, -offset, offset, 1 - offset), repeat=2)))
    discs = around[np.all(np.abs(around) < 0.5, axis=1)]
    circles = (discs[:, np.newaxis] + circle).reshape(-1, 2)
    values = np.concatenate([np.ones(len(edges)), np.zeros(len(circles))])
    return harmonic_expansion(np.concatenate([edges, circles]), values, poles=around, radius=radius)
