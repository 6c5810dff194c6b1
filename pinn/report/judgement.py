"""The verdict in words: one that a person understands without knowing the program."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from pinn.report.html import Markup, escaped, scientific


@final
@dataclass(frozen=True)
class Judgement:
    """A verdict.

    Attributes:
        tone: `pass`, `fail`, or `open` where nobody can tell.
        word: the verdict itself.
        sentences: why.
    """

    tone: str
    word: str
    sentences: tuple[Markup, ...]


def judgement(summary: Mapping[str, Any]) -> Judgement:
    """The verdict on a run by its summary, and the reasons."""
    verdict, tolerance = summary.get("verdict"), summary.get("tolerance")
    error = (summary.get("errors") or {}).get("relative_l2")
    if verdict == "pass":
        word = "Solved" if tolerance is None else "Passed"
        return Judgement("pass", word, (_measured(summary, error), *_asked(tolerance)))
    if verdict == "fail":
        missed = error is not None and tolerance is not None and error > tolerance
        reasons = (_measured(summary, error), *_asked(tolerance)) if _is_number(error) else ()
        ended = _sentence(f"Training ended: {summary.get('stop_reason')}")
        return Judgement("fail", "Accuracy missed" if missed else "Failed", (*reasons, ended))
    if verdict == "no reference":
        word = "Done, not checked" if tolerance is None else "Not checked"
        return Judgement("open", word, (*_without(summary), *(() if tolerance is None else _asked(tolerance))))
    return Judgement("open", f"Unknown verdict: {verdict}", ())


def _measured(summary: Mapping[str, Any], error: object) -> Markup:
    reference = summary.get("reference") or {}
    kind = reference.get("kind")
    if kind in (None, "exact"):
        return Markup(f"The relative L2 error against the exact solution is {scientific(error).text}.")
    return Markup(
        f"The relative L2 error is {scientific(error).text}, against {escaped(str(kind))} that are accurate to "
        f"{scientific(reference.get('accuracy')).text}."
    )


def _asked(tolerance: object) -> tuple[Markup, ...]:
    if tolerance is None:
        return (Markup("No accuracy was asked for."),)
    return (Markup(f"An error of at most {scientific(tolerance, least=True).text} was asked for."),)


def _without(summary: Mapping[str, Any]) -> tuple[Markup, ...]:
    """What is known where nothing can be compared."""
    found, reference = summary.get("self_consistency"), summary.get("reference") or {}
    if reference.get("kind") is not None:
        error = (summary.get("errors") or {}).get("relative_l2")
        return (_measured(summary, error), Markup("That reference is not accurate enough to tell."))
    why = (found or {}).get("why_no_reference")
    first = _sentence(f"There is no reference to compare with{f': {why}' if why else ''}")
    if not found:
        return (first,)
    kind = escaped(str(found.get("kind")))
    return (
        first,
        Markup(f"Self-consistency {scientific(found.get('value')).text}: {kind}. It is no bound of the error."),
    )


def _sentence(text: str) -> Markup:
    return Markup(escaped(f"{text.rstrip('.')}."))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
