"""A request to end, as schedulers and containers send it before they take the machine away."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FrameType

_requests: ContextVar[list[bool] | None] = ContextVar("pinn_requests_to_end", default=None)


@contextmanager
def termination_as_interrupt() -> Iterator[Callable[[], bool]]:
    """While the block runs SIGTERM does what Ctrl-C would do at that moment: a training ends at its next step and is
    kept in a checkpoint, results that are being saved are saved whole, anything else is left. Yields whether it came.

    Only the main thread may handle signals; elsewhere nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    requests: list[bool] = []

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        requests.append(True)
        # A process in the background of a shell ignores Ctrl-C, yet a request to end is meant for it.
        if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL, None):
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    token = _requests.set(requests)
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield lambda: bool(requests)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
        _requests.reset(token)


def requested() -> bool:
    """Whether a request to end has come."""
    return bool(_requests.get())


def leave_if_requested() -> None:
    """Give up what is not yet done if a request to end has come: who sent it does not wait for long.

    Raises:
        KeyboardInterrupt: it has.
    """
    if requested():
        raise KeyboardInterrupt
