"""A solution in the formats of other programs: read back by those programs, without this one, to the same numbers."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
from app_runs import settings, silent
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOXML import vtkXMLUnstructuredGridReader

from pinn.app import export_keras, export_saved_model, export_vtk
from pinn.app.formats import FORMATS, NotExportedError, Wishes, require
from pinn.app.main import main
from pinn.app.messages import UNKEPT
from pinn.app.run import run
from pinn.app.settings import Format
from pinn.app.solution import Solution, field_evaluator
from pinn.calculus import Jet, PointSet, engine_named
from pinn.fields import EvolvingFeatures, FieldRecipe, FourierFeatures, Layout, Mlp, Patches, RandomFeatures, Slabs
from pinn.geometry import Ball, Shape
from pinn.problems import (
    AllenCahn1D,
    Burgers1D,
    Condition,
    Dirichlet,
    Heat1D,
    Heat2D,
    LaplaceAnnulus,
    LaplaceDiscs,
    Neumann,
    Poisson1D,
    Poisson2D,
    PoissonND,
    Problem,
    Wave1D,
)
from pinn.training import enforce

POINTS = np.array([[0.25, 0.5, 0.75], [0.5, 0.125, 0.5]])


@pytest.fixture
def saved(flow: Solution, tmp_path: Path) -> Path:
    return flow.save(tmp_path / "run")


def _read(path: Path):
    reader = vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(path))
    reader.Update()
    found = reader.GetOutput()
    data = found.GetPointData()
    fields = {data.GetArrayName(i): vtk_to_numpy(data.GetArray(i)) for i in range(data.GetNumberOfArrays())}
    return vtk_to_numpy(found.GetPoints().GetData()), fields, found


def test_a_flow_in_time_is_a_series_of_meshes(flow: Solution, saved: Path, capsys):
    stale = saved / "vtk" / "solution_0007.vtu"
    own = saved / "vtk" / "solution_mine.vtu"
    stale.parent.mkdir()
    stale.touch()
    own.touch()
    assert main(["export", str(saved), "--format", "vtk", "--times", "3", "--resolution", "4"]) == 0
    assert capsys.readouterr().out == f"vtk: {saved / 'vtk' / 'solution.pvd'}\n"
    rows = ET.parse(saved / "vtk" / "solution.pvd").getroot().findall("./Collection/DataSet")
    assert [float(row.get("timestep")) for row in rows] == [0.0, 0.5, 1.0]
    assert not stale.exists()
    assert own.exists()
    points, fields, found = _read(saved / "vtk" / rows[1].get("file"))
    assert found.GetNumberOfCells() == 16
    assert found.GetFieldData().GetArray("TimeValue").GetValue(0) == 0.5
    at = np.column_stack([points[:, :2], np.full(len(points), 0.5)])
    value, exact = flow(at), flow.evaluator.exact(at)
    jet, residuals = flow.jet(at), flow.evaluator.residuals(at)
    expected = {
        **{"u": value[:, 0], "v": value[:, 1], "u_exact": exact[:, 0], "v_exact": exact[:, 1]},
        **{"u_error": value[:, 0] - exact[:, 0], "v_error": value[:, 1] - exact[:, 1]},
        **{"velocity": value, "velocity_exact": exact, "velocity_error": value - exact},
        **{"u_gradient": jet.gradient()[:, 0], "v_gradient": jet.gradient()[:, 1]},
        **{f"residual_{name}": r for name, r in residuals.items()},
    }
    assert set(fields) == set(expected)
    for name, values in expected.items():
        read = fields[name] if np.ndim(values) == 1 else fields[name][:, :2]
        np.testing.assert_allclose(read, values, rtol=1e-11, atol=1e-12, err_msg=name)
        assert np.ndim(values) == 1 or not fields[name][:, 2].any()


class Membrane(Problem):
    """A disc, and no exact solution."""

    @property
    def domain(self) -> Shape:
        return Ball((0.0, 0.0), 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian() + 1.0

    def conditions(self) -> list[Condition]:
        return [Dirichlet(0.0)]


class _Evaluator(SimpleNamespace):
    """`x^2 y` in place of a trained field."""

    known: ClassVar[bool] = False

    def asked(self, expression):
        return lambda x: {
            "value": x[:, 0] ** 2 * x[:, 1],
            "gradient": np.stack([2 * x[:, 0] * x[:, 1], x[:, 0] ** 2], axis=1),
            "residual": 2 * x[:, 1] + 1,
        }


def test_a_steady_field_without_a_truth_is_one_mesh(tmp_path: Path):
    solution = SimpleNamespace(problem=Membrane(), evaluator=_Evaluator())
    path = export_vtk.export(solution, tmp_path, Wishes(resolution=16))  # type: ignore[arg-type]
    assert path == tmp_path / "vtk" / "solution.vtu"
    points, fields, _ = _read(path)
    assert set(fields) == {"u", "u_gradient", "residual"}
    np.testing.assert_array_equal(fields["u"], points[:, 0] ** 2 * points[:, 1])
    np.testing.assert_array_equal(fields["u_gradient"][:, 1], points[:, 0] ** 2)


@pytest.mark.parametrize(
    ("formats", "problem", "wishes", "said"),
    [
        (["vkt"], Poisson2D(), {}, "export: expected one of keras, saved_model, vtk; got 'vkt'. Did you mean vtk?"),
        (
            ["keras", "vtk"],
            PoissonND(),
            {},
            "up to three axes of space, which is what can be looked at; poisson_nd has 5",
        ),
        (["vtk"], Poisson2D(), {"times": 3}, "times: expected a problem in time; poisson_2d is steady"),
        (["vtk"], Heat2D(), {"times": 1}, "times: expected a whole number of at least 2; got 1"),
        (["vtk"], Heat2D(), {"resolution": 0}, "resolution: expected a whole number of at least 1; got 0"),
    ],
)
def test_what_cannot_be_is_refused_before_any_training(formats, problem, wishes, said):
    with pytest.raises(ValueError, match=said):
        require(formats, problem, Wishes(**wishes))


def test_a_config_and_the_command_know_the_same_formats():
    assert list(Format.__members__) == list(FORMATS)


WITHOUT_PINN = """
import importlib.abc, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pinn":
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Blocked())
import keras, numpy as np, tensorflow as tf

folder = sys.argv[1]
found = dict(np.load(f"{folder}/expected.npz"))
x = tf.constant(found["points"])
model = tf.saved_model.load(f"{folder}/saved_model")
slopes = model.derivatives(x)
signed = model.signatures["serving_default"](points=x)["values"]
whole = keras.saving.load_model(f"{folder}/solution.keras")
network = keras.saving.load_model(f"{folder}/model.keras")
np.savez(f"{folder}/got.npz", value=model.serve(x), signed=signed, keras=whole.predict(found["points"], verbose=0),
         network=network(x), gradient=slopes["gradient"], laplacian=slopes["laplacian"],
         signed_laplacian=model.signatures["derivatives"](points=x)["laplacian"])
assert not any(name.partition(".")[0] == "pinn" for name in sys.modules)
"""


def test_other_programs_predict_without_this_one(flow: Solution, saved: Path):
    """In a process where `pinn` cannot be imported."""
    assert main(["export", str(saved), "--format", "keras,saved_model"]) == 0
    jet = flow.jet(POINTS)
    np.savez(saved / "expected.npz", points=POINTS)
    done = subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT_PINN, str(saved)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    got = dict(np.load(saved / "got.npz"))
    expected = flow(POINTS)
    assert got["value"].dtype == np.float64
    for name in ("value", "signed", "keras"):
        np.testing.assert_allclose(got[name], expected, rtol=1e-14, atol=1e-15, err_msg=name)
    assert np.max(np.abs(got["network"] - expected)) > 1e-3  # the network alone is something else
    np.testing.assert_allclose(got["gradient"], jet.gradient("x", "y", "t"), rtol=1e-12, atol=1e-13)
    for name in ("laplacian", "signed_laplacian"):
        np.testing.assert_allclose(got[name], jet.laplacian(), rtol=1e-11, atol=1e-12)


def _untrained(problem: Problem, recipe: FieldRecipe, conditions: str = "auto") -> Solution:
    """A solution whose weights are drawn by chance."""
    enforcement = enforce(problem, conditions)
    layout = Layout(*problem.domain.bounds, problem.components, periodic=enforcement.periodic)
    model, rng = recipe.build(layout), np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    evaluator = field_evaluator(problem, model, enforcement.ansatz, engine=engine_named("auto"), dtype="float64")
    points = problem.domain.interior(rng.random((64, problem.domain.unit_dimension)))
    return Solution(problem, model, evaluator, {}, {"conditions": conditions}, {}, {}, points)


MLP = Mlp(width=4, depth=1)


def test_a_disk_that_is_full_for_tensorflow_is_an_error_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    with pytest.raises(OSError, match="saved_model: No space left on device"):
        export_saved_model.export(_untrained(Poisson2D(), MLP), tmp_path, Wishes())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("problem", "recipe"),
    [
        (LaplaceAnnulus(), FourierFeatures(width=4, depth=1, features=3)),
        (Poisson1D(), RandomFeatures(features=12, activation="sine")),
        (Poisson2D(), Patches(patches=2, features=6)),
        (Burgers1D(), Slabs(slabs=2, features=6)),
        (Heat1D(), EvolvingFeatures(6, frames=4)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_fields_of_every_kind_leave_with_their_ansatz(problem: Problem, recipe: FieldRecipe, tmp_path: Path):
    solution = _untrained(problem, recipe)
    points, expected = solution.validation, solution(solution.validation)
    whole = keras.saving.load_model(export_keras.export(solution, tmp_path, Wishes()))
    np.testing.assert_allclose(whole(points)[:, 0], expected, rtol=1e-13, atol=1e-13)
    served = tf.saved_model.load(str(export_saved_model.export(solution, tmp_path, Wishes())))
    np.testing.assert_allclose(served.serve(tf.constant(points)), expected, rtol=1e-13, atol=1e-13)
    slopes = served.derivatives(tf.constant(points))
    jet = solution.jet(points)
    np.testing.assert_allclose(slopes["gradient"], jet.gradient(*problem.domain.axes), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(slopes["laplacian"], jet.laplacian(), rtol=1e-9, atol=1e-9)
    assert {path.name for path in tmp_path.iterdir()} == {"solution.keras", "saved_model"}


@pytest.mark.parametrize(
    "problem",
    [PoissonND(), LaplaceDiscs(), AllenCahn1D(), Heat2D()],
    ids=lambda problem: problem.name,
)
def test_the_ansatz_of_any_problem_is_made_of_stock_operations(problem: Problem):
    """Nothing at all, a choice among holes, a seam, numbers over time: together they have each of the rules."""
    solution = _untrained(problem, MLP)
    points = tf.constant(solution.validation)
    found = export_keras.whole(solution)(points)
    np.testing.assert_allclose(found[:, 0], solution(points), rtol=1e-14, atol=1e-15)


def test_a_file_that_does_not_say_the_same_is_not_kept(tmp_path: Path, monkeypatch):
    solution = _untrained(Poisson2D(), MLP)
    monkeypatch.setattr(export_keras, "whole", lambda _: solution.model)
    with pytest.raises(NotExportedError, match="since what was written does not say the same"):
        export_keras.export(solution, tmp_path, Wishes())
    assert not list(tmp_path.iterdir())


class Beam(Poisson1D):
    """With a flux that can be exact."""

    def conditions(self) -> list[Condition]:
        return [Dirichlet(0.0, on="x_min"), Neumann(0.0, on="x_max")]


@pytest.mark.parametrize(
    ("problem", "conditions", "said"),
    [
        (Beam(), "exact", "since its exact fluxes differentiate the network; export=\\[saved_model\\] does"),
        (Wave1D(), "auto", "use TensorFlow's BroadcastGradientArgs, which is no operation of Keras"),
    ],
)
def test_an_ansatz_that_keras_cannot_say_is_refused_with_a_remedy(problem, conditions, said):
    with pytest.raises(NotExportedError, match=said):
        export_keras.whole(_untrained(problem, MLP, conditions))


def test_an_operation_of_keras_that_fails_is_refused_too(monkeypatch):
    def fails(*_):
        raise IndexError("too many indices.\nFour lines more")

    monkeypatch.setattr(export_keras, "stock", fails)
    said = "since Keras refuses an operation of its exact conditions (too many indices); export=[saved_model] does"
    with pytest.raises(NotExportedError, match=re.escape(said)):
        export_keras.whole(_untrained(Poisson2D(), MLP))


def test_a_defect_of_an_export_does_not_fail_a_run_that_is_saved(tmp_path: Path, capsys, caplog, monkeypatch):
    def breaks(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr(export_vtk, "export", breaks)
    config = settings("pinn.problems.Poisson1D", export=["vtk", "keras"])
    assert run(config, tmp_path, silent) == UNKEPT
    assert capsys.readouterr().err == "pinn: vtk: RuntimeError: boom.\n"
    assert "Traceback" in caplog.text
    assert (tmp_path / "summary.json").is_file()
    assert (tmp_path / "solution.keras").is_file()


def test_a_run_writes_what_it_is_asked_for_and_says_what_it_cannot(tmp_path: Path, capsys):
    config = settings(f"{__name__}.Beam", export=["keras", "vtk"], conditions="exact", report=True)
    (tmp_path / "report.html").mkdir()  # which no file can replace
    assert run(config, tmp_path, silent) == UNKEPT
    keras_said, report_said = capsys.readouterr().err.splitlines()
    assert keras_said.startswith("pinn: keras: no file of Keras holds this field, since its exact fluxes")
    assert report_said.startswith("pinn: report: ")
    assert not list(tmp_path.glob("solution.keras"))
    assert (tmp_path / "vtk" / "solution.vtu").is_file()


def test_a_verb_that_cannot_says_so_with_its_status(flow, saved, capsys, monkeypatch):
    def refused(*_):
        raise NotExportedError("no file of Keras holds this field")

    monkeypatch.setattr(export_keras, "export", refused)
    assert main(["export", str(saved), "--format", "keras"]) == 1
    assert capsys.readouterr().err == "pinn: no file of Keras holds this field.\n"
