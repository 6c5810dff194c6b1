r"""The residuals of all terms as functions of the weights and of points that are handed in.

`loss(w) = \sum_k \sum_n \omega_{kn} r_{kn}(w)^2 = |\rho(w)|^2` with the scaled rows `\rho_{kn} = \sqrt{\omega_{kn}}
r_{kn}`: whoever holds the points says what each of them counts. So the sums over any parts of the points add up to that
over all of them, on one device or on several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import tensorflow as tf

from pinn.calculus import Engine, Field
from pinn.fields import Ansatz, FlatField
from pinn.training.blocks import Share, Summand, blocks_for, sum_over_blocks
from pinn.training.collocation import Collocation
from pinn.training.terms import Term

_ZERO = tf.UnconnectedGradients.ZERO


@final
@dataclass(frozen=True)
class Residuals:
    """Traceable functions of the weights `[P]` and of the points of each term, in the order of the terms.

    Args:
        network: the field as a function of its weights.
        ansatz: what makes it satisfy conditions exactly.
        terms: the residuals.
        engine: how derivatives are computed.
        fixed: the values of the weights that are not trained, where they are not to be read from the model.
    """

    network: FlatField
    ansatz: Ansatz
    terms: tuple[Term, ...]
    engine: Engine
    fixed: Sequence[tf.Tensor] | None = None

    def field(self, weights: tf.Tensor) -> Field:
        """The field with its exact conditions, `[N, d] -> [N, m]`, at these weights."""
        return self.ansatz(lambda points: self.network(weights, points, self.fixed))

    def of_term(self, term: Term, weights: tf.Tensor, points: Collocation) -> dict[str, tf.Tensor]:
        """The unscaled residuals of one term by name, each `[N]`."""
        coordinates, normals = tf.convert_to_tensor(points.coordinates), tf.convert_to_tensor(points.normals)
        return term.rows(self.field(weights), coordinates, normals, self.engine)

    def rows(self, weights: tf.Tensor, points: Sequence[Collocation]) -> list[tf.Tensor]:
        """The scaled rows, one `[N]` for each residual of each term."""
        return [
            tf.sqrt(own.weights) * row
            for term, own in self._each(points)
            for row in self.of_term(term, weights, own).values()
        ]

    def vector(self, weights: tf.Tensor, points: Sequence[Collocation]) -> tf.Tensor:
        """The scaled rows one after the other, `[R]`; the sum of their squares is the loss."""
        return tf.concat(self.rows(weights, points), axis=0)

    def loss_and_gradient(
        self, weights: tf.Tensor, points: Sequence[Collocation], share: Share | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss and its gradient, `[]` and `[P]`, from one forward and one reverse pass, block by block."""
        found = [self.loss_and_gradient_of(term, weights, own.tensors(), share) for term, own in self._each(points)]
        return tf.add_n([loss for loss, _ in found]), tf.add_n([gradient for _, gradient in found])

    def loss_and_gradient_of(
        self, term: Term, weights: tf.Tensor, points: Collocation, share: Share | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """One term's part of the loss and of its gradient."""

        def of_block(*arrays: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            *places, mask = arrays
            block = Collocation(*places)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                rows = self.of_term(term, weights, block).values()
                loss = tf.add_n([tf.reduce_sum(mask * block.weights * row**2) for row in rows])
            return loss, tape.gradient(loss, weights, unconnected_gradients=_ZERO)

        return self._over_blocks(of_block, term, points, share)

    def sums(self, weights: tf.Tensor, points: Sequence[Collocation]) -> list[dict[str, tf.Tensor]]:
        """The weighted sum of squares of every residual of each term by name, each `[]`."""
        return [self._sums_of(term, weights, own) for term, own in self._each(points)]

    def gradients(self, weights: tf.Tensor, points: Sequence[Collocation]) -> list[tf.Tensor]:
        """The gradient of each term's part of the loss, `[P]` each."""
        return [self.loss_and_gradient_of(term, weights, own)[1] for term, own in self._each(points)]

    def traces(self, weights: tf.Tensor, points: Sequence[Collocation]) -> list[tf.Tensor]:
        r"""The squared length of each term's rows of the Jacobian, `|J_k|_F^2`, each `[]`, by gradients of single
        points, block by block: the cost of one Jacobian and the memory of one block of it.
        """
        return [self._trace(term, weights, own) for term, own in self._each(points)]

    def jacobian(self, weights: tf.Tensor, points: Sequence[Collocation]) -> tf.Tensor:
        """The derivatives of the scaled rows, `[R, P]`: gradients of single points, vectorised over the points."""
        blocks = [block for term, own in self._each(points) for block in self._jacobian_blocks(term, weights, own)]
        return tf.concat(blocks, axis=0)

    def transposed_product(self, weights: tf.Tensor, rows: tf.Tensor, points: Sequence[Collocation]) -> tf.Tensor:
        """`J^T r`, `[P]`, by one reverse pass."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            residuals = self.vector(weights, points)
        return tape.gradient(residuals, weights, output_gradients=rows, unconnected_gradients=_ZERO)

    def jacobian_product(self, weights: tf.Tensor, direction: tf.Tensor, points: Sequence[Collocation]) -> tf.Tensor:
        """`J v`, `[R]`, as the derivative of `J^T s`, which is linear in `s`: two reverse passes and no forward
        mode.
        """
        seed = tf.zeros_like(self.vector(weights, points))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(seed)
            transposed = self.transposed_product(weights, seed, points)
        return tape.gradient(transposed, seed, output_gradients=direction, unconnected_gradients=_ZERO)

    def bytes_a_point(self, term: Term) -> int:
        """What the intermediates of a pass take."""
        return int(term.needs.rows * self.network.entries * self.network.dtype.size)

    def _each(self, points: Sequence[Collocation]) -> list[tuple[Term, Collocation]]:
        return list(zip(self.terms, points, strict=True))

    def _sums_of(self, term: Term, weights: tf.Tensor, points: Collocation) -> dict[str, tf.Tensor]:
        def squares(*arrays: tf.Tensor) -> Any:
            *places, mask = arrays
            block = Collocation(*places)
            rows = self.of_term(term, weights, block)
            return {name: tf.reduce_sum(mask * block.weights * row**2) for name, row in rows.items()}

        return dict(self._over_blocks(squares, term, points.tensors()))

    def _over_blocks(self, function: Summand, term: Term, points: Collocation, share: Share | None = None) -> Any:
        """The sum of a function over the points of a term, or over a share of them."""
        return sum_over_blocks(function, points, blocks_for(points.number, self.bytes_a_point(term)), share)

    def _jacobian_blocks(self, term: Term, weights: tf.Tensor, points: Collocation) -> list[tf.Tensor]:
        """One `[N, P]` block for each residual of the term."""

        def gradients(point: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
            single = Collocation(*(part[tf.newaxis] for part in point))
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                tape.watch(weights)
                found = self.of_term(term, weights, single).values()
                rows = [tf.sqrt(single.weights[0]) * row[0] for row in found]
            return tuple(tape.gradient(row, weights, unconnected_gradients=_ZERO) for row in rows)

        return list(tf.vectorized_map(gradients, tuple(points.tensors())))

    def _trace(self, term: Term, weights: tf.Tensor, points: Collocation) -> tf.Tensor:
        def of_block(*arrays: tf.Tensor) -> tf.Tensor:
            *places, mask = arrays
            rows = self._jacobian_blocks(term, weights, Collocation(*places))
            return tf.add_n([tf.reduce_sum(mask * tf.reduce_sum(row**2, axis=1)) for row in rows])

        row = self.network.size * self.network.dtype.size
        return sum_over_blocks(of_block, points, blocks_for(points.number, max(row, self.bytes_a_point(term))))
