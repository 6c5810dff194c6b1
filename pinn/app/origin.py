"""When a run was begun, and from which commit: what tells it from a run of the same config on another day."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

DIRTY = "-dirty"
_PATIENCE = 2.0  # seconds that git may take: large trees on slow disks are not waited for


@dataclass(frozen=True)
class Origin:
    """Attributes:
    date: local time to the second with its offset, as in ISO 8601.
    commit: of the working folder, with `-dirty` behind it where tracked files differ from it; `None` where there is
        none.
    """

    date: str
    commit: str | None

    @classmethod
    def here(cls) -> Origin:
        """This moment in the working folder."""
        return cls(datetime.now().astimezone().isoformat(timespec="seconds"), commit_of(Path.cwd()))


def commit_of(folder: Path) -> str | None:
    """The commit that the git repository around a folder is at; `None` outside of one, without git, or without commits.

    Costs about ten milliseconds, and nothing where there is no repository. Where the comparison of the files takes
    longer than two seconds it is left out.
    """
    if not any((place / ".git").exists() for place in (folder, *folder.parents)):
        return None
    return _git(folder, "describe", "--always", f"--dirty={DIRTY}", "--abbrev=40", "--exclude=*") or _git(
        folder, "rev-parse", "HEAD"
    )


def _git(folder: Path, *words: str) -> str | None:
    """What git answers, if it does. It takes no locks, and starts none of the programs that a repository may name."""
    try:
        answer = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", *words],
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return answer.stdout.strip() or None
