r"""Differential operators as function transforms: `laplacian(f)` is a function of the points.

Shapes, for `f: [N, d] -> [N]` and `f: [N, d] -> [N, m]`, with `k` chosen axes (all `d` when none are chosen):

| operator | scalar field | vector field |
|---|---|---|
| `gradient` | `[N, k]` | `[N, m, k]` |
| `hessian_diagonal` | `[N, k]` | `[N, m, k]` |
| `laplacian`, `biharmonic` | `[N]` | `[N, m]` |
| `hessian` | `[N, k, k]` | `[N, m, k, k]` |
| `divergence` | - | `[N]`, with `m = k` |
| `flux_divergence` | `[N]` | `[N, m]` |

With `batched=False` the function takes *one tensor of any shape* and returns a scalar: the gradient and the diagonal
have the tensor's shape, the Laplacian and the biharmonic are scalars, the Hessian has the shape twice; `divergence`
takes a function to the same shape.

The classical check, ln(r^2) in three dimensions, whose Laplacian is 2/r^2:

>>> import tensorflow as tf
>>> points = tf.constant([[1.0, 2.0, 2.0], [0.0, 3.0, 4.0]], tf.float64)
>>> f = lambda p: tf.math.log(tf.reduce_sum(p**2, axis=1))
>>> [round(v, 12) for v in laplacian(f)(points).numpy().tolist()]  # 2/9 and 2/25
[0.222222222222, 0.08]

In `d` dimensions the value is 2(d-2)/r^2: zero in the plane, where ln r is harmonic. And the question that started
it, all second derivatives of a product over a tensor, without the full Hessian:

>>> weights = tf.constant([[1.0, 3.0], [4.0, 5.0]], tf.float64)
>>> loss = lambda f: tf.reduce_prod(f**2 - 3 * f + 1)
>>> hessian_diagonal(loss, batched=False)(weights).numpy().tolist()
[[110.0, -110.0], [-22.0, -10.0]]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from pinn.calculus.checks import batched_points, checked, floating
from pinn.calculus.engines import engine_named
from pinn.calculus.needs import Engine, Needs

Operator = Callable[[tf.Tensor], tf.Tensor]
Axes = int | Sequence[int] | None
Coefficient = Operator | float | tuple[Any, Any]  # of the points; a number; values [N] and their gradient [N, k]
_Apply = Callable[[Operator, tf.Tensor, tuple[int, ...], Engine], tf.Tensor]


def gradient(f: Operator, *, axes: Axes = None, engine: str | Engine = "auto", batched: bool = True) -> Operator:
    r"""First derivatives, `(\nabla f)_{ni} = \partial f_n / \partial x_{ni}`.

    Args:
        f: `[N, d] -> [N]` or `[N, m]`; with `batched=False` any tensor to a scalar.
        axes: positions of the axes (negative from the end); default all.
        engine: how derivatives are computed, see `pinn.calculus.engines.engine_named`.
        batched: whether the first axis of the points counts points.

    Returns:
        A function of the points, shapes as in the table of this module.

    Raises:
        ValueError: unknown engine or axis, wrong rank of the points or of the value of `f`.
        TypeError: points that are not floating point.

    Cost: one forward and `m` reverse sweeps.
    """

    def apply(f: Operator, points: tf.Tensor, chosen: tuple[int, ...], how: Engine) -> tf.Tensor:
        found = how.differentiate(f, points, Needs.of(partials=[(i,) for i in chosen]))
        return tf.stack([found.partials[i,] for i in chosen], axis=-1)

    return _transform(f, apply, axes, engine, batched=batched, reshape=_as_tensor_shape)


def hessian_diagonal(
    f: Operator, *, axes: Axes = None, engine: str | Engine = "auto", batched: bool = True
) -> Operator:
    r"""Unmixed second derivatives, `\partial^2 f_n / \partial x_{ni}^2`, without the rest of the Hessian.

    Arguments, shapes and errors as for `gradient`. Cost with the `tape` engine: about one forward-and-reverse sweep
    an axis and component.
    """

    def apply(f: Operator, points: tf.Tensor, chosen: tuple[int, ...], how: Engine) -> tf.Tensor:
        found = how.differentiate(f, points, Needs.of(partials=[(i, i) for i in chosen]))
        return tf.stack([found.partials[i, i] for i in chosen], axis=-1)

    return _transform(f, apply, axes, engine, batched=batched, reshape=_as_tensor_shape)


def laplacian(f: Operator, *, axes: Axes = None, engine: str | Engine = "auto", batched: bool = True) -> Operator:
    r"""The trace of the Hessian over the chosen axes, `\sum_i \partial^2 f_n / \partial x_{ni}^2`.

    Arguments, shapes and errors as for `gradient`. Asks the engine for the sum only, which some engines get cheaper
    than its terms.
    """

    def apply(f: Operator, points: tf.Tensor, chosen: tuple[int, ...], how: Engine) -> tf.Tensor:
        trace = tuple(sorted(chosen))
        return how.differentiate(f, points, Needs.of(traces=[trace])).traces[trace]

    return _transform(f, apply, axes, engine, batched=batched, reshape=_as_scalar)


def hessian(f: Operator, *, axes: Axes = None, engine: str | Engine = "auto", batched: bool = True) -> Operator:
    r"""All second derivatives over the chosen axes, `\partial^2 f_n / \partial x_{ni} \partial x_{nj}`.

    Arguments and errors as for `gradient`. Memory grows with the square of the number of axes: ask for
    `hessian_diagonal` or `laplacian` where they serve.
    """

    def apply(f: Operator, points: tf.Tensor, chosen: tuple[int, ...], how: Engine) -> tf.Tensor:
        pairs = [(i, j) for i in chosen for j in chosen]
        found = how.differentiate(f, points, Needs.of(partials=pairs)).partials
        rows = [tf.stack([found[min(i, j), max(i, j)] for j in chosen], axis=-1) for i in chosen]
        return tf.stack(rows, axis=-2)

    return _transform(f, apply, axes, engine, batched=batched, reshape=_as_square_shape)


def biharmonic(f: Operator, *, axes: Axes = None, engine: str | Engine = "auto", batched: bool = True) -> Operator:
    r"""The Laplacian of the Laplacian, `\sum_{ij} \partial^4 f_n / \partial x_{ni}^2 \partial x_{nj}^2`.

    Arguments, shapes and errors as for `gradient`. Cost: that of a Laplacian of a function as dear as a Laplacian.
    """

    def apply(f: Operator, points: tf.Tensor, chosen: tuple[int, ...], how: Engine) -> tf.Tensor:
        return laplacian(laplacian(f, axes=chosen, engine=how), axes=chosen, engine=how)(points)

    return _transform(f, apply, axes, engine, batched=batched, reshape=_as_scalar)


def divergence(f: Operator, *, axes: Axes = None, engine: str | Engine = "auto", batched: bool = True) -> Operator:
    r"""`\sum_i \partial f_{ni} / \partial x_{ni}` of a vector field with one component for each chosen axis.

    Args:
        f: `[N, d] -> [N, k]` for `k` chosen axes; with `batched=False` any tensor to a tensor of the same shape.
        axes, engine, batched: as for `gradient`.

    Raises:
        ValueError: as for `gradient`, and when the components do not match the axes.

    Cost with the `tape` engine: one forward and `k` reverse sweeps.
    """

    def apply(f: Operator, points: tf.Tensor, chosen: tuple[int, ...], how: Engine) -> tf.Tensor:
        found = how.differentiate(f, points, Needs.of(partials=[(i,) for i in chosen]))
        if found.value.shape.rank != 2 or found.value.shape[1] != len(chosen):
            raise ValueError(
                f"divergence: expected a vector field of {len(chosen)} components, one for each axis; "
                f"got the shape {found.value.shape.as_list()}"
            )
        return tf.add_n([found.partials[i,][:, k] for k, i in enumerate(chosen)])

    return _transform(f, apply, axes, engine, batched=batched, reshape=_as_scalar)


def flux_divergence(f: Operator, a: Coefficient, *, axes: Axes = None, engine: str | Engine = "auto") -> Operator:
    r"""The divergence of a flux, `\nabla . (a \nabla f) = a \Delta f + \nabla a . \nabla f`.

    Args:
        f: `[N, d] -> [N]` or `[N, m]`.
        a: the coefficient, a conductivity say: a function of the same points, `[N, d] -> [N]`, which is differentiated
            in the same pass; a number; or its values `[N]` and its gradient `[N, k]` over the chosen axes at the very
            points, where it is known from elsewhere. Values alone would not say how the coefficient varies.
        axes, engine: as for `gradient`.

    Returns:
        A function of the points, `[N]` or `[N, m]`.

    Raises:
        ValueError: as for `gradient`, and for a coefficient of another shape.
        TypeError: points that are not floating point.
    """
    how = engine_named(engine)

    def apply(points: tf.Tensor) -> tf.Tensor:
        points = batched_points(points)
        chosen = _positions(axes, points.shape[1])
        trace = tuple(sorted(chosen))
        needs = Needs.of([(i,) for i in chosen], [trace])
        if callable(a):
            return _flux_of_both(f, a, points, how.differentiate, needs)
        value, slopes = _given(a, points, len(chosen))
        found = how.differentiate(f, points, needs)
        partials = [found.partials[i,] for i in chosen]
        along = [_beside(slope, partial) * partial for slope, partial in zip(slopes, partials, strict=True)]
        return tf.add_n([_beside(value, found.traces[trace]) * found.traces[trace], *along])

    return apply


def _flux_of_both(f: Operator, a: Operator, points: tf.Tensor, differentiate: Any, needs: Needs) -> tf.Tensor:
    """The field and its coefficient as one function with one component more."""
    ranks: list[int] = []

    def both(p: tf.Tensor) -> tf.Tensor:
        field, coefficient = checked(f(p), p), checked(a(p), p)
        if coefficient.shape.rank != 1:
            raise ValueError(f"a: expected a coefficient of shape [N]; got {coefficient.shape.as_list()}")
        ranks.append(field.shape.rank)
        return tf.concat([_as_columns(field), coefficient[:, tf.newaxis]], axis=1)

    found = differentiate(both, points, needs)
    along = tf.add_n([slope[:, -1:] * slope[:, :-1] for slope in found.partials.values()])
    (laplacian,) = found.traces.values()
    result = found.value[:, -1:] * laplacian[:, :-1] + along
    return result if ranks[-1] == 2 else tf.squeeze(result, axis=1)


def _given(a: float | tuple[Any, Any], points: tf.Tensor, axes: int) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The values `[N]` of a coefficient that is no function, and its slopes along the axes, `[N]` each."""
    known = isinstance(a, tuple | list)
    value, gradient = a if isinstance(a, tuple | list) else (a, tf.zeros_like(points[:, :axes]))
    value, gradient = (tf.convert_to_tensor(each, points.dtype) for each in (value, gradient))
    fits = value.shape.rank == int(known) and gradient.shape.rank == 2 and gradient.shape[1] == axes
    if not fits or not gradient.shape[:1].is_compatible_with(points.shape[:1]):
        raise ValueError(
            f"a: expected a function, a number, or values [N] with their gradient [N, {axes}]; got shapes "
            f"{value.shape.as_list()} and {gradient.shape.as_list()}"
        )
    return value + tf.zeros_like(points[:, 0]), tf.unstack(gradient, num=axes, axis=1)


def _beside(scalar: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """A scalar a point `[N]`, ready to multiply `[N]` or `[N, m]`."""
    return scalar[:, tf.newaxis] if like.shape.rank == 2 else scalar


def _as_columns(field: tf.Tensor) -> tf.Tensor:
    return field if field.shape.rank == 2 else field[:, tf.newaxis]


def _transform(
    f: Operator,
    apply: _Apply,
    axes: Axes,
    engine: str | Engine,
    *,
    batched: bool,
    reshape: Callable[[tf.Tensor, list[int]], tf.Tensor],
) -> Operator:
    """The operator as a function of the points; one tensor of any shape is one point with as many axes as it has
    entries.
    """
    how = engine_named(engine)

    def on_points(points: tf.Tensor) -> tf.Tensor:
        points = batched_points(points)
        return apply(f, points, _positions(axes, points.shape[1]), how)

    def on_tensor(tensor: tf.Tensor) -> tf.Tensor:
        tensor = floating(tensor)
        shape = tensor.shape.as_list()
        entries = tensor.shape.num_elements()
        if not entries:
            raise ValueError(f"expected a tensor of known shape with at least one entry; got {shape}")

        def as_field(points: tf.Tensor) -> tf.Tensor:
            value = tf.convert_to_tensor(f(tf.reshape(points, shape)))
            if value.shape.rank == 0:
                return tf.reshape(value, [1])
            if value.shape.as_list() == shape:
                return tf.reshape(value, [1, entries])
            raise ValueError(
                f"batched=False: expected a scalar function of the tensor; got the shape {value.shape.as_list()}"
            )

        flat = tf.reshape(tensor, [1, entries])
        return reshape(apply(as_field, flat, _positions(axes, entries), how)[0], shape if axes is None else [-1])

    return on_points if batched else on_tensor


def _as_tensor_shape(result: tf.Tensor, shape: list[int]) -> tf.Tensor:
    return tf.reshape(result, shape)


def _as_square_shape(result: tf.Tensor, shape: list[int]) -> tf.Tensor:
    return tf.reshape(result, shape + shape) if shape != [-1] else result


def _as_scalar(result: tf.Tensor, shape: list[int]) -> tf.Tensor:  # noqa: ARG001 - one signature for all three
    return result


def _positions(axes: Axes, dimension: int) -> tuple[int, ...]:
    """The chosen axes as distinct positions `0 <= i < d`."""
    if axes is None:
        return tuple(range(dimension))
    chosen = (axes,) if isinstance(axes, int) else tuple(axes)
    positions = tuple(axis + dimension if axis < 0 else axis for axis in chosen)
    if not positions or len(set(positions)) != len(positions) or not all(0 <= p < dimension for p in positions):
        raise ValueError(
            f"axes: expected different positions between {-dimension} and {dimension - 1} "
            f"for points with {dimension} axes; got {list(chosen)}"
        )
    return positions
