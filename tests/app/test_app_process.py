"""The command as a process of its own: how fast it answers, what it imports, and one real sweep."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pinn(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`python -m pinn` in a folder; warnings are errors there too."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    return subprocess.run(
        [sys.executable, "-m", "pinn", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def processor_seconds() -> float:
    """Of all child processes so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_answers_at_once(tmp_path: Path) -> None:
    before = processor_seconds()
    done = pinn("--help", folder=tmp_path)
    # About 0.8 s; TensorFlow alone would cost 4 s. Processor time, because the clock also counts what else is running.
    assert processor_seconds() - before < 2.5
    assert (done.returncode, done.stderr) == (0, "")
    assert "Groups and their choices" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_tensorflow_is_not_imported_before_a_job_runs(tmp_path: Path) -> None:
    script = """
import sys
from pinn.app.main import main
for words in (["--help"], ["--version"], ["--cfg", "job"], ["field=mpl"], ["field.width=0"], ["-m", "seed=-1,-2"]):
    main(words)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras", "sympy"}), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_real_sweep_with_one_job_that_cannot_run(tmp_path: Path) -> None:
    words = ("problem=poisson_1d", "solver=adam", "solver.max_steps=20", "sampling.interior=32", "hydra.sweep.dir=out")
    done = pinn("-m", *words, "device=cpu,gpu:99", folder=tmp_path)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("pinn: run 1: device: expected auto, all, multiworker, cpu, gpu, ")
    assert second.startswith("This machine has: cpu:0")
    assert "2 runs in " in done.stdout
    assert "poisson_1d  relative L2 " in done.stdout
    assert (tmp_path / "out" / "0" / "summary.json").is_file()
    assert json.loads((tmp_path / "out" / "0" / "summary.json").read_text(encoding="utf-8"))["steps"] == 20
    assert not (tmp_path / "out" / "1").exists()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "0",
        "comparison.png",
        "multirun.yaml",
        "summary.csv",
    }
