"""`pinn compare`: runs beside each other, ranked, with what differs between them, in tables and pictures."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pinn.app.compared import Comparison
from pinn.app.listed import columns_of, facts_of
from pinn.app.messages import SOLVED
from pinn.app.output import as_text, shown, tell, width
from pinn.app.runs import find, is_run, printable
from pinn.app.verbs import Arguments
from pinn.report import Column, comparison_figure, fitted_table, save_figure, work_precision_figure
from pinn.report.columns import fitted
from pinn.report.files import write_records
from pinn.report.ranking import short_names

_WIDE = 200  # of a table that is not on a terminal
_PLACE = "outputs/compare"


def main(words: Sequence[str]) -> int:
    """Tables on standard output; the same as a file and as pictures in a folder.

    Raises:
        ValueError, OSError: words that name no runs, or a folder that cannot be written.
    """
    asked = _arguments().parse_args(words)
    found = Comparison.of(_folders(asked.runs))
    _show(found)
    folder = Path(asked.out or f"{_PLACE}/{datetime.now():%Y-%m-%d_%H-%M-%S-%f}")
    written = _save(found, folder)
    tell(f"{', '.join(path.name for path in written)} in {shown(folder.absolute())}")
    return SOLVED


def _arguments() -> Arguments:
    arguments = Arguments("compare", "Runs beside each other: errors, seconds, and what differs between them.")
    arguments.add_argument("runs", nargs="+", metavar="RUN", help="folders of runs, of sweeps, or with runs below them")
    arguments.add_argument("--out", metavar="FOLDER", help=f"where files are written (default: {_PLACE}/DATE_TIME)")
    return arguments


def _folders(words: Sequence[str]) -> list[Path]:
    """The folders of the runs that words stand for, each once.

    Raises:
        ValueError: a word that stands for none, or fewer than two runs.
    """
    folders = [folder for word in words for folder in _meant(word)]
    once = list({folder.resolve(): folder for folder in reversed(folders)}.values())[::-1]
    if len(once) < 2:
        raise ValueError(f"compare: expected two runs or more; got {once[0]} alone. 'pinn list' shows the runs.")
    return once


def _meant(word: str) -> list[Path]:
    """A run, the runs below a folder, or those that a pattern with `*` stands for."""
    matches = sorted(glob.glob(word)) if glob.has_magic(word) and not Path(word).exists() else [word]
    runs = [run for match in matches for run in _runs_in(Path(match))]
    if not runs:
        what = "has none" if Path(word).is_dir() else "is no folder"
        raise ValueError(
            f"compare: expected a run, or a folder with runs below it; {word} {what}. 'pinn list' shows the runs."
        )
    return runs


def _runs_in(folder: Path) -> Iterator[Path]:
    if is_run(folder):
        yield folder
    elif folder.is_dir():
        found = find(folder)
        yield from found.runs
        for jobs in found.sweeps.values():
            yield from jobs


def _show(found: Comparison) -> None:
    """The runs by their numbers, and by these what differs between them."""
    numbers = Column("run", [str(number) for number in range(1, len(found.runs) + 1)], right=True)
    columns = [numbers, *(column for column in columns_of(found.runs) if column.heading != "date")]
    tell(as_text(fitted_table(columns, width=width(_WIDE)), _WIDE))
    problems = sorted({str(run.problem) for run in found.runs})
    if len(problems) > 1:
        tell(f"{len(problems)} problems, {', '.join(problems)}: an error of one is no measure of another")
    if not found.keys:
        tell("nothing else differs between their settings")
        return
    wide = _by_run(found, numbers)
    fits = len(fitted(wide, width(_WIDE))) == len(wide)
    tell(as_text(fitted_table(wide if fits else _by_key(found), width=width(_WIDE), title="what differs"), _WIDE))


def _by_run(found: Comparison, numbers: Column) -> list[Column]:
    """A column for each setting that differs."""
    names = short_names(found.keys)
    columns = [
        Column(names[key], [_value(own[key]) if key in own else "" for own in found.settings], spare=1)
        for key in found.keys
    ]
    return [numbers, *columns]


def _by_key(found: Comparison) -> list[Column]:
    """A line for each setting that differs: its values, each with the runs that have it."""
    lines = []
    for key in found.keys:
        runs: dict[str, list[str]] = {}
        for number, own in enumerate(found.settings, start=1):
            runs.setdefault(_value(own[key]) if key in own else "-", []).append(str(number))
        lines.append("\n".join(f"{value}  (run{'s' * (len(of) > 1)} {', '.join(of)})" for value, of in runs.items()))
    return [Column("setting", found.keys), Column("values", lines)]


def _value(value: object) -> str:
    return "null" if value is None else printable(str(value))


def _save(found: Comparison, folder: Path) -> list[Path]:
    """The table as a file, error against time, and the errors on their way, where any are known."""
    facts = [facts_of(run) for run in found.runs]
    keys = [key for key in found.keys if key not in facts[0]]
    names = [*facts[0], *keys]
    records = [[*fact.values(), *map(own.get, keys)] for fact, own in zip(facts, found.settings, strict=True)]
    written = [
        write_records(names, records, folder / "compare.csv"),
        save_figure(comparison_figure(found.rows()), folder / "work_precision.png"),
    ]
    curves, quantity = found.curves()
    if curves:
        left_out = len(found.runs) - len(curves)
        subtitle = "compiling is not counted" + (f"; {left_out} without a {quantity} not drawn" if left_out else "")
        figure = work_precision_figure(
            curves, title=f"{quantity.removeprefix('relative L2 ').capitalize()} while training", subtitle=subtitle,
            quantity=quantity, across="steps",
        )  # fmt: skip
        written.append(save_figure(figure, folder / "history.png"))
    return written
