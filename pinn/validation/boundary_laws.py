r"""What the conditions of a problem are for finite elements, learned from what they say of a jet.

On each part of the boundary one condition `B(x, t, u, \nabla u) = 0` holds. If it sees no slope and is affine in u, it
gives values. If its slope is a multiple of the conormal, `\partial B / \partial \nabla u = \kappa a n`, it gives the
flux `a \nabla u . n = -B(x, t, u, 0) / \kappa`, whatever it says of u: Neumann's condition, a film, radiation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast, final

import numpy as np
import tensorflow as tf

from pinn.calculus import PointSet
from pinn.geometry import INITIAL, BoundaryPart, Shape, TimeProduct
from pinn.problems import BoundaryCondition, Condition, Mean, Periodic, Pin, Problem
from pinn.references.finite_elements import UnsolvedError
from pinn.references.finite_elements.forms import Inflow, Values, Weight
from pinn.validation.symbol import DTYPE, Numbers, Symbol, compiled, random_numbers, slopes

_POINTS = 32
_LISTED = 3  # names of parts in a sentence
_ROUND_OFF = 1e-9

Principal = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # points [N, d], values [N] -> a [N, k, k]


@final
@dataclass(frozen=True)
class Laws:
    """The conditions of a problem.

    Attributes:
        values, inflows: by part in space.
        holds: whether they fix the level of the solution.
        value, velocity: at the initial time.
        pin: a point and the value there, or no point and the mean.
    """

    values: Mapping[str, Values]
    inflows: Mapping[str, Inflow]
    holds: bool
    value: Weight | None = None
    velocity: Weight | None = None
    pin: tuple[np.ndarray | None, float] | None = None


def laws(problem: Problem, principal: Principal) -> Laws:
    """What the conditions of a problem say, each part of the boundary having one.

    Raises:
        UnsolvedError: a part has none or two, or one that finite elements do not serve.
    """
    conditions = list(problem.conditions())
    pins = [condition for condition in conditions if isinstance(condition, Pin | Mean)]
    others = [condition for condition in conditions if condition not in pins]
    values: dict[str, Values] = {}
    inflows: dict[str, Inflow] = {}
    initial: dict[str, Weight] = {}
    holds = False
    for condition, parts in _placed(problem.domain, others):
        names = [part.name for part in parts]
        if names == [INITIAL]:
            initial[_beginning(condition)] = _prescribed(problem, condition)
            continue
        law = _Law(Symbol.of(condition.residual, problem.frame), principal, tuple(parts))
        if law.sees_slopes():
            inflow, slope = law.inflow()
            inflows |= dict.fromkeys(names, inflow)
            holds = holds or slope
        else:
            values |= dict.fromkeys(names, law.values())
    pin = _pinned(problem, pins) if pins else None
    if pin is not None and (values or holds):
        raise UnsolvedError("a value is pinned where the conditions leave nothing free")
    return Laws(values, inflows, holds or bool(values), initial.get("value"), initial.get("velocity"), pin)


def _placed(shape: Shape, conditions: Sequence[Condition]) -> list[tuple[BoundaryCondition, list[BoundaryPart]]]:
    """Each condition with its parts of the boundary, of which none in space may have two, or none at all."""
    found: list[tuple[BoundaryCondition, list[BoundaryPart]]] = []
    for condition in conditions:
        if isinstance(condition, Periodic) or not isinstance(condition, BoundaryCondition):
            raise UnsolvedError(f"finite elements do not serve the condition {condition.name}")
        found.append((condition, list(shape.select(condition.on))))
    counts = Counter(part.name for _, parts in found for part in parts if part.name != INITIAL)
    for name in shape.parts:
        if name != INITIAL and counts[name] != 1:
            many = "no condition holds" if not counts[name] else "more than one condition holds"
            raise UnsolvedError(f"{many} on {name!r}")
    return found


def _beginning(condition: Condition) -> str:
    if condition.fixes_value or condition.fixes_velocity:
        return "value" if condition.fixes_value else "velocity"
    raise UnsolvedError(f"finite elements do not serve the condition {condition.name} at the initial time")


def _prescribed(problem: Problem, condition: Condition) -> Weight:
    shape = problem.domain
    assert isinstance(shape, TimeProduct)
    axes, start = shape.axes, shape.start
    found = compiled(lambda points: (condition.prescribed(PointSet(points, axes)),), (len(axes),))
    return lambda x: found(np.column_stack([x, np.full(len(x), start)]))[0]


def _pinned(problem: Problem, pins: Sequence[Pin | Mean]) -> tuple[np.ndarray | None, float]:
    if len(pins) > 1 or isinstance(problem.domain, TimeProduct):
        raise UnsolvedError("finite elements serve one pinned value or mean, and none in time")
    pin = pins[0]
    if isinstance(pin, Mean):
        return None, cast(float, pin.value)
    at = pin.points
    value = pin.prescribed(PointSet(tf.constant(at, DTYPE), problem.domain.axes))
    return at[0], float(value.numpy()[0])


@dataclass(frozen=True)
class _Law:
    """A condition on some parts of the boundary."""

    symbol: Symbol
    principal: Principal
    parts: tuple[BoundaryPart, ...]

    @property
    def _timed(self) -> bool:
        return self.symbol.frame.time_axis is not None

    def sees_slopes(self) -> bool:
        """Whether the condition sees slopes at all; they must be linear in it, and none of them in time."""
        if self.symbol.needs.second:
            raise self._refused("it sees second derivatives")
        points, normals = self._samples()
        tried = [random_numbers(len(points), points.shape[1], seed) for seed in (3, 4)]
        seen = [self._slope(points, normals, numbers.value).numpy() for numbers in tried]
        for numbers, slope in zip(tried, seen, strict=True):
            rest = self.symbol(points, _still(numbers.value, points), normals).numpy()
            whole = self.symbol(points, numbers, normals).numpy()
            linear = np.sum(slope * numbers.first.numpy(), axis=1)
            if not np.all(
                np.abs(whole - rest - linear) <= _ROUND_OFF * (np.abs(whole) + np.abs(rest) + np.abs(linear))
            ):
                raise self._refused("it is not linear in the slope")
            if self._timed and np.any(slope[:, -1]):
                raise self._refused("it sees a derivative in time")
        return bool(np.any(seen))

    def values(self) -> Values:
        """The values that it gives."""
        points, normals = self._samples()
        numbers = random_numbers(len(points), points.shape[1], 5)
        at_zero, slope = (array.numpy() for array in self._affine(points, normals))
        other = self._affine(points, tf.zeros_like(normals))[0].numpy()
        whole = self.symbol(points, _still(numbers.value, points), normals).numpy()
        size = np.abs(at_zero) + np.abs(whole)
        if not np.all(slope) or np.any(np.abs(whole - at_zero - slope * numbers.value.numpy()) > _ROUND_OFF * size):
            raise self._refused("it is not linear in the value")
        if np.any(np.abs(other - at_zero) > _ROUND_OFF * size):
            raise self._refused("its value depends on the normal")

        def value(points: tf.Tensor) -> tuple[tf.Tensor]:
            at_zero, slope = self._affine(points, tf.zeros_like(points))
            return (-at_zero / slope,)

        found = compiled(value, (points.shape[1],))
        return lambda x, t: found(self._joined(x, t))[0]

    def inflow(self) -> tuple[Inflow, bool]:
        """The flux that it gives, and whether that depends on the value."""
        points, normals = self._samples()
        k = points.shape[1] - self._timed

        def flow(points: tf.Tensor, normals: tf.Tensor, value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(value)
                conormal = tf.einsum("nij,nj->ni", self.principal(points, value), normals[:, :k])
                slope = self._slope(points, normals, value)[:, :k]
                factor = tf.reduce_sum(slope * conormal, axis=1) / tf.reduce_sum(conormal**2, axis=1)
                inflow = -self.symbol(points, _still(value, points), normals) / factor
            return inflow, slopes(inflow, tape, value), slope - factor[:, tf.newaxis] * conormal

        found = compiled(flow, (k + self._timed,), (k + self._timed,), ())
        _, by_value, besides = found(points.numpy(), normals.numpy(), random_numbers(len(points), k, 6).value.numpy())
        if not np.all(np.abs(besides) <= _ROUND_OFF * np.abs(self._slope(points, normals, points[:, 0])).max()):
            raise self._refused("it sees a slope along the boundary")

        def inflow(x: np.ndarray, n: np.ndarray, t: float, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            q, slope, _ = found(self._joined(x, t), self._joined(n, 0.0), u)
            return q, slope

        return inflow, bool(np.any(by_value))

    def _slope(self, points: tf.Tensor, normals: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
        """The derivative to the slopes, `[N, d]`."""
        first = tf.zeros_like(points)
        with tf.GradientTape() as tape:
            tape.watch(first)
            seen = self.symbol(points, Numbers(value, first, _nothing(points)), normals)
        return slopes(seen, tape, first)

    def _affine(self, points: tf.Tensor, normals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What the condition sees of zero, and its derivative to the value: `[N]` each."""
        value = tf.zeros_like(points[:, 0])
        with tf.GradientTape() as tape:
            tape.watch(value)
            seen = self.symbol(points, _still(value, points), normals)
        return seen, slopes(seen, tape, value)

    def _samples(self) -> tuple[tf.Tensor, tf.Tensor]:
        random, count = np.random.default_rng(0), -(-_POINTS // len(self.parts))
        found = [part.sample(random.random((count, part.unit_dimension))) for part in self.parts]
        points, normals = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return tf.constant(points, DTYPE), tf.constant(normals, DTYPE)

    def _joined(self, x: np.ndarray, last: float) -> np.ndarray:
        return np.column_stack([x, np.full(len(x), last)]) if self._timed else x

    def _refused(self, why: str) -> UnsolvedError:
        listed = ", ".join(repr(part.name) for part in self.parts[:_LISTED])
        return UnsolvedError(f"finite elements do not serve the condition on {listed}: {why}")


def _nothing(points: tf.Tensor) -> tf.Tensor:
    return tf.zeros([tf.shape(points)[0], points.shape[1], points.shape[1]], points.dtype)


def _still(value: tf.Tensor, points: tf.Tensor) -> Numbers:
    """A field of this value without any slope."""
    return Numbers(value, tf.zeros_like(points), _nothing(points))
