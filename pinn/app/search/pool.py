"""Worker processes side by side: started, told what to do, heard in the order in which they speak, replaced."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, final

from pinn.app.apart import GROWTH
from pinn.app.process import HYDRA_DEBUG, died

_PATIENCE = 2.0  # seconds for the last of a worker's standard error
_LAST_WORDS = 5  # lines of a worker's standard error that are remembered


@final
@dataclass(frozen=True)
class Heard:
    """One message of a worker; `None` where the process has ended."""

    slot: int
    message: Mapping[str, Any] | None


@final
@dataclass
class _Process:
    process: subprocess.Popen[str]
    reader: threading.Thread
    last_words: deque[str]
    was_ready: bool = False
    sizes: list[float] = field(default_factory=list)


@final
class Pool:
    """So many places for workers.

    Args:
        size: how many.
        command: what starts a worker.
    """

    def __init__(self, size: int, command: Sequence[str]) -> None:
        self.size = size
        self._command = list(command)
        self._heard: queue.SimpleQueue[tuple[_Process, int, Mapping[str, Any] | None]] = queue.SimpleQueue()
        self._places: dict[int, _Process] = {}

    def start(self, slot: int) -> None:
        """Start a worker in a place; its first message says that it is ready."""
        former = self._places.pop(slot, None)
        if former is not None:
            _bury(former)
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={name: value for name, value in os.environ.items() if name != HYDRA_DEBUG},
            start_new_session=True,  # Ctrl-C is the parent's to answer
        )
        last_words: deque[str] = deque(maxlen=_LAST_WORDS)
        reader = threading.Thread(target=_drain, args=(process.stderr, last_words), daemon=True)
        place = self._places[slot] = _Process(process, reader, last_words)
        reader.start()
        threading.Thread(target=self._listen, args=(place, slot), daemon=True).start()

    def tell(self, slot: int, message: Mapping[str, Any]) -> None:
        """Send a message; a worker that is gone is heard of in its turn."""
        stream = self._places[slot].process.stdin
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.write(json.dumps(message) + "\n")
                stream.flush()

    def hear(self, timeout: float) -> Heard | None:
        """The next message of any worker, or `None` if there is none for so many seconds."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                place, slot, message = self._heard.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            if self._places.get(slot) is not place:
                continue  # of a worker that has been replaced
            place.was_ready = place.was_ready or (message is not None and "ready" in message)
            place.sizes += [] if message is None or "bytes" not in message else [message["bytes"]]
            return Heard(slot, message)

    def obituary(self, slot: int) -> str:
        """Why the worker in a place has ended."""
        place = self._places[slot]
        status = place.process.wait()
        place.reader.join(_PATIENCE)  # a child of the worker may hold the pipe open
        lines = [line for line in place.last_words if line.strip()]
        return died(status) + (f": {lines[-1].strip()}" if lines else "")

    def was_ready(self, slot: int) -> bool:
        """Whether the worker in a place has come as far as its first trial."""
        return self._places[slot].was_ready

    def has_grown(self, slot: int) -> bool:
        """Whether the worker in a place holds more memory than another should begin with, see `pinn.app.apart`."""
        sizes = self._places[slot].sizes
        return bool(sizes) and sizes[-1] > sizes[0] + GROWTH

    def interrupt(self) -> None:
        """Ask all workers to end soon: a training is kept in a checkpoint."""
        for place in self._places.values():
            place.process.terminate()

    def close(self, patience: float = 5.0) -> None:
        """End all workers, those that do not end by themselves by force."""
        for place in self._places.values():
            _hang_up(place)
        deadline = time.monotonic() + patience
        for place in self._places.values():
            try:
                place.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                place.process.kill()
                place.process.wait()
        self._places.clear()

    def _listen(self, place: _Process, slot: int) -> None:
        assert place.process.stdout is not None
        with place.process.stdout as stream:
            for line in stream:
                with suppress(ValueError):
                    self._heard.put((place, slot, json.loads(line)))
        self._heard.put((place, slot, None))


def _hang_up(place: _Process) -> None:
    with suppress(OSError):
        if place.process.stdin is not None:
            place.process.stdin.close()


def _bury(place: _Process) -> None:
    _hang_up(place)
    place.process.kill()
    place.process.wait()


def _drain(stream: IO[str] | None, last_words: deque[str]) -> None:
    """Read on, so that the worker can write on."""
    if stream is not None:
        with stream:
            last_words.extend(stream)
