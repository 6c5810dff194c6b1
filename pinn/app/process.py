"""What the command borrows of the process that it runs in, and gives back: words, variables, paths, logs."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pinn.app.messages import DEBUG

HYDRA_DEBUG = "HYDRA_FULL_ERROR"


@contextmanager
def arguments_of_process(program: str, words: Sequence[str]) -> Iterator[None]:
    """Hydra reads the arguments of the process."""
    before = sys.argv
    sys.argv = [program, *words]
    try:
        yield
    finally:
        sys.argv = before


@contextmanager
def errors_raised() -> Iterator[None]:
    """Hydra raises its errors instead of printing them; a user who asked it for tracebacks gets ours."""
    before = {name: os.environ.get(name) for name in (HYDRA_DEBUG, DEBUG)}
    if before[HYDRA_DEBUG] == "1":
        os.environ[DEBUG] = "1"
    os.environ[HYDRA_DEBUG] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def working_directory_importable() -> Iterator[None]:
    """A problem of one's own is found in the working directory, as with `python -m`."""
    here = os.getcwd()
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        yield
    finally:
        if added and here in sys.path:
            sys.path.remove(here)


@contextmanager
def logging_restored() -> Iterator[None]:
    """Hydra configures the root logger; afterwards it is as before and the log files are closed.

    Meanwhile a log that cannot be written is silent: what else the disk refuses is said in a sentence.
    """
    root = logging.getLogger()
    handlers, level, talkative = list(root.handlers), root.level, logging.raiseExceptions
    logging.raiseExceptions = False
    try:
        yield
    finally:
        logging.raiseExceptions = talkative
        for handler in set(root.handlers) - set(handlers):
            with suppress(OSError):  # a full disk refuses what is left in the buffer
                handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)


@contextmanager
def streams_kept_open() -> Iterator[None]:
    """Lends absl's log handler the standard error of now.

    Hydra configures logging by `logging.config`, which closes every handler of the process. The handler of absl,
    which TensorFlow brings, closes its stream with it unless that is the present standard error; in a notebook, a
    test or any program that redirects its output it is an earlier one, still in use.
    """
    absl = sys.modules.get("absl.logging")
    handler = absl.get_absl_handler() if absl is not None else None
    if handler is None:
        yield
        return
    python_handler = handler.python_handler
    before = python_handler.stream
    python_handler.stream = sys.stderr
    try:
        yield
    finally:
        python_handler.stream = before


def own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output of a process that serves another, out of reach of whatever else reads or prints."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb")


def died(status: int) -> str:
    """How a process has ended, by its exit status, which is that of a signal where it is negative."""
    if status >= 0:
        return f"its process ended with status {status}"
    names = {member.value: member.name for member in signal.Signals}
    hint = " (the system ends processes so when memory is short)" if names.get(-status) == "SIGKILL" else ""
    return f"its process was ended by {names.get(-status, f'signal {-status}')}{hint}"


def resident() -> float:
    """The memory that this process holds, in bytes; where the system does not say, the most that it has held."""
    pages = Path("/proc/self/statm")
    if pages.is_file():
        return float(pages.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        return 0.0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most) * (1 if sys.platform == "darwin" else 1024)
