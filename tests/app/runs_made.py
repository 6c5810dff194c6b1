"""Folders as runs leave them, made of what a test says about them, in a millisecond each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pinn.report import write_columns
from pinn.training import Checkpoint, Series, Snapshot
from pinn.training.history import History

COMMIT = "3f7bdd5b6f0c7a3f5a9e0e1c2d4b6a8901234567"


def settings(problem: str = "poisson_2d", **changes: Any) -> dict[str, Any]:
    """Those of a run by Adam, nested as in its `config.yaml`."""
    base = {
        "name": problem,
        "problem": {"_target_": f"pinn.problems.{problem}"},
        "field": {"name": "mlp", "width": 32},
        "solver": {"name": "adam", "learning_rate": 0.001, "max_steps": 100},
        "seed": 0,
        "dtype": "float64",
    }
    return base | changes


def finished(
    folder: Path,
    config: Mapping[str, Any] | None = None,
    *,
    error: float | None = 1e-3,
    seconds: float = 12.0,
    verdict: str = "pass",
    date: str = "2026-11-28T12:00:00+00:00",
    commit: str | None = COMMIT,
) -> Path:
    """A run that has ended, with what it was asked for and a history of three looks."""
    asked = settings() if config is None else dict(config)
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(json.dumps(asked), encoding="utf-8")  # JSON is YAML
    summary = {
        "problem": asked["name"],
        "verdict": verdict,
        "errors": None if error is None else {"relative_l2": error, "max": 1.0, "relative_h1": 1.0},
        "seconds": {"total": seconds},
        "steps": 100,
        "solver": asked["solver"]["name"],
        "field": asked["field"]["name"],
        "dtype": asked["dtype"],
        "seed": asked["seed"],
        "date": date,
        "versions": {"pinn": "0.1.0", "commit": commit},
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    write_columns(history(error).columns(), folder / "history.csv")
    return folder


def history(error: float | None) -> History:
    """Of 100 steps, with an error that falls to the one given, if any."""
    grown, nan = History(), float("nan")
    for look, count in enumerate((1, 9, 90)):
        done = (0, 1, 10)[look]
        grown.extend(
            np.geomspace(1.0, 0.1, count) * 0.1**look,
            first_step=done + 1,
            seconds=(0.1 * done, 0.1 * (done + count)),
            evaluations=count,
            stages=["adam"] * count,
            error=nan if error is None else error * 10.0 ** (2 - look),
            terms={"equation": 0.1},
        )
    return grown


def killed(folder: Path, config: Mapping[str, Any] | None = None, *, checkpoint: bool = True) -> Path:
    """A run that was killed, after its checkpoint of step 100 or before any."""
    folder.mkdir(parents=True)
    (folder / "asked.yaml").write_text(
        json.dumps({**(config or settings()), "resume": None, "checkpoint": {"keep": 2}}), encoding="utf-8"
    )
    (folder / "run.log").touch()
    if checkpoint:
        state = {"weights": np.zeros(3)}
        Series(folder / "checkpoint" / "attempt_0").write(Checkpoint(Snapshot(100, 10.0, state, {}, history(1e-2)), {}))
    return folder
