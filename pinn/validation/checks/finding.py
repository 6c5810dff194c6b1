"""What a check says: one finding, good or bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, final

Level = Literal["ok", "warning", "error"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "error")


@final
@dataclass(frozen=True)
class Finding:
    """One thing that a check has looked at.

    Attributes:
        level: `error` for what cannot be solved as it stands, `warning` for what a person should know, `ok` otherwise.
        check: which check speaks.
        what: the finding in a sentence.
        where: the place: parts of the boundary, coordinates, the name of an equation or of a condition.
        remedy: what to do about it; empty where all is well.
        numbers: what was measured, by name; coordinates by the names of their axes.
    """

    level: Level
    check: str
    what: str
    where: str = ""
    remedy: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


def worst(findings: Sequence[Finding]) -> Level:
    """The gravest level of all."""
    return LEVELS[max((LEVELS.index(finding.level) for finding in findings), default=0)]


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names for a sentence; of many the first ones, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
