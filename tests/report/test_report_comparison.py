"""Ranking is a total order with failed runs last; the table and the file say what the rows say."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import pinn.report
from pinn.report import rank, status_line, table, write_csv
from pinn.report.ranking import frontier, number, short_names, varied

NAN = math.nan


def row(
    name: str, error: object, seconds: object, verdict: str | None = "pass", **overrides: object
) -> dict[str, object]:
    return {**overrides, "relative_l2": error, "seconds": seconds, "verdict": verdict, "folder": name}


def names(rows: Sequence[Mapping[str, object]]) -> str:
    return "".join(str(each["folder"]) for each in rows)


RANKED = {
    "by error": ([row("b", 1e-2, 1.0), row("a", 1e-3, 9.0)], "ab"),
    "then by seconds": ([row("b", 1e-3, 2.0), row("a", 1e-3, 1.0)], "ab"),
    "a missed tolerance is no failure": ([row("b", 1e-2, 1.0), row("a", 1e-3, 1.0, "fail")], "ab"),
    "NaN last": ([row("b", NAN, 1.0, "fail"), row("a", 1e3, 1.0)], "ab"),
    "infinite last": ([row("b", math.inf, 1.0, "fail"), row("a", 1e3, 1.0)], "ab"),
    "none last": ([row("b", None, None, "failed"), row("a", 1.0, 1.0)], "ab"),
    "a failed run is last whatever its error": ([row("b", 1e-9, 1.0, "failed"), row("a", 1.0, 1.0)], "ab"),
    "a missing verdict is a failure": ([row("b", 1e-9, 1.0, None), row("a", 1.0, 1.0)], "ab"),
    "no reference between": (
        [row("c", NAN, 0.1, "failed"), row("b", None, 5.0, "no reference"), row("a", 1.0, 9.0)],
        "abc",
    ),
    "no reference by seconds": ([row("b", None, 5.0, "no reference"), row("a", None, 2.0, "no reference")], "ab"),
    "unknown seconds after known": ([row("b", 1e-3, None), row("a", 1e-3, 1e9)], "ab"),
    "numbers as text": ([row("b", "1e-2", "1.0"), row("a", "1e-3", "10")], "ab"),
    "zero error first": ([row("b", 1e-300, 1.0), row("a", 0.0, 1.0)], "ab"),
    "nothing": ([], ""),
}


@pytest.mark.parametrize(("rows", "order"), RANKED.values(), ids=RANKED)
def test_rank(rows: list[dict[str, object]], order: str) -> None:
    assert names(rank(rows)) == order


ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from("abc"),
        st.sampled_from([None, NAN, math.inf, 0.0, 1e-3, 1e-2]),
        st.sampled_from([None, NAN, 1.0, 2.0]),
        st.sampled_from(["pass", "fail", "no reference", "failed", None]),
        width=st.sampled_from([8, "8", 16]),
    ),
    max_size=8,
)


@given(ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_rank_does_not_depend_on_the_order_of_arrival(pair: tuple[list, list]) -> None:
    rows, shuffled = pair
    # NaN differs from itself, its text does not.
    assert [repr(each) for each in rank(rows)] == [repr(each) for each in rank(shuffled)]


@given(ROWS)
def test_rank_keeps_every_row_and_never_puts_a_worse_error_first(rows: list[dict[str, object]]) -> None:
    ranked = rank(rows)
    assert sorted(map(id, ranked)) == sorted(map(id, rows))
    measured = [
        each["verdict"] in ("pass", "fail", "no reference") and math.isfinite(number(each["relative_l2"]))
        for each in ranked
    ]
    assert measured == sorted(measured, reverse=True)
    errors = [number(each["relative_l2"]) for each, known in zip(ranked, measured, strict=True) if known]
    assert errors == sorted(errors)


def render(rows: Sequence[Mapping[str, object]], width: int = 160) -> str:
    console = Console(file=StringIO(), width=width)
    console.print(table(rows, "Sweep of [3] runs"))
    return console.file.getvalue()


def test_table_shows_varied_overrides_and_ranks_only_measured_runs() -> None:
    rows = [
        row("out/1", NAN, None, "failed", **{"problem": "heat_1d", "field.width": 16, "solver.name": "adam"}),
        row("out/0", 3.21e-6, 12.34, "pass", **{"problem": "heat_1d", "field.width": 32, "solver.name": "lbfgs"}),
    ]
    built = table(rows, "t")
    assert [str(column.header) for column in built.columns] == [
        "rank", "width", "name", "relative L2", "seconds", "verdict", "folder",
    ]  # fmt: skip
    cells = [[str(cell) for cell in column.cells] for column in built.columns]
    assert [list(line) for line in zip(*cells, strict=True)] == [
        ["1", "32", "lbfgs", "3.2e-06", "12.3", "pass", "out/0"],
        ["", "16", "adam", "-", "-", "failed", "out/1"],
    ]


def test_table_reads_no_markup_into_values() -> None:
    rows = [row("a", 1.0, 1.0, layers="[red]"), row("b", 2.0, 1.0, layers="[/]")]
    text = render(rows)
    assert "[red]" in text
    assert "[/]" in text
    assert "Sweep of [3] runs" in text


def test_table_keeps_long_folders_whole_in_a_narrow_terminal() -> None:
    folder = "outputs/sweeps/poisson_2d/2024-05-05_12-00-00-123456/17"
    lines = render([row(folder, 1e-3, 1.0)], width=60).splitlines()
    last = "".join(line.split("│")[-2].strip() for line in lines if line.count("│") > 2)
    assert last == folder


def test_csv_reads_back(tmp_path: Path) -> None:
    rows = [
        row("b", NAN, None, "failed", **{"field.width": 16, "layers": [16, 16]}),
        row("a, with comma", np.float64(1 / 3), 0.1 + 0.2, "pass", **{"field.width": 32, "seed": np.int64(7)}),
    ]
    path = write_csv(rows, tmp_path / "summary.csv")
    with path.open(newline="", encoding="utf-8") as stream:
        read = list(csv.DictReader(stream))
    assert list(read[0]) == ["rank", "field.width", "layers", "seed", "relative_l2", "seconds", "verdict", "folder"]
    first, last = read
    assert (first["rank"], first["field.width"], first["seed"], first["folder"]) == ("1", "32", "7", "a, with comma")
    assert float(first["relative_l2"]) == 1 / 3
    assert float(first["seconds"]) == 0.1 + 0.2
    assert (last["rank"], last["relative_l2"], last["seconds"], last["layers"]) == ("", "", "", "[16, 16]")
    assert names(rank(read)) == names(rank(rows))


def test_varied_keys_and_their_short_names() -> None:
    rows = [{"a.x": 1, "b": 2, "seconds": 1.0}, {"a.x": 2, "b": 2, "c": 3, "seconds": 2.0}]
    assert varied(rows) == ["a.x", "c"]
    assert short_names(["field.width", "seed"]) == {"field.width": "width", "seed": "seed"}
    assert short_names(["a.name", "b.name"]) == {"a.name": "a.name", "b.name": "b.name"}


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), min_size=1, max_size=12))
def test_frontier_holds_what_no_other_run_beats(runs: list[tuple[int, int]]) -> None:
    seconds, errors = np.array(runs, dtype=np.float64).T
    found = {runs[index] for index in frontier(seconds, errors)}
    assert found == {(s, e) for s, e in runs if not any(t <= s and f <= e and (t, f) != (s, e) for t, f in runs)}


STATUS = {
    "pass": (
        {"verdict": "pass", "relative_l2": 3.2e-6, "seconds": 12.34, "tolerance": 1e-4, "folder": Path("outputs/x")},
        "poisson_2d  relative L2 3.2e-06  in 12.3 s  PASS (tolerance 1e-04)  outputs/x",
    ),
    "fail": (
        {"verdict": "fail", "relative_l2": 0.5, "seconds": 0.421, "tolerance": 2.5e-5},
        "poisson_2d  relative L2 5.0e-01  in 0.42 s  FAIL (tolerance 2.5e-05)",
    ),
    "no tolerance": (
        {"verdict": "pass", "relative_l2": np.float64(1e-3), "seconds": 4523.4},
        "poisson_2d  relative L2 1.0e-03  in 4523 s  DONE (no tolerance asked)",
    ),
    "diverged": (
        {"verdict": "fail", "relative_l2": NAN, "seconds": 1.0, "tolerance": 1e-4},
        "poisson_2d  relative L2 unknown  in 1.00 s  FAIL (tolerance 1e-04)",
    ),
    "no reference": (
        {"verdict": "no reference", "relative_l2": None, "residual": 1.2e-5, "seconds": 10.0, "tolerance": 1e-4},
        "poisson_2d  residual rms 1.2e-05  in 10.0 s  NOT CHECKED (tolerance 1e-04, no reference)",
    ),
    "no reference, none asked": (
        {"verdict": "no reference", "relative_l2": None, "residual": 1.2e-5, "seconds": 10.0},
        "poisson_2d  residual rms 1.2e-05  in 10.0 s  DONE (no reference)",
    ),
}


@pytest.mark.parametrize(("facts", "line"), STATUS.values(), ids=STATUS)
def test_status_line(facts: dict, line: str) -> None:
    assert status_line("poisson_2d", **facts) == line


def test_every_public_name_is_there() -> None:
    assert pinn.report.__all__ == sorted(pinn.report.__all__)
    assert all(hasattr(pinn.report, name) for name in pinn.report.__all__)
