"""The jet: a field together with its derivatives at a set of points, written the way equations are written.

A problem receives a jet and never learns how it was computed: `u.d("t") - k * u.laplacian("x", "y")`. What an
equation touches is learned by handing it a probe that records the questions (`learn`), so nobody declares derivatives
by hand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias, final

import tensorflow as tf

from pinn.calculus.needs import Derivatives, Engine, Field, Indices, Needs
from pinn.calculus.points import Frame, PointSet, axis_index

Expression = Callable[[PointSet, "Jet"], Any]
Coefficient: TypeAlias = Callable[[PointSet], tf.Tensor] | float  # p -> [N], or the same number everywhere


class Jet(ABC):
    """Value and derivatives of a field at `N` points; every answer is `[N]`, or `[N, m]` for a field of `m` components.

    `u[i]` is the jet of component `i`; a jet of several components unpacks: `velocity, pressure = u`.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    @abstractmethod
    def _value(self) -> tf.Tensor:
        """The value, `[N]` or `[N, m]`."""

    @abstractmethod
    def _partial(self, indices: Indices) -> tf.Tensor:
        """The derivative of the sorted multi-index."""

    @abstractmethod
    def _trace(self, axes: Indices) -> tf.Tensor:
        """The sum of the second derivatives along the sorted axes."""

    @final
    @property
    def value(self) -> tf.Tensor:
        """The field itself, `[N]` or `[N, m]`."""
        return self._value()

    @final
    def d(self, *names: str) -> tf.Tensor:
        """Partial derivative along one axis, `u.d("t")`, or two, `u.d("x", "y")`.

        Raises:
            ValueError: an unknown axis, or not one or two names.
        """
        if len(names) not in (1, 2):
            raise ValueError(f"expected one or two axes, as in u.d('x') or u.d('x', 'y'); got {len(names)}")
        return self._partial(tuple(sorted(axis_index(self._frame.axes, name) for name in names)))

    @final
    def gradient(self, *names: str) -> tf.Tensor:
        """First derivatives along the named axes, along all space axes when none is named: `[N, k]` or `[N, m, k]`."""
        return tf.stack([self._partial((i,)) for i in self._chosen(names)], axis=-1)

    @final
    def hessian_diagonal(self, *names: str) -> tf.Tensor:
        """Unmixed second derivatives along the named axes (default: space): `[N, k]` or `[N, m, k]`."""
        return tf.stack([self._partial((i, i)) for i in self._chosen(names)], axis=-1)

    @final
    def laplacian(self, *names: str) -> tf.Tensor:
        """Sum of the second derivatives along the named axes (default: all space axes, never time): `[N]` or `[N,
        m]`.
        """
        return self._trace(tuple(sorted(self._chosen(names))))

    @final
    def dt(self) -> tf.Tensor:
        """The first derivative along time: `[N]` or `[N, m]`."""
        return self._partial((self._time(),))

    @final
    def dtt(self) -> tf.Tensor:
        """The second derivative along time: `[N]` or `[N, m]`."""
        return self._partial((self._time(), self._time()))

    @final
    def flux_divergence(self, coefficient: Coefficient, p: PointSet, *names: str) -> tf.Tensor:
        r"""`\nabla . (a \nabla u)` for a coefficient `a(p)`, over the named axes (default: space): `[N]` or `[N, m]`.

        Args:
            coefficient: `p -> [N]`, a function of the points that TensorFlow can differentiate, or a number.
            p: the points of the residual.
            names: the axes.
        """
        chosen = self._chosen(names)
        value, slopes = _with_slopes(coefficient, p)
        flat = self._frame.components is None
        laplacian = self._trace(tuple(sorted(chosen)))
        value, slopes = (value, slopes) if flat else (value[:, tf.newaxis], slopes[:, tf.newaxis])
        return value * laplacian + tf.add_n([slopes[..., i] * self._partial((i,)) for i in chosen])

    @final
    def normal(self, normals: tf.Tensor) -> tf.Tensor:
        """Normal derivative `n . grad u` over the space axes for normals `[N, d]`: `[N]` or `[N, m]`."""
        space = self._chosen(())
        terms = []
        for i in space:
            slope = self._partial((i,))
            weight = normals[:, i]
            terms.append(slope * (weight if slope.shape.rank == 1 else weight[:, tf.newaxis]))
        return tf.add_n(terms)

    @final
    def __getitem__(self, component: int) -> Jet:
        components = self._frame.components
        if components is None or not 0 <= component < components:
            have = "one component, which needs no index" if components is None else f"{components} components"
            raise IndexError(f"the field has {have}; got the index {component}")
        return _ComponentJet(self, component)

    @final
    def __iter__(self) -> Iterator[Jet]:
        return (self[i] for i in range(self._frame.components or 0))

    @final
    def _time(self) -> int:
        if self._frame.time_axis is None:
            raise ValueError(f"expected a time axis among {', '.join(self._frame.axes)}; there is none")
        return axis_index(self._frame.axes, self._frame.time_axis)

    @final
    def _chosen(self, names: tuple[str, ...]) -> tuple[int, ...]:
        if len(set(names)) != len(names):
            raise ValueError(f"expected each axis once; got {', '.join(names)}")
        chosen = names or tuple(axis for axis in self._frame.axes if axis != self._frame.time_axis)
        return tuple(axis_index(self._frame.axes, name) for name in chosen)


def _with_slopes(coefficient: Coefficient, p: PointSet) -> tuple[tf.Tensor, tf.Tensor]:
    """A coefficient and its derivatives along all axes, `[N]` and `[N, d]`."""
    x = p.coordinates
    if not callable(coefficient):
        return tf.constant(coefficient, p.dtype) * tf.ones_like(x[:, 0]), tf.zeros_like(x)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        value = tf.convert_to_tensor(coefficient(PointSet(x, p.axes, p.normals)))
        if value.shape.rank != 1:
            raise ValueError(f"coefficient: expected one number a point, [N]; got {value.shape.as_list()}")
    return value, tape.gradient(value, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)


@final
class _ComponentJet(Jet):
    def __init__(self, parent: Jet, component: int) -> None:
        super().__init__(replace(parent._frame, components=None))
        self._parent = parent
        self._component = component

    def _value(self) -> tf.Tensor:
        return self._parent._value()[:, self._component]

    def _partial(self, indices: Indices) -> tf.Tensor:
        return self._parent._partial(indices)[:, self._component]

    def _trace(self, axes: Indices) -> tf.Tensor:
        return self._parent._trace(axes)[:, self._component]


@final
class EvaluatedJet(Jet):
    """A jet of derivatives that an engine has computed."""

    def __init__(self, derivatives: Derivatives, frame: Frame) -> None:
        super().__init__(frame)
        self._derivatives = derivatives

    def _value(self) -> tf.Tensor:
        return self._derivatives.value

    def _partial(self, indices: Indices) -> tf.Tensor:
        return self._derivatives.partials[indices]

    def _trace(self, axes: Indices) -> tf.Tensor:
        return self._derivatives.traces[axes]


@final
class LazyJet(Jet):
    """A jet that computes each derivative when it is first touched: for exploring, not for training.

    Cost: one run of the engine a new question.
    """

    def __init__(self, function: Field, points: PointSet, frame: Frame, engine: Engine) -> None:
        super().__init__(frame)
        self._ask = lambda needs: engine.differentiate(function, points.coordinates, needs)
        self._known: dict[tuple[str, Indices], tf.Tensor] = {}

    def _value(self) -> tf.Tensor:
        return self._remember("value", (), lambda: self._ask(Needs()).value)

    def _partial(self, indices: Indices) -> tf.Tensor:
        return self._remember("partial", indices, lambda: self._ask(Needs.of(partials=[indices])).partials[indices])

    def _trace(self, axes: Indices) -> tf.Tensor:
        return self._remember("trace", axes, lambda: self._ask(Needs.of(traces=[axes])).traces[axes])

    def _remember(self, kind: str, key: Indices, compute: Callable[[], tf.Tensor]) -> tf.Tensor:
        if (kind, key) not in self._known:
            self._known[kind, key] = compute()
        return self._known[kind, key]


@final
class _Probe(Jet):
    """Answers every question with ones and remembers what was asked."""

    def __init__(self, points: PointSet, frame: Frame) -> None:
        super().__init__(frame)
        column = tf.ones_like(points.coordinates[:, 0])
        self._ones = column if frame.components is None else tf.stack([column] * frame.components, axis=1)
        self.partials: set[Indices] = set()
        self.traces: set[Indices] = set()

    def _value(self) -> tf.Tensor:
        return self._ones

    def _partial(self, indices: Indices) -> tf.Tensor:
        self.partials.add(indices)
        return self._ones

    def _trace(self, axes: Indices) -> tf.Tensor:
        self.traces.add(axes)
        return self._ones


def learn(expression: Expression, frame: Frame, dtype: tf.DType) -> Needs:
    """The derivatives that `expression(p, u)` touches, found by tracing it once with a recording jet.

    The expression is traced into a graph that never runs, so it costs milliseconds whatever the number of points.
    """
    found: list[_Probe] = []

    def record(coordinates: tf.Tensor, normals: tf.Tensor) -> Any:
        points = PointSet(coordinates, frame.axes, normals)
        found.append(_Probe(points, frame))
        return expression(points, found[-1])

    spec = tf.TensorSpec([None, len(frame.axes)], dtype)
    tf.function(record, autograph=False).get_concrete_function(spec, spec)
    return Needs.of(found[-1].partials, found[-1].traces)


def observe(
    expression: Expression, function: Field, points: PointSet, *, frame: Frame, needs: Needs, engine: Engine
) -> Any:
    """What `expression(p, u)` says of a field at the points, from one run of the engine.

    Args:
        expression: a residual, or anything else written on a jet.
        function: the field, `[N, d] -> [N]` or `[N, m]` as the frame says.
        points: where.
        frame: the names.
        needs: what the expression touches, from `learn`.
        engine: how derivatives are computed.
    """
    return expression(points, EvaluatedJet(engine.differentiate(function, points.coordinates, needs), frame))
