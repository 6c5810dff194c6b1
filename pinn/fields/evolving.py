r"""Evolving features: random features of space whose coefficients are functions of time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import keras
import numpy as np
from keras import ops
from scipy.interpolate import make_interp_spline

from pinn.fields.layers import SINE, activated, require_positive, require_sizes, scaled_input
from pinn.fields.layout import Layout
from pinn.fields.patches import combined
from pinn.fields.random_features import TYPICAL_SCALE, RandomFeatures

NAME = "evolving_features"

_BASIS, _OUTPUT, _RIDGES = "features", "output", "ridges"
_ORDER = 4  # cubic splines that are not zero at a time
_LEAST_FRAMES = 4
_DENSE = 0.8


@final
@dataclass(frozen=True)
class EvolvingFeatures:
    r"""Random features whose coefficients evolve, `u(x, t) = \sum_k c_k(t) \sigma(a_k . s - b_k)`.

    The ridges are those of `RandomFeatures` over space alone, and each coefficient is a cubic spline of time, `c_k(t) =
    \sum_j c_{jk} B_j(t)`, with knots at the borders of equal frames. What the coefficients are is no matter of training
    them all at once: at a time t the equation says what `u_t` is, the features that are nearest to it say what `c'(t)`
    is, and an integrator goes on from there (see `pinn.training.Evolution`). However long the time is, the linear
    algebra is that of the features in space.

    Args:
        features: how many ridges.
        activation: any smooth Keras activation by name, or `sine`.
        scale: steepness of the ridges, or for `sine` the largest wave number, in units of half the bounding box; a
            number for each axis of space, if they differ. `None`: 0.8 of what F waves fill without gaps, `0.8 \pi (F /
            \omega_d)^{1/d}` in d dimensions, where the unit ball has the volume `\omega_d`; 2 for ridges. With all of
            it 1000 waves in the plane miss sin 4πx sin 3πy by a third somewhere, with 0.9 by 4e-3, with 0.8 by 1e-5.
        frames: into how many equal parts the time is divided for the splines. They should be shorter than whatever
            happens quickly.
        tolerance: the error of a step that the integrator allows, relative to the solution.

    Raises:
        ValueError: sizes below one, less than four frames, a scale or a tolerance that is not positive, an unknown
            activation.

    Source: coefficients that follow the equation in Y. Du, T. Zaki, Evolutional Deep Neural Network, Phys. Rev. E 104
        (2021), and J. Bruna, B. Peherstorfer, E. Vanden-Eijnden, Neural Galerkin Schemes with Active Learning for
        High-Dimensional Evolution Equations, J. Comput. Phys. 496 (2024); only the coefficients evolve here, so that
        the least squares problem of each step is the same one.
    """

    features: int = 1000
    activation: str = SINE
    scale: float | tuple[float, ...] | None = None
    frames: int = 500
    tolerance: float = 1e-4

    def __post_init__(self) -> None:
        self._ridges((False,))
        require_sizes("field", frames=self.frames)
        require_positive("field", tolerance=self.tolerance)
        if self.frames < _LEAST_FRAMES:
            raise ValueError(f"field.frames: expected at least {_LEAST_FRAMES}; got {self.frames}")

    @property
    def knots(self) -> np.ndarray:
        """Of the splines, on `[0, 1]` and three frames beyond, `[frames + 7]`."""
        return np.arange(-(_ORDER - 1), self.frames + _ORDER) / self.frames

    @property
    def sites(self) -> np.ndarray:
        """Where the coefficients have to be known, on `[0, 1]`: at the borders of the frames, and in the middle of the
        first and of the last; `[frames + 3]`, as many as there are splines.
        """
        borders = np.arange(self.frames + 1) / self.frames
        middles = np.array([0.5, self.frames - 0.5]) / self.frames
        return np.sort(np.concatenate([borders, middles]))

    def splines(self, values: np.ndarray) -> np.ndarray:
        """The coefficients of the splines through values at the sites, `[frames + 3, ...]` both."""
        return np.asarray(make_interp_spline(self.sites, values, k=_ORDER - 1, t=self.knots).c)

    def build(self, layout: Layout) -> keras.Model:
        """The field with ridges drawn by chance and all coefficients zero; its weights are the coefficients of one
        spline after the other, `[frames + 3, features m]`.

        Raises:
            ValueError: a box with no axis of space.
        """
        if layout.axes < 2:
            raise ValueError(f"field={NAME}: expected a domain with space and time; got one axis")
        dtype, (start, end) = layout.dtype, (float(layout.lower[-1]), float(layout.upper[-1]))
        space, scaled = scaled_input(_in_space(layout))
        ridges = keras.layers.Dense(self.features, trainable=False, dtype=dtype, name=_RIDGES)
        in_space = keras.Model(space, activated(ridges(scaled), self.activation, dtype), name=_BASIS)
        points = keras.Input((layout.axes,), dtype=dtype, name="points")
        position = ops.multiply(ops.subtract(points[:, -1:], start), self.frames / (end - start))
        frame = ops.clip(ops.floor(position), 0.0, float(self.frames - 1))
        windows = ops.concatenate(_splines(ops.subtract(position, frame)), axis=1)
        lookup = ops.concatenate([ops.add(frame, float(j)) for j in range(_ORDER)], axis=1)
        table = keras.layers.Embedding(
            self.frames + _ORDER - 1,
            self.features * layout.components,
            embeddings_initializer="zeros",
            dtype=dtype,
            name=_OUTPUT,
        )
        basis = ops.multiply(ops.expand_dims(windows, -1), ops.expand_dims(in_space(points[:, :-1]), 1))
        model = keras.Model(points, combined(basis, table(lookup), layout.components), name=NAME)
        ridges.set_weights(self._ridges(layout.periodic[:-1]).draw(ridges.kernel.shape[0], layout.seed))
        return model

    @staticmethod
    def in_space(model: keras.Model) -> keras.Model:
        """The features `[N, F]` of a model at points of space `[N, d - 1]`."""
        return model.get_layer(_BASIS)

    def _ridges(self, periodic: Sequence[bool]) -> RandomFeatures:
        """What the ridges are drawn by, over axes of space of which some are periodic."""
        return RandomFeatures(self.features, self.activation, self._scale(periodic))

    def _scale(self, periodic: Sequence[bool]) -> float | tuple[float, ...]:
        if self.scale is not None:
            return self.scale
        if self.activation != SINE:
            return TYPICAL_SCALE
        axes = len(periodic)
        ball = math.pi ** (axes / 2) / math.gamma(axes / 2 + 1)
        found = float(_DENSE * math.pi * (max(self.features, 1) / ball) ** (1 / axes))
        # A periodic axis is a circle of the radius 1, half of which is pi long and not 1.
        each = [(found / math.pi,) * 2 if closed else (found,) for closed in periodic]
        return tuple(scale for scales in each for scale in scales)


def _in_space(layout: Layout) -> Layout:
    """The layout of a network over space."""
    lower, upper, periodic = layout.lower[:-1], layout.upper[:-1], layout.periodic[:-1]
    return Layout(lower, upper, layout.components, layout.dtype, layout.seed, periodic)


def _splines(s: keras.KerasTensor) -> list[keras.KerasTensor]:
    """The four cubic splines that are not zero in a frame, at a place from 0 to 1 in it, each `[N, 1]`."""
    r = ops.subtract(1.0, s)

    def inner(x: keras.KerasTensor) -> keras.KerasTensor:
        return ops.divide(ops.add(ops.multiply(ops.multiply(x, x), ops.subtract(ops.multiply(x, 3.0), 6.0)), 4.0), 6.0)

    def outer(x: keras.KerasTensor) -> keras.KerasTensor:
        return ops.divide(ops.multiply(ops.multiply(x, x), x), 6.0)

    return [outer(r), inner(s), inner(r), outer(s)]
