"""Rivals in an environment and processes of their own, timed in turn with ours.

A peer is a script that builds its problem, says `ready`, and then answers every line `N` on its standard input by doing
`N` steps and printing the seconds they took. Asking all contestants in turn, round after round, lets a noisy machine be
noisy for all of them alike.
"""

from __future__ import annotations

import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".rivals" / "bin" / "python"

Timed = Callable[[int], float]  # steps -> seconds


class Peer:
    """One rival process.

    Args:
        script: a file in `experiments/rivals/`.
        arguments: its command line.
        environment: variables it needs beside ours.

    Raises:
        FileNotFoundError: the environment of the rivals is not there.
        RuntimeError: the process died; the message carries its last words.
    """

    def __init__(
        self, script: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        if not PYTHON.exists():
            raise FileNotFoundError(f"{PYTHON}: the rivals have no environment yet; make it by: make rivals")
        self._process = subprocess.Popen(
            [str(PYTHON), "-W", "ignore", str(HERE / "rivals" / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._answer("ready")

    def __call__(self, steps: int) -> float:
        """The seconds that this many steps take."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        return float(self._answer("seconds"))

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)

    def _answer(self, key: str) -> str:
        """The rest of the next line that begins with the key; libraries print what they like in between."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(key):
                return line.removeprefix(key).strip()
        _, errors = self._process.communicate()
        raise RuntimeError(f"{self._process.args[3]} ended: {errors.strip().splitlines()[-1:] or 'without a word'}")


def in_turn(contestants: Mapping[str, Timed], *, steps: int, rounds: int) -> dict[str, float]:
    """The median seconds a step of each contestant over several rounds, all of them in every round."""
    for contestant in contestants.values():
        contestant(steps)  # the first call compiles and fills caches
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            times[name].append(contestant(steps) / steps)
    return {name: statistics.median(values) for name, values in times.items()}
