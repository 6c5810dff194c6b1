"""Data given on boundary parts: functions `[N, d] -> [N]`, and the constant, which is known to be one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pinn.geometry.checks import finite_number

if TYPE_CHECKING:
    import tensorflow as tf

BoundaryData = Callable[["tf.Tensor"], "tf.Tensor"]


@dataclass(frozen=True)
class Constant:
    """The function that is `value` at every point, in the dtype of the points: `[N, d] -> [N]`.

    Unlike a lambda that returns the same number, it can be *seen* to be constant: a lift of constants costs nothing.
    """

    value: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", finite_number("the value of a Constant", self.value))

    def __call__(self, points: tf.Tensor) -> tf.Tensor:
        """`value`, once a point: `[N]`."""
        import tensorflow as tf

        return tf.fill(tf.shape(points)[:1], tf.constant(self.value, points.dtype))


def common_constant(data: Iterable[BoundaryData]) -> Constant | None:
    """The constant that all data are, or None as soon as one differs or is not known to be constant."""
    distinct = set()
    for function in data:
        if not isinstance(function, Constant):
            return None
        distinct.add(function)
    return distinct.pop() if len(distinct) == 1 else None


def checked_data(part: str, function: Any) -> BoundaryData:
    """`function` with its answer checked: one number a point, in the dtype of the points.

    A rank-0 answer (`lambda p: 0.0`) is repeated for every point. A `Constant` is returned as it is, so that it stays
    recognisable.

    Raises:
        TypeError: `function` is not callable, or (when called) its dtype is not that of the points.
        ValueError: (when called) its answer has not the shape `[N]`; `[N, 1]` would broadcast to `[N, N]` unseen.
    """
    if isinstance(function, Constant):
        return function
    if not callable(function):
        raise TypeError(f"the data on {part!r} must be a function of the points, got {function!r}: use Constant(0.0).")

    def evaluate(points: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        answer = function(points)
        if isinstance(answer, (int, float)):
            answer = tf.constant(answer, points.dtype)
        values = tf.convert_to_tensor(answer)
        if values.dtype != points.dtype:
            raise TypeError(
                f"the data on {part!r} must be {points.dtype.name} like the points, got {values.dtype.name}."
            )
        if values.shape.rank == 0:
            return tf.fill(tf.shape(points)[:1], values)
        if not values.shape.is_compatible_with(points.shape[:1]):
            raise ValueError(f"the data on {part!r} must have the shape [N], got {values.shape.as_list()}.")
        return values

    return evaluate
