"""Programs that nobody would write: operations drawn at random, one after another, on tensors `[N, w]`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf
from forward_oracle import assert_same, differentiate, nested
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.calculus import Forward

Columns = Callable[..., tf.Tensor]  # [N, w], ... -> [N, v]

# All keep numbers between -10 and 10, so that round-off stays comparable with the result.
ONE: dict[str, Columns] = {
    "tanh": tf.tanh,
    "sin": tf.sin,
    "bell": lambda h: tf.exp(-(h**2)),
    "softplus": tf.nn.softplus,
    "root": lambda h: tf.sqrt(1 + h**2),
    "inverse": lambda h: 1 / (2 + h**2),
    "arctangent": tf.atan,
    "error function": tf.math.erf,
    "softmax": lambda h: tf.nn.softmax(h, axis=1),
    "centred": lambda h: h - tf.reduce_mean(h, axis=1, keepdims=True),
    "reversed": lambda h: h[:, ::-1],
    "rolled": lambda h: tf.roll(h, 1, axis=1),
    "padded": lambda h: tf.pad(h[:, 1:], [[0, 0], [1, 0]]),
    "cumulated": lambda h: tf.cumsum(h, axis=1) / h.shape[1],
    "dense": lambda h: h @ tf.constant(np.random.default_rng(h.shape[1]).normal(size=(h.shape[1], 3)) / 2),
    "outer": lambda h: tf.reshape(tf.tanh(h[:, :, None] * h[:, None, :2]), [tf.shape(h)[0], -1])[:, :5],
    "length": lambda h: tf.sqrt(0.1 + tf.reduce_sum(h**2, axis=1, keepdims=True)),
    "largest": lambda h: tf.reduce_max(h, axis=1, keepdims=True),
}
TWO: dict[str, Columns] = {
    "sum": lambda a, b: a + b[:, :1],
    "product": lambda a, b: tf.tanh(a) * b[:, -1:],
    "quotient": lambda a, b: a / (1 + b[:, :1] ** 2),
    "beside": lambda a, b: tf.concat([a, b], axis=1)[:, -4:],
    "chosen": lambda a, b: tf.where(b[:, :1] > 0, a, tf.sin(a)),
    "contracted": lambda a, b: tf.einsum("na,nb->nab", tf.sin(a), tf.cos(b))[:, :, 0],
    "kept": lambda a, b: tf.squeeze(tf.stack([a, a * b[:, :1]], axis=2)[:, :, 1:], axis=2),
}


@dataclass(frozen=True)
class Program:
    """Steps, each an operation and the earlier results it takes, counted back from the latest."""

    dimension: int
    steps: tuple[tuple[str, tuple[int, ...]], ...]

    def __call__(self, points: tf.Tensor) -> tf.Tensor:
        results = [points]
        for name, back in self.steps:
            operation = ONE[name] if name in ONE else TWO[name]
            results.append(operation(*(results[-1 - k % len(results)] for k in back)))
        return results[-1]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    back = st.integers(0, 7)
    one = st.tuples(st.sampled_from(sorted(ONE)), st.tuples(back))
    two = st.tuples(st.sampled_from(sorted(TWO)), st.tuples(back, back))
    return Program(draw(st.integers(1, 4)), tuple(draw(st.lists(one | two, min_size=1, max_size=8))))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(programs(), st.integers(0, 1000))
@pytest.mark.no_cover  # the lines of the rules' own cases
def test_random_programs_have_the_derivatives_of_nested_reverse_mode(program: Program, seed: int) -> None:
    points = np.random.default_rng(seed).uniform(-1, 1, (3, program.dimension))
    assert_same(differentiate(Forward(), program, points), nested(program, points), 1e-11)
