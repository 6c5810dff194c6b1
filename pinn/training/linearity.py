"""Whether residuals are linear in the field: tried on the equation itself, not declared by anybody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from pinn.calculus import Engine, Field
from pinn.training.terms import Term

_POINTS = 32
_ROUNDINGS = 1e6  # of terms that a derivative of second order has multiplied and divided


def linear(terms: Sequence[Term], *, components: int, dtype: tf.DType, engine: Engine) -> bool:
    r"""Whether every residual is affine in the field, `r(a + b) + r(0) = r(a) + r(b)`, at a few points for two waves.

    Args:
        terms: the residuals.
        components: of the field.
        dtype: of the points.
        engine: how derivatives are computed.

    Cost: four evaluations of the residuals at 32 points each, some tenths of a second.
    """
    return all(_is_affine(term, components, dtype, engine) for term in terms)


def _is_affine(term: Term, components: int, dtype: tf.DType, engine: Engine) -> bool:
    coordinates, normals = (tf.constant(array[:_POINTS], dtype) for array in term.draw((0,)))
    a, b = (_waves(components, coordinates.shape[1], seed) for seed in (1, 2))

    def rows(field: Field) -> np.ndarray:
        return np.concatenate([row.numpy() for row in term.rows(field, coordinates, normals, engine).values()])

    of_a, of_b, of_both, of_none = rows(a), rows(b), rows(lambda p: a(p) + b(p)), rows(lambda p: 0 * a(p))
    with np.errstate(invalid="ignore", over="ignore"):  # the logarithm of the field is no number, and not linear
        scale = np.max(np.abs([of_a, of_b, of_both, of_none]))
        gap = np.max(np.abs(of_both + of_none - of_a - of_b))
    return bool(gap <= _ROUNDINGS * np.finfo(dtype.as_numpy_dtype).eps * scale)


def _waves(components: int, dimension: int, seed: int) -> Field:
    """A smooth field `[N, d] -> [N, m]` of order 1, all of whose derivatives are of order 1 as well."""
    random = np.random.default_rng(seed)
    waves, phases = random.normal(size=(dimension, components)), random.uniform(0.0, 2 * np.pi, components)

    def field(points: tf.Tensor) -> tf.Tensor:
        return tf.sin(points @ tf.constant(waves, points.dtype) + tf.constant(phases, points.dtype))

    return field
