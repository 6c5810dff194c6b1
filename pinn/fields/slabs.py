r"""Slabs of time, each with patches of its own in space: a field that is found one slab after the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import keras
import numpy as np
from keras import ops

from pinn.fields.layers import SINE, activated, require_activation, require_positive, require_sizes
from pinn.fields.layout import Layout
from pinn.fields.patch_grid import PatchGrid, counts_along, require_patches
from pinn.fields.patches import TYPICAL_SCALE, combined
from pinn.fields.random_features import local_waves
from pinn.fields.slab_tables import (
    BASE,
    BASIS,
    BORDERS,
    COEFFICIENTS,
    FIRST,
    INITIAL,
    NUMBERS,
    OFFSETS,
    RIDGES,
    THRESHOLDS,
    Tables,
    numbers_around,
    put,
    transfer,
    windows_around,
)

NAME = "slabs"

_FAR = 1e6  # sizes of the domain: no point is there


@final
@dataclass(frozen=True)
class Slabs:
    r"""Slabs of time, and in each of them overlapping patches of space with random features of their own.

    With the time `\tau` in `[0, 1]` within slab `k`, windows `w_p` that sum to 1 and features `f_p`,

    `u(x, t) = S_k(x) + \tau \sum_p w_p(x) f_p(x, \tau) . c_kp`,    `S_k(x) = \sum_p w_p(x) f_p(x, 0) . s_kp`

    with `S_k` the end of the slab before, carried over by a least-squares fit on each patch, which keeps a plane wave
    to 1e-11 with 60 features on an interval and to 1e-8 with 200 in the plane; in the first slab there is no `S` and no
    factor `\tau`. Only `c` is trained, and only that of one slab at
    a time: the equation is solved like a march in time, so that nothing late can spoil what comes before. The value is
    continuous in time, and so is its slope, as far as the equation holds on both sides.

    The patches of each slab have borders of their own: they are cut in half where the residual is large, so that they
    follow fronts (`pinn.training.march`).

    Args:
        slabs: how many, of equal duration.
        patches: how many along each axis of space to begin with, or the same number along all; at least 2.
        features: how many ridges a patch.
        residual: the relative residual down to which patches are cut.
        most: patches a slab, at most.
        activation: `sine`, or any smooth Keras activation by name.
        scale: the largest wave number within a patch, in radians over half of its support.
        overlap: the width in which neighbours blend, in units of the narrower one: above 0 and at most 1.

    Raises:
        ValueError: a number out of its range, an unknown activation, a domain without time.

    Source: the features after J. Chen, X. Chi, W. E, Z. Yang, Bridging Traditional and Machine Learning-based
        Algorithms for Solving PDEs: The Random Feature Method, Journal of Machine Learning 1 (2022), who march with
        blocks of time in J. Chen, W. E, Y. Luo, The Random Feature Method for Time-Dependent Problems, East Asian J.
        Appl. Math. 13 (2023).
    """

    slabs: int = 20
    patches: int | tuple[int, ...] = 8
    features: int = 100
    residual: float = 1e-6
    most: int = 128
    activation: str = SINE
    scale: float = TYPICAL_SCALE
    overlap: float = 1.0

    def __post_init__(self) -> None:
        require_sizes("field", slabs=self.slabs, features=self.features, most=self.most)
        require_patches(self.patches, self.overlap, least=2)
        require_activation(self.activation)
        require_positive("field", residual=self.residual, scale=self.scale)

    def grid(self, lower: np.ndarray, upper: np.ndarray, periodic: Sequence[bool] = ()) -> PatchGrid:
        """The patches to begin with, in a box of space `[k]`.

        Raises:
            ValueError: their number was given for another number of axes.
        """
        counts = counts_along(self.patches, len(lower))
        if math.prod(counts) > self.most:
            raise ValueError(f"field.most: expected room for {math.prod(counts)} patches; got {self.most}")
        return PatchGrid.regular(
            np.asarray(lower, np.float64),
            np.asarray(upper, np.float64),
            counts,
            overlap=self.overlap,
            periodic=periodic,
        )

    def build(self, layout: Layout) -> keras.Model:
        """The field with all coefficients zero; each slab has the patches to begin with.

        Raises:
            ValueError: a box with no axis of space, or patches for another number of axes.
        """
        if layout.axes < 2:
            raise ValueError("field=slabs: expected a domain with space and time; got one axis")
        lower, upper = layout.lower, layout.upper
        points = keras.Input((layout.axes,), dtype=layout.dtype, name="points")
        position = self._position(points, (lower[-1], upper[-1]))
        slab = ops.clip(ops.floor(position), 0.0, float(self.slabs - 1))
        value = self._value(points, slab, ops.subtract(position, slab), layout.components)
        model = keras.Model(points, value, name=NAME)
        grid = self.grid(lower[:-1], upper[:-1], layout.periodic[:-1])
        for k in range(self.slabs):
            self.place(model, k, grid, layout.seed)
        return model

    def opened(self, model: keras.Model, span: tuple[float, float]) -> keras.Model:
        """A copy of a model that is told the number of the slab of each point, `[N, 1]`, besides the points: where one
        slab ends and the next begins it can be asked for either.
        """
        dtype = model.input.dtype
        points = keras.Input(model.input.shape[1:], dtype=dtype, name="points")
        slab = keras.Input((1,), dtype=dtype, name="slab")
        tau = ops.subtract(self._position(points, span), slab)
        twin = keras.Model([points, slab], self._value(points, slab, tau, model.output_shape[1]))
        transfer(model, twin)
        return twin

    def _position(self, points: keras.KerasTensor, span: tuple[float, float]) -> keras.KerasTensor:
        """The time in slabs from the first one on, `[N, 1]`."""
        return ops.multiply(ops.subtract(points[:, -1:], span[0]), self.slabs / (span[1] - span[0]))

    def place(self, model: keras.Model, slab: int, grid: PatchGrid, seed: int) -> None:
        """Give a slab of a model these patches, with ridges drawn from `seed` and zero coefficients."""
        begin = slab * self.most
        for name in (COEFFICIENTS, INITIAL):
            put(model, name, begin, np.zeros((self.most, model.get_layer(name).output_dim)))
        put(model, FIRST, slab, np.array([[float(slab == 0)]]))
        for i, (axis, stride) in enumerate(zip(grid.axes, grid.strides, strict=True)):
            far = np.abs(axis.borders).max() + _FAR * (axis.borders[-1] - axis.borders[0])
            thresholds = np.full((1, self.most), far)
            thresholds[0, : axis.count] = axis.thresholds(far)
            put(model, f"{THRESHOLDS}_{i}", slab, thresholds)
            put(model, f"{BORDERS}_{i}", slab * (self.most + 1), axis.table(stride))
        slopes, offsets = self._draw(grid, (seed, slab))
        for i, table in enumerate(slopes):
            put(model, f"{RIDGES}_{i}", begin, table)
        put(model, OFFSETS, begin, offsets)

    def _draw(self, grid: PatchGrid, seed: Sequence[int]) -> tuple[list[np.ndarray], np.ndarray]:
        """For each axis, time last, the slopes `[K, features]` of the ridges of all patches, and their offsets at the
        middle of each patch, half way through the slab.
        """
        boxes, felt = grid.boxes, grid.supports
        generator = np.random.default_rng(seed)
        slopes, offsets = [], []
        for lower, upper, first, last in zip(*boxes, *felt, strict=True):
            middle = (lower + upper) / 2
            begin, end = np.append(first - middle, -1.0), np.append(last - middle, 1.0)
            own, shifts = local_waves(generator, begin, end, self.features, self.scale)
            slopes.append(own)
            offsets.append(shifts)
        return list(np.stack(slopes, axis=1)), np.stack(offsets)

    def _value(
        self, points: keras.KerasTensor, slab: keras.KerasTensor, tau: keras.KerasTensor, components: int
    ) -> keras.KerasTensor:
        """The field `[N, m]` of points `[N, d]`, each in the slab with a given number, at the time `tau` `[N, 1]`."""
        axes, dtype = points.shape[1] - 1, points.dtype
        tables = Tables(self.slabs, self.most, slab, dtype)
        corners = list(itertools.product((0, 1), repeat=axes))
        along = [tables.nearest(i, points[:, i : i + 1]) for i in range(axes)]
        lookup = keras.layers.Identity(dtype=dtype, name=NUMBERS)(numbers_around(along, corners))
        of_patches = tables.of_patches(lookup)
        in_space = of_patches(OFFSETS, self.features)
        for i, border in enumerate(along):
            local = ops.concatenate([border.from_middle(corner[i]) for corner in corners], axis=1)
            ridges = of_patches(f"{RIDGES}_{i}", self.features)
            in_space = ops.add(in_space, ops.multiply(ops.expand_dims(local, -1), ridges))
        in_time = of_patches(f"{RIDGES}_{axes}", self.features)
        clocked = ops.expand_dims(ops.subtract(ops.multiply(tau, 2.0), 1.0), -1)
        windows = ops.expand_dims(windows_around(along, corners), -1)

        def features(argument: keras.KerasTensor) -> keras.KerasTensor:
            return ops.multiply(activated(argument, self.activation, dtype), windows)

        width = self.features * components
        initial = combined(features(ops.subtract(in_space, in_time)), of_patches(INITIAL, width), components)
        base = keras.layers.Identity(dtype=dtype, name=BASE)(initial)
        first = tables.of_slab(FIRST, 1)
        factor = ops.expand_dims(ops.add(tau, ops.multiply(first, ops.subtract(1.0, tau))), -1)
        ridged = ops.multiply(features(ops.add(in_space, ops.multiply(clocked, in_time))), factor)
        basis = keras.layers.Identity(dtype=dtype, name=BASIS)(ridged)
        change = combined(basis, of_patches(COEFFICIENTS, width, trainable=True), components)
        return ops.add(base, change)
