"""A worker whose trainings are formulas: what a sweep does with trials, in milliseconds and without TensorFlow.

The error is smallest at `field.width=20`, `solver.learning_rate=0.01`. What else happens is in the name of the run:

    crash13    the process is killed where the width is 13
    nan13      the training breaks down there, in this and in all such:
    miss13     the accuracy is missed
    bad13      the input is bad
    defect13   the run fails

Every run takes as many seconds as `time_limit` says, can be interrupted, and leaves the number of its process in
`pid` and which of the GPUs it would take in `share`.
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from pinn.app import devices
from pinn.app.progress import Observer
from pinn.app.search.worker import work

STEPS = 40


@dataclass(frozen=True)
class Look:
    """As `pinn.app.board.Event`."""

    step: int
    error: float
    steps_planned: int = STEPS
    stage: str = "adam"
    loss: float = 1.0
    seconds: float = 0.0
    terms: Mapping[str, float] = field(default_factory=dict)
    rung: str = ""


def error_of(config: Mapping[str, Any]) -> float:
    """Of a run; another seed gives a slightly larger one."""
    width = config["field"].get("width") or 16
    rate = config["solver"].get("learning_rate") or 0.01
    return float(1e-6 + abs(width - 20) / 100 + abs(math.log10(rate) + 2) / 10) * (1 + 0.01 * config["seed"])


def run(config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
    """The run of a trial."""
    found = re.fullmatch(r"([a-z]+)(\d+)", config["name"])
    happens = found[1] if found and config["field"].get("width") == int(found[2]) else ""
    if happens == "crash":
        print("free(): invalid pointer", file=sys.__stderr__, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if happens == "bad":
        raise ValueError("field.width: expected another number; got 13.")
    if happens == "defect":
        raise RuntimeError("boom")
    interrupted = trained(config, observer)
    summary = {
        "verdict": "fail" if happens in ("miss", "nan") else "pass",
        "errors": {"relative_l2": error_of(config)},
        "seconds": {"total": 0.5},
        "stop_reason": "the loss or its gradient is not finite (NaN or infinity); step 3" if happens == "nan" else "",
    }
    (folder / "share").write_text(str(devices._share.get()), encoding="utf-8")
    (folder / "pid").write_text(str(os.getpid()), encoding="utf-8")
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(OmegaConf.create(dict(config))), encoding="utf-8")
    return 130 if interrupted else 1 if summary["verdict"] == "fail" else 0


def trained(config: Mapping[str, Any], observer: Observer) -> bool:
    """Whether the training was interrupted."""
    pause = (config["time_limit"] or 0.0) / STEPS
    try:
        for step in range(1, STEPS + 1):
            observer(Look(step, error_of(config) * (1 + STEPS - step)))
            time.sleep(pause)
    except KeyboardInterrupt:
        return True
    return False


def rehearse(config: Mapping[str, Any]) -> None:
    if config["field"].get("activation") == "tahn":
        raise ValueError("activation: expected one of sine, tanh; got 'tahn'. Did you mean tanh?")


if __name__ == "__main__":
    sys.exit(work(run, rehearse, prepare=lambda: None))
