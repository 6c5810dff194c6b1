"""An observer of a training that keeps checkpoints of it, beside the training."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, final

from pinn.training.checkpoint import Checkpoint, Series
from pinn.training.event import Event
from pinn.training.snapshot import Snapshot


@final
class Keeper:
    """Keeps a checkpoint after every so many steps and after every so many seconds, whichever comes first.

    Files are written by a thread of its own, while the training goes on; one that is due while another is still being
    written is left out. A disk that refuses a file costs that file: it is said once, and tried again when the next is
    due. Use it as a context, `keeper` of `train`, and give it the end by `keep`:

        with Keeper(Series(folder), {}, every=100) as keeper:
            training = train(..., keeper=keeper)
            keeper.keep(training.snapshot)

    Args:
        series: where they are kept.
        about: what is written into each of them: plain JSON.
        every: steps; 0 is never.
        seconds: infinite is never.
        resumed: the step of the checkpoint that the training goes on from, if it does.
        warn: told in a sentence when a checkpoint cannot be written, the first time.
        idle: keep none; another process does.
    """

    def __init__(
        self,
        series: Series,
        about: Mapping[str, Any],
        *,
        every: int = 0,
        seconds: float = float("inf"),
        resumed: int | None = None,
        warn: Callable[[str], None],
        idle: bool = False,
    ) -> None:
        self.every = every
        self.failed = False
        self._series = series
        self._about = about
        self._seconds = seconds
        self._idle = idle
        self._warn = warn
        self._last, self._step = time.monotonic(), resumed or 0
        self._kept = resumed
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._writing: Future[None] | None = None

    def __enter__(self) -> Keeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._thread.shutdown()

    def __call__(self, event: Event) -> None:
        """Keep a checkpoint of this moment if one is due."""
        if self._is_due(event.step) and (self._writing is None or self._writing.done()):
            self._collect()
            self._last, self._step = time.monotonic(), event.step
            self._writing = self._thread.submit(self._write, event.snapshot())

    def keep(self, snapshot: Snapshot) -> None:
        """Keep a checkpoint of this moment unless there is one; return when it is on the disk or has been refused."""
        self._collect()
        if snapshot.step != self._kept and not self._idle:
            self._writing = self._thread.submit(self._write, snapshot)
            self._collect()

    def _is_due(self, step: int) -> bool:
        if self._idle:
            return False
        passed = self.every > 0 and step // self.every > self._step // self.every
        return passed or time.monotonic() - self._last >= self._seconds

    def _write(self, snapshot: Snapshot) -> None:
        self._series.write(Checkpoint(snapshot, self._about))
        self._kept = snapshot.step

    def _collect(self) -> None:
        """Wait for the file that is being written, and hear what became of it."""
        if self._writing is None:
            return
        try:
            self._writing.result()
        except (OSError, MemoryError) as error:
            if not self.failed:
                reason = str(error) or "memory is full"
                self._warn(f"a checkpoint could not be written: {reason}. The training goes on without")
            self.failed = True
        finally:
            self._writing = None
