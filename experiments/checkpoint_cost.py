"""What checkpoints cost: the time of steps with one every so many, over that of steps without any.

    .venv/bin/python experiments/checkpoint_cost.py
    .venv/bin/python experiments/checkpoint_cost.py --solvers bfgs --every 100 --seconds 240

A 2x32 network on `poisson_2d` with its usual points, in float64. Within one training, stretches with and without
checkpoints take turns: the same program, the same memory, and a machine that is restless for longer than a stretch
touches both alike. Each stretch with is compared with those beside it. One line a solver, printed when it is done: the
medians of the seconds of a stretch, the median of the costs with its standard error, and the same of the seconds of
all processors: those count the thread that writes, which the clock does not where a core is free.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
from benchmark_step import objective

from pinn.solvers import Adam, Bfgs, Lbfgs, SelfScaledBroyden, Solver
from pinn.training import Event, Keeper, Sampling, Series, train

SOLVERS: dict[str, type[Adam | Bfgs | Lbfgs | SelfScaledBroyden]] = {
    each.name: each for each in (Adam, Bfgs, Lbfgs, SelfScaledBroyden)
}
STRETCH = {"adam": 500}
"""Steps, a multiple of those between checkpoints: half a second, which for other solvers is `FEW`."""
LENGTH = {"adam": 40_000}
"""Steps of a training, `SHORT` for others: where they have converged, their steps are not the usual ones."""
FEW, SHORT = 200, 4000


class Turns:
    """An observer that has a keeper at work in every other stretch, and notes what each of them takes.

    A stretch begins with the checkpoint that is due at its first step and ends before that of the next: what is written
    by the thread is written while it lasts.
    """

    def __init__(self, keeper: Keeper, every: int, length: int) -> None:
        self._keeper, self._every, self._length = keeper, every, length
        self._looks: list[tuple[float, float]] = []
        keeper.every = 0

    def __call__(self, event: Event) -> None:
        """Switch at the end of a stretch."""
        if event.step % self._length == 0:
            self._looks.append((time.perf_counter(), time.process_time()))
            self._keeper.every = self._every if len(self._looks) % 2 else 0

    def seconds(self) -> np.ndarray:
        """By the clock and of the processors, `[2, stretches]`: with checkpoints, without, with, ..."""
        return np.diff(np.asarray(self._looks), axis=0).T


def costs(solver: Solver, every: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The seconds of each stretch with checkpoints, `[2, n]`, and the mean of those before and after it."""
    target, field = objective("auto", Sampling(), engine="forward", seed=seed)
    with tempfile.TemporaryDirectory() as folder, Keeper(Series(Path(folder)), {}, every=every, warn=print) as keeper:
        turns = Turns(keeper, every, length)
        course = {"observer": turns, "observe_every": length, "keeper": keeper}
        train(target, solver, field.weights(), steps_planned=length, **course)
    found = turns.seconds()
    kept, without = found[:, 2::2], found[:, 1::2]
    count = min(kept.shape[1], without.shape[1] - 1)
    return kept[:, :count], (without[:, :count] + without[:, 1 : count + 1]) / 2


def measured(name: str, every: int, seconds: float) -> str:
    """The line of a solver, from as many trainings as fit into so many seconds; of each the first stretches are left
    out.
    """
    solver, length = SOLVERS[name](max_steps=LENGTH.get(name, SHORT)), STRETCH.get(name, FEW)
    kept, without = np.empty((2, 0)), np.empty((2, 0))
    began, seed = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        more, others = costs(solver, every, length, seed)
        kept, without, seed = np.hstack([kept, more]), np.hstack([without, others]), seed + 1
    columns = [compared(kept[side], without[side]) for side in range(2)]
    return f"{name:10} {kept.shape[1]:9} {columns[0]:>42} {columns[1]:>42}"


def compared(kept: np.ndarray, without: np.ndarray) -> str:
    """The medians of both; the median of the costs, and how far it may be off."""
    found = kept / without - 1
    # Of a sample of n from a normal distribution the median varies by 1.25 sigma / sqrt(n); sigma by the middle half.
    # Neighbours share a stretch without: their correlation of 1/6 makes it sqrt(1 + 2 / 6) of that.
    low, _, high = statistics.quantiles(found.tolist(), n=4)
    off = 1.15 * 1.25 * (high - low) / 1.35 / len(found) ** 0.5
    return f"{np.median(without):.3f} {np.median(kept):8.3f} {np.median(found):+7.1%} ± {off:.1%}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solvers", nargs="+", choices=sorted(SOLVERS), default=sorted(SOLVERS))
    parser.add_argument("--every", type=int, default=100, help="steps; a stretch is a multiple of it (default 100)")
    parser.add_argument("--seconds", type=float, default=150.0, help="of each solver (default 150)")
    chosen = parser.parse_args()
    print("solver     stretches     clock: without [s], with [s], cost        processors: without, with, cost")
    for name in chosen.solvers:
        if STRETCH.get(name, FEW) % chosen.every:
            parser.error(f"--every: expected a part of the {STRETCH.get(name, FEW)} steps of a stretch of {name}")
        print(measured(name, chosen.every, chosen.seconds), flush=True)


if __name__ == "__main__":
    main()
