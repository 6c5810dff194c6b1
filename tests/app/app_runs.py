"""A run of a few steps: its config as the command hands it over, and what it leaves in its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pinn.training import Event

DATA_FILES = {
    "summary.json",
    "config.yaml",
    "history.csv",
    "solution.npz",
    "model.keras",
    "figures/points.png",
    "figures/history.png",
}


def settings(target: str, steps: int = 3, **changes: Any) -> dict[str, Any]:
    """The config of such a training, as the command hands it over."""
    return {
        "problem": {"_target_": target},
        "field": {"name": "mlp", "width": 4, "depth": 1, "activation": "tanh"},
        "solver": {"name": "adam", "learning_rate": 0.05, "max_steps": steps},
        "sampling": {"name": "sobol", "interior": 16, "boundary": 8, "initial": 4},
        "balance": {"name": "fixed"},
        "engine": {"name": "auto"},
        "accuracy": None,
        "conditions": "auto",
        "weights": {},
        "seed": 0,
        "dtype": "float64",
        "device": "auto",
        "time_limit": None,
        "reference": "auto",
    } | changes


def silent(_: Event) -> None:
    """An observer that looks away."""


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def summary_of(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found
