"""Fields, exact solutions and residuals evaluated on many points, a fixed number at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import tensorflow as tf

from pinn.calculus import Engine, Expression, Field, Jet, LazyJet, PointSet, learn, observe
from pinn.problems import Problem
from pinn.references import ReferenceSolution

_Compiled = Callable[[tf.Tensor], Any]  # points [N, d] -> tensors with N rows

_BLOCK = 4096  # points a call: bounds the memory of second derivatives


@final
@dataclass(frozen=True)
class Evaluator:
    """Answers questions about one field of one problem, in NumPy arrays.

    Args:
        problem: what the field should solve.
        field: `[N, d] -> [N, m]`.
        engine: how derivatives are computed.
        dtype: of the points and the field.
        substitute: makes a reference that is to stand for the truth, whatever the problem knows.
    """

    problem: Problem
    field: Field
    engine: Engine
    dtype: tf.DType
    substitute: Callable[[], ReferenceSolution] | None = None

    def scalar_or_vector(self, coordinates: tf.Tensor) -> tf.Tensor:
        """The field with the shape a problem sees: `[N]` for one component, otherwise `[N, m]`."""
        value = self.field(coordinates)
        return tf.squeeze(value, axis=1) if self.problem.frame.components is None else value

    @property
    def known(self) -> bool:
        """Whether there is a truth: a formula, or a reference."""
        return any(truth is not None for truth in (self.substitute, self.problem.exact, self.problem.reference))

    @cached_property
    def reference(self) -> ReferenceSolution | None:
        """What stands for the truth where there is no formula."""
        if self.substitute is not None:
            return self.substitute()
        return None if self.problem.exact is not None or self.problem.reference is None else self.problem.reference()

    def value(self, points: np.ndarray) -> np.ndarray:
        """The field, `[N]` or `[N, m]`."""
        return self._in_blocks(self._value, points)

    def exact(self, points: np.ndarray) -> np.ndarray:
        """The exact solution or its reference, `[N]` or `[N, m]`.

        Raises:
            ValueError: neither is known, or the exact solution is not finite at a point or of a wrong shape.
        """
        values = self.formula(points)
        bad = np.flatnonzero(~np.isfinite(values.reshape(len(points), -1)).all(axis=1))
        if bad.size:
            place = zip(self.problem.domain.axes, np.asarray(points)[bad[0]], strict=True)
            where = ", ".join(f"{axis}={x:.6g}" for axis, x in place)
            raise ValueError(
                f"{self.problem.name}: expected an exact solution that is finite in the domain; "
                f"got NaN or infinity at {bad.size} of {len(points)} points, first at {where}. "
                "Correct the solution or the domain."
            )
        return values

    def formula(self, points: np.ndarray) -> np.ndarray:
        """As `exact`, with NaN and infinity where the formula is singular: for pictures, which reach the boundary."""
        return self._in_blocks(self._exact, points) if self.reference is None else self.reference.value(points)

    def gradients(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Space gradients of the field and of the truth, `[N, k]` or `[N, m, k]`; `None` where there is no truth."""
        found = self._in_blocks(self._gradient, points)
        if not self.known:
            return found, None
        return found, self._in_blocks(
            self._exact_gradient, points
        ) if self.reference is None else self.reference.gradient(points)

    def residuals(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """The residuals of the equation by name, each `[N]`."""
        return self._in_blocks(self._residuals, points)

    def asked(self, expression: Expression) -> Callable[[np.ndarray], Any]:
        """Any expression of the points and the jet of the field, as a function of points `[N, d]`, compiled once for
        all calls: what it answers, tensors with N rows alone or in mappings, as arrays.
        """
        compiled = self._compiled(self._expression(expression, self.scalar_or_vector))
        return lambda points: self._in_blocks(compiled, points)

    def graph(self, expression: Expression) -> Callable[[tf.Tensor], Any]:
        """The same as a TensorFlow function of points `[N, d]`, to be traced by who uses it."""
        answer, axes = self._expression(expression, self.scalar_or_vector), self.problem.domain.axes
        return lambda coordinates: answer(PointSet(coordinates, axes))

    def jet(self, points: np.ndarray) -> LazyJet:
        """The field and whatever derivatives are asked of it, as tensors."""
        frame = self.problem.frame
        return LazyJet(self.scalar_or_vector, PointSet(tf.constant(points, self.dtype), frame.axes), frame, self.engine)

    @cached_property
    def _value(self) -> _Compiled:
        return self._compiled(lambda p: self.scalar_or_vector(p.coordinates))

    @cached_property
    def _exact(self) -> _Compiled:
        return self._compiled(self._checked_exact)

    @cached_property
    def _gradient(self) -> _Compiled:
        return self._compiled(self._expression(lambda _, u: u.gradient(), self.scalar_or_vector))

    @cached_property
    def _exact_gradient(self) -> _Compiled:
        exact = lambda x: self._checked_exact(PointSet(x, self.problem.domain.axes))  # noqa: E731
        return self._compiled(self._expression(lambda _, u: u.gradient(), exact))

    @cached_property
    def _residuals(self) -> _Compiled:
        def named(p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:
            answer = self.problem.residual(p, u)
            return dict(answer) if isinstance(answer, Mapping) else {"equation": answer}

        return self._compiled(self._expression(named, self.scalar_or_vector))

    def _checked_exact(self, p: PointSet) -> tf.Tensor:
        if self.problem.exact is None:
            raise ValueError(f"{self.problem.name}: expected a problem with an exact solution; it has none")
        value = tf.convert_to_tensor(self.problem.exact(p))
        tail = [] if self.problem.frame.components is None else [self.problem.components]
        if value.shape.rank != 1 + len(tail) or value.shape.as_list()[1:] != tail:
            expected = "[N]" if not tail else f"[N, {tail[0]}]"
            raise ValueError(
                f"{self.problem.name}: expected an exact solution of shape {expected}; got {value.shape.as_list()}"
            )
        return value

    def _expression(self, expression: Expression, field: Field) -> Callable[[PointSet], Any]:
        frame = self.problem.frame
        needs = learn(expression, frame, self.dtype)
        return lambda p: observe(expression, field, p, frame=frame, needs=needs, engine=self.engine)

    def _compiled(self, function: Callable[[PointSet], Any]) -> _Compiled:
        """The function as one graph for any number of points.

        Traced by hand: TensorFlow warns of a function that it has to trace anew for every evaluator of a process.
        """
        axes = self.problem.domain.axes
        traced = tf.function(lambda x: function(PointSet(x, axes)), autograph=False)
        return traced.get_concrete_function(tf.TensorSpec([None, len(axes)], self.dtype))

    def _in_blocks(self, compiled: _Compiled, points: np.ndarray) -> Any:
        """Apply a function to blocks of points and join the answers; the last block may be short."""
        array = np.asarray(points, self.dtype.as_numpy_dtype)
        answers = [compiled(tf.constant(array[k : k + _BLOCK])) for k in range(0, max(len(array), 1), _BLOCK)]
        return tf.nest.map_structure(lambda *parts: np.concatenate([part.numpy() for part in parts]), *answers)
