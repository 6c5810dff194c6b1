"""What every contestant of a benchmark answers, in whatever environment it runs."""

from __future__ import annotations

import itertools
import resource
import sys
import time
from collections.abc import Callable

import numpy as np


def peak_memory() -> float:
    """The largest resident memory of this process so far, in bytes."""
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def serve(step: Callable[[], object]) -> None:
    """Take one step, say `ready` with what it took, then answer requests until the input ends.

    `step` must have its result computed when it returns. A number `N` on standard input is answered by `seconds` for
    `N` more steps, `memory` by the bytes that the first step and all later ones added to the peak of the process.
    """
    before, began = peak_memory(), time.perf_counter()
    step()
    print("ready", time.perf_counter() - began, flush=True)
    for line in sys.stdin:
        if line.strip() == "memory":
            print("memory", peak_memory() - before, flush=True)
            continue
        began = time.perf_counter()
        for _ in range(int(line)):
            step()
        print("seconds", time.perf_counter() - began, flush=True)


def network(dimension: int, widths: list[int], points: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Weights of a tanh network `d-widths-1` without biases and points in the unit cube, the same for everybody."""
    generator = np.random.default_rng(0)
    sizes = [dimension, *widths, 1]
    weights = [generator.normal(size=(a, b)) / np.sqrt(a) for a, b in itertools.pairwise(sizes)]
    return weights, generator.uniform(size=(points, dimension))


def request() -> tuple[str, int, list[int], int]:
    """The command line of a contestant: a way of doing it, the dimension, the widths and the number of points."""
    way, dimension, widths, points = sys.argv[1:5]
    return way, int(dimension), [int(width) for width in widths.split(",")], int(points)
