"""The problems of the benchmark PINNacle with their presets: published errors beside ours, as a table.

    .venv/bin/python experiments/pinnacle.py
    .venv/bin/python experiments/pinnacle.py --only heat_2d_ms,wave_1d_c

Each preset of `conf/experiment/pinnacle` runs as a command of its own, `pinn experiment=pinnacle/NAME`: the seconds are
those a person waits, start-up and compiling included, and those that all cores together have worked. Exit status 1
unless every goal was met.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pinn.app.locate import conf_folder


class Published(NamedTuple):
    """A problem by its name in the paper, and relative L2 errors: of a plain network and of the best of 12 methods."""

    name: str
    vanilla: float
    best: float


PUBLISHED = {
    "burgers_1d": Published("Burgers1d", 1.45e-2, 1.33e-2),
    "heat_2d_cg": Published("Heat2d-CG", 3.64e-2, 2.39e-2),
    "heat_2d_lt": Published("Heat2d-LT", 9.99e-1, 9.99e-1),
    "heat_2d_ms": Published("Heat2d-MS", 6.21e-2, 1.73e-2),
    "heat_nd": Published("HNd", 3.61e-1, 1.2e-4),
    "poisson_2d_c": Published("Poisson2d-C", 6.94e-1, 1.23e-2),
    "poisson_3d_cg": Published("Poisson3d-CG", 5.60e-1, 1.02e-1),
    "poisson_nd": Published("PNd", 3.0e-3, 4.6e-4),
    "wave_1d_c": Published("Wave1d-C", 5.88e-1, 9.79e-2),
}
"""Z. Hao et al., PINNacle, NeurIPS 2024: networks of 5x100, 20 000 steps of Adam, the mean of three seeds."""

HEADER = (
    "| problem | vanilla | best of 12 | goal | ours | met | field | seconds | CPU seconds |\n|"
    + "---|" * 9
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """What a preset came to.

    Attributes:
        summary: of its run.
        seconds, cpu: waited, and worked by all cores together.
    """

    summary: dict[str, Any]
    seconds: float
    cpu: float

    @property
    def met(self) -> bool:
        """Whether its goal was reached, for all that can be known."""
        return bool(self.summary["verdict"] == "pass")

    def row(self, name: str) -> str:
        """A row of the table."""
        published, errors = PUBLISHED[name], self.summary["errors"]
        ours = "no reference" if errors is None else f"{errors['relative_l2']:.1e}"
        numbers = (published.vanilla, published.best, self.summary["tolerance"])
        cells = [published.name, *(f"{number:.1e}" for number in numbers), ours, "yes" if self.met else "no"]
        return f"| {' | '.join(cells)} | {self.summary['field']} | {self.seconds:.0f} | {self.cpu:.0f} |"


def presets() -> list[str]:
    """The names of the presets in `conf/`."""
    return sorted(path.stem for path in (Path(conf_folder()) / "experiment" / "pinnacle").glob("*.yaml"))


def measure(name: str, overrides: Sequence[str]) -> Measured:
    """Run a preset.

    Raises:
        RuntimeError: it ended without a result, and the reason is what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        began, worked = time.perf_counter(), _worked()
        command = [sys.executable, "-m", "pinn", f"experiment=pinnacle/{name}", f"hydra.run.dir={folder}", *overrides]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds, cpu = time.perf_counter() - began, _worked() - worked
        summary = Path(folder) / "summary.json"
        if not summary.exists():
            raise RuntimeError(f"{name}: {ended.stderr.strip() or f'ended with status {ended.returncode}'}")
        return Measured(json.loads(summary.read_text(encoding="utf-8")), seconds, cpu)


def _worked() -> float:
    """Seconds of all cores that finished child processes have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("overrides", nargs="*", help="overrides for every run, such as time_limit=60")
    parser.add_argument("--only", default=",".join(presets()), help="presets, separated by commas")
    options = parser.parse_args()
    names = options.only.split(",")
    unknown = [name for name in names if name not in presets()]
    if unknown:
        parser.error(f"--only: expected some of {', '.join(presets())}; got {', '.join(unknown)}")
    print(f"{os.cpu_count()} CPUs ({platform.machine()})\n")
    print(HEADER)
    met = True
    for name in names:
        found = measure(name, options.overrides)
        print(found.row(name), flush=True)
        met = met and found.met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
