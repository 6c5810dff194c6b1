"""The memory of a process is the least of what the machine and the groups around it have."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pinn.solvers import checks, memory
from pinn.solvers.memory import group_limits

# what the process is told of its groups, the files of limits -> the limits
GROUPS: dict[str, tuple[str, dict[str, str], list[float]]] = {
    "version 2": ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": "4096\n"}, [4096.0]),
    "version 2, in a container": ("0::/of/the/host\n", {"memory.max": "8192\n"}, [8192.0]),
    "version 1": (
        "4:memory:/job\n3:cpuset:/job\n0::/\n",
        {"memory/job/memory.limit_in_bytes": "512\n", "memory/memory.limit_in_bytes": "9223372036854771712\n"},
        [512.0, 9223372036854771712.0],
    ),
    "none": ("0::/\n", {}, []),
}


@pytest.mark.parametrize(("told", "files", "limits"), GROUPS.values(), ids=GROUPS)
def test_limits_of_control_groups(told: str, files: dict[str, str], limits: list[float], tmp_path: Path) -> None:
    for name, text in {"groups": told, **{f"mounted/{name}": text for name, text in files.items()}}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert list(group_limits(tmp_path / "mounted", tmp_path / "groups")) == limits
    assert list(group_limits(tmp_path / "mounted", tmp_path / "not there")) == []


def test_a_container_that_is_smaller_than_its_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 2**28 < memory.memory() < math.inf
    (tmp_path / "groups").write_text("0::/\n", encoding="utf-8")
    (tmp_path / "memory.max").write_text(str(2**30), encoding="utf-8")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory, "_OF_PROCESS", tmp_path / "groups")
    checks.fits_in_memory("Bfgs", "a matrix", 2**30, "take less")
    with pytest.raises(
        ValueError, match="Bfgs: a matrix needs 2 GiB with its working copies, and there are 1 for this"
    ):
        checks.fits_in_memory("Bfgs", "a matrix", 2**31, "take less")


def test_a_system_that_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(memory.os, "sysconf")
    assert memory._of_machine() == math.inf
