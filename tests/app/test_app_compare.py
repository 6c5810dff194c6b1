"""`pinn compare`: runs ranked in one table, what differs between them, and pictures of all of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from runs_made import finished, killed, settings

from pinn.app.compared import NAMED, Comparison
from pinn.app.leaves import varied
from pinn.app.main import main
from pinn.app.runs import history

ADAM = settings()
BFGS = settings(solver={"name": "bfgs", "memory": 5, "max_steps": 100})


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def width(value: int, **changes: object) -> dict[str, object]:
    return settings(field={"name": "mlp", "width": value}, **changes)


@pytest.mark.pictures
def test_a_table_has_each_column_once(work: Path) -> None:
    """Also where runs differ in a setting that is a column of every table."""
    finished(work / "a", settings(dtype="float32"), error=1e-3)
    finished(work / "b", settings(), error=1e-6)
    assert main(["compare", "a", "b", "--out", "out"]) == 0
    with (work / "out" / "compare.csv").open(newline="") as file:
        names, *rows = csv.reader(file)
    assert len(set(names)) == len(names)
    assert [row[names.index("dtype")] for row in rows] == ["float64", "float32"]


@pytest.mark.pictures
def test_runs_are_ranked_and_what_differs_is_told(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished(work / "a", ADAM, error=1e-3)
    finished(work / "b", BFGS, error=1e-6)
    finished(work / "c", width(64, seed=3), error=1e-4, verdict="fail")
    killed(work / "d", ADAM)
    assert main(["compare", "a", "b", "c", "d", "--out", "out"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if line[0] == "│"]
    runs, differing = lines[:4], lines[4:]
    assert runs[0] == ["1", "poisson_2d", "mlp", "bfgs", "1.0e-06", "12.0", "pass", "0", "3f7bdd5", "b"]
    assert [row[-1] for row in runs] == ["b", "c", "a", "d"]
    assert runs[3][6] == "unfinished, step 100"
    assert differing == [["1", "32"], ["2", "64"], ["3", "32"], ["4", "32"]]  # the width; no option of one solver only
    assert out.splitlines()[-1] == "compare.csv, work_precision.png, history.png in out"
    with (work / "out" / "compare.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["folder"] for row in rows] == ["b", "c", "a", "d"]
    assert [row["field.width"] for row in rows] == ["32", "64", "32", "32"]
    assert float(rows[0]["relative_l2"]) == 1e-6
    for name in ("work_precision.png", "history.png"):
        assert (work / "out" / name).stat().st_size > 10_000


def test_curves_are_named_by_what_tells_runs_apart_and_repeats_share_a_name(work: Path) -> None:
    folders = [finished(work / f"{w}_{seed}", width(w, seed=seed)) for w in (8, 16) for seed in (0, 1)]
    found = Comparison.of([*folders, finished(work / "b", BFGS, error=1e-9)])
    assert found.names[0] == {"solver": "bfgs", "field.width": "32", "seed": "0"}
    curves, quantity = found.curves()
    assert quantity == "relative L2 error"
    assert sorted({(curve.family, curve.name) for curve in curves}) == [
        ("adam", "width=16"),
        ("adam", "width=8"),
        ("bfgs", "width=32"),
    ]
    np.testing.assert_allclose(curves[0].errors, [1e-7, 1e-8, 1e-9])
    np.testing.assert_array_equal(curves[0].evaluations, [1, 10, 100])
    assert len(found.rows()) == len(curves) == 5


def test_without_any_true_error_the_loss_is_drawn_and_many_curves_are_quiet(work: Path) -> None:
    folders = [
        finished(work / str(w), width(w), error=None, seconds=float(w), verdict="no reference") for w in range(1, 16)
    ]
    curves, quantity = Comparison.of(folders).curves()
    assert quantity == "loss"
    assert [curve.quiet for curve in curves] == [False] * NAMED + [True] * (15 - NAMED)
    assert len(curves[0].errors) == 100


def test_other_problems_are_noted_and_equal_settings_are_said(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished(work / "a")
    finished(work / "b")
    finished(work / "heat", settings("heat_1d"))
    assert main(["compare", "a", "b"]) == 0
    out = capsys.readouterr().out
    assert "nothing else differs between their settings\n" in out
    assert "problems" not in out
    (folder,) = (work / "outputs" / "compare").iterdir()
    assert f"history.png in outputs/compare/{folder.name}\n" in out
    assert main(["compare", "a", "heat"]) == 0
    assert "2 problems, heat_1d, poisson_2d: an error of one is no measure of another\n" in capsys.readouterr().out


def test_sweeps_patterns_and_folders_stand_for_their_runs_each_once(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        finished(work / "sweep" / str(number), width(8 + number))
    (work / "sweep" / "multirun.yaml").touch()
    (work / "notes.txt").touch()
    for words in (["sweep"], ["sweep/*"], [str(work), "sweep/0"], ["sweep/0", "sweep/1", "sweep/2"]):
        assert main(["compare", *words, "--out", "out"]) == 0
        assert [line[:4] for line in capsys.readouterr().out.splitlines() if "adam" in line] == ["│   ", "│   ", "│   "]


def test_many_settings_on_a_narrow_terminal_are_told_by_key(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = {f"option_{n}": "a long value" for n in range(20)}
    finished(work / "a", settings(sampling={name: f"{value} or so" for name, value in wide.items()}))
    finished(work / "b", settings(sampling=wide))
    finished(work / "c", settings(sampling=wide))
    assert main(["compare", "a", "b", "c"]) == 0
    out = capsys.readouterr().out
    assert "sampling.option_7" in out
    assert "a long value  (runs 2, 3)" in out
    assert "a long value or so  (run 1)" in out


REFUSED = {
    "no folder": (["a", "nowhere"], "expected a run, or a folder with runs below it; nowhere is no folder."),
    "no run": (["a", "empty"], "expected a run, or a folder with runs below it; empty has none."),
    "no match": (["a", "*.csv"], "expected a run, or a folder with runs below it; *.csv is no folder."),
    "one run": (["a", "./a"], "expected two runs or more; got a alone. 'pinn list' shows the runs."),
    "no word": ([], "pinn compare: the following arguments are required: RUN"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_words_that_name_no_runs_are_refused(
    work: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    finished(work / "a")
    (work / "empty").mkdir()
    assert main(["compare", *words]) == 2
    assert said in capsys.readouterr().err
    assert not (work / "outputs").exists()


def test_a_run_that_was_killed_has_the_history_of_its_newest_sound_checkpoint(work: Path) -> None:
    folder = killed(work / "run")
    (folder / "checkpoint" / "attempt_0" / "step_000000999.npz").write_bytes(b"PK damaged")
    found = history(folder)
    assert len(found["step"]) == len(found["loss"]) == 100
    assert found["error"][-1] == 1e-2
    assert history(killed(work / "early", checkpoint=False)) == {}


VARIED = {
    "a value": ([{"a": {"b": 1}}, {"a": {"b": 2}}], ["a.b"]),
    "nothing": ([{"a": {"b": 1}}, {"a": {"b": 1}}], []),
    "only one has it": ([{"weights": {"pin": 2.0}}, {"weights": {}}], ["weights.pin"]),
    "an option of another choice": ([{"s": {"name": "x", "k": 1}}, {"s": {"name": "y"}}], ["s.name"]),
    "it differs where it is": (
        [{"s": {"name": "x", "k": 1}}, {"s": {"name": "x", "k": 2}}, {"s": {"name": "y"}}],
        ["s.name", "s.k"],
    ),
    "inside another choice": ([{"s": {"name": "chain", "adam": {"rate": 1}}}, {"s": {"name": "bfgs"}}], ["s.name"]),
    "lists": ([{"a": [1, 2]}, {"a": [1, 2]}, {"a": [1, 3]}], ["a"]),
}


@pytest.mark.parametrize(("configs", "keys"), VARIED.values(), ids=VARIED)
def test_what_differs(configs: list[dict], keys: list[str]) -> None:
    assert varied(configs) == keys
