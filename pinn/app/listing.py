"""`pinn list`: the runs below a folder in a table, finished or not, without TensorFlow."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, final

from pinn.app.listed import columns_of, facts_of
from pinn.app.messages import SOLVED, say, unknown
from pinn.app.output import as_text, tell, width
from pinn.app.runs import RUNNING, SWEPT, UNFINISHED, Run, date_of, find, read
from pinn.app.verbs import Arguments
from pinn.hints import did_you_mean
from pinn.report import fitted_table

_WIDE = 200  # of a table that is not on a terminal
_FILTERS = ("problem", "field", "solver", "verdict")
_ORDERS: Mapping[str, Callable[[Run], Any]] = {
    "date": lambda run: run.date or datetime.min,
    "error": lambda run: run.relative_l2,
    "seconds": lambda run: run.seconds,
    "problem": lambda run: run.problem,
    "field": lambda run: run.field,
    "solver": lambda run: run.solver,
    "verdict": lambda run: run.verdict,
    "seed": lambda run: run.seed,
    "folder": lambda run: str(run.folder),
}


@final
@dataclass(frozen=True)
class _Entry:
    """A line of the table: a run, or a sweep as one, with its jobs."""

    run: Run
    jobs: tuple[Run, ...] | None = None

    def facts(self) -> dict[str, Any]:
        return {**facts_of(self.run), "runs": None if self.jobs is None else len(self.jobs)}


@final
@dataclass(frozen=True)
class _Home:
    """What lies in a folder, read."""

    runs: list[Run] = field(default_factory=list)
    sweeps: dict[Path, list[Run]] = field(default_factory=dict)

    @property
    def all_runs(self) -> list[Run]:
        """Those of sweeps too."""
        return [*self.runs, *(job for jobs in self.sweeps.values() for job in jobs)]


def main(words: Sequence[str]) -> int:
    """The table on standard output, or the same as JSON or CSV.

    Raises:
        ValueError, OSError: words or a folder that cannot be meant.
    """
    asked = _arguments().parse_args(words)
    if asked.sort not in _ORDERS:
        raise ValueError(unknown("list: --sort", asked.sort, _ORDERS, prefix="--sort "))
    folder = Path(asked.folder)
    home = _read(folder)
    entries = _in_order(_selected(home, asked, apart=asked.jobs or folder in home.sweeps), asked)
    if asked.json:
        tell(json.dumps([entry.facts() for entry in entries], indent=2))
    elif asked.csv:
        tell(_as_csv(entries))
    elif entries:
        _show(entries)
    else:
        tell(f"no runs in {folder}{_hint(asked, home.all_runs)}")
    return SOLVED


def _arguments() -> Arguments:
    arguments = Arguments("list", "The runs and sweeps below a folder, the newest last.")
    arguments.add_argument("folder", nargs="?", default="outputs", help="where to look (default: %(default)s)")
    for name in _FILTERS:
        arguments.add_argument(f"--{name}", metavar="NAME", help=f"only runs of this {name}; * stands for anything")
    arguments.add_argument("--sort", default="date", metavar="BY", help=f"{', '.join(_ORDERS)} (default: date)")
    arguments.add_argument("--reverse", action="store_true", help="in the opposite order")
    arguments.add_argument("--last", type=_count, metavar="N", help="only the N newest")
    arguments.add_argument("--jobs", action="store_true", help="the runs of a sweep on lines of their own")
    form = arguments.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="everything, as JSON")
    form.add_argument("--csv", action="store_true", help="everything, as CSV")
    return arguments


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1; got {text!r}")
    return int(text)


def _read(folder: Path) -> _Home:
    """Everything below a folder; places that cannot be looked into are said."""
    if not folder.is_dir():
        raise FileNotFoundError(f"list: expected a folder with runs in it; there is no {folder}. Say pinn list FOLDER.")
    found = find(folder)
    for place in found.refused:
        say(f"list: {place} cannot be read and is left out.")
    return _Home(
        [read(place) for place in found.runs],
        {sweep: [read(job) for job in jobs] for sweep, jobs in found.sweeps.items()},
    )


def _selected(home: _Home, asked: argparse.Namespace, *, apart: bool) -> list[_Entry]:
    """The lines that were asked for; the runs of sweeps apart, or each sweep as one line about them."""
    patterns = {name: pattern for name in _FILTERS if (pattern := getattr(asked, name)) is not None}

    def wanted(runs: Sequence[Run]) -> list[Run]:
        return [run for run in runs if all(fnmatchcase(getattr(run, name) or "", p) for name, p in patterns.items())]

    if apart:
        return [_Entry(run) for run in wanted(home.all_runs)]
    kept = {sweep: wanted(jobs) for sweep, jobs in home.sweeps.items()}
    sweeps = [_Entry(_as_one(sweep, jobs), tuple(jobs)) for sweep, jobs in kept.items() if jobs or not patterns]
    return [*(_Entry(run) for run in wanted(home.runs)), *sweeps]


def _as_one(sweep: Path, jobs: Sequence[Run]) -> Run:
    """What the jobs of a sweep have in common, their best error and all their seconds, and what became of them."""

    def common(name: str) -> Any:
        values = {getattr(job, name) for job in jobs}
        return values.pop() if len(values) == 1 else None

    def counted(name: str) -> str | None:
        values = sorted({value for job in jobs if (value := getattr(job, name)) is not None})
        return f"{len(values)} {name}s" if len(values) > 1 else values[0] if values else None

    verdicts = Counter(job.verdict for job in jobs)
    became = [f"{count} {verdict}" for verdict, count in verdicts.most_common()] or ["no runs"]
    ended = (sweep / SWEPT).exists() or RUNNING in verdicts
    return Run(
        sweep,
        date=date_of(sweep, None, SWEPT) or min((job.date for job in jobs if job.date is not None), default=None),
        problem=counted("problem"),
        field=counted("field"),
        solver=counted("solver"),
        relative_l2=min((job.relative_l2 for job in jobs if job.relative_l2 is not None), default=None),
        seconds=math.fsum(job.seconds for job in jobs if job.seconds is not None),
        verdict=", ".join(became if ended else [*became, UNFINISHED]),
        seed=common("seed"),
        dtype=common("dtype"),
        commit=common("commit"),
    )


def _in_order(entries: Sequence[_Entry], asked: argparse.Namespace) -> list[_Entry]:
    """The newest so many, sorted as was asked for."""
    newest = _sorted(entries, _ORDERS["date"])[-asked.last if asked.last else 0 :]
    return _sorted(newest, _ORDERS[asked.sort], reverse=asked.reverse)


def _sorted(entries: Sequence[_Entry], key: Callable[[Run], Any], *, reverse: bool = False) -> list[_Entry]:
    """By a key, then by folder; runs of which it is not known are at the end."""
    known = [entry for entry in entries if key(entry.run) is not None]
    rest = [entry for entry in entries if key(entry.run) is None]
    by_folder = sorted(known, key=lambda entry: str(entry.run.folder))
    return sorted(by_folder, key=lambda entry: key(entry.run), reverse=reverse) + rest


def _hint(asked: argparse.Namespace, runs: Sequence[Run]) -> str:
    """Which filter nothing passes, and what it may have been meant to say."""
    for name in _FILTERS:
        pattern, known = getattr(asked, name), {value for run in runs if (value := getattr(run, name)) is not None}
        if pattern is not None and not any(fnmatchcase(value, pattern) for value in known):
            return f" of {name} {pattern}{did_you_mean(pattern, known)}"
    return ""


def _as_csv(entries: Sequence[_Entry]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_Entry(Run(Path())).facts()), lineterminator="\n")
    writer.writeheader()
    writer.writerows(entry.facts() for entry in entries)
    return text.getvalue().rstrip("\n")


def _show(entries: Sequence[_Entry]) -> None:
    """The table, what there is in it, and what can be done with what is unfinished."""
    tell(as_text(fitted_table(columns_of([entry.run for entry in entries]), width=width(_WIDE)), _WIDE))
    sweeps = sum(entry.jobs is not None for entry in entries)
    counts = [_plural(len(entries) - sweeps, "run")] if len(entries) > sweeps else []
    counts += [f"{_plural(sweeps, 'sweep')}, whose runs --jobs lists"] if sweeps else []
    tell(" and ".join(counts))
    if any(entry.run.verdict == UNFINISHED for entry in entries):
        tell("'pinn resume=FOLDER' goes on with an unfinished run")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
