"""The numbers of slabs, of their borders and of their patches, as tables that a Keras model looks up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import final

import keras
import numpy as np
from keras import ops

from pinn.fields.patch_grid import BORDER_COLUMNS
from pinn.fields.patches import smooth_step

NUMBERS, BASIS, BASE = "numbers", "features", "start"
COEFFICIENTS, INITIAL, OFFSETS, RIDGES = "output", "initial", "offsets", "ridges"
FIRST, THRESHOLDS, BORDERS = "first", "thresholds", "borders"
"""Layers of the model: intermediate results, tables of patches, and tables of slabs."""


@final
@dataclass(frozen=True)
class Border:
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
class Tables:
    """Layers that hold numbers of slabs, of their borders and of their patches."""

    slabs: int
    most: int  # patches in each
    slab: keras.KerasTensor  # [N, 1]
    dtype: str

    def of_slab(self, name: str, width: int) -> keras.KerasTensor:
        """`[N, width]`."""
        return ops.reshape(self._layer(name, 1, width)(self.slab), (-1, width))

    def of_patches(self, local: keras.KerasTensor) -> Callable[..., keras.KerasTensor]:
        """`(name, width) -> [N, q, width]` of the patches with these numbers `[N, q]` in their slabs."""
        lookup = ops.add(local, ops.multiply(self.slab, float(self.most)))
        return lambda name, width, trainable=False: self._layer(name, self.most, width, trainable=trainable)(lookup)

    def nearest(self, axis: int, x: keras.KerasTensor) -> Border:
        """The border that is nearest to coordinates `[N, 1]`."""
        below = ops.greater_equal(x, self.of_slab(f"{THRESHOLDS}_{axis}", self.most))
        number = ops.sum(ops.cast(below, self.dtype), axis=1, keepdims=True)
        index = ops.add(ops.multiply(self.slab, float(self.most + 1)), number)
        row = ops.reshape(self._layer(f"{BORDERS}_{axis}", self.most + 1, BORDER_COLUMNS)(index), (-1, BORDER_COLUMNS))
        return Border(row, ops.subtract(x, row[:, :1]))

    def _layer(self, name: str, each: int, width: int, *, trainable: bool = False) -> keras.layers.Layer:
        """A table of `each` rows a slab."""
        return keras.layers.Embedding(
            self.slabs * each,
            width,
            embeddings_initializer="zeros",
            trainable=trainable,
            dtype=self.dtype,
            name=name,
        )


def numbers_around(along: Sequence[Border], corners: Sequence[tuple[int, ...]]) -> keras.KerasTensor:
    """The numbers, in their slab, of the patches around the nearest borders, `[N, q]`."""
    each = [[border.number(side) for border, side in zip(along, corner, strict=True)] for corner in corners]
    return ops.concatenate([reduce(ops.add, own) for own in each], axis=1)


def windows_around(along: Sequence[Border], corners: Sequence[tuple[int, ...]]) -> keras.KerasTensor:
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
