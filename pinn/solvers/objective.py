"""What a solver sees of the world: a least-squares objective of one flat weight vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

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


@runtime_checkable
class Divisible(Protocol):
    """An objective that is a sum over points, of which several threads may each evaluate a share."""

    @property
    def parts(self) -> int:
        """How many shares are worth making; 1 where dividing does not pay."""
        ...

    def part_of_loss_and_gradient(self, weights: tf.Tensor, part: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The contribution of share `0 <= part < parts`, a whole number `[]`: those of all shares sum to
        `loss_and_gradient`.
        """
        ...


@runtime_checkable
class Spread(Protocol):
    """An objective that several devices evaluate at once, a share of its points each.

    Its methods start programs on those devices and add up what comes back, inside and outside of a graph. XLA compiles
    for one device; what a solver builds around such methods is therefore a graph as it is.
    """

    @property
    def replicas(self) -> int:
        """How many devices."""
        ...


@runtime_checkable
class Layered(Protocol):
    """An objective whose last weights are those of a linear last layer of a field."""

    @property
    def last_layer(self) -> int:
        """How many they are, at most `P`; 0 where there is no such layer, or nobody knows."""
        ...


class Block(NamedTuple):
    """Rows of a sparse Jacobian that touch the same groups of weights.

    Attributes:
        rows: which residuals they belong to, `[n]`.
        groups: which groups of weights they touch, `q` of them.
        matrix: their entries, `[n, q g]` for groups of `g` weights, in the order of `groups`.
    """

    rows: np.ndarray
    groups: tuple[int, ...]
    matrix: np.ndarray


@runtime_checkable
class Sparse(Protocol):
    """An objective whose residuals each touch a few groups of weights, so that its Jacobian is never formed whole."""

    @property
    def groups(self) -> int:
        """Into how many groups of equal size the weights are divided, one after the other; 1 where all belong
        together.
        """
        ...

    def evaluate(self, weights: np.ndarray) -> np.ndarray:
        """The residuals `[R]` at weights `[P]`, a few at a time."""
        ...

    def linearize(self, weights: np.ndarray) -> tuple[np.ndarray, Sequence[Block]]:
        """The residuals `[R]` and the blocks of their Jacobian at weights `[P]`; each residual is in one block."""
        ...


def compile_evaluation(objective: Objective) -> Evaluate:
    """Return `loss_and_gradient` of the objective as a compiled function between NumPy arrays.

    It is compiled at the first call, once, because the shape `[P]` is fixed. On a CPU an objective that is `Divisible`
    is evaluated a share a core.
    """
    import tensorflow as tf

    weights = tf.TensorSpec([objective.size], objective.dtype)
    if isinstance(objective, Divisible) and objective.parts > 1 and "CPU" in tf.constant(0.0).device:
        program = _in_shares(objective, weights)
    else:
        program = program_of(objective, objective.loss_and_gradient, weights)

    def evaluate(weights: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = program(tf.constant(weights))
        return float(loss), gradient.numpy()

    return evaluate


def _in_shares(objective: Divisible, weights: tf.TensorSpec) -> tf.types.experimental.ConcreteFunction:
    """The evaluation with its shares side by side.

    XLA by itself keeps little more than one core busy with a small network. Each share is an XLA program of its own
    here, the same one for all, and TensorFlow runs them at the same time. The shares are added in one order, so that
    the sum has the same bits every time.
    """
    import tensorflow as tf

    share = compiled_program(objective.part_of_loss_and_gradient, weights, tf.TensorSpec([], tf.int32))

    def loss_and_gradient(weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        found = [share(weights, tf.constant(part)) for part in range(objective.parts)]
        return tf.add_n([loss for loss, _ in found]), tf.add_n([gradient for _, gradient in found])

    return tf.function(loss_and_gradient, autograph=False, input_signature=[weights]).get_concrete_function()


def compiled_program(function: Callable[..., Any], *signature: tf.TensorSpec) -> tf.types.experimental.ConcreteFunction:
    """A function as one XLA program of fixed shapes; traced here, compiled at its first call."""
    import tensorflow as tf

    compiled = tf.function(function, jit_compile=True, autograph=False, input_signature=signature)
    return compiled.get_concrete_function()


def program_of(
    objective: Objective, function: Callable[..., Any], *signature: tf.TensorSpec
) -> tf.types.experimental.ConcreteFunction:
    """A function of an objective's methods as one program: of XLA on one device, a graph around those of several."""
    import tensorflow as tf

    if not isinstance(objective, Spread):
        return compiled_program(function, *signature)
    return tf.function(function, autograph=False, input_signature=signature).get_concrete_function()
