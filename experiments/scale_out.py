"""One step of Adam and one evaluation on 1, 2 and 4 devices that share the points, and how far their weights are apart.

    .venv/bin/python experiments/scale_out.py

Without GPUs the devices are logical ones of one CPU. They share its cores and its memory, as the threads of a single
device do, so that no speed-up can be expected of them: what shows is that the numbers agree, and what sharing costs.
With GPUs, `--points 200000` gives each of them something to do.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf

from pinn.app.running import on, prepare
from pinn.calculus import engine_named
from pinn.fields import FlatField, Layout, Mlp
from pinn.problems import Poisson2D
from pinn.solvers import Adam
from pinn.training import ResidualObjective, Sampling, SpreadObjective, enforce, terms_of


@dataclass(frozen=True)
class Measured:
    """Seconds a step, and the weights after all steps."""

    device: str
    seconds: float
    weights: np.ndarray


def objective(points: int) -> tuple[ResidualObjective, np.ndarray]:
    """The objective of `poisson_2d`, and the first weights."""
    problem = Poisson2D()
    lower, upper = problem.domain.bounds
    field = FlatField(Mlp().build(Layout(lower, upper)), tf.float64)
    enforcement = enforce(problem, "penalty")
    sampling = Sampling(interior=points, boundary=max(points // 4, 4))
    terms = terms_of(problem, enforcement.penalties, sampling, dtype=tf.float64, weights={})
    whole = ResidualObjective(field, enforcement.ansatz, terms, engine=engine_named("auto"), seed=0)
    return whole, field.weights()


def measured(device: str, *, points: int, steps: int, rounds: int) -> Measured:
    """The same steps on the devices of a name; the time is the median of the rounds after the first."""
    with on(device) as running:
        whole, weights = objective(points)
        shared = whole if running.replicas is None else SpreadObjective(whole, running.replicas)
        solver = Adam(max_steps=10**9)
        advance, state = solver.compile(shared), solver.start(weights)
        state, _ = advance(state, 0)
        times = []
        for _ in range(rounds + 1):
            began = time.perf_counter()
            state, _ = advance(state, steps)
            times.append((time.perf_counter() - began) / steps)
    return Measured(device, float(np.median(times[1:])), solver.current(state))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicas", default="1,2,4", help="numbers of devices (default 1,2,4)")
    parser.add_argument("--points", type=int, default=4096, help="points inside (default 4096)")
    parser.add_argument("--steps", type=int, default=20, help="steps a measurement (default 20)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each (default 5)")
    options = parser.parse_args()
    numbers = [int(number) for number in options.replicas.split(",")]
    kind = "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
    names = [f"{kind}:{','.join(map(str, range(number)))}" for number in numbers]
    prepare(max(names, key=len))  # logical devices are made before the first one is used, or never
    found = [measured(name, points=options.points, steps=options.steps, rounds=options.rounds) for name in names]
    first = found[0]
    print(f"{'device':14} {'ms a step':>10} {'speed-up':>9} {'difference of weights':>22}")
    for each in found:
        apart = float(np.abs(each.weights - first.weights).max() / np.abs(first.weights).max())
        print(f"{each.device:14} {1e3 * each.seconds:10.2f} {first.seconds / each.seconds:9.2f} {apart:22.1e}")
    if kind == "cpu":
        print("logical devices share the cores of one CPU: no speed-up can be expected of them")


if __name__ == "__main__":
    main()
