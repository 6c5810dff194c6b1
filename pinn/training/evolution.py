r"""An evolution equation on features of space: what the coefficients' slopes in time are.

With exact conditions the field is `u(x, t) = G(x, t) + V(x) w(x, t)`, `w = \sum_k q_k(t) e_k(x)`, where the `e_k`
span the features and the `V e_k` are orthonormal on `M` collocation points of space. An equation of first order in time
says `u_t` at each of them as a function of the field and its derivatives over space: `V w_t = F(x, t, q)`. What the
features can follow of it best, in the sense of least squares, is

    `q'(t) = E^T F(x, t, q)`,    `E_{nk} = V(x_n) e_k(x_n)`,

an ordinary differential equation, in which everything but `F` is a product with a matrix that never changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import tensorflow as tf
from scipy.linalg import qr, svd

from pinn.calculus import Derivatives, Engine, Needs, PointSet
from pinn.calculus.jet import EvaluatedJet
from pinn.fields import Ansatz
from pinn.training.terms import Term

Features = Any
"""A Keras model `[N, d - 1] -> [N, F]`, differentiable by an engine."""

_CHUNK = 512  # points a call of a compiled program
_LEAST_CUT = 1e-12
_SINGULAR = 1e12


@final
@dataclass(frozen=True, eq=False)
class Basis:
    """The features of one component, orthonormal on the collocation points.

    Attributes:
        jets: the value and each derivative over space of `V e_k`, in the order of `Evolution.jets`, `[J, M, r]`.
        coordinates: features to basis, `[F, r]`: the coefficients of the features are `coordinates @ q`.
    """

    jets: np.ndarray
    coordinates: np.ndarray

    @property
    def size(self) -> int:
        """How many functions there are, `r`."""
        return int(self.coordinates.shape[1])

    @classmethod
    def of(cls, jets: np.ndarray, cut: float) -> Basis:
        """An orthonormal basis from features with these jets, `[J, M, F]`, the value first, without what has singular
        values below the cut, relative to the largest.
        """
        orthogonal, triangle = qr(jets[0], mode="economic", check_finite=False)
        left, sizes, right = svd(triangle, full_matrices=False, check_finite=False)
        kept = sizes > cut * sizes[0]
        coordinates = right[kept].T / sizes[kept]
        found = np.empty((*jets.shape[:2], coordinates.shape[1]))
        found[0] = orthogonal @ left[:, kept]
        for derivative, of_features in zip(found[1:], jets[1:], strict=True):
            np.matmul(of_features, coordinates, out=derivative)
        return cls(found, coordinates)


@final
class Evolution:
    """The equation as `q' = slopes(t, q)`, for coefficients `q [R]` of the bases of all components one after the other.

    Args:
        term: the equation.
        ansatz: what makes the field satisfy all conditions exactly, with an initial value.
        features: those of space.
        places: collocation points of space, `[M, d - 1]`.
        span: the first and the last time.
        engine: how derivatives over space are computed.
        tolerance: of the solution, relative. Combinations of features that are smaller on the collocation points are
            left out: they would add little but noise and, since their derivatives are large, short steps. For 1500
            waves in the plane and 1e-11, 1e-5 and 1e-3 the fastest of them die at the rates 610, 110 and 26.

    Raises:
        ValueError: an equation that does not say what the first derivative in time is.
    """

    def __init__(
        self,
        term: Term,
        ansatz: Ansatz,
        features: Features,
        places: np.ndarray,
        span: tuple[float, float],
        *,
        engine: Engine,
        tolerance: float,
    ) -> None:
        self._tolerance = tolerance
        self._term, self._ansatz, self._features, self._engine = term, ansatz, features, engine
        self.places, self.span = places, span
        self._components = term.frame.components or 1
        self._time = len(term.frame.axes) - 1
        needs = term.needs
        self._partials = sorted(p for p in needs.partials if self._time not in p)
        self._traces = sorted(needs.traces)
        reason = no_evolution(term, np.column_stack([places, np.full(len(places), sum(span) / 2)]))
        if reason is not None:
            raise ValueError(reason)
        self.bases = [self._basis(component) for component in range(self._components)]
        self._program = self._compiled(self._solved)

    @cached_property
    def _gradients(self) -> Any:
        return self._compiled(self._gradients_of)

    @property
    def size(self) -> int:
        """The number of coefficients, `R`."""
        return sum(basis.size for basis in self.bases)

    def slopes(self, time: float, q: np.ndarray) -> np.ndarray:
        """`q'`, `[R]`."""
        wanted = self._wanted(time, q)
        return np.concatenate([basis.jets[0].T @ own for basis, own in zip(self.bases, wanted.T, strict=True)])

    def residual(self, time: float, q: np.ndarray) -> float:
        """The mean square of what the features cannot follow of `u_t`, over the collocation points."""
        wanted = self._wanted(time, q)
        left = [own - basis.jets[0] @ (basis.jets[0].T @ own) for basis, own in zip(self.bases, wanted.T, strict=True)]
        return float(np.mean(np.sum(np.square(left), axis=0)))

    def jacobian(self, time: float, q: np.ndarray) -> np.ndarray:
        """The derivatives of `slopes`, `[R, R]`."""
        gradients = self._gradients(*self._given(time, q)).numpy()  # [m, J, M, m]
        rows = []
        for i, of_row in enumerate(self.bases):
            blocks = [
                of_row.jets[0].T @ np.einsum("jn,jnr->nr", gradients[i, :, :, j], of_column.jets)
                for j, of_column in enumerate(self.bases)
            ]
            rows.append(np.hstack(blocks))
        return np.vstack(rows)

    def coefficients(self, q: np.ndarray) -> np.ndarray:
        """Those of the features of all components, feature by feature, for `q [..., R]`: `[..., F m]`."""
        each = [part @ basis.coordinates.T for basis, part in self._by_component(q)]
        return np.stack(each, axis=-1).reshape(*q.shape[:-1], -1)

    def _by_component(self, q: np.ndarray) -> Iterable[tuple[Basis, np.ndarray]]:
        """Each basis with its part of `q [..., R]`."""
        borders = np.cumsum([basis.size for basis in self.bases])[:-1]
        return zip(self.bases, np.split(q, borders, axis=-1), strict=True)

    def _wanted(self, time: float, q: np.ndarray) -> np.ndarray:
        """`V w_t` as the equation has it, `[M, m]`."""
        return np.asarray(self._program(*self._given(time, q)))

    def _given(self, time: float, q: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
        """A time, and the jets of `V w` there, `[J, M, m]`."""
        jets = np.stack([basis.jets @ part for basis, part in self._by_component(q)], axis=-1)
        return tf.constant(time, tf.float64), tf.constant(jets)

    def _basis(self, component: int) -> Basis:
        """The features times the factor of a component, as a basis."""

        def factor(points: tf.Tensor) -> tf.Tensor:
            shape = [tf.shape(points)[0], self._components]
            ones, zeros = tf.ones(shape, points.dtype), tf.zeros(shape, points.dtype)
            difference = self._ansatz(lambda _: ones)(points) - self._ansatz(lambda _: zeros)(points)
            return difference[:, component : component + 1]

        def functions(points: tf.Tensor) -> tf.Tensor:
            return factor(points) * self._features(points[:, :-1])

        needs = Needs.of(self._partials, self._traces)

        @tf.function(autograph=False, jit_compile=True)
        def program(points: tf.Tensor) -> tf.Tensor:
            found = self._engine.differentiate(functions, points, needs)
            partials, traces = (found.partials[p] for p in self._partials), (found.traces[t] for t in self._traces)
            return tf.stack([found.value, *partials, *traces])

        # At the end the factor of the initial value is 1.
        points = np.column_stack([self.places, np.full(len(self.places), self.span[1])])
        return Basis.of(_in_chunks(program, points), max(self._tolerance, _LEAST_CUT))

    def _compiled(self, function: Any) -> Any:
        shape = [1 + len(self._partials) + len(self._traces), len(self.places), self._components]
        signature = [tf.TensorSpec([], tf.float64), tf.TensorSpec(shape, tf.float64)]
        compiled = tf.function(function, autograph=False, jit_compile=True, input_signature=signature)
        return compiled.get_concrete_function()

    def _solved(self, time: tf.Tensor, jets: tf.Tensor) -> tf.Tensor:
        """`V w_t`, `[M, m]`: the equation is linear in it."""
        points, known = self._known(time, jets)
        units = tf.eye(self._components, dtype=tf.float64)
        start = self._residuals(points, known, tf.zeros_like(units[0]))
        columns = [self._residuals(points, known, unit) - start for unit in tf.unstack(units)]
        if len(columns) == 1:
            return -start / columns[0]
        return -tf.linalg.solve(tf.stack(columns, axis=2), start[..., tf.newaxis])[..., 0]

    def _gradients_of(self, time: tf.Tensor, jets: tf.Tensor) -> tf.Tensor:
        """Of each component of `V w_t` with respect to the jets at its own point, `[m, J, M, m]`."""
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(jets)
            sums = tf.unstack(tf.reduce_sum(self._solved(time, jets), axis=0), num=self._components)
        zero = tf.UnconnectedGradients.ZERO
        return tf.stack([tape.gradient(total, jets, unconnected_gradients=zero) for total in sums])

    def _known(self, time: tf.Tensor, jets: tf.Tensor) -> tuple[PointSet, Derivatives]:
        """The collocation points at a time, and the derivatives of the field there where `V w` has these jets
        `[J, M, m]` and no slope in time.
        """
        places = tf.constant(self.places)
        points = tf.concat([places, tf.fill([len(self.places), 1], time)], axis=1)
        zeros = tf.zeros([len(self.places), self._components], tf.float64)
        lift = self._engine.differentiate(self._ansatz(lambda _: zeros), points, self._term.needs)
        value, *changes = tf.unstack(jets)
        partials, traces = dict(lift.partials), dict(lift.traces)
        for index, change in zip(self._partials, changes[: len(self._partials)], strict=True):
            partials[index] += change
        for index, change in zip(self._traces, changes[len(self._partials) :], strict=True):
            traces[index] += change
        return PointSet(points, self._term.frame.axes), Derivatives(lift.value + value, partials, traces)

    def _residuals(self, points: PointSet, known: Derivatives, slopes: tf.Tensor) -> tf.Tensor:
        """The residuals `[M, m]` where `V w` has the slope `[m]` in time everywhere."""
        time = (self._time,)
        found = Derivatives(known.value, {**known.partials, time: known.partials[time] + slopes}, known.traces)
        rows = self._term.of_jet(points, EvaluatedJet(_squeezed(found, self._term), self._term.frame))
        return tf.stack(list(rows.values()), axis=1)


def no_evolution(term: Term, points: np.ndarray) -> str | None:
    """Why an equation does not say what the first derivative in time is, in words; `None` if it does.

    It is tried at some points `[n, d]`, with a jet of ones and slopes in time of different sizes.
    """
    components, time = term.frame.components or 1, len(term.frame.axes) - 1
    needs = term.needs
    others = [p for p in needs.partials if time in p and p != (time,)]
    if others or (time,) not in needs.partials or any(time in trace for trace in needs.traces):
        return "expected an equation of first order in time; got one of another order"

    def rows(slopes: np.ndarray) -> np.ndarray:
        ones = tf.ones([len(points), components], tf.float64)
        partials = {index: ones * slopes if index == (time,) else ones for index in needs.partials}
        jet = EvaluatedJet(_squeezed(Derivatives(ones, partials, dict.fromkeys(needs.traces, ones)), term), term.frame)
        found = term.of_jet(PointSet(tf.constant(points, tf.float64), term.frame.axes), jet)
        return np.stack([np.asarray(row) for row in found.values()], axis=1)

    start = rows(np.zeros(components))
    if start.shape[1] != components:
        return f"expected an equation for each of {components} components; got {start.shape[1]} equations"
    columns = np.stack([rows(unit) - start for unit in np.eye(components)], axis=2)
    linear = np.allclose(rows(np.full(components, 2.0)) - start, 2.0 * columns.sum(axis=2))
    if not linear or np.linalg.cond(columns).max() > _SINGULAR:
        return "expected an equation that is linear in the slope in time and has it everywhere"
    return None


def _squeezed(found: Derivatives, term: Term) -> Derivatives:
    """As the frame of a term has it: `[N]` for a field of one component."""
    if term.frame.components is not None:
        return found
    partials = {index: tf.squeeze(part, axis=1) for index, part in found.partials.items()}
    traces = {index: tf.squeeze(part, axis=1) for index, part in found.traces.items()}
    return Derivatives(tf.squeeze(found.value, axis=1), partials, traces)


def _in_chunks(program: Any, points: np.ndarray) -> np.ndarray:
    """What a program says of points `[M, d]`, a chunk at a time: `[J, M, F]`."""
    size, count = min(_CHUNK, len(points)), len(points)
    # The last point again fills a short chunk.
    chunks = [np.minimum(np.arange(begin, begin + size), count - 1) for begin in range(0, count, size)]
    found = [program(tf.constant(points[chunk])).numpy() for chunk in chunks]
    return np.concatenate(found, axis=1)[:, :count]
