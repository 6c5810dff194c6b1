"""The end of a sweep: table, importance, pictures, `summary.csv`, and `best.yaml`, which runs the best trial again."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from pinn.app.messages import FAILED, SOLVED, explain, say
from pinn.app.output import as_text, shown, tell, width
from pinn.app.search.book import OWNER, RUNS, Book
from pinn.app.search.spaces import Space
from pinn.files import replacing
from pinn.report import TrialRow, comparison_figure, ranked, save_figure, search_figure, trials_table, write_trials

BEST = "best.yaml"
SUMMARY = "summary.csv"
_WIDTH = 140  # characters in a line where the output is no terminal
_SHOWN = 20  # trials in the table of the terminal
_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


def close(book: Book, spaces: Sequence[Space], folder: Path) -> int:
    """Tell and write what the trials have come to.

    Returns:
        0 where the best trial met what was asked of it, 1 where it missed the accuracy or there is none.
    """
    trials = book.trials()
    rows = [_row(trial, folder) for trial in trials]
    best = next((row for row in ranked(rows) if row.state == "complete"), None)
    importance = importance_of(book.study)
    _print(rows, importance, folder)
    status = FAILED if best is None or trials[best.number].user_attrs[RUNS]["verdict"] == "fail" else SOLVED
    try:
        if best is not None:
            with replacing(folder / BEST) as stream:
                stream.write(str(trials[best.number].user_attrs[RUNS]["config"]).encode())
        _write(rows, importance, spaces, folder)
    except OSError as error:
        say(f"cannot write the sweep's results: {explain(error)}", error)
        return FAILED
    if best is not None:
        tell(f"best: trial {best.number}; 'pinn {shown(folder / BEST)}' runs it again")
    return status


def importance_of(study: optuna.Study) -> dict[str, float]:
    """How much of the difference between good trials and all is due to each key, by PED-ANOVA (Watanabe et al. 2023),
    the largest first; nothing where too few trials tell.
    """
    target = (lambda trial: trial.values[0]) if len(study.directions) > 1 else None
    with suppress(ValueError, RuntimeError, ZeroDivisionError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = optuna.importance.get_param_importances(study, target=target)
        return {key: float(value) for key, value in found.items() if math.isfinite(value)}
    return {}


def _row(trial: FrozenTrial, folder: Path) -> TrialRow:
    facts = trial.user_attrs.get(RUNS, {})
    home = Path(trial.user_attrs.get(OWNER, [folder])[0]) / str(trial.number)
    seconds = facts.get("seconds")
    value = trial.values[0] if trial.values else math.nan
    return TrialRow(
        number=trial.number,
        values=trial.params,
        error=value,
        seconds=math.nan if seconds is None else float(seconds),
        state=_STATES.get(trial.state, trial.state.name.lower()),
        folder=os.path.relpath(home, folder) if home.is_relative_to(folder) else str(home),
        message=str(facts.get("message", "")),
        seeds=facts.get("seeds", ()),
        errors=facts.get("errors", ()) if facts.get("seeds") else (),
    )


def _print(rows: Sequence[TrialRow], importance: Mapping[str, float], folder: Path) -> None:
    counts = [f"{sum(row.state == state for row in rows)} {state}" for state in dict.fromkeys(r.state for r in rows)]
    tell(f"{len(rows)} trial{'' if len(rows) == 1 else 's'} in {shown(folder)}: {', '.join(counts)}")
    if not rows:
        return
    tell(as_text(trials_table(rows, most=_SHOWN, width=width(_WIDTH)), _WIDTH))
    if len(rows) > _SHOWN:
        tell(f"{len(rows) - _SHOWN} more in {shown(folder / SUMMARY)}")
    for message, numbers in _failures(rows).items():
        tell(f"trial{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}: {message}")
    if importance:
        tell("importance: " + ", ".join(f"{key} {value:.2f}" for key, value in importance.items()))


def _failures(rows: Sequence[TrialRow]) -> dict[str, list[int]]:
    """The messages with the numbers of the trials that they are about."""
    found: dict[str, list[int]] = {}
    for row in rows:
        if row.state == "failed":
            found.setdefault(row.message, []).append(row.number)
    return found


def _write(rows: Sequence[TrialRow], importance: Mapping[str, float], spaces: Sequence[Space], folder: Path) -> None:
    write_trials(rows, folder / SUMMARY)
    logarithmic = [space.key for space in spaces if getattr(space.domain, "log", False)]
    save_figure(search_figure(rows, importance=importance, logarithmic=logarithmic), folder / "trials.png")
    runs = [
        {"trial": row.number, "relative_l2": row.error, "seconds": row.seconds, "verdict": "pass"}
        for row in rows
        if row.state == "complete"
    ]
    save_figure(comparison_figure(runs), folder / "comparison.png")
