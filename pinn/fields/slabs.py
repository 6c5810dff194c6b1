r"""Slabs of time, each with patches of its own in space: a field that is found one slab after the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import final

import keras
import numpy as np
from keras import ops

from pinn.fields.layers import SINE, activated, require_activation, require_positive, require_sizes
from pinn.fields.layout import Layout
from pinn.fields.patch_grid import BORDER_COLUMNS, PatchGrid
from pinn.fields.patches import TYPICAL_SCALE, combined, smooth_step
from pinn.fields.random_features import waves

NAME = "slabs"
NUMBERS, BASIS, BASE = "numbers", "features", "start"
COEFFICIENTS, INITIAL, OFFSETS, RIDGES = "output", "initial", "offsets", "ridges"
FIRST, THRESHOLDS, BORDERS = "first", "thresholds", "borders"
"""Layers of the model: intermediate results, tables of patches, and tables of slabs."""

_FAR = 1e6  # sizes of the domain: no point is there


@final
@dataclass(frozen=True)
class Slabs:
    r"""Slabs of time, and in each of them overlapping patches of space with random features of their own.

    With the time `\tau` in `[0, 1]` within slab `k`, windows `w_p` that sum to 1 and features `f_p`,

    `u(x, t) = S_k(x) + \tau \sum_p w_p(x) f_p(x, \tau) . c_kp`,    `S_k(x) = \sum_p w_p(x) f_p(x, 0) . s_kp`

    with `S_k` the end of the slab before, carried over by a least-squares fit on each patch, which is as good as
    round-off; in the first slab there is no `S` and no factor `\tau`. Only `c` is trained, and only that of one slab at
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
        counts = self.patches if isinstance(self.patches, tuple) else (self.patches,)
        for count in counts:
            require_sizes("field", patches=count)
            if count < 2:
                raise ValueError(f"field.patches: expected at least 2 along each axis; got {count}")
        require_activation(self.activation)
        require_positive("field", residual=self.residual, scale=self.scale)
        if not 0 < self.overlap <= 1:
            raise ValueError(f"field.overlap: expected a number above 0 and at most 1; got {self.overlap}")

    def grid(self, lower: np.ndarray, upper: np.ndarray, periodic: Sequence[bool] = ()) -> PatchGrid:
        """The patches to begin with, in a box of space `[k]`.

        Raises:
            ValueError: their number was given for another number of axes.
        """
        axes = len(lower)
        counts = self.patches if isinstance(self.patches, tuple) else (self.patches,) * axes
        if len(counts) != axes:
            raise ValueError(f"field.patches: expected one number, or one for each of {axes} axes; got {counts}")
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
        for k in range(len(boxes.lower)):
            directions, shifts = waves(generator, len(grid.axes) + 1, self.features)
            half = np.append((felt.upper[k] - felt.lower[k]) / 2, 1.0)
            middle = (boxes.lower[k] + boxes.upper[k] - felt.lower[k] - felt.upper[k]) / 2
            own = directions / half[:, np.newaxis]
            slopes.append(self.scale * own)
            offsets.append(self.scale * (np.append(middle, 0.0) @ own - shifts))
        return list(np.stack(slopes, axis=1)), np.stack(offsets)

    def _value(
        self, points: keras.KerasTensor, slab: keras.KerasTensor, tau: keras.KerasTensor, components: int
    ) -> keras.KerasTensor:
        """The field `[N, m]` of points `[N, d]`, each in the slab with a given number, at the time `tau` `[N, 1]`."""
        axes, dtype = points.shape[1] - 1, points.dtype
        tables = _Tables(self, slab, dtype)
        corners = list(itertools.product((0, 1), repeat=axes))
        along = [tables.nearest(i, points[:, i : i + 1]) for i in range(axes)]
        lookup = keras.layers.Identity(dtype=dtype, name=NUMBERS)(_numbers(along, corners))
        of_patches = tables.of_patches(lookup)
        in_space = of_patches(OFFSETS, self.features)
        for i, border in enumerate(along):
            local = ops.concatenate([border.from_middle(corner[i]) for corner in corners], axis=1)
            ridges = of_patches(f"{RIDGES}_{i}", self.features)
            in_space = ops.add(in_space, ops.multiply(ops.expand_dims(local, -1), ridges))
        in_time = of_patches(f"{RIDGES}_{axes}", self.features)
        clocked = ops.expand_dims(ops.subtract(ops.multiply(tau, 2.0), 1.0), -1)
        windows = ops.expand_dims(_windows(along, corners), -1)

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


@final
@dataclass(frozen=True)
class _Border:
    """The border nearest to each point along one axis: what `Axis.table` says of it, and the way from there."""

    row: keras.KerasTensor  # [N, 6]
    inside: keras.KerasTensor  # [N, 1]

    def from_middle(self, side: int) -> keras.KerasTensor:
        """The way from the middle of the patch on its left or right, `[N, 1]`."""
        return ops.subtract(self.inside, self.row[:, 2 + side : 3 + side])

    def number(self, side: int) -> keras.KerasTensor:
        """Of that patch, `[N, 1]`."""
        return self.row[:, 4 + side : 5 + side]

    def step(self) -> keras.KerasTensor:
        """From 0 on its left to 1 on its right, `[N, 1]`."""
        return smooth_step(ops.divide(self.inside, self.row[:, 1:2]))


@final
@dataclass(frozen=True)
class _Tables:
    """Layers that hold numbers of slabs, of their borders and of their patches."""

    recipe: Slabs
    slab: keras.KerasTensor  # [N, 1]
    dtype: str

    def of_slab(self, name: str, width: int) -> keras.KerasTensor:
        """`[N, width]`."""
        return ops.reshape(self._layer(name, 1, width)(self.slab), (-1, width))

    def of_patches(self, local: keras.KerasTensor) -> Callable[..., keras.KerasTensor]:
        """`(name, width) -> [N, q, width]` of the patches with these numbers `[N, q]` in their slabs."""
        most = self.recipe.most
        lookup = ops.add(local, ops.multiply(self.slab, float(most)))
        return lambda name, width, trainable=False: self._layer(name, most, width, trainable=trainable)(lookup)

    def nearest(self, axis: int, x: keras.KerasTensor) -> _Border:
        """The border that is nearest to coordinates `[N, 1]`."""
        most = self.recipe.most
        below = ops.greater_equal(x, self.of_slab(f"{THRESHOLDS}_{axis}", most))
        number = ops.sum(ops.cast(below, self.dtype), axis=1, keepdims=True)
        index = ops.add(ops.multiply(self.slab, float(most + 1)), number)
        row = ops.reshape(self._layer(f"{BORDERS}_{axis}", most + 1, BORDER_COLUMNS)(index), (-1, BORDER_COLUMNS))
        return _Border(row, ops.subtract(x, row[:, :1]))

    def _layer(self, name: str, each: int, width: int, *, trainable: bool = False) -> keras.layers.Layer:
        """A table of `each` rows a slab."""
        return keras.layers.Embedding(
            self.recipe.slabs * each,
            width,
            embeddings_initializer="zeros",
            trainable=trainable,
            dtype=self.dtype,
            name=name,
        )


def _numbers(along: Sequence[_Border], corners: Sequence[tuple[int, ...]]) -> keras.KerasTensor:
    """The numbers, in their slab, of the patches around the nearest borders, `[N, q]`."""
    each = [[border.number(side) for border, side in zip(along, corner, strict=True)] for corner in corners]
    return ops.concatenate([reduce(ops.add, own) for own in each], axis=1)


def _windows(along: Sequence[_Border], corners: Sequence[tuple[int, ...]]) -> keras.KerasTensor:
    """Their windows, `[N, q]`."""
    steps = [border.step() for border in along]
    found = []
    for corner in corners:
        factors = [s if upper else ops.subtract(1.0, s) for s, upper in zip(steps, corner, strict=True)]
        found.append(reduce(ops.multiply, factors))
    return ops.concatenate(found, axis=1)


def put(model: keras.Model, name: str, row: int, values: np.ndarray) -> None:
    """Overwrite rows of a table from `row` on."""
    layer = model.get_layer(name)
    table = layer.get_weights()[0]
    table[row : row + len(values), : values.shape[1]] = values
    layer.set_weights([table])


def rows_of(model: keras.Model, name: str, row: int, count: int) -> np.ndarray:
    """Rows of a table from `row` on."""
    return np.asarray(model.get_layer(name).get_weights()[0][row : row + count])


def transfer(source: keras.Model, target: keras.Model) -> None:
    """Give a model the numbers of the layers of the same name in another."""
    for layer in source.layers:
        if layer.weights:
            target.get_layer(layer.name).set_weights(layer.get_weights())
