"""Nothing on the streams but what the command says: TensorFlow without its start-up noise, output without a reader."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}


def import_tensorflow() -> None:
    """Imports TensorFlow (3 to 4 seconds) with its C++ messages off.

    The environment decides what the libraries log and whether oneDNN rewrites float32 kernels, which changes results;
    what the user has set stays. The wheel writes to file descriptor 2 as well, from C, before any setting is read:
    the descriptor points to nowhere during the import.
    """
    if "tensorflow" in sys.modules:
        return
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with _descriptor_to_nowhere(2):
        import tensorflow  # noqa: F401


def forget_output() -> None:
    """Sends standard output to nowhere once its reader has gone: what is left in the buffer would be written again,
    and refused again, at the end of the process.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@contextmanager
def absl_silent() -> Iterator[None]:
    """Without what TensorFlow logs where it writes a SavedModel."""
    log = logging.getLogger("absl")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


@contextmanager
def _descriptor_to_nowhere(descriptor: int) -> Iterator[None]:
    if sys.stderr is None:  # a process that was started without: there is nothing to keep quiet
        yield
        return
    sys.stderr.flush()
    kept = os.dup(descriptor)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(nowhere)
        os.close(kept)
