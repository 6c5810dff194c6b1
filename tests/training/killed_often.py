"""A training that is killed again and again: `python killed_often.py FOLDER KILLS SEED`.

Each life of it is a fork of this process, which has imported everything and run nothing. It goes on from the newest
checkpoint in FOLDER, and is killed by signal 9 at a random moment after it has written one of its own. Prints a line
for each kill: the signal that ended it, the newest checkpoint then, and how many files were half written.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

from training_cases import Values, objective

from pinn.solvers import Adam
from pinn.training import Keeper, Series, Training, train

EVERY, RESAMPLE = 20, 500
LONGEST = 0.1
"""Seconds from the first checkpoint of a life to its end."""


def trained(steps: int, folder: Path | None = None) -> Training:
    """As many steps, from the newest checkpoint in a folder where new ones are kept, or all of them at once."""
    target, field = objective(Values())
    options = {"steps_planned": steps, "resample_every": RESAMPLE}
    if folder is None:
        return train(target, Adam(max_steps=steps), field.weights(), **options)
    said: list[str] = []
    series = Series(folder)
    found = series.newest(said.append)
    resume = None if found is None else found.snapshot
    resumed = None if resume is None else resume.step
    with Keeper(series, {}, every=EVERY, resumed=resumed, warn=said.append) as keeper:
        training = train(target, Adam(max_steps=steps), field.weights(), keeper=keeper, resume=resume, **options)
    if said:
        raise ValueError("; ".join(said))
    return training


def life(folder: Path) -> int:
    """The process of one: it would train for hours."""
    process = os.fork()
    if process == 0:
        try:
            trained(10**9, folder)
        except BaseException:  # nothing of the parent's is the child's to go on with
            traceback.print_exc()
        finally:
            os._exit(1)
    return process


def newest(folder: Path) -> str:
    """The newest checkpoint, by its name."""
    return max((path.stem for path in folder.glob("step_*.npz")), default="none")


def main(folder: Path, kills: int, seed: int) -> None:
    """Kill so often."""
    moments = random.Random(seed)
    for _ in range(kills):
        before, process = newest(folder), life(folder)
        deadline = time.monotonic() + 60.0
        while newest(folder) == before and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(moments.uniform(0.0, LONGEST))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        print(os.WTERMSIG(status), newest(folder), len(list(folder.glob(".*.tmp"))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
