"""Every shipped problem with its defaults: true error and seconds, as the table of the README.

    .venv/bin/python experiments/problems_table.py

Each problem runs as a command of its own: the seconds are those a person waits, start-up and compiling included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pinn.app.locate import conf_folder


def shipped() -> list[str]:
    """The names of the problems in `conf/`."""
    return sorted(path.stem for path in (Path(conf_folder()) / "problem").glob("*.yaml"))


def measure(problem: str, overrides: Sequence[str]) -> str:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-m", "pinn", f"problem={problem}", f"hydra.run.dir={folder}", *overrides]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        summary = json.loads((Path(folder) / "summary.json").read_text(encoding="utf-8"))
    errors = summary["errors"]
    cells = [
        "no reference" if errors is None else f"{errors[norm]:.1e}" for norm in ("relative_l2", "max", "relative_h1")
    ]
    return f"| `{problem}` | {summary['field']} | {' | '.join(cells)} | {seconds:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="*", help="overrides for every run, such as time_limit=1")
    parser.add_argument("--problems", default=",".join(shipped()), help="names, separated by commas")
    options = parser.parse_args()
    print("| problem | field | relative L2 | largest error | relative H1 | total [s] |")
    print("|---|---|---|---|---|---|")
    for problem in options.problems.split(","):
        print(measure(problem, options.overrides), flush=True)


if __name__ == "__main__":
    main()
