"""How busy a search keeps its workers: jobs that sleep, through the scheduler of `pinn sweep`.

    .venv/bin/python experiments/sweep_busy.py
    .venv/bin/python experiments/sweep_busy.py --jobs 64 --workers 4 --shortest 2 --longest 6

Busy is the time in runs over the number of workers times the time from the first beginning to the last end, so that a
machine with few cores can tell: sleeping takes none. The second number counts each trial from when it is drawn to when
it is recorded, with the seconds in which its config is composed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna

from pinn.app.progress import Observer
from pinn.app.search.command import main as sweep
from pinn.app.search.worker import work

WORKER = "--worker"
TIMES = "times.json"


@dataclass(frozen=True)
class Sleep:
    """A run that sleeps, between `shortest` and `longest` seconds by its seed."""

    shortest: float
    longest: float

    def __call__(self, config: Mapping[str, Any], folder: Path, _observer: Observer) -> int:
        began = time.time()
        seconds = np.random.default_rng(config["seed"]).uniform(self.shortest, self.longest)
        time.sleep(seconds)
        summary = {"verdict": "pass", "errors": {"relative_l2": 1 / seconds}, "seconds": {"total": seconds}}
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
        (folder / "config.yaml").write_text("problem: {}\n", encoding="utf-8")
        (folder / TIMES).write_text(json.dumps([began, time.time()]), encoding="utf-8")
        return 0


def measure(jobs: int, workers: int, shortest: float, longest: float) -> tuple[float, float]:
    """How busy the workers were in runs, and in trials."""
    with tempfile.TemporaryDirectory() as home, chdir(home):
        words = [f"seed=range(0,{jobs})", "--sampler", "grid", "--pruner", "none", "--workers", str(workers)]
        sweep([*words, "--folder", "out"], (sys.executable, __file__, WORKER, str(shortest), str(longest)))
        study = optuna.load_study(study_name="sweep", storage="sqlite:///out/study.db")
        drawn = [(t.datetime_start.timestamp(), t.datetime_complete.timestamp()) for t in study.trials]
        slept = [json.loads(path.read_text(encoding="utf-8")) for path in Path("out").glob(f"*/{TIMES}")]
        return busy(slept, workers), busy(drawn, workers)


def busy(spans: list[tuple[float, float]], workers: int) -> float:
    """The time in spans over that of all workers from the first beginning to the last end."""
    began, ended = np.array(spans).T
    return float(np.sum(ended - began) / (workers * (ended.max() - began.min())))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=64)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--shortest", type=float, default=2.0, help="seconds (default 2)")
    parser.add_argument("--longest", type=float, default=6.0, help="seconds (default 6)")
    chosen = parser.parse_args()
    runs, trials = measure(chosen.jobs, chosen.workers, chosen.shortest, chosen.longest)
    print(f"{chosen.jobs} jobs, {chosen.workers} workers: busy {runs:.1%} in runs, {trials:.1%} in trials")


if __name__ == "__main__":
    if sys.argv[1:2] == [WORKER]:
        sys.exit(work(Sleep(*map(float, sys.argv[2:])), rehearse=lambda _: None, prepare=lambda: None))
    main()
