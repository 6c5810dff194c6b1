"""Damped Gauss-Newton steps without a matrix: conjugate gradients, preconditioned by a random sketch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.linalg import LinAlgError, cholesky, qr, solve_triangular, svd

from pinn.solvers.checks import between, whole_number
from pinn.solvers.damped import DampedSolver
from pinn.solvers.line_search import EPSILON
from pinn.solvers.modelling import Local
from pinn.solvers.objective import Objective, program_of

Linear = Callable[["tf.Tensor"], "tf.Tensor"]  # [P] -> [P]
_Carried = tuple["tf.Tensor", "tf.Tensor", "tf.Tensor", "tf.Tensor"]  # solution, residual, direction, their product

if TYPE_CHECKING:
    import tensorflow as tf


@dataclass(frozen=True, kw_only=True)
class GaussNewtonCg(DampedSolver):
    r"""The damped Gauss-Newton method for networks whose Jacobian would be too large.

    The direction solves :math:`(J^T J + \mu I) \delta = -J^T r` by conjugate gradients, which need only products
    with `J` and `J^T`: memory grows with the weights, not with their number times that of the residuals. A Nyström
    sketch of `J^T J`, drawn anew for each step, preconditions them: the `rank` largest eigenvalues, which a network's
    loss owes its bad condition to, are taken out. Damping as of `DampedSolver`.

    Cost of a step: `rank` products with `J^T J` for the sketch and one for each iteration; a product takes one with `J`
    and one with `J^T`, three reverse passes together.

    Args:
        rank: of the sketch, at most the number of weights.
        iterations: of conjugate gradients, at most, for each direction.
        tolerance: conjugate gradients end when the residual of the linear system has fallen by this factor.

    Sources: J. Martens, "Deep learning via Hessian-free optimization", ICML 2010; Z. Frangella, J. Tropp, M. Udell,
    "Randomized Nyström preconditioning", SIAM J. Matrix Anal. Appl. 44 (2023); P. Rathore et al., "Challenges in
    training PINNs: a loss landscape perspective", ICML 2024, for the preconditioner in this setting.
    """

    name: ClassVar[str] = "gauss_newton_cg"

    rank: int = 40
    iterations: int = 200
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number("GaussNewtonCg", "rank", self.rank, least=1)
        whole_number("GaussNewtonCg", "iterations", self.iterations, least=1)
        between("GaussNewtonCg", "tolerance", self.tolerance, 0.0, 1.0)

    def look(self, objective: Objective) -> Local:
        return _KrylovLocal.of(objective, self)


@dataclass(frozen=True)
class Sketch:
    r"""A positive semidefinite matrix `A` to low rank, :math:`U \Lambda U^T`.

    Attributes:
        vectors: `U [P, k]`, orthonormal.
        values: `[k]`, falling.
        scale: the mean diagonal entry of `A`, estimated from the same products.
    """

    vectors: np.ndarray
    values: np.ndarray
    scale: float

    @classmethod
    def of(cls, test: np.ndarray, products: np.ndarray) -> Sketch:
        r"""The Nyström approximation from an orthonormal test matrix and `A` times it, each `[P, k]`.

        A shift of the size of round-off keeps the small factorisation definite, and is taken off again.
        """
        scale = float(np.mean(np.sum(test * products, axis=0)))
        shift = np.sqrt(len(test)) * EPSILON * float(np.linalg.norm(products))
        shifted = products + shift * test
        core = test.T @ shifted
        try:
            factor = cholesky((core + core.T) / 2, lower=True)
        except LinAlgError:  # nothing but round-off: as good as no preconditioner
            return cls(test, np.zeros(test.shape[1]), scale)
        roots = solve_triangular(factor, shifted.T, lower=True).T
        vectors, values, _ = svd(roots, full_matrices=False)
        return cls(vectors, np.maximum(values**2 - shift, 0.0), scale)


@dataclass(frozen=True)
class _KrylovLocal:
    """An objective seen through products with its Jacobian."""

    options: GaussNewtonCg
    size: int
    first: tf.types.experimental.ConcreteFunction  # w -> r, J^T r
    sketched: tf.types.experimental.ConcreteFunction  # w, rows [k, P] -> J^T J rows, [k, P]
    solve: tf.types.experimental.ConcreteFunction  # w, J^T r, damping, U, values -> direction [P]
    residuals: tf.types.experimental.ConcreteFunction
    linear: tf.types.experimental.ConcreteFunction  # w, r, change -> r + J change

    @classmethod
    def of(cls, objective: Objective, options: GaussNewtonCg) -> _KrylovLocal:
        import tensorflow as tf

        rank = min(options.rank, objective.size)
        weights, scalar = tf.TensorSpec([objective.size], objective.dtype), tf.TensorSpec([], objective.dtype)
        values, rows = tf.TensorSpec([rank], objective.dtype), tf.TensorSpec([rank, objective.size], objective.dtype)
        residuals = program_of(objective, objective.residuals, weights)
        output = tf.TensorSpec(residuals.output_shapes, objective.dtype)

        def first(w: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            found = objective.residuals(w)
            return found, objective.transposed_product(w, found)

        def product(w: tf.Tensor, vector: tf.Tensor) -> tf.Tensor:
            return objective.transposed_product(w, objective.jacobian_product(w, vector))

        def sketched(w: tf.Tensor, test: tf.Tensor) -> tf.Tensor:
            return tf.map_fn(lambda row: product(w, row), test)

        def solve(w: tf.Tensor, g: tf.Tensor, damping: tf.Tensor, basis: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
            return _conjugate_gradients(
                lambda v: product(w, v) + damping * v,
                lambda v: _preconditioned(v, basis, found, damping),
                -g,
                iterations=options.iterations,
                tolerance=options.tolerance,
            )

        return cls(
            options,
            objective.size,
            program_of(objective, first, weights),
            program_of(objective, sketched, weights, rows),
            program_of(objective, solve, weights, weights, scalar, rows, values),
            residuals,
            program_of(objective, lambda w, r, v: r + objective.jacobian_product(w, v), weights, output, weights),
        )

    def model(self, weights: np.ndarray, step: int) -> _KrylovModel:
        import tensorflow as tf

        w = tf.constant(weights)
        residuals, gradient = self.first(w)
        rank = min(self.options.rank, self.size)
        test, _ = qr(np.random.default_rng(step).normal(size=(self.size, rank)), mode="economic")
        products = self.sketched(w, tf.constant(test.T)).numpy().T
        sketch = Sketch.of(test, products) if np.isfinite(products).all() else Sketch(test, np.zeros(rank), np.nan)
        return _KrylovModel(self, w, residuals, gradient, sketch)

    def loss(self, weights: np.ndarray) -> float:
        import tensorflow as tf

        residuals = self.residuals(tf.constant(weights)).numpy()
        return float(residuals @ residuals)


@dataclass(frozen=True)
class _KrylovModel:
    """The linear model at some weights, by its products."""

    local: _KrylovLocal
    weights: tf.Tensor
    residuals: tf.Tensor
    gradient: tf.Tensor  # J^T r
    sketch: Sketch

    @property
    def loss(self) -> float:
        return float(np.sum(self.residuals.numpy() ** 2))

    @property
    def steepest(self) -> float:
        return 2.0 * float(np.max(np.abs(self.gradient.numpy())))

    @property
    def scale(self) -> float:
        return self.sketch.scale

    def direction(self, damping: float) -> np.ndarray | None:
        import tensorflow as tf

        vectors, values = tf.constant(self.sketch.vectors.T.copy()), tf.constant(self.sketch.values)
        found = self.local.solve(self.weights, self.gradient, tf.constant(damping, values.dtype), vectors, values)
        change = np.asarray(found.numpy())
        return change if np.isfinite(change).all() else None

    def predicted(self, change: np.ndarray) -> float:
        import tensorflow as tf

        return float(np.sum(self.local.linear(self.weights, self.residuals, tf.constant(change)).numpy() ** 2))


def _preconditioned(vector: tf.Tensor, basis: tf.Tensor, values: tf.Tensor, damping: tf.Tensor) -> tf.Tensor:
    r"""The inverse of the sketch, as if all eigenvalues beyond it were its smallest: `vector [P]`, `basis [k, P]`."""
    import tensorflow as tf

    inside = tf.linalg.matvec(basis, vector)
    factors = (values[-1] + damping) / (values + damping) - 1.0
    return vector + tf.linalg.matvec(basis, factors * inside, transpose_a=True)


def _conjugate_gradients(
    apply: Linear, precondition: Linear, right: tf.Tensor, *, iterations: int, tolerance: float
) -> tf.Tensor:
    """Solve `A x = right` from zero, in one loop of the graph."""
    import tensorflow as tf

    def unfinished(carried: _Carried) -> tf.Tensor:
        _, r, *_ = carried
        return tf.reduce_sum(r * r) > (tolerance**2) * tf.reduce_sum(right * right)

    def advance(carried: _Carried) -> list[_Carried]:
        x, r, p, rho = carried
        product = apply(p)
        length = rho / tf.reduce_sum(p * product)
        x, r = x + length * p, r - length * product
        z = precondition(r)
        following = tf.reduce_sum(r * z)
        return [(x, r, z + (following / rho) * p, following)]

    z = precondition(right)
    start = (tf.zeros_like(right), right, z, tf.reduce_sum(right * z))
    ((found, *_),) = tf.while_loop(unfinished, advance, [start], maximum_iterations=iterations)
    return found
