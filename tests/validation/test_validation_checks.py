"""Checks of problems: every shipped one passes, and each wrong twin is found by the check that is for it."""

from __future__ import annotations

import pytest
from check_cases import CLEAN, TWINS, Twin

from pinn.problems import Problem
from pinn.validation.checks import CHECKS, Finding, worst

CASES = [
    pytest.param(check, twin, id=f"{check}: {name}") for check, twins in TWINS.items() for name, twin in twins.items()
]


def _said(finding: Finding) -> str:
    return f"{finding.what} | {finding.where} | {finding.remedy}"


@pytest.mark.parametrize(("check", "twin"), CASES)
def test_each_wrong_twin_is_found_and_named(check: str, twin: Twin) -> None:
    found = CHECKS[check](twin.problem)
    assert worst(found) == twin.level
    fitting = [each for each in found if each.level == twin.level and all(words in _said(each) for words in twin.said)]
    assert fitting, [_said(each) for each in found]
    (finding,) = fitting
    assert finding.check == check
    assert finding.remedy
    assert {name: finding.numbers[name] for name in twin.numbers} == pytest.approx(dict(twin.numbers), abs=1e-9)


def test_every_check_has_a_wrong_twin() -> None:
    assert set(TWINS) == set(CHECKS)


@pytest.mark.parametrize("problem", CLEAN.values(), ids=CLEAN)
def test_what_is_right_is_left_alone(problem: Problem) -> None:
    found = [finding for check in CHECKS.values() for finding in check(problem)]
    assert [_said(finding) for finding in found if finding.level != "ok"] == []
    assert {finding.check for finding in found} == set(CHECKS)
