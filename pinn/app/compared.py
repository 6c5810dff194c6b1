"""Runs beside each other as values: in their order, with what differs, and what each is called in a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from pinn.app.leaves import leaves, varied
from pinn.app.runs import Run, config, history, read
from pinn.report import ErrorCurve, rank

_CHOICES = ("problem", "solver", "field")
"""By these runs are told apart first, and their curves belong to families."""

_TOLD = ("name", "problem._target_", "field.name", "solver.name", "seed")
"""Settings that stand in every table of runs."""

_APART = ("checkpoint", "mlflow", "progress", "record", "resume")
"""Settings that no result depends on."""

NAMED = 12
"""How many curves carry a name; the others are grey."""


@final
@dataclass(frozen=True)
class Comparison:
    """Runs, the best first.

    Attributes:
        runs: ranked by error, then by seconds.
        settings: of each, by dotted keys, with the versions of the libraries where all are known.
        keys: of the settings that differ, beside what every table of runs says.
    """

    runs: tuple[Run, ...]
    settings: tuple[Mapping[str, Any], ...]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, folders: Sequence[Path]) -> Comparison:
        """The runs in some folders."""
        runs = _ranked([read(folder) for folder in folders])
        known = all(run.versions for run in runs)
        settings = tuple(dict(leaves(_compared(run, versions=known))) for run in runs)
        return cls(runs, settings, tuple(key for key in varied(settings) if key not in _TOLD))

    @property
    def names(self) -> tuple[dict[str, str], ...]:
        """Of each run the choices that tell all runs apart, as far as any do; the seed is the last to be taken."""
        known = [
            {key: getattr(run, key) for key in _CHOICES} | {key: own.get(key) for key in self.keys} | {"seed": run.seed}
            for run, own in zip(self.runs, self.settings, strict=True)
        ]
        taken: list[str] = []
        for key in known[0]:
            if _kinds(known, [*taken, key]) > _kinds(known, taken):
                taken.append(key)
        return tuple(
            {key: str(own[key]) for key in taken if key in settings or own[key] is not None}
            for own, settings in zip(known, self.settings, strict=True)
        )

    def rows(self) -> list[dict[str, Any]]:
        """As `pinn.report` compares runs."""
        return [
            {
                **name,
                "relative_l2": run.relative_l2,
                "seconds": run.seconds,
                "verdict": run.verdict,
                "folder": str(run.folder),
            }
            for run, name in zip(self.runs, self.names, strict=True)
        ]

    def curves(self) -> tuple[list[ErrorCurve], str]:
        """How the error of each run fell, by seconds and by steps, and what it is called; the loss where no run has a
        true error. Runs that have neither are left out.
        """
        columns = [history(run.folder) for run in self.runs]
        known = any(np.isfinite(each.get("error", np.nan)).any() for each in columns)
        column, quantity = ("error", "relative L2 error") if known else ("loss", "loss")
        looks = _looks(self.names, self.runs)
        shown = list(dict.fromkeys(looks))[:NAMED]
        curves = [
            ErrorCurve(name, family, *_measured(each, column), quiet=(family, name) not in shown)
            for each, (family, name) in zip(columns, looks, strict=True)
            if each
        ]
        return [curve for curve in curves if len(curve.errors)], quantity


def _ranked(runs: Sequence[Run]) -> tuple[Run, ...]:
    facts = [
        {"relative_l2": run.relative_l2, "seconds": run.seconds, "verdict": run.verdict, "folder": str(run.folder)}
        for run in runs
    ]
    by_folder = {str(run.folder): run for run in runs}
    return tuple(by_folder[str(row["folder"])] for row in rank(facts))


def _compared(run: Run, *, versions: bool) -> dict[str, Any]:
    """What may differ between runs."""
    settings = {key: value for key, value in config(run.folder).items() if key not in _APART}
    return {**settings, **({"versions": run.versions} if versions else {})}


def _kinds(known: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> int:
    return len({tuple(str(each[key]) for key in keys) for each in known})


def _looks(names: Sequence[Mapping[str, str]], runs: Sequence[Run]) -> list[tuple[str, str]]:
    """The family and the name of each curve: repeats with other seeds are one method."""
    family = next((key for key in _CHOICES if any(key in name for name in names)), None)
    return [
        (
            str(run.problem) if family is None else str(getattr(run, family)),
            ", ".join(f"{key.rpartition('.')[2]}={value}" for key, value in name.items() if key not in (family, "seed"))
            or str(run.solver),
        )
        for name, run in zip(names, runs, strict=True)
    ]


def _measured(columns: Mapping[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seconds, values and steps where a column is known."""
    values = columns.get(name, np.full(len(columns["step"]), np.nan))
    known = np.isfinite(values)
    return columns["seconds"][known], values[known], columns["step"][known].astype(np.float64)
