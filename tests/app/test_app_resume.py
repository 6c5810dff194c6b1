"""Runs that are ended in the middle and go on to the same bytes, and everything that a resume refuses."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from app_fakes import FakeRun, tree

from pinn.app import lock, runs
from pinn.app import run as module
from pinn.app import solve as solving
from pinn.app.checkpoints import Checkpoints
from pinn.app.ladder import Rung
from pinn.app.main import main
from pinn.app.progress import Observer
from pinn.app.warm import started
from pinn.calculus import Jet, PointSet
from pinn.fields import Mlp
from pinn.geometry import Interval, Shape
from pinn.problems import Problem
from pinn.solvers import Adam, Lbfgs
from pinn.training import Checkpoint, Event, History, Sampling, Series, Snapshot


@dataclass(frozen=True)
class Line(Problem):
    """A straight line, given everywhere: nothing to differentiate, so that programs compile quickly."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.value - p.x


LINE = f"from {__name__} import Line\n"
FEW = [
    f"problem._target_={__name__}.Line",
    "sampling.interior=16",
    "engine=tape",
    "progress=false",
    "checkpoint.every=2",
]
LADDER = (
    Rung(Mlp(width=4, depth=1), Adam(learning_rate=0.05, max_steps=4), "it is quick"),
    Rung(Mlp(width=5, depth=1), Lbfgs(max_steps=8), "the first was not good enough", Sampling(interior=16)),
)


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def told_of_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one step, so that no clock decides which of them an observer sees."""
    monkeypatch.setattr("pinn.training.clock._LONGEST_BLOCK", 1)


@pytest.fixture(autouse=True)
def attended() -> Iterator[None]:
    """Python's own handler of Ctrl-C, also where the suite runs in the background and interrupts are ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ended_by(action: Callable[[], None], stage: str, step: int) -> Callable[[Mapping[str, Any], Path, Observer], int]:
    """The real run, in which something happens once a step of a stage is done."""

    def run(config: Mapping[str, Any], folder: Path, _observer: Observer) -> int:
        def observe(event: Event) -> None:
            if (event.stage, event.step) == (stage, step):
                action()

        return module.run(config, folder, observe)

    return run


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def killed() -> None:
    raise SystemExit(137)  # nothing that the program handles


def names(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.npz"))]


def test_a_ladder_that_is_ended_goes_on_to_the_same_bytes(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By SIGTERM and by a kill, in its second rung; the first, which was done, is not trained again."""
    monkeypatch.setattr(solving, "rungs", lambda **_: LADDER)
    words = [*FEW, "accuracy=best", "seed=3"]
    assert main([*words, "hydra.run.dir=whole"]) == 0
    assert main([*words, "hydra.run.dir=ended"], run=ended_by(terminate, "lbfgs", 4)) == 143
    assert capsys.readouterr().err == "pinn: interrupted. 'pinn resume=ended' goes on.\n"
    assert not (work / "ended" / "summary.json").exists()
    assert names(work / "ended") == [
        "checkpoint/attempt_0/step_000000002.npz",
        "checkpoint/attempt_0/step_000000004.npz",
        "checkpoint/attempt_1/step_000000002.npz",
        "checkpoint/attempt_1/step_000000004.npz",
    ]
    steps: list[tuple[str, int, int]] = []

    def note(config: Mapping[str, Any], folder: Path, _observer: Observer) -> int:
        return module.run(config, folder, lambda event: steps.append((event.stage, event.step, event.steps_before)))

    assert main(["resume=ended"], run=ended_by(killed, "lbfgs", 6)) == 137
    assert main(["resume=ended"], run=note) == 0
    assert steps[0] == ("lbfgs", 5, 4)  # the killed one was at the sixth step and had kept the fourth
    assert (work / "ended" / "solution.npz").read_bytes() == (work / "whole" / "solution.npz").read_bytes()
    assert (work / "ended" / "config.yaml").read_bytes() == (work / "whole" / "config.yaml").read_bytes()


def test_more_steps_are_a_longer_run_and_a_disk_that_refuses_is_a_status_of_its_own(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*FEW, "field=mlp", "field.width=4", "field.depth=1", "solver=lbfgs"]
    assert main([*words, "solver.max_steps=4", "hydra.run.dir=longer"]) == 0
    assert main(["resume=longer", "solver.max_steps=7"]) == 0
    assert yaml.safe_load((work / "longer" / "asked.yaml").read_text())["solver"]["max_steps"] == 7
    (work / "whole").mkdir()
    (work / "whole" / "checkpoint").write_text("a file where a folder should be", encoding="utf-8")
    capsys.readouterr()
    assert main([*words, "solver.max_steps=7", "hydra.run.dir=whole"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("pinn: a checkpoint could not be written: ")
    assert len(said.splitlines()) == 1
    assert (work / "longer" / "solution.npz").read_bytes() == (work / "whole" / "solution.npz").read_bytes()


def broken() -> None:
    raise ValueError("the observer has had enough")


def test_an_error_after_the_first_steps_is_no_bad_input(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in a new run nor in one that goes on: its traceback is in the log, and what there is stays."""
    words = [*FEW, "field=mlp", "field.width=4", "field.depth=1", "solver=adam", "solver.max_steps=9"]
    said = "pinn: the run failed: LateError: ValueError: the observer has had enough. The traceback is in "
    assert main([*words, "checkpoint.every=null", "hydra.run.dir=new"], run=ended_by(broken, "adam", 1)) == 1
    assert capsys.readouterr().err.startswith(said)
    assert main([*words, "hydra.run.dir=on"], run=ended_by(broken, "adam", 5)) == 1
    assert main(["resume=on"], run=ended_by(broken, "adam", 5)) == 1
    assert capsys.readouterr().err.count(said) == 2
    for name, count in (("new", 1), ("on", 2)):
        log = (work / name / "run.log").read_text(encoding="utf-8")
        assert log.count("ValueError: the observer has had enough") == 2 * count  # itself, and what it is called
    assert main(["resume=on"]) == 0


@pytest.mark.parametrize("checkpoint", ["checkpoint.every=2", "checkpoint.every=null"])
def test_a_run_that_is_killed_does_not_show_the_result_of_an_earlier_one_in_its_folder(
    checkpoint: str, work: Path
) -> None:
    """What was bad input from the start has begun nothing, and costs nothing."""
    words = [*FEW, checkpoint, "field=mlp", "field.width=4", "field.depth=1", "solver=adam", "hydra.run.dir=here"]
    assert main([*words, "solver.max_steps=2"]) == 0
    before = (work / "here" / "summary.json").read_bytes()
    assert main([*words, "device=gpu:7"]) == 2
    assert (work / "here" / "summary.json").read_bytes() == before
    assert main([*words, "solver.max_steps=9", "seed=1"], run=ended_by(killed, "adam", 5)) == 137
    found = runs.read(work / "here")
    assert (found.verdict, found.seed) == (runs.UNFINISHED if checkpoint.endswith("2") else runs.FAILED, 1)
    assert found.steps in ((2, 4) if checkpoint.endswith("2") else (None,))  # one due while another is written is left
    assert runs.config(work / "here")["solver"]["max_steps"] == 9
    if found.steps:
        assert runs.history(work / "here")["step"].tolist() == list(range(1, found.steps + 1))


CONFIG: dict[str, Any] = {
    "problem": {"_target_": "pinn.problems.Heat1D", "kappa": 0.25},
    "solver": {
        "name": "chain",
        "adam": {"max_steps": 5, "learning_rate": 0.1, "schedule": "constant"},
        "bfgs": None,
        "lbfgs": {"max_steps": 9, "memory": 3},
        "engd": None,
    },
    "accuracy": None,
    "weights": {},
    "seed": 0,
    "device": "auto",
    "time_limit": 3.0,
}
ADAM = {"solver": {"name": "adam", "max_steps": 5, "schedule": "cosine"}}

# what is other, and what is said of it, if anything
CHANGES: dict[str, tuple[dict[str, Any], str | None]] = {
    "nothing": ({}, None),
    "the goal and the time": ({"accuracy": "best", "time_limit": None, "device": "cpu"}, None),
    "more steps": ({"solver": CONFIG["solver"] | {"lbfgs": {"max_steps": 99, "memory": 3}}}, None),
    "the seed": ({"seed": 1}, "seed: expected 0, with which the run was begun; got 1.\nLeave it out to go on"),
    "a parameter": ({"problem": {"_target_": "pinn.problems.Heat1D", "kappa": 1}}, "problem.kappa: expected 0.25, "),
    "a weight": ({"weights": {"initial": 2.0}}, "weights.initial: expected nothing, with which the run was begun; got"),
    "steps of a stage that is done": (
        {"solver": CONFIG["solver"] | {"adam": {"max_steps": 6, "learning_rate": 0.1, "schedule": "constant"}}},
        "solver.adam.max_steps: expected 5",
    ),
    "a stage": ({"solver": CONFIG["solver"] | {"lbfgs": None}}, "solver.lbfgs.max_steps: expected 9"),
    "a memory": ({"solver": CONFIG["solver"] | {"lbfgs": {"max_steps": 9, "memory": 4}}}, "solver.lbfgs.memory"),
}


PAIR = {"field": {"name": "mlp", "width": 4}, "solver": {"name": "adam", "max_steps": 5}}


def stored(folder: Path, about: Mapping[str, Any]) -> None:
    Series(folder / "attempt_0").write(Checkpoint(Snapshot(3, 0.1, {}, {}, History()), about))


@pytest.mark.parametrize(("other", "said"), CHANGES.values(), ids=CHANGES)
def test_what_contradicts_a_checkpoint_is_refused(other: dict[str, Any], said: str | None, tmp_path: Path) -> None:
    import pinn

    stored(tmp_path, {"pinn": pinn.__version__, "config": CONFIG, "pair": PAIR})
    if said is None:
        _, found = Checkpoints(tmp_path).attempt(0, CONFIG | other, PAIR)
        assert found is not None
        assert found.step == 3
        return
    with pytest.raises(ValueError, match=f"^{said}"):
        Checkpoints(tmp_path).attempt(0, CONFIG | other, PAIR)
    assert names(tmp_path) == ["attempt_0/step_000000003.npz"]


def test_more_steps_under_a_schedule_contradict(tmp_path: Path) -> None:
    """The rates of the steps that were done follow from their number."""
    import pinn

    stored(tmp_path, {"pinn": pinn.__version__, "config": ADAM, "pair": PAIR})
    with pytest.raises(ValueError, match=r"solver\.max_steps: expected 5"):
        Checkpoints(tmp_path).attempt(0, {"solver": {**ADAM["solver"], "max_steps": 6}}, PAIR)
    constant = {"solver": {**ADAM["solver"], "schedule": "constant"}}
    stored(tmp_path, {"pinn": pinn.__version__, "config": constant, "pair": PAIR})
    assert Checkpoints(tmp_path).attempt(0, {"solver": {**constant["solver"], "max_steps": 6}}, PAIR)[1] is not None


def test_another_accuracy_that_leads_to_another_field_begins_that_attempt_anew(tmp_path: Path) -> None:
    import pinn

    about = {"pinn": pinn.__version__, "config": CONFIG, "pair": PAIR}
    stored(tmp_path, about)
    longer = PAIR | {"solver": {"name": "adam", "max_steps": 9}}
    assert Checkpoints(tmp_path).attempt(0, CONFIG, longer)[1] is not None
    wider = PAIR | {"field": {"name": "mlp", "width": 5}}
    assert Checkpoints(tmp_path).attempt(0, CONFIG, wider)[1] is None
    assert names(tmp_path) == []


def test_checkpoints_of_another_version_are_refused_and_a_new_run_takes_their_place(tmp_path: Path) -> None:
    stored(tmp_path, {"pinn": "0.0.9", "config": CONFIG, "pair": PAIR})
    with pytest.raises(ValueError, match=r"expected checkpoints of pinn 0\.1\.0; got those of pinn 0\.0\.9\.\nGo on"):
        Checkpoints(tmp_path).attempt(0, CONFIG, PAIR)
    for rest in (".step_000000004.npz.0123abcd.tmp", "step_000000005.npz.damaged"):
        (tmp_path / "attempt_0" / rest).touch()
    _, found = Checkpoints(tmp_path, resume=False).attempt(0, CONFIG, PAIR)
    assert found is None
    assert tree(tmp_path) == ["attempt_0"]


def test_a_damaged_checkpoint_is_said_in_python_by_a_warning(tmp_path: Path) -> None:
    stored(tmp_path, {"pinn": "0.1.0", "config": CONFIG, "pair": PAIR})
    Series(tmp_path / "attempt_0").paths()[0].write_bytes(b"PK")
    with pytest.warns(RuntimeWarning, match="expected a whole checkpoint; got a damaged one .*; beginning anew"):
        assert Checkpoints(tmp_path).attempt(0, CONFIG, PAIR)[1] is None


def test_a_process_that_follows_another_leaves_its_checkpoints_as_they_are(tmp_path: Path) -> None:
    """What is damaged, what is half written, and what another field has left."""
    stored(tmp_path, {"pinn": "0.1.0", "config": CONFIG, "pair": PAIR})
    for rest in (".step_000000004.npz.0123abcd.tmp", "step_000000005.npz"):
        (tmp_path / "attempt_0" / rest).write_bytes(b"PK")
    before = sorted(os.listdir(tmp_path / "attempt_0"))
    follower = Checkpoints(tmp_path, say=pytest.fail, reads_only=True)
    assert follower.attempt(0, CONFIG, PAIR)[1] is not None
    assert follower.attempt(0, CONFIG, PAIR | {"field": {"name": "pirate"}})[1] is None
    assert sorted(os.listdir(tmp_path / "attempt_0")) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"keep": 0}, "Checkpoints: keep must be at least 1, got 0"),
        ({"every": 2.5}, "Checkpoints: every must be a whole number, got 2.5"),
        ({"seconds": -1}, "Checkpoints: seconds must satisfy 0 < seconds and be finite, got -1"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_numbers_out_of_their_ranges(options: dict[str, Any], said: str) -> None:
    with pytest.raises((ValueError, TypeError), match=said):
        Checkpoints("folder", **options)


def test_a_run_that_is_resumed_has_its_settings_and_its_folder(work: Path) -> None:
    run = FakeRun()
    words = ["problem=heat_1d", "solver=chain", "solver.lbfgs.memory=7", "weights.initial=2", "checkpoint.every=5"]
    assert main([*words, "hydra.run.dir='a b, c'"], run=run) == 0
    assert main(["resume=a b, c", "time_limit=9"], run=run) == 0
    first, second = run.configs
    assert second == first | {"resume": "a b, c", "time_limit": 9.0}
    assert run.folders == [work / "a b, c"] * 2
    assert tree(work / "a b, c") == ["asked.yaml", "run.log", "summary.json"]


# words -> what is said
REFUSED: dict[str, tuple[list[str], str]] = {
    "no folder": (["resume=nope"], "resume: expected the folder of a run, with its asked.yaml; got nope, which is not"),
    "no run": (
        ["resume=empty"],
        "resume: expected the folder of a run, with its asked.yaml; got empty, which has none.",
    ),
    "a run from elsewhere": (
        ["resume=elsewhere"],
        "resume: expected the folder of a run, with its asked.yaml; got elsewhere, of a run from Python or of another "
        "version.\nRun it again by elsewhere/config.yaml",
    ),
    "something else": (
        ["resume=other"],
        "other/asked.yaml: expected the settings of a run, with a key 'problem'; got others.",
    ),
    "a sweep": (["resume=run", "-m", "seed=0,1"], "resume: expected one run at a time; got -m, which asks for many."),
    "another folder": (["resume=run", "hydra.run.dir=x"], "resume: expected the run to go on in its folder, as it was"),
    "another config": (
        ["resume=run", "elsewhere/config.yaml"],
        "resume: expected the run to go on in its folder, as it",
    ),
    "a key that is none": (["resume=run", "sed=1"], "sed: no such key"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_resumed(words: list[str], said: str, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, file, text in (
        ("run", "asked.yaml", "problem: {_target_: pinn.problems.Poisson1D}\n"),
        ("elsewhere", "config.yaml", "problem: {_target_: pinn.problems.Poisson1D}\n"),
        ("other", "asked.yaml", "a: 1\n"),
        ("empty", "readme", ""),
    ):
        (work / name).mkdir()
        (work / name / file).write_text(text, encoding="utf-8")
    before = tree(work)
    assert main(words, run=FakeRun()) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"pinn: {said}")
    assert len(err.splitlines()) <= 2
    assert tree(work) == before


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(work: Path) -> None:
    """By signal 9, in a process of its own, as soon as there is a checkpoint: half-written files are no harm."""
    (work / "line.py").write_text(LINE, encoding="utf-8")
    often = ["checkpoint.every=100", "solver=adam", "solver.max_steps=2000"]
    words = ["problem._target_=line.Line", *FEW[1:-1], "field.width=4", *often]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "pinn", *words, "hydra.run.dir=ended"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 120.0
        while not list((work / "ended").glob("checkpoint/*/*.npz")) and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    assert not (work / "ended" / "summary.json").exists()
    assert main(["resume=ended"]) == 0
    assert main([*words, "hydra.run.dir=whole"]) == 0
    assert (work / "ended" / "solution.npz").read_bytes() == (work / "whole" / "solution.npz").read_bytes()


HOLDER = """
import sys
from pathlib import Path
from pinn.app.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_in_a_folder_is_refused_and_a_dead_one_is_not(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "out").mkdir()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, "out"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        run = FakeRun()
        assert main(["hydra.run.dir=out"], run=run) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"pinn: {work / 'out'}: expected a folder of its own for each run; another process is")
        assert "hydra.run.dir=FOLDER" in said
        assert run.configs == []
        assert tree(work / "out") == ["run.log"]
    finally:
        holder.kill()
        holder.communicate()
    assert main(["hydra.run.dir=out"], run=run) == 0


def test_a_folder_is_looked_at_by_who_works_there_alone(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary files of somebody else would be there at one moment and gone at the next."""
    taken: list[bool] = []

    def seen(folder: Path) -> frozenset[tuple[str, int]]:
        taken.append(lock.is_taken(folder))
        return frozenset()

    monkeypatch.setattr("pinn.app.main.contents", seen)
    assert main(["seed=7"], run=FakeRun({7: ValueError("bad input")})) == 2
    assert taken == [True, True]


def test_a_file_system_without_locks_is_worked_on_all_the_same(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_stream: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(lock, "_lock", refused)
    assert main(["hydra.run.dir=out"], run=FakeRun()) == 0
    assert "a second run in this folder would not be noticed" in (work / "out" / "run.log").read_text(encoding="utf-8")


WINDOWS = """
import sys, types
from pathlib import Path

held = set()

def locking(descriptor, mode, count):
    assert (mode, count) == (2, 1)
    if held:
        raise PermissionError(13, "Permission denied")
    held.add(descriptor)

sys.modules["msvcrt"] = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
sys.modules["fcntl"] = None
sys.platform = "win32"
from pinn.app.lock import TakenError, is_taken, locked

with locked(Path()):
    assert held
    assert is_taken(Path())
assert Path("run.log").stat().st_size == 0
"""


def test_windows_locks_in_its_own_way(work: Path) -> None:
    """There is no `fcntl`; a lock that is held is refused by a `PermissionError`, as for any file."""
    subprocess.run([sys.executable, "-c", WINDOWS], cwd=work, check=True)


def test_two_runs_of_the_same_moment_have_two_folders(work: Path) -> None:
    run = FakeRun({7: ValueError("bad input")})
    at_once = "hydra.run.dir='outputs/${now:%Y}'"
    for _ in range(3):
        assert main([at_once], run=run) == 0
    first, second, third = (folder.name for folder in run.folders)
    assert (second, third) == (f"{first}-2", f"{first}-3")
    assert main([at_once, "seed=7"], run=run) == 2
    assert not (work / "outputs" / f"{first}-4").exists()


def test_two_sweeps_of_the_same_moment_have_two_folders(work: Path) -> None:
    run = FakeRun()
    words = ["-m", "seed=1,2", "hydra.sweep.dir='outputs/sweep ${now:%Y}'"]
    for _ in range(2):
        assert main(words, run=run) == 0
    first, second = (
        work / "outputs" / f"sweep {time.strftime('%Y')}",
        work / "outputs" / f"sweep {time.strftime('%Y')}-2",
    )
    assert run.folders == [first / "0", first / "1", second / "0", second / "1"]
    assert tree(first) == tree(second)
    assert main([*words, "field=mpl"], run=run) == 2
    assert {path.name for path in (work / "outputs").iterdir()} == {first.name, second.name}


def weights_of(folder: Path) -> np.ndarray:
    with np.load(folder / "solution.npz") as arrays:
        return arrays["weights"]


def test_a_run_begins_with_the_field_of_another(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A step of size zero leaves it as it was, on other points and from another seed."""
    words = [*FEW, "solver=adam", "field=mlp", "field.width=4", "field.depth=1"]
    assert main([*words, "solver.max_steps=5", "hydra.run.dir=first"]) == 0
    tiny = ["solver=adam", "solver.max_steps=1", "solver.learning_rate=1e-300", "sampling.interior=20", "seed=9"]
    assert main([*FEW[:1], *FEW[2:], *tiny, "init_from=first", "hydra.run.dir=second"]) == 0
    np.testing.assert_array_equal(weights_of(work / "second"), weights_of(work / "first"))
    config = yaml.safe_load((work / "second" / "config.yaml").read_text(encoding="utf-8"))
    assert (config["init_from"], config["field"]["width"]) == ("first", 4)
    capsys.readouterr()
    for other, said in {
        "init_from=nope": "init_from: expected the folder of a run that was saved, with its model.keras; got nope.",
        "field.depth=1": "init_from: expected weights of the shapes [1, 32], [32], [32, 1], [1]; got [1, 4], [4]",
        "field.width=4": "init_from: expected weights of the shapes [1, 4], [4], [4, 4], [4], [4, 1], [1]; got [1, 4],",
        "field=random_features": "init_from: expected a field that is trained, mlp or fourier; got random_features",
    }.items():
        assert main([*FEW, *tiny, "init_from=first", other, "hydra.run.dir=third"]) == 2
        assert capsys.readouterr().err.startswith(f"pinn: {said}")
        assert not (work / "third").exists()


def calling_a_function(path: Path) -> None:
    """The description of a model whose class is a function of the operating system."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", json.dumps({"keras_version": keras.__version__, "date_saved": ""}))
        called = {"module": "os", "class_name": "mkdir", "config": {"path": "ran"}, "registered_name": "mkdir"}
        file.writestr("config.json", json.dumps(called))


def with_code_inside(path: Path) -> None:
    """A layer that is a function of Python, as bytes."""
    code = keras.layers.Lambda(lambda x: [x, Path("ran").mkdir()][0], output_shape=(1,))
    keras.Sequential([keras.Input((1,)), code]).save(path)


@pytest.mark.parametrize("hostile", [calling_a_function, with_code_inside])
def test_a_model_from_elsewhere_runs_no_code(hostile: Callable[[Path], None], work: Path) -> None:
    (work / "theirs").mkdir()
    (work / "theirs" / "config.yaml").write_text("field: {name: mlp, width: 4, depth: 1}\n", encoding="utf-8")
    hostile(work / "theirs" / "model.keras")
    with pytest.raises(ValueError, match=r"init_from: expected a run as it was saved; theirs is damaged"):
        started("theirs", {"name": "auto"})
    assert not (work / "ran").exists()
