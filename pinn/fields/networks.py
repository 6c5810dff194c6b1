"""Neural fields as Keras models `[N, d] -> [N, m]`, made of Keras' own layers so that a saved file opens without
`pinn`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, final

import keras
import numpy as np

from pinn.fields.layers import (
    Seeds,
    activated,
    dense,
    require_activation,
    require_positive,
    require_sizes,
    scaled_input,
)
from pinn.fields.layout import Layout


class FieldRecipe(Protocol):
    """What builds a network once the domain, the precision and the seed are known."""

    def build(self, layout: Layout) -> keras.Model:
        """A model `[N, d] -> [N, m]`, periodic along those axes that are."""


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
            differentiable to represent a Laplacian: `relu` has none.

    Raises:
        ValueError: sizes below one, an unknown activation.
    """

    width: int = 32
    depth: int = 2
    activation: str = "tanh"

    def __post_init__(self) -> None:
        require_sizes("field", width=self.width, depth=self.depth)
        require_activation(self.activation)

    def build(self, layout: Layout) -> keras.Model:
        """The network with weights drawn by chance."""
        inputs, scaled = scaled_input(layout)
        return keras.Model(inputs, _perceptron(self, scaled, layout, Seeds(layout.seed)), name="mlp")


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
        require_positive("field", scale=self.scale)

    def build(self, layout: Layout) -> keras.Model:
        """The network with waves and weights drawn by chance."""
        inputs, scaled = scaled_input(layout)
        seeds, dtype = Seeds(layout.seed), layout.dtype
        waves = keras.layers.Dense(
            self.features,
            use_bias=False,
            trainable=False,
            dtype=dtype,
            kernel_initializer=keras.initializers.RandomNormal(stddev=np.pi * self.scale, seed=next(seeds)),
            name="waves",
        )(scaled)
        features = keras.layers.Concatenate(dtype=dtype)([keras.ops.sin(waves), keras.ops.cos(waves)])
        return keras.Model(inputs, _perceptron(self, features, layout, seeds), name="fourier")


def _perceptron(
    recipe: Mlp | FourierFeatures, tensor: keras.KerasTensor, layout: Layout, seeds: Seeds
) -> keras.KerasTensor:
    """Hidden layers and a linear last one, `[N, m]`."""
    for k in range(recipe.depth):
        hidden = dense(tensor, recipe.width, layout.dtype, next(seeds), f"hidden_{k + 1}")
        tensor = activated(hidden, recipe.activation, layout.dtype)
    return dense(tensor, layout.components, layout.dtype, next(seeds), "output")
