"""What a solver sees of the world: a least-squares objective of one flat weight vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

Evaluate = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""A compiled evaluation: weights `[P]` to the loss, a Python float, and its gradient `[P]`."""


class Objective(Protocol):
    r"""A sum of squares of a vector function of the weights `w`, shape `[P]`.

    .. math:: L(w) = \sum_{i=1}^{R} r_i(w)^2, \qquad \nabla L = 2 J^T r, \qquad J_{ij} = \partial r_i / \partial w_j

    Every method is a traceable TensorFlow function (no Python branch on a tensor's value) and takes and returns
    tensors of `dtype`. They obey the laws

    * `loss(w) == sum(residuals(w) ** 2)`: weights of points and of conditions are inside the residuals;
    * `loss_and_gradient(w) == (loss(w), 2 * transposed_product(w, residuals(w)))`;
    * `jacobian_product(w, v) == jacobian(w) @ v` and `transposed_product(w, r) == transpose(jacobian(w)) @ r`,

    up to round-off. Solvers compile the methods once. What may change between two calls of a solver, such as
    resampled points, must therefore live in `tf.Variable` objects of a fixed shape; after such a change call
    `Solver.forget`.
    """

    @property
    def size(self) -> int:
        """Number of weights `P`."""
        ...

    @property
    def dtype(self) -> tf.DType:
        """Precision of weights, residuals and loss."""
        ...

    def residuals(self, weights: tf.Tensor) -> tf.Tensor:
        """Residual vector `[R]`, scaled so that the loss is its squared length."""
        ...

    def loss(self, weights: tf.Tensor) -> tf.Tensor:
        """Loss, a scalar `[]`."""
        ...

    def loss_and_gradient(self, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Loss `[]` and its gradient `[P]`."""
        ...

    def jacobian(self, weights: tf.Tensor) -> tf.Tensor:
        """Jacobian `J` of the residuals, `[R, P]`."""
        ...

    def jacobian_product(self, weights: tf.Tensor, direction: tf.Tensor) -> tf.Tensor:
        """Product `J v` with a direction `v` of shape `[P]`: `[R]`."""
        ...

    def transposed_product(self, weights: tf.Tensor, residuals: tf.Tensor) -> tf.Tensor:
        """Product of the transposed Jacobian with a vector of shape `[R]`: `[P]`."""
        ...


def compile_evaluation(objective: Objective) -> Evaluate:
    """Return `loss_and_gradient` of the objective as one XLA program between NumPy arrays.

    The program is compiled at the first call, once, because the shape `[P]` is fixed.
    """
    import tensorflow as tf

    signature = [tf.TensorSpec([objective.size], objective.dtype)]
    program = tf.function(
        objective.loss_and_gradient, jit_compile=True, autograph=False, input_signature=signature
    ).get_concrete_function()

    def evaluate(weights: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = program(tf.constant(weights))
        return float(loss), gradient.numpy()

    return evaluate
