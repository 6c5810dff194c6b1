"""The one line that ends a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WIDE_GAP = 10.0
"""How many times larger the residual may be between the training points: beyond, a field has learned its points more
than its equation.
"""


def short(value: float) -> str:
    """A tolerance with no more digits than it has: `1e-04`, `2.5e-05`."""
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"


def duration(seconds: float) -> str:
    """A time to three digits or so: `0.42 s`, `12.3 s`, `4523 s`."""
    digits = 2 if seconds < 10.0 else 1 if seconds < 1000.0 else 0
    return f"{seconds:.{digits}f} s"


def _verdict(verdict: str, tolerance: float | None, accuracy: float | None) -> str:
    """The verdict in capitals with what was asked: a run without a tolerance is done rather than passed."""
    if verdict == "no reference" and accuracy is not None and tolerance is not None:
        return f"NOT CHECKED (tolerance {short(tolerance)}, reference accurate to {accuracy:.0e})"
    if verdict == "no reference":
        return (
            "DONE (no reference)" if tolerance is None else f"NOT CHECKED (tolerance {short(tolerance)}, no reference)"
        )
    if tolerance is None:
        return "DONE (no tolerance asked)" if verdict == "pass" else verdict.upper()
    return f"{verdict.upper()} (tolerance {short(tolerance)})"


def _named(reference: Mapping[str, Any] | None) -> str:
    """What was compared with, where it has an error of its own."""
    if reference is None or reference["accuracy"] == 0.0:
        return ""
    return f" to {reference['kind']} (accurate to {reference['accuracy']:.0e})"


def status_line(
    problem: str,
    *,
    verdict: str,
    relative_l2: float | None,
    seconds: float,
    tolerance: float | None = None,
    residual: float | None = None,
    reference: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
) -> str:
    """What came of a run, in one line, such as

    `poisson_2d  relative L2 3.2e-06  in 12.3 s  PASS (tolerance 1e-04)  outputs/poisson_2d/...`

    Args:
        problem: its name.
        verdict: `"pass"`, `"fail"` or `"no reference"`.
        relative_l2: the error against the reference; `None` or NaN where there is none.
        seconds: the total time.
        tolerance: the relative L2 error that was asked for, if any.
        residual: the root mean square of the residual, said where there is no error to say.
        reference: `kind` and `accuracy` of what the error was measured by; said where it is no formula.
        folder: where the files are.
    """
    if relative_l2 is not None and math.isfinite(relative_l2):
        measured = f"relative L2 {relative_l2:.1e}{_named(reference)}"
    elif residual is not None and math.isfinite(residual):
        measured = f"residual rms {residual:.1e}"
    else:
        measured = "relative L2 unknown"
    parts = [
        problem,
        measured,
        f"in {duration(seconds)}",
        _verdict(verdict, tolerance, reference["accuracy"] if reference else None),
    ]
    return "  ".join(parts if folder is None else [*parts, str(folder)])
