"""No check finds an error in a shipped problem, and warnings only where they are known."""

from __future__ import annotations

import pytest
from problem_cases import PROBLEMS

from pinn.validation.checks import CHECKS

KNOWN: dict[str, set[str]] = {}
"""Checks that warn of a problem, by its name."""


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_shipped_problem_passes(name: str) -> None:
    found = [finding for check in CHECKS.values() for finding in check(PROBLEMS[name][0])]
    assert {finding.check for finding in found} == set(CHECKS)
    bad = [finding for finding in found if finding.level != "ok"]
    assert [finding for finding in bad if finding.level == "error"] == []
    assert {finding.check for finding in bad} == KNOWN.get(name, set())
