"""Neural fields as Keras models `[N, d] -> [N, m]`, made of Keras' own layers so that a saved file opens without
`pinn`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Protocol, final

import keras
import numpy as np

SINE = "sine"

Bound = Sequence[float] | np.ndarray  # one corner of the bounding box, [d]


class FieldRecipe(Protocol):
    """What builds a network once the domain, the precision and the seed are known."""

    def build(self, *, lower: Bound, upper: Bound, components: int, dtype: str, seed: int) -> keras.Model:
        """A model `[N, d] -> [N, m]` on the bounding box from `lower [d]` to `upper [d]`; the same seed gives the
        same weights.
        """


@final
@dataclass(frozen=True)
class Mlp:
    r"""A multilayer perceptron on inputs scaled to `[-1, 1]^d`.

    `h_0 = 2 (x - a) / (b - a) - 1`, `h_{k+1} = \sigma(W_k h_k + b_k)`, and a linear last layer. Glorot-normal
    weights, zero biases.

    Args:
        width: neurons a hidden layer.
        depth: hidden layers.
        activation: any Keras activation by name (`tanh`, `gelu`, `silu`, ...), or `sine`. It must be twice
            differentiable to represent a
            Laplacian: `relu` has none.

    Raises:
        ValueError: sizes below one, an unknown activation.
    """

    width: int = 32
    depth: int = 2
    activation: str = "tanh"

    def __post_init__(self) -> None:
        _require_sizes("field", width=self.width, depth=self.depth)
        _require_activation(self.activation)

    def build(self, *, lower: Bound, upper: Bound, components: int, dtype: str, seed: int) -> keras.Model:
        """The network with weights drawn from `seed`."""
        inputs, scaled = _scaled_input(lower, upper, dtype)
        seeds = _Seeds(seed)
        hidden = _hidden_layers(
            scaled, width=self.width, depth=self.depth, activation=self.activation, dtype=dtype, seeds=seeds
        )
        return keras.Model(inputs, _dense(hidden, components, dtype, next(seeds), "output"), name="mlp")


@final
@dataclass(frozen=True)
class FourierFeatures:
    r"""A multilayer perceptron behind fixed random waves, for solutions with short wavelengths.

    `h_0 = (\sin B s, \cos B s)` with the scaled inputs `s` in `[-1, 1]^d` and `B_{ij}` normal with standard deviation
    `\pi` times `scale`; then as `Mlp`.

    Args:
        width, depth, activation: as for `Mlp`.
        features: how many waves; the first layer has twice as many inputs.
        scale: the typical number of half waves across the domain.

    Raises:
        ValueError: sizes below one, a scale that is not positive, an unknown activation.

    Source: Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains,
        NeurIPS 2020.
    """

    width: int = 32
    depth: int = 2
    activation: str = "tanh"
    features: int = 32
    scale: float = 1.0

    def __post_init__(self) -> None:
        _require_sizes("field", width=self.width, depth=self.depth, features=self.features)
        _require_activation(self.activation)
        if not self.scale > 0:
            raise ValueError(f"field.scale: expected a positive number; got {self.scale}")

    def build(self, *, lower: Bound, upper: Bound, components: int, dtype: str, seed: int) -> keras.Model:
        """The network with waves and weights drawn from `seed`."""
        inputs, scaled = _scaled_input(lower, upper, dtype)
        seeds = _Seeds(seed)
        waves = keras.layers.Dense(
            self.features,
            use_bias=False,
            trainable=False,
            dtype=dtype,
            kernel_initializer=keras.initializers.RandomNormal(stddev=np.pi * self.scale, seed=next(seeds)),
            name="waves",
        )(scaled)
        features = keras.layers.Concatenate(dtype=dtype)([keras.ops.sin(waves), keras.ops.cos(waves)])
        hidden = _hidden_layers(
            features, width=self.width, depth=self.depth, activation=self.activation, dtype=dtype, seeds=seeds
        )
        return keras.Model(inputs, _dense(hidden, components, dtype, next(seeds), "output"), name="fourier")


def _scaled_input(lower: Bound, upper: Bound, dtype: str) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The input and its affine map to `[-1, 1]^d`."""
    a, b = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    inputs = keras.Input(shape=(len(a),), dtype=dtype, name="points")
    scale = 2.0 / (b - a)
    rescaling = keras.layers.Rescaling(scale.tolist(), (-1.0 - scale * a).tolist(), dtype=dtype, name="scaling")
    return inputs, rescaling(inputs)


def _hidden_layers(
    tensor: keras.KerasTensor, *, width: int, depth: int, activation: str, dtype: str, seeds: _Seeds
) -> keras.KerasTensor:
    for k in range(depth):
        tensor = _dense(tensor, width, dtype, next(seeds), f"hidden_{k + 1}")
        tensor = (
            keras.ops.sin(tensor) if activation == SINE else keras.layers.Activation(activation, dtype=dtype)(tensor)
        )
    return tensor


def _dense(tensor: keras.KerasTensor, units: int, dtype: str, seed: int, name: str) -> keras.KerasTensor:
    initializer = keras.initializers.GlorotNormal(seed=seed)
    return keras.layers.Dense(units, dtype=dtype, kernel_initializer=initializer, name=name)(tensor)


class _Seeds:
    """Independent seeds, one a layer, from one seed."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def __next__(self) -> int:
        return int(self._generator.integers(2**31 - 1))


def _require_sizes(group: str, **sizes: int) -> None:
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, Integral) or size < 1:
            raise ValueError(f"{group}.{name}: expected a whole number of at least 1; got {size!r}")


def _require_activation(name: str) -> None:
    if name == SINE:
        return
    try:
        keras.activations.get(name)
    except ValueError:
        raise ValueError(
            f"field.activation: expected sine or a Keras activation such as tanh, gelu, silu, softplus; got {name!r}"
        ) from None
