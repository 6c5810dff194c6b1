r"""The objective: a problem and a field as a vector function of the weights.

`loss(w) = \sum_k \lambda_k mean_n r_{kn}(w)^2 = |\rho(w)|^2` with the scaled rows `\rho_{kn} = \sqrt{\lambda_k / N_k}
r_{kn}`. Every method is a traceable TensorFlow function of one flat weight vector `[P]`, so that a solver can compile
its whole step around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, final

import numpy as np
import tensorflow as tf

from pinn.calculus import Engine, Field
from pinn.fields import Ansatz, FlatField, Patchwork
from pinn.solvers import Block, cores
from pinn.training.blocks import Share, Summand, blocks_for, sum_over_blocks
from pinn.training.patched import PatchedTerm
from pinn.training.terms import Term

_LEAST_BYTES = 2**19
"""Intermediates of a share of points, below which a share of its own takes longer than it saves."""


@final
class ResidualObjective:
    """Residuals, loss and gradient, Jacobian and products with it, at points that can be replaced in place.

    Implements `pinn.solvers.Objective`, `pinn.solvers.Divisible` and, for a field in patches, `pinn.solvers.Sparse`.

    Args:
        field: the network as a function of its weights.
        ansatz: what makes it satisfy conditions exactly.
        terms: the residuals.
        engine: how derivatives are computed.
        seed: of the points; the same seed gives the same points.
        patchwork: the field taken apart, where it is one of patches.

    Raises:
        ValueError: a field in patches and an ansatz with exact fluxes, which looks at the field elsewhere.
    """

    def __init__(
        self,
        field: FlatField,
        ansatz: Ansatz,
        terms: Sequence[Term],
        *,
        engine: Engine,
        seed: int,
        patchwork: Patchwork | None = None,
    ) -> None:
        if patchwork is not None and any(ansatz.fluxes):
            raise ValueError(
                "field=patches: expected residuals that look at the field where they are; got exact fluxes, which look "
                "at it on the boundary. Say conditions=auto, which leaves fluxes as terms of the loss."
            )
        self._field = field
        self._ansatz = ansatz
        self._terms = tuple(terms)
        self._engine = engine
        self._seed = seed
        self._points = [
            tuple(tf.Variable(array, dtype=field.dtype, trainable=False) for array in self._draw(k, epoch=0))
            for k in range(len(self._terms))
        ]
        self._groups = 1 if patchwork is None else patchwork.patches
        self._patched = [self._in_patches(patchwork, k) for k in range(len(self._terms))] if patchwork else []

    @property
    def size(self) -> int:
        """The number of weights, `P`."""
        return self._field.size

    @property
    def dtype(self) -> tf.DType:
        """The precision of the computation."""
        return self._field.dtype

    def points(self) -> dict[str, np.ndarray]:
        """The present points of each term, `[N, d]`."""
        return {term.name: pair[0].numpy() for term, pair in zip(self._terms, self._points, strict=True)}

    def resample(self, epoch: int) -> None:
        """Replace all points by those of another epoch; what was compiled stays valid."""
        for k, pair in enumerate(self._points):
            for variable, array in zip(pair, self._draw(k, epoch), strict=True):
                variable.assign(array)

    def residuals(self, weights: tf.Tensor) -> tf.Tensor:
        """The scaled rows, `[R]`; the sum of their squares is the loss."""
        return tf.concat(
            [
                self._scale(term, pair) * row
                for term, pair in self._each()
                for row in self._rows(term, weights, pair).values()
            ],
            axis=0,
        )

    def loss(self, weights: tf.Tensor) -> tf.Tensor:
        """The weighted sum of mean squares, `[]`."""
        return tf.reduce_sum(self.residuals(weights) ** 2)

    def loss_and_gradient(self, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss and its gradient, `[]` and `[P]`, from one forward and one reverse pass.

        Terms with many points take both passes block by block, so that memory does not grow with their number.
        """
        return self._loss_and_gradient(weights, share=None)

    @property
    def parts(self) -> int:
        """Into how many shares of points an evaluation is worth dividing here: one a core, while each has work."""
        work = sum(pair[0].shape[0] * self._bytes_a_point(term) for term, pair in self._each())
        return max(1, min(cores(), work // _LEAST_BYTES))

    def part_of_loss_and_gradient(self, weights: tf.Tensor, part: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What one of the `parts` shares of points contributes to the loss and to its gradient, `[]` and `[P]`."""
        return self._loss_and_gradient(weights, Share(part, self.parts))

    def term_losses(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The unweighted mean square of every residual by name, each `[]`."""
        found: dict[str, tf.Tensor] = {}
        for term, pair in self._each():

            def squares(coordinates: tf.Tensor, normals: tf.Tensor, mask: tf.Tensor, of: Term = term) -> Any:
                rows = self._rows(of, weights, (coordinates, normals))
                return {name: tf.reduce_sum(mask * row**2) for name, row in rows.items()}

            count = tf.cast(pair[0].shape[0], self.dtype)
            found |= {name: total / count for name, total in self._over_blocks(squares, term, pair).items()}
        return found

    def jacobian(self, weights: tf.Tensor) -> tf.Tensor:
        """`J = d residuals / d weights`, `[R, P]`: gradients of single points, vectorised over the points."""
        blocks = [block for term, pair in self._each() for block in self._jacobian_blocks(term, weights, pair)]
        return tf.concat(blocks, axis=0)

    def transposed_product(self, weights: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """`J^T r`, `[P]`, by one reverse pass."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            residuals = self.residuals(weights)
        return tape.gradient(
            residuals, weights, output_gradients=rows, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    def jacobian_product(self, weights: tf.Tensor, direction: tf.Tensor) -> tf.Tensor:
        """`J v`, `[R]`, as the derivative of `J^T s`, which is linear in `s`: two reverse passes and no forward
        mode.
        """
        seed = tf.zeros_like(self.residuals(weights))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(seed)
            transposed = self.transposed_product(weights, seed)
        return tape.gradient(
            transposed, seed, output_gradients=direction, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    @property
    def groups(self) -> int:
        """How many patches the field has; 1 where it has none."""
        return self._groups

    def evaluate(self, weights: np.ndarray) -> np.ndarray:
        """The residuals `[R]` of a field in patches, a few points at a time."""
        table = weights.reshape(self._groups, -1)
        parts = zip(self._patched, self._points, strict=True)
        return np.concatenate([term.values(table, *(part.numpy() for part in pair)).ravel() for term, pair in parts])

    def linearize(self, weights: np.ndarray) -> tuple[np.ndarray, Sequence[Block]]:
        """The residuals `[R]` of a field in patches, and the blocks of their Jacobian."""
        table = weights.reshape(self._groups, -1)
        rows: list[np.ndarray] = []
        blocks: list[Block] = []
        for term, pair in zip(self._patched, self._points, strict=True):
            before = sum(map(len, rows))
            values, found = term.slopes(table, *(part.numpy() for part in pair))
            rows.append(values.ravel())
            blocks += [block._replace(rows=before + block.rows) for block in found]
        return np.concatenate(rows), blocks

    def blame(self, weights: np.ndarray) -> str:
        """Which residual is not finite at these weights, and at which point first: a sentence for the summary."""
        tensor = tf.constant(weights, self.dtype)
        for term, pair in self._each():
            for name, row in self._rows(term, tensor, pair).items():
                bad = np.flatnonzero(~np.isfinite(row.numpy()))
                if bad.size:
                    where = ", ".join(
                        f"{axis}={value:.6g}"
                        for axis, value in zip(term.frame.axes, pair[0].numpy()[bad[0]], strict=True)
                    )
                    return f"the residual {name!r} is not finite at {bad.size} of {len(row)} points, first at {where}"
        return "the residuals are finite and their gradient is not"

    def field(self, weights: tf.Tensor) -> Field:
        """The field with its exact conditions, `[N, d] -> [N, m]`, at these weights."""
        return self._ansatz(lambda points: self._field(weights, points))

    def _each(self) -> list[tuple[Term, tuple[tf.Variable, tf.Variable]]]:
        return list(zip(self._terms, self._points, strict=True))

    def _draw(self, term: int, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        return self._terms[term].draw((self._seed, epoch, term))

    def _rows(self, term: Term, weights: tf.Tensor, pair: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        coordinates, normals = (tf.convert_to_tensor(part) for part in pair)
        return term.rows(self.field(weights), coordinates, normals, self._engine)

    def _in_patches(self, patchwork: Patchwork, k: int) -> PatchedTerm:
        """One term as the sparse residuals of a field in patches."""
        term, pair = self._terms[k], self._points[k]
        scale = self._scale(term, pair)

        def rows(network: Any, points: tf.Tensor, normals: tf.Tensor) -> list[tf.Tensor]:
            return [scale * row for row in term.rows(self._ansatz(network), points, normals, self._engine).values()]

        return PatchedTerm(patchwork, rows)

    def _loss_and_gradient(self, weights: tf.Tensor, share: Share | None) -> tuple[tf.Tensor, tf.Tensor]:
        found = [self._of_term(weights, term, pair, share) for term, pair in self._each()]
        return tf.add_n([loss for loss, _ in found]), tf.add_n([gradient for _, gradient in found])

    def _of_term(
        self, weights: tf.Tensor, term: Term, pair: tuple[tf.Variable, tf.Variable], share: Share | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """One term's part of the loss and of its gradient."""
        factor = self._scale(term, pair) ** 2

        def of_block(coordinates: tf.Tensor, normals: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                rows = self._rows(term, weights, (coordinates, normals)).values()
                loss = factor * tf.add_n([tf.reduce_sum(mask * row**2) for row in rows])
            return loss, tape.gradient(loss, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)

        return self._over_blocks(of_block, term, pair, share)

    def _over_blocks(
        self, function: Summand, term: Term, pair: tuple[tf.Variable, tf.Variable], share: Share | None = None
    ) -> Any:
        """The sum of a function over the points of a term, or over a share of them."""
        arrays = [tf.convert_to_tensor(part) for part in pair]
        blocks = blocks_for(arrays[0].shape[0], self._bytes_a_point(term))
        return sum_over_blocks(function, arrays, blocks, share)

    def _bytes_a_point(self, term: Term) -> int:
        """What the intermediates of a pass take."""
        return int(term.needs.rows * self._field.entries * self.dtype.size)

    def _scale(self, term: Term, pair: tuple[tf.Variable, tf.Variable]) -> tf.Tensor:
        return tf.constant(math.sqrt(term.weight / pair[0].shape[0]), self.dtype)

    def _jacobian_blocks(
        self, term: Term, weights: tf.Tensor, pair: tuple[tf.Variable, tf.Variable]
    ) -> list[tf.Tensor]:
        """One `[N, P]` block for each residual of the term."""

        def gradients(point: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, ...]:
            single = tuple(part[tf.newaxis] for part in point)
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                tape.watch(weights)
                rows = [self._scale(term, pair) * row[0] for row in self._rows(term, weights, single).values()]
            zero = tf.UnconnectedGradients.ZERO
            return tuple(tape.gradient(row, weights, unconnected_gradients=zero) for row in rows)

        return list(tf.vectorized_map(gradients, tuple(tf.convert_to_tensor(part) for part in pair)))
