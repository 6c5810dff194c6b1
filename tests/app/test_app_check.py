"""`pinn check`: mistakes are said with the place and the remedy, files lie in a folder, and nothing is trained."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from app_fakes import FakeRun, tree

import pinn
from pinn.app.check import Examination, check
from pinn.app.main import main
from pinn.problems import LayeredWall, Poisson2D, Problem
from pinn.solvers import Bfgs
from pinn.validation.checks import CHECKS, Finding

MINE = """
from dataclasses import dataclass

import pinn


@dataclass(frozen=True)
class Mine(pinn.Problem):
    domain = pinn.Box((0, 0), (1, 1))
    on: tuple = ("boundary",)
    twice: bool = False

    def residual(self, p, u):
        return u.laplacian() + 1.0

    def conditions(self):
        return [pinn.Dirichlet(0.0, on=self.on), *([pinn.Dirichlet(1.0, on="y_max")] if self.twice else [])]
"""
POLYGON = "problem=poisson_expression"


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with a problem of one's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    return tmp_path


@pytest.fixture(autouse=True)
def no_references(monkeypatch: pytest.MonkeyPatch) -> None:
    """No check computes a reference, which may take minutes."""

    def computed(*_: object, **__: object) -> None:
        raise AssertionError("a reference was computed")

    monkeypatch.setattr("pinn.app.truth.finite_element_reference", computed)


def _written(work: Path) -> list[str]:
    return [name for name in tree(work) if name.endswith((".json", ".png", ".yaml", ".log"))]


def _report(work: Path) -> Mapping[str, Any]:
    (path,) = work.rglob("check.json")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.pictures
def test_a_check_prints_a_table_and_leaves_its_files_in_a_folder_of_its_own(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "problem=heat_1d", "problem.duration=2"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "\x1b" not in shown.out
    assert max(len(line) for line in shown.out.splitlines()) <= 80
    for check_name in (*CHECKS, "cost"):
        assert f"│ ok    │ {check_name} " in shown.out
    assert "heat_1d: 0 errors, 0 warnings; outputs/check/heat_1d/" in shown.out
    names = [Path(name).name for name in _written(work)]
    assert sorted(names) == ["check.json", "domain.png", "run.log"]
    (picture,) = work.rglob("domain.png")
    assert picture.stat().st_size > 10_000


def test_an_error_is_status_2_with_the_table_and_the_files(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", "problem._target_=mine.Mine", "problem.on=[x_min,x_max,y_min]", "hydra.run.dir=here"]
    assert main(words) == 2
    out = capsys.readouterr().out
    assert "no condition on a part of the boundary" in " ".join(out.replace("│", " ").split())
    assert "1 error, 0 warnings; here" in out
    assert sorted(Path(name).name for name in _written(work / "here")) == ["check.json", "domain.png", "run.log"]
    assert _report(work)["level"] == "error"


BAD = {
    "a part that is not there": (
        ["problem._target_=mine.Mine", "problem.on=[tpo]"],
        ("dirichlet_tpo, on Box", "unknown boundary part 'tpo'", "choose from x_min"),
    ),
    "no part at all": (
        ["problem._target_=mine.Mine", "problem.on=[]"],
        ("on Box", "holds nowhere", "Choose from x_min"),
    ),
    "a polygon that crosses itself": (
        [POLYGON, "problem.shape={type: polygon, vertices: [[0, 0], [1, 1], [1, 0], [0, 1]]}"],
        ("the outline must not cross", "order in which they lie"),
    ),
    "a polygon of two points": (
        [POLYGON, "problem.shape={type: polygon, vertices: [[0, 0], [1, 1]]}"],
        ("the outline must have 3 vertices or more, got 2",),
    ),
    "an empty intersection": (
        [
            POLYGON,
            "problem.shape={type: intersection, of: [{type: ball, center: [0, 0], radius: 1}, "
            "{type: ball, center: [5, 0], radius: 1}]}",
        ],
        ("the intersection is empty", "Ball", "Move or resize"),
    ),
}


@pytest.mark.parametrize("first", [[], ["check"]], ids=["run", "check"])
@pytest.mark.parametrize(("words", "said"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_with_the_shape_the_part_and_the_remedy(
    first: list[str], words: list[str], said: tuple[str, ...], work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*first, *words]) == 2
    shown = capsys.readouterr()
    assert len(shown.err.splitlines()) <= 2
    assert [words for words in said if words not in shown.err] == []
    assert not (work / "outputs").exists()


def test_two_values_on_a_part_are_refused_by_a_run_and_found_by_a_check(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["problem._target_=mine.Mine", "problem.twice=true"]
    assert main(words) == 2
    assert "expected one value for each part of the boundary; got two on 'y_max'" in capsys.readouterr().err
    assert main(["check", *words]) == 2
    assert [f["where"] for f in _report(work)["findings"] if f["level"] == "error"] == ["y_max"]


@pytest.mark.parametrize("word", ["-m", "--multirun", "resume=outputs/x"])
def test_words_about_runs_are_refused(word: str, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", word]) == 2
    assert "expected one problem that has not been run" in capsys.readouterr().err
    assert not (work / "outputs").exists()


def test_the_word_is_no_key_and_its_settings_are_not_those_of_a_run(work: Path) -> None:
    run = FakeRun()
    assert main(["check", "seed=3"], run=run) == 0
    assert run.configs[0]["seed"] == 3
    assert run.folders[0].parent == work / "outputs" / "check" / "poisson_2d"
    assert not list(work.rglob("asked.yaml"))
    assert main(["seed=3", "check"], run=run) == 2


def test_the_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    assert "pinn check [group=choice | key=value]" in capsys.readouterr().out


def test_python_gets_the_findings() -> None:
    found = pinn.check(Poisson2D())
    assert isinstance(found, Examination)
    assert found.level == "ok"
    (cost,) = [finding for finding in found.findings if finding.check == "cost"]
    assert cost.numbers["weights"] == 601
    assert cost.numbers["rows"] == 1000
    assert found.plot() is not None
    assert check(pinn.problems.PoissonND(4)).plot() is None


def test_a_matrix_that_does_not_fit_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.solvers.checks.memory", lambda: 1e6)
    found = check(Poisson2D(), field=pinn.fields.Mlp(), solver=Bfgs())
    (cost,) = [finding for finding in found.findings if finding.check == "cost"]
    assert cost.level == "error"
    assert "the inverse Hessian of 1185 weights needs" in cost.what
    assert cost.remedy == "solver=lbfgs needs little"


def test_the_cost_is_that_of_the_rung_that_a_run_begins_with() -> None:
    found = check(LayeredWall())
    (cost,) = [finding for finding in found.findings if finding.check == "cost"]
    assert cost.what.startswith("random_features by least_squares")
    assert cost.numbers["rows"] == 2 * 1000 + 2  # two layers, and two conditions at the contact
    assert 1.0 < cost.numbers["seconds"] < 600.0


def test_a_check_that_fails_is_a_warning_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(problem: Problem) -> list[Finding]:
        raise ZeroDivisionError("nothing")

    monkeypatch.setattr("pinn.app.check.CHECKS", {"mine": fails})
    first, *_ = check(Poisson2D()).findings
    assert (first.level, first.check) == ("warning", "mine")
    assert "ZeroDivisionError: nothing" in first.what
