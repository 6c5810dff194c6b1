"""Sparse residuals of a field in patches: every point feels the patches around it, and no others."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol, final

import numpy as np
import tensorflow as tf

from pinn.calculus import Engine
from pinn.fields import Ansatz
from pinn.solvers import Block, cores
from pinn.training.terms import Term

Rows = Callable[[Callable[[tf.Tensor], tf.Tensor], tf.Tensor, tf.Tensor], list[tf.Tensor]]
"""`(network, points [B, d], normals [B, d]) -> residuals`, each `[B]`: the rows of one term."""


class Patched(Protocol):
    """A field in patches as its residuals see it: `Patchwork`, or the present slab of a `Slabwork`."""

    @property
    def numbers(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """`[N, d] -> [N, q]`, the patches around points."""

    def field(self, points: tf.Tensor, coefficients: tf.Tensor) -> tf.Tensor:
        """The field `[N, m]` at points, each with its own coefficients of these patches, `[N, q, g]`."""


_CHUNK = 256  # points a call of a compiled program: their features and derivatives just fit into a core's cache


@final
@dataclass
class PatchedTerm:
    r"""The residuals of one term and their derivatives with respect to the coefficients that each of them feels.

    Every point is given its own copy of the coefficients of the patches around it, `[N, q, g]`. A residual then depends
    on its own row only, so that one reverse sweep of the sum of all residuals gives the whole sparse Jacobian, through
    any engine and any condition.

    Args:
        patchwork: the field.
        rows: the residuals of a network.
    """

    patchwork: Patched
    rows: Rows
    _programs: dict[bool, Any] = field(default_factory=dict)
    _size: int = 0  # points a call, as many as there were at first

    @classmethod
    def of(cls, patchwork: Patched, term: Term, ansatz: Ansatz, engine: Engine) -> PatchedTerm:
        """The residuals of a term of a problem, whose field the ansatz makes of the patches."""

        def rows(network: Callable[[tf.Tensor], tf.Tensor], points: tf.Tensor, normals: tf.Tensor) -> list[tf.Tensor]:
            return list(term.rows(ansatz(network), points, normals, engine).values())

        return cls(patchwork, rows)

    def values(self, table: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        """The residuals, `[k, N]`, for coefficients `[K, g]` of all patches."""
        answers = self._answers(table, points, normals, self._numbers(points), slopes=False)
        return np.concatenate([values for (values,) in answers], axis=1)

    def slopes(self, table: np.ndarray, points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, list[Block]]:
        """The residuals, `[k, N]`, and their Jacobian; its rows are numbered as those of `[k N]`."""
        numbers = self._numbers(points)
        order = np.argsort(numbers[:, 0], kind="stable")  # the first patch around a point says which the others are
        numbers = numbers[order]
        answers = list(self._answers(table, points[order], normals[order], numbers, slopes=True))
        values = np.empty((len(answers[0][0]), len(points)), table.dtype)
        values[:, order] = np.concatenate([part for part, _ in answers], axis=1)
        matrix = np.concatenate([part for _, part in answers], axis=1)
        borders = [0, *(np.flatnonzero(np.diff(numbers[:, 0])) + 1), len(points)]
        blocks = [
            Block(k * len(points) + order[first:last], tuple(map(int, numbers[first])), matrix[k, first:last])
            for first, last in itertools.pairwise(borders)
            for k in range(len(values))
        ]
        return values, blocks

    def _numbers(self, points: np.ndarray) -> np.ndarray:
        """The patches around each point, `[N, q]`."""
        return np.asarray(self.patchwork.numbers(tf.constant(points))).astype(np.int64)

    def _answers(
        self, table: np.ndarray, points: np.ndarray, normals: np.ndarray, numbers: np.ndarray, *, slopes: bool
    ) -> Iterator[list[np.ndarray]]:
        """What the program says of the points, a chunk of them at a time and a chunk a core."""
        self._size = size = self._size or min(_CHUNK, len(points))

        def chunk(begin: int) -> list[np.ndarray]:
            chosen = np.resize(np.arange(begin, min(begin + size, len(points))), size)  # a short chunk repeats points
            return [points[chosen], normals[chosen], table[numbers[chosen]]]

        program = self._program(slopes, *chunk(0))

        def answer(begin: int) -> list[np.ndarray]:
            parts = program(*map(tf.constant, chunk(begin)))
            return [part.numpy()[:, : len(points) - begin] for part in parts]

        with ThreadPoolExecutor(cores()) as pool:
            yield from pool.map(answer, range(0, len(points), size))

    def _program(self, kind: bool, *arrays: np.ndarray) -> Any:
        """The compiled program, with slopes or without, for chunks like these arrays."""
        if kind not in self._programs:
            compiled = tf.function(
                self._with_slopes if kind else self._alone,
                jit_compile=True,
                autograph=False,
                input_signature=[tf.TensorSpec(array.shape, array.dtype) for array in arrays],
            )
            self._programs[kind] = compiled.get_concrete_function()
        return self._programs[kind]

    def _alone(self, points: tf.Tensor, normals: tf.Tensor, own: tf.Tensor) -> Sequence[tf.Tensor]:
        return (tf.stack(self.rows(lambda x: self.patchwork.field(x, own), points, normals)),)

    def _with_slopes(self, points: tf.Tensor, normals: tf.Tensor, own: tf.Tensor) -> Sequence[tf.Tensor]:
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(own)
            rows = self.rows(lambda x: self.patchwork.field(x, own), points, normals)
            sums = [tf.reduce_sum(row) for row in rows]
        zero = tf.UnconnectedGradients.ZERO
        slopes = [tape.gradient(total, own, unconnected_gradients=zero) for total in sums]
        return tf.stack(rows), tf.reshape(tf.stack(slopes), [len(rows), points.shape[0], -1])
