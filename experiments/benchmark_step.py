"""One training step of `poisson_2d` against DeepXDE's: the same points, network, precision and optimiser, in one run.

    .venv/bin/python experiments/benchmark_step.py

A 2-32-32-1 tanh network in float64, 1000 points inside and 240 on the boundary, zero boundary values as a penalty, one
step of Adam on all points. DeepXDE runs with each backend that its environment has (`make rivals`).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
from peers import Peer, Timed, in_turn

from pinn.calculus import engine_named
from pinn.fields import FlatField, Layout, Mlp
from pinn.problems import Poisson2D
from pinn.solvers import Adam
from pinn.training import EQUATION, ResidualObjective, Sampling, enforce, terms_of

BACKENDS = ("pytorch", "jax")
POINTS = Sampling(kind="uniform", interior=1000, boundary=240)


def objective(
    conditions: str, sampling: Sampling = POINTS, *, engine: str = "auto", seed: int = 0
) -> tuple[ResidualObjective, FlatField]:
    """The objective of `poisson_2d` with its conditions enforced in one way or the other."""
    problem = Poisson2D()
    lower, upper = problem.domain.bounds
    field = FlatField(Mlp().build(Layout(lower, upper, seed=seed)), tf.float64)
    enforcement = enforce(problem, conditions)
    terms = terms_of(problem, enforcement.penalties, sampling, dtype=tf.float64, weights={})
    return ResidualObjective(field, enforcement.ansatz, terms, engine=engine_named(engine), seed=seed), field


def ours(conditions: str) -> Timed:
    """Steps of Adam on our objective, as the training loop takes them."""
    target, field = objective(conditions)
    solver = Adam(max_steps=10**9)
    advance, state = solver.compile(target), solver.start(field.weights())

    def timed(steps: int) -> float:
        nonlocal state
        began = time.perf_counter()
        state, _ = advance(state, steps)
        return time.perf_counter() - began

    return timed


def save_points(path: Path) -> None:
    """Our points, for the rivals."""
    points = objective("penalty")[0].points()
    np.savez(path, interior=points[EQUATION], boundary=points["dirichlet_boundary"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=200, help="steps a measurement (default 200)")
    parser.add_argument("--rounds", type=int, default=9, help="measurements of each contestant, in turn (default 9)")
    parser.add_argument("--backends", default=",".join(BACKENDS), help="DeepXDE backends, or nothing for ours alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "points.npz"
        save_points(file)
        peers = {
            f"DeepXDE, {backend}": Peer("deepxde_step.py", [str(file)], {"DDE_BACKEND": backend})
            for backend in options.backends.split(",")
            if backend
        }
        contestants = {"pinn, penalty": ours("penalty"), "pinn, exact conditions": ours("exact"), **peers}
        medians = in_turn(contestants, steps=options.steps, rounds=options.rounds)
        for peer in peers.values():
            peer.close()
    reference = medians["pinn, penalty"]
    print(f"{'one training step, float64':28} {'ms':>8} {'ratio to pinn, penalty':>24}")
    for name, seconds in medians.items():
        print(f"{name:28} {1e3 * seconds:8.2f} {seconds / reference:24.2f}")


if __name__ == "__main__":
    main()
