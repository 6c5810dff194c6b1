"""Kill a run at random moments until it is done, and compare what it came to with the run that was never killed.

    .venv/bin/python experiments/kill_and_resume.py
    .venv/bin/python experiments/kill_and_resume.py --kills 5 --longest 20 problem=poisson_1d field=mlp solver=bfgs

Every process is killed by signal 9 after a random time of at most `--longest` seconds, imports and compiling included,
or ends by itself; then it is resumed. The words are those of the command. Prints each kill and what was on the disk
then, and ends with status 1 if a resume fails or a byte of `solution.npz` differs.
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
    *("problem=heat_1d", "field=mlp", "field.width=8", "solver=lbfgs", "solver.max_steps=1500"),
    *("sampling=rad", "sampling.interior=200", "sampling.resample_every=100", "conditions=penalty"),
    *("balance=gradient_norm", "checkpoint.every=50"),
]


def command(*words: str) -> list[str]:
    """`python -m pinn` with these words."""
    return [sys.executable, "-m", "pinn", "progress=false", *words]


def killed_after(seconds: float, *words: str) -> int | None:
    """Run the command and kill it after so long; its status if it was quicker."""
    process = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    if process.returncode != 0:
        sys.exit(f"status {process.returncode}: {said}")
    return process.returncode


def newest(run: Path) -> str:
    """The newest checkpoint of a run, in words."""
    found = sorted(run.glob("checkpoint/*/*.npz"))
    return found[-1].stem if found else "none yet"


def kill_and_resume(folder: Path, words: list[str], *, kills: int, seed: int, longest: float | None) -> bool:
    """Whether the run that was killed ends with the bytes of the one that was not."""
    whole, ended = folder / "whole", folder / "killed"
    began = time.perf_counter()
    subprocess.run(command(*words, f"hydra.run.dir={whole}"), check=True)
    latest = longest or time.perf_counter() - began
    moments, done = random.Random(seed), 0
    ways_in = [*words, f"hydra.run.dir={ended}"]
    while done < kills:
        seconds = moments.uniform(0.0, latest)
        status = killed_after(seconds, *ways_in)
        if status is not None:
            print(f"done after {done} kills")
            break
        done += 1
        print(f"kill {done} after {seconds:.1f} s, newest checkpoint: {newest(ended)}", flush=True)
        if (ended / "asked.yaml").is_file():
            ways_in = [f"resume={ended}"]
    subprocess.run(command(*ways_in), check=True)
    return (whole / "solution.npz").read_bytes() == (ended / "solution.npz").read_bytes()


def main() -> int:
    """The exit status: 0 for the same bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--longest", type=float, help="seconds until a kill; default: those of the whole run")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("words", nargs="*", default=WORDS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        same = kill_and_resume(Path(place), chosen.words, kills=chosen.kills, seed=chosen.seed, longest=chosen.longest)
    print("the same bytes" if same else "other bytes")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
