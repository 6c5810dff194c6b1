"""Error and seconds of patches over their number, beside one set of features with as many columns.

    .venv/bin/python experiments/patches.py
    .venv/bin/python experiments/patches.py --grids 4 8 16 --features 100 --dense-up-to 1600

A Poisson equation on the unit square with the solution sin(k pi x) sin(l pi y), zero on the boundary. Seconds are those
that all cores together work on one solution, without compiling: the sparse Jacobian and its factors. The dense one is
by `gelsy` on the same number of random features and points. One line a grid, printed when it is done.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf

import pinn
from pinn.calculus import Jet, PointSet, engine_named
from pinn.fields import FlatField, Layout, Patches, Patchwork, RandomFeatures
from pinn.problems import Condition
from pinn.solvers import LeastSquares
from pinn.training import ResidualObjective, Sampling, enforce, terms_of

HELD_OUT = 2**14


@dataclass(frozen=True)
class Waves(pinn.Problem):
    """`Δu = f` on the unit square, with so many half waves along each axis."""

    along_x: int = 8
    along_y: int = 6

    @property
    def domain(self) -> pinn.Box:
        return pinn.Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian() + math.pi**2 * (self.along_x**2 + self.along_y**2) * self.exact(p)

    def conditions(self) -> list[Condition]:
        return [pinn.Dirichlet(0.0)]

    def exact(self, p: PointSet) -> tf.Tensor:
        return tf.sin(self.along_x * math.pi * p.x) * tf.sin(self.along_y * math.pi * p.y)


@dataclass(frozen=True)
class Found:
    """How good a solution is, and what it took."""

    columns: int
    points: int
    error: float
    seconds: float


def solved(problem: Waves, recipe: Patches | RandomFeatures, points: int) -> Found:
    """The least-squares solution, timed when everything has been compiled."""
    model = recipe.build(Layout((0, 0), (1, 1)))
    field, enforcement = FlatField(model, tf.float64), enforce(problem)
    terms = terms_of(problem, enforcement.penalties, Sampling(interior=points), dtype=tf.float64, weights={})
    apart = Patchwork.of(model) if isinstance(recipe, Patches) else None
    engine = engine_named("auto")
    objective = ResidualObjective(field, enforcement.ansatz, terms, engine=engine, seed=0, patchwork=apart)
    solver = LeastSquares()
    advance, start = solver.compile(objective), solver.start(field.weights())
    advance(start, 0)
    began = time.process_time()
    state, _ = advance(start, 1)
    seconds = time.process_time() - began
    return Found(field.size, points, _error(problem, objective, solver.best(state)), seconds)


def _error(problem: Waves, objective: ResidualObjective, weights: np.ndarray) -> float:
    """The relative L2 error on points of its own."""
    places = tf.constant(np.random.default_rng(1).uniform(size=(HELD_OUT, 2)))
    value = objective.field(tf.constant(weights))(places)[:, 0]
    truth = problem.exact(PointSet(places, problem.domain.axes))
    return float(tf.norm(value - truth) / tf.norm(truth))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grids", type=int, nargs="+", default=[4, 8, 12, 16], help="patches along each axis")
    parser.add_argument("--features", type=int, default=100, help="features a patch")
    parser.add_argument("--scale", type=float, default=4.5, help="largest wave number of a patch")
    parser.add_argument("--waves", type=int, nargs=2, default=[8, 6], help="half waves along each axis")
    parser.add_argument("--dense-up-to", type=int, default=1600, help="columns of one dense set of features")
    asked = parser.parse_args()
    problem = Waves(*asked.waves)
    print("patches columns  points    error  dense error  seconds  a patch  dense seconds", flush=True)
    for grid in asked.grids:
        recipe = Patches(grid, features=asked.features, scale=asked.scale)
        found = solved(problem, recipe, recipe.points(problem.domain).interior)
        dense = None
        if found.columns <= asked.dense_up_to:
            dense = solved(problem, RandomFeatures(found.columns, scale=2.0), found.points)
        print(
            f"{grid**2:7d} {found.columns:7d} {found.points:7d} {found.error:8.1e} "
            f"{'-' if dense is None else f'{dense.error:.1e}':>12} {found.seconds:8.3f} {found.seconds / grid**2:8.4f} "
            f"{'-' if dense is None else f'{dense.seconds:.2f}':>14}",
            flush=True,
        )


if __name__ == "__main__":
    main()
