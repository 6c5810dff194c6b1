"""A training that is killed twenty times, by signal 9 and at random moments, is the one that never was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import killed_often
import pytest

from pinn.training import Series, Snapshot

KILLS = 20


def same(found: Snapshot, expected: Snapshot) -> bool:
    """To the last bit, but for the seconds that it took."""
    timeless = ("history.blocks",)
    arrays, others = ({k: v for k, v in each.arrays().items() if k not in timeless} for each in (found, expected))
    return list(arrays) == list(others) and all(arrays[name].tobytes() == others[name].tobytes() for name in others)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_twenty_kills_leave_no_trace(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, killed_often.__file__, str(tmp_path), str(KILLS), "0"]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=300).stdout
    kills = [line.split() for line in output.splitlines()]
    assert [signal for signal, *_ in kills] == ["9"] * KILLS, output
    assert len({newest for _, newest, _ in kills}) == KILLS  # each life has got on
    assert any(int(unfinished) for *_, unfinished in kills)  # and some have died while they wrote
    said: list[str] = []
    checkpoint = Series(tmp_path).newest(said.append)
    assert checkpoint is not None
    assert not said
    found = checkpoint.snapshot
    expected = killed_often.trained(found.step)
    assert same(found, expected.snapshot)
    assert found.history.columns()["step"].tolist() == list(range(1, found.step + 1))
    assert not same(found, killed_often.trained(found.step - 1).snapshot)
