"""The end of a sweep: every job in one table, ranked by true error and seconds, whatever became of it.

Each job leaves a small record in the sweep's folder, in the process that ran it; when all are done the records become
a table on the terminal, `summary.csv` and `comparison.png`. Files serve every launcher, in this process or in others.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from pinn.app.folders import folder_of, outcome_of
from pinn.app.messages import BAD_INPUT, FAILED, SOLVED, UNKEPT, Outcome, explain, say

RECORDS = ".jobs"
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
    summary = _summary(folder / SUMMARY) if outcome.status in (SOLVED, FAILED, UNKEPT) else {}
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

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        if self._home is None:
            return
        folder = Path(config.hydra.runtime.output_dir)
        outcome = outcome_of(job_return) or Outcome(FAILED, "the job was lost.")
        overrides = [str(word) for word in config.hydra.overrides.task]
        job = record(int(config.hydra.job.num), overrides, self._home, folder, outcome)
        _write(job, self._home / RECORDS)
        if outcome.interrupted:
            raise KeyboardInterrupt  # who stops one run of a sweep does not wait for the others

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        home = folder_of(config, "hydra.sweep.dir")
        if home is not None:
            raise SystemExit(close(home.absolute()))


def _write(job: Record, folder: Path) -> None:
    """The record as a whole file; a disk that refuses it is said, and costs the job its row of the table only."""
    from pinn.report import write_json

    try:
        write_json(asdict(job), folder / f"{job.number}.json")
    except OSError as error:
        say(f"run {job.number}: cannot write its record: {explain(error)}", error)


def close(sweep: Path) -> int:
    """Ends a sweep with the records that are there and removes them; the status is the worst of the recorded jobs."""
    records = [
        Record(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted((sweep / RECORDS).glob("*.json"))
    ]
    records.sort(key=lambda each: each.number)
    try:
        return finish(sweep, records)
    except OSError as error:
        say(f"cannot write the sweep's table: {explain(error)}", error)
        return FAILED
    finally:
        shutil.rmtree(sweep / RECORDS, ignore_errors=True)


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
