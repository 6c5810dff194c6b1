"""What the processes of one training must agree on: clocks, people and schedulers tell each of them something else."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

Together = Callable[[Sequence[float]], tuple[float, ...]]
"""The largest of each number that any of the processes has; all of them ask at the same moment. `tuple` for one."""


class Following(NamedTuple):
    """What comes next, for all processes alike.

    Attributes:
        steps: about how many; 0 is the end.
        interrupted: whether somebody has interrupted any of them.
    """

    steps: int
    interrupted: bool


def agree(together: Together, weights: np.ndarray, *, steps: int, ended: bool, interrupted: bool) -> Following:
    """Agree on what comes next: the end for all where it is for one.

    Args:
        together: how they ask each other.
        weights: where this process stands, `[P]`.
        steps: how many it would take.
        ended: whether it has come to its end.
        interrupted: whether somebody has interrupted it.

    Raises:
        RuntimeError: they stand at different weights, which no step would bring together again.
    """
    digest = float(zlib.crc32(weights.tobytes()))
    largest, negative, most, end, stopped = together((digest, -digest, float(steps), float(ended), float(interrupted)))
    if not largest == digest == -negative:
        raise RuntimeError(
            "the processes of a run have come to different weights: let it run on machines of one kind, with equal "
            "numbers of threads"
        )
    return Following(0 if end or stopped else int(most), bool(stopped))
