"""Runs in a process of their own: what they say and come to is told here, and a process that is lost is replaced."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pinn.app import apart as module
from pinn.app.apart import Apart, LostError, Told
from pinn.app.main import main
from pinn.app.process import resident

WORKER = (sys.executable, str(Path(__file__).with_name("apart_worker.py")))


@pytest.fixture(autouse=True)
def attended() -> Iterator[None]:
    """Python's own handler of Ctrl-C, also where the suite runs in the background and interrupts are ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[Apart]:
    monkeypatch.setattr(module, "COMMAND", WORKER)
    made = Apart()
    yield made
    made.close()


def config(name: str, device: str = "auto") -> dict[str, Any]:
    return {"name": name, "device": device, "seed": 0}


def process_of(apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str], **options: str) -> str:
    """The number of the process that a run is in."""
    assert apart(config(**{"name": "good", **options}), tmp_path, lambda event: None) == 1
    return capsys.readouterr().out.strip()


def test_what_a_run_says_is_said_here(
    apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    events: list[Any] = []
    assert apart(config("good"), tmp_path, events.append) == 1
    out, err = capsys.readouterr()
    assert int(out) != os.getpid()
    assert err == "a warning\n"
    assert events == [Told(3, 40, "adam", 1.0, 0.5, 0.0, {}, "")]
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(logging.WARNING, "in the log")]


def test_what_a_run_raises_is_raised_here_with_its_traceback(
    apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = process_of(apart, tmp_path, capsys)
    with pytest.raises(ValueError, match=r"^seed: expected another number; got 0\.$"):
        apart(config("bad"), tmp_path, lambda event: None)
    with pytest.raises(RuntimeError, match=r"^OwnError: boom$") as raised:
        apart(config("boom"), tmp_path, lambda event: None)
    assert 'raise OwnError("boom")' in str(raised.value.__cause__)
    assert process_of(apart, tmp_path, capsys) == before


def test_a_process_that_is_lost_takes_one_run_with_it(
    apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = process_of(apart, tmp_path, capsys)
    with pytest.raises(LostError, match=r"^its process was ended by SIGKILL \(the system ends"):
        apart(config("kill"), tmp_path, lambda event: None)
    assert process_of(apart, tmp_path, capsys) != before


def test_a_process_that_has_grown_or_is_for_another_device_is_replaced(
    apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROWTH", 40e6)
    first = process_of(apart, tmp_path, capsys)
    assert process_of(apart, tmp_path, capsys) == first
    assert process_of(apart, tmp_path, capsys, name="grow") == first
    second = process_of(apart, tmp_path, capsys)
    assert second != first
    assert process_of(apart, tmp_path, capsys, device="cpu") != second


@pytest.mark.parametrize("name", ["slow", "fragile"])
def test_an_interrupt_is_passed_on_and_ends_the_run_here(name: str, apart: Apart, tmp_path: Path) -> None:
    def press() -> None:
        while not (tmp_path / "began").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        apart(config(name), tmp_path, lambda event: None)
    assert time.monotonic() - began < 30


def test_a_sweep_goes_on_when_the_process_of_a_run_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "COMMAND", WORKER)
    assert main(["-m", "name=kill,bad,boom,good", "hydra.sweep.dir=out"]) == 2
    out, err = capsys.readouterr()
    assert "4 runs in " in out
    assert "run 0: the run failed: LostError: its process was ended by SIGKILL" in out
    assert "run 1: seed: expected another number; got 0." in out
    assert "pinn: run 2: the run failed: RuntimeError: OwnError: boom. The traceback is in " in err
    log = (tmp_path / "out" / "2" / "run.log").read_text(encoding="utf-8")
    assert 'raise OwnError("boom")' in log
    assert "in the log" in (tmp_path / "out" / "3" / "run.log").read_text(encoding="utf-8")


def test_many_runs_cost_the_process_that_leads_them_no_memory_and_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than a megabyte a run: 200 MB for 200 of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "COMMAND", WORKER)

    def sweep(runs: int) -> tuple[float, int]:
        assert main(["-m", "name=good", f"seed=range(0,{runs})", f"hydra.sweep.dir={runs}"]) == 1
        return resident(), len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0

    (before, files), (after, files_after) = sweep(4), sweep(16)
    assert after - before < 16e6
    assert files_after == files


MOMENTS = {
    "while it imports": "lambda: os.kill(os.getpid(), signal.SIGINT)",
    "while it waits": "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_before_any_run_ends_the_process_in_silence(moment: str) -> None:
    lines = (
        "import os, signal, sys, threading",
        "from pinn.app.apart_worker import main",
        f"sys.exit(main(prepare={MOMENTS[moment]}))",
    )
    pipe = subprocess.PIPE  # of standard input stays open: the parent is there
    with subprocess.Popen([sys.executable, "-c", "\n".join(lines)], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""
