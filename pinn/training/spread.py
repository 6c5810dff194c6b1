"""The objective on several devices: a share of the points of every term on each, and sums over all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, final

import numpy as np
import tensorflow as tf

from pinn.solvers import compiled_program
from pinn.training.collocation import Collocation
from pinn.training.objective import ResidualObjective
from pinn.training.replicas import Held, Replicas
from pinn.training.residuals import Residuals
from pinn.training.shares import Cut, RowOrder

Compute = Callable[..., tf.Tensor]
"""`(residuals, weights [P], points of each term, *others) -> tensor`: what one replica computes."""

_PARTS = len(Collocation._fields)


@final
class SpreadObjective:
    r"""An objective whose points several devices share: `L = \sum_k L_k` over replicas `k`, and so every sum.

    Each replica evaluates its points by a program of XLA, the same one for all. Loss and gradient, products `J^T r` and
    all other sums are added up over the replicas; rows of residuals and of the Jacobian are gathered and put into the
    order of the whole. What is added in another order differs by round-off, and by nothing else. The points themselves,
    their weights and all that is asked about single points belong to the whole objective, on one device.

    Implements `pinn.solvers.Objective`, `pinn.solvers.Spread` and `pinn.training.trainable.TrainableObjective`.

    Cost: a sum moves its result to and from every replica, which is `P + 1` numbers for an evaluation.

    Args:
        whole: the objective.
        replicas: the devices.
    """

    def __init__(self, whole: ResidualObjective, replicas: Replicas) -> None:
        self._whole, self._replicas = whole, replicas
        self._cuts = [Cut(points.number, replicas.number) for points in whole.collocation]
        self._points = [
            Collocation(*(replicas.hold(self._share_of(k, part)) for part in Collocation._fields))
            for k in range(len(self._cuts))
        ]
        self._counts = [replicas.hold(self._counts_of(k)) for k in range(len(self._cuts))]
        self._programs: dict[str, Any] = {}

    @property
    def replicas(self) -> int:
        """How many devices share the points."""
        return self._replicas.number

    @property
    def size(self) -> int:
        """The number of weights, `P`."""
        return self._whole.size

    @property
    def dtype(self) -> tf.DType:
        """The precision of the computation."""
        return self._whole.dtype

    @property
    def last_layer(self) -> int:
        """How many of the last weights are those of a linear last layer, as far as is known."""
        return self._whole.last_layer

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the terms, the equation first."""
        return self._whole.names

    @property
    def seed(self) -> int:
        """What all draws of points depend on."""
        return self._whole.seed

    def times(self) -> dict[str, np.ndarray]:
        """The time of every point by term."""
        return self._whole.times()

    def weigh(self, factors: Mapping[str, float | np.ndarray]) -> None:
        """Multiply the terms' own weights by factors."""
        self._whole.weigh(factors)
        self._hand_on()

    def resample(self, epoch: int, weights: np.ndarray) -> None:
        """Replace all points by those of another epoch."""
        self._whole.resample(epoch, weights)
        self._hand_on()

    def arrays(self) -> dict[str, np.ndarray]:
        """The present points as arrays with the names of a checkpoint."""
        return self._whole.arrays()

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put the points back where `arrays` found them."""
        self._whole.restore(arrays)
        self._hand_on()

    def point_squares(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """The squared residuals at the present points by term, `[N]` each."""
        return self._whole.point_squares(weights)

    def blame(self, weights: np.ndarray) -> str:
        """Which residual is not finite at these weights, and at which point first."""
        return self._whole.blame(weights)

    def residuals(self, weights: tf.Tensor) -> tf.Tensor:
        """The scaled rows, `[R]`, in the order of the whole."""
        return self._rows("residuals", Residuals.vector, weights)

    def loss(self, weights: tf.Tensor) -> tf.Tensor:
        """The weighted sum of squares, `[]`."""
        return tf.reduce_sum(self.residuals(weights) ** 2)

    def loss_and_gradient(self, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss and its gradient, `[]` and `[P]`, added up in one."""

        def joined(residuals: Residuals, weights: tf.Tensor, points: Sequence[Collocation]) -> tf.Tensor:
            loss, gradient = residuals.loss_and_gradient(weights, points)
            return tf.concat([loss[tf.newaxis], gradient], axis=0)

        both = self._sum("loss_and_gradient", joined, weights)
        return both[0], both[1:]

    def jacobian(self, weights: tf.Tensor) -> tf.Tensor:
        """`J`, `[R, P]`, in the order of the whole."""
        return self._rows("jacobian", Residuals.jacobian, weights)

    def jacobian_product(self, weights: tf.Tensor, direction: tf.Tensor) -> tf.Tensor:
        """`J v`, `[R]`, in the order of the whole."""

        def product(
            residuals: Residuals, weights: tf.Tensor, points: Sequence[Collocation], direction: tf.Tensor
        ) -> tf.Tensor:
            return residuals.jacobian_product(weights, direction, points)

        return self._rows("jacobian_product", product, weights, direction)

    def transposed_product(self, weights: tf.Tensor, residuals: tf.Tensor) -> tf.Tensor:
        """`J^T r`, `[P]`, for rows `r` in the order of the whole; each replica takes its own of them."""

        def product(
            of: Residuals, weights: tf.Tensor, points: Sequence[Collocation], rows: tf.Tensor, own: tf.Tensor
        ) -> tf.Tensor:
            return of.transposed_product(weights, tf.gather(rows, own), points)

        return self._sum("transposed_product", product, weights, residuals, held=[self._own_rows])

    def term_losses(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The unweighted mean square of every residual by name, each `[]`."""

        def sums(residuals: Residuals, weights: tf.Tensor, points: Sequence[Collocation]) -> tf.Tensor:
            found = residuals.sums(weights, points)
            return tf.stack([own[name] for own, names in zip(found, self._row_names, strict=True) for name in names])

        totals = self._sum("term_losses", sums, weights, counted=True)
        names = [name for names in self._row_names for name in names]
        return {name: totals[k] / cut.points for k, (name, cut) in enumerate(zip(names, self._row_cuts, strict=True))}

    def term_gradients(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The gradient of every term's unweighted mean square, each `[P]`."""

        def gradients(residuals: Residuals, weights: tf.Tensor, points: Sequence[Collocation]) -> tf.Tensor:
            return tf.stack(residuals.gradients(weights, points))

        return self._means(self._sum("term_gradients", gradients, weights, counted=True))

    def term_traces(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The trace of every term's neural tangent kernel, each `[]`."""

        def traces(residuals: Residuals, weights: tf.Tensor, points: Sequence[Collocation]) -> tf.Tensor:
            return tf.stack(residuals.traces(weights, points))

        return self._means(self._sum("term_traces", traces, weights, counted=True))

    def _sum(
        self,
        name: str,
        compute: Compute,
        weights: tf.Tensor,
        *told: tf.Tensor,
        held: Sequence[Held] = (),
        counted: bool = False,
    ) -> tf.Tensor:
        return self._replicas.sum(*self._call(name, compute, [weights, *told], held, counted=counted))

    def _rows(self, name: str, compute: Compute, weights: tf.Tensor, *told: tf.Tensor) -> tf.Tensor:
        found = self._replicas.rows(*self._call(name, compute, [weights, *told], (), counted=False))
        # How many come from elsewhere nobody knows while the graph is built.
        gathered = tf.ensure_shape(found, [self._row_order.own.size, *found.shape[1:]])
        return tf.gather(gathered, self._row_order.order)

    def _means(self, sums: tf.Tensor) -> dict[str, tf.Tensor]:
        """Sums over the points of each term, `[T, ...]`, as means by name."""
        return {name: sums[k] / cut.points for k, (name, cut) in enumerate(zip(self.names, self._cuts, strict=True))}

    def _call(
        self, name: str, compute: Compute, told: Sequence[tf.Tensor], held: Sequence[Held], *, counted: bool
    ) -> tuple[Any, list[tf.Tensor], list[Held]]:
        """The program of every replica, what all of them are told, and what each holds.

        Weights that are not trained live on one device; so they are told, as are those that are.
        """
        fixed = [tf.convert_to_tensor(value) for value in self._whole.of.network.fixed()]
        points = [
            part
            for own, counts in zip(self._points, self._counts, strict=True)
            for part in (own._replace(weights=counts) if counted else own)
        ]
        told, held = [*fixed, *told], [*points, *held]
        if name not in self._programs:
            specs = [tf.TensorSpec(one.shape, one.dtype) for one in (*told, *held)]
            self._programs[name] = self._compiled(compute, specs, fixed=len(fixed), told=len(told))
        return self._programs[name], told, held

    def _compiled(self, compute: Compute, specs: Sequence[tf.TensorSpec], *, fixed: int, told: int) -> Any:
        """A program of `(*fixed, weights, *others told, *points, *others held)`."""
        end = told + _PARTS * len(self._cuts)

        def program(*arguments: tf.Tensor) -> tf.Tensor:
            residuals = replace(self._whole.of, fixed=arguments[:fixed])
            points = [Collocation(*arguments[k : k + _PARTS]) for k in range(told, end, _PARTS)]
            return compute(residuals, arguments[fixed], points, *arguments[fixed + 1 : told], *arguments[end:])

        return compiled_program(program, *specs)

    @cached_property
    def _row_names(self) -> list[list[str]]:
        """The names of the residuals of each term."""
        found: list[list[str]] = []

        def look(weights: tf.Tensor) -> None:
            of = self._whole.of
            for term, points in zip(of.terms, self._whole.collocation, strict=True):
                found.append(list(of.of_term(term, weights, points)))

        tf.function(look, autograph=False).get_concrete_function(tf.TensorSpec([self.size], self.dtype))
        return found

    @cached_property
    def _row_cuts(self) -> list[Cut]:
        """How the rows of each residual are cut, in the order of the whole."""
        return [cut for cut, names in zip(self._cuts, self._row_names, strict=True) for _ in names]

    @cached_property
    def _row_order(self) -> RowOrder:
        return RowOrder.of(self._row_cuts)

    @cached_property
    def _own_rows(self) -> Held:
        with tf.init_scope():
            return self._replicas.hold(lambda replica: self._row_order.own[replica])

    def _share_of(self, k: int, part: str) -> Callable[[int], np.ndarray]:
        """What the replicas hold of the points of term `k`; what fills up a share weighs nothing."""
        array, cut = getattr(self._whole.collocation[k], part).numpy(), self._cuts[k]
        if part != "weights":
            return lambda replica: cut.of(array, replica)
        return lambda replica: cut.of(array, replica) * self._counts_of(k)(replica)

    def _counts_of(self, k: int) -> Callable[[int], np.ndarray]:
        dtype, cut = self.dtype.as_numpy_dtype, self._cuts[k]
        return lambda replica: cut.counts(replica).astype(dtype)

    def _hand_on(self) -> None:
        """Have the replicas hold the present points, and their weights."""
        for k, points in enumerate(self._points):
            for part, held in points._asdict().items():
                held.assign(self._share_of(k, part))
