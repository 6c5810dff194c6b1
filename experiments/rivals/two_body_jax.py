"""Training steps on the two-body problem of `high_dimension.py` in JAX, compiled.

Usage: two_body_jax.py WAY DIMENSION, in float32 with as many points and random axes as there. WAY is `axes`,
second-order Taylor mode along random axes as STDE does it, or `folx`, the exact forward Laplacian of that library.
"""

from __future__ import annotations

import itertools
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.experimental import jet
from serve import serve

way, dimension = sys.argv[1], int(sys.argv[2])
POINTS, SAMPLES, WIDTHS = 100, 32 if dimension <= 100 else 16, (128, 128, 128, 128)
generator = np.random.default_rng(0)
sizes = [dimension, *WIDTHS, 1]
weights = [
    (jnp.asarray(generator.normal(size=(a, b)) / np.sqrt(a), jnp.float32), jnp.zeros(b, jnp.float32))
    for a, b in itertools.pairwise(sizes)
]
c = jnp.asarray(np.random.default_rng(1).normal(size=dimension - 1), jnp.float32)


def field(weights: list, x: jax.Array) -> jax.Array:
    hidden = x
    for matrix, bias in weights[:-1]:
        hidden = jnp.tanh(hidden @ matrix + bias)
    matrix, bias = weights[-1]
    return (1 - x @ x) * (hidden @ matrix + bias)[0]


def source(x: jax.Array) -> jax.Array:
    a, b = x[:-1], x[1:]
    angle = a + jnp.cos(b) + b * jnp.cos(a)
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    along_a, along_b = 1 - b * jnp.sin(a), jnp.cos(a) - jnp.sin(b)
    second = cosine * (-b * jnp.cos(a) - jnp.cos(b)) - sine * (along_a**2 + along_b**2)
    radial = cosine * (a * along_a + b * along_b)
    return c @ ((1 - x @ x) * second - 4 * radial - 2 * dimension * sine)


def along_axes(weights: list, x: jax.Array, axes: jax.Array) -> jax.Array:
    def second(axis: jax.Array) -> jax.Array:
        unit = jnp.zeros(dimension, x.dtype).at[axis].set(1.0)
        return jet.jet(lambda p: field(weights, p), (x,), ((unit, jnp.zeros_like(x)),))[1][1]

    return dimension * jnp.mean(jax.vmap(second)(axes))


def in_one_pass(weights: list, x: jax.Array, axes: jax.Array) -> jax.Array:  # noqa: ARG001 - all axes
    import folx

    return folx.forward_laplacian(lambda p: field(weights, p))(x).laplacian


laplacian = {"axes": along_axes, "folx": in_one_pass}[way]
adam = optax.adam(optax.linear_schedule(1e-3, 0.0, 10**6))


@jax.jit
def advance(weights: list, state: optax.OptState, key: jax.Array) -> tuple:
    now, key = jax.random.split(key)
    first, second, third = jax.random.split(now, 3)
    direction = jax.random.normal(first, (POINTS, dimension), jnp.float32)
    radius = jax.random.uniform(second, (POINTS, 1), jnp.float32)
    x = direction * radius / jnp.linalg.norm(direction, axis=1, keepdims=True)
    axes = jax.random.choice(third, dimension, (min(SAMPLES, dimension),), replace=False)

    def loss(weights: list) -> jax.Array:
        residuals = jax.vmap(lambda p: laplacian(weights, p, axes) - source(p))(x)
        return jnp.mean(residuals**2)

    updates, state = adam.update(jax.grad(loss)(weights), state)
    return optax.apply_updates(weights, updates), state, key


carried = (weights, adam.init(weights), jax.random.key(0))


def step() -> None:
    global carried  # noqa: PLW0603 - a training state outlives the step
    carried = jax.block_until_ready(advance(*carried))


serve(step)
