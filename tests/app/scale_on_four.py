"""A program, since TensorFlow must be told of logical devices before it starts: runs of the command on four of them and
on one, in both precisions, one after the other in this process. It leaves their folders in the working one, and what
each came to in `calls.json`.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

from matplotlib.figure import Figure

from pinn.app.main import main
from pinn.report import figures

RUN = ("problem=poisson_1d", "field=mlp", "field.width=4", "field.depth=1", "sampling.interior=10", "engine=tape")
STEPS = (*RUN, "solver=adam", "solver.max_steps=4", "progress=false", "checkpoint.every=2")
PATCHES = ("problem=poisson_1d", "field=patches", "field.patches=2", "field.features=8", "field.scale=2.0")
FOUR, SINGLE = "device=cpu:0,1,2,3", ("device=cpu", "dtype=float32")

CALLS: Mapping[str, Sequence[str]] = {
    "four": (*STEPS, FOUR),
    "double": (*STEPS, "device=cpu"),
    "single": (*STEPS, *SINGLE),
    "another_seed": (*STEPS, "device=cpu:1", "seed=1"),
    "double_again": (*STEPS, "device=cpu"),
    "half": (*STEPS, FOUR, "solver.max_steps=2"),
    "other_half": ("resume=half", "solver.max_steps=4"),
    "others": ("resume=half", "solver.max_steps=6", "device=cpu:0,1"),
    "patches": (*PATCHES, FOUR, "progress=false"),
    "too_late": (*STEPS, "device=cpu:0,1,2,3,4"),
    "hole": (*STEPS, "device=cpu:0,7"),
    "twice": (*STEPS, "device=cpu:0,0"),
    "kinds": (*STEPS, "device=cpu:0,gpu:0"),
    "no_cluster": (*STEPS, "device=multiworker"),
}


def call(name: str, words: Sequence[str]) -> tuple[int, str]:
    """The exit status, and what was said; libraries warn of each other, which is no concern here."""
    folder = () if words[0].startswith("resume=") else (f"hydra.run.dir={name}",)
    said = StringIO()
    with redirect_stderr(said), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        status = main([*words, *folder])
    ours = [str(each.message) for each in warned if str(each.message).startswith("device")]
    return status, "\n".join([said.getvalue(), *ours]).strip()


def unpainted(_figure: Figure, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


if __name__ == "__main__":
    figures.save_figure = unpainted
    found = {name: call(name, words) for name, words in CALLS.items()}
    Path("calls.json").write_text(json.dumps(found), encoding="utf-8")
