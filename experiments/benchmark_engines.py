"""The one-pass engine against tapes for what can be asked of a field: the measurements behind `engine=auto`.

    .venv/bin/python experiments/benchmark_engines.py

A compiled training step (the gradient of the mean squares of what is asked, with respect to all weights) of a
`d-64-64-64-64-1` tanh network in float32 on 2048 points, and of a `d-16-16-16-16-1` one in float64 on 256 points. The
numbers are the time of `forward` in units of `tape`, medians of runs in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, str(Path(__file__).parent / "rivals"))

import tensorflow as tf
from serve import network

from pinn.calculus import Engine, Forward, Needs, Tape

ASKED: dict[str, Callable[[int], Needs]] = {
    "first derivatives": lambda d: Needs.of(partials=[(i,) for i in range(d)]),
    "Laplacian": lambda d: Needs.of(traces=[tuple(range(d))]),
    "u_t and Laplacian": lambda d: Needs.of(partials=[(d - 1,)], traces=[tuple(range(d - 1))]),
    "Hessian diagonal": lambda d: Needs.of(partials=[(i, i) for i in range(d)]),
    "full Hessian": lambda d: Needs.of(partials=[(i, j) for i in range(d) for j in range(i, d)]),
}
NETWORKS = ((64, 2048, "float32"), (16, 256, "float64"))
LARGEST_HESSIAN = 10


def stepper(engine: Engine, needs: Needs, dimension: int, size: tuple[int, int, str]) -> Callable[[], object]:
    """The compiled gradient of the mean squares of all that is asked."""
    width, points, dtype = size
    arrays, coordinates = network(dimension, [width] * 4, points)
    weights = [tf.Variable(array, dtype=dtype) for array in arrays]
    x = tf.constant(coordinates, dtype)

    def field(p: tf.Tensor) -> tf.Tensor:
        hidden = p
        for weight in weights[:-1]:
            hidden = tf.tanh(hidden @ weight)
        return (hidden @ weights[-1])[:, 0]

    @tf.function(jit_compile=True, autograph=False)
    def gradient() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            found = engine.differentiate(field, x, needs)
            asked = [*found.partials.values(), *found.traces.values()]
            loss = tf.add_n([tf.reduce_mean((part + 1) ** 2) for part in asked])
        return tape.gradient(loss, weights)

    def step() -> object:
        return gradient()[0].numpy()

    return step


def ratio(needs: Needs, dimension: int, size: tuple[int, int, str], rounds: int) -> float:
    """Median time of `forward` over that of `tape`, measured in turn."""
    steps = {engine.name: stepper(engine, needs, dimension, size) for engine in (Tape(), Forward())}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for k in range(rounds + 1):
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            if k:  # the first one compiles
                times[name].append(time.perf_counter() - began)
    return statistics.median(times["forward"]) / statistics.median(times["tape"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dimensions", default="2,3,10,30", help="dimensions of the table")
    parser.add_argument("--asked", choices=ASKED, help="only this line of the table")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each engine, in turn (default 7)")
    options = parser.parse_args()
    dimensions = [int(d) for d in options.dimensions.split(",")]
    print(f"{'forward / tape':20}" + "".join(f"{f'd={d}':>14}" for d in dimensions))
    for name, needs in ASKED.items():
        if options.asked not in (None, name):
            continue
        print(f"{name:20}", end="", flush=True)
        for d in dimensions:
            if name == "full Hessian" and d > LARGEST_HESSIAN:
                print(f"{'-':>14}", end="")
                continue
            cell = ", ".join(f"{ratio(needs(d), d, size, options.rounds):.1f}" for size in NETWORKS)
            print(f"{cell:>14}", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
