"""What a sweep of many runs costs the process that leads it: memory and open files over 200 tiny trainings.

    .venv/bin/python experiments/sweep_memory.py
    .venv/bin/python experiments/sweep_memory.py --jobs 50 --ways multirun

`multirun` is `pinn -m`, `search` is `pinn sweep` with two workers. Both train in processes of their own, which are
replaced when they have grown; the largest that such a process has become is told, too, where the system says it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from pinn.app.main import main as pinn
from pinn.app.process import resident

TINY = (
    *("field=mlp", "field.width=4", "field.depth=1", "solver=adam", "solver.max_steps=5"),
    *("sampling.interior=16", "sampling.boundary=8"),
)
_PROC = Path("/proc")


def multirun(jobs: int) -> int:
    return pinn(["-m", *TINY, f"seed=range(0,{jobs})", "hydra.sweep.dir=out"])


def search(jobs: int) -> int:
    return pinn(["sweep", *TINY, f"seed=range(0,{jobs})", "--sampler", "grid", "--workers", "2", "--folder", "out"])


WAYS: dict[str, Callable[[int], int]] = {"multirun": multirun, "search": search}


@contextmanager
def watched(looks: list[tuple[float, int, float]]) -> Iterator[None]:
    """Notes every second the memory and the open files of this process, and the memory of its largest child."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(1.0):
            looks.append((resident(), len(os.listdir("/proc/self/fd")), largest_child()))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def largest_child() -> float:
    """Bytes of the largest process whose parent this is."""
    sizes = [0.0]
    for status in _PROC.glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[1]) == os.getpid():
            sizes.append(float(fields[21]) * os.sysconf("SC_PAGE_SIZE"))
    return max(sizes)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--ways", nargs="+", choices=sorted(WAYS), default=sorted(WAYS))
    chosen = parser.parse_args()
    for way in chosen.ways:
        looks: list[tuple[float, int, float]] = []
        with tempfile.TemporaryDirectory() as home, chdir(home), watched(looks):
            began = time.monotonic()
            status = WAYS[way](chosen.jobs)
            took = time.monotonic() - began
        (before, *_), (after, *_) = looks[min(5, len(looks) - 1)], looks[-1]
        files = [count for _, count, _ in looks]
        print(
            f"{way}: {chosen.jobs} jobs in {took:.0f} s, status {status}; memory {before / 1e6:.0f} MB after seconds, "
            f"{after / 1e6:.0f} MB at the end; open files {min(files)} to {max(files)}; largest process of runs "
            f"{max(size for *_, size in looks) / 1e6:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
