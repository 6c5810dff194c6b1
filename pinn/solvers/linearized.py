"""Residuals and Jacobian as one compiled program between NumPy arrays: what methods of Gauss and Newton evaluate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from scipy.linalg import lstsq, qr

from pinn.solvers.objective import Objective, program_of

if TYPE_CHECKING:
    import tensorflow as tf


class Linear(Protocol):
    """Residuals at some weights and their linear model `r + J c` after a change `c [P]`, whatever holds `J`."""

    @property
    def loss(self) -> float:
        """The sum of squares."""

    @property
    def finite(self) -> bool:
        """Whether all numbers are."""

    def least(self, cut: float) -> np.ndarray:
        """The change `[P]` with the least `|r + J c|`, as far as directions are felt beyond `cut` of the strongest."""

    @property
    def fixed(self) -> int:
        """How many of the first weights stay as they are."""

    def predicted(self, change: np.ndarray) -> np.ndarray:
        """The residuals `[R]` of the model after a change."""

    def terms(self, change: np.ndarray) -> float:
        """The largest sum of magnitudes in a row, `|r| + |J| |c|`: in units of it round-off is small."""


class Models(Protocol):
    """Residuals between NumPy arrays, and their linear model anywhere."""

    def __call__(self, weights: np.ndarray) -> Linear:
        """The linear model at weights `[P]`."""

    def residuals(self, weights: np.ndarray) -> np.ndarray:
        """The residuals `[R]` at weights `[P]`."""


def gap(here: Linear, change: np.ndarray, found: np.ndarray) -> float:
    """How far the residuals after a change are from those of the model, in units of the largest row's terms."""
    return float(np.abs(found - here.predicted(change)).max()) / max(here.terms(change), 1e-300)


class Linearization(NamedTuple):
    """Residuals `r [R]` and their Jacobian `J [R, P - fixed]` at some weights, of which the first may stay."""

    residuals: np.ndarray
    jacobian: np.ndarray
    fixed: int = 0

    @property
    def loss(self) -> float:
        """The sum of squares."""
        return float(self.residuals @ self.residuals)

    @property
    def finite(self) -> bool:
        """Whether all numbers are."""
        return bool(np.isfinite(self.residuals).all() and np.isfinite(self.jacobian).all())

    def least(self, cut: float) -> np.ndarray:
        """The change with the least `|r + J c|`; singular values below `cut` of the largest count as zero.

        A factorisation without pivots, `J = Q R`, comes first: it is the larger part of the work and runs at the speed
        of matrix products, which one with pivots does not. Round-off is that of orthogonal transforms in either.
        """
        triangle, right = _triangle(self.jacobian, -self.residuals)
        change, *_ = lstsq(triangle, right, cond=cut, lapack_driver="gelsy", check_finite=False)
        return np.concatenate([np.zeros(self.fixed), change])

    def predicted(self, change: np.ndarray) -> np.ndarray:
        """The residuals `[R]` of the model after a change."""
        return self.residuals + self.jacobian @ change[self.fixed :]

    def terms(self, change: np.ndarray) -> float:
        """The largest sum of magnitudes in a row."""
        return float((np.abs(self.residuals) + np.abs(self.jacobian) @ np.abs(change[self.fixed :])).max())


def _triangle(matrix: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`R` and `Q^T b` of a matrix with more rows than columns; any other, and its right side, as they are."""
    rows, columns = matrix.shape
    if rows <= columns:
        return matrix, right
    both = np.empty((rows, columns + 1), order="F")
    both[:, :-1], both[:, -1] = matrix, right
    (factor,) = qr(both, mode="r", overwrite_a=True, check_finite=False)
    return factor[:columns, :-1], factor[:columns, -1]


@dataclass(frozen=True)
class Linearizer:
    """Compiled residuals, alone or with their Jacobian. Each is compiled at its first call, once."""

    with_jacobian: tf.types.experimental.ConcreteFunction
    alone: tf.types.experimental.ConcreteFunction
    fixed: int = 0

    @classmethod
    def of(cls, objective: Objective, *, fixed: int = 0) -> Linearizer:
        """Trace both programs of an objective, of whose weights the first `fixed` are to stay."""
        import tensorflow as tf

        weights = tf.TensorSpec([objective.size], objective.dtype)
        both = program_of(objective, lambda w: (objective.residuals(w), objective.jacobian(w)[:, fixed:]), weights)
        return cls(both, program_of(objective, objective.residuals, weights), fixed)

    def __call__(self, weights: np.ndarray) -> Linearization:
        """Residuals and Jacobian at weights `[P]`."""
        import tensorflow as tf

        residuals, jacobian = self.with_jacobian(tf.constant(weights))
        return Linearization(residuals.numpy(), jacobian.numpy(), self.fixed)

    def residuals(self, weights: np.ndarray) -> np.ndarray:
        """Residuals `[R]` at weights `[P]`."""
        import tensorflow as tf

        return np.asarray(self.alone(tf.constant(weights)).numpy())
