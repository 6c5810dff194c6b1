r"""The objective: a problem and a field as a vector function of the weights.

It is that of `pinn.training.residuals` at points of its own. The weight of a point is `\omega_{kn} = \lambda_k \mu_{kn}
/ N_k`: the term's own factor, and what a balance makes of it, 1 unless told otherwise. Every method is a traceable
TensorFlow function of one flat weight vector `[P]`, so that a solver can compile its whole step around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import final

import numpy as np
import tensorflow as tf

from pinn.calculus import Engine, Field
from pinn.fields import Ansatz, FlatField, Patchwork
from pinn.solvers import Block, cores
from pinn.training.blocks import Share
from pinn.training.collocation import PLACES, Collocation
from pinn.training.patched import PatchedTerm
from pinn.training.patched_objective import PatchedObjective, Placed
from pinn.training.pointwise import Pointwise
from pinn.training.residuals import Residuals
from pinn.training.terms import Term

_LEAST_BYTES = 2**19
"""Intermediates of a share of points, below which a share of its own takes longer than it saves."""

_TINY = 1e-300


@final
class ResidualObjective:
    """Residuals, loss and gradient, Jacobian and products with it, at points that can be replaced in place, as can be
    their weights.

    Implements `pinn.solvers.Objective`, `pinn.solvers.Divisible` and, for a field in patches, `pinn.solvers.Sparse`.

    Args:
        field: the network as a function of its weights.
        ansatz: what makes it satisfy conditions exactly.
        terms: the residuals.
        engine: how derivatives are computed.
        seed: of the points; the same seed gives the same points.
        patchwork: the field taken apart, where it is one of patches.

    Attributes:
        of: the residuals at any points.
        collocation: the present points of each term, as variables.

    Raises:
        ValueError: a field in patches, and an ansatz with exact fluxes or a mean, which look at the field elsewhere.
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
        if patchwork is not None and any(term.seen_at is not None for term in terms):
            raise ValueError(
                "field=patches: expected residuals that look at the field where they are; got a mean, which looks at "
                "it everywhere. Give a Pin instead, or take another field."
            )
        self.of = Residuals(field, ansatz, tuple(terms), engine)
        self._seed = seed
        self.collocation = [self._first(k) for k in range(len(self.of.terms))]
        self._pointwise: dict[str, Pointwise] = {}
        self._groups = 1 if patchwork is None else patchwork.patches
        self._patched = [PatchedTerm.of(patchwork, term, ansatz, engine) for term in terms] if patchwork else []

    @property
    def size(self) -> int:
        """The number of weights, `P`."""
        return self.of.network.size

    @property
    def dtype(self) -> tf.DType:
        """The precision of the computation."""
        return self.of.network.dtype

    @property
    def last_layer(self) -> int:
        """How many of the last weights are those of a linear last layer, as far as is known."""
        return self.of.network.last_layer

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the terms, the equation first."""
        return tuple(term.name for term in self.of.terms)

    @property
    def seed(self) -> int:
        """What all draws of points depend on."""
        return self._seed

    def points(self) -> dict[str, np.ndarray]:
        """The present points of each term, `[N, d]`."""
        return {term.name: points.coordinates.numpy() for term, points in self._each()}

    def point_weights(self) -> dict[str, np.ndarray]:
        """The present weights of the points of each term, `[N]`; they sum to the term's weight in the loss."""
        return {term.name: points.weights.numpy() for term, points in self._each()}

    def times(self) -> dict[str, np.ndarray]:
        """The time of every point by term, `[N]` each; none where the problem has no time."""
        return {
            term.name: points.coordinates.numpy()[:, term.frame.axes.index(term.frame.time_axis)]
            for term, points in self._each()
            if term.frame.time_axis is not None
        }

    def weigh(self, factors: Mapping[str, float | np.ndarray]) -> None:
        """Multiply the terms' own weights by factors; what was compiled stays valid.

        Args:
            factors: by term, a number or one for each of its points, `[N]`; a term that is left out has 1. They replace
                those given before.
        """
        for term, points in self._each():
            factor = np.broadcast_to(np.asarray(factors.get(term.name, 1.0)), (points.number,))
            points.weights.assign((term.weight / points.number * factor).astype(self.dtype.as_numpy_dtype))

    def resample(self, epoch: int, weights: np.ndarray) -> None:
        """Replace all points by those of another epoch; what was compiled stays valid.

        The new points depend on the seed, the epoch, the weights `[P]` and the present points, and on nothing else; on
        the last two only where points are adaptive.
        """
        for k, (term, points) in enumerate(self._each()):
            found = term.redraw((self._seed, epoch, k), points.coordinates.numpy(), partial(self._sizes, term, weights))
            for part, array in zip(PLACES, found, strict=True):
                getattr(points, part).assign(array)

    def arrays(self) -> dict[str, np.ndarray]:
        """The present points as arrays with the names of a checkpoint."""
        return {
            f"{term.name}.{part}": getattr(points, part).numpy() for term, points in self._each() for part in PLACES
        }

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put the points back where `arrays` found them."""
        for term, points in self._each():
            for part in PLACES:
                getattr(points, part).assign(arrays[f"{term.name}.{part}"])

    def residuals(self, weights: tf.Tensor) -> tf.Tensor:
        """The scaled rows, `[R]`; the sum of their squares is the loss."""
        return self.of.vector(weights, self.collocation)

    def loss(self, weights: tf.Tensor) -> tf.Tensor:
        """The weighted sum of squares, `[]`."""
        return tf.reduce_sum(self.residuals(weights) ** 2)

    def loss_and_gradient(self, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss and its gradient, `[]` and `[P]`, block by block: memory does not grow with the points."""
        return self.of.loss_and_gradient(weights, self.collocation)

    @property
    def parts(self) -> int:
        """Into how many shares of points an evaluation is worth dividing here: one a core, while each has work."""
        work = sum(points.number * self.of.bytes_a_point(term) for term, points in self._each())
        return max(1, min(cores(), work // _LEAST_BYTES))

    def part_of_loss_and_gradient(self, weights: tf.Tensor, part: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """What one of the `parts` shares of points contributes to the loss and to its gradient, `[]` and `[P]`."""
        return self.of.loss_and_gradient(weights, self.collocation, Share(part, self.parts))

    def term_losses(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        """The unweighted mean square of every residual by name, each `[]`."""
        sums = self.of.sums(weights, [points.tensors().counted() for points in self.collocation])
        return {
            name: total / tf.cast(points.number, self.dtype)
            for points, found in zip(self.collocation, sums, strict=True)
            for name, total in found.items()
        }

    def term_gradients(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        r"""The gradient of every term's unweighted mean square, `\nabla mean_n |r_n|^2`, each `[P]`."""
        return dict(zip(self.names, self.of.gradients(weights, self._averaged()), strict=True))

    def term_traces(self, weights: tf.Tensor) -> dict[str, tf.Tensor]:
        r"""The trace of every term's tangent kernel, `mean_n |\partial r_n / \partial w|^2`, each `[]`."""
        return dict(zip(self.names, self.of.traces(weights, self._averaged()), strict=True))

    def point_squares(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """The squared residuals at the present points by term, summed over the residuals of a term, `[N]` each."""
        found = {}
        for term, points in self._each():
            rows = self.residuals_at(term.name, weights, points.coordinates.numpy(), points.normals.numpy())
            found[term.name] = np.sum([row.astype(np.float64) ** 2 for row in rows.values()], axis=0)
        return found

    def residuals_at(
        self, name: str, weights: np.ndarray, coordinates: np.ndarray, normals: np.ndarray
    ) -> dict[str, np.ndarray]:
        """The unscaled residuals of a term at any points, by name, each `[M]`, a chunk of fixed size at a time.

        Args:
            name: of the term.
            weights: of the field, `[P]`.
            coordinates, normals: `[M, d]`.
        """
        if name not in self._pointwise:
            term = self.of.terms[self.names.index(name)]
            widths = [len(term.frame.axes)] * len(PLACES)

            def rows(weights: tf.Tensor, *places: tf.Tensor) -> dict[str, tf.Tensor]:
                return self.of.of_term(term, weights, Collocation(places[0], places[1], places[0][:, 0]))

            self._pointwise[name] = Pointwise.of(rows, self.size, widths, self.dtype)
        return self._pointwise[name](weights, coordinates, normals)

    def jacobian(self, weights: tf.Tensor) -> tf.Tensor:
        """`J = d residuals / d weights`, `[R, P]`: gradients of single points, vectorised over the points."""
        return self.of.jacobian(weights, self.collocation)

    def transposed_product(self, weights: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """`J^T r`, `[P]`, by one reverse pass."""
        return self.of.transposed_product(weights, rows, self.collocation)

    def jacobian_product(self, weights: tf.Tensor, direction: tf.Tensor) -> tf.Tensor:
        """`J v`, `[R]`, by two reverse passes."""
        return self.of.jacobian_product(weights, direction, self.collocation)

    @property
    def groups(self) -> int:
        """How many patches the field has; 1 where it has none."""
        return self._groups

    def evaluate(self, weights: np.ndarray) -> np.ndarray:
        """The residuals `[R]` of a field in patches, a few points at a time."""
        return self._in_patches().evaluate(weights)

    def linearize(self, weights: np.ndarray) -> tuple[np.ndarray, Sequence[Block]]:
        """The residuals `[R]` of a field in patches, and the blocks of their Jacobian."""
        return self._in_patches().linearize(weights)

    def blame(self, weights: np.ndarray) -> str:
        """Which residual is not finite at these weights, and at which point first: a sentence for the summary."""
        tensor = tf.constant(weights, self.dtype)
        for term, points in self._each():
            for name, row in self.of.of_term(term, tensor, points).items():
                bad = np.flatnonzero(~np.isfinite(row.numpy()))
                if bad.size:
                    where = ", ".join(
                        f"{axis}={value:.6g}"
                        for axis, value in zip(term.frame.axes, points.coordinates.numpy()[bad[0]], strict=True)
                    )
                    return f"the residual {name!r} is not finite at {bad.size} of {len(row)} points, first at {where}"
        return "the residuals are finite and their gradient is not"

    def field(self, weights: tf.Tensor) -> Field:
        """The field with its exact conditions, `[N, d] -> [N, m]`, at these weights."""
        return self.of.field(weights)

    def _each(self) -> list[tuple[Term, Collocation]]:
        return list(zip(self.of.terms, self.collocation, strict=True))

    def _averaged(self) -> list[Collocation]:
        return [points.tensors().averaged() for points in self.collocation]

    def _first(self, k: int) -> Collocation:
        """The points of a term before any training."""
        term = self.of.terms[k]
        coordinates, normals = term.draw((self._seed, 0, k))
        weights = np.full(len(coordinates), term.weight / len(coordinates))
        arrays = (coordinates, normals, weights)
        return Collocation(*(tf.Variable(array, dtype=self.dtype, trainable=False) for array in arrays))

    def _sizes(self, term: Term, weights: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
        """How large the residuals of a term are at any points, `[M]`: the sum of their magnitudes, each in units of its
        own mean; 0 where one is not finite, since nobody can train there.
        """
        rows = self.residuals_at(term.name, weights, coordinates, np.zeros_like(coordinates))
        finite = np.all([np.isfinite(row) for row in rows.values()], axis=0)
        magnitudes = [np.where(finite, np.abs(row), 0.0).astype(np.float64) for row in rows.values()]
        return np.sum([size / max(float(np.mean(size)), _TINY) for size in magnitudes], axis=0)

    def _in_patches(self) -> PatchedObjective:
        """The terms of a field in patches at their present points."""
        parts = [
            Placed(term, *(part.numpy() for part in points))
            for term, points in zip(self._patched, self.collocation, strict=True)
        ]
        return PatchedObjective(parts, self._groups)
