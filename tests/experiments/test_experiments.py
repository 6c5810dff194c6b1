"""Scripts that people run: each runs to its end with few steps, and prints what it promises."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

import pinn
from pinn.app.build import problem_from
from pinn.calculus import LazyJet, PointSet, Tape

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
sys.path.insert(0, str(EXPERIMENTS))

import balancing  # noqa: E402
import benchmark_engines  # noqa: E402
import benchmark_laplacian  # noqa: E402
import benchmark_step  # noqa: E402
import checkpoint_cost  # noqa: E402
import configs  # noqa: E402
import high_dimension  # noqa: E402
import patches  # noqa: E402
import peers  # noqa: E402
import pinnacle  # noqa: E402
import problems_table  # noqa: E402
import startup  # noqa: E402

ECHO = """
import sys
print("a library says hello")
print("ready", flush=True)
for line in sys.stdin:
    print("and chats on")
    print("seconds", int(line) / 1000, flush=True)
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a script by its module, with the words of a command line, and returns what it printed."""

    def printed(script: ModuleType, *words: str) -> str:
        monkeypatch.setattr(sys, "argv", [script.__name__, *words])
        script.main()
        return capsys.readouterr().out

    return printed


def test_the_benchmark_of_a_step_prints_our_rows(run: Callable[..., str]) -> None:
    output = run(benchmark_step, "--steps", "3", "--rounds", "2", "--backends", "")
    assert "pinn, penalty" in output
    assert "pinn, exact conditions" in output
    assert output.splitlines()[1].split()[-1] == "1.00"


def test_stretches_with_checkpoints_and_without_take_turns() -> None:
    keeper = SimpleNamespace(every=10)
    turns, asked = checkpoint_cost.Turns(keeper, 10, 20), []  # type: ignore[arg-type]
    for step in range(5, 105, 5):
        turns(SimpleNamespace(step=step))  # type: ignore[arg-type]
        asked.append(keeper.every)
    assert asked == [0] * 3 + [10] * 4 + [0] * 4 + [10] * 4 + [0] * 4 + [10]
    assert turns.seconds().shape == (2, 4)
    without = np.linspace(1.0, 2.0, 9)
    assert checkpoint_cost.compared(1.03 * without, without).split() == ["1.500", "1.545", "+3.0%", "±", "0.0%"]


def test_the_measurement_of_patches_prints_a_row_a_grid(run: Callable[..., str]) -> None:
    output = run(patches, "--grids", "2", "--features", "12", "--waves", "1", "1", "--dense-up-to", "0")
    header, row = output.splitlines()
    assert header.split()[0] == "patches"
    cells = row.split()
    assert cells[:3] == ["4", "48", "144"]
    assert float(cells[3]) < 0.1
    assert float(cells[6]) == pytest.approx(float(cells[5]) / 4, rel=0.1)


def test_the_benchmark_of_the_engines_prints_its_table(run: Callable[..., str]) -> None:
    lines = run(benchmark_engines, "--dimensions", "2", "--rounds", "1", "--asked", "Laplacian").splitlines()
    assert len(lines) == 2
    assert all(float(cell) > 0 for line in lines[1:] for cell in line[20:].split(","))


def test_the_table_of_problems_has_a_measured_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert "poisson_2d" in problems_table.shipped()
    row = problems_table.measure("heat_1d", ["time_limit=0.2", "solver=adam", "sampling.interior=200"])
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[0] == "`heat_1d`"
    assert cells[1] == "mlp"
    assert 0 < float(cells[2]) < 10
    assert float(cells[5]) > 0


def test_the_table_of_pinnacle_has_a_row_beside_the_published_errors(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(pinnacle.PUBLISHED) == set(pinnacle.presets())
    summary = {"errors": {"relative_l2": 2e-6}, "tolerance": 1e-5, "verdict": "pass", "field": "patches"}
    monkeypatch.setattr(pinnacle, "measure", lambda name, overrides: pinnacle.Measured(summary, 61.4, 90.2))
    lines = run(pinnacle, "--only", "wave_1d_c").splitlines()
    assert "CPUs" in lines[0]
    assert lines[-1] == "| Wave1d-C | 5.9e-01 | 9.8e-02 | 1.0e-05 | 2.0e-06 | yes | patches | 61 | 90 |"
    with pytest.raises(SystemExit):
        run(pinnacle, "--only", "wave")


@pytest.mark.parametrize("name", pinnacle.presets())
def test_every_preset_of_pinnacle_is_a_problem_with_conditions(name: str) -> None:
    problem = problem_from(configs.composed([f"experiment=pinnacle/{name}"])["problem"])
    assert problem.conditions()
    measures = {"heat_2d_cg": 3 * (384 - 11 * np.pi - 6 * 0.16 * np.pi), "poisson_3d_cg": 1 - 0.024 * np.pi}
    if name in measures:  # the shapes that the presets describe themselves
        assert problem.domain.measure == pytest.approx(measures[name], rel=1e-4)


def test_a_preset_of_pinnacle_is_measured_by_a_command_of_its_own() -> None:
    found = pinnacle.measure("heat_nd", ["time_limit=0.1", "field=mlp", "solver=adam", "sampling.interior=50"])
    assert found.summary["problem"] == "heat_ball"
    assert found.summary["tolerance"] == 1e-6
    assert not found.met
    assert found.seconds > 0 < found.cpu


def test_the_comparison_of_balances_prints_a_row_of_numbers(run: Callable[..., str]) -> None:
    for case in balancing.cases(2).values():
        rehearse_exactly(case.problem)
    header, row = run(balancing, "--steps", "2", "--seeds", "1", "--only", "growth", "--schemes", "causal").splitlines()
    assert row.split()[:2] == ["growth", "causal"]
    assert 0.1 < float(row.split()[2]) < 10
    assert "rel. L2" in header


def rehearse_exactly(problem: pinn.Problem) -> None:
    """The residual of the exact solution, in units of its parts, is round-off."""
    lower, upper = problem.domain.bounds
    axes = problem.domain.axes
    p = PointSet(tf.constant(np.random.default_rng(0).uniform(lower, upper, (50, len(axes)))), axes)
    u = LazyJet(lambda x: problem.exact(PointSet(x, axes)), p, problem.frame, Tape())
    assert np.abs(problem.residual(p, u)).max() < 1e-8


def test_the_source_of_the_two_body_problem_is_its_laplacian() -> None:
    problem = high_dimension.TwoBody(6)
    x = tf.constant(np.random.default_rng(0).uniform(-0.4, 0.4, (5, 6)))
    np.testing.assert_allclose(pinn.laplacian(problem.exact)(x), problem.source(x), rtol=1e-12)


def test_the_experiment_in_high_dimension_trains_and_prints_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    high_dimension.accuracy([5], steps=3)
    _, error, trivial, _ = capsys.readouterr().out.splitlines()[1].split()
    assert 0.1 < float(error) < 10
    assert 0.01 < float(trivial) < 1.01


def test_steps_a_second_in_high_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    high_dimension.speed([4], ["random axes"], rounds=1)
    _, header, row = capsys.readouterr().out.splitlines()
    assert header.split("steps a second")[1].strip() == "random axes"
    assert float(row.split()[-1]) > 1


def test_the_benchmark_of_the_laplacian_prints_ratios(run: Callable[..., str]) -> None:
    ours = ["--only", "forward; in blocks", "--dimensions", "2", "--rounds", "1", "--without-memory"]
    output = run(benchmark_laplacian, *ours)
    rows = {line[:24].strip(): line[24:] for line in output.splitlines()}
    assert "(1.00)" in rows["forward, in blocks"]
    assert float(rows["bare matrix products"].split()[0]) > 0


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A peer that answers at once, in this interpreter."""
    monkeypatch.setattr(peers, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(peers, "HERE", tmp_path)
    (tmp_path / "rivals").mkdir()
    (tmp_path / "rivals" / "echo.py").write_text(ECHO, encoding="utf-8")
    (tmp_path / "rivals" / "dies.py").write_text("raise SystemExit('no such library')", encoding="utf-8")
    return "echo.py"


def test_contestants_are_timed_in_turn(echo: str) -> None:
    peer = peers.Peer(echo)
    calls: list[int] = []
    medians = peers.in_turn({"peer": peer, "ours": lambda n: calls.append(n) or 2e-3 * n}, steps=5, rounds=3)
    peer.close()
    np.testing.assert_allclose([medians["peer"], medians["ours"]], [1e-3, 2e-3])
    assert calls == [5] * 4  # once to warm up, then every round


def test_a_peer_that_dies_says_its_last_words(echo: str) -> None:
    with pytest.raises(RuntimeError, match="no such library"):
        peers.Peer("dies.py")


def test_without_an_environment_for_rivals_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "PYTHON", tmp_path / "python")
    with pytest.raises(FileNotFoundError, match="make rivals"):
        peers.Peer("deepxde_step.py")


def test_scaling_out_prints_how_far_the_weights_are_apart() -> None:
    """In a process of its own, since logical devices are made before TensorFlow starts."""
    words = ["--replicas", "1,2", "--points", "32", "--steps", "2", "--rounds", "1"]
    done = subprocess.run(
        [sys.executable, EXPERIMENTS / "scale_out.py", *words], capture_output=True, text=True, timeout=240, check=True
    )
    header, one, two, remark = done.stdout.splitlines()
    assert header.split()[0] == "device"
    assert (one.split()[0], two.split()[0]) == ("cpu:0", "cpu:0,1")
    assert float(one.split()[-1]) == 0.0
    assert float(two.split()[-1]) < 1e-12
    assert "no speed-up can be expected" in remark


def test_the_parts_of_a_start_are_told_with_their_medians(
    run: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = iter([{"interpreter": (0.1, 0.1), "compiling": (float(n), 2.0)} for n in (1, 2, 9)])
    monkeypatch.setattr(startup, "measured", lambda words: next(rounds))
    lines = run(startup, "--rounds", "3", "field=mlp").splitlines()
    assert lines[0] == "pinn field=mlp"
    assert lines[3].split()[:3] == ["compiling", "2.00", "2.00"]
    assert lines[4].split() == ["all", "2.10", "2.10"]


def test_a_start_is_measured_from_its_first_moment_to_its_first_step() -> None:
    """Imports are those of this process, so that they take no time; the order of the parts is that of the table."""
    moments = startup.child(["field=mlp", "field.width=4", "solver=adam"], time.time() - 1.0)
    assert list(moments) == list(startup.PARTS)
    clock = [moment for moment, _ in moments.values()]
    assert clock == sorted(clock)
    assert clock[0] >= 1.0
