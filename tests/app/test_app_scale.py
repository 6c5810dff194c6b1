"""Runs on several devices and in several processes, and runs of many settings in one: each as if it were alone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_runs import files, summary_of
from scale_on_four import CALLS, SINGLE, STEPS

Calls = Mapping[str, tuple[int, str]]
_LIMIT = 240  # seconds for what takes about thirty
_CLUSTER = ("TF_CONFIG", "SLURM_PROCID")


def started(words: Sequence[str], folder: Path, **environment: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name not in _CLUSTER}
    return subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env=kept | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(processes: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    """Exit status, output and errors of each; none outlives the test."""
    try:
        said = [process.communicate(timeout=_LIMIT) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, *text) for process, text in zip(processes, said, strict=True)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scale")


@pytest.fixture(scope="module")
def calls(home: Path) -> Calls:
    """What became of all of `CALLS`, in one process."""
    script = Path(__file__).with_name("scale_on_four.py")
    ((status, _, errors),) = ended([started([str(script)], home)])
    assert status == 0, errors[-2000:]
    found: dict[str, tuple[int, str]] = json.loads((home / "calls.json").read_text(encoding="utf-8"))
    assert set(found) == set(CALLS)
    return found


@pytest.fixture(scope="module")
def fresh(home: Path) -> None:
    """A run in each precision in a process of its own."""
    choices = {"fresh_double": ["device=cpu"], "fresh_single": SINGLE}
    processes = [
        started(["-m", "pinn", *STEPS, *words, f"hydra.run.dir={name}"], home) for name, words in choices.items()
    ]
    assert [status for status, *_ in ended(processes)] == [0, 0]


def free_ports() -> tuple[int, int]:
    """Two neighbours that nobody listens on, where those of a job of Slurm are."""
    for port in range(15_000 + os.getpid() % 10_000, 30_000, 2):
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port, port + 1
    raise AssertionError("no port is free")


@pytest.fixture(scope="module")
def pair(home: Path) -> list[list[tuple[int, str, str]]]:
    """Two processes that TF_CONFIG tells of each other, half of a run; then two tasks of Slurm, the other half."""
    found, port = [], free_ports()
    workers = {"worker": [f"127.0.0.1:{each}" for each in port]}
    words = ["-m", "pinn", *STEPS, "solver.max_steps=2", "device=multiworker", "hydra.run.dir=pair"]
    told: list[dict[str, str]] = [
        {"TF_CONFIG": json.dumps({"cluster": workers, "task": {"type": "worker", "index": index}})} for index in (0, 1)
    ]
    found.append(ended([started(words, home, **environment) for environment in told]))
    first, _ = free_ports()
    step = {"JOB_ID": str(first - 15_000), "STEP_NUM_TASKS": "2", "STEP_TASKS_PER_NODE": "2"}
    step |= {"STEP_NODELIST": "127.0.0.1"}
    told = [{f"SLURM_{name}": value for name, value in {**step, "PROCID": str(index)}.items()} for index in (0, 1)]
    words = ["-m", "pinn", "resume=pair", "solver.max_steps=4"]
    found.append(ended([started(words, home, **environment) for environment in told]))
    return found


def content(home: Path, name: str) -> bytes:
    return (home / name / "solution.npz").read_bytes()


def gap(home: Path, name: str, other: str) -> float:
    """The largest difference of weights and values between two runs of size 1."""
    arrays: list[Any] = [np.load(home / each / "solution.npz") for each in (name, other)]
    return max(float(np.abs(arrays[0][key] - arrays[1][key]).max()) for key in ("weights", "value"))


def test_four_devices_solve_as_one_does(calls: Calls, home: Path) -> None:
    assert calls["four"] == [0, ""]
    assert gap(home, "four", "double") < 1e-12
    summary = summary_of(home / "four")
    assert summary["device"] == "/CPU:0, /CPU:1, /CPU:2, /CPU:3 by MirroredStrategy"
    assert (summary["replicas"], summary["points"]["equation"]) == (4, 10)
    alone = summary_of(home / "double")
    assert (alone["device"], alone["replicas"]) == ("/CPU:0", 1)


def test_a_run_on_four_devices_goes_on_to_the_same_bytes_on_as_many_only(calls: Calls, home: Path) -> None:
    assert calls["other_half"] == [0, ""]
    assert content(home, "half") == content(home, "four")
    status, said = calls["others"]
    assert status == 2
    assert said.startswith("pinn: device: expected 4 to share the points, as many as the run was begun with; got 2.")


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("name", "alone"), [("double", "fresh_double"), ("single", "fresh_single"), ("double_again", "fresh_double")]
)
def test_settings_of_one_run_do_not_leak_into_the_next(name: str, alone: str, calls: Calls, home: Path) -> None:
    """After one on four devices, in the other precision, or with another seed on another device."""
    assert calls[name] == [0, ""]
    assert content(home, name) == content(home, alone)
    assert content(home, name) != content(home, "another_seed")
    assert summary_of(home / name)["dtype"] == summary_of(home / alone)["dtype"]


def test_a_field_that_cannot_be_shared_is_solved_on_the_first_device_and_it_is_said(calls: Calls, home: Path) -> None:
    said = "device: field=patches has no share for other devices; it is computed on /CPU:0 alone."
    assert calls["patches"] == [0, said]
    summary = summary_of(home / "patches")
    assert summary["device"] == "/CPU:0, alone of /CPU:0, /CPU:1, /CPU:2, /CPU:3"
    assert summary["replicas"] == 1


HERE = "This machine has: cpu:0, cpu:1, cpu:2, cpu:3."
REFUSED = {
    "too_late": "5 logical CPUs; it has started its devices.\nCall pinn first, or run this in a process of its own.",
    "hole": f"got 'cpu:0,7', and there is no cpu:7.\n{HERE}",
    "twice": f"got 'cpu:0,0', which names one twice.\n{HERE}",
    "kinds": f"got 'cpu:0,gpu:0', which are of two kinds.\n{HERE}",
    "no_cluster": '"task": {"type": "worker", "index": 0}}\'.',
}


@pytest.mark.parametrize("name", REFUSED)
def test_devices_that_cannot_be_had_are_refused_and_leave_nothing(name: str, calls: Calls, home: Path) -> None:
    status, said = calls[name]
    assert status == 2
    assert said.startswith("pinn: device")
    assert said.endswith(REFUSED[name])
    assert not (home / name).exists()


def test_two_processes_solve_as_one_does_and_the_first_one_writes(
    calls: Calls, pair: list[list[tuple[int, str, str]]], home: Path
) -> None:
    assert calls["double"] == [0, ""]
    for chief, follower in pair:
        assert chief[0] == follower[0] == 0, chief[2] + follower[2]
        assert chief[1].startswith("poisson_1d  relative L2 ")
        assert (chief[2], follower[1], follower[2]) == ("", "", "")
    assert gap(home, "pair", "double") < 1e-12
    summary = summary_of(home / "pair")
    assert summary["device"] == "/CPU:0 of each of 2 processes by MultiWorkerMirroredStrategy"
    assert (summary["replicas"], summary["steps"]) == (2, 4)
    assert files(home / "pair") == files(home / "half")
    assert sorted(path.name for path in home.iterdir() if path.is_dir()) == sorted(
        {"four", "double", "single", "another_seed", "double_again", "half", "patches", "pair"}
        | ({"fresh_double", "fresh_single"} if (home / "fresh_double").exists() else set())
    )
