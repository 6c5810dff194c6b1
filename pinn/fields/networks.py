"""Neural fields as Keras models `[N, d] -> [N, m]`, made of Keras' own layers so that a saved file opens without
`pinn`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, final

import keras
import numpy as np

from pinn.fields.layers import Bound, Seeds, dense, hidden_layers, require_activation, require_sizes, scaled_input


class FieldRecipe(Protocol):
    """What builds a network once the domain, the precision and the seed are known."""

    def build(
        self,
        *,
        lower: Bound,
        upper: Bound,
        components: int,
        dtype: str,
        seed: int,
        periodic: Sequence[bool] = (),
    ) -> keras.Model:
        """A model `[N, d] -> [N, m]` on the bounding box from `lower [d]` to `upper [d]`, periodic along some of the
        axes (nothing at all: along none); the same seed gives the same weights.
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
        require_sizes("field", width=self.width, depth=self.depth)
        require_activation(self.activation)

    def build(
        self,
        *,
        lower: Bound,
        upper: Bound,
        components: int,
        dtype: str,
        seed: int,
        periodic: Sequence[bool] = (),
    ) -> keras.Model:
        """The network with weights drawn from `seed`."""
        inputs, scaled = scaled_input(lower, upper, dtype, periodic)
        seeds = Seeds(seed)
        hidden = hidden_layers(
            scaled, width=self.width, depth=self.depth, activation=self.activation, dtype=dtype, seeds=seeds
        )
        return keras.Model(inputs, dense(hidden, components, dtype, next(seeds), "output"), name="mlp")


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
        require_sizes("field", width=self.width, depth=self.depth, features=self.features)
        require_activation(self.activation)
        if not self.scale > 0:
            raise ValueError(f"field.scale: expected a positive number; got {self.scale}")

    def build(
        self,
        *,
        lower: Bound,
        upper: Bound,
        components: int,
        dtype: str,
        seed: int,
        periodic: Sequence[bool] = (),
    ) -> keras.Model:
        """The network with waves and weights drawn from `seed`."""
        inputs, scaled = scaled_input(lower, upper, dtype, periodic)
        seeds = Seeds(seed)
        waves = keras.layers.Dense(
            self.features,
            use_bias=False,
            trainable=False,
            dtype=dtype,
            kernel_initializer=keras.initializers.RandomNormal(stddev=np.pi * self.scale, seed=next(seeds)),
            name="waves",
        )(scaled)
        features = keras.layers.Concatenate(dtype=dtype)([keras.ops.sin(waves), keras.ops.cos(waves)])
        hidden = hidden_layers(
            features, width=self.width, depth=self.depth, activation=self.activation, dtype=dtype, seeds=seeds
        )
        return keras.Model(inputs, dense(hidden, components, dtype, next(seeds), "output"), name="fourier")
