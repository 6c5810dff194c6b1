"""Runs of a sweep in order: which are comparable, what was varied, and which is best.

A *row* is a mapping with `relative_l2`, `seconds`, `verdict` and `folder` (any may be missing or `None`); every other
key is an override of the run, such as `"field.width": 32`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

Row = Mapping[str, object]

MEASURED = ("relative_l2", "seconds", "verdict", "folder")
"""Keys of a row that are results; all others are overrides."""

COMPLETED = ("pass", "fail", "no reference")
"""Verdicts of runs that came to an end; any other word counts as a failed run."""


def number(value: object) -> float:
    """A number, or a text that is one, as float; NaN for anything else."""
    if isinstance(value, bool):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def overrides(row: Row) -> dict[str, object]:
    """What was chosen for this run: the row without its results."""
    return {key: value for key, value in row.items() if key not in MEASURED}


def varied(rows: Sequence[Row]) -> list[str]:
    """The overrides that differ between the rows (or are missing in some), in order of appearance."""
    keys = dict.fromkeys(key for row in rows for key in overrides(row))
    return [key for key in keys if len({repr(row.get(key)) for row in rows}) > 1]


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Each key by its last part, `field.width` as `width`, or whole where two would read alike."""
    last = [key.rsplit(".", 1)[-1] for key in keys]
    return {key: part if last.count(part) == 1 else key for key, part in zip(keys, last, strict=True)}


def is_measured(row: Row) -> bool:
    """Whether the run came to an end and has a true error."""
    return row.get("verdict") in COMPLETED and math.isfinite(number(row.get("relative_l2")))


def _order(row: Row) -> tuple[int, float, float, str]:
    """The key to sort by; the last part makes the order total, so it never depends on the order of arrival."""
    error, seconds = number(row.get("relative_l2")), number(row.get("seconds"))
    group = 0 if is_measured(row) else 1 if row.get("verdict") == "no reference" else 2
    return (
        group,
        error if group == 0 else 0.0,
        seconds if math.isfinite(seconds) else math.inf,
        repr(sorted((key, repr(value)) for key, value in row.items())),
    )


def rank(rows: Sequence[Row]) -> list[Row]:
    """The rows from best to worst: by true relative L2 error, then by seconds.

    Runs without a reference follow, by seconds, and failed runs or those with an error that is no finite number stand
    at the end. The result does not depend on the order of `rows`.
    """
    return sorted(rows, key=_order)


def frontier(seconds: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Indices of the runs that no other beats in both time and error, by increasing time.

    Args:
        seconds: `[n]`.
        errors: `[n]`.
    """
    order = np.lexsort((errors, seconds))
    best = np.minimum.accumulate(np.concatenate([[np.inf], errors[order]]))
    return order[errors[order] < best[:-1]]
