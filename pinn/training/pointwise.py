"""Functions of single points, evaluated at any number of them by one program of a fixed shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import tensorflow as tf

_CHUNK = 2048  # points a call: bounds the memory of second derivatives


@final
@dataclass(frozen=True)
class Pointwise:
    """`(weights [P], arrays [M, ...]) -> {name: [M]}` in NumPy, where row `n` depends on row `n` of the arrays only.

    The program takes 2048 points at a time, whatever `M`; the last chunk is filled up with copies of the last point.
    """

    program: tf.types.experimental.ConcreteFunction
    dtype: np.dtype[Any]

    @classmethod
    def of(
        cls,
        function: Callable[..., dict[str, tf.Tensor]],
        size: int,
        widths: Sequence[int],
        dtype: tf.DType,
    ) -> Pointwise:
        """Trace a function of weights `[P]` and arrays `[M, width]`.

        Args:
            function: traceable.
            size: the number of weights, `P`.
            widths: of the arrays.
            dtype: of all of them.
        """
        signature = [tf.TensorSpec([size], dtype), *(tf.TensorSpec([_CHUNK, width], dtype) for width in widths)]
        program = tf.function(function, autograph=False, input_signature=signature).get_concrete_function()
        return cls(program, np.dtype(dtype.as_numpy_dtype))

    def __call__(self, weights: np.ndarray, *arrays: np.ndarray) -> dict[str, np.ndarray]:
        """The values at all points."""
        chunks = [self._chunk(weights, arrays, start) for start in range(0, len(arrays[0]), _CHUNK)]
        return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}

    def _chunk(self, weights: np.ndarray, arrays: Sequence[np.ndarray], start: int) -> dict[str, np.ndarray]:
        parts = [array[start : start + _CHUNK].astype(self.dtype) for array in arrays]
        count = len(parts[0])
        full = [np.pad(part, ((0, _CHUNK - count), (0, 0)), mode="edge") for part in parts]
        found = self.program(tf.constant(weights, self.dtype), *(tf.constant(part) for part in full))
        return {name: value.numpy()[:count] for name, value in found.items()}
