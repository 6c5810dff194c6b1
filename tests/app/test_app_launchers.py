"""`-m` with every launcher: one table at the end, and a job that fails, or is lost with its process, is listed."""

from __future__ import annotations

import csv
import gc
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from app_fakes import FakeRun

from pinn.app.main import main
from pinn.app.progress import Observer

LAUNCHERS = {"basic": [], "joblib": ["hydra.launcher.n_jobs=2"], "submitit_local": []}
LOST = 6


@dataclass(frozen=True)
class Fatal:
    """Kills its process at one seed, once the other jobs have had time to end."""

    def __call__(self, config: Mapping[str, Any], folder: Path, observer: Observer) -> int:
        if config["seed"] == LOST:
            time.sleep(1.0)
            os.kill(os.getpid(), signal.SIGKILL)
        return FakeRun()(config, folder, observer)


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; the modules of the tests are found in other processes, too."""
    monkeypatch.chdir(tmp_path)
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    return tmp_path


def verdicts(folder: Path) -> dict[int, str]:
    with (folder / "summary.csv").open(encoding="utf-8", newline="") as file:
        return {int(row["seed"]): row["verdict"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_one_table_at_the_end(launcher: str, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = FakeRun({7: ValueError("problem.k: expected 1; got 2."), 8: RuntimeError("boom")})
    words = ["-m", f"hydra/launcher={launcher}", *LAUNCHERS[launcher], "seed=7,0,8", "hydra.sweep.dir=out"]
    assert main(words, run=run) == 2
    assert verdicts(work / "out") == {7: "bad input", 0: "pass", 8: "failed"}
    out = capsys.readouterr().out
    assert out.startswith(f"3 runs in {work}/out\n")
    assert "run 0: problem.k: expected 1; got 2.\nrun 2: the run failed: RuntimeError: boom. The traceback is in" in out
    assert not (work / "out" / "0").exists()
    assert (work / "out" / "comparison.png").exists()


@pytest.mark.filterwarnings("ignore:.*Popen.__del__:pytest.PytestUnraisableExceptionWarning")  # submitit waits for none
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_a_job_that_is_lost_with_its_process_is_listed(
    launcher: str, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pinn.app.sweep.PATIENCE", 1.5)
    monkeypatch.setattr("submitit.core.core.Job._results_timeout_s", 1)
    words = ["-m", f"hydra/launcher={launcher}", *LAUNCHERS[launcher], f"seed={LOST},0", "hydra.sweep.dir=out"]
    assert main(words, run=Fatal()) == 1
    assert verdicts(work / "out") == {LOST: "failed", 0: "pass"}
    out, err = capsys.readouterr()
    assert "run 0: its process was lost\n" in out
    assert err.splitlines()[-1].startswith("pinn: the sweep was not finished: ")
    assert not (work / "out" / ".jobs").exists()
    gc.collect()
