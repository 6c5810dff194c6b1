"""What passes before the first step of a run, by its parts: seconds by the clock, and of the processor.

    .venv/bin/python experiments/startup.py
    .venv/bin/python experiments/startup.py --rounds 5 problem=heat_1d field=mlp

Each round runs `pinn` anew in a process of its own: with the words given or, without any, once with its defaults and
once with `field=mlp`. The table has the medians. The processor's seconds are the ones to look at where the machine has
other work; they are more than those of the clock where several cores work at once.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PARTS = {
    "interpreter": "Python itself",
    "command": "import of the command, with Hydra",
    "config": "composed and checked",
    "tensorflow": "import of TensorFlow",
    "modules": "import of all else",
    "building": "problem, points, network, choice of the engine",
    "compiling": "tracing, XLA, and the first step",
}
"""In the order in which they come."""

CHOICES = ([], ["field=mlp"])
_CHILD = "--child"

Moments = dict[str, tuple[float, float]]


def child(words: Sequence[str], began: float) -> Moments:
    """One run in this process: the moments at which its parts ended, by the clock and of the processor."""
    moments: Moments = {}

    def reached(part: str) -> None:
        moments.setdefault(part, (time.time() - began, time.process_time()))

    reached("interpreter")
    from pinn.app.main import main

    reached("command")

    def run(config: Mapping[str, Any], folder: Path, _observer: Any) -> int:
        reached("config")
        from pinn.app.quiet import import_tensorflow

        import_tensorflow()
        reached("tensorflow")
        from pinn.app import collocation
        from pinn.app.run import run as solved

        reached("modules")
        train = collocation.train

        def trained(*arguments: Any, **options: Any) -> Any:
            reached("building")
            return train(*arguments, **options)

        collocation.train = trained
        try:
            return solved(config, folder, lambda _event: reached("compiling"))
        finally:
            collocation.train = train

    with tempfile.TemporaryDirectory() as folder:
        main([*words, f"hydra.run.dir={folder}/run", "progress=false", "time_limit=0.01"], run=run)
    return moments


def measured(words: Sequence[str]) -> Moments:
    """The seconds of each part of one run in a process of its own.

    Raises:
        RuntimeError: the run came to no first step; what it said is in the message.
    """
    command = [sys.executable, __file__, _CHILD, repr(time.time()), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    moments = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
    if "compiling" not in moments:
        raise RuntimeError(f"pinn {' '.join(words)}: no step was taken: {done.stderr.strip() or done.stdout.strip()}")
    seconds, before = {}, (0.0, 0.0)
    for part in (part for part in PARTS if part in moments):
        clock, busy = moments[part]
        seconds[part] = (clock - before[0], busy - before[1])
        before = (clock, busy)
    return seconds


def table(words: Sequence[str], rounds: Sequence[Moments]) -> list[str]:
    """The medians, one line a part, and their sums."""
    lines = [f"pinn {' '.join(words)}".rstrip(), f"{'':12}{'clock [s]':>10}{'CPU [s]':>10}"]
    for part in rounds[0]:
        clock, busy = (statistics.median(column) for column in zip(*(each[part] for each in rounds), strict=True))
        lines.append(f"{part:12}{clock:10.2f}{busy:10.2f}   {PARTS[part]}")
    totals = [[sum(column) for column in zip(*each.values(), strict=True)] for each in rounds]
    clock, busy = (statistics.median(column) for column in zip(*totals, strict=True))
    return [*lines, f"{'all':12}{clock:10.2f}{busy:10.2f}"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("words", nargs="*", help="of the command pinn")
    chosen = parser.parse_args()
    for words in [chosen.words] if chosen.words else CHOICES:
        print("\n".join(table(words, [measured(words) for _ in range(chosen.rounds)])), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        print(json.dumps(child(sys.argv[3:], float(sys.argv[2]))))
    else:
        main()
