"""Small problems and objectives for the tests of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import tensorflow as tf

from pinn.calculus import Jet, PointSet, engine_named
from pinn.fields import FlatField, Layout, Mlp
from pinn.geometry import Box, Interval, Shape
from pinn.problems import Condition, Dirichlet, Heat1D, Initial, Neumann, Poisson1D, Poisson2D, Problem
from pinn.training import Event, ResidualObjective, Sampling, Snapshot, enforce, terms_of
from pinn.training.clock import Clock

SMALL = Sampling(kind="uniform", interior=12, boundary=8, initial=5)


@dataclass(frozen=True)
class Pair(Problem):
    """Two equations for two components: u'' = v, v'' = u, with values and a flux."""

    components = 2

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, w: Jet) -> Mapping[str, tf.Tensor]:
        u, v = w
        return {"first": u.laplacian() - v.value, "second": v.laplacian() - u.value}

    def conditions(self) -> Sequence[Condition]:
        return (
            Dirichlet(1.0, on="x_min", component=0),
            Dirichlet(0.0, on="boundary", component=1),
            Neumann(0.5, on="x_max", component=0),
        )


@dataclass(frozen=True)
class LogOfField(Problem):
    """log(u) = 0, which is not a number as soon as u falls below zero."""

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), (1.0, 1.0))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return tf.math.log(u.value - 0.001 + 0.0 * p.x) + 50.0


@dataclass(frozen=True)
class Values(Problem):
    """The field is given everywhere: no derivatives, so that programs compile quickly."""

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0).over(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.value - tf.sin(3.0 * p.x + p.t)

    def conditions(self) -> list[Condition]:
        return [Initial(0.3)]


PROBLEMS: dict[str, Problem] = {
    "poisson_1d": Poisson1D(),
    "poisson_2d": Poisson2D(),
    "heat_1d": Heat1D(),
    "pair": Pair(),
}

__all__ = ["PROBLEMS", "SMALL", "Initial", "LogOfField", "Pair", "Values", "objective"]


def objective(
    problem: Problem,
    *,
    conditions: str = "penalty",
    dtype: str = "float64",
    weights: Mapping[str, float] | None = None,
    sampling: Sampling = SMALL,
    seed: int = 0,
    natural: bool = True,
) -> tuple[ResidualObjective, FlatField]:
    """The objective of a small network on few points."""
    lower, upper = problem.domain.bounds
    model = Mlp(width=4, depth=2).build(Layout(lower, upper, components=problem.components, dtype=dtype, seed=seed))
    field = FlatField(model, tf.as_dtype(dtype))
    enforcement = enforce(problem, conditions)
    terms = terms_of(
        problem, enforcement.penalties, sampling, dtype=field.dtype, weights=weights or {}, natural=natural
    )
    return ResidualObjective(field, enforcement.ansatz, terms, engine=engine_named("auto"), seed=seed), field


@dataclass
class Told:
    """A keeper that remembers what it is told, and a snapshot of each moment by its step."""

    every: int
    events: list[Event] = field(default_factory=list)
    snapshots: dict[int, Snapshot] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.snapshots[event.step] = event.snapshot()


def blocks_of(steps: int, patch: pytest.MonkeyPatch) -> None:
    """Blocks as long as this after the first, which is one step, whatever the clock says."""
    patch.setattr(Clock, "adapt", lambda clock, *_: setattr(clock, "block", steps))
