"""Work that nobody waits for, done in order by a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import final

log = logging.getLogger("pinn")

_LONGEST = 10_000  # pieces of work that may wait
_ATTEMPTS = 3
_TOO_LONG = 5.0  # seconds: what has taken longer to fail is not tried again
_PAUSE = 0.2


@final
class Background:
    """A queue of work. What fails is tried again, three times if it fails quickly; then it is said, and all that comes
    after it is left out.

    The thread is a daemon: a process does not wait at its end for a server that hangs.

    Args:
        name: what the work is for, in warnings.
        warn: told in a sentence when it has failed, once.
    """

    def __init__(self, name: str, warn: Callable[[str], None]) -> None:
        self._name, self._warn = name, warn
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(_LONGEST)
        self._failed = False
        self._thread: threading.Thread | None = None

    def put(self, work: Callable[[], None]) -> None:
        """Do this after all before it; returns at once."""
        if self._failed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        try:
            self._queue.put_nowait(work)
        except queue.Full:
            self._fail("it takes too long")

    def close(self, patience: float) -> None:
        """Wait until all is done, but not longer than so many seconds."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if not self._failed:
            with suppress(queue.Full):
                self._queue.put_nowait(None)
            thread.join(patience)
            if thread.is_alive():
                self._fail(f"it is not done after {patience:g} s")

    def _run(self) -> None:
        while (work := self._queue.get()) is not None and not self._failed:
            began = time.monotonic()
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    work()
                    break
                except Exception as error:  # a record may fail in any way; a training may not fail with it
                    log.debug("%s failed", self._name, exc_info=error)
                    if attempt == _ATTEMPTS or time.monotonic() - began > _TOO_LONG:
                        self._fail(_reason(error))
                        return
                    time.sleep(_PAUSE * attempt)

    def _fail(self, reason: str) -> None:
        if not self._failed:
            self._failed = True
            self._warn(f"{self._name} has failed: {reason}. The run goes on without")


def _reason(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0][:200].rstrip(". ")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
