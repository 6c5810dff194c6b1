"""The two-body Poisson problem on the unit ball in high dimension: errors, and steps a second.

    .venv/bin/python experiments/high_dimension.py                      d = 100 and 1000, 10 000 steps of Adam each
    .venv/bin/python experiments/high_dimension.py --speed              steps a second up to d = 100 000 as well,
                                                                       beside JAX where its environment is there

`lap u = f` in the ball, `u = 0` on the sphere, with the solution

    u* = (1 - |x|^2) sum_i c_i sin(x_i + cos(x_{i+1}) + x_{i+1} cos(x_i)),   c_i normal, seeded.

The field is `(1 - |x|^2)` times the sum of a tanh network of 4 layers of 128 and a constant. The constant is that of
the equation's mean, `lap c (1 - |x|^2) = -2 d c`: without it the first residuals are a hundred times larger than the
later ones, and Adam's memory of their squares holds it back for thousands of steps. For the same reason that memory is
short, `beta_2 = 0.99`. Each step draws 100 new points (directions uniform, radii uniform in (0, 1)) and new random axes
for the Laplacian. The error is relative L2 on 20 000 points of the same distribution; beside it stands the error of the
best multiple of `1 - |x|^2`, which needs no training.

Source of the problem and the setting: Z. Hu, K. Shukla, G. Karniadakis, K. Kawaguchi, Neural Networks 176 (2024).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
from peers import PYTHON, Peer, Timed, in_turn

from pinn.calculus import engine_named, laplacian, stochastic_laplacian
from pinn.fields import Layout, Mlp

POINTS, TEST_POINTS = 100, 20_000


def samples(dimension: int) -> int:
    """How many random axes a step takes: more where a single one says less about the others."""
    return min(32 if dimension <= 100 else 16, dimension)


@dataclass(frozen=True)
class TwoBody:
    """The solution and its source in closed form."""

    dimension: int

    def sum_of(self, pairs: tf.Tensor) -> tf.Tensor:
        """Pairs `[N, d - 1]` weighted by `c` and summed."""
        c = np.random.default_rng(1).normal(size=self.dimension - 1)
        return tf.linalg.matvec(pairs, tf.constant(c, pairs.dtype))

    def inner(self, x: tf.Tensor) -> tf.Tensor:
        """The sum of pairs, `[N]`."""
        a, b = x[:, :-1], x[:, 1:]
        return self.sum_of(tf.sin(a + tf.cos(b) + b * tf.cos(a)))

    def exact(self, x: tf.Tensor) -> tf.Tensor:
        return outside(x) * self.inner(x)

    def source(self, x: tf.Tensor) -> tf.Tensor:
        r"""`\Delta u^* = (1 - r^2) \Delta s - 4 x . \nabla s - 2 d s` for the sum of pairs `s`, in `O(d)`."""
        a, b = x[:, :-1], x[:, 1:]
        angle = a + tf.cos(b) + b * tf.cos(a)
        sine, cosine = tf.sin(angle), tf.cos(angle)
        along_a, along_b = 1 - b * tf.sin(a), tf.cos(a) - tf.sin(b)
        curved = -b * tf.cos(a) - tf.cos(b)
        second = cosine * curved - sine * (along_a**2 + along_b**2)
        radial = cosine * (a * along_a + b * along_b)
        return self.sum_of(outside(x)[:, tf.newaxis] * second - 4 * radial - 2 * self.dimension * sine)

    def mean_source(self) -> float:
        """The mean of the source over 1000 points."""
        return float(tf.reduce_mean(self.source(draw(tf.constant([7, 8]), 1000, self.dimension))))


def outside(x: tf.Tensor) -> tf.Tensor:
    """`1 - |x|^2`, zero on the sphere."""
    return 1 - tf.reduce_sum(x**2, axis=1)


def draw(seed: tf.Tensor, count: int, dimension: int) -> tf.Tensor:
    """Points with uniform directions and radii, `[count, d]`."""
    direction = tf.random.stateless_normal([count, dimension], seed)
    radius = tf.random.stateless_uniform([count, 1], seed + 1)
    return direction * (radius / tf.norm(direction, axis=1, keepdims=True))


@dataclass(frozen=True)
class Run:
    """A network in training: `steps(n)` takes `n` steps, `error()` is relative L2."""

    steps: Callable[[int], None]
    error: Callable[[], float]


def start(dimension: int, operator: str, planned: int) -> Run:
    """Compile the training of a field.

    Args:
        dimension: of the ball.
        operator: `stochastic`, or the name of an engine for the exact Laplacian.
        planned: the number of steps over which the learning rate falls to zero.
    """
    problem = TwoBody(dimension)
    cube = np.ones(dimension)
    model = Mlp(width=128, depth=4).build(Layout(-cube, cube, dtype="float32"))
    rate = tf.keras.optimizers.schedules.PolynomialDecay(1e-3, planned, 0.0)
    adam = tf.keras.optimizers.Adam(rate, beta_2=0.99)
    adam.build(model.trainable_variables)
    constant = problem.mean_source() / (-2 * dimension)

    def field(x: tf.Tensor) -> tf.Tensor:
        return outside(x) * (model(x)[:, 0] + constant)

    def curvature(x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        if operator == "stochastic":
            return stochastic_laplacian(field, samples=samples(dimension), seed=seed)(x)
        return laplacian(field, engine=engine_named(operator))(x)

    @tf.function(jit_compile=True, autograph=False)
    def step(k: tf.Tensor) -> None:
        x = draw(tf.stack([k, 2]), POINTS, dimension)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((curvature(x, tf.stack([k, 3])) - problem.source(x)) ** 2)
        adam.apply(tape.gradient(loss, model.trainable_variables))

    done = 0

    def steps(count: int) -> None:
        nonlocal done
        for k in range(done, done + count):
            step(tf.constant(k, tf.int32))
        done += count

    def error() -> float:
        return relative_error(problem, field)

    return Run(steps, error)


def relative_error(problem: TwoBody, field: Callable[[tf.Tensor], tf.Tensor]) -> float:
    """Relative L2 on points that were not trained on, a thousand at a time."""
    wrong, whole = 0.0, 0.0
    for k in range(TEST_POINTS // 1000):
        x = draw(tf.constant([k, 5]), 1000, problem.dimension)
        exact = problem.exact(x)
        wrong += float(tf.reduce_sum((field(x) - exact) ** 2))
        whole += float(tf.reduce_sum(exact**2))
    return float(np.sqrt(wrong / whole))


def trivial_error(problem: TwoBody) -> float:
    """The error of the best multiple of `1 - |x|^2`."""
    x = draw(tf.constant([9, 9]), 2000, problem.dimension)
    shape = outside(x)
    multiple = tf.reduce_sum(shape * problem.exact(x)) / tf.reduce_sum(shape**2)
    return relative_error(problem, lambda x: multiple * outside(x))


def accuracy(dimensions: list[int], steps: int) -> None:
    print(f"{'d':>8}{'relative L2':>14}{'of 1 - |x|^2':>14}{'seconds':>10}")
    for dimension in dimensions:
        run = start(dimension, "stochastic", steps)
        run.steps(1)
        began = time.perf_counter()
        run.steps(steps - 1)
        seconds = time.perf_counter() - began
        print(f"{dimension:8}{run.error():14.2e}{trivial_error(TwoBody(dimension)):14.2e}{seconds:10.0f}", flush=True)


@dataclass(frozen=True)
class Contestant:
    """A way of stepping, ours by its operator or a rival's by its word, and the largest dimension it is asked for."""

    way: str
    largest: int
    rival: bool = False

    @contextmanager
    def started(self, dimension: int) -> Iterator[Timed]:
        """Compiled, as a function from a number of steps to the seconds they take."""
        if self.rival:
            peer = Peer("two_body_jax.py", [self.way, str(dimension)])
            try:
                yield peer
            finally:
                peer.close()
            return
        run = start(dimension, self.way, planned=10**6)

        def timed(count: int) -> float:
            began = time.perf_counter()
            run.steps(count)
            return time.perf_counter() - began

        timed(1)
        yield timed


CONTESTANTS = {
    "random axes": Contestant("stochastic", 10**6),
    "JAX, random axes": Contestant("axes", 10**6, rival=True),
    "exact, one pass": Contestant("forward", 1000),
    "exact, tapes": Contestant("tape", 1000),
    "exact, JAX + folx": Contestant("folx", 1000, rival=True),
}


def speed(dimensions: list[int], names: list[str], rounds: int) -> None:
    """Steps a second of everybody in turn; exact Laplacians up to the dimension where a step takes a second or so."""
    print(f"\n{'steps a second':16}" + "".join(f"{name:>20}" for name in names))
    for dimension in dimensions:
        asked = [name for name in names if dimension <= CONTESTANTS[name].largest]
        with ExitStack() as stack:
            timed = {name: stack.enter_context(CONTESTANTS[name].started(dimension)) for name in asked}
            counts = {name: max(1, min(200, round(1 / one(1)))) for name, one in timed.items()}
            seconds = in_turn(timed, steps=counts, rounds=rounds)
        cells = [f"{1 / seconds[name]:.1f}" if name in seconds else "-" for name in names]
        print(f"{f'd = {dimension}':16}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dimensions", default="100,1000", help="of the errors")
    parser.add_argument("--steps", type=int, default=10_000, help="of Adam")
    parser.add_argument(
        "--speed", nargs="?", const="100,1000,10000,100000", help="measure steps a second as well, in these dimensions"
    )
    options = parser.parse_args()
    accuracy([int(d) for d in options.dimensions.split(",")], options.steps)
    if options.speed is not None:
        names = [name for name in CONTESTANTS if PYTHON.exists() or not CONTESTANTS[name].rival]
        speed([int(d) for d in options.speed.split(",")], names, rounds=5)


if __name__ == "__main__":
    main()
