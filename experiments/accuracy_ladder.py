"""How accurate, and how soon: trained networks and random features on problems with published results.

    .venv/bin/python experiments/accuracy_ladder.py

Networks, numbers of points and problems are those of the literature, in float64; medians of the seeds. Seconds are of
training, from the history of the run, compiling apart; `goal` is the relative L2 error that should be met within its
seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np

import pinn
from pinn.fields import FieldRecipe, Mlp, RandomFeatures, Slabs
from pinn.problems import (
    AllenCahn1D,
    Burgers1D,
    Heat1D,
    HeatND,
    LaplacePairs,
    Poisson2D,
    PoissonExpression,
    PoissonND,
    Problem,
)
from pinn.solvers import (
    Bfgs,
    Chain,
    GaussNewton,
    LeastSquares,
    LevenbergMarquardt,
    SelfScaledBfgs,
    SelfScaledBroyden,
    Solver,
)
from pinn.training import Rad, Sampling


@dataclass(frozen=True)
class Row:
    """One problem with its network, points and goals: relative L2 errors with the seconds they should take."""

    problem: Problem
    field: FieldRecipe
    solver: Solver
    sampling: Sampling
    goals: dict[float, float]


PLANE = Sampling(interior=1000, boundary=240)
HIGH = Sampling(interior=1500, boundary=400, initial=200)
MANY = Sampling(interior=3000, boundary=1000, initial=1000)
PAIRS = RandomFeatures(1000, interactions=2)
FRONT = Sampling(interior=6000, resample_every=500, adapt=Rad())
CUBE = PoissonExpression("sin(pi*x)*sin(pi*y)*sin(pi*z)", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
LONG, SCALED = Bfgs(max_steps=20_000), SelfScaledBfgs(max_steps=20_000)
BROYDEN = SelfScaledBroyden(max_steps=200_000)
NEWTON = LevenbergMarquardt(max_steps=2000)
FINISHED = Chain((SelfScaledBroyden(max_steps=8000), NEWTON))
ROWS = {
    "Poisson 2D, 2x32": Row(Poisson2D(), Mlp(32, 2), SCALED, PLANE, {1e-9: 10, 1e-10: 30}),
    "Poisson 2D, 800 features": Row(Poisson2D(), RandomFeatures(800), LeastSquares(), PLANE, {1e-11: 1}),
    "heat 1D, 2x20": Row(Heat1D(), Mlp(20, 2), SCALED, Sampling(interior=900, initial=60), {5e-9: 10, 5e-10: 60}),
    "heat 1D, 800 features": Row(Heat1D(), RandomFeatures(800), LeastSquares(), Sampling(interior=900), {1e-10: 1}),
    "Poisson 3D, 2x32": Row(CUBE, Mlp(32, 2), LONG, Sampling(interior=3000, boundary=800), {1e-7: 120}),
    "Poisson 3D, 1000 features": Row(CUBE, RandomFeatures(1000), LeastSquares(), Sampling(interior=2000), {1e-5: 1}),
    "Poisson 5D, 1x64": Row(PoissonND(5), Mlp(64, 1), BROYDEN, HIGH, {3.5e-8: 180}),
    "Poisson 5D, pairs": Row(PoissonND(5), PAIRS, LeastSquares(), MANY, {3.5e-8: 180}),
    "heat 4D, 1x64": Row(HeatND(4), Mlp(64, 1), BROYDEN, HIGH, {3e-7: 300}),
    "heat 4D, pairs": Row(HeatND(4), PAIRS, LeastSquares(), MANY, {3e-7: 300}),
    "Laplace 10D, 1x64": Row(LaplacePairs(10), Mlp(64, 1), NEWTON, Sampling(interior=3000, boundary=1000), {1e-4: 300}),
    "Laplace 10D, pairs": Row(LaplacePairs(10), PAIRS, LeastSquares(), MANY, {1e-4: 300}),
    "Burgers, 3x20": Row(Burgers1D(), Mlp(20, 3), FINISHED, FRONT, {1e-6: 600}),
    "Burgers, 20 slabs": Row(Burgers1D(), Slabs(20, residual=1e-5), GaussNewton(), Sampling(), {1e-6: 600}),
    "Allen-Cahn, 20 slabs": Row(AllenCahn1D(), Slabs(20, residual=1e-6), GaussNewton(), Sampling(), {1e-5: 600}),
}


@dataclass(frozen=True)
class Outcome:
    """What one run came to: the final error, and for each goal the seconds until it was met."""

    error: float
    seconds: dict[float, float]
    compiling: float


def measure(row: Row, seed: int, seconds: float) -> Outcome:
    """Train once for at most `seconds`."""
    solution = pinn.solve(
        row.problem, row.field, row.solver, seed=seed, sampling=row.sampling, time_limit=seconds
    )  # fmt: skip
    assert solution.errors is not None
    history, error, took = solution.history, solution.errors.relative_l2, solution.summary["seconds"]
    if np.isnan(history["error"]).all():  # a march has its error at its end
        met = {goal: took["train"] if error <= goal else float("inf") for goal in row.goals}
    else:
        met = {goal: _first(history["error"], history["seconds"], goal) for goal in row.goals}
    return Outcome(error, met, took["compile"])


def _first(errors: np.ndarray, seconds: np.ndarray, goal: float) -> float:
    """When the watched error was first at most the goal; infinity if it never was."""
    met = np.flatnonzero(np.nan_to_num(errors, nan=np.inf) <= goal)
    return float(seconds[met[0]]) if met.size else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=";".join(ROWS), help="names of rows, separated by semicolons")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each row (default 3)")
    parser.add_argument("--patience", type=float, default=1.0, help="part of the longest goal's seconds (default 1)")
    options = parser.parse_args()
    print(f"{'problem and field':26}{'error':>10}{'compile [s]':>13}   goals: error within seconds, and what it took")
    for name in options.rows.split(";"):
        row = ROWS[name]
        limit = options.patience * max(*row.goals.values(), 5.0)
        outcomes = [measure(row, seed, limit) for seed in range(options.seeds)]
        error = statistics.median(outcome.error for outcome in outcomes)
        compiling = statistics.median(outcome.compiling for outcome in outcomes)
        took = {goal: statistics.median(outcome.seconds[goal] for outcome in outcomes) for goal in row.goals}
        goals = "   ".join(f"{goal:.1e} within {row.goals[goal]:g}: {took[goal]:.1f}" for goal in row.goals)
        print(f"{name:26}{error:10.1e}{compiling:13.1f}   {goals}", flush=True)


if __name__ == "__main__":
    main()
