"""The lid-driven cavity on its centrelines against the table of Ghia, Ghia and Shin.

    .venv/bin/python experiments/cavity.py
    .venv/bin/python experiments/cavity.py problem.sharpness=100 time_limit=300

Runs `pinn problem=lid_driven_cavity` with the words given, and prints u along x = 1/2 and v along y = 1/2 beside the
published numbers for Re = 100. Exit status 1 unless every difference is at most 1e-2.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import pinn

ALLOWED = 1e-2

U_ALONG_Y = np.array([
    [0.9766, 0.84123], [0.9688, 0.78871], [0.9609, 0.73722], [0.9531, 0.68717], [0.8516, 0.23151], [0.7344, 0.00332],
    [0.6172, -0.13641], [0.5000, -0.20581], [0.4531, -0.21090], [0.2813, -0.15662], [0.1719, -0.10150],
    [0.1016, -0.06434], [0.0703, -0.04775], [0.0625, -0.04192], [0.0547, -0.03717],
])  # fmt: skip
V_ALONG_X = np.array([
    [0.9688, -0.05906], [0.9609, -0.07391], [0.9531, -0.08864], [0.9453, -0.10313], [0.9063, -0.16914],
    [0.8594, -0.22445], [0.8047, -0.24533], [0.5000, 0.05454], [0.2344, 0.17527], [0.2266, 0.17507], [0.1563, 0.16077],
    [0.0938, 0.12317], [0.0781, 0.10890], [0.0703, 0.10091], [0.0625, 0.09233],
])  # fmt: skip
"""Places and velocities, Re = 100, without the walls: U. Ghia, K. N. Ghia, C. T. Shin, Journal of Computational Physics
48 (1982), tables I and II."""


def compared(solution: pinn.Solution) -> float:
    """Print both centrelines beside the tables; the largest difference."""
    worst = 0.0
    lines = (("u(1/2, y)", 0, U_ALONG_Y, lambda s: (0.5, s)), ("v(x, 1/2)", 1, V_ALONG_X, lambda s: (s, 0.5)))
    for name, component, published, place in lines:
        ours = solution(np.array([place(s) for s in published[:, 0]]))[:, component]
        print(f"\n| place | published | {name} | difference |\n|---|---|---|---|")
        for (s, theirs), own in zip(published, ours, strict=True):
            print(f"| {s:.4f} | {theirs:+.5f} | {own:+.5f} | {own - theirs:+.1e} |")
        worst = max(worst, float(np.abs(ours - published[:, 1]).max()))
    return worst


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-m", "pinn", "problem=lid_driven_cavity", f"hydra.run.dir={folder}", *sys.argv[1:]]
        ended = subprocess.run(command, check=False)
        if not (Path(folder) / "summary.json").exists():
            return ended.returncode
        seconds = time.perf_counter() - began
        worst = compared(pinn.load(folder))
    print(f"\nlargest difference {worst:.1e} (allowed {ALLOWED:.0e}), {seconds:.0f} s")
    return 0 if worst <= ALLOWED else 1


if __name__ == "__main__":
    sys.exit(main())
