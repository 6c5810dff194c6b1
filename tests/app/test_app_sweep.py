"""Sweeps with a fake run: every job is run and listed, the table is ranked, nothing passes from one job to the next."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_fakes import FakeRun, tree
from matplotlib.image import imread

from pinn.app.main import main
from pinn.app.messages import Outcome
from pinn.app.sweep import record


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_sweep_ends_with_a_ranked_table(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = FakeRun()
    assert main(["-m", "field.width=16,64,32", "seed=0,1", "hydra.sweep.dir=out"], run=run) == 0
    assert [(c["field"]["width"], c["seed"]) for c in run.configs] == [(w, s) for w in (16, 64, 32) for s in (0, 1)]
    ranked = rows(work / "out" / "summary.csv")
    assert [int(row["field.width"]) for row in ranked] == [64, 64, 32, 32, 16, 16]
    assert [int(row["rank"]) for row in ranked] == [1, 2, 3, 4, 5, 6]
    assert {row["folder"] for row in ranked} == {"0", "1", "2", "3", "4", "5"}
    assert float(ranked[0]["relative_l2"]) == 1 / 64
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"6 runs in {work}/out\n")
    for word in ("rank", "width", "seed", "relative L2", "seconds", "verdict", "1.6e-02"):
        assert word in out
    assert np.std(imread(work / "out" / "comparison.png")) > 0.01  # not a blank picture
    assert not (work / "out" / ".jobs").exists()


def test_a_failing_job_does_not_stop_the_others(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = FakeRun({1: 1, 7: ValueError("problem.k: expected 1; got 2."), 8: RuntimeError("boom")})
    assert main(["-m", "seed=7,8,1,0", "hydra.sweep.dir=out"], run=run) == 2
    assert [config["seed"] for config in run.configs] == [7, 8, 1, 0]
    verdicts = {row["seed"]: row["verdict"] for row in rows(work / "out" / "summary.csv")}
    assert verdicts == {"7": "bad input", "8": "failed", "1": "fail", "0": "pass"}
    out, err = capsys.readouterr()
    assert "run 0: problem.k: expected 1; got 2.\n" in out
    assert err.splitlines()[0] == "pinn: run 0: problem.k: expected 1; got 2."
    assert err.splitlines()[1].startswith("pinn: run 1: the run failed: RuntimeError: boom. The traceback is in ")
    assert not (work / "out" / "0").exists()
    assert "RuntimeError: boom" in (work / "out" / "1" / "run.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(("seeds", "status"), [("0,2", 0), ("0,1", 1), ("0,8", 1), ("8,7", 2)], ids=str)
def test_the_status_is_the_worst_of_the_jobs(seeds: str, status: int) -> None:
    run = FakeRun({1: 1, 7: ValueError("bad"), 8: RuntimeError("boom")})
    assert main(["-m", f"seed={seeds}"], run=run) == status


def test_an_existing_sweep_folder_keeps_what_it_had(work: Path) -> None:
    (work / "out" / "0").mkdir(parents=True)
    (work / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    run = FakeRun({7: ValueError("bad")})
    assert main(["-m", "seed=7,7", "hydra.sweep.dir=out"], run=run) == 2
    assert tree(work / "out") == ["0", "comparison.png", "multirun.yaml", "notes.txt", "summary.csv"]


def test_an_interrupted_sweep_keeps_the_runs_that_were_done(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = FakeRun({9: KeyboardInterrupt()})
    assert main(["-m", "seed=0,9,1", "hydra.sweep.dir=out"], run=run) == 130
    assert [config["seed"] for config in run.configs] == [0, 9]
    assert [row["seed"] for row in rows(work / "out" / "summary.csv")] in (["0"], [])
    assert (work / "out" / "0" / "summary.json").exists()
    out, err = capsys.readouterr()
    assert out.startswith("1 run in ")
    assert err == "pinn: interrupted.\n"


def test_an_interrupted_sweep_says_how_its_run_goes_on(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The one that was under way, and none that has ended."""
    ending = FakeRun({9: KeyboardInterrupt()})

    def run(config: Mapping[str, Any], folder: Path, observe: Any) -> int:
        (folder / "checkpoint").mkdir()
        return ending(config, folder, observe)

    assert main(["-m", "seed=0,9,1", "hydra.sweep.dir=out"], run=run) == 130
    assert capsys.readouterr().err == "pinn: interrupted. 'pinn resume=out/1' goes on.\n"


def test_problems_of_ones_own_and_presets_can_be_swept(work: Path) -> None:
    run = FakeRun()
    assert main(["-m", "problem._target_=a.B,c.D", "problem.k=1"], run=run) == 0
    assert [c["problem"] for c in run.configs] == [{"_target_": "a.B", "k": 1}, {"_target_": "c.D", "k": 1}]
    run = FakeRun()
    assert main(["experiment=compare_fields", "hydra.sweep.dir=preset"], run=run) == 0
    assert [(c["field"]["name"], c["seed"]) for c in run.configs] == [
        (f, s) for f in ("mlp", "fourier") for s in range(3)
    ]
    assert {row["field"] for row in rows(work / "preset" / "summary.csv")} == {"mlp", "fourier"}


def test_the_default_folder_of_a_sweep(work: Path) -> None:
    run = FakeRun()
    assert main(["-m", "seed=0,1"], run=run) == 0
    (sweep,) = (work / "outputs" / "sweeps").iterdir()
    assert [folder.relative_to(sweep) for folder in run.folders] == [Path("0"), Path("1")]


def test_a_job_that_was_lost_has_no_result_of_an_earlier_run_in_its_folder(tmp_path: Path) -> None:
    summary = {"errors": {"relative_l2": 1e-9}, "seconds": {"total": 1.0}, "verdict": "pass"}
    (tmp_path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    ended = record(0, ["seed=1"], tmp_path, tmp_path, Outcome(0))
    assert (ended.relative_l2, ended.seconds, ended.verdict) == (1e-9, 1.0, "pass")
    lost = record(0, ["seed=1"], tmp_path, tmp_path, Outcome(1, "its process was lost"))
    assert (lost.relative_l2, lost.seconds, lost.verdict) == (None, None, "failed")
