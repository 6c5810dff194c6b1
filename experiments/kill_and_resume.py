"""Kill a run at random moments until it is done, and compare what it came to with the run that was never killed.

    .venv/bin/python experiments/kill_and_resume.py
    .venv/bin/python experiments/kill_and_resume.py --kills 5 --longest 2 problem=poisson_1d field=mlp solver=bfgs

Every process is killed by signal 9, a random time of at most `--longest` seconds after it has written its first
checkpoint, or ends by itself; then it is resumed. So each kill comes while steps are done and checkpoints are written,
and the run gets on. The words are those of the command. Prints each kill and what was on the disk then, and ends with
status 1 if a resume fails or a byte of `solution.npz` differs.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = [
    *("problem=heat_1d", "field=mlp", "field.width=8", "solver=lbfgs", "solver.max_steps=6000"),
    *("sampling=rad", "sampling.interior=200", "sampling.resample_every=100", "conditions=penalty"),
    *("balance=gradient_norm", "checkpoint.every=10"),
]


def command(*words: str) -> list[str]:
    """`python -m pinn` with these words."""
    return [sys.executable, "-m", "pinn", "progress=false", *words]


def newest(run: Path) -> str:
    """The newest checkpoint of a run, in words."""
    found = sorted(run.glob("checkpoint/*/step_*.npz"))
    return found[-1].stem if found else "none yet"


def killed(words: list[str], run: Path, delay: float) -> bool:
    """Run the command and kill it so long after its first checkpoint; whether it was there to be killed."""
    before = newest(run)
    process = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and newest(run) == before:
        time.sleep(0.002)
    try:
        _, said = process.communicate(timeout=delay)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    if process.returncode != 0:
        sys.exit(f"status {process.returncode}: {said}")
    return False


def kill_and_resume(folder: Path, words: list[str], *, kills: int, seed: int, longest: float) -> bool:
    """Whether the run that was killed ends with the bytes of the one that was not."""
    whole, ended = folder / "whole", folder / "killed"
    subprocess.run(command(*words, f"hydra.run.dir={whole}"), check=True)
    moments, done = random.Random(seed), 0
    ways_in = [*words, f"hydra.run.dir={ended}"]
    while done < kills and killed(ways_in, ended, delay := moments.uniform(0.0, longest)):
        done += 1
        unfinished = len(list(ended.glob("checkpoint/*/.*.tmp")))
        rest = f" and {unfinished} unfinished" if unfinished else ""
        print(f"kill {done}, {delay:.2f} s after a checkpoint; newest: {newest(ended)}{rest}", flush=True)
        ways_in = [f"resume={ended}"]
    print(f"killed {done} times", flush=True)
    subprocess.run(command(*ways_in), check=True)
    return (whole / "solution.npz").read_bytes() == (ended / "solution.npz").read_bytes()


def main() -> int:
    """The exit status: 0 for the same bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--longest", type=float, default=0.5, help="seconds from a first checkpoint to a kill")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("words", nargs="*", default=WORDS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        same = kill_and_resume(Path(place), chosen.words, kills=chosen.kills, seed=chosen.seed, longest=chosen.longest)
    print("the same bytes" if same else "other bytes")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
