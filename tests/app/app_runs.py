"""A run of a few steps: its config as the command hands it over, and what it leaves in its folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Shape
from pinn.problems import Condition, Dirichlet, Initial, Problem
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


@dataclass(frozen=True)
class Drift(Problem):
    r"""A velocity that decays in a box of one by two, `u_t = \Delta u`, `v_t = \Delta v + u_x`, from both waves of a
    sine; the exact one for `u`, with twice its value for `v`, which is only nearly one.
    """

    components: ClassVar[int] = 2
    unknowns: ClassVar[tuple[str, ...]] = ("u", "v")
    vectors: ClassVar[Mapping[str, tuple[int, ...]]] = {"velocity": (0, 1)}

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (1.0, 2.0)).over(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:
        left = u.dt() - u.laplacian()
        return {"momentum_x": left[:, 0], "momentum_y": left[:, 1] - u[0].d("x")}

    def conditions(self) -> list[Condition]:
        start = lambda p: self.exact(p)[:, 0]  # noqa: E731
        return [
            *(Dirichlet(0.0, component=c) for c in range(2)),
            *(Initial(value, component=c) for c, value in enumerate((start, lambda p: 2.0 * start(p)))),
        ]

    def exact(self, p: PointSet) -> tf.Tensor:
        wave = tf.exp(-1.25 * math.pi**2 * p.t) * tf.sin(math.pi * p.x) * tf.sin(math.pi * p.y / 2)
        return tf.stack([wave, 2.0 * wave], axis=1)


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
