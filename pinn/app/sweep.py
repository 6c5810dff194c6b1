"""The end of a sweep: every job in one table, ranked by true error and seconds, whatever became of it.

Each job leaves a small record in the sweep's folder, in the process that ran it; when all are done the records become
a table on the terminal, `summary.csv` and `comparison.png`. Files serve every launcher, in this process or in others.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from platform import node
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from pinn.app.folders import folder_of, outcome_of
from pinn.app.messages import BAD_INPUT, FAILED, SOLVED, UNKEPT, Outcome, explain, say

RECORDS = ".jobs"
PATIENCE = 20.0
"""Seconds in which a job that a launcher has started begins."""

_BEGUN = ".begun.json"
_LOST = "its process was lost"
SUMMARY = "summary.json"


@dataclass(frozen=True)
class Record:
    """One job: its number, what was chosen for it, what it came to."""

    number: int
    overrides: Mapping[str, Any]
    folder: str
    status: int
    message: str
    relative_l2: float | None
    seconds: float | None
    verdict: str

    def row(self) -> dict[str, Any]:
        """As `pinn.report` compares runs: the results beside the overrides."""
        results = {
            "relative_l2": self.relative_l2,
            "seconds": self.seconds,
            "verdict": self.verdict,
            "folder": self.folder,
        }
        return {**self.overrides, **results}


def record(number: int, overrides: Sequence[str], sweep: Path, folder: Path, outcome: Outcome) -> Record:
    """The record of a job from its run folder, which is gone or without a summary when it did not get that far."""
    ended = outcome.status in (SOLVED, FAILED, UNKEPT) and not outcome.message  # else a summary is of an earlier run
    summary = _summary(folder / SUMMARY) if ended else {}
    unfinished = "bad input" if outcome.status == BAD_INPUT else "failed"
    return Record(
        number=number,
        overrides=_values(overrides),
        folder=os.path.relpath(folder, sweep),
        status=outcome.status,
        message=outcome.message,
        relative_l2=(summary.get("errors") or {}).get("relative_l2"),
        seconds=(summary.get("seconds") or {}).get("total"),
        verdict=str(summary.get("verdict", unfinished)),
    )


def finish(sweep: Path, records: Sequence[Record]) -> int:
    """Prints the table, writes `summary.csv` and `comparison.png`, and returns the worst status of the jobs."""
    from rich.console import Console

    from pinn.report import comparison_figure, save_figure, table, write_csv

    rows = [each.row() for each in records]
    print(f"{len(rows)} run{'' if len(rows) == 1 else 's'} in {sweep}")
    Console(width=None if sys.stdout.isatty() else 140).print(table(rows, title=""))
    for each in records:
        if each.message:
            print(f"run {each.number}: {each.message}")
    write_csv(rows, sweep / "summary.csv")
    save_figure(comparison_figure(rows), sweep / "comparison.png")
    return max((each.status for each in records), default=SOLVED)


class SweepTable(Callback):
    """Hydra callback: a record after each job of a sweep, the table after the last.

    Hydra drops what callbacks return and turns what they raise into warnings, so the sweep's exit status leaves as
    `SystemExit`: callbacks that are listed before this one are not told of the sweep's end.
    """

    def __init__(self) -> None:
        self._home: Path | None = None

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        folder = folder_of(config, "hydra.sweep.dir")
        if folder is not None:
            self._home = folder.absolute()
            shutil.rmtree(self._home / RECORDS, ignore_errors=True)

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        if self._home is not None:
            overrides = [str(word) for word in config.hydra.overrides.task]
            begin(int(config.hydra.job.num), overrides, self._home, Path(config.hydra.runtime.output_dir))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        if self._home is None:
            return
        folder = Path(config.hydra.runtime.output_dir)
        outcome = outcome_of(job_return) or Outcome(FAILED, "the job was lost.")
        overrides = [str(word) for word in config.hydra.overrides.task]
        job = record(int(config.hydra.job.num), overrides, self._home, folder, outcome)
        _write(asdict(job), self._home / RECORDS / f"{job.number}.json", job.number)
        if outcome.interrupted:
            raise KeyboardInterrupt  # who stops one run of a sweep does not wait for the others

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        home = folder_of(config, "hydra.sweep.dir")
        if home is not None:
            raise SystemExit(close(home.absolute()))


def begin(number: int, overrides: Sequence[str], sweep: Path, folder: Path) -> None:
    """Note that a job has begun in this process, in case that the process is lost."""
    lost = record(number, overrides, sweep, folder, Outcome(FAILED, _LOST))
    _write({**asdict(lost), "process": [node(), os.getpid()]}, sweep / RECORDS / f"{number}{_BEGUN}", number)


def _write(facts: Mapping[str, Any], path: Path, number: int) -> None:
    """The record as a whole file; a disk that refuses it is said, and costs the job its row of the table only."""
    from pinn.report import write_json

    try:
        write_json(facts, path)
    except OSError as error:
        say(f"run {number}: cannot write its record: {explain(error)}", error)


def close(sweep: Path, *, lost: bool = False) -> int:
    """Ends a sweep with the records that are there and removes them; the status is the worst of the recorded jobs.
    `lost`: those that have begun and not ended are recorded as lost.
    """
    records = [Record(**facts) for facts in _read(sweep, ".json")]
    done = {each.number for each in records}
    for facts in _read(sweep, _BEGUN) if lost else ():
        del facts["process"]
        if facts["number"] not in done:
            records.append(Record(**facts))
    records.sort(key=lambda each: each.number)
    try:
        return finish(sweep, records)
    except OSError as error:
        say(f"cannot write the sweep's table: {explain(error)}", error)
        return FAILED
    finally:
        shutil.rmtree(sweep / RECORDS, ignore_errors=True)


def close_broken(folders: Iterable[Path]) -> int | None:
    """Ends the sweep among these folders whose launcher has given up, for example since the process of a job was lost:
    with all jobs that have begun, those in other processes waited for. `None` where no job has begun.
    """
    for folder in folders:
        if _read(folder, _BEGUN):
            _wait(folder, PATIENCE)
            return close(folder, lost=True)
        shutil.rmtree(folder / RECORDS, ignore_errors=True)
    return None


def _wait(sweep: Path, patience: float) -> None:
    """Until no job is running and none has begun for a while: launchers start jobs that they do not wait for."""
    last = time.monotonic()
    seen: set[str] = set()
    while time.monotonic() - last < patience:
        names = {path.name for path in (sweep / RECORDS).iterdir()}
        if names != seen or any(_is_running(facts, names) for facts in _read(sweep, _BEGUN)):
            seen, last = names, time.monotonic()
        time.sleep(0.1)


def _is_running(begun: Mapping[str, Any], names: Iterable[str]) -> bool:
    where, process = begun["process"]
    elsewhere = where != node() or process == os.getpid() or sys.platform == "win32"
    if elsewhere or f"{begun['number']}.json" in names:
        return False
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _read(sweep: Path, ending: str) -> list[dict[str, Any]]:
    paths = [path for path in (sweep / RECORDS).glob(f"*{ending}") if path.name.removesuffix(ending).isdecimal()]
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(paths)]


def close_interrupted(folders: Iterable[Path]) -> None:
    """Ends the sweep among these folders, if one of them holds records: the runs that were done are not lost."""
    for folder in folders:
        if (folder / RECORDS).is_dir():
            close(folder)


def _summary(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _values(overrides: Sequence[str]) -> dict[str, Any]:
    """`["field.width=32", "++problem.k=2"]` as `{"field.width": 32, "problem.k": 2}`."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return {each.key_or_group: each.value() if not each.is_delete() else None for each in parsed}
