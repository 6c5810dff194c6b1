"""What checkpoints cost: the time of training with one every so many steps, over that without any.

    .venv/bin/python experiments/checkpoint_cost.py
    .venv/bin/python experiments/checkpoint_cost.py --solvers bfgs --steps 2000 --every 100 --rounds 5

A 2x32 network on `poisson_2d` with its usual points, in float64. Trainings with and without take turns, their order
changes every round, and the two of a pair are compared, so that what else the machine does touches both alike. The
engine is named, since `auto` may choose differently each time. One line a solver, printed when it is done: seconds by
the clock, and of all processors, and the median of the costs of its pairs, with their middle half in brackets. The
processors' count the thread that writes, which the clock does not where a core is free; they are the ones to look at
where the machine has other work.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import pinn
from pinn.fields import Mlp
from pinn.problems import Poisson2D
from pinn.solvers import Adam, Bfgs, Lbfgs, SelfScaledBroyden, Solver
from pinn.training import Event

SOLVERS: dict[str, type[Adam | Bfgs | Lbfgs | SelfScaledBroyden]] = {
    each.name: each for each in (Adam, Bfgs, Lbfgs, SelfScaledBroyden)
}


def seconds(solver: Solver, every: int | None) -> tuple[float, float]:
    """By the clock and of the processors, from the first block of steps to the end of one training; without checkpoints
    where `every` is `None`.
    """
    looks: list[tuple[float, float]] = []

    def look(event: Event) -> None:
        looks.append((event.seconds, time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        kept = None if every is None else pinn.Checkpoints(folder, every=every, seconds=None)
        pinn.solve(Poisson2D(), Mlp(), solver, engine="forward", checkpoints=kept, observer=look)
    (began, busy), (ended, busy_at_end) = looks[0], looks[-1]
    return ended - began, busy_at_end - busy


def pair(solver: Solver, every: int, *, swapped: bool) -> tuple[tuple[float, float], tuple[float, float]]:
    """A training without checkpoints and one with, in this order or the other."""
    if swapped:
        kept = seconds(solver, every)
        return seconds(solver, None), kept
    return seconds(solver, None), seconds(solver, every)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solvers", nargs="+", choices=sorted(SOLVERS), default=sorted(SOLVERS))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    print("solver   clock: without [s]   with [s]   cost              processors: without [s]   with [s]   cost")
    for name in chosen.solvers:
        solver = SOLVERS[name](max_steps=chosen.steps)
        pairs = [pair(solver, chosen.every, swapped=bool(number % 2)) for number in range(chosen.rounds)]
        clock, busy = ([(without[side], kept[side]) for without, kept in pairs] for side in range(2))
        print(f"{name:8} {compared(clock):>46} {compared(busy):>54}", flush=True)


def compared(pairs: list[tuple[float, float]]) -> str:
    """The medians of both columns; the median and the quartiles of the costs of the pairs."""
    without, kept = (statistics.median(column) for column in zip(*pairs, strict=True))
    low, cost, high = statistics.quantiles([late / early - 1 for early, late in pairs], n=4)
    return f"{without:.2f} {kept:10.2f} {cost:+7.1%} ({low:+.1%} to {high:+.1%})"


if __name__ == "__main__":
    main()
