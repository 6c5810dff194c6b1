"""Sweeps with a worker whose trainings are formulas: the trials, what becomes of them, and what is refused."""

from __future__ import annotations

import csv
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import optuna
import pytest
import yaml
from app_fakes import tree

from pinn.app import verbs
from pinn.app.lock import locked
from pinn.app.main import main
from pinn.app.search import command
from pinn.app.search import storage as storages
from pinn.app.search.book import Book
from pinn.app.search.pool import Pool
from pinn.app.search.result import Result

WORKER = (sys.executable, str(Path(__file__).with_name("search_worker.py")))
WIDTH = "field.width=int(interval(8,64))"
RATE = "solver.learning_rate=tag(log,interval(1e-4,1))"
FIXED = ["field=mlp", "solver=adam"]

Sweep = Callable[..., int]


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """`pinn sweep` with the worker of formulas."""
    module = ModuleType("sweep_of_tests")
    module.main = partial(command.main, command=WORKER)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(verbs.VERBS, "sweep", module.__name__)  # type: ignore[arg-type]
    return lambda *words: main(["sweep", *words])


def rows(folder: Path) -> list[dict[str, str]]:
    """The trials of a sweep by rank."""
    with (folder / "summary.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def trials(folder: Path) -> list[optuna.trial.FrozenTrial]:
    """The trials of a sweep by number."""
    return optuna.load_study(study_name="sweep", storage=f"sqlite:///{folder}/study.db").trials


def test_a_sweep_ends_with_a_ranked_table_and_the_config_of_the_best(
    sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(*FIXED, WIDTH, RATE, "--trials", "6", "--folder", "out", "--workers", "2") == 0
    ranked = rows(work / "out")
    assert [int(row["rank"]) for row in ranked] == [1, 2, 3, 4, 5, 6]
    assert sorted(int(row["trial"]) for row in ranked) == [0, 1, 2, 3, 4, 5]
    errors = [float(row["relative_l2"]) for row in ranked]
    assert errors == sorted(errors)
    best = ranked[0]
    chosen = yaml.safe_load((work / "out" / "best.yaml").read_text(encoding="utf-8"))
    assert chosen["field"]["width"] == int(best["field.width"])
    assert chosen["solver"]["learning_rate"] == float(best["solver.learning_rate"])
    assert (work / "out" / "best.yaml").read_bytes() == (work / "out" / best["folder"] / "config.yaml").read_bytes()
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("6 trials in out: 6 complete\n")
    for word in ("width", "learning_rate", "relative L2", "importance: solver.learning_rate 0."):
        assert word in out
    assert out.endswith(f"best: trial {best['trial']}; 'pinn out/best.yaml' runs it again\n")
    folders = {"best.yaml", "comparison.png", "run.log", "study.db", "summary.csv", "sweep.yaml", "trials.png"}
    assert {path.name for path in (work / "out").iterdir()} == folders | {str(number) for number in range(6)}


def test_a_resumed_sweep_runs_what_is_left_of_the_total_and_draws_as_one_that_was_not_interrupted(
    sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*FIXED, WIDTH, RATE]
    assert sweep(*words, "--trials", "6", "--folder", "whole", "--pruner", "none") == 0
    assert sweep(*words, "--trials", "2", "--folder", "parts", "--pruner", "none") == 0
    began = trials(work / "parts")
    assert sweep("--resume", "parts", "--trials", "6") == 0
    assert [t.params for t in trials(work / "parts")] == [t.params for t in trials(work / "whole")]
    assert trials(work / "parts")[:2] == began
    capsys.readouterr()
    assert sweep("--resume", "parts", "--trials", "6") == 0  # all are there: the table only
    assert capsys.readouterr().out.startswith("6 trials in parts: 6 complete\n")


def test_what_becomes_of_trials(sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that breaks down, crashes, fails or is refused is listed and stops no other; a missed accuracy is none."""
    for name, state, message in (
        ("nan13", "failed", "the loss or its gradient is not finite (NaN or infinity); step 3"),
        ("crash13", "failed", "its process was ended by SIGKILL (the system ends processes so when memory is short)"
                              ": free(): invalid pointer"),
        ("defect13", "failed", "the run failed: RuntimeError: boom. The traceback is in "),
        ("bad13", "failed", "field.width: expected another number; got 13."),
        ("miss13", "complete", ""),
    ):  # fmt: skip
        words = [*FIXED, "field.width=choice(13,21)", f"name={name}", "--sampler", "grid", "--folder", name]
        assert sweep(*words) == 0
        found = {row["field.width"]: (row["state"], row["message"]) for row in rows(work / name)}
        assert found["21"] == ("complete", "")
        assert found["13"][0] == state
        assert found["13"][1].startswith(message)
        out = capsys.readouterr().out
        assert message in out
    assert sweep(*FIXED, "field.width=choice(13)", "name=miss13", "--trials", "1") == 1
    assert sweep(*FIXED, "field.width=choice(13)", "name=nan13", "--trials", "1") == 1


def test_where_every_trial_is_refused_the_words_are_wrong(
    sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(*FIXED, "field.width=choice(13)", "name=bad13") == 2
    assert capsys.readouterr() == ("", "pinn: field.width: expected another number; got 13.\n")
    assert tree(work) == []


def test_seeds_count_by_their_median(sweep: Sweep, work: Path) -> None:
    assert sweep(*FIXED, "field.width=choice(24)", "seed=5", "--seeds", "3", "--trials", "1", "--folder", "out") == 0
    (row,) = rows(work / "out")
    assert (row["seeds"], row["folder"]) == ("[5, 6, 7]", "0")
    assert float(row["relative_l2"]) == pytest.approx(0.140001 * 1.06)
    assert sorted(path.name for path in (work / "out" / "0").iterdir()) == ["seed_5", "seed_6", "seed_7"]
    assert yaml.safe_load((work / "out" / "best.yaml").read_text(encoding="utf-8"))["seed"] == 6


def test_hopeless_trials_are_ended_while_they_train(sweep: Sweep, work: Path) -> None:
    widths = "field.width=choice(20,21,22,23,24,60,61,62)"
    words = [*FIXED, widths, "--sampler", "grid", "--sampler-seed", "19", "time_limit=0.4", "--folder", "out"]
    assert sweep(*words) == 0
    found = trials(work / "out")
    pruned = [t for t in found if t.state == optuna.trial.TrialState.PRUNED]
    assert {t.params["field.width"] for t in pruned} <= {"60", "61", "62"}
    assert pruned
    assert all(3 <= len(t.intermediate_values) < 9 for t in pruned)
    assert {t.state.name for t in found} == {"COMPLETE", "PRUNED"}
    assert {row["state"] for row in rows(work / "out")} == {"complete", "pruned"}


def test_two_objectives(sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*FIXED, WIDTH, RATE, "--objective", "error,seconds", "--folder", "out"]
    assert sweep(*words, "--pruner", "median") == 2
    assert capsys.readouterr().err.startswith("pinn: --pruner median: expected one objective; got error,seconds")
    assert sweep(*words, "--trials", "4") == 0
    assert all(t.values is not None and len(t.values) == 2 for t in trials(work / "out"))


def test_a_key_that_only_one_choice_has_is_searched_where_it_is_chosen(sweep: Sweep, work: Path) -> None:
    words = ["field=choice(mlp,fourier)", "field.features=range(4,7)", "solver=adam"]
    assert sweep(*words, "--trials", "6", "--sampler", "random", "--folder", "out") == 0
    found = [t.params for t in trials(work / "out")]
    assert {tuple(params) for params in found} == {("field",), ("field", "field.features")}
    assert all(("field.features" in params) == (params["field"] == "fourier") for params in found)


@pytest.mark.parametrize("name", ["tpe", "random", "qmc", "nsga2", "nsga3"])
def test_samplers_by_name(name: str, sweep: Sweep, work: Path) -> None:
    assert sweep(*FIXED, WIDTH, RATE, "--sampler", name, "--trials", "3", "--folder", "out") == 0
    found = [t.params for t in trials(work / "out")]
    assert len({params["field.width"] for params in found}) > 1
    assert all(8 <= params["field.width"] <= 64 and 1e-4 <= params["solver.learning_rate"] <= 1 for params in found)


KNOWN = "expected one of tpe; random; qmc; grid; gp; cmaes; nsga2; nsga3; got"
REFUSED = {
    "no space": (["seed=0"], "expected a space to search, such as field.width=int(interval(8,64)); got none.\nSpaces"),
    "unknown key": ([*FIXED, "field.wdth=range(1,3)"], "field.wdth: no such key; expected one of activation, depth, w"),
    "unknown choice": (
        ["field=choice(mlp,mpl)"],
        "field: expected one of auto, evolving_features, fourier, mlp, patches, random_features",
    ),
    "value": ([*FIXED, "field.activation=choice(tanh,tahn)"], "activation: expected one of sine, tanh; got 'tahn'."),
    "empty interval": (
        [*FIXED, "field.width=interval(5,2)"],
        "field.width: expected an interval from a smaller to a l",
    ),
    "half an interval": ([*FIXED, "field.width=interval(5)"], "field.width: cannot read 'field.width=interval(5)': Ty"),
    "no whole numbers": ([*FIXED, "field.width=interval(5,9)"], "field.width: expected an integer; got 5.0.\nWhole nu"),
    "out of range": (
        [*FIXED, "field.width=int(interval(0,2))"],
        "field.width: expected a number of at least 1; got 0.",
    ),
    "logarithm of zero": ([*FIXED, "accuracy=tag(log,interval(0,1))"], "accuracy: expected an interval of numbers abo"),
    "unknown tag": ([*FIXED, "accuracy=tag(lgo,interval(1,2))"], "accuracy: expected the tag log; got 'lgo'. Did you "),
    "unknown function": ([*FIXED, "seed=intervall(1,2)"], "seed: cannot read 'seed=intervall(1,2)': HydraException wh"),
    "empty range": ([*FIXED, "seed=range(2,2)"], "seed: expected a range with values; got 'seed=range(2,2)', which h"),
    "no step": ([*FIXED, "seed=range(0,2,0)"], "seed: expected a range with a step that is not 0; got 'seed=range(0,2"),
    "twice": ([*FIXED, WIDTH, "field.width=3"], "field.width: expected one value or one space; got 2 words with it."),
    "same twice": ([*FIXED, "seed=choice(1,1)"], "seed: expected values that differ; got 1, 1."),
    "folder of a run": ([WIDTH, "hydra.run.dir=x"], "expected keys of a run; got hydra.run.dir=x, which a sweep deci"),
    "many runs": (["experiment=compare_fields", WIDTH], "experiment: expected a preset of one run; got one that runs"),
    "flag": ([*FIXED, WIDTH, "--trails", "3"], "pinn sweep: unrecognized arguments: --trails"),
    "no trials": ([*FIXED, WIDTH, "--trials", "0"], "--trials: expected a number of at least 1; got 0."),
    "sampler": ([*FIXED, WIDTH, "--sampler", "tpi"], f"--sampler: {KNOWN} 'tpi'. Did you mean tpe?"),
    "pruner": ([*FIXED, WIDTH, "--pruner", "x"], "--pruner: expected one of median; hyperband; none; got 'x'"),
    "objective": ([*FIXED, WIDTH, "--objective", "loss"], "--objective: expected one of error; error,seconds; got 'l"),
    "grid": ([*FIXED, "accuracy=interval(1,2)", "--sampler", "grid"], "--sampler grid: expected a choice or a range f"),
    "seeds": (["seed=range(0,3)", "--seeds", "2"], "--seeds: expected seeds that are not searched; got a space for s"),
    "no sweep": (["--resume", "nowhere"], "--resume: expected the folder of a sweep, with its sweep.yaml; got nowhere"),
    "URL": ([*FIXED, WIDTH, "--storage", "nonsense"], "--storage: expected the URL of a database; got 'nonsense'."),
    "database": ([*FIXED, WIDTH, "--storage", "dbase://x/y"], "--storage: expected a database that SQLAlchemy knows; "),
    "no folder": (
        [*FIXED, WIDTH, "--storage", "sqlite:///no/x.db"],
        "--storage sqlite:///no/x.db: expected a database",
    ),
}


@pytest.mark.parametrize(("words", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_said_before_any_trial_and_leaves_nothing(
    words: list[str], message: str, sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"pinn: {message}")
    assert len(err.splitlines()) <= 2
    assert tree(work) == []


def test_a_file_that_is_no_database_is_left_as_it_is(
    sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (work / "notes.db").write_text("these are notes, and no database\n" * 50, encoding="utf-8")
    assert sweep(*FIXED, WIDTH, "--storage", "sqlite:///notes.db") == 2
    assert capsys.readouterr().err == (
        "pinn: --storage sqlite:///notes.db: expected a database that answers; file is not a database.\n"
        "Start it, correct the URL, or leave --storage out for SQLite in the sweep's folder.\n"
    )
    assert tree(work) == ["notes.db"]
    assert (work / "notes.db").read_text(encoding="utf-8").startswith("these are notes")


def test_a_driver_that_is_missing_is_named(
    sweep: Sweep, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert sweep(*FIXED, WIDTH, "--storage", "postgresql+psycopg://me:secret@127.0.0.1:1/x") == 2
    assert capsys.readouterr().err == (
        "pinn: --storage postgresql+psycopg://me:***@127.0.0.1:1/x: expected the driver psycopg; it is not installed. "
        "pip install psycopg[binary]\n"
    )


@pytest.mark.parametrize(
    ("package", "words", "remedy"),
    [
        ("optuna", [], 'pinn sweep: expected the package optuna; it is not installed. pip install "pinn[sweep]"'),
        ("torch", ["--sampler", "gp"], "--sampler gp: expected the package torch; it is not installed. pip install t"),
        ("cmaes", ["--sampler", "cmaes"], "--sampler cmaes: expected the package cmaes; it is not installed. pip ins"),
    ],
)
def test_a_package_that_is_missing_is_named(
    package: str,
    words: list[str],
    remedy: str,
    sweep: Sweep,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = "pinn.app.search.command" if package == "optuna" else "pinn.app.search.samplers"
    monkeypatch.setattr(f"{found}.find_spec", lambda name: None)
    assert sweep(*FIXED, WIDTH, *words) == 2
    assert capsys.readouterr().err.startswith(f"pinn: {remedy}")
    assert tree(work) == []


def test_a_sweep_that_runs_or_was_begun_is_not_begun_again(
    sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*FIXED, WIDTH, "--trials", "1"]
    assert sweep(*words, "--folder", "out") == 0
    capsys.readouterr()
    for again, message in (
        ([*words, "--folder", "out"], "--folder: expected a folder of its own for each sweep; out has one."),
        (["--resume", "out", *FIXED, RATE], f"words: expected field=mlp solver=adam {WIDTH}, with which the sweep in"),
        (["--resume", "out", "--seeds", "2"], "--seeds: expected 1, with which the sweep in out was begun; got 2."),
        (["--resume", "out", "--name", "x"], "--storage, --name: expected those that the sweep was begun with, SQLite"),
        (["--resume", "out", "--folder", "x"], "--folder: expected the folder once; got it beside --resume."),
    ):
        assert sweep(*again) == 2
        assert capsys.readouterr().err.startswith(f"pinn: {message}")
    with locked(work / "out"):
        assert sweep("--resume", "out", "--trials", "2") == 2
    assert "another process works in this one" in capsys.readouterr().err
    assert len(trials(work / "out")) == 1


def test_several_sweeps_of_one_name_share_the_trials(sweep: Sweep, work: Path) -> None:
    """As on several machines: each with a folder of its own, the words said once, no trial done twice."""
    there = ["--storage", "sqlite:///shared.db", "--name", "study"]
    assert sweep(*FIXED, WIDTH, *there, "--trials", "2", "--folder", "a") == 0
    assert sweep(*there, "--trials", "5", "--folder", "b") == 0
    assert [row["folder"] for row in sorted(rows(work / "b"), key=lambda row: int(row["trial"]))] == [
        *(str(work / "a" / str(number)) for number in (0, 1)),
        *map(str, (2, 3, 4)),
    ]
    assert sweep("--resume", "a", "--trials", "6") == 0
    assert len(rows(work / "a")) == 6
    assert (work / "a" / "5").is_dir()


def test_an_interrupted_sweep_goes_on_with_the_trial_that_was_running(
    sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        while not (work / "out" / "2" / "asked.yaml").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt, daemon=True).start()
    words = [*FIXED, "field.width=choice(20,21,22,23)", "--sampler", "grid", "time_limit=0.3"]
    assert sweep(*words, "--trials", "4", "--folder", "out") == 143
    out, err = capsys.readouterr()
    assert err == "pinn: interrupted. 'pinn sweep --resume out' goes on.\n"
    assert out.startswith("3 trials in out: 2 complete, 1 waiting\n")
    before = trials(work / "out")
    assert sweep("--resume", "out") == 0
    after = trials(work / "out")
    assert [t.params for t in after[:3]] == [t.params for t in before]
    assert [t.state.name for t in after] == ["COMPLETE"] * 4


def test_trials_of_a_process_that_was_lost_are_run_again_once(sweep: Sweep, work: Path) -> None:
    assert sweep(*FIXED, WIDTH, "--trials", "1", "--folder", "out") == 0
    study = optuna.load_study(study_name="sweep", storage=f"sqlite:///{work}/out/study.db")
    for lost in (0, 1):
        trial = study.ask()
        trial.set_user_attr("owner", [str(work / "out"), time.time()])
        trial.set_user_attr("lost", lost)
    elsewhere = study.ask()
    elsewhere.set_user_attr("owner", ["elsewhere", time.time()])
    assert sweep("--resume", "out", "--trials", "4") == 0
    assert [t.state.name for t in trials(work / "out")] == ["COMPLETE", "COMPLETE", "FAIL", "RUNNING"]
    assert trials(work / "out")[2].user_attrs["runs"]["message"] == "its process was lost 2 times"
    elsewhere.set_user_attr("owner", ["elsewhere", time.time() - 3600])
    assert sweep("--resume", "out", "--trials", "4") == 0
    assert [t.state.name for t in trials(work / "out")] == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]


def test_a_worker_is_replaced_for_another_device_or_when_it_has_grown(
    sweep: Sweep, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*FIXED, "device=choice(cpu,gpu)", "seed=choice(1,2)", "--sampler", "grid", "--pruner", "none"]
    assert sweep(*words, "--folder", "out") == 0
    chosen = [trial.params["device"] for trial in trials(work / "out")]
    processes = [(work / "out" / str(number) / "pid").read_text() for number in range(4)]
    for before, after in zip(range(3), range(1, 4), strict=True):
        assert (chosen[before] == chosen[after]) == (processes[before] == processes[after])
    monkeypatch.setattr("pinn.app.search.pool.GROWTH", -1e9)
    assert sweep(*FIXED, "seed=choice(1,2,3)", "--sampler", "grid", "--folder", "grown") == 0
    assert len({(work / "grown" / str(number) / "pid").read_text() for number in range(3)}) == 3


def test_a_worker_that_cannot_be_replaced_ends_the_sweep_and_keeps_it(
    sweep: Sweep, work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start, started = Pool.start, list[int]()

    def dying(self: Pool, slot: int) -> None:
        started.append(slot)
        if len(started) == 3:
            self._command[:] = [sys.executable, "-c", "raise SystemExit('no memory')"]
        start(self, slot)

    words = [*FIXED, "seed=choice(1,2,3,4)", "--sampler", "grid", "--folder", "out"]
    with monkeypatch.context() as patch:
        patch.setattr(Pool, "start", dying)
        patch.setattr("pinn.app.search.pool.GROWTH", -1e9)  # a new worker after each trial
        assert sweep(*words) == 1
    err = capsys.readouterr().err
    assert (
        "a worker did not start: its process ended with status 1: no memory. 'pinn sweep --resume out' goes on." in err
    )
    assert [row["state"] for row in rows(work / "out")] == ["complete"] * 2
    assert sweep("--resume", "out") == 0
    assert [row["state"] for row in rows(work / "out")] == ["complete"] * 4


def test_a_sweep_that_is_refused_leaves_what_others_have_there(
    sweep: Sweep, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*FIXED, WIDTH, "--trials", "1"]
    database = f"sqlite:///{work}/study.db"
    assert sweep(*words, "--folder", "first", "--storage", database, "--name", "first") == 0
    tahn = [*words, "field.activation=tahn", "--folder", ".", "--storage", database, "--name", "second"]
    assert sweep(*tahn) == 2
    assert len(optuna.load_study(study_name="first", storage=database).trials) == 1
    (work / "busy").mkdir()
    with locked(work / "busy"):
        (work / "busy" / "study.db").write_bytes(b"of the one that works here")
        assert sweep(*words, "--folder", "busy") == 2
    assert "another process works in this one" in capsys.readouterr().err
    assert (work / "busy" / "study.db").exists()


def test_those_who_ask_at_once_get_different_trials_and_no_more_than_the_total(work: Path) -> None:
    storage = storages.opened("sqlite:///study.db")
    study = optuna.create_study(storage=storage, study_name="sweep")
    got: list[int] = []

    def work_on() -> None:
        own = storages.opened("sqlite:///study.db")
        book = Book(optuna.load_study(study_name="sweep", storage=own), own, "here")
        while (asked := book.ask(10)) is not None:
            got.append(asked.number)
            book.finish(asked, [Result(0, error=0.1, seconds=1.0)], seeds=[])
        own.engine.dispose()

    threads = [threading.Thread(target=work_on) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(10))
    assert all(t.state.name == "COMPLETE" for t in study.trials if t.number < 10)
    assert all(t.state.name == "WAITING" for t in study.trials if t.number >= 10)  # for a sweep that asks for more
    storage.engine.dispose()


def test_no_trial_is_begun_after_the_timeout(sweep: Sweep, work: Path) -> None:
    words = [*FIXED, "field.width=range(8,48)", "--sampler", "grid", "time_limit=0.2", "--timeout", "0"]
    assert sweep(*words, "--folder", "out") == 1
    assert rows(work / "out") == []


def test_workers_are_kept_busy(sweep: Sweep, work: Path) -> None:
    """16 trials of 0.4 seconds on 4 workers: the time in trials over that of all workers from the first to the last."""
    words = [*FIXED, "field.width=range(8,24)", "--sampler", "random", "--trials", "16", "time_limit=0.4"]
    assert sweep(*words, "--workers", "4", "--folder", "out", "--pruner", "none") == 0
    spans = [(t.datetime_start, t.datetime_complete) for t in trials(work / "out")]
    busy = sum((end - start).total_seconds() for start, end in spans if start and end)
    whole = max(end for _, end in spans if end) - min(start for start, _ in spans if start)
    assert busy / (4 * whole.total_seconds()) > 0.8
    assert {path.read_text() for path in (work / "out").glob("*/share")} == {"0", "1", "2", "3"}
