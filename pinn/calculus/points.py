"""Point sets: coordinates that know the names of their axes."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class PointSet:
    """`N` points in `d` dimensions, `[N, d]`, with named axes: `p.x` is the column of the axis `x`, `[N]`.

    Args:
        coordinates: `[N, d]`, floating.
        axes: the `d` names, in the order of the columns; a time axis comes last.
        normals: `[N, d]` outward unit normals where the points lie on a boundary, otherwise `None`.

    Raises:
        AttributeError: an axis that does not exist was asked for; the message lists those that do.
    """

    coordinates: tf.Tensor
    axes: tuple[str, ...]
    normals: tf.Tensor | None = None

    def __getattr__(self, name: str) -> tf.Tensor:
        if name.startswith("__") or name not in self.axes:
            raise AttributeError(f"expected one of the axes {', '.join(self.axes)}; got {name!r}")
        return self[name]

    def __getitem__(self, name: str) -> tf.Tensor:
        """The column of one axis, `[N]`; the same as attribute access, for names in a variable."""
        return self.coordinates[:, axis_index(self.axes, name)]

    @property
    def dtype(self) -> tf.DType:
        """The dtype of the coordinates."""
        return self.coordinates.dtype

    def columns(self) -> tuple[tf.Tensor, ...]:
        """All columns in order, `d` tensors `[N]`."""
        return tuple(tf.unstack(self.coordinates, num=len(self.axes), axis=1))


@dataclass(frozen=True)
class Frame:
    """The names that an equation is written with.

    Args:
        axes: all coordinates in order, time last.
        time_axis: which of them is time, if any; derivatives over space leave it out.
        components: how many components the field has, `None` for a scalar field of shape `[N]`.
    """

    axes: tuple[str, ...]
    time_axis: str | None = None
    components: int | None = None


def axis_index(axes: tuple[str, ...], name: str) -> int:
    """The position of a named axis; `ValueError` lists the names when it is not there."""
    if name not in axes:
        raise ValueError(f"expected one of the axes {', '.join(axes)}; got {name!r}")
    return axes.index(name)
