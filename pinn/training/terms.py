"""Residual terms: an expression, the points where it should vanish, and its weight in the loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import numpy as np
import tensorflow as tf

from pinn.calculus import Engine, Expression, Field, Frame, Jet, Needs, PointSet, learn, observe
from pinn.geometry import INITIAL, Shape
from pinn.problems import BoundaryCondition, Condition, Mean, Periodic, PointCondition, Problem
from pinn.training.adaptive.base import Adaptive, Place, Sizes
from pinn.training.sampling import Sampling, boundary_points, interior_points

EQUATION = "equation"
_POINTS_OF_A_MEAN = 2**12

Places = tuple[np.ndarray, np.ndarray]  # points [n, d], normals [n, d]
Draw = Callable[[Sequence[int]], Places]  # of a seed
Redraw = Callable[[Sequence[int], np.ndarray, Sizes], Places]  # of a seed, the present points and the residual


@final
@dataclass(frozen=True)
class Term:
    """One group of residuals that share points.

    Args:
        name: `equation`, or the condition's name.
        expression: `(p, u) -> [N]`, or a mapping of names to `[N]`.
        draw: points and normals from a seed, always the same number: those before the first step.
        redraw: those after it, as many.
        frame: the names that the expression is written with.
        weight: factor of the term's mean square in the loss.
        needs: the derivatives that the expression touches.
        seen_at: where the expression looks at the field instead, `[Q, d]`, to find one number that is the residual of
            every point of the term; None if it looks at the points.
    """

    name: str
    expression: Expression
    draw: Draw
    redraw: Redraw
    frame: Frame
    weight: float
    needs: Needs
    seen_at: np.ndarray | None = None

    def rows(self, field: Field, coordinates: tf.Tensor, normals: tf.Tensor, engine: Engine) -> dict[str, tf.Tensor]:
        """The residuals by name, each `[N]`, of a field `[N, d] -> [N, m]`."""
        if self.seen_at is None:
            points = PointSet(coordinates, self.frame.axes, normals)
            return _named(self.name, self._answer(field, points, engine), coordinates)
        points = PointSet(tf.constant(self.seen_at, coordinates.dtype), self.frame.axes)
        rows = _named(self.name, self._answer(field, points, engine), points.coordinates)
        return {name: row[0] + tf.zeros_like(coordinates[:, 0]) for name, row in rows.items()}

    def of_jet(self, points: PointSet, jet: Jet) -> dict[str, tf.Tensor]:
        """The residuals by name, each `[N]`, of a field whose jet at the points is known."""
        return _named(self.name, self.expression(points, jet), points.coordinates)

    def _answer(self, field: Field, points: PointSet, engine: Engine) -> tf.Tensor | Mapping[str, tf.Tensor]:
        seen = field if self.frame.components is not None else (lambda x: tf.squeeze(field(x), axis=1))
        return observe(self.expression, seen, points, frame=self.frame, needs=self.needs, engine=engine)


def terms_of(
    problem: Problem,
    conditions: Sequence[Condition],
    sampling: Sampling,
    *,
    dtype: tf.DType,
    weights: Mapping[str, float],
    natural: bool = True,
) -> tuple[Term, ...]:
    """The equation and the given conditions as terms; a condition at the initial time has its own count of points.

    Args:
        problem: what is solved.
        conditions: the penalties among its conditions; periodic ones are none.
        sampling: how many points, and how they are spread.
        dtype: of the computation.
        weights: factors by term name; `conditions` is for all conditions that have none of their own. Where nothing is
            said, the equation has 1 and a condition its natural weight, see `natural_weight`.
        natural: whether a condition of which nothing is said has its natural weight, or 1, for a balance to find one.

    Raises:
        ValueError: two conditions of one name, a weight that is not positive, or for a term that does not exist.
    """
    conditions = [condition for condition in conditions if not isinstance(condition, Periodic)]
    names = [EQUATION, *(condition.name for condition in conditions)]
    if len(set(names)) < len(names):
        raise ValueError(
            f"{problem.name}: expected different conditions; got {', '.join(names[1:])}: give each its own part or "
            "component, and the points of one component as one PointData."
        )
    _require_weights(weights, names)
    shape = problem.domain
    draws = _draws_on_parts(shape, [c for c in conditions if isinstance(c, BoundaryCondition)], sampling) | {
        c.name: partial(_given, c.points) for c in conditions if isinstance(c, PointCondition)
    }
    means = {c.name: spread_out(shape) for c in conditions if isinstance(c, Mean)}
    draws |= {name: partial(_given, points[:1]) for name, points in means.items()}

    def term(name: str, expression: Expression, draws: tuple[Draw, Redraw], weight: float) -> Term:
        needs = learn(expression, problem.frame, dtype)
        return Term(name, expression, *draws, problem.frame, weights.get(name, weight), needs, means.get(name))

    def weight(condition: Condition) -> float:
        return weights.get("conditions", natural_weight(condition, shape) if natural else 1.0)

    equation = term(EQUATION, problem.residual, _draws_inside(shape, sampling), 1.0)
    return (equation, *(term(c.name, c.residual, _anew(draws[c.name]), weight(c)) for c in conditions))


def _draws_inside(shape: Shape, sampling: Sampling) -> tuple[Draw, Redraw]:
    """The points of the equation: drawn anew each time, or placed where its residual is large."""
    count = sampling.counts(shape).interior

    def place(number: int, seed: Sequence[int]) -> np.ndarray:
        points = interior_points(shape, number, kind=sampling.kind, seed=seed, grading=sampling.graded)
        return sampling.in_time(points, shape)

    if sampling.adapt is None:
        return _anew(lambda seed: _inside(place(count, seed)))
    return _adaptive(sampling.adapt, shape, place, count)


def _adaptive(scheme: Adaptive, shape: Shape, place: Place, count: int) -> tuple[Draw, Redraw]:
    def pool(number: int, seed: Sequence[int]) -> np.ndarray:
        return interior_points(shape, number, kind="sobol", seed=seed)

    def redraw(seed: Sequence[int], present: np.ndarray, sizes: Sizes) -> Places:
        return _inside(scheme.renew(pool, count, seed, present, sizes))

    return lambda seed: _inside(scheme.start(place, count, seed)), redraw


def _anew(draw: Draw) -> tuple[Draw, Redraw]:
    """The same draw before the first step and after it."""
    return draw, lambda seed, _present, _sizes: draw(seed)


def spread_out(shape: Shape) -> np.ndarray:
    """Points over which a mean is that over the domain, `[Q, d]`: always the same ones."""
    return interior_points(shape, _POINTS_OF_A_MEAN, kind="sobol", seed=(0,))


def _inside(points: np.ndarray) -> Places:
    """Points that have no normals."""
    return points, np.zeros_like(points)


def within(term: Term, lower: np.ndarray, upper: np.ndarray, count: int) -> Term:
    """The term at so many of its points in a box, by its corners `[d]`; points come again where there are fewer.

    Raises:
        ValueError: from `draw`, if there is none.
    """

    def draw(seed: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        points, normals = term.draw(seed)
        inside = np.flatnonzero(np.all((lower <= points) & (points <= upper), axis=1))
        if not inside.size:
            raise ValueError(f"{term.name}: expected points between {lower} and {upper}; got none. Take more points.")
        chosen = np.resize(inside, count)
        return points[chosen], normals[chosen]

    return replace(term, draw=draw, redraw=lambda seed, present, sizes: draw(seed))  # noqa: ARG005 - none adapts


def natural_weight(condition: Condition, shape: Shape) -> float:
    r"""The weight at which a penalty and the residual of a Laplacian are felt alike.

    A residual `r` of `u_t = \Delta u + f` or `\Delta u = f` moves the solution by about `r / \kappa`. Here `\kappa =
    \sum_i (\pi / L_i)^2 + 1 / T` has the lowest eigenvalue of `-\Delta` on the bounding box with sides `L_i`, and the
    duration `T`, which is all that a large domain gives the residual to act in. An error `b` in a boundary or initial
    value moves the solution by `b`, and an error in a flux by about `b / \sqrt\kappa`. Equal influence on the mean
    squares asks for `\kappa^2` on values and `\kappa` on fluxes, which also gives all terms of the loss the same units.
    """
    lower, upper = shape.bounds
    sides = upper - lower
    space = len(shape.space_axes)
    kappa = float(np.sum((np.pi / sides[:space]) ** 2) + np.sum(1.0 / sides[space:]))
    return kappa**2 if condition.fixes_value or condition.weighs_as_value else kappa


def _given(points: np.ndarray, _seed: Sequence[int]) -> Places:
    """Points that are the same whatever the seed."""
    return _inside(points)


def _draws_on_parts(shape: Shape, conditions: Sequence[BoundaryCondition], sampling: Sampling) -> dict[str, Draw]:
    """The draw of each condition by name: those in space share `boundary` points by measure."""
    asked = sampling.counts(shape)
    parts = {c.name: shape.select(c.on) for c in conditions}
    measures = {name: sum(part.measure for part in chosen) for name, chosen in parts.items()}
    at_start = {name for name, chosen in parts.items() if all(part.name == INITIAL for part in chosen)}
    total = sum(measure for name, measure in measures.items() if name not in at_start)

    def draw(name: str) -> Draw:
        share = asked.initial if name in at_start else max(round(asked.boundary * measures[name] / total), 1)

        def places(seed: Sequence[int]) -> Places:
            points, normals = boundary_points(parts[name], share, kind=sampling.kind, seed=seed)
            return sampling.in_time(points, shape), normals

        return places

    return {name: draw(name) for name in parts}


def _require_weights(weights: Mapping[str, float], names: Sequence[str]) -> None:
    known = [*names, "conditions"]
    for name, weight in weights.items():
        if name not in known:
            raise ValueError(f"weights: expected one of {', '.join(known)}; got {name!r}")
        if not (np.isfinite(weight) and weight > 0):
            raise ValueError(f"weights.{name}: expected a positive number; got {weight}")


def _named(name: str, answer: tf.Tensor | Mapping[str, tf.Tensor], coordinates: tf.Tensor) -> dict[str, tf.Tensor]:
    """The answer of an expression as named rows, each checked to be `[N]`."""
    named = dict(answer) if isinstance(answer, Mapping) else {name: answer}
    rows = {key: tf.convert_to_tensor(row) for key, row in named.items()}
    for key, row in rows.items():
        if row.shape.rank != 1 or not row.shape.is_compatible_with(coordinates.shape[:1]):
            raise ValueError(
                f"residual {key!r}: expected the shape [N], one number a point; got {row.shape.as_list()}. "
                "A field of several components gives its parts as u[0], u[1], ..."
            )
        if row.dtype != coordinates.dtype:
            raise ValueError(f"residual {key!r}: expected {coordinates.dtype.name}; got {row.dtype.name}")
    return rows
