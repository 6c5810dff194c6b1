"""The other side of `pinn.app.apart`: solves the configs that come on standard input and says what comes of them.

Pickles go both ways between the two processes, which trust each other. A config with its folder comes in; events of the
training, text and records of the log go out, and at last `("status", status, bytes)` or `("raised", exception,
traceback)`.
"""

from __future__ import annotations

import io
import logging
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, final

from pinn.app.board import Event
from pinn.app.main import Run, solve
from pinn.app.messages import INTERRUPTED, USER_ERRORS, explain
from pinn.app.process import own_pipes, resident, working_directory_importable
from pinn.app.progress import Observer
from pinn.app.quiet import import_tensorflow
from pinn.app.termination import termination_as_interrupt

Send = Callable[..., None]


def main(run: Run = solve, prepare: Callable[[], None] = import_tensorflow) -> int:
    """Serve the parent until it is gone.

    Args:
        run: what is done with a config, see `pinn.app.main.Run`.
        prepare: called first: the imports that take seconds.
    """
    try:
        return _serve(run, prepare)
    except KeyboardInterrupt:  # which is the parent's to tell of
        return INTERRUPTED


def _serve(run: Run, prepare: Callable[[], None]) -> int:
    incoming, outgoing = own_pipes()
    lock = threading.Lock()

    def send(*message: Any) -> None:
        with lock:
            pickle.dump(message, outgoing)
            outgoing.flush()

    logging.getLogger().addHandler(_Forwarding(send))
    logging.getLogger("pinn").setLevel(logging.INFO)
    prepare()
    with working_directory_importable():
        while True:
            try:
                config, folder, watched = pickle.load(incoming)
            except EOFError:
                return 0
            with redirect_stdout(_Text("stdout", send)), redirect_stderr(_Text("stderr", send)):
                send(*_solved(run, config, Path(folder), _observer(send) if watched else _ignore))


def _observer(send: Send) -> Observer:
    def observe(event: Event) -> None:
        facts = (event.step, event.steps_planned, event.stage, event.loss, event.error, event.seconds)
        send("event", *facts, dict(event.terms), event.rung)

    return observe


def _ignore(event: Event) -> None:
    """Tells nobody."""


def _solved(run: Run, config: dict[str, Any], folder: Path, observer: Observer) -> tuple[Any, ...]:
    try:
        with termination_as_interrupt():
            return "status", run(config, folder, observer), resident()
    except KeyboardInterrupt:
        return "raised", KeyboardInterrupt(), ""
    except Exception as error:  # whatever it is, it is raised again where the run was asked for
        return "raised", _portable(error), traceback.format_exc()


def _portable(error: Exception) -> Exception:
    """An error that can be raised in another process, where its class may not be known."""
    name = type(error).__name__
    if type(error).__module__ == "builtins":
        return error
    if name == "ResourceExhaustedError":  # TensorFlow's
        return MemoryError(explain(error))
    return ValueError(explain(error)) if isinstance(error, USER_ERRORS) else RuntimeError(f"{name}: {explain(error)}")


@final
class _Text(io.TextIOBase):
    """A stream whose text is sent."""

    def __init__(self, name: str, send: Send) -> None:
        self._name, self._send = name, send

    def write(self, text: str) -> int:
        self._send("text", self._name, text)
        return len(text)

    def writable(self) -> bool:
        return True


@final
class _Forwarding(logging.Handler):
    """Sends records."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        self._send("log", record.name, record.levelno, self.format(record))


if __name__ == "__main__":
    sys.exit(main())
