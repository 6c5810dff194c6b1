"""The comparison of solvers: its words, its table, its rivals, and one small run to the end."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pinn.problems import Poisson1D

sys.path.insert(0, str(Path(__file__).parents[2] / "experiments"))

import classical
import races
import work_precision
from classical import Rung
from races import Run


def test_words_are_read_and_those_of_the_command_are_kept() -> None:
    request = work_precision.read(
        ["problem=heat_1d", "seconds=2.5", "solvers=adam,bfgs", "rivals=false", "features=3,4", "figure=a/b.png"]
    )
    assert request.words == ("problem=heat_1d",)
    assert (request.seconds, request.solvers, request.features) == (2.5, ("adam", "bfgs"), (3, 4))
    assert (request.rivals, request.figure, request.seeds) == (False, Path("a/b.png"), 1)


BAD = {
    "solvers=adam,bfsg": r"solvers: expected one of .*; got 'bfsg'\. Did you mean bfgs\?",
    "seconds=-1": "seconds: expected a positive number; got '-1'",
    "seconds=soon": "seconds: expected a positive number; got 'soon'",
    "seeds=0": "seeds: expected a whole number of at least 1; got '0'",
    "features=50,many": "features: expected a whole number of at least 1; got 'many'",
    "rivals=maybe": "rivals: expected true or false; got 'maybe'",
    "solver=adam": "solver: expected solvers=, since all solvers are compared; got solver=adam",
    "time_limit=3": "time_limit: expected seconds=",
}


@pytest.mark.parametrize(("word", "message"), BAD.items(), ids=BAD)
def test_words_that_cannot_be_meant_are_refused(word: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        work_precision.read([word])


def test_an_unknown_problem_is_said_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert work_precision.main(["problem=poison_2d"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("work_precision: problem: expected one of")
    assert "Did you mean problem=poisson_2d?" in error


def run_of(method: str, family: str, seconds: list[float], errors: list[float]) -> Run:
    return Run(method, family, 0, np.array(seconds), np.array(errors), np.arange(1.0, len(seconds) + 1), 2.0)


def test_the_table_has_medians_the_classical_price_and_the_time_to_each_decade() -> None:
    runs = [
        run_of("bfgs", "quasi-Newton", [1.0, 2.0, 3.0], [1e-2, 5e-4, 2.5e-5]),
        run_of("bfgs", "quasi-Newton", [1.0, 4.0, 5.0], [1e-2, 5e-4, 2.5e-5]),
        run_of("bfgs", "quasi-Newton", [1.0, 8.0, 9.0], [1e-2, 5e-4, 2.5e-5]),
    ]
    grids = {2: [Rung(2, 10, 1e-3, 0.1), Rung(2, 100, 1e-5, 10.0)]}
    head, bfgs, order_2 = work_precision.table(runs, grids)
    assert head.split()[-3:] == ["1e-03", "1e-04", "1e-05"]
    assert " ".join(bfgs.split()) == "bfgs 2.5e-05 order 2, 64 cells, 4 s 2.0 5 3 4 5 -"
    assert order_2.split()[-3:] == ["0.1", "10", "10"]
    assert "finite" not in work_precision.table(runs, {})[1]


def test_the_picture_gets_every_run_with_the_classical_reference_first() -> None:
    curves = work_precision.curves([run_of("DeepXDE, L-BFGS", "DeepXDE", [1.0], [0.1])], {4: [Rung(4, 8, 1e-2, 0.1)]})
    assert [(c.name, c.family, c.reference) for c in curves] == [
        ("order 4", "finite differences", True),
        ("L-BFGS", "DeepXDE", False),
    ]
    assert curves[0].evaluations is None
    np.testing.assert_array_equal(curves[1].evaluations, [1.0])


def test_a_small_comparison_runs_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classical, "SIZES", {1: (8, 16)})
    drawn: dict[Path, int] = {}  # a picture is painted where it is tested for itself
    monkeypatch.setattr(
        work_precision, "save_figure", lambda figure, path: drawn.setdefault(path, len(figure.axes[0].get_lines()))
    )
    small = ["sampling.interior=64", "field.width=8", "solvers=adam,least_squares", "features=20", "steps=3"]
    words = ["problem=poisson_1d", "rivals=false", f"folder={tmp_path}", f"figure={tmp_path / 'copy.png'}", *small]
    assert work_precision.main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if ", 8 cells" in line or ", 16 cells" in line] == [
        "adam",
        "least_squares",
    ]
    with (tmp_path / "curves.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    adam = [row for row in rows if row["method"] == "adam"]
    assert float(adam[-1]["evaluations"]) == 3.0
    assert 1e-3 < float(adam[-1]["error"]) < 10.0
    features = [row for row in rows if row["method"] == "least_squares"]
    assert len(features) == 1
    assert float(features[0]["error"]) < 1e-3
    assert {row["evaluations"] for row in rows if row["family"] == "finite differences"} == {""}
    assert drawn == {tmp_path / "work_precision.png": 3, tmp_path / "copy.png": 3}


CONFIG = {
    "field": {"name": "mlp", "activation": "tanh", "width": 32, "depth": 2},
    "sampling": {"name": "sobol", "interior": 5, "boundary": 2, "initial": None, "resample_every": 0},
    "time_limit": 2.0,
    "seed": 0,
}
FAKE = """
import json, sys
import numpy as np
request, points = json.load(open(sys.argv[1])), np.load(sys.argv[2])
if request["strategy"] == "dies":
    raise SystemExit("no such library")
print("a library says hello")
for k in (1, 2, 30):
    print(json.dumps({"seconds": k, "error": 10.0**-k, "evaluations": None if k == 1 else len(points["interior"])}))
refused = request["strategy"] == "refused"
print(json.dumps({"refused": "it cannot"} if refused else {"done": request["weights"]["flux"]}))
"""


def ours(problem: object) -> SimpleNamespace:
    points = np.linspace(0.1, 0.9, 5)[:, np.newaxis]
    return SimpleNamespace(problem=problem, collocation={"equation": points}, validation=points)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rivals").mkdir()
    (tmp_path / "rivals" / "deepxde_accuracy.py").write_text(FAKE, encoding="utf-8")
    monkeypatch.setattr(races, "HERE", tmp_path)
    monkeypatch.setattr(races, "PYTHON", Path(sys.executable))


@pytest.mark.usefixtures("fake")
def test_a_rival_is_asked_with_our_points_and_answers_in_lines() -> None:
    run = races.of_deepxde(CONFIG, "L-BFGS", ours(Poisson1D()))
    np.testing.assert_array_equal(run.errors, [0.1, 0.01])  # what came after 30 s was too late
    np.testing.assert_array_equal(run.evaluations, [np.nan, 5.0])
    assert run.setup == pytest.approx(math.pi**2)  # the weight of a flux, which the fake says again
    with pytest.raises(RuntimeError, match="it cannot"):
        races.of_deepxde(CONFIG, "refused", ours(Poisson1D()))
    with pytest.raises(RuntimeError, match="no such library"):
        races.of_deepxde(CONFIG, "dies", ours(Poisson1D()))
    other = {**CONFIG, "field": {**CONFIG["field"], "name": "fourier"}}
    with pytest.raises(RuntimeError, match="tanh networks"):
        races.of_deepxde(other, "L-BFGS", ours(Poisson1D()))


def test_without_an_environment_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(races, "PYTHON", tmp_path / "python")
    with pytest.raises(FileNotFoundError, match="make rivals"):
        races.of_deepxde(CONFIG, "L-BFGS", ours(Poisson1D()))
