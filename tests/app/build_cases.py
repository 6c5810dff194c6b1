"""Problems with parameters of every kind, and of the wrong ones, for tests of what a config builds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import tensorflow as tf

from pinn.app.build import solver_from
from pinn.calculus import Jet, PointSet
from pinn.geometry import Box, Shape
from pinn.problems import Problem
from pinn.solvers import (
    Solver,
)

HERE = __name__


def build_solver(options: Mapping[str, Any]) -> Solver:
    made = solver_from(options)
    assert isinstance(made, Solver)
    return made


@dataclass(frozen=True)
class Plate(Problem):
    """Parameters of every kind that a config can hold."""

    size: tuple[float, float] = (1.0, 2.0)
    layers: list[int] = field(default_factory=list)
    load: float | None = None
    rounds: int = 1
    label: str = "plate"
    clamped: bool = True
    kind: Literal["thin", "thick"] = "thin"
    table: dict[str, float] = field(default_factory=dict)
    cutoff: float = math.inf

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), self.size)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()


@dataclass(frozen=True)
class Needy(Plate):
    """A parameter without a default, under another name."""

    force: float = field(kw_only=True)
    aliases: ClassVar[Mapping[str, str]] = {"load_factor": "force"}


@dataclass(frozen=True)
class Inside(Plate):
    """A shape and a function as parameters."""

    shape: Shape = field(default_factory=lambda: Box((0.0,), (1.0,)))
    source: Callable[[tf.Tensor], tf.Tensor] = tf.sin


@dataclass(frozen=True)
class Fragile(Plate):
    """Fails like no other."""

    def __post_init__(self) -> None:
        raise ZeroDivisionError("no layers")


class Bare(Problem):
    """No dataclass at all."""

    domain = Box((0.0,), (1.0,))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()


class Unfinished(Problem):
    """Without a residual it is no problem yet."""

    domain = Box((0.0,), (1.0,))


class Scaled(Bare):
    """No dataclass, with an argument that nobody can read back."""

    def __init__(self, scale: float) -> None:
        self._scale = scale


P = {"_target_": f"{HERE}.Plate"}
