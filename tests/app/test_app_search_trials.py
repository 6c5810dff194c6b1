"""Trials as a worker runs them, with real trainings of a few steps."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from app_runs import settings

from pinn.app.main import main, solve
from pinn.app.search.result import Result
from pinn.app.search.worker import Worker, rehearse
from pinn.calculus import Jet, PointSet
from pinn.geometry import Interval, Shape
from pinn.problems import Problem


@dataclass(frozen=True)
class Line(Problem):
    """A straight line, given everywhere: nothing to differentiate, so that programs compile quickly."""

    power: float = 1.0

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.value - p.x**self.power

    def exact(self, p: PointSet) -> tf.Tensor:
        return p.x**self.power


@dataclass(frozen=True)
class Unknown(Line):
    """A line that nobody knows."""

    exact = None  # type: ignore[assignment]


WORDS = [
    f"problem._target_={__name__}.Line",
    *("field=mlp", "field.width=4", "field.depth=1", "solver=adam", "sampling.interior=16", "engine=tape"),
]


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def attended() -> Iterator[None]:
    """Python's own handler of Ctrl-C, also where the suite runs in the background and interrupts are ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def run(*words: str, folder: str = "trial", stop_after: int | None = None) -> tuple[Result, list[tuple[int, float]]]:
    """A trial: what it came to, and the looks at its error; after `stop_after` of them it is told to stop."""
    said: list[Mapping[str, Any]] = []

    def say(message: Mapping[str, Any]) -> None:
        said.append(message)
        if sum("look" in each for each in said) == stop_after:
            worker.stop.set()

    worker = Worker(say, solve, rehearse)
    worker.serve(iter([{"run": {"words": [*WORDS, *words], "folder": folder, "prune": True, "share": None}}]))
    assert said[0] == {"ready": True}
    return Result.of(said[-1]["done"]), [tuple(each["look"]) for each in said if "look" in each]


def test_the_best_runs_again_to_the_same_bytes(work: Path) -> None:
    result, looks = run("solver.learning_rate=0.0123456789", "solver.max_steps=40", "seed=3")
    assert result.ended
    assert [look for look, _ in looks] == sorted({look for look, _ in looks})
    assert all(math.isfinite(error) for _, error in looks)
    (work / "best.yaml").write_text(result.config, encoding="utf-8")
    assert main(["best.yaml", "hydra.run.dir=again"]) == 0
    assert (work / "again" / "solution.npz").read_bytes() == (work / "trial" / "solution.npz").read_bytes()
    assert (work / "again" / "config.yaml").read_text(encoding="utf-8") == result.config


def test_a_hopeless_trial_ends_soon_and_is_saved(work: Path) -> None:
    result, looks = run("solver.max_steps=1000000", "solver.learning_rate=1e-12", "time_limit=60", stop_after=1)
    assert result.pruned
    assert not result.interrupted
    assert not result.ended
    assert len(looks) < 10
    summary = json.loads((work / "trial" / "summary.json").read_text(encoding="utf-8"))
    assert summary["stop_reason"] == "interrupted"
    assert summary["errors"]["relative_l2"] == result.error


def test_a_training_that_breaks_down_is_a_failure_and_a_missed_accuracy_is_none() -> None:
    broken, _ = run("solver.learning_rate=1e200", "solver.max_steps=20")
    assert broken.status == 1
    assert broken.message.startswith("the loss or its gradient is not finite (NaN or infinity); step ")
    assert not broken.ended
    missed, _ = run("solver.max_steps=2", "accuracy=1e-12", folder="other")
    assert (missed.status, missed.message, missed.verdict) == (1, "", "fail")
    assert missed.ended


def test_what_cannot_be_run_is_found_before_any_trial() -> None:
    rehearse(settings(f"{__name__}.Line"))
    for config, message in (
        (
            settings(f"{__name__}.Unknown", reference="none"),
            "--objective error: expected a problem whose solution is kn",
        ),
        (settings(f"{__name__}.Line", field={"name": "mlp", "width": 4, "depth": 1, "activation": "tahn"}), "tahn"),
        (settings(f"{__name__}.Lime"), "Lime"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            rehearse(config)
