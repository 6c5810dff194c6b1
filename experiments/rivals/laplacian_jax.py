"""One training step on `mean((lap u + 1)^2)` in JAX, compiled.

Usage: laplacian_jax.py WAY DIMENSION WIDTHS POINTS, in float32. WAY is `nested`, forward over reverse mode with all
unit vectors at once, or `folx`, the forward Laplacian of that library.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from serve import network, request, serve

way, dimension, widths, points = request()
arrays, coordinates = network(dimension, widths, points)
weights = [jnp.asarray(array, jnp.float32) for array in arrays]
x = jnp.asarray(coordinates, jnp.float32)


def field(weights: list[jax.Array], point: jax.Array) -> jax.Array:
    hidden = point
    for weight in weights[:-1]:
        hidden = jnp.tanh(hidden @ weight)
    return (hidden @ weights[-1])[0]


def nested(weights: list[jax.Array], point: jax.Array) -> jax.Array:
    slope = jax.grad(lambda p: field(weights, p))
    unit = jnp.eye(dimension, dtype=point.dtype)
    curvatures = jax.vmap(lambda e: jax.jvp(slope, (point,), (e,))[1] @ e)(unit)
    return jnp.sum(curvatures)


def one_pass(weights: list[jax.Array], point: jax.Array) -> jax.Array:
    import folx

    return folx.forward_laplacian(lambda p: field(weights, p))(point).laplacian


laplacian = {"nested": nested, "folx": one_pass}[way]


@jax.jit
def gradient(weights: list[jax.Array], x: jax.Array) -> list[jax.Array]:
    def loss(weights: list[jax.Array]) -> jax.Array:
        return jnp.mean((jax.vmap(lambda p: laplacian(weights, p))(x) + 1) ** 2)

    return jax.grad(loss)(weights)


serve(lambda: jax.block_until_ready(gradient(weights, x)))
