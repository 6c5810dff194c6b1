"""The live view: what it shows at every width, where it shows and where it does not, and what it costs."""

from __future__ import annotations

import math
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from pinn.app.board import STARTING, Board, Curve, Pace
from pinn.app.progress import REFRESHES, live

TERMS = {"equation": 1.2e-5, "dirichlet_boundary": 2e-5}


@dataclass(frozen=True)
class Told:
    """An event as the training loop tells it."""

    step: int
    steps_planned: int = 1000
    stage: str = "adam"
    loss: float = 3.2e-5
    error: float | None = 1.1e-3
    seconds: float = 1.0
    terms: Mapping[str, float] = field(default_factory=dict)
    rung: str = ""


def drawn(board: Board, width: int, **options: Any) -> list[str]:
    """The lines that a terminal of this width shows."""
    text = StringIO()
    Console(file=text, width=width, force_terminal=True, color_system=None, **options).print(board)
    return text.getvalue().splitlines()


def board(*events: Told, title: str = "heat_1d", limit: float | None = None, passed: float = 0.0) -> Board:
    moments = iter([0.0])
    found = Board(title, time_limit=limit, clock=lambda: next(moments, passed))
    for event in events:
        found.observe(event)
    return found


def fallen(count: int = 20, **options: Any) -> list[Told]:
    """Events a quarter of a second apart, 400 steps a second, whose error falls."""
    return [Told(100 * k, 10_000, error=10.0 ** (-k / 4), seconds=0.25 * k, **options) for k in range(1, count + 1)]


def test_everything_is_shown_where_there_is_room() -> None:
    assert drawn(board(*fallen(terms=TERMS)), 80) == [
        "╭─ heat_1d ────────────────────────────────────────────────────────────────────╮",
        "│ ⠋ adam  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  2000/10000  400 step/s  0:00:20 left │",
        "│ loss  3.2e-05                                                                │",
        "│       equation 1.2e-05  dirichlet_boundary 2.0e-05                           │",
        "│ error 1.0e-05  ███▇▇▆▆▆▅▅▄▄▃▃▃▂▂▁▁▁                                          │",
        "╰──────────────────────────────────────────────────────────────────────────────╯",
    ]


@pytest.mark.parametrize("width", range(8, 130, 3))
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    many = {f"condition_{place}": 10.0**-place for place in range(9)}
    for shown in (board(), board(*fallen(terms=many, rung="rung 2 of 4: patches", stage="levenberg_marquardt"))):
        lines = drawn(shown, width)
        assert max(cell_len(line) for line in lines) <= min(width, 100)
        assert len(lines) <= 7
    assert len(lines) >= 4


@pytest.mark.parametrize("width", [120, 80, 58, 44, 36, 30, 24])
def test_what_matters_least_goes_first(width: int) -> None:
    text = "\n".join(drawn(board(*fallen(terms=TERMS)), width))
    assert "adam" in text
    assert "2000/10000" in text
    assert ("left" in text) == (width >= 36)
    assert ("step/s" in text) == (width >= 58)
    assert ("╭" in text) == (width >= 40)


def test_the_largest_terms_are_told_where_there_is_no_room_for_all() -> None:
    terms = {"a_small_one": 1e-9, **{f"condition_{place}": 10.0**-place for place in range(9)}, "broken": math.nan}
    text = "\n".join(drawn(board(Told(1, terms=terms)), 60))
    assert "condition_0 1.0e+00" in text
    assert "broken nan" in text
    assert "a_small_one" not in text
    assert re.search(r"\+\d more", text)


def test_without_a_true_error_the_way_of_the_loss_is_shown() -> None:
    falling = [Told(100 * k, loss=10.0**-k, error=None, seconds=0.25 * k) for k in range(1, 9)]
    _, _, loss, end = drawn(board(*falling), 80)
    assert re.match(r"│ loss  1\.0e-08  █[▁-█]+▁ +│", loss)
    assert end.startswith("╰")
    assert not re.search("[▁-▇]", "".join(drawn(board(Told(100, loss=math.nan, error=math.nan)), 80)))


def test_a_rung_is_named_and_begins_a_curve_of_its_own() -> None:
    first, second = fallen(rung="rung 1 of 2: random_features"), fallen(3, rung="rung 2 of 2: mlp")
    lines = drawn(board(*first, *second), 80)
    assert lines[0].startswith("╭─ heat_1d  rung 2 of 2: mlp ──")
    assert len(re.findall("[▁-█]", lines[-2])) == 3
    assert "400 step/s" in lines[1]


def test_the_time_limit_ends_it_before_the_steps_do() -> None:
    assert "0:00:03 left" in drawn(board(*fallen(), limit=8.0), 80)[1]
    assert "0:00:00 left" in drawn(board(Told(2000, 1000), limit=8.0), 80)[1]
    assert "left" not in drawn(board(Told(0, seconds=0.0)), 80)[1]


def test_before_the_first_event_it_says_what_takes_so_long() -> None:
    assert drawn(board(passed=7.2), 60)[1] == f"│ ⠧ {STARTING}  0:00:08             │"


def test_a_terminal_without_unicode_gets_plain_letters() -> None:
    text = StringIO()
    console = Console(file=text, width=80, force_terminal=True, color_system=None)
    options = console.options.update()
    options.encoding = "ascii"
    for segment in console.render(board(*fallen(terms=TERMS)), options):
        text.write(segment.text)
    assert text.getvalue().isascii()
    assert "======" in text.getvalue()


def test_pace_follows_the_last_events_and_not_the_mean() -> None:
    pace = Pace()
    assert pace.update(50, 0.5) == 100.0
    for second in range(1, 21):
        fast = pace.update(1000 * second, float(second))
    assert fast == 1000.0
    for second in range(1, 21):
        slow = pace.update(20_000 + 10 * second, 20.0 + second)
    assert slow == 10.0
    assert pace.update(5, 1.0) == 5.0  # another training has begun


def test_pace_needs_time_to_pass() -> None:
    pace = Pace()
    assert pace.update(0, 0.0) is None
    assert pace.update(10, 0.0) is None
    assert pace.update(20, 2.0) == 10.0


def test_a_curve_shows_all_of_a_long_way() -> None:
    curve = Curve()
    for k in range(10_000):
        curve.add(10.0 ** (-k / 1000))
    for bad in (0.0, -1.0, math.nan, math.inf):
        curve.add(bad)
    bars = curve.bars(30)
    assert len(bars) == 30
    assert (bars[0], bars[-1]) == ("█", "▁")
    assert sorted(bars, reverse=True) == list(bars)
    flat = Curve()
    flat.add(1.0)
    assert flat.bars(30) == ""
    flat.add(1.0)
    assert flat.bars(30) == ""


@pytest.mark.no_cover
def test_the_view_takes_less_than_two_percent_of_a_processor() -> None:
    """Ten events and as many refreshes as there are in a second."""
    shown, console = board(*fallen(terms=TERMS)), Console(file=StringIO(), width=100, force_terminal=True)
    console.print(shown)

    def a_second() -> float:
        began = time.process_time()
        for event in fallen(10, terms=TERMS):
            shown.observe(event)
        for _ in range(math.ceil(REFRESHES)):
            console.print(shown)
        return time.process_time() - began

    assert min(a_second() for _ in range(5)) < 0.02
    assert REFRESHES <= 10.0


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
with live(enabled={enabled}, title="heat_1d") as observe:
    time.sleep(0.3)
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    for k in range(1, 11):
        observe(Told(40 * k, stage="adam" if k < 6 else "lbfgs", seconds=0.1 * k))
        time.sleep(0.06)
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


def test_the_view_on_a_terminal_while_output_is_piped() -> None:
    shown, out = seen_on_a_terminal(True, stdout=subprocess.PIPE)
    assert out == "done\n"
    assert "╭─ heat_1d ─" in shown
    assert STARTING in shown
    assert re.search(r"adam .*\d+/1000 .*400 step/s .*0:00:0\d left", shown)
    assert re.search(r"loss  3\.2e-05", shown)
    assert "lbfgs" in shown
    assert "400/1000" in shown
    assert shown.count(" heat_1d ") <= 12  # four a second, not one an event and more


def test_no_view_on_a_terminal_when_it_is_switched_off() -> None:
    assert seen_on_a_terminal(False, stdout=subprocess.PIPE) == ("", "done\n")
