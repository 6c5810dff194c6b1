"""`pinn list`: what the disk holds, in whatever state it is, in one table, quickly."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from runs_made import COMMIT, finished, killed, settings

from pinn.app.lock import locked
from pinn.app.main import main
from pinn.app.runs import find, read


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def runs(work: Path) -> Path:
    """Three runs of two problems, one that was killed, a sweep of three that has ended and one that was cut short."""
    out = work / "outputs"
    finished(out / "poisson_2d" / "2026-11-28_10-00-00-000001", error=1e-3, seconds=3.0)
    finished(out / "poisson_2d" / "2026-11-28_09-00-00-000001", error=1e-5, seconds=9.0, commit=f"{COMMIT}-dirty")
    heat = settings("heat_1d", solver={"name": "bfgs"}, seed=7)
    finished(out / "heat_1d" / "mine", heat, error=None, verdict="no reference", date="2026-11-28T11:00:00")
    killed(out / "heat_1d" / "2026-11-28_12-00-00-000001", heat)
    for number, width in enumerate((8, 16, 32)):
        config = settings(field={"name": "mlp", "width": width})
        finished(out / "sweeps" / "2026-11-28_13-00-00-000001" / str(number), config, error=1.0 / width)
    (out / "sweeps" / "2026-11-28_13-00-00-000001" / "multirun.yaml").touch()
    (out / "sweeps" / "2026-11-28_13-00-00-000001" / "summary.csv").touch()
    finished(out / "sweeps" / "2026-11-28_14-00-00-000001" / "0")
    killed(out / "sweeps" / "2026-11-28_14-00-00-000001" / "1", checkpoint=False)
    (out / "sweeps" / "2026-11-28_14-00-00-000001" / "multirun.yaml").touch()
    (out / "check" / "heat_1d").mkdir(parents=True)
    return out


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["list", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, list)
    return found


def names(found: list[dict[str, Any]]) -> list[str]:
    return [each["folder"].removeprefix("outputs/")[:22] for each in found]


def test_the_table_has_every_run_and_sweep_the_newest_last(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = [line for line in out.splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    assert [row[0][11:] for row in cells] == ["09:00", "10:00", "11:00", "12:00", "13:00", "14:00"]
    assert cells[0] == [
        *("2026-11-28 09:00", "poisson_2d", "mlp", "adam", "1.0e-05", "9.00", "pass", "0", "3f7bdd5*"),
        "outputs/poisson_2d/2026-11-28_09-00-00-000001",
    ]
    assert cells[1][8] == "3f7bdd5"
    assert (cells[2][4], cells[2][6]) == ("", "no reference")
    assert cells[3][6:9] == ["unfinished, step 100", "7", ""]
    assert cells[4][4:7] == ["3.1e-02", "36.0", "3 pass"]
    assert cells[5][6] == "1 pass, 1 failed, unfinished"
    assert "4 runs and 2 sweeps, whose runs --jobs lists\n" in out
    assert "'pinn resume=FOLDER' goes on with an unfinished run" in out


SELECTIONS = {
    "by a name": (["--problem", "heat_1d"], ["heat_1d/mine", "heat_1d/2026-11-28_12-"]),
    "by a pattern": (["--problem", "poi*", "--last", "1"], ["sweeps/2026-11-28_14-0"]),
    "by verdict": (["--verdict", "unfinished"], ["heat_1d/2026-11-28_12-"]),
    "by two": (["--problem", "heat_1d", "--solver", "adam"], []),
    "the best first": (
        ["--jobs", "--sort", "error", "--field", "mlp", "--problem", "poisson_2d", "--verdict", "pass"],
        [
            "poisson_2d/2026-11-28_",  # 1e-5
            "poisson_2d/2026-11-28_",  # 1e-3
            "sweeps/2026-11-28_14-0",  # 1e-3
            *["sweeps/2026-11-28_13-0"] * 3,
        ],
    ),
    "the slowest of the last three first": (
        ["--last", "3", "--sort", "seconds", "--reverse"],
        ["sweeps/2026-11-28_13-0", "sweeps/2026-11-28_14-0", "heat_1d/2026-11-28_12-"],
    ),
    "a sweep alone": (["outputs/sweeps/2026-11-28_13-00-00-000001"], ["sweeps/2026-11-28_13-0"] * 3),
    "a run alone": (["outputs/heat_1d/mine"], ["heat_1d/mine"]),
}


@pytest.mark.parametrize(("words", "expected"), SELECTIONS.values(), ids=SELECTIONS)
def test_runs_are_selected_and_sorted(
    runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: list[str]
) -> None:
    assert names(listed(capsys, *words)) == expected


def test_a_sweep_with_a_name_of_its_own_that_goes_on_is_as_old_as_its_first_run(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, hour in enumerate((11, 10, 12)):
        finished(work / "mine" / str(number), date=f"2026-11-28T{hour}:00:00")
    (work / "mine" / "multirun.yaml").touch()
    (found,) = listed(capsys, str(work))
    assert (found["date"], found["verdict"], found["runs"]) == ("2026-11-28T10:00:00", "3 pass, unfinished", 3)


def test_csv_and_json_say_the_same(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys)
    assert main(["list", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [{key: "" if value is None else str(value) for key, value in each.items()} for each in found] == rows
    assert found[0] == {
        "folder": "outputs/poisson_2d/2026-11-28_09-00-00-000001",
        "date": "2026-11-28T09:00:00",
        "problem": "poisson_2d",
        "field": "mlp",
        "solver": "adam",
        "relative_l2": 1e-5,
        "seconds": 9.0,
        "steps": 100,
        "verdict": "pass",
        "seed": 0,
        "dtype": "float64",
        "commit": f"{COMMIT}-dirty",
        "runs": None,
    }


def test_nothing_found_says_what_was_meant(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--problem", "heat1d"]) == 0
    assert capsys.readouterr().out == "no runs in outputs of problem heat1d. Did you mean heat_1d?\n"
    (runs / "empty").mkdir()
    assert main(["list", "outputs/empty"]) == 0
    assert capsys.readouterr().out == "no runs in outputs/empty\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "list: expected a folder with runs in it; there is no nowhere. Say pinn list FOLDER."),
        (["--sort", "eror"], "got 'eror'. Did you mean --sort error?"),
        (["--last", "0"], "expected a whole number of at least 1; got '0'"),
    ],
)
def test_bad_words_are_told(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(["list", *words]) == 2
    assert said in capsys.readouterr().err


DAMAGED = {
    "empty": b"",
    "cut off": b'{"problem": "heat_1d", "verd',
    "no mapping": b"[1, 2]",
    "no verdict": b'{"problem": "heat_1d"}',
    "deep": b"[" * 100_000,
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_summary_is_a_line_of_the_table(
    work: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    folder = killed(work / "outputs" / "run")
    (folder / "summary.json").write_bytes(content)
    (found,) = listed(capsys)
    assert (found["verdict"], found["problem"], found["steps"]) == ("damaged", "poisson_2d", 100)


def test_values_of_other_kinds_are_unknown_and_no_text_moves_the_cursor(work: Path) -> None:
    folder = work / "run"
    folder.mkdir()
    strange = {
        "verdict": "pa\x1b[2Jss",
        "problem": ["x"],
        "errors": {"relative_l2": "1"},
        "seconds": 3,
        "seed": True,
        "steps": 1.5,
        "date": "tomorrow",
    }
    (folder / "summary.json").write_text(json.dumps(strange), encoding="utf-8")
    run = read(folder)
    assert (run.problem, run.relative_l2, run.seconds, run.seed, run.steps) == (None, None, None, None, None)
    assert run.date is not None  # of the file
    assert run.verdict == "pa?[2Jss"
    (folder / "summary.json").write_text('{"verdict": "pass", "seconds": {"total": 1' + 400 * "0" + "}}")
    assert read(folder).seconds is None


def test_a_run_that_somebody_works_on_is_running(work: Path) -> None:
    folder = killed(work / "run")
    assert read(folder).verdict == "unfinished"
    with locked(folder):
        assert read(folder).verdict == "running"
    assert read(killed(work / "early", checkpoint=False)).verdict == "failed"


def test_links_are_followed_once_and_closed_folders_are_said(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(work / "scratch" / "run")
    (work / "outputs").mkdir()
    (work / "outputs" / "linked").symlink_to(work / "scratch")
    (work / "outputs" / "loop").symlink_to(work / "outputs")
    assert [run.name for run in find(work / "outputs").runs] == ["run"]
    (work / "outputs" / "closed").mkdir()
    scan = os.scandir

    def refuse(place: Any) -> Any:
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied", str(place))
        return scan(place)

    monkeypatch.setattr("os.scandir", refuse)
    assert main(["list"]) == 0
    out, err = capsys.readouterr()
    assert "linked/run" in out
    assert err == "pinn: list: outputs/closed cannot be read and is left out.\n"


def test_five_hundred_runs_are_listed_without_tensorflow_or_matplotlib(work: Path) -> None:
    """Of the 1.5 s that a person waits most is the start of Python; here the processor's time of it is measured."""
    for number in range(350):
        finished(work / "outputs" / f"run_{number}")
    for number in range(150):
        killed(work / "outputs" / f"killed_{number}", checkpoint=False)
    script = (
        "import sys, time; began = time.process_time()\n"
        "from pinn.app.main import main\n"
        "assert main(['list', '--csv']) == 0\n"
        "assert not {'tensorflow', 'keras', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "print(time.process_time() - began, file=sys.stderr)"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 501
    assert float(done.stderr) < 1.5, time.monotonic() - began
