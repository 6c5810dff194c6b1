"""A program, since TensorFlow must be told of logical devices before it starts: how far an objective whose points four
devices share is from the same one on one device, as JSON of names and differences in units of the largest number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from pinn.calculus import Jet, PointSet, engine_named
from pinn.fields import FieldRecipe, FlatField, Layout, Mlp, RandomFeatures
from pinn.geometry import Interval, Shape
from pinn.problems import Condition, Dirichlet, Pin, Problem
from pinn.solvers import (
    Adam,
    Bfgs,
    Engd,
    GaussNewton,
    GaussNewtonCg,
    Lbfgs,
    LeastSquares,
    LevenbergMarquardt,
    SelfScaledBroyden,
    Solver,
)
from pinn.training import Replicas, ResidualObjective, Sampling, SpreadObjective, enforce, terms_of

REPLICAS = 4
TERMS = ("term_losses", "term_gradients", "term_traces")
POINTS = Sampling(kind="uniform", interior=10, boundary=9)

# Some steps of each: more of them let chaos enlarge the round-off of the first.
OF_NETWORKS: Mapping[str, tuple[Solver, int]] = {
    "adam": (Adam(learning_rate=1e-2), 20),
    "bfgs": (Bfgs(), 5),
    "ss_broyden": (SelfScaledBroyden(), 5),
    "lbfgs": (Lbfgs(), 5),
    "gauss_newton_cg": (GaussNewtonCg(rank=4, iterations=10), 2),
    "levenberg_marquardt": (LevenbergMarquardt(), 3),
    "engd": (Engd(damping=1e-3), 3),
}
OF_FEATURES: Mapping[str, tuple[Solver, int]] = {
    "gauss_newton": (GaussNewton(), 1),
    "least_squares": (LeastSquares(), 1),
}


@dataclass(frozen=True)
class Couple(Problem):
    """Two components that are given: no derivatives, so that programs compile quickly; a condition of one point."""

    components = 2

    @property
    def domain(self) -> Shape:
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, w: Jet) -> Mapping[str, tf.Tensor]:
        u, v = w
        return {"second": v.value - tf.exp(p.x), "first": u.value - tf.sin(3.0 * p.x)}

    def conditions(self) -> Sequence[Condition]:
        return (Dirichlet(1.0, on="x_min", component=0), Pin((0.5,), 0.3, component=1))


def pair(recipe: FieldRecipe) -> tuple[ResidualObjective, SpreadObjective, np.ndarray]:
    """The objective of a field on one device and on four, and weights."""
    problem = Couple()
    lower, upper = problem.domain.bounds
    field = FlatField(recipe.build(Layout(lower, upper, problem.components, "float64", 0)), tf.float64)
    enforcement = enforce(problem, "penalty")
    terms = terms_of(problem, enforcement.penalties, POINTS, dtype=field.dtype, weights={"conditions": 2.0})
    whole = ResidualObjective(field, enforcement.ansatz, terms, engine=engine_named("tape"), seed=0)
    weights = field.weights() + 0.1 * np.random.default_rng(1).normal(size=field.size)
    return whole, SpreadObjective(whole, FOUR), weights


def gap(found: object, expected: object) -> float:
    """The largest difference, in units of the largest number."""
    a, b = np.asarray(found), np.asarray(expected)
    return float(np.abs(a - b).max() / np.abs(b).max()) if a.shape == b.shape and np.abs(b).max() > 0 else float("inf")


def answers(function: Callable[..., object], *tensors: tf.Tensor) -> list[np.ndarray]:
    """What a function of a graph says."""
    traced = tf.function(function, autograph=False).get_concrete_function(*tensors)
    return [answer.numpy() for answer in tf.nest.flatten(traced(*tensors))]


def of_methods(whole: ResidualObjective, spread: SpreadObjective, weights: np.ndarray) -> Iterator[tuple[str, float]]:
    generator = np.random.default_rng(2)
    w, v = tf.constant(weights), tf.constant(generator.normal(size=whole.size))
    r = tf.constant(generator.normal(size=int(whole.residuals(w).shape[0])))
    told = {"jacobian_product": (w, v), "transposed_product": (w, r)}
    for name in ("residuals", "loss", "loss_and_gradient", "jacobian", *told, *TERMS):
        tensors = told.get(name, (w,))
        pairs = zip(*(answers(getattr(one, name), *tensors) for one in (spread, whole)), strict=True)
        yield name, max(gap(a, b) for a, b in pairs)


def of_changes(whole: ResidualObjective, spread: SpreadObjective, weights: np.ndarray) -> Iterator[tuple[str, float]]:
    """After each change of points or weights the program that was made before says what the whole says."""
    w, program = tf.constant(weights), tf.function(spread.loss_and_gradient, autograph=False)
    before, first = spread.arrays(), program(w)[1].numpy()
    changes: dict[str, Callable[[], None]] = {
        "resample": lambda: spread.resample(1, weights),
        "weigh": lambda: spread.weigh({"equation": np.linspace(0.0, 2.0, POINTS.interior or 0)}),
        "restore": lambda: spread.restore(before),
    }
    for name, change in changes.items():
        change()
        found = program(w)[1].numpy()
        yield name, max(gap(found, whole.loss_and_gradient(w)[1]), float(np.array_equal(found, first)))
        first = found


def of_solver(
    solver: Solver, steps: int, whole: ResidualObjective, spread: SpreadObjective, weights: np.ndarray
) -> float:
    """The losses of all steps and the weights at their end."""
    ends = []
    for one in (spread, whole):
        advance = solver.compile(one)
        state, progress = advance(solver.start(weights), steps)
        assert len(progress.losses) == steps
        ends.append((progress.losses, solver.best(state)))
    return max(gap(a, b) for a, b in zip(*ends, strict=True))


def every_gap() -> Iterator[tuple[str, float]]:
    networks, features = (pair(recipe) for recipe in (Mlp(width=3, depth=1), RandomFeatures(features=4, scale=2.0)))
    yield from of_methods(*networks)
    yield from of_changes(*networks)
    for solvers, found in ((OF_NETWORKS, networks), (OF_FEATURES, features)):
        for name, (solver, steps) in solvers.items():
            yield name, of_solver(solver, steps, *found)


if __name__ == "__main__":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * REPLICAS)
    FOUR = Replicas(tf.distribute.MirroredStrategy([f"/CPU:{k}" for k in range(REPLICAS)]), "/CPU:0")
    print(json.dumps(dict(every_gap())))
