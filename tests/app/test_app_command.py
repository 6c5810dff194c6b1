"""The command in this process with a fake run: what it hands over, what it says, what it leaves behind."""

from __future__ import annotations

import io
import logging
import os
import sys
from pathlib import Path

import pytest
import yaml
from app_fakes import FakeRun, tree

from pinn.app.main import main

KEYS = (
    "accuracy, balance, checkpoint, conditions, device, dtype, engine, experiment, export, field, init_from, mlflow, "
    "name, problem, progress, record, reference, report, resume, sampling, seed, solver, time_limit, weights"
)

# words -> exact standard error without the leading "pinn: "
BAD_INPUT = {
    "unknown choice": (
        ["field=mpl"],
        "field: expected one of auto, evolving_features, fourier, mlp, patches, random_features, slabs; got 'mpl'. "
        "Did you mean field=mlp?",
    ),
    "unknown choice, nothing near": (
        ["solver=simplex"],
        "solver: expected one of adam, auto, bfgs, chain, engd, gauss_newton, gauss_newton_cg, lbfgs, least_squares, "
        "levenberg_marquardt, ss_bfgs, ss_broyden; got 'simplex'.",
    ),
    "unknown experiment": (
        ["experiment=smok"],
        "experiment: expected one of accurate, compare_activations, compare_fields, smoke; got 'smok'."
        " Did you mean experiment=smoke?",
    ),
    "a number for a choice": (
        ["field=3"],
        "field: expected the name of a choice; got 3. 'pinn --help' lists them.",
    ),
    "unknown top key": (["sed=1"], f"sed: no such key; expected one of {KEYS}.\nDid you mean seed?"),
    "unknown group": (["fild=mlp"], f"fild: no such key; expected one of {KEYS}.\nDid you mean field?"),
    "unknown option": (
        ["field.wdth=3"],
        "field.wdth: no such key; expected one of activation, depth, width.\nDid you mean field.width?",
    ),
    "unknown option, forced": (
        ["+field.wdth=3"],
        "field.wdth: no such key; expected one of activation, depth, name, width.",
    ),
    "option of another choice": (
        ["solver.adam.max_steps=3"],
        "solver.adam: no such key; solver has no options as it was chosen.",
    ),
    "unknown parameter": (
        ["problem=poisson_nd", "problem.dimesion=3"],
        "problem.dimesion: no such key; expected one of dimension.\nDid you mean problem.dimension?",
    ),
    "parameter the yaml lacks": (
        ["problem=poisson_nd", "problem.k=3"],
        "problem.k: no such key; expected one of dimension.\n"
        "A parameter that the yaml does not list is added by +problem.k=VALUE.",
    ),
    "unknown key of Hydra": (
        ["hydra.run.dri=x"],
        "hydra.run.dri: no such key; expected one of dir.\nDid you mean hydra.run.dir?",
    ),
    "text for an integer": (["field=mlp", "field.width=abc"], "field.width: expected an integer; got 'abc'."),
    "fraction for an integer": (["field=mlp", "field.width=2.5"], "field.width: expected an integer; got 2.5."),
    "null for an integer": (["field=mlp", "field.width=null"], "field.width: expected an integer; got null."),
    "text for a number": (["accuracy=small"], "accuracy: expected a number, null or best; got 'small'."),
    "text for a weight": (["weights.conditions=big"], "weights.conditions: expected a number; got 'big'."),
    "a switch for an accuracy": (["accuracy=true"], "accuracy: expected a number, null or best; got True."),
    "a word for a list": (
        ["export=vtk"],
        "export: expected a list of some of keras, saved_model, vtk, such as [keras]; got 'vtk'.",
    ),
    "a word not on offer in a list": (
        ["export=[vtk,savedmodel]"],
        "export[1]: expected one of keras, saved_model, vtk; got 'savedmodel'. Did you mean saved_model?",
    ),
    "text for a switch": (["progress=perhaps"], "progress: expected true or false; got 'perhaps'."),
    "a word not on offer": (
        ["dtype=flot32"],
        "dtype: expected one of float32, float64; got 'flot32'. Did you mean dtype=float32?",
    ),
    "out of range": (["field.width=0"], "field.width: expected a number of at least 1; got 0."),
    "not positive": (["accuracy=-1e-4"], "accuracy: expected a number above 0; got -0.0001."),
    "not below": (["solver=adam", "solver.beta_1=1"], "solver.beta_1: expected a number below 1; got 1.0."),
    "not finite": (["accuracy=nan"], "accuracy: expected a finite number; got nan."),
    "deleted key": (["~seed"], "seed: expected a value; the key was deleted. Leave out ~seed."),
    "deleted group": (["~field"], "field: a value is missing; give one by field=VALUE."),
    "renamed choice": (
        ["field.name=fourier"],
        "field.name: the choice field=auto has the name 'auto'; got 'fourier'. Write field=fourier.",
    ),
    "no value": (["field"], "expected key=value; got 'field'. 'pinn --help' shows the keys."),
    "no key": (["=3"], "expected key=value; got '=3'. 'pinn --help' shows the keys."),
    "malformed value": (
        ["seed=[1,2"],
        "seed: cannot read 'seed=[1,2': no viable alternative at input '[1,2'.\n"
        "A text with special characters needs quotes: seed='\"...\"'",
    ),
    "sweep without -m": (
        ["field.width=1,2"],
        "field.width=1,2: several values ask for a sweep; add -m to run them all. A list is written field.width=[1,2].",
    ),
    "range without -m": (
        ["seed=range(0,3)"],
        "seed=range(0,3): several values ask for a sweep; add -m to run them all.",
    ),
    "needless plus": (["+seed=1"], "+seed: the key is there already; write it without the +."),
    "unknown interpolation": (["device=${nope}"], "device: Interpolation key 'nope' not found."),
    "unknown interpolation in the folder": (
        ["hydra.run.dir=${nope}"],
        "hydra.run.dir: Interpolation key 'nope' not found.",
    ),
    "unknown flag": (
        ["--multrun"],
        "--multrun: no such flag. Did you mean --multirun? 'pinn --help' shows what there is.",
    ),
    "no saved config": (["nope.yaml"], "nope.yaml: no such file; expected the config.yaml of a run."),
    "bad choice in a sweep": (
        ["-m", "field=mlp,mpl"],
        "field: expected one of auto, evolving_features, fourier, mlp, patches, random_features, slabs; got 'mpl'. "
        "Did you mean field=mlp?",
    ),
    "said by the run": (["seed=7"], "problem.k: expected a number above 0; got -1.\nTry problem.k=1."),
}


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> FakeRun:
    """A run that succeeds, but for seeds 1 (not solved), 7 (bad input), 8 (a defect) and 9 (interrupted)."""
    return FakeRun(
        {
            1: 1,
            7: ValueError("problem.k: expected a number above 0; got -1.\nTry problem.k=1."),
            8: RuntimeError("boom"),
            9: KeyboardInterrupt(),
        }
    )


@pytest.mark.parametrize(("words", "message"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_bad_input_is_said_in_one_or_two_lines_and_leaves_nothing(
    words: list[str], message: str, run: FakeRun, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words, run=run) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"pinn: {message}\n")
    assert len(err.splitlines()) <= 2
    assert tree(work) == []


@pytest.mark.timeout(60)
def test_an_error_that_is_its_own_cause_is_said_too(
    run: FakeRun, work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """OmegaConf makes it so while a debugger looks on, and when asked for whole tracebacks."""
    monkeypatch.setenv("OC_CAUSE", "1")
    words, message = BAD_INPUT["a word not on offer in a list"]
    assert main(words, run=run) == 2
    assert capsys.readouterr() == ("", f"pinn: {message}\n")


def test_the_default_config_reaches_the_run_as_plain_data(run: FakeRun, work: Path) -> None:
    assert main([], run=run) == 0
    assert run.configs == [
        {
            "name": "poisson_2d",
            "problem": {"_target_": "pinn.problems.Poisson2D"},
            "field": {"name": "auto", "width": None, "depth": None, "activation": None},
            "solver": {"name": "auto"},
            "sampling": {
                "name": "sobol",
                "interior": None,
                "boundary": None,
                "initial": None,
                "resample_every": 0,
                "towards": None,
                "grading": "inverse",
                "width": 0.1,
                "early": None,
            },
            "balance": {"name": "fixed"},
            "engine": {"name": "auto"},
            "accuracy": None,
            "conditions": "auto",
            "weights": {},
            "seed": 0,
            "dtype": "float64",
            "device": "auto",
            "time_limit": None,
            "reference": "auto",
            "checkpoint": {"every": None, "seconds": 60.0, "keep": 2},
            "record": None,
            "mlflow": {"uri": None, "experiment": None},
            "init_from": None,
            "resume": None,
            "export": [],
            "report": True,
            "progress": True,
        }
    ]
    (folder,) = run.folders
    assert folder.relative_to(work).parts[:2] == ("outputs", "poisson_2d")
    assert tree(folder) == ["asked.yaml", "run.log", "summary.json"]


def test_values_of_the_command_line_arrive_with_their_types(run: FakeRun) -> None:
    words = [
        "solver=chain",
        "solver.adam.schedule=cosine",
        "solver.lbfgs.memory=7",
        "accuracy=1e-6",
        "weights.bottom=2",
    ]
    assert main([*words, "dtype=float32", "time_limit=60"], run=run) == 0
    (config,) = run.configs
    assert config["solver"]["adam"]["schedule"] == "cosine"
    assert config["solver"]["lbfgs"]["memory"] == 7
    assert (config["accuracy"], config["time_limit"], config["dtype"]) == (1e-6, 60.0, "float32")
    assert config["weights"] == {"bottom": 2.0}


@pytest.mark.parametrize(
    ("seed", "status", "said"),
    [
        (0, 0, ""),
        (1, 1, ""),
        (7, 2, "pinn: problem.k: expected a number above 0"),
        (8, 1, "pinn: the run failed: RuntimeError: boom. The traceback is in "),
        (9, 130, "pinn: interrupted."),
    ],
    ids=["solved", "not solved", "bad input", "defect", "interrupted"],
)
def test_exit_status(seed: int, status: int, said: str, run: FakeRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"seed={seed}"], run=run) == status
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert bool(err) == bool(said)


def test_the_traceback_of_a_defect_is_in_the_log(run: FakeRun, work: Path) -> None:
    main(["seed=8", "hydra.run.dir=here"], run=run)
    log = (work / "here" / "run.log").read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in log
    assert log.rstrip().endswith("RuntimeError: boom")


def test_bad_input_after_something_was_written_is_a_defect(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def late(config: object, folder: Path, observer: object) -> int:
        (folder / "history.csv").write_text("step\n", encoding="utf-8")
        raise ValueError("too late")

    assert main(["hydra.run.dir=here"], run=late) == 1
    assert tree(work / "here") == ["asked.yaml", "history.csv", "run.log"]
    assert "the run failed: ValueError: too late" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variable", "words"),
    [("PINN_DEBUG", ["field=mpl"]), ("PINN_DEBUG", ["seed=8"]), ("HYDRA_FULL_ERROR", ["seed=7"])],
    ids=["config", "defect", "input, by Hydra's variable"],
)
def test_tracebacks_on_request(
    variable: str, words: list[str], run: FakeRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "1")
    assert main(words, run=run) in (1, 2)
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_existing_folders_and_files_survive_bad_input(run: FakeRun, work: Path) -> None:
    (work / "mine").mkdir()
    (work / "mine" / "run.log").write_text("before\n", encoding="utf-8")
    (work / "empty").mkdir()
    assert main(["seed=7", "hydra.run.dir=mine"], run=run) == 2
    assert main(["seed=7", "hydra.run.dir=empty"], run=run) == 2
    assert main(["seed=7", "hydra.run.dir=empty/new/newer"], run=run) == 2
    assert tree(work) == ["empty", "mine", "mine/run.log"]
    assert (work / "mine" / "run.log").read_text(encoding="utf-8").startswith("before\n")


def test_an_unwritable_folder_is_bad_input_at_once(
    run: FakeRun, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "file").write_text("", encoding="utf-8")
    assert main(["hydra.run.dir=file/below"], run=run) == 2
    assert capsys.readouterr().err == (
        "pinn: cannot write the results: file/below: Not a directory.\nChoose another folder by hydra.run.dir=FOLDER.\n"
    )
    (work / "taken" / "run.log").mkdir(parents=True)
    assert main(["hydra.run.dir=taken"], run=run) == 2
    assert "Is a directory.\nChoose another folder" in capsys.readouterr().err
    assert run.configs == []


@pytest.mark.parametrize(
    ("words", "problem", "name"),
    [
        (["problem._target_=my_file.Mine"], {"_target_": "my_file.Mine"}, "Mine"),
        (["problem.k=3", "problem._target_=my_file.Mine"], {"_target_": "my_file.Mine", "k": 3}, "Mine"),
        (["+problem._target_=my_file.Mine", "++problem.k=[1,2]"], {"_target_": "my_file.Mine", "k": [1, 2]}, "Mine"),
        (["problem=custom", "problem._target_=my_file.Mine", "name=study"], {"_target_": "my_file.Mine"}, "study"),
        (
            ["problem=poisson_nd", "problem._target_=my_file.Mine"],
            {"_target_": "my_file.Mine", "dimension": 5},
            "poisson_nd",
        ),
    ],
    ids=["class", "parameter", "plus signs", "named", "over a yaml"],
)
def test_a_problem_of_ones_own(words: list[str], problem: dict[str, object], name: str, run: FakeRun) -> None:
    assert main(words, run=run) == 0
    assert run.configs[0]["problem"] == problem
    assert run.configs[0]["name"] == name
    assert run.folders[0].parent.name == name


def test_modules_of_the_working_directory_can_be_imported(work: Path) -> None:
    (work / "pinn_test_own_module.py").write_text("ANSWER = 42\n", encoding="utf-8")
    seen: list[int] = []

    def importing(config: object, folder: Path, observer: object) -> int:
        import pinn_test_own_module

        seen.append(pinn_test_own_module.ANSWER)
        return 0

    assert main([], run=importing) == 0
    assert seen == [42]


def test_choices_in_the_conf_folder_of_the_working_directory(
    run: FakeRun, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for group, choice, text in [
        ("problem", "mine", "_target_: my_file.Mine\nk: 2\n"),
        ("field", "wide", "defaults: [mlp, _self_]\nwidth: 128\n"),
        ("field", "wrong", "defaults: [mlp, _self_]\nwidth: many\n"),
        ("problem", "broken", "k: [1\n"),
    ]:
        path = work / "conf" / group / f"{choice}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert main(["problem=mine", "field=wide", "problem.k=5"], run=run) == 0
    assert run.configs[0]["problem"] == {"_target_": "my_file.Mine", "k": 5}
    assert run.configs[0]["field"] == {"name": "mlp", "width": 128, "depth": 2, "activation": "tanh"}
    assert capsys.readouterr().err == ""
    assert main(["field=wrong"], run=run) == 2
    assert capsys.readouterr().err == "pinn: field.width: expected an integer; got 'many'.\n"
    assert main(["problem=broken"], run=run) == 2
    assert capsys.readouterr().err.startswith(f"pinn: {work}/conf/problem/broken.yaml, line 2: expected ',' or ']'")
    assert main(["--help"], run=run) == 0
    assert (
        "field: auto, evolving_features, fourier, mlp, patches, random_features, slabs, wide, wrong\n"
        in capsys.readouterr().out
    )


def test_a_saved_config_runs_again(run: FakeRun, work: Path) -> None:
    words = ["problem=heat_1d", "field=fourier", "solver=chain", "solver.lbfgs.memory=7", "seed=3", "weights.initial=2"]
    assert main(words, run=run) == 0
    (work / "config.yaml").write_text(yaml.safe_dump(run.configs[0]), encoding="utf-8")
    assert main(["config.yaml"], run=run) == 0
    assert run.configs[1] == run.configs[0]
    assert main(["seed=4", "config.yaml", "field=mlp", "problem=poisson_1d"], run=run) == 0
    changed = run.configs[2]
    assert (changed["seed"], changed["field"]["name"], changed["name"]) == (4, "mlp", "poisson_1d")
    assert changed["problem"] == {"_target_": "pinn.problems.Poisson1D"}
    assert changed["solver"] == run.configs[0]["solver"]


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        (
            "a: 1\n",
            ["saved.yaml"],
            "saved.yaml: expected the settings of a run, with a key 'problem'; got others.",
        ),
        (
            "problem: {k: 1}\n",
            ["saved.yaml", "saved.yaml"],
            "expected one saved config; got 2: saved.yaml, saved.yaml.",
        ),
        (
            "problem: {k: 1}\n",
            ["saved.yaml", "experiment=smoke"],
            "experiment: saved.yaml takes its place; give one of the two.",
        ),
        ("problem: {k: 1}\nsed: 1\n", ["saved.yaml"], "sed: no such key; expected one of accuracy"),
    ],
    ids=["no run", "two", "experiment too", "unknown key"],
)
def test_bad_saved_configs(
    text: str, words: list[str], message: str, run: FakeRun, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "saved.yaml").write_text(text, encoding="utf-8")
    assert main(words, run=run) == 2
    assert capsys.readouterr().err.startswith(f"pinn: {message}")


def test_the_process_is_as_before(run: FakeRun) -> None:
    before = (list(sys.argv), list(sys.path), dict(os.environ), logging.getLogger().level)
    handlers = list(logging.getLogger().handlers)
    for words in (["seed=0"], ["seed=7"], ["seed=8"], ["seed=9"], ["field=mpl"]):
        main(words, run=run)
    assert (list(sys.argv), list(sys.path), dict(os.environ), logging.getLogger().level) == before
    assert logging.getLogger().handlers == handlers


def test_a_redirected_stream_of_the_process_stays_open(run: FakeRun) -> None:
    from absl import logging as absl_logging

    handler = absl_logging.get_absl_handler().python_handler
    before, handler.stream = handler.stream, io.StringIO()
    try:
        assert main([], run=run) == 0
        assert not handler.stream.closed
    finally:
        handler.stream = before


def test_version_and_help(run: FakeRun, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pinn

    assert main(["--version"], run=run) == 0
    assert capsys.readouterr().out == f"pinn {pinn.__version__}\n"
    assert main(["--help"], run=run) == 0
    text = capsys.readouterr().out
    for line in (
        "field: auto, evolving_features, fourier, mlp, patches, random_features, slabs",
        "solver: adam, auto, bfgs, chain, engd, gauss_newton, gauss_newton_cg, lbfgs",
        "pinn -m problem=poisson_2d",
    ):
        assert line in text
    assert max(map(len, text.splitlines())) <= 120
    assert tree(work) == []
