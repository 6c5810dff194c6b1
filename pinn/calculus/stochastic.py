r"""Unbiased estimates of the Laplacian in high dimension, where even one row an axis is too many.

With random directions `v` of `E[v v^T] = I`, `E[v^T H v] = tr H`. Two choices:

| kind | directions | estimate from `k` samples | standard error |
|---|---|---|---|
| `axes` | `k` different axes | `d` times the mean of their `\partial_i^2 f` | `d s / \sqrt{k} \sqrt{1 - k/d}` |
| `directions` | entries +1 or -1, independent | the mean of `v^T H v` | `s / \sqrt{k}` |

with the sample standard deviation `s`. Random axes are exact when `k = d`, and good where the second derivatives along
the axes are alike; random directions are exact for a diagonal Hessian, and good where it is nearly diagonal.

A squared residual of an estimate has the expectation `r^2 + variance`: training on it is training on a penalty for the
variance too, unless two independent estimates are multiplied.

Sources: M. Hutchinson, Communications in Statistics 18 (1989); Z. Hu, K. Shukla, G. Karniadakis, K. Kawaguchi, Neural
Networks 176 (2024), for random axes; Z. Shi, Z. Hu, M. Lin, K. Kawaguchi, NeurIPS 2024.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import tensorflow as tf

from pinn.calculus.checks import batched_points
from pinn.calculus.directions import on_span
from pinn.calculus.engines import engine_named
from pinn.calculus.needs import Engine, Field, Needs

Seed: TypeAlias = int | tf.Tensor  # a number, or two whole numbers [2] that a compiled loop may count up
_GENERATOR = "philox"  # left to itself TensorFlow takes another one under XLA, and so other directions
_Draw = Callable[[tf.Tensor, int, tf.Tensor], tf.Tensor]  # (seed [2], samples, points) -> directions [k, d]


class Estimate(NamedTuple):
    """An estimate and its standard error, each `[N]` or `[N, m]`."""

    mean: tf.Tensor
    standard_error: tf.Tensor


def stochastic_laplacian(
    f: Field, *, samples: int = 16, kind: str = "axes", seed: Seed = 0, engine: str | Engine = "auto"
) -> Field:
    """An unbiased estimate of the Laplacian from a few directions, `[N, d] -> [N]` or `[N, m]`.

    Args:
        f: `[N, d] -> [N]` or `[N, m]`.
        samples: how many directions, the same ones for all points; at most `d` axes.
        kind: `axes` or `directions`.
        seed: the same seed gives the same directions; a tensor `[2]` of whole numbers may change from step to step
            of one compiled program.
        engine: how derivatives are computed, see `pinn.calculus.engines.engine_named`.

    Raises:
        ValueError: an unknown kind or engine, no sample or more axes than there are, points that are not `[N, d]`.
        TypeError: points that are not floating point.

    Cost: `samples + 2` rows through the field, whatever the dimension.
    """
    draw, how = _drawing(kind, samples), engine_named(engine)
    axes = tuple(range(samples))

    def apply(points: tf.Tensor) -> tf.Tensor:
        points = batched_points(points)
        along, origin = on_span(f, points, draw(_pair(seed), samples, points))
        total = how.differentiate(along, origin, Needs.of(traces=[axes])).traces[axes]
        return total * (_factor(kind, points) / samples)

    return apply


def stochastic_laplacian_with_error(
    f: Field, *, samples: int = 16, kind: str = "axes", seed: Seed = 0, engine: str | Engine = "auto"
) -> Callable[[tf.Tensor], Estimate]:
    """As `stochastic_laplacian`, with the standard error of the estimate at every point.

    Arguments and errors are the same; at least two samples are needed. The mean is the same number. Cost:
    `2 samples + 1` rows, since each sample is wanted for itself.
    """
    if samples < 2:
        raise ValueError(f"samples: expected at least 2 for a standard error; got {samples}")
    draw, how = _drawing(kind, samples), engine_named(engine)
    pairs = [(k, k) for k in range(samples)]

    def apply(points: tf.Tensor) -> Estimate:
        points = batched_points(points)
        along, origin = on_span(f, points, draw(_pair(seed), samples, points))
        found = how.differentiate(along, origin, Needs.of(partials=pairs)).partials
        each = tf.stack([found[pair] for pair in pairs]) * _factor(kind, points)
        mean = tf.reduce_mean(each, axis=0)
        left = 1 - samples / points.shape[1] if kind == "axes" else 1.0
        variance = tf.reduce_sum((each - mean) ** 2, axis=0) * (left / (samples * (samples - 1)))
        return Estimate(mean, tf.sqrt(variance))

    return apply


def _axes(seed: tf.Tensor, samples: int, points: tf.Tensor) -> tf.Tensor:
    """Unit vectors of different axes, `[k, d]`."""
    dimension = points.shape[1]
    if samples > dimension:
        raise ValueError(f"samples: expected at most {dimension} axes for points with {dimension}; got {samples}")
    _, chosen = tf.math.top_k(tf.random.stateless_uniform([dimension], seed, alg=_GENERATOR), samples)
    return tf.one_hot(chosen, dimension, dtype=points.dtype)


def _signs(seed: tf.Tensor, samples: int, points: tf.Tensor) -> tf.Tensor:
    """Vectors of entries +1 and -1, `[k, d]`."""
    shape = [samples, points.shape[1]]
    bits = tf.random.stateless_uniform(shape, seed, minval=0, maxval=2, dtype=tf.int32, alg=_GENERATOR)
    return tf.cast(2 * bits - 1, points.dtype)


_KINDS: dict[str, _Draw] = {"axes": _axes, "directions": _signs}


def _drawing(kind: str, samples: int) -> _Draw:
    if kind not in _KINDS:
        raise ValueError(f"kind: expected one of {', '.join(_KINDS)}; got {kind!r}")
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise ValueError(f"samples: expected a whole number of at least 1; got {samples!r}")
    return _KINDS[kind]


def _factor(kind: str, points: tf.Tensor) -> float:
    """What makes the mean over samples a sum over axes."""
    return float(points.shape[1]) if kind == "axes" else 1.0


def _pair(seed: Seed) -> tf.Tensor:
    return tf.constant([seed, 0], tf.int64) if isinstance(seed, int) else tf.convert_to_tensor(seed)
