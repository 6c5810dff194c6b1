"""Trials of a search: their order, the table and the file, and a picture that shows every trial that has an error."""

from __future__ import annotations

import csv
import math
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from pinn.report import TrialRow, ranked, save_figure, search_figure, trials_table, write_trials

NAN = math.nan


def trial(number: int, error: float, state: str = "complete", seconds: float = 1.0, **values: object) -> TrialRow:
    return TrialRow(number, values, error, seconds, state, str(number))


TRIALS = [
    trial(0, 1e-2, width=8, rate=1e-3, kind="sine"),
    trial(1, 1e-4, width=16, rate=1e-2, kind="tanh"),
    trial(2, 0.5, "pruned", width=9, rate=1e-1, kind="tanh"),
    trial(3, NAN, "failed", NAN, width=9, rate=1.0, kind="tanh"),
    trial(4, 1e-4, seconds=0.5, width=20, rate=1e-2, kind="sine", only=3),
    trial(5, NAN, "running", NAN, width=20),
]


def test_ranked() -> None:
    assert [row.number for row in ranked(TRIALS)] == [4, 1, 0, 2, 3, 5]
    assert [row.number for row in ranked(TRIALS[::-1])] == [4, 1, 0, 2, 3, 5]
    assert ranked([]) == []


def test_the_table_says_what_the_best_are_and_drops_what_matters_least() -> None:
    def lines(most: int, width: int) -> list[str]:
        stream = StringIO()
        Console(file=stream, width=width).print(trials_table(TRIALS, most=most, width=width))
        return stream.getvalue().splitlines()

    whole = lines(9, 200)
    assert whole[1].split("┃")[1:-1] == [
        *(" rank ", " trial ", " width ", "  rate ", " kind ", " only ", " relative L2 ", " seconds ", " state    "),
        " folder ",
    ]
    cells = [line.replace("│", " ").split() for line in whole[3:9]]
    assert cells[0] == ["1", "4", "20", "0.01", "sine", "3", "1.0e-04", "0.50", "complete", "4"]
    assert cells[3] == ["2", "9", "0.1", "tanh", "5.0e-01", "1.00", "pruned", "2"]
    assert cells[4] == ["3", "9", "1", "tanh", "-", "-", "failed", "3"]
    assert len(lines(2, 200)) == 6
    assert "folder" not in lines(9, 80)[1]


def test_the_file_holds_every_trial_exactly(tmp_path: Path) -> None:
    several = TrialRow(6, {"rate": 0.1 + 0.2}, 1 / 3, 2.5, "complete", "6", "", (5, 6, 7), (1 / 3, None, 0.2))
    broken = TrialRow(7, {}, NAN, NAN, "failed", "7", 'a "quoted", long\nmessage')
    with write_trials([several, broken], tmp_path / "trials.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["rank"], first["trial"], float(first["rate"]), float(first["relative_l2"])) == (
        "1",
        "6",
        0.1 + 0.2,
        1 / 3,
    )
    assert (first["seeds"], first["errors"]) == ("[5, 6, 7]", f"[{1 / 3}, null, 0.2]")
    assert (second["rank"], second["relative_l2"], second["message"]) == ("", "", 'a "quoted", long\nmessage')


def test_the_picture_shows_every_trial_and_each_key() -> None:
    figure = search_figure(TRIALS, importance={"rate": 0.7, "width": 0.2}, logarithmic=["rate"])
    history, *slices = figure.axes
    drawn = {line.get_label(): list(line.get_xdata()) for line in history.get_lines()}
    assert drawn == {"pruned": [2], "complete": [0, 1, 4], "best so far": [0, 1, 4, 5], "failed": [3]}
    assert [axes.get_title() for axes in slices] == [
        *("rate   importance 0.70", "width   importance 0.20", "kind", "only"),
    ]
    assert slices[0].get_xscale() == "log"
    assert slices[1].get_xscale() == "linear"
    assert [text.get_text() for text in slices[2].get_xticklabels()] == ["sine", "tanh"]
    dots, ring = slices[0].collections
    np.testing.assert_allclose(dots.get_offsets(), [[1e-3, 1e-2], [1e-2, 1e-4], [1e-2, 1e-4]])
    np.testing.assert_allclose(ring.get_offsets(), [[1e-2, 1e-4]])


@pytest.mark.parametrize("rows", [[], [trial(0, NAN, "failed", NAN, width=3)], [trial(0, 0.0, width=3)]], ids=len)
def test_there_is_a_picture_whatever_the_trials_came_to(rows: list[TrialRow], tmp_path: Path) -> None:
    assert np.std(imread(save_figure(search_figure(rows), tmp_path / "trials.png"))) > 0.01
