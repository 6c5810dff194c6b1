"""Checkpoints are whole or refused, the newest that is whole counts, and a disk that refuses one ends no training."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_cases import Told, Values, blocks_of, objective

from pinn import files
from pinn.solvers import Adam, State
from pinn.training import (
    Checkpoint,
    DamagedError,
    Event,
    FormatError,
    History,
    Keeper,
    Series,
    Snapshot,
    Training,
    checkpoint,
    read_checkpoint,
    train,
    write_checkpoint,
)

ABOUT = {"pinn": "1.2.3", "config": {"seed": 3, "weights": {"equation": 0.1}, "ladder": [1, None, "é"]}}


def snapshot(step: int = 7, **state: np.ndarray) -> Snapshot:
    """With every kind of array that a training has."""
    history = History()
    history.extend(
        np.linspace(1.0, 0.5, step),
        first_step=1,
        seconds=(0.0, 0.1 + 0.2),
        evaluations=11,
        stages=["adam"] * step,
        error=0.25,
        terms={"equation": 0.5},
    )
    arrays: State = {
        "weights": np.array([0.1, -0.0, np.nan, np.inf, 5e-324]),
        "single": np.array([[0.1]], np.float32),
        "transposed": np.arange(6.0).reshape(2, 3).T,
        "empty": np.zeros((0, 2)),
        "step": np.array(step, np.int64),
        "stop": np.array("ROUND_OFF", "<U24"),
        **state,
    }
    return Snapshot(step, 1 / 3, arrays, {"points.equation.coordinates": np.ones((2, 2))}, history)


def same(one: Checkpoint, other: Checkpoint) -> bool:
    """To the last bit."""
    first, second = one.snapshot.arrays(), other.snapshot.arrays()
    return (
        one.about == other.about
        and one.snapshot.numbers() == other.snapshot.numbers()
        and list(first) == list(second)
        and all(a.dtype == b.dtype and a.shape == b.shape for a, b in zip(first.values(), second.values(), strict=True))
        and all(a.tobytes() == b.tobytes() for a, b in zip(first.values(), second.values(), strict=True))
    )


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    written = Checkpoint(snapshot(), ABOUT)
    write_checkpoint(written, tmp_path / "a.npz")
    assert same(read_checkpoint(tmp_path / "a.npz"), written)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:  # and NumPy alone reads it
        np.testing.assert_array_equal(arrays["solver.weights"], written.snapshot.state["weights"])
    empty = Checkpoint(Snapshot(0, 0.0, {}, {}, History()), {})
    write_checkpoint(empty, tmp_path / "b.npz")
    assert same(read_checkpoint(tmp_path / "b.npz"), empty)


def test_a_history_goes_on_where_it_was(tmp_path: Path) -> None:
    write_checkpoint(Checkpoint(snapshot(3), {}), tmp_path / "a.npz")
    found = read_checkpoint(tmp_path / "a.npz").snapshot.history
    options = {"first_step": 4, "seconds": (1.0, 2.0), "error": 0.1, "terms": {"equation": 0.2}}
    found.extend(np.ones(2), evaluations=4, stages=["lbfgs"] * 2, **options)
    columns = found.columns()
    assert columns["step"].tolist() == [1, 2, 3, 4, 5]
    assert columns["stage"].tolist() == ["adam"] * 3 + ["lbfgs"] * 2
    assert columns["evaluations"][[2, 4]].tolist() == [11, 15]


@pytest.mark.parametrize("error", [PermissionError("busy"), MemoryError()])
def test_what_cannot_be_read_just_now_is_not_called_damaged(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series, said = Series(tmp_path), list[str]()
    series.write(Checkpoint(snapshot(3), {}))

    def refuses(path: Path) -> bytes:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuses)
        with pytest.raises(type(error)):
            series.newest(said.append)
    found = series.newest(said.append)
    assert found is not None
    assert found.snapshot.step == 3
    assert not said


def test_a_history_is_kept_to_the_last_bit_in_eight_bytes_a_step() -> None:
    """Also where the solver changes within a block, and where nothing is known at the end of one."""
    grown, rng = History(), np.random.default_rng(0)
    for k, (count, error) in enumerate([(1, 0.5), (400, float("nan")), (599, 1 / 3)]):
        grown.extend(
            rng.uniform(size=count),
            first_step=int([1, 2, 402][k]),
            seconds=(k / 3, (k + 1) / 3),
            evaluations=2 * count,
            stages=[("adam", "lbfgs")[step >= 300] for step in range(count)],
            error=error,
            terms={"equation": rng.uniform(), "left": error},
        )
    arrays, numbers = grown.arrays(), json.loads(json.dumps(grown.numbers()))
    found, expected = History.of(arrays, numbers).columns(), grown.columns()
    assert list(found) == list(expected)
    for name in expected:
        assert found[name].dtype == expected[name].dtype
        assert found[name].tobytes() == expected[name].tobytes()
    assert expected["step"].tolist() == list(range(1, 1001))
    assert expected["stage"].tolist() == [*["adam"] * 301, *["lbfgs"] * 100, *["adam"] * 300, *["lbfgs"] * 299]
    np.testing.assert_allclose(np.diff(expected["seconds"][401:]), 1 / 3 / 599)
    assert sum(array.nbytes for array in arrays.values()) < 8 * 1000 + 200


def test_a_snapshot_stays_while_the_training_goes_on() -> None:
    """What an observer was given at every step is what a training to that step comes to."""
    seen: list[Snapshot] = []
    target, field = objective(Values())
    options = {"steps_planned": 4, "observe_every": 1, "resample_every": 2}
    solver = Adam(max_steps=4)
    train(target, solver, field.weights(), observer=lambda event: seen.append(event.snapshot()), **options)
    assert [each.step for each in seen] == [1, 2, 3, 4]
    assert [each.history.columns()["step"].tolist() for each in seen] == [list(range(1, k + 1)) for k in (1, 2, 3, 4)]
    points = [each.revision["points.equation.coordinates"] for each in seen]
    assert np.array_equal(points[0], points[1])
    assert not np.array_equal(points[1], points[2])
    assert len({each.state["weights"].tobytes() for each in seen}) == 4


def test_a_keeper_is_told_at_its_steps_and_the_field_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks end at 1, 15 and 30. The weights depend on no pause, nor does what the history knows of a step."""
    blocks_of(15, monkeypatch)
    looks: list[np.ndarray] = []

    def monitor(weights: np.ndarray) -> float:
        looks.append(weights)
        return 0.5

    def course(**options: Any) -> Training:
        target, field = objective(Values())
        options |= {"steps_planned": 30, "monitor": monitor, "observe_every": 15}
        return train(target, Adam(max_steps=30), field.weights(), **options)

    keeper = Told(every=4)
    plain, found = course(), course(keeper=keeper)
    assert found.weights.tobytes() == plain.weights.tobytes()
    assert [event.step for event in keeper.events] == [1, 4, 8, 12, 15, 16, 20, 24, 28, 30]
    assert [event.step for event in keeper.events if event.error is not None] == [1, 15, 30]
    columns = found.history.columns()
    for name in ("loss", "error", "loss/equation"):
        assert columns[name].tobytes() == plain.history.columns()[name].tobytes()
    assert (np.flatnonzero(~np.isnan(columns["error"])) + 1).tolist() == [1, 15, 30]
    assert len(looks) == 2 * (1 + 3)  # before the first step and at the end of a block, of both


def test_the_last_step_is_told_wherever_the_pauses_are(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks_of(30, monkeypatch)
    keeper = Told(every=5)
    target, field = objective(Values())
    train(target, Adam(max_steps=7), field.weights(), steps_planned=7, keeper=keeper)
    assert [event.step for event in keeper.events] == [1, 5, 7]


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(part: float, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_checkpoint(Checkpoint(snapshot(), ABOUT), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(DamagedError, match=f"{path}: expected a whole checkpoint; got a damaged one"):
        read_checkpoint(path)


def test_a_byte_that_changed_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    """A few bytes of a zip, such as dates, are not part of its contents."""
    path, written = tmp_path / "a.npz", Checkpoint(snapshot(), ABOUT)
    write_checkpoint(written, path)
    whole, generator = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for place in generator.choice(len(whole), 150, replace=False):
        spoiled = bytearray(whole)
        spoiled[place] ^= 1 << int(generator.integers(8))
        path.write_bytes(spoiled)
        try:
            assert same(read_checkpoint(path), written), place
        except DamagedError:
            refused += 1
    assert refused > 75


def test_an_array_in_place_of_another_is_refused(tmp_path: Path) -> None:
    """The zip is whole, its own checksums agree, and the contents are not those that were written."""
    path = tmp_path / "a.npz"
    write_checkpoint(Checkpoint(snapshot(), ABOUT), path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(path, **{**arrays, "solver.weights": arrays["solver.weights"] + 1.0})
    with pytest.raises(DamagedError, match="its contents do not match its checksums"):
        read_checkpoint(path)


def test_another_format_is_refused_and_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is whole: the version that wrote it can go on."""
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "FORMAT", 99)
        Series(tmp_path).write(Checkpoint(snapshot(3), {}))
    with pytest.raises(
        FormatError,
        match=rf"step_000000003\.npz: expected a checkpoint of format {checkpoint.FORMAT}; got one of format 99",
    ):
        Series(tmp_path).newest(pytest.fail)
    assert os.listdir(tmp_path) == ["step_000000003.npz"]


def test_equal_snapshots_are_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the clock says."""
    write_checkpoint(Checkpoint(snapshot(), ABOUT), tmp_path / "a.npz")
    monkeypatch.setattr("time.time", lambda: 2e9)
    write_checkpoint(Checkpoint(snapshot(), ABOUT), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_python_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    """Only pickle could hold them, and unpickling runs code."""
    thing = np.array([{"code": print}], object)
    with pytest.raises(TypeError, match=r"solver\.thing: expected an array of numbers or text; got Python objects"):
        write_checkpoint(Checkpoint(snapshot(thing=thing), ABOUT), tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []
    np.savez(tmp_path / "b.npz", meta=thing)
    with pytest.raises(DamagedError):
        read_checkpoint(tmp_path / "b.npz")


def test_the_newest_two_are_kept_and_the_one_before_is_used_where_the_newest_is_damaged(tmp_path: Path) -> None:
    series, said = Series(tmp_path / "attempt_0"), []
    assert series.newest(pytest.fail) is None
    for step in (9, 99, 1000, 20_000):
        series.write(Checkpoint(snapshot(step), {"step": step}))
    assert [path.name for path in series.paths()] == ["step_000001000.npz", "step_000020000.npz"]
    newest = series.newest(pytest.fail)
    assert newest is not None
    assert newest.about == {"step": 20_000}
    series.paths()[-1].write_bytes(b"PK")
    (series.folder / ".step_000030000.npz.0123abcd.tmp").write_bytes(b"half of i")
    found = series.newest(said.append)
    assert found is not None
    assert found.snapshot.step == 1000
    (sentence,) = said
    assert sentence.startswith(f"{series.folder / 'step_000020000.npz'}: expected a whole checkpoint; got a damaged")
    assert sentence.endswith("; going on from step 1000 instead")
    assert sorted(os.listdir(series.folder)) == ["step_000001000.npz", "step_000020000.npz.damaged"]
    for step in (1100, 1200):  # and the damaged one takes nobody's place
        series.write(Checkpoint(snapshot(step), {}))
    assert [path.name for path in series.paths()] == ["step_000001100.npz", "step_000001200.npz"]
    for path in series.paths():
        path.write_bytes(b"")
    assert series.newest(said.append) is None
    assert [sentence.rpartition("; ")[2] for sentence in said[1:]] == ["beginning anew"] * 2


def test_who_only_looks_on_finds_the_same_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the one who writes puts away what is damaged."""
    series = Series(tmp_path)
    assert series.seen() is None
    for step in (1, 2):
        series.write(Checkpoint(snapshot(step), {}))
    (tmp_path / "step_000000003.npz").write_bytes(b"PK")
    (tmp_path / ".step_000000004.npz.0123abcd.tmp").write_bytes(b"half of i")
    before = sorted(os.listdir(tmp_path))
    found = series.seen()
    assert found is not None
    assert found.snapshot.step == 2
    assert sorted(os.listdir(tmp_path)) == before
    paths = series.paths()
    monkeypatch.setattr(Series, "paths", lambda _: [*paths, tmp_path / "step_000000009.npz"])
    again = series.seen()
    assert again is not None
    assert again.snapshot.step == 2


def event(step: int) -> Event:
    return Event(step, 10, "adam", 0.5, None, 0.1, lambda: snapshot(step))


def test_a_keeper_keeps_what_is_due_and_the_end(tmp_path: Path) -> None:
    series, kept = Series(tmp_path, keep=10), []
    with Keeper(series, ABOUT, every=3, warn=pytest.fail) as keeper:
        for step in range(1, 9):
            keeper(event(step))
            if keeper._writing is not None:
                keeper._writing.result()
        kept = [path.name for path in series.paths()]
        keeper.keep(snapshot(8))
    assert kept == ["step_000000003.npz", "step_000000006.npz"]
    assert [path.name for path in series.paths()] == [*kept, "step_000000008.npz"]
    assert read_checkpoint(series.paths()[-1]).about == ABOUT
    assert not keeper.failed


def test_a_keeper_keeps_no_step_twice(tmp_path: Path) -> None:
    """Neither the one that a training goes on from, nor the last, which is both due and the end."""
    series, said = Series(tmp_path, keep=10), []
    with Keeper(series, {}, every=3, resumed=7, warn=said.append) as keeper:
        keeper.keep(snapshot(7))
        keeper(event(8))
        assert series.paths() == []
        keeper(event(9))
        keeper.keep(snapshot(9))
        (written,) = series.paths()
        before = written.stat().st_ino  # of a new file each time
        keeper.keep(snapshot(9))
    assert written.name == "step_000000009.npz"
    assert written.stat().st_ino == before
    assert said == []


def test_a_keeper_looks_at_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("pinn.training.keeper.time.monotonic", lambda: now[0])
    series = Series(tmp_path, keep=10)
    with Keeper(series, {}, seconds=60.0, warn=pytest.fail) as keeper:
        for step, seconds in enumerate((10.0, 59.0, 61.0, 100.0, 120.0, 122.0), start=1):
            now[0] = seconds
            keeper(event(step))
            if keeper._writing is not None:
                keeper._writing.result()
    assert [path.name for path in series.paths()] == ["step_000000003.npz", "step_000000006.npz"]


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def in_the_way(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "attempt_0").write_text("a file where a folder should be", encoding="utf-8")


def full_memory(_: int) -> None:
    raise MemoryError


REFUSALS: dict[str, Callable[[Path, pytest.MonkeyPatch], None]] = {
    "a full disk": lambda folder, patch: patch.setattr(files.os, "fsync", full),
    "full memory": lambda folder, patch: patch.setattr(files.os, "fsync", full_memory),
    "no folder": in_the_way,
}


@pytest.mark.parametrize("refuse", REFUSALS.values(), ids=REFUSALS)
def test_a_disk_that_refuses_is_said_once_and_the_training_goes_on(
    refuse: Callable[[Path, pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with monkeypatch.context() as patch:
        refuse(tmp_path, patch)
        with Keeper(Series(tmp_path / "attempt_0"), {}, every=1, warn=said.append) as keeper:
            for step in (1, 2, 3):
                keeper(event(step))
            keeper.keep(snapshot(3))
    assert keeper.failed
    (sentence,) = said
    assert sentence.startswith("a checkpoint could not be written: ")
    assert not list(tmp_path.glob("**/*.npz"))
    assert not list(tmp_path.glob("**/*.tmp"))
