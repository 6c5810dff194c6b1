"""One slab of a field at a time: what training sees of `Slabs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import keras
import numpy as np
import tensorflow as tf
from scipy.linalg import lstsq

from pinn.fields.layers import activated
from pinn.fields.patch_grid import PatchGrid
from pinn.fields.patches import combined
from pinn.fields.slab_tables import (
    BASE,
    BASIS,
    COEFFICIENTS,
    INITIAL,
    NUMBERS,
    OFFSETS,
    RIDGES,
    put,
    rows_of,
    transfer,
)
from pinn.fields.slabs import Slabs

Keep = Callable[[np.ndarray], np.ndarray]
"""`points of space [n, k] -> [n]`: whether they matter."""

_FIT_POINTS = 4  # a feature
_CUT = 1e-13  # of singular values of a fit: below, coefficients grow and take their round-off with them


@final
@dataclass(frozen=True)
class Slabwork:
    """A model that `Slabs` has built, taken apart: the patches and features of its present slab, which can be replaced
    without anything being compiled again.

    Attributes:
        recipe: what has built it.
        model: a copy of the field that is told the slab of each point.
        numbers_of, basis, base: the patches around points, their features, and what a slab begins with.
        slab: the present one, `[]`.
        span: the first and the last time.
    """

    recipe: Slabs
    model: keras.Model
    numbers_of: keras.Model
    basis: keras.Model
    base: keras.Model
    slab: tf.Variable
    span: tuple[float, float]

    @classmethod
    def of(cls, recipe: Slabs, model: keras.Model, span: tuple[float, float]) -> Slabwork:
        """The parts of a model, which keeps its own numbers until `publish`; the present slab is the first."""
        twin = recipe.opened(model, span)
        numbers, basis, base = (
            keras.Model(twin.inputs, twin.get_layer(name).output) for name in (NUMBERS, BASIS, BASE)
        )
        return cls(recipe, twin, numbers, basis, base, tf.Variable(0.0, dtype=model.input.dtype, trainable=False), span)

    def publish(self, model: keras.Model) -> None:
        """Give the model what was found."""
        transfer(self.model, model)

    @property
    def patches(self) -> int:
        """How many a slab has room for."""
        return self.recipe.most

    @property
    def components(self) -> int:
        """Of the field."""
        return int(self.model.output_shape[1])

    @property
    def times(self) -> np.ndarray:
        """When the slabs begin, and when the last one ends, `[slabs + 1]`."""
        return np.linspace(*self.span, self.recipe.slabs + 1)

    def numbers(self, points: tf.Tensor) -> tf.Tensor:
        """The patches around points of the present slab, `[N, q]`."""
        return self.numbers_of(self._here(points))

    def field(self, points: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """The field `[N, m]` at points `[N, d]` of the present slab, each with its own coefficients of the patches
        around, `[N, q, features m]`.
        """
        here = self._here(points)
        return self.base(here) + combined(self.basis(here), coefficients, self.components)

    def coefficients(self) -> np.ndarray:
        """Of all slabs, `[P]`, as `FlatField` orders them."""
        return np.ravel(self.model.get_layer(COEFFICIENTS).get_weights()[0])

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers of the model, by name."""
        return {layer.name: layer.get_weights()[0] for layer in self.model.layers if layer.weights}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Put all numbers of the model back where `arrays` found them."""
        for name, array in arrays.items():
            self.model.get_layer(name).set_weights([array])

    def assign(self, weights: np.ndarray) -> None:
        """Give the present slab its coefficients, `[patches features m]`."""
        put(self.model, COEFFICIENTS, self._begin, weights.reshape(self.patches, -1))

    def enter(self, slab: int, grid: PatchGrid, seed: int, keep: Keep) -> None:
        """Go to a slab: give it patches, and what the one before ends with.

        Args:
            slab: its number; the one before has its coefficients.
            grid: its patches.
            seed: of its features.
            keep: where the field matters.
        """
        self.slab.assign(float(slab))
        self.recipe.place(self.model, slab, grid, seed)
        if slab > 0:
            put(self.model, INITIAL, self._begin, self._fitted(grid, np.random.default_rng((seed, slab, 1)), keep))

    def end_of(self, slab: int, places: np.ndarray) -> np.ndarray:
        """The field at the end of a slab at points of space `[n, k]`: `[n, m]`."""
        time = np.full((len(places), 1), self.times[slab + 1])
        number = tf.fill([len(places), 1], tf.cast(slab, self.slab.dtype))
        return np.asarray(self.model([tf.constant(np.hstack([places, time])), number]))

    def _fitted(self, grid: PatchGrid, generator: np.random.Generator, keep: Keep) -> np.ndarray:
        """The coefficients of the features at the beginning of the present slab, `[K, features m]`.

        Each patch is fitted on its whole support: windows sum to 1, so that fits of one function blend to it.
        """
        felt, axes = grid.supports, len(grid.axes)
        count = _FIT_POINTS * self.recipe.features
        # Denser towards the ends, where a fit is least certain.
        unit = 0.5 - 0.5 * np.cos(np.pi * generator.random((grid.size, count, axes)))
        places = felt.lower[:, np.newaxis] + unit * (felt.upper - felt.lower)[:, np.newaxis]
        around = grid.wrapped(places.reshape(-1, axes))
        wanted = self.end_of(int(self.slab.numpy()) - 1, around).reshape(grid.size, count, -1)
        kept = keep(around).reshape(grid.size, count)
        features = self._alone(grid, places)
        found = np.zeros((grid.size, self.recipe.features * self.components))
        for k in np.flatnonzero(kept.any(axis=1)):
            own, *_ = lstsq(features[k][kept[k]], wanted[k][kept[k]], cond=_CUT, lapack_driver="gelsy")
            found[k] = own.ravel()
        return found

    def _alone(self, grid: PatchGrid, places: np.ndarray) -> np.ndarray:
        """The features of each patch at its own points of space `[K, n, k]` and the beginning of the slab, without a
        window: `[K, n, features]`.
        """
        boxes = grid.boxes
        local = places - ((boxes.lower + boxes.upper) / 2)[:, np.newaxis]
        tables = [rows_of(self.model, f"{RIDGES}_{i}", self._begin, grid.size) for i in range(len(grid.axes) + 1)]
        argument = (rows_of(self.model, OFFSETS, self._begin, grid.size) - tables[-1])[:, np.newaxis]
        argument = argument + np.einsum("kni,ikf->knf", local, np.stack(tables[:-1]))
        return np.asarray(activated(tf.constant(argument), self.recipe.activation, self.slab.dtype.name))

    @property
    def _begin(self) -> int:
        """The first row of the present slab in the tables of patches."""
        return int(self.slab.numpy()) * self.patches

    def _here(self, points: tf.Tensor) -> list[tf.Tensor]:
        return [points, tf.fill([tf.shape(points)[0], 1], tf.convert_to_tensor(self.slab))]
