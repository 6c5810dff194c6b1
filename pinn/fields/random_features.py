"""Random features: a wide layer that stays as it was drawn, and one linear layer that is found by least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import keras
import numpy as np

from pinn.fields.layers import SINE, activated, require_activation, require_positive, require_sizes, scaled_input
from pinn.fields.layout import Layout

TYPICAL_SCALE = 2.0
"""The steepness of ridges that nobody has chosen."""

_SPREAD, _MARGIN = 2.0, 1.3


@final
@dataclass(frozen=True)
class RandomFeatures:
    r"""A sum of fixed ridges, `u(x) = c_0 + \sum_k c_k \sigma(\gamma_k (a_k . s - b_k))`, in which only `c` is trained.

    `s` is the input scaled to `[-1, 1]^d`. The directions `a_k` are uniform on the sphere, and the offsets `b_k =
    a_k . p_k` belong to points `p_k` uniform in a box 1.3 times as wide, so that every part of the domain has its share
    of ridges, the boundary too. The steepnesses `\gamma_k` are spread evenly on a logarithmic scale from half to twice
    `\gamma`.

    Ridges of different steepness are much further from depending on each other than ridges of one, and their
    coefficients, hence round-off, much smaller: for Poisson's equation in the square and 500 ridges 1e-14 where a
    single steepness ends at 1e-10, and 1e-10 instead of 5e-8 with four by three half waves.

    With `sine` for `\sigma` the slopes are wave vectors that fill the ball of radius `\gamma` evenly instead, and each
    wave vanishes somewhere in the domain. Where a solution has many short waves along one axis only, the ball can be an
    ellipsoid: for `heat_2d_multiscale` 2600 waves reach 7e-6 with the scales 43, 4 and 3, and no digit with one scale.

    For an equation that is linear in `u` the residuals are linear in `c`: `solver=least_squares` finds them at once.

    With `interactions = q` each ridge sees one to `q` axes only, all choices of them alike. In many dimensions
    ridges across all axes are too far apart to be a basis, but what is a sum of functions of few coordinates each, as
    interactions of low order are, needs no others: 1000 ridges with `q = 2` find `\sum_i \cos(\pi x_i)` in five
    dimensions to 4e-14, where 1000 across all axes end at 1e-4.

    Args:
        features: how many ridges.
        activation: any smooth Keras activation by name, or `sine`.
        scale: the typical steepness `\gamma`: about how many ridges fit across the half width of the box. `None` leaves
            it to the run, which tries a few and takes the one whose residual is least on points held out. A scale for
            each axis stretches the ridges.
        interactions: how many axes a ridge sees at most; `None`: all.

    Raises:
        ValueError: sizes below one, a scale that is not positive, scales for another number of axes, an
            unknown activation.

    Source: for the uniform ridges Z. Zhang, F. Bao, L. Ju, G. Zhang, Transferable Neural Networks for Partial
        Differential Equations, Journal of Scientific Computing 99 (2024); for those that see few axes A. Hashemi,
        H. Schaeffer, R. Shi, U. Topcu, G. Tran, R. Ward, Generalization Bounds for Sparse Random Feature Expansions,
        Applied and Computational Harmonic Analysis 62 (2023).
    """

    features: int = 400
    activation: str = "tanh"
    scale: float | tuple[float, ...] | None = None
    interactions: int | None = None

    def __post_init__(self) -> None:
        require_sizes("field", features=self.features)
        if self.interactions is not None:
            require_sizes("field", interactions=self.interactions)
        require_activation(self.activation)
        for scale in self.scale if isinstance(self.scale, tuple) else (self.scale,):
            if scale is not None:
                require_positive("field", scale=scale)

    def build(self, layout: Layout) -> keras.Model:
        """The field with ridges drawn by chance and all `c` zero."""
        inputs, scaled = scaled_input(layout)
        dtype = layout.dtype
        ridges = keras.layers.Dense(self.features, trainable=False, dtype=dtype, name="ridges")
        hidden = activated(ridges(scaled), self.activation, dtype)
        output = keras.layers.Dense(layout.components, dtype=dtype, kernel_initializer="zeros", name="output")(hidden)
        model = keras.Model(inputs, output, name="random_features")
        self.redraw(model, layout.seed)
        return model

    def redraw(self, model: keras.Model, seed: int) -> None:
        """Give a model built by such a recipe the ridges of this scale and seed; everything else stays."""
        ridges = model.get_layer("ridges")
        ridges.set_weights(self.draw(ridges.kernel.shape[0], seed))

    def draw(self, dimension: int, seed: int) -> list[np.ndarray]:
        """The kernel `[d, features]` and the bias `[features]` of the ridges."""
        drawn = waves if self.activation == SINE else ridges
        scale, radii = self._scales(dimension)
        directions, offsets = drawn(np.random.default_rng(seed), radii, self.features, self.interactions)
        return [scale * directions, -scale * offsets]

    def _scales(self, dimension: int) -> tuple[float, np.ndarray]:
        """The scale of all axes together, and what stretches them beside it, `[d]`."""
        if not isinstance(self.scale, tuple):
            return TYPICAL_SCALE if self.scale is None else self.scale, np.ones(dimension)
        if len(self.scale) != dimension:
            raise ValueError(f"field.scale: expected one number, or one for each of {dimension} axes; got {self.scale}")
        return 1.0, np.array(self.scale)


def ridges(
    generator: np.random.Generator, radii: np.ndarray, count: int, interactions: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes `a [d, count]` and offsets `b [count]` of the ridges `a . s - b` of `RandomFeatures` with the scale 1,
    stretched by the radii `[d]`.
    """
    directions = radii[:, np.newaxis] * _directions(generator, len(radii), count, interactions)
    offsets = np.sum(directions * generator.uniform(-_MARGIN, _MARGIN, directions.shape), axis=0)
    slopes = _SPREAD ** generator.uniform(-1.0, 1.0, count)
    return slopes * directions, slopes * offsets


def _seen(generator: np.random.Generator, dimension: int, count: int, most: int) -> np.ndarray:
    """Which axes each ridge sees, `[d, count]`: every choice of at most `most` axes has its share of the ridges."""
    choices = np.cumsum([math.comb(dimension, axes) for axes in range(1, most + 1)])
    axes = 1 + np.searchsorted(choices, choices[-1] * (np.arange(count) + 0.5) / count)
    ranks = generator.random((dimension, count)).argsort(axis=0).argsort(axis=0)
    return np.asarray(ranks < axes)


def waves(
    generator: np.random.Generator, radii: np.ndarray, count: int, interactions: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Wave vectors `a [d, count]` uniform in the ellipsoid of these radii `[d]`, and phases `b [count]`: `a . s - b` is
    zero somewhere in `[-1, 1]^d`.
    """
    dimension = len(radii)
    vectors = _directions(generator, dimension, count, interactions) * generator.random(count) ** (1.0 / dimension)
    vectors *= radii[:, np.newaxis]
    return vectors, np.sum(vectors * generator.uniform(-1.0, 1.0, vectors.shape), axis=0)


def local_waves(
    generator: np.random.Generator, lower: np.ndarray, upper: np.ndarray, count: int, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes `a [d, count]` and offsets `b [count]` of waves `a . x + b` in a box from `lower` to `upper`, `[d]` each:
    those of `waves` where `s` is scaled to the box, with wave numbers up to `scale`.
    """
    directions, shifts = waves(generator, np.ones(len(lower)), count)
    slopes = directions / ((upper - lower) / 2)[:, np.newaxis]
    return scale * slopes, -scale * (shifts + (lower + upper) / 2 @ slopes)


def _directions(
    generator: np.random.Generator, dimension: int, count: int, interactions: int | None = None
) -> np.ndarray:
    """Unit vectors `[d, count]`, uniform on the sphere, or on those of the axes that each of them sees."""
    normals = generator.normal(size=(dimension, count))
    directions = np.asarray(normals / np.linalg.norm(normals, axis=0))
    if interactions is None or interactions >= dimension:
        return directions
    directions = directions * _seen(generator, dimension, count, interactions)
    return np.asarray(directions / np.linalg.norm(directions, axis=0))
