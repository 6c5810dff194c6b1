"""What checkpoints cost: seconds of training with one every so many steps, over seconds without any.

    .venv/bin/python experiments/checkpoint_cost.py
    .venv/bin/python experiments/checkpoint_cost.py --solvers bfgs --steps 2000 --every 100 --rounds 5

A 2x32 network on `poisson_2d` with its usual points, in float64. Trainings with and without take turns, and the medians
are compared, so that what else the machine does touches both alike. One line a solver, printed when it is done.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import pinn
from pinn.fields import Mlp
from pinn.problems import Poisson2D
from pinn.solvers import Adam, Bfgs, Lbfgs, Solver

SOLVERS: dict[str, type[Adam | Bfgs | Lbfgs]] = {"adam": Adam, "bfgs": Bfgs, "lbfgs": Lbfgs}


def seconds(solver: Solver, every: int | None) -> float:
    """Of one training; without checkpoints where `every` is `None`."""
    with tempfile.TemporaryDirectory() as folder:
        kept = None if every is None else pinn.Checkpoints(folder, every=every)
        return float(pinn.solve(Poisson2D(), Mlp(), solver, checkpoints=kept).summary["seconds"]["train"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solvers", nargs="+", choices=sorted(SOLVERS), default=sorted(SOLVERS))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print("solver   without [s]   with [s]   cost")
    for name in chosen.solvers:
        solver = SOLVERS[name](max_steps=chosen.steps)
        pairs = [(seconds(solver, None), seconds(solver, chosen.every)) for _ in range(chosen.rounds)]
        without, kept = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:8} {without:11.2f} {kept:10.2f} {kept / without - 1:+7.1%}", flush=True)


if __name__ == "__main__":
    main()
