r"""A problem's own expressions, tried on fields that are chosen to bring one thing to light.

What an equation depends on is seen by how its residual `R` answers to a change `\delta` of the field,
`(R(u + \epsilon \delta) - R(u - \epsilon \delta)) / 2 \epsilon`, at points `x_0` where the change has one derivative
only: a constant has only a value there, `((x - x_0) \cdot n)^2 / 2` only a second derivative along `n`. The field `u`
is the exact solution where one is known, else a wave of order 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import tensorflow as tf

from pinn.calculus import Derivatives, EvaluatedJet, Expression, Field, Needs, PointSet, Tape, learn
from pinn.geometry.meetings import spread
from pinn.problems import BoundaryCondition, Condition, Mean, PointCondition, Problem

_STEP = 1e-3
_NOTHING = 1e-10  # of the residual: an answer that is smaller is round-off
_LOG_INSIDE, _LOG_ON_PART = 8, 5

Indices = tuple[int, ...]
Rows = dict[str, np.ndarray]
Change = Callable[[tf.Tensor], tf.Tensor]  # points [N, d] -> [N]


@final
@dataclass(frozen=True)
class Trial:
    """An expression of a problem at fixed points.

    Args:
        problem: whose.
        name: of the rows, where the expression does not name them itself.
        expression: a residual `(p, u) -> [N]`, or a mapping of names to it.
        points, normals: where, `[N, d]` each.
    """

    problem: Problem
    name: str
    expression: Expression
    points: np.ndarray
    normals: np.ndarray

    @cached_property
    def needs(self) -> Needs:
        """The derivatives that the expression touches."""
        return learn(self.expression, self.problem.frame, tf.float64)

    @property
    def point_set(self) -> PointSet:
        """The points, as the expression sees them."""
        return PointSet(tf.constant(self.points), self.problem.domain.axes, tf.constant(self.normals))

    def derivatives(self, field: Field) -> Derivatives:
        """Those that the expression touches of a field `[N, d] -> [N]` or `[N, m]`, as the problem sees it."""
        return Tape().differentiate(field, tf.constant(self.points), self.needs)

    def parts_of_traces(self, field: Field) -> dict[Indices, tf.Tensor]:
        """For each trace that the expression touches the sum of the absolute second derivatives, of which it is the
        sum: what a trace that vanishes has cancelled.
        """
        traces = self.needs.traces
        pairs = [(i, i) for trace in traces for i in trace]
        found = Tape().differentiate(field, tf.constant(self.points), Needs.of(pairs)).partials
        return {trace: tf.add_n([tf.abs(found[i, i]) for i in trace]) for trace in traces}

    def rows_of(self, derivatives: Derivatives) -> Rows:
        """The rows by name, `[N]` each."""
        answer: Any = self.expression(self.point_set, EvaluatedJet(derivatives, self.problem.frame))
        named = dict(answer) if isinstance(answer, Mapping) else {self.name: answer}
        return {name: np.broadcast_to(np.asarray(row), len(self.points)) for name, row in named.items()}

    def rows(self, field: Field) -> Rows:
        """The rows for a field, by name, `[N]` each."""
        return self.rows_of(self.derivatives(field))

    def answers(self, change: Change, component: int) -> tuple[np.ndarray, float]:
        """What the rows answer to a change of one component, `[rows, N]`, and what is round-off of it."""
        found, base = [], base_field(self.problem)
        for sign in (_STEP, -_STEP):
            changed = changed_field(self.problem, base, change, component, by=sign)
            found.append(np.stack(list(self.rows(changed).values())))
        with np.errstate(invalid="ignore"):
            answer = (found[0] - found[1]) / (2.0 * _STEP)
        finite = np.where(np.isfinite(answer), answer, 0.0)
        scale = np.max(np.abs(found[0]), initial=0.0, where=np.isfinite(found[0]))
        return finite, _NOTHING * float(scale)

    def depends_on(self, change: Change, component: int) -> bool:
        """Whether any row at any point answers."""
        answer, nothing = self.answers(change, component)
        return bool(np.max(np.abs(answer)) > nothing)


def equation(problem: Problem) -> Trial:
    """The equation at points inside."""
    points = inside(problem)
    return Trial(problem, "equation", problem.residual, points, np.zeros_like(points))


def on_parts(problem: Problem, names: Sequence[str]) -> tuple[Trial, np.ndarray]:
    """The equation at points of some parts of the boundary, and for each point the place of its part, `[N]`."""
    parts = [problem.domain.parts[name] for name in names]
    sampled = [part.sample(spread(part.unit_dimension, _LOG_ON_PART)[-(2**_LOG_ON_PART) :]) for part in parts]
    points, normals = (np.concatenate(arrays) for arrays in zip(*sampled, strict=True))
    owners = np.repeat(np.arange(len(parts)), [len(each) for each, _ in sampled])
    return Trial(problem, "equation", problem.residual, points, normals), owners


def condition(problem: Problem, chosen: Condition) -> Trial | None:
    """A condition at points of its own; `None` for one that is no residual at points known here."""
    if isinstance(chosen, PointCondition):
        points = chosen.points
        return Trial(problem, chosen.name, chosen.residual, points, np.zeros_like(points))
    if isinstance(chosen, Mean):  # seen at few points, which is enough for what it depends on
        points = inside(problem)
        return Trial(problem, chosen.name, chosen.residual, points, np.zeros_like(points))
    if not isinstance(chosen, BoundaryCondition):
        return None
    parts = problem.domain.select(chosen.on)
    # Not at the ends of parts, where a solution may be singular and a run has no points.
    sampled = [part.sample(spread(part.unit_dimension, _LOG_ON_PART)[-(2**_LOG_ON_PART) :]) for part in parts]
    points, normals = (np.concatenate(arrays) for arrays in zip(*sampled, strict=True))
    return Trial(problem, chosen.name, chosen.residual, points, normals)


def inside(problem: Problem) -> np.ndarray:
    """Points inside, `[N, d]`, the same each time."""
    shape = problem.domain
    return shape.interior(spread(shape.unit_dimension, _LOG_INSIDE)[-(2**_LOG_INSIDE) :])


def base_field(problem: Problem) -> Field:
    """The exact solution, or a wave."""
    return wave(problem) if problem.exact is None else exact_field(problem)


def exact_field(problem: Problem) -> Field:
    """The exact solution as a field, `[N]` or `[N, m]`."""
    exact = problem.exact
    assert exact is not None
    return lambda x: tf.convert_to_tensor(exact(PointSet(x, problem.domain.axes)))


def wave(problem: Problem, seed: int = 0) -> Field:
    """A smooth field of order 1 that changes by its own size over the domain, `[N]` or `[N, m]`."""
    lower, upper = problem.domain.bounds
    components = problem.components
    random = np.random.default_rng(seed)
    waves = random.uniform(0.5, 1.5, (len(lower), components)) * random.choice([-1.0, 1.0], (len(lower), components))
    phases = random.uniform(0.0, 2.0 * np.pi, components)
    scaled = waves * (2.0 / (upper - lower))[:, None]

    def field(x: tf.Tensor) -> tf.Tensor:
        value = tf.sin((x - tf.constant((lower + upper) / 2.0)) @ tf.constant(scaled) + tf.constant(phases))
        return value[:, 0] if problem.frame.components is None else value

    return field


def changed_field(problem: Problem, base: Field, change: Change, component: int, *, by: float) -> Field:
    """The field with a multiple of a change added to one component."""
    if problem.frame.components is None:
        return lambda x: base(x) + by * change(x)
    unit = by * np.eye(problem.components)[component]
    return lambda x: base(x) + change(x)[:, tf.newaxis] * tf.constant(unit)


def constant(x: tf.Tensor) -> tf.Tensor:
    """The change that has a value and no derivative."""
    return tf.ones_like(x[:, 0])


def power_of(points: np.ndarray, directions: np.ndarray, order: int) -> Change:
    """The change `((x - x_0) . n)^k / k!` at the points `x_0` and along the directions `n`, `[N, d]` each: only its
    k-th derivative along `n` is not zero there. For `k` of 1 and 2.
    """
    start, along = tf.constant(points), tf.constant(directions)

    def change(x: tf.Tensor) -> tf.Tensor:
        height = tf.reduce_sum((x - start) * along, axis=1)
        return height if order == 1 else tf.square(height) / 2.0

    return change
