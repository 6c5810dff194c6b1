"""How many threads work: one for small linear algebra between compiled programs, one a core for the programs."""

from __future__ import annotations

import functools
import os
from contextlib import AbstractContextManager

import scipy.linalg  # noqa: F401, so that its BLAS is there to be found
from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[object]:
    """A context in which NumPy's and SciPy's BLAS use one thread, as many as before afterwards.

    The threads of BLAS wait for more work by spinning, on the cores where TensorFlow's threads want to run: with two
    cores and 1185 weights an iteration of self-scaled Broyden with 2.6 evaluations took 17.7 ms with two threads of
    BLAS, and 11.9 ms with one.
    """
    return _libraries().limit(limits=1, user_api="blas")


@functools.cache
def _libraries() -> ThreadpoolController:
    """Those with threads of their own: looking for them takes 4 ms, the time of two steps."""
    return ThreadpoolController()


def cores() -> int:
    """The cores that this process may use; fewer where `TF_NUM_INTRAOP_THREADS` says so, as to TensorFlow itself."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    return min(allowed, int(asked)) if asked.isdecimal() and int(asked) > 0 else allowed
