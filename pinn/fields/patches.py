r"""Patches: a partition of unity, and random features of its own on each part, for large or intricate domains."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from pinn.fields.layers import SINE, activated, require_activation, require_positive, require_sizes
from pinn.fields.layout import Layout
from pinn.fields.patch_grid import counts_along, require_patches
from pinn.fields.random_features import local_waves
from pinn.geometry import Shape, octaves, parts_of_octaves

NAME = "patches"
TYPICAL_SCALE = 4.5
"""The largest wave number, in radians over half a patch and its overlap, where nobody has chosen."""
POINTS_A_FEATURE = 3
"""Collocation points for each feature: fewer leave room between them, more cost time and move nothing."""

_BASIS, _NUMBERS, _OUTPUT = "features", "numbers", "output"


class Points(NamedTuple):
    """How many features there are in a domain, and how many points inside, on the boundary and at the initial time they
    take.
    """

    features: int
    interior: int
    boundary: int
    initial: int


@final
@dataclass(frozen=True)
class Patches:
    r"""Random features on overlapping patches, `u(x) = \sum_k w_k(x) \sum_j c_kj \sigma(\gamma (a_kj . s_k - b_kj))`.

    The bounding box is cut into a regular grid of patches. Along one axis, in units of a patch, the windows are the
    differences `w_k = S_k - S_(k+1)` of smooth steps `S_k(t) = S((t - k) / \delta + 1/2)` at the borders between
    patches, with `S(\tau) = \tau^3 (10 - 15 \tau + 6 \tau^2)` on `[0, 1]`, `S_0 = 1` and, after the last patch, 0. So
    they sum to 1 by their form, have continuous second derivatives, and reach `\delta / 2` beyond their patch; windows
    of several axes are products. `s_k` is the input scaled to `[-1, 1]^d` on the support of patch `k`.

    At a point only the `2^d` patches around the nearest corner of the grid are felt, and no others are evaluated: the
    cost of a point does not depend on the number of patches. The residuals of a linear equation are a sparse linear
    function of `c`: its entries grow linearly with the patches, and `solver=least_squares` factorises them in
    `O(K^{3/2})` for `K` patches of a plane (see `pinn.solvers.multifrontal`), where one set of as many features takes
    `O(K^3)`. `GaussNewton` does the same for nonlinear equations.

    The directions `a_kj` are uniform in the unit ball, not on its surface: waves of one length alone would be blind to
    all but the solutions of one Helmholtz equation. Waves of many lengths, on a box with no condition at its border,
    represent smooth functions by coefficients of moderate size, where ridges of `tanh` need large ones that cancel: for
    sin 8πx sin 6πy on 8 x 8 patches 100 waves reach 4e-9, and 100 such ridges 1e-7.

    A patch that has no collocation point in its support, outside an intricate domain, keeps its zeros.

    Args:
        patches: how many along each axis, or the same number along all.
        features: how many ridges a patch.
        activation: `sine`, or any smooth Keras activation by name.
        scale: the largest wave number `\gamma` within a patch; `None` leaves it to the run, as for `RandomFeatures`.
        overlap: the width `\delta` in which neighbours blend, in units of a patch: above 0 and at most 1. Wide windows
            have small derivatives.
        early: patches and waves are finer towards the beginning of the last axis, for what begins there at once, such
            as heat from a film that disagrees with the initial value: they see octaves of it, with this part of the
            axis for `\epsilon` of `pinn.geometry.octaves`. None: alike everywhere.

    Raises:
        ValueError: sizes below one, a number for each axis that does not fit the domain, a scale that is not positive,
            an overlap out of its range, an unknown activation.

    Source: J. Chen, X. Chi, W. E, Z. Yang, Bridging Traditional and Machine Learning-based Algorithms for Solving PDEs:
        The Random Feature Method, Journal of Machine Learning 1 (2022); for the windows I. Babuska, J. Melenk, The
        Partition of Unity Method, Int. J. Numer. Methods Eng. 40 (1997).
    """

    patches: int | tuple[int, ...] = 8
    features: int = 100
    activation: str = SINE
    scale: float | None = None
    overlap: float = 1.0
    early: float | None = None

    def __post_init__(self) -> None:
        require_patches(self.patches, self.overlap, least=1)
        require_sizes("field", features=self.features)
        require_activation(self.activation)
        for name in ("scale", "early"):
            if getattr(self, name) is not None:
                require_positive("field", **{name: getattr(self, name)})

    def grid(self, dimension: int) -> tuple[int, ...]:
        """The number of patches along each of the axes.

        Raises:
            ValueError: it was given for another number of axes.
        """
        return counts_along(self.patches, dimension)

    def points(self, shape: Shape) -> Points:
        """How many collocation points the patches take that share the domain: three a feature, and on the boundary
        three for each of the features that a patch has along one of its faces.
        """
        counts = self.grid(shape.dim)
        lower, upper = shape.bounds
        part = shape.measure / float(np.prod(upper - lower))
        features = math.ceil(part * self.features * math.prod(counts))
        face = points_on_face(self.features, shape.dim)
        faces = [math.prod(counts) // count for count in counts]
        space = len(shape.space_axes)
        return Points(features, POINTS_A_FEATURE * features, 2 * face * sum(faces[:space]), face * faces[-1])

    def cell(self, point: np.ndarray, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
        """The box, by its corners `[d]`, of which all points feel the same patches as this one `[d]`, but for what the
        outermost boxes reach beyond.
        """
        counts = np.array(self.grid(shape.dim))
        lower, upper = shape.bounds
        place = (point - lower) / (upper - lower)
        if self.early is not None:
            place[-1] = octaves(place[-1], self.early)
        vertex = np.clip(np.round(place * counts), 1, _limits(tuple(counts)))
        single = counts == 1
        corners = np.where(single, [[0.0], [1.0]], vertex + np.array([[-0.5], [0.5]])) / counts
        if self.early is not None:
            corners[:, -1] = parts_of_octaves(corners[:, -1], self.early)
        first, last = lower + corners * (upper - lower)
        return first, last

    def build(self, layout: Layout) -> keras.Model:
        """The field with ridges drawn by chance and all `c` zero; its weights are those of one patch after the other.

        Raises:
            ValueError: a periodic axis, or patches for another number of axes.
        """
        if any(layout.periodic):
            raise ValueError("field=patches: expected no periodic axis; got one. Say field=slabs or random_features")
        counts, components, dtype = self.grid(layout.axes), layout.components, layout.dtype
        inputs, position = _grid_coordinates(layout, counts, self.early)
        vertex = ops.clip(ops.round(position), 1.0, _limits(counts))
        inside = ops.subtract(position, vertex)
        corners = list(itertools.product(*[(0, 1) if count > 1 else (0,) for count in counts]))
        numbers = _patch_numbers(vertex, corners, counts)
        lookup = keras.layers.Identity(dtype=dtype, name=_NUMBERS)(numbers)
        argument = self._arguments(lookup, inside, corners, math.prod(counts), dtype)
        windows = _windows(inside, corners, self.overlap)
        ridged = ops.multiply(activated(argument, self.activation, dtype), ops.expand_dims(windows, -1))
        basis = keras.layers.Identity(dtype=dtype, name=_BASIS)(ridged)
        table = keras.layers.Embedding(
            math.prod(counts), self.features * components, embeddings_initializer="zeros", dtype=dtype, name=_OUTPUT
        )
        model = keras.Model(inputs, combined(basis, table(lookup), components), name=NAME)
        self.redraw(model, layout.seed)
        return model

    def redraw(self, model: keras.Model, seed: int) -> None:
        """Give a model built by such a recipe the ridges of this scale and seed; everything else stays."""
        lookups = [model.get_layer(f"ridges_{axis}") for axis in range(model.input_shape[1])]
        kernels, offsets = self._draw(self.grid(len(lookups)), seed)
        for layer, kernel in zip(lookups, kernels, strict=True):
            layer.set_weights([kernel])
        model.get_layer("offsets").set_weights([offsets])

    def _arguments(
        self,
        lookup: keras.KerasTensor,
        inside: keras.KerasTensor,
        corners: list[tuple[int, ...]],
        count: int,
        dtype: str,
    ) -> keras.KerasTensor:
        """`\\gamma (a . s - b)` of the ridges of the patches around, `[N, q, features]`."""

        def table(name: str) -> keras.KerasTensor:
            layer = keras.layers.Embedding(count, self.features, trainable=False, dtype=dtype, name=name)
            return layer(lookup)

        argument = table("offsets")
        for axis, along in enumerate(_apart(inside)):
            # Measured from the middle of each patch: differences of small numbers, however many patches there are.
            middles = [corner[axis] - 0.5 for corner in corners]
            offset = ops.concatenate([ops.subtract(along, middle) for middle in middles], axis=1)
            argument = ops.add(argument, ops.multiply(ops.expand_dims(offset, -1), table(f"ridges_{axis}")))
        return argument

    def _draw(self, counts: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
        """For every patch its kernels `[d, K, features]` and its offsets `[K, features]`, in units of a patch."""
        generator = np.random.default_rng(seed)
        scale = TYPICAL_SCALE if self.scale is None else self.scale
        kernels, offsets = [], []
        for position in itertools.product(*[range(count) for count in counts]):
            middle = np.array(position) + 0.5
            first = np.maximum(middle - 0.5 - self.overlap / 2, 0.0)
            last = np.minimum(middle + 0.5 + self.overlap / 2, counts)
            slopes, shifts = local_waves(generator, first - middle, last - middle, self.features, scale)
            kernels.append(slopes)
            offsets.append(shifts)
        return np.stack(kernels, axis=1), np.stack(offsets)


@final
@dataclass(frozen=True)
class Patchwork:
    """A model that `Patches` has built, taken apart: which patches a point feels, and their features there.

    Attributes:
        numbers: `[N, d] -> [N, q]`, the patches.
        basis: `[N, d] -> [N, q, features]`, their features times their windows.
        patches: how many there are.
        components: of the field.
    """

    numbers: keras.Model
    basis: keras.Model
    patches: int
    components: int

    @classmethod
    def of(cls, model: keras.Model) -> Patchwork:
        """The parts of a model; they share its ridges."""
        basis, numbers = (keras.Model(model.input, model.get_layer(name).output) for name in (_BASIS, _NUMBERS))
        return cls(numbers, basis, model.get_layer(_OUTPUT).input_dim, model.output_shape[1])

    def field(self, points: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """The field `[N, m]` at points `[N, d]`, each with its own coefficients of the patches around, `[N, q,
        features m]`.
        """
        return combined(self.basis(points), coefficients, self.components)


def points_on_face(features: int, dimension: int) -> int:
    """Collocation points for a face of a patch: `POINTS_A_FEATURE` for each of the features that it has along it."""
    return math.ceil(POINTS_A_FEATURE * features ** (1.0 - 1.0 / dimension))


def combined(basis: keras.KerasTensor, coefficients: keras.KerasTensor, components: int) -> keras.KerasTensor:
    """The sum over patches and features, `[N, m]`, for coefficients `[N, q, features m]`."""
    shaped = ops.reshape(coefficients, (-1, *basis.shape[1:], components))
    return ops.sum(ops.multiply(ops.expand_dims(basis, -1), shaped), axis=(1, 2))


def _grid_coordinates(
    layout: Layout, counts: tuple[int, ...], early: float | None
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The input, and its position in units of a patch."""
    inputs = keras.Input(shape=(layout.axes,), dtype=layout.dtype, name="points")
    scale = np.array(counts) / (layout.upper - layout.lower)
    shift = (-scale * layout.lower).tolist()
    position = keras.layers.Rescaling(scale.tolist(), shift, dtype=layout.dtype, name="scaling")(inputs)
    if early is None:
        return inputs, position
    *others, last = _apart(position)
    # `pinn.geometry.octaves`, of operations that Keras keeps in a file
    seen = ops.log(ops.add(ops.divide(last, early * counts[-1]), 1.0))
    return inputs, ops.concatenate([*others, ops.multiply(seen, counts[-1] / math.log1p(1.0 / early))], axis=1)


def _limits(counts: tuple[int, ...]) -> list[float]:
    """The last corner of the grid inside, along each axis; where there is one patch, the border behind it."""
    return [float(max(count - 1, 1)) for count in counts]


def _apart(tensor: keras.KerasTensor) -> list[keras.KerasTensor]:
    """The axes of a tensor `[N, d]`, each `[N, 1]`."""
    return list(ops.split(tensor, tensor.shape[1], axis=1))


def _patch_numbers(
    vertex: keras.KerasTensor, corners: Sequence[tuple[int, ...]], counts: tuple[int, ...]
) -> keras.KerasTensor:
    """The numbers of the patches around a corner of the grid, `[N, q]`, whole numbers in floating point."""
    strides = [math.prod(counts[axis + 1 :]) for axis in range(len(counts))]
    found = []
    for corner in corners:
        shift = sum(stride * (c - 1) for stride, c in zip(strides, corner, strict=True))
        parts = [ops.multiply(along, float(stride)) for along, stride in zip(_apart(vertex), strides, strict=True)]
        found.append(ops.add(sum(parts[1:], parts[0]), float(shift)))
    return ops.concatenate(found, axis=1) if len(found) > 1 else found[0]


def smooth_step(position: keras.KerasTensor) -> keras.KerasTensor:
    """The step `S(\\tau) = \\tau^3 (10 - 15 \\tau + 6 \\tau^2)` from 0 to 1 between the positions -1/2 and 1/2."""
    tau = ops.clip(ops.add(position, 0.5), 0.0, 1.0)
    polynomial = ops.add(ops.multiply(tau, ops.subtract(ops.multiply(tau, 6.0), 15.0)), 10.0)
    return ops.multiply(ops.multiply(tau, ops.multiply(tau, tau)), polynomial)


def _windows(inside: keras.KerasTensor, corners: Sequence[tuple[int, ...]], overlap: float) -> keras.KerasTensor:
    """The windows of the patches around a corner of the grid, `[N, q]`, at positions relative to it."""
    after = _apart(smooth_step(ops.multiply(inside, 1.0 / overlap)))
    single = [{corner[axis] for corner in corners} == {0} for axis in range(len(after))]
    found = []
    for corner in corners:
        window = ops.ones_like(after[0])
        for axis, upper in enumerate(corner):
            if not single[axis]:
                window = ops.multiply(window, after[axis] if upper else ops.subtract(1.0, after[axis]))
        found.append(window)
    return ops.concatenate(found, axis=1) if len(found) > 1 else found[0]
