"""One training step on `mean((lap u + 1)^2)` by one of our engines, as a process of its own.

Usage: laplacian_pinn.py WAY DIMENSION WIDTHS POINTS, in float32. WAY is `tape-eager`, `tape-graph`, `tape` (under XLA),
`forward` (under XLA, in one piece) or `blocks` (the same as training does it: the points in blocks, a share a core).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, str(Path(__file__).parent / "rivals"))

import tensorflow as tf
from serve import network, request, serve

from pinn.calculus import Engine, Forward, Needs, Tape
from pinn.solvers import cores
from pinn.training.blocks import Share, blocks_for, sum_over_blocks

COMPILED: dict[str, Callable[[Callable[[], tf.Tensor]], Callable[[], tf.Tensor]]] = {
    "tape-eager": lambda f: f,
    "tape-graph": tf.function,
    "tape": tf.function(jit_compile=True),
    "forward": tf.function(jit_compile=True),
    "blocks": tf.function,  # around shares that are compiled each
}


def stepper(way: str, dimension: int, widths: list[int], points: int) -> Callable[[], object]:
    """A function that computes the gradient of the loss with respect to all weights."""
    arrays, coordinates = network(dimension, widths, points)
    weights = [tf.Variable(array, dtype=tf.float32) for array in arrays]
    x = tf.constant(coordinates, tf.float32)
    engine: Engine = Tape() if way.startswith("tape") else Forward()
    needs = Needs.of(traces=[tuple(range(dimension))])
    blocks = blocks_for(points, 4 * needs.rows * sum(widths))

    def field(p: tf.Tensor) -> tf.Tensor:
        hidden = p
        for weight in weights[:-1]:
            hidden = tf.tanh(hidden @ weight)
        return (hidden @ weights[-1])[:, 0]

    def part(p: tf.Tensor, mask: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            (laplacian,) = engine.differentiate(field, p, needs).traces.values()
            loss = tf.reduce_sum(mask * (laplacian + 1) ** 2) / points
        return tape.gradient(loss, weights)

    @tf.function(jit_compile=True, autograph=False, input_signature=[tf.TensorSpec([], tf.int32)])
    def share(k: tf.Tensor) -> list[tf.Tensor]:
        return sum_over_blocks(part, [x], blocks, Share(k, cores()))

    def shared() -> list[tf.Tensor]:
        return [tf.add_n(each) for each in zip(*(share(tf.constant(k)) for k in range(cores())), strict=True)]

    step = COMPILED[way](shared if way == "blocks" else lambda: part(x, tf.ones([points], tf.float32)))

    def taken() -> object:
        return step()[0].numpy()

    return taken


if __name__ == "__main__":
    serve(stepper(*request()))
