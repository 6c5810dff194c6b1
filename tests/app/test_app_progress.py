"""The live line: its numbers, where it shows and where it does not, and that it survives a redirected descriptor."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pinn.app.progress import STARTING, Pace, describe, live


@dataclass(frozen=True)
class Told:
    """An event as the training loop tells it."""

    step: int
    steps_planned: int = 1000
    stage: str = "adam"
    loss: float = 3.2e-5
    error: float | None = 1.1e-3
    seconds: float = 1.0


LINES = [
    (Told(100), 400.0, "loss 3.2e-05  error 1.1e-03  400 step/s  0:00:03 left"),
    (Told(100, error=None), 400.0, "loss 3.2e-05  400 step/s  0:00:03 left"),
    (Told(100, error=float("nan")), 400.0, "loss 3.2e-05  400 step/s  0:00:03 left"),
    (Told(100), None, "loss 3.2e-05  error 1.1e-03"),
    (Told(100), 0.0, "loss 3.2e-05  error 1.1e-03"),
    (Told(100), 0.25, "loss 3.2e-05  error 1.1e-03  0.2 step/s  1:00:00 left"),
    (Told(1200), 400.0, "loss 3.2e-05  error 1.1e-03  400 step/s  0:00:00 left"),
    (Told(100, loss=float("nan"), error=None), None, "loss nan"),
]


@pytest.mark.parametrize(
    ("event", "pace", "text"),
    LINES,
    ids=["all", "no error", "NaN error", "no pace", "standing", "slow", "over the plan", "NaN loss"],
)
def test_describe(event: Told, pace: float | None, text: str) -> None:
    assert describe(event, pace) == text


def test_pace_follows_the_last_events_and_not_the_mean() -> None:
    pace = Pace()
    assert pace.update(50, 0.5) == 100.0
    for second in range(1, 21):
        fast = pace.update(1000 * second, float(second))
    assert fast == 1000.0
    for second in range(1, 21):
        slow = pace.update(20_000 + 10 * second, 20.0 + second)
    assert slow == 10.0


def test_pace_needs_time_to_pass() -> None:
    pace = Pace()
    assert pace.update(0, 0.0) is None
    assert pace.update(10, 0.0) is None
    assert pace.update(20, 2.0) == 10.0


def test_nothing_is_written_where_no_terminal_is(capfd: pytest.CaptureFixture[str]) -> None:
    for enabled in (True, False):
        with live(enabled=enabled) as observe:
            observe(Told(1))
    assert capfd.readouterr() == ("", "")


SCRIPT = """
import os, sys, time
sys.path.insert(0, {here!r})
from test_app_progress import Told
from pinn.app.progress import live
with live(enabled={enabled}) as observe:
    time.sleep(0.3)
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    for k in range(1, 11):
        observe(Told(40 * k, stage="adam" if k < 6 else "lbfgs", seconds=0.1 * k))
        time.sleep(0.03)
    os.dup2(kept, 2)
print("done")
"""


def seen_on_a_terminal(enabled: bool, *, stdout: int) -> tuple[str, str]:
    """What a terminal of 100 columns on standard error receives, and what standard output does."""
    primary, secondary = pty.openpty()
    script = SCRIPT.format(here=str(Path(__file__).parent), enabled=enabled)
    environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=stdout, stderr=secondary, text=True, env=environment
    ) as process:
        os.close(secondary)
        shown = b""
        while True:
            try:
                part = os.read(primary, 65536)
            except OSError:  # the terminal is closed when the process ends
                break
            if not part:
                break
            shown += part
        out = process.stdout.read() if process.stdout else ""
    os.close(primary)
    assert process.returncode == 0
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()), out


def test_the_line_on_a_terminal_while_output_is_piped() -> None:
    shown, out = seen_on_a_terminal(True, stdout=subprocess.PIPE)
    assert out == "done\n"
    assert STARTING in shown
    assert re.search(r"adam .*\d+/1000 .*loss 3\.2e-05 .*error 1\.1e-03 .*400 step/s .*0:00:0\d left", shown)
    assert "lbfgs" in shown
    assert "400/1000" in shown


def test_no_line_on_a_terminal_when_it_is_switched_off() -> None:
    assert seen_on_a_terminal(False, stdout=subprocess.PIPE) == ("", "done\n")
