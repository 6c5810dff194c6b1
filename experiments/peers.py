"""Rivals in an environment and processes of their own, timed in turn with ours.

A peer is a script that builds its problem, says `ready`, and then answers every line `N` on its standard input by doing
`N` steps and printing the seconds they took. Asking all contestants in turn, round after round, lets a noisy machine be
noisy for all of them alike.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".rivals" / "bin" / "python"

Timed = Callable[[int], float]  # steps -> seconds


class Peer:
    """One contestant in a process of its own.

    Args:
        script: a rival's file in `experiments/rivals/`, or one of ours in `experiments/`.
        arguments: its command line.
        environment: variables it needs beside ours.

    Raises:
        FileNotFoundError: the environment of the rivals is not there.
        RuntimeError: the process died; the message carries its last words.
    """

    def __init__(
        self, script: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        ours = (HERE / script).is_file()
        python, file = (Path(sys.executable), HERE / script) if ours else (PYTHON, HERE / "rivals" / script)
        if not python.exists():
            raise FileNotFoundError(f"{python}: the rivals have no environment yet; make it by: make rivals")
        self._process = subprocess.Popen(
            [str(python), "-W", "ignore", str(file), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        first = self._answer("ready")
        self.first_seconds = float(first) if first else math.nan
        """What the first step took, tracing and compiling included, where the contestant says so."""

    def __call__(self, steps: int) -> float:
        """The seconds that this many steps take."""
        return float(self._ask(str(steps), "seconds"))

    def memory(self) -> float:
        """The bytes that its steps have added to the peak of the process."""
        return float(self._ask("memory", "memory"))

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)

    def _ask(self, request: str, key: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{request}\n")
        self._process.stdin.flush()
        return self._answer(key)

    def _answer(self, key: str) -> str:
        """The rest of the next line that begins with the key; libraries print what they like in between."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(key):
                return line.removeprefix(key).strip()
        _, errors = self._process.communicate()
        raise RuntimeError(f"{self._process.args[3]} ended: {errors.strip().splitlines()[-1:] or 'without a word'}")


def in_turn(contestants: Mapping[str, Timed], *, steps: int | Mapping[str, int], rounds: int) -> dict[str, float]:
    """The median seconds a step of each contestant over several rounds, all of them in every round.

    `steps` is how many a round has, for all or by name.
    """
    counts = steps if isinstance(steps, Mapping) else dict.fromkeys(contestants, steps)
    for name, contestant in contestants.items():
        contestant(counts[name])  # the first call compiles and fills caches
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            times[name].append(contestant(counts[name]) / counts[name])
    return {name: statistics.median(values) for name, values in times.items()}
