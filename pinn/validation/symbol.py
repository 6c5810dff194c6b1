r"""Equations as functions of numbers: what a residual or a condition says of a value, slopes and second derivatives.

A jet can be made of any numbers, and TensorFlow differentiates what is written on it with respect to each of them. So
the coefficients of an equation are found without a declaration: `r = -a : H + m u_tt + c u_t + b(x, t, u, \nabla u)`
has the second derivatives H in its matrix a, and whether r has that form at all is tried with random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
import tensorflow as tf

from pinn.calculus import Derivatives, EvaluatedJet, Expression, Frame, Needs, PointSet, learn
from pinn.references.finite_elements import UnsolvedError

DTYPE = tf.float64


class Numbers(NamedTuple):
    """The jet of a scalar field at N points in d dimensions, free to choose.

    Attributes:
        value, first, second: `[N]`, `[N, d]`, and the symmetric `[N, d, d]`.
    """

    value: tf.Tensor
    first: tf.Tensor
    second: tf.Tensor


@final
@dataclass(frozen=True)
class Symbol:
    """An expression in a jet as a function of the points `[N, d]` and the numbers in the jet: `[N]`.

    Attributes:
        expression: a residual, or what a condition sees.
        frame: of the problem.
        needs: what the expression touches.
    """

    expression: Expression
    frame: Frame
    needs: Needs

    @classmethod
    def of(cls, expression: Expression, frame: Frame) -> Symbol:
        """The symbol of an expression, whose needs are learned."""
        return cls(expression, frame, learn(expression, frame, DTYPE))

    def __call__(self, points: tf.Tensor, numbers: Numbers, normals: tf.Tensor | None = None) -> tf.Tensor:
        """`[N]`.

        Raises:
            UnsolvedError: the expression is not one equation but several.
        """
        partials = {
            axes: numbers.first[:, axes[0]] if len(axes) == 1 else numbers.second[:, axes[0], axes[1]]
            for axes in self.needs.partials
        }
        traces = {axes: tf.add_n([numbers.second[:, i, i] for i in axes]) for axes in self.needs.traces}
        jet = EvaluatedJet(Derivatives(numbers.value, partials, traces), self.frame)
        answer = self.expression(PointSet(points, self.frame.axes, normals), jet)
        if isinstance(answer, Mapping):
            if len(answer) != 1:
                raise UnsolvedError(f"finite elements serve one equation; there are {len(answer)}")
            answer = next(iter(answer.values()))
        return tf.broadcast_to(tf.cast(answer, points.dtype), tf.shape(points)[:1])


def slopes(of: tf.Tensor, tape: tf.GradientTape, to: tf.Tensor) -> tf.Tensor:
    """The derivative of each number `[N]` to what belongs to its own point, `[N, ...]`; zero where there is none."""
    return tape.gradient(of, to, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def random_numbers(count: int, dim: int, seed: int) -> Numbers:
    """Numbers of order one."""
    random = np.random.default_rng(seed)
    second = random.normal(size=(count, dim, dim))
    return Numbers(
        tf.constant(random.normal(size=count)),
        tf.constant(random.normal(size=(count, dim))),
        tf.constant(second + second.transpose(0, 2, 1)),
    )


def compiled(
    function: Callable[..., tuple[tf.Tensor, ...]], *tails: tuple[int, ...]
) -> Callable[..., list[np.ndarray]]:
    """A function of tensors `[N, ...]` as one graph on arrays, a bounded number of points at a time."""
    signature = [tf.TensorSpec([None, *tail], DTYPE) for tail in tails]
    traced = tf.function(function, autograph=False).get_concrete_function(*signature)

    def called(*arrays: np.ndarray) -> list[np.ndarray]:
        count = len(arrays[0])
        blocks = [
            traced(*(tf.constant(array[i : i + _BLOCK], DTYPE) for array in arrays)) for i in range(0, count, _BLOCK)
        ]
        return [np.concatenate([part.numpy() for part in parts]) for parts in zip(*blocks, strict=True)]

    return called


_BLOCK = 2**16
