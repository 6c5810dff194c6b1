"""The runs of a sweep in a process of their own, one after the other, told and ended as if they ran here.

TensorFlow keeps every program that XLA has compiled until its process ends: about a megabyte each, ten for a small run.
The process is kept from one run to the next, which saves seconds, and replaced when it has grown by `GROWTH` or when
another device is asked for, which TensorFlow cannot change once it has started. One that crashes takes its run with it
and no other.
"""

from __future__ import annotations

import logging
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, final

from pinn.app.process import HYDRA_DEBUG, died
from pinn.app.progress import Observer, is_shown
from pinn.app.quiet import forget_output
from pinn.app.termination import requested

GROWTH = 500e6
"""Bytes that the process may have more after a run than after its first."""

COMMAND = (sys.executable, "-m", "pinn.app.apart_worker")
Message = tuple[Any, ...]


class LostError(RuntimeError):
    """The process of a run has ended before the run."""


class ElsewhereError(Exception):
    """The traceback of an error in another process, as text."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


@final
@dataclass(frozen=True)
class Told:
    """An event of a training elsewhere, as `pinn.app.board.Event`."""

    step: int
    steps_planned: int
    stage: str
    loss: float
    error: float | None
    seconds: float
    terms: Mapping[str, float]
    rung: str


@final
class _Kept:
    """A process that is kept: what it was started for, and how it has grown."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.sizes: list[float] = []
        self.interrupted = False
        self.messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self.process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != HYDRA_DEBUG},
            start_new_session=True,  # an interrupt is passed on, once
        )
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()

    @property
    def grown(self) -> bool:
        return bool(self.sizes) and self.sizes[-1] > self.sizes[0] + GROWTH

    def ask(self, config: Mapping[str, Any], folder: Path, *, watched: bool) -> None:
        with suppress(OSError):  # a process that is gone is heard of
            assert self.process.stdin is not None
            pickle.dump((dict(config), str(folder), watched), self.process.stdin)
            self.process.stdin.flush()

    def hear(self) -> Message | None:
        """What it says next; `None` at its end. An interrupt is passed on to it, and it says what comes of that.

        Raises:
            KeyboardInterrupt: it has ended by that, for example while it was still importing.
        """
        while True:
            try:
                message = self.messages.get()
            except KeyboardInterrupt:
                self.interrupted = True
                self.process.send_signal(signal.SIGTERM if requested() else signal.SIGINT)
                continue
            if message is None and self.interrupted:
                raise KeyboardInterrupt
            return message

    def end(self, patience: float = 5.0) -> int:
        """End the process; its exit status."""
        with suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def _listen(self, stream: IO[bytes]) -> None:
        with stream, suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                self.messages.put(pickle.load(stream))
        self.messages.put(None)


@final
class Apart:
    """Solves one config after the other in a process of its own; see `pinn.app.main.Run`."""

    def __init__(self) -> None:
        self._kept: _Kept | None = None

    def __call__(self, config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
        """What the run of a config comes to.

        Raises:
            LostError: its process has crashed.
            Exception: what the run raises.
        """
        kept = self._for(str(config["device"]))
        kept.ask(config, folder, watched=is_shown(observer))
        while True:
            message = kept.hear()
            if message is None:
                self._kept = None
                raise LostError(died(kept.end()))
            what, *facts = message
            if what == "status":
                status, size = facts
                kept.sizes.append(size)
                return int(status)
            if what == "raised":
                error, trace = facts
                raise error from ElsewhereError(trace)
            _PASSED_ON[what](observer, *facts)

    def close(self) -> None:
        """End the process, if there is one."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            kept.end()

    def _for(self, device: str) -> _Kept:
        if self._kept is not None and (self._kept.grown or self._kept.device != device):
            self.close()
        if self._kept is None:
            self._kept = _Kept(device)
        return self._kept


def _say(_observer: Observer, name: str, text: str) -> None:
    try:
        print(text, end="", file=getattr(sys, name), flush=True)
    except BrokenPipeError:
        forget_output()


_PASSED_ON: Mapping[str, Callable[..., None]] = {
    "event": lambda observer, *facts: observer(Told(*facts)),
    "text": _say,
    "log": lambda _observer, name, level, text: logging.getLogger(name).log(level, "%s", text),
}
