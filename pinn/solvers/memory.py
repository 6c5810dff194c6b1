"""How much memory there is for this process: that of the machine, or less where a container or a job is given less."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_GROUPS, _OF_PROCESS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def memory() -> float:
    """Bytes that this process can have at the most; infinite where the system does not say.

    The least of the machine's memory and the limits of the control groups that the process is in (Linux, both
    versions), by which containers and schedulers share out a machine.
    """
    return min([_of_machine(), *group_limits(_GROUPS, _OF_PROCESS)])


def group_limits(groups: Path, of_process: Path) -> Iterator[float]:
    """The limits of a process's control groups and of those above them, in bytes.

    Args:
        groups: where the groups are mounted.
        of_process: the file that says which are the process's, in lines `number:controllers:path`; the second version
            of control groups has no controllers there.
    """
    for line in _text(of_process).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top, file = (groups / "memory", "memory.limit_in_bytes") if controllers else (groups, "memory.max")
        # In a container a group has the path that the host sees: then its limit is at the top.
        inside = PurePosixPath(path.lstrip("/"))
        for group in (inside, *inside.parents):
            limit = _text(top / group / file).strip()
            if limit.isdecimal():  # and not "max"
                yield float(limit)


def _of_machine() -> float:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on Windows, nor everywhere else
        return float("inf")


def _text(path: Path) -> str:
    """What a file says; nothing where it is not there or not readable."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
