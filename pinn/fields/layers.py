"""The layers that fields are made of: Keras' own, with explicit precision and seeds."""

from __future__ import annotations

import math
from numbers import Integral

import keras
import numpy as np

from pinn.fields.layout import Layout

SINE = "sine"


def scaled_input(layout: Layout) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    r"""The input and its affine map `s` to `[-1, 1]^d`, with `\sin \pi (s + 1)` and `\cos \pi (s + 1)` in place of
    those that are periodic: whatever is made of them is periodic, with all derivatives.
    """
    inputs = keras.Input(shape=(layout.axes,), dtype=layout.dtype, name="points")
    scale = 2.0 / (layout.upper - layout.lower)
    scaled = keras.layers.Rescaling(
        scale.tolist(), (-1.0 - scale * layout.lower).tolist(), dtype=layout.dtype, name="scaling"
    )(inputs)
    if not any(layout.periodic):
        return inputs, scaled
    found = []
    for axis, closed in enumerate(layout.periodic):
        own = slice(axis, axis + 1)
        # Not from the scaled input: a rescaling layer has its numbers in float32, and both ends would not quite meet.
        turn = keras.ops.multiply(keras.ops.subtract(inputs[:, own], layout.lower[axis]), math.pi * scale[axis])
        found += [keras.ops.sin(turn), keras.ops.cos(turn)] if closed else [scaled[:, own]]
    return inputs, keras.ops.concatenate(found, axis=1)


def activated(tensor: keras.KerasTensor, activation: str, dtype: str) -> keras.KerasTensor:
    """A tensor after an activation of Keras, or the sine."""
    return keras.ops.sin(tensor) if activation == SINE else keras.layers.Activation(activation, dtype=dtype)(tensor)


def dense(tensor: keras.KerasTensor, units: int, dtype: str, seed: int, name: str) -> keras.KerasTensor:
    """A dense layer with Glorot-normal weights and zero biases."""
    initializer = keras.initializers.GlorotNormal(seed=seed)
    return keras.layers.Dense(units, dtype=dtype, kernel_initializer=initializer, name=name)(tensor)


class Seeds:
    """Independent seeds, one a layer, from one seed."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def __next__(self) -> int:
        return int(self._generator.integers(2**31 - 1))


def require_sizes(group: str, **sizes: int) -> None:
    """Raise `ValueError` unless all sizes are whole numbers of at least 1."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, Integral) or size < 1:
            raise ValueError(f"{group}.{name}: expected a whole number of at least 1; got {size!r}")


def require_positive(group: str, **numbers: float) -> None:
    """Raise `ValueError` unless all numbers are above 0."""
    for name, number in numbers.items():
        if not number > 0:
            raise ValueError(f"{group}.{name}: expected a positive number; got {number}")


def require_activation(name: str) -> None:
    """Raise `ValueError` unless Keras has an activation of this name, or it is the sine."""
    if name == SINE:
        return
    try:
        keras.activations.get(name)
    except ValueError:
        raise ValueError(
            f"field.activation: expected sine or a Keras activation such as tanh, gelu, silu, softplus; got {name!r}"
        ) from None
