"""`pinn predict`: values, derivatives and residuals of a run at points of a file, whole or not at all."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from pinn.app import points_file as room
from pinn.app.derivatives import derivatives
from pinn.app.main import main
from pinn.app.solution import Solution
from pinn.problems import Poisson2D

POINTS = np.array([[0.25, 0.5, 0.75], [0.5, 0.125, 0.5], [2.0, 0.5, 0.5]])  # the last one is outside


@pytest.fixture
def run(flow, tmp_path, monkeypatch) -> Path:
    """Its folder, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(room, "BLOCK", 2)
    return flow.save(tmp_path / "run")


def _points(name: str = "probe.csv", last: str = "2.0") -> str:
    lines = [f"{t!r},p{i},{y!r},{x!r}" for i, (x, y, t) in enumerate(POINTS.tolist()[:-1])]
    Path(name).write_text("\n".join(["t,id,y,x", *lines, f"0.5,p2,0.5,{last}", ""]))
    return name


def _by_tapes(solution: Solution, component: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A component with its first and second derivatives along all axes, `[N]`, `[N, d]` and `[N, d, d]`."""
    x = tf.constant(POINTS)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            u = solution.evaluator.field(x)[:, component]
        slopes = tf.unstack(inner.gradient(u, x), axis=1)
    second = tf.stack([outer.gradient(slope, x) for slope in slopes], axis=1)
    return u.numpy(), tf.stack(slopes, axis=1).numpy(), second.numpy()


def _table(text: str) -> dict[str, list[str]]:
    header, *rows = csv.reader(text.splitlines())
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def test_every_column_is_what_the_solution_says(flow, run, capsys):
    words = ["--points", _points(), "--derivatives", "gradient,u_t,v_yx,u_yy,laplacian", "--residual"]
    assert main(["predict", str(run), *words]) == 0
    printed = capsys.readouterr()
    assert printed.out == "3 points, 1 of them outside the domain, where nothing was learned: probe_values.csv\n"
    assert printed.err == ""
    found = _table(Path("probe_values.csv").read_text(encoding="utf-8"))
    assert list(found) == [
        *("t", "id", "y", "x", "u", "v", "u_x", "u_y", "v_x", "v_y", "u_t", "v_yx", "u_yy", "laplacian_u"),
        *("laplacian_v", "residual_momentum_x", "residual_momentum_y", "inside"),
    ]
    assert found["id"] == ["p0", "p1", "p2"]
    assert found["x"] == ["0.25", "0.5", "2.0"]
    assert found["inside"] == ["1", "1", "0"]
    (u, u1, u2), (v, v1, v2) = (_by_tapes(flow, component) for component in (0, 1))
    lu, lv = (h[:, 0, 0] + h[:, 1, 1] for h in (u2, v2))
    expected = {
        **{"u": u, "v": v, "u_x": u1[:, 0], "u_y": u1[:, 1], "v_x": v1[:, 0], "v_y": v1[:, 1], "u_t": u1[:, 2]},
        **{"v_yx": v2[:, 0, 1], "u_yy": u2[:, 1, 1], "laplacian_u": lu, "laplacian_v": lv},
        "residual_momentum_x": u1[:, 2] - lu,
        "residual_momentum_y": v1[:, 2] - lv - u1[:, 0],
    }
    for name, values in expected.items():  # by other engines: equal to round-off
        np.testing.assert_allclose([float(cell) for cell in found[name]], values, rtol=1e-11, atol=1e-12, err_msg=name)


def test_standard_output_has_the_table_and_nothing_else(flow, run, capsys):
    np.save("probe.npy", POINTS)
    assert main(["predict", str(run), "--points", "probe.npy", "--out", "-"]) == 0
    printed = capsys.readouterr()
    found = _table(printed.out)
    np.testing.assert_array_equal(np.array([found["u"], found["v"]], float).T, flow(POINTS))
    assert printed.err == "pinn: 3 points, 1 of them outside the domain, where nothing was learned.\n"
    assert not Path("probe_values.csv").exists()


def test_a_mistake_in_a_late_line_leaves_nothing_written(run, capsys):
    before = set(run.parent.rglob("*"))
    words = ["predict", str(run), "--points", _points(last="two")]
    assert main(words) == 2
    assert main([*words, "--out", "-"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("probe.csv, line 4, column x: expected a finite number; got 'two'.") == 2
    assert set(run.parent.rglob("*")) - before == {Path("probe.csv").absolute()}


def _of_version(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text())
    summary["versions"]["pinn"] = "0.0.1"
    (run / "summary.json").write_text(json.dumps(summary))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (shutil.rmtree, "expected the folder of a finished run, with its summary.json; got run, which is not there."),
        (lambda run: (run / "summary.json").unlink(), "got run, which has none."),
        (lambda run: (run / "summary.json").write_text("{"), "expected the summary of a run; it is damaged."),
        (lambda run: (run / "summary.json").write_text("[]"), "expected the summary of a run; got something else."),
        (lambda run: (run / "summary.json").write_text("{}"), "expected a run of pinn 0.1.0; got one of pinn unknown."),
        (lambda run: (run / "model.keras").write_text("cut"), "run/model.keras: expected a file as the run wrote it"),
        (_of_version, "run: expected a run of pinn 0.1.0; got one of pinn 0.0.1."),
    ],
)
def test_a_folder_of_something_else_is_refused(run, capsys, spoil, said):
    spoil(run)
    assert main(["predict", "run", "--points", _points()]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--points", "absent.csv"], "absent.csv: No such file or directory."),
        ([], "the following arguments are required: --points"),
        (["--points", "probe.csv", "--derivatives", "u_z"], "along x, y, t; got 'u_z'. Did you mean u_"),
        (["--points", "taken.csv"], "without the columns that are computed; got u."),
    ],
)
def test_a_mistake_in_the_words_is_a_sentence(run, capsys, words, said):
    _points()
    Path("taken.csv").write_text("x,y,t,u\n0,0,0,1\n")
    assert main(["predict", "run", *words]) == 2
    assert said in capsys.readouterr().err


def test_one_component_needs_no_name_behind_its_laplacian():
    assert list(derivatives(["hessian", "laplacian", "u_x"], Poisson2D())) == [
        "u_xx",
        "u_xy",
        "u_yy",
        "laplacian",
        "u_x",
    ]
