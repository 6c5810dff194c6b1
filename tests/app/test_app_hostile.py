"""The command against interrupts at bad moments, code that fails, and machines that are too small."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from app_fakes import FakeRun, tree

import pinn.__main__ as command
from pinn.app import folders
from pinn.app.folders import Footprint
from pinn.app.lock import LOG
from pinn.app.main import main
from pinn.app.progress import Observer
from pinn.app.quiet import _descriptor_to_nowhere
from pinn.training.interrupt import interruption


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


class _Full(io.StringIO):
    """A file on a full disk."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def flush(self) -> None:
        if not self.closed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN], ids=["attended", "in the background"])
def ctrl_c(request: pytest.FixtureRequest) -> Iterator[None]:
    """Python's own handler of Ctrl-C, and that of a process which a shell runs in the background."""
    before = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, before)


class TestInterrupts:
    """Ctrl-C and SIGTERM while modules are imported, before, in and after a training, alone and in a sweep."""

    def test_while_the_command_is_imported(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def interrupted() -> int:
            raise KeyboardInterrupt

        monkeypatch.setitem(sys.modules, "pinn.app.main", SimpleNamespace(main=interrupted))
        assert command.main() == 130
        assert capsys.readouterr().err == "pinn: interrupted.\n"

    def test_with_the_best_field_saved_it_is_a_run_that_did_not_succeed(
        self, work: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["seed=9", "hydra.run.dir=out"], run=FakeRun({9: 130})) == 1
        assert tree(work / "out") == ["asked.yaml", "run.log", "summary.json"]
        assert capsys.readouterr().err == ""

    def test_a_sweep_ends_with_the_run_that_was_interrupted_in_its_table(
        self, work: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = FakeRun({9: 130})
        assert main(["-m", "seed=0,9,1", "hydra.sweep.dir=out"], run=run) == 130
        assert [config["seed"] for config in run.configs] == [0, 9]
        table = (work / "out" / "summary.csv").read_text(encoding="utf-8")
        assert [line.split(",")[1] for line in table.splitlines()] == ["seed", "0", "9"]
        assert not (work / "out" / "2").exists()
        assert capsys.readouterr().err == "pinn: interrupted.\n"

    def test_a_request_to_end_leaves_a_run_that_can_be_resumed(
        self, ctrl_c: None, work: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = signal.getsignal(signal.SIGTERM)
        words = ["seed=5", "hydra.run.dir=out"]
        assert main(words, run=_ended_by(lambda: os.kill(os.getpid(), signal.SIGTERM))) == 143
        assert signal.getsignal(signal.SIGTERM) is before
        assert capsys.readouterr().err == "pinn: interrupted.\n"
        assert tree(work / "out") == ["asked.yaml", "run.log"]
        run = FakeRun()
        assert main(["resume=out"], run=run) == 0
        assert (run.configs[0]["seed"], run.folders) == (5, [work / "out"])

    def test_a_request_to_end_a_training_is_kept_for_its_next_step(self, ctrl_c: None) -> None:
        def train() -> None:
            with interruption() as came:
                os.kill(os.getpid(), signal.SIGTERM)
                assert came()

        assert main([], run=_ended_by(train)) == 143

    @pytest.mark.parametrize("stop_reason", ["interrupted", "the step limit was reached"])
    def test_results_are_saved_whole(
        self,
        stop_reason: str,
        work: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        from pinn.app import run as module

        def save(folder: Path) -> None:
            if stop_reason != "interrupted":
                os.kill(os.getpid(), signal.SIGINT)
            (folder / "summary.json").write_text("{}", encoding="utf-8")

        summary = {
            "problem": "poisson_2d",
            "verdict": "pass",
            "tolerance": None,
            "reference": None,
            "self_consistency": None,
            "residual": {"rms": 0.5},
            "seconds": {"total": 1.0},
            "stop_reason": stop_reason,
        }
        found = SimpleNamespace(save=save, summary=summary, config={}, errors=None)
        monkeypatch.setattr(module, "solve", lambda *_, **__: found)
        assert main(["hydra.run.dir=out"]) == 1
        assert (work / "out" / "summary.json").is_file()
        out, err = capsys.readouterr()
        assert out.splitlines()[1:] == ["interrupted; the best field so far was saved"]
        assert err == ""


@pytest.mark.parametrize("value", ["null", "true", "False"])
def test_a_choice_needs_a_name(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"solver={value}"], run=FakeRun()) == 2
    said = f"pinn: solver: expected the name of a choice; got {value}. 'pinn --help' lists them.\n"
    assert capsys.readouterr().err == said


def test_too_little_memory_says_what_to_make_smaller(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hydra.run.dir=out"], run=FakeRun({0: MemoryError("Unable to allocate 256 TiB")})) == 1
    said, place = capsys.readouterr().err.splitlines()
    assert said.startswith("pinn: the run failed: expected a problem that fits into memory; it was full. Ask for fewer")
    assert place == f"The traceback is in {work / 'out' / 'run.log'}."
    assert "Unable to allocate 256 TiB" in (work / "out" / "run.log").read_text(encoding="utf-8")


def test_a_full_disk_is_said_without_a_traceback(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert main(["hydra.run.dir=out"], run=FakeRun({0: full})) == 2
    assert tree(work) == []
    assert capsys.readouterr().err == (
        "pinn: cannot write the results: [Errno 28] No space left on device.\n"
        "Choose another folder by hydra.run.dir=FOLDER.\n"
    )


def test_a_log_that_cannot_be_written_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    def refused(_config: Mapping[str, Any], folder: Path, _observer: Observer) -> int:
        (handler,) = [h for h in logging.getLogger().handlers if isinstance(h, logging.FileHandler)]
        handler.setStream(_Full()).close()
        logging.getLogger("pinn").info("nobody reads this")
        return 0

    assert main([], run=refused) == 0
    assert capsys.readouterr().err == ""


def test_a_record_that_cannot_be_written_costs_its_row_only(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pinn.report

    write = pinn.report.write_json

    def full_at_first(value: Any, path: Path) -> Path:
        if path.name == "0.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(value, path)

    monkeypatch.setattr(pinn.report, "write_json", full_at_first)
    assert main(["-m", "seed=0,1", "hydra.sweep.dir=out"], run=FakeRun()) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 run in ")
    assert err == "pinn: run 0: cannot write its record: [Errno 28] No space left on device\n"
    assert not (work / "out" / ".jobs").exists()


# what is written when the reader of standard output has gone, and when there is no standard error
ENDINGS = {
    "the help": "import pinn.app.main; sys.exit(pinn.app.main.main(['--help']))",
    "the last line": "import pinn.app.run; pinn.app.run.tell('the last line')",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_reader_that_has_gone_is_no_failure(ending: str) -> None:
    script = f"import os, sys; reader, writer = os.pipe(); os.close(reader); os.dup2(writer, 1); {ending}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0
    assert "ipe" not in done.stderr


def test_a_process_without_standard_error_imports_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with _descriptor_to_nowhere(2):
        pass


def test_a_sweep_on_a_full_disk_does_not_warn(capsys: pytest.CaptureFixture[str]) -> None:
    def refused(_config: Mapping[str, Any], _folder: Path, _observer: Observer) -> int:
        (handler,) = [h for h in logging.getLogger().handlers if isinstance(h, logging.FileHandler)]
        handler.setStream(_Full()).close()
        raise ValueError("bad input")

    assert main(["-m", "seed=0"], run=refused) == 2
    assert capsys.readouterr().err == "pinn: run 0: bad input\n"


# a file -> the words that use it, what is said
CONFIGS = {
    "a list for a problem": (
        "conf/problem/mine.yaml",
        "- 1\n",
        ["problem=mine"],
        "problem._target_: expected module.Class, such as my_file.MyProblem; got [1]",
    ),
    "a number for a group": (
        "saved.yaml",
        "problem: {_target_: pinn.problems.Poisson2D}\nfield: 3\n",
        ["saved.yaml"],
        "saved.yaml: field: expected options such as {name: ...}; got 3.",
    ),
}


@pytest.mark.parametrize(("name", "text", "words", "message"), CONFIGS.values(), ids=CONFIGS)
def test_a_config_that_is_something_else(
    name: str, text: str, words: list[str], message: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / name).parent.mkdir(parents=True, exist_ok=True)
    (work / name).write_text(text, encoding="utf-8")
    assert main(words) == 2
    assert capsys.readouterr() == ("", f"pinn: {message}\n")
    assert not (work / "outputs").exists()


_CALLING = (
    "problem: {_target_: pinn.problems.Poisson2D}\n"
    "hydra: {callbacks: {x: {_target_: pathlib.Path.touch, self: {_target_: pathlib.Path, _args_: [ran]}}}}\n"
)
# a file -> the words that use it, how what is said begins
HOSTILE = {
    "calls, in a config": ("their.yaml", _CALLING, ["their.yaml"], "hydra: no such key; expected one of accuracy, "),
    "calls, in a run": ("their/asked.yaml", _CALLING, ["resume=their"], "hydra: no such key; expected one of accuracy"),
    "a choice out of its folder": (
        "their.yaml",
        "problem: {_target_: pinn.problems.Poisson2D}\nfield: {name: ../../their}\n",
        ["their.yaml"],
        "their.yaml: field.name: expected the name of a choice; got '../../their'.",
    ),
    "a module of another place": (
        "their/there.py",
        "import pathlib\npathlib.Path('ran').touch()\n",
        ["problem._target_=there.Mine"],
        "problem._target_: expected a class of pinn.problems, or of a module in the working folder; got 'there.Mine'.",
    ),
}


@pytest.mark.parametrize(("name", "text", "words", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_comes_from_elsewhere_runs_no_code(
    name: str,
    text: str,
    words: list[str],
    said: str,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (work / name).parent.mkdir(exist_ok=True)
    (work / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(work / "their")  # as if it were installed
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"pinn: {said}")
    assert not (work / "ran").exists()


def test_a_target_that_is_no_class_is_what_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["problem._target_=null"]) == 2
    assert capsys.readouterr().err == (
        "pinn: problem._target_: expected module.Class, such as my_file.MyProblem; got None\n"
    )


def _ended_by(action: Callable[[], None]) -> Callable[[Mapping[str, Any], Path, Observer], int]:
    def run(_config: Mapping[str, Any], _folder: Path, _observer: Observer) -> int:
        action()
        return 0

    return run


def test_a_log_that_nobody_can_open_is_no_reason_for_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether somebody works in the folder cannot be told then, so that it is left as it is."""
    before = Footprint.before(tmp_path)
    (tmp_path / LOG).touch()

    def refused(folder: Path) -> bool:
        raise PermissionError(f"{folder / LOG}: not allowed")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "is_taken", refused)
        before.undo()
    assert (tmp_path / LOG).exists()
    before.undo()
    assert not (tmp_path / LOG).exists()
