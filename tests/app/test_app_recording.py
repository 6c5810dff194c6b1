"""Records in TensorBoard and MLflow, read back by their own readers, and what becomes of a run when they fail."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from app_fakes import FakeRun, tree
from app_runs import settings, silent

from pinn.app import record_mlflow, recording
from pinn.app.background import Background
from pinn.app.main import main
from pinn.app.recording import Recorder, Recording, Row
from pinn.app.run import run
from pinn.training import Event


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Making the tables takes seconds: it is done once."""
    home = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        record_mlflow.recorder({"name": "none"}, home)._connected()
    return home / "outputs" / "mlflow.db"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no server of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture
def database(work: Path, empty_database: Path) -> Path:
    (work / "outputs").mkdir()
    return Path(shutil.copy(empty_database, work / "outputs" / "mlflow.db"))


def found_runs(database: Path, experiment: str) -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{database}")
    return list(client.search_runs([client.get_experiment_by_name(experiment).experiment_id]))


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    metadata = {tag: events.summary_metadata[tag].plugin_data.plugin_name for tag in events.Tags()["tensors"]}
    return {
        tag: [(each.step, float(make_ndarray(each.tensor_proto))) for each in events.Tensors(tag)]
        for tag, plugin in metadata.items()
        if plugin == "scalars"
    } | {f"<{plugin}>": [] for plugin in metadata.values()}


@pytest.mark.pictures
def test_a_run_is_recorded_in_both_and_goes_on_in_the_same_record(work: Path, database: Path) -> None:
    from mlflow import MlflowClient

    config = settings("pinn.problems.Heat1D", 40, conditions="penalty", name="heat_1d", seed=5)
    config |= {
        "record": ["tensorboard", "mlflow"],
        "report": True,
        "checkpoint": {"every": 10, "seconds": None, "keep": 2},
    }
    folder = work / "outputs" / "one"
    assert run(config | {"resume": None}, folder, silent) == 0
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))

    seen = scalars(folder / "tensorboard")
    last = {name: values[-1] for name, values in seen.items() if values}
    assert {"loss", "loss/equation", "loss/dirichlet_boundary", "loss/initial", "error", "learning_rate"} <= set(last)
    assert last["error"][0] == 40
    assert last["final/relative_l2"] == (40, pytest.approx(summary["errors"]["relative_l2"]))
    assert last["final/seconds_total"][1] == pytest.approx(summary["seconds"]["total"])
    assert last["learning_rate"][1] == pytest.approx(0.05)
    assert {"<images>", "<hparams>", "<text>"} <= set(seen)

    client = MlflowClient(f"sqlite:///{database}")
    (found,) = found_runs(database, "heat_1d")
    assert (found.info.status, found.info.run_name) == ("FINISHED", "one")
    assert found.data.params["solver.learning_rate"] == "0.05"
    assert found.data.params["field.width"] == "4"
    assert found.data.metrics["final/relative_l2"] == summary["errors"]["relative_l2"]
    assert found.data.tags["verdict"] == "pass"
    history = client.get_metric_history(found.info.run_id, "error")
    assert [each.step for each in history] == [step for step, _ in seen["error"]]
    artifacts = {each.path for each in client.list_artifacts(found.info.run_id)}
    assert artifacts == {"summary.json", "config.yaml", "history.csv", "model.keras", "report.html", "figures"}
    assert (work / "outputs" / "mlartifacts" / "heat_1d" / found.info.run_id / "artifacts" / "figures").is_dir()

    config["solver"]["max_steps"] = 60
    (folder / "asked.yaml").touch()
    assert run(config | {"resume": str(folder)}, folder, silent) == 0
    (again,) = found_runs(database, "heat_1d")
    assert again.info.run_id == found.info.run_id
    assert client.get_metric_history(found.info.run_id, "loss")[-1].step == 60
    assert scalars(folder / "tensorboard")["error"][-1][0] == 60

    assert run(config | {"resume": str(folder)}, folder, silent) == 0  # with nothing left to do
    assert {each.step for each in client.get_metric_history(found.info.run_id, "final/steps")} == {40, 60}
    assert [step for step, _ in scalars(folder / "tensorboard")["final/steps"]] == [40, 60, 60]


def test_a_run_that_fails_is_told_as_failed(work: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.app.run.solve", _training_that(RuntimeError("boom")))
    monkeypatch.setattr("pinn.app.run._checkpoints", lambda *_: None)
    config = settings("pinn.problems.Heat1D", name="heat_1d", record="mlflow", resume=None)
    with pytest.raises(RuntimeError, match="boom"):
        run(config, work / "one", silent)
    monkeypatch.setattr("pinn.app.run.solve", _training_that(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        run(config | {"mlflow": {"uri": None, "experiment": "mine"}}, work / "two", silent)
    assert [each.info.status for each in found_runs(database, "heat_1d")] == ["FAILED"]
    assert [each.info.status for each in found_runs(database, "mine")] == ["KILLED"]


def _training_that(ends: BaseException) -> Any:
    """Takes a step, tells of it, and ends so."""

    def solve(*_: Any, observer: Any, **__: Any) -> None:
        observer(event(1))
        raise ends

    return solve


def event(step: int, rung: str = "", **values: Any) -> Event:
    return Event(step, 10, "adam", 0.5, None, 0.1, lambda: None, {"equation": 0.5}, rung=rung, **values)


class Kept(Recorder):
    """A recorder that keeps what it hears, and fails at some of it."""

    def __init__(self, fails: Mapping[str, list[Exception]] | None = None) -> None:
        self.heard: list[Any] = []
        self._fails = dict(fails or {})

    def _hear(self, name: str, said: Any = None) -> None:
        if self._fails.get(name):
            raise self._fails[name].pop(0)
        self.heard.append(said if said is not None else name)

    def begin(self) -> None:
        self._hear("begin")

    def measure(self, row: Row) -> None:
        self._hear("measure", (row.step, dict(row.values)))

    def finish(self, summary: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        self._hear("finish")

    def close(self, status: str) -> None:
        self._hear("close", status)


def recorded(*recorders: Kept, patience: float = 5.0) -> tuple[Recording, list[str]]:
    said: list[str] = []
    names = {str(place): each for place, each in enumerate(recorders)}
    return Recording(names, {name: Background(f"record={name}", said.append) for name in names}), said


def test_steps_of_later_rungs_come_after_those_of_earlier_ones() -> None:
    kept = Kept()
    records, said = recorded(kept)
    observe = records.observing(silent)
    for each in (event(5, "1"), event(9, "1"), event(2, "2", steps_before=9, controls=lambda: {"damping": 1.0})):
        observe(each)
    records.finish({}, {}, whole=True)
    records.close()
    loss = {"loss": 0.5, "loss/equation": 0.5}
    assert kept.heard == ["begin", (5, loss), (9, loss), (11, loss | {"damping": 1.0}), "finish", "finished"]
    assert said == []


def test_the_steps_of_a_run_are_those_of_all_its_rungs() -> None:
    assert recording.steps_of({"steps": 7}) == 7
    assert recording.steps_of({"steps": 7, "tried": [{"steps": 7}, {"steps": 5}, {}]}) == 12
    assert recording.steps_of({}) == 0


class Flaky:
    """A server that breaks down in the middle of what it is told, so many times."""

    def __init__(self, failures: int) -> None:
        self.metrics: list[tuple[str, float, int]] = []
        self.failures = failures

    def log_batch(self, _run: str, *, metrics: Any = (), params: Any = ()) -> None:
        self.metrics += [(each.key, each.value, each.step) for each in metrics]

    def set_tag(self, *_: str) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("gone for a moment")


def test_what_is_tried_again_is_written_once(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.app.background._PAUSE", 0.001)
    monkeypatch.setitem(record_mlflow._AT_ONCE, "metrics", 2)
    mine = record_mlflow.recorder({"name": "none"}, work)
    mine._client = server = Flaky(failures=2)
    thread = Background("record=mlflow", pytest.fail)
    row = Row(3, 0.1, {"loss": 0.5, "error": 0.1, "rate": 1.0})
    thread.put(lambda: mine.measure(row))
    thread.put(lambda: mine.finish({"steps": 3, "errors": {"relative_l2": 0.1}}, {}))
    thread.close(5.0)
    assert server.failures == 0
    loss = [("loss", 0.5, 3), ("error", 0.1, 3), ("rate", 1.0, 3)]
    assert server.metrics == [*loss, ("final/relative_l2", 0.1, 3), ("final/steps", 3.0, 3)]


def test_looking_whether_there_is_a_database_makes_none(work: Path) -> None:
    record_mlflow.recorder({"name": "none"}, work).check()
    assert tree(work) == []
    assert main(["record=mlflow", "seed=7"], run=FakeRun({7: ValueError("bad input")})) == 2
    assert tree(work) == []


def test_a_record_that_fails_costs_one_warning_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.app.background._PAUSE", 0.001)
    full = [OSError(28, "No space left on device") for _ in range(3)]
    bad, good, lucky = Kept({"measure": full}), Kept(), Kept({"begin": [OSError("locked"), OSError("locked")]})
    records, said = recorded(bad, good, lucky)
    observe = records.observing(silent)
    for step in range(1, 4):
        observe(event(step))
    records.close()
    assert bad.heard == ["begin"]
    assert len(good.heard) == len(lucky.heard) == 5
    assert good.heard[-1] == "failed"  # it was closed and had not finished
    assert said == ["record=0 has failed: OSError: [Errno 28] No space left on device. The run goes on without"]


def test_a_record_that_hangs_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.app.recording._PATIENCE", 0.1)
    gone = threading.Event()

    class Hanging(Kept):
        def measure(self, row: Row) -> None:
            gone.wait(30.0)

    records, said = recorded(Hanging())
    began = time.monotonic()
    for step in range(100):
        records.observing(silent)(event(step))
    assert time.monotonic() - began < 1.0
    records.close()
    assert time.monotonic() - began < 5.0
    assert said == ["record=0 has failed: it is not done after 0.1 s. The run goes on without"]
    gone.set()


def test_more_than_can_wait_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinn.app.background._LONGEST", 2)
    said: list[str] = []
    gone = threading.Event()
    thread = Background("record=x", said.append)
    for _ in range(10):
        thread.put(gone.wait)  # type: ignore[arg-type]
    gone.set()
    thread.close(5.0)
    assert said == ["record=x has failed: it takes too long. The run goes on without"]


def test_nothing_asked_is_nothing_done() -> None:
    records, _ = recorded()
    assert records.observing(silent) is silent
    records.close()


def test_a_database_that_two_runs_make_at_once_is_whole(
    work: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is quicker: its database is taken, and ours is gone."""
    made = record_mlflow.made_once

    def overtaken(path: Path, **options: str) -> Any:
        path.parent.mkdir(exist_ok=True)
        shutil.copy(empty_database, path)
        return made(path, **options)

    monkeypatch.setattr(record_mlflow, "made_once", overtaken)
    record_mlflow.recorder({"name": "none"}, work)._connected()
    assert tree(work / "outputs") == ["mlflow.db"]


BAD = {
    "unknown": (
        ["record=tensorbord"],
        "record: expected one of mlflow, tensorboard, or a list of them; got 'tensorbord'. Did you mean tensorboard?\n",
    ),
    "unknown in a list": (["record=[mlflow,wandb]"], "or a list of them; got 'wandb'"),
    "a number": (["record=3"], "record: expected one of mlflow, tensorboard, or a list of them; got 3."),
    "nobody there": (
        ["record=mlflow", "mlflow.uri=http://127.0.0.1:1"],
        "mlflow.uri: expected a tracking server or database that answers; http://127.0.0.1:1 does not (",
    ),
    "no database there": (
        ["record=mlflow", "mlflow.uri=postgresql://me:secret@127.0.0.1:1/runs"],
        "postgresql://127.0.0.1:1/runs does not (",
    ),
    "a database that is forgotten": (
        ["record=mlflow", "mlflow.uri='sqlite:///:memory:'"],
        "mlflow.uri: expected a tracking server or a database that stays; sqlite:///:memory: ends with the run.\nName",
    ),
    "a database without a name": (["record=mlflow", "mlflow.uri='sqlite://'"], "stays; sqlite:// ends with the run."),
    "a folder that cannot be": (
        ["record=mlflow", "mlflow.uri='sqlite:////dev/null/below/runs.db'"],
        "sqlite:////dev/null/below/runs.db does not (/dev/null is no folder).",
    ),
    "no address": (["record=mlflow", "mlflow.uri=ftp://x/y"], "ftp://x/y does not ("),
    "another key": (["mlflow.url=http://x"], "mlflow.url: no such key; expected one of experiment, uri."),
}


@pytest.mark.parametrize(("words", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_recorded_is_said_before_anything_is_done(
    work: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    fake, began = FakeRun(), time.monotonic()
    assert main(words, run=fake) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "secret" not in error
    assert fake.configs == []
    assert tree(work) == []
    assert time.monotonic() - began < 10.0


@pytest.fixture
def deaf_server() -> Iterator[str]:
    """Takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_takes_calls_and_never_answers_is_not_waited_for(
    work: Path, deaf_server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(record_mlflow._BOUNDS_OF_CHECK, "MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", deaf_server)
    began = time.monotonic()
    for name in ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    assert main(["record=mlflow"], run=FakeRun()) == 2
    assert f"{deaf_server} does not (" in capsys.readouterr().err
    assert time.monotonic() - began < 10.0
    assert "MLFLOW_HTTP_REQUEST_TIMEOUT" not in os.environ


def test_a_library_that_is_missing_is_named(
    work: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "find_spec", lambda name: None if name == "tensorboard" else object())
    assert main(["record=tensorboard"], run=FakeRun()) == 2
    assert capsys.readouterr().err == (
        "pinn: record=tensorboard: expected the library tensorboard; it is not installed.\n"
        "Say pip install 'pinn[tensorboard]'.\n"
    )
    assert main(["record=null"], run=FakeRun()) == 0
