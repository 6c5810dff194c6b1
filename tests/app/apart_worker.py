"""A process for the runs of a sweep, in which nothing is trained: what happens is in the name of the run."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search_worker import Look

from pinn.app.apart_worker import main
from pinn.app.progress import Observer

KEPT: list[bytearray] = []


class OwnError(Exception):
    """Known in this process only."""


def run(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
    name = config["name"]
    if name == "grow":
        KEPT.append(bytearray(os.urandom(1) * 60_000_000))
    if name == "bad":
        raise ValueError("seed: expected another number; got 0.")
    if name == "boom":
        raise OwnError("boom")
    if name == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if name in ("slow", "fragile"):
        if name == "fragile":
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # as while Python starts
        (folder / "began").touch()
        time.sleep(60)
    print(os.getpid())
    print("a warning", file=sys.stderr)
    logging.getLogger("pinn").warning("in the log")
    observer(Look(3, 0.5))
    return 1


if __name__ == "__main__":
    sys.exit(main(run, prepare=lambda: None))
