"""The one-pass engine: value, first derivatives and sums of second derivatives together, through any function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import tensorflow as tf

from pinn.calculus.checks import checked
from pinn.calculus.forward.carried import Batch, Carried, Tensor, plain
from pinn.calculus.forward.errors import BatchCoupledError
from pinn.calculus.forward.interpreter import propagate
from pinn.calculus.forward.plan import Plan
from pinn.calculus.forward.rows import Rows
from pinn.calculus.needs import Derivatives, Field, Indices, Needs


@final
@dataclass(frozen=True)
class Forward:
    r"""Forward propagation of the value, `k` first derivatives and `q` second ones through the traced function.

    For an elementwise `g` the Laplacian `L` follows `L' = g'(v) L + g''(v) \sum_i J_i^2`; a linear map acts on all
    rows alike; a product adds `2 \sum_i J_i K_i`. A Laplacian over `k` axes costs `k + 2` rows through every linear
    map, the full diagonal `2 k + 1`, whatever the number of components.

    What is zero or constant by structure is never multiplied: the Jacobian of a first layer is its weight matrix, the
    same for every point; a column of the points has one row; a linear function has no second row.

    The function is traced once a call. Inside `tf.function` that happens when the graph is built; eagerly it happens
    every time, and on few points takes longer than the numbers do: wrap what runs often in `tf.function`.

    Source: R. Li, H. Ye, D. Jiang et al., A computational framework for neural network-based variational Monte Carlo
    with Forward Laplacian, Nature Machine Intelligence 6 (2024).
    """

    name: str = "forward"

    # Inside a `tf.function`, autograph would translate all that this calls, for seconds and to no end: fields are
    # translated where they are traced.
    @tf.autograph.experimental.do_not_convert
    def differentiate(self, function: Field, points: tf.Tensor, needs: Needs) -> Derivatives:
        """Value and needed derivatives of `function: [N, d] -> [N]` or `[N, m]` at `points [N, d]`.

        Raises:
            UnsupportedOpError: the function uses an operation without a rule.
            BatchCoupledError: a row of the field depends on other points than its own.
            ValueError: the field has a wrong shape or dtype.
        """
        if not needs.first and not needs.second:
            return Derivatives(checked(function(points), points))
        plan = Plan.of(needs)
        found = propagate(function, _seed(points, plan), plan)
        _require_points_first(found)
        return _Answers(plan, found).all(needs)


def _seed(points: tf.Tensor, plan: Plan) -> Carried:
    """The points with the unit matrix as first rows, `[k, 1, d]`."""
    unit = np.eye(points.shape[1], dtype=points.dtype.as_numpy_dtype)[list(plan.axes)]
    batch = None if points.shape[0] == 1 else Batch(0)
    return Carried(points, Rows.of_known(plan.axes, unit[:, np.newaxis, :]), None, batch)


def _require_points_first(found: Tensor) -> None:
    if isinstance(found, Carried) and found.batch not in (None, Batch(0)):
        raise BatchCoupledError("return", "puts the points along another axis than the first")


@dataclass(frozen=True)
class _Answers:
    """Reads derivatives off the rows of a result.

    Rows are taken apart all at once: the gradient of `unstack` is one `stack`, that of an index a sum over as many
    padded tensors as there are rows, which a compiler then repeats for every entry of the layer below.
    """

    plan: Plan
    found: Tensor

    def all(self, needs: Needs) -> Derivatives:
        value = plain(self.found)
        rows = (self.found.first, self.found.second) if isinstance(self.found, Carried) else (None, None)
        first, second = (_apart(each, value) for each in rows)
        zero = tf.zeros_like(value)

        def entry(form: tuple[Indices, ...]) -> tf.Tensor:
            return second.get(self.plan.forms.index(form), zero)

        def trace(axes: Indices) -> tf.Tensor:
            form = tuple((i, i) for i in axes)
            return entry(form) if form in self.plan.forms else tf.add_n([entry((pair,)) for pair in form])

        partials = {p: first.get(p[0], zero) if len(p) == 1 else entry((p,)) for p in needs.partials}
        return Derivatives(value, partials, {axes: trace(axes) for axes in needs.traces})


def _apart(rows: Rows | None, value: tf.Tensor) -> dict[int, tf.Tensor]:
    """Each row by its label, at the value's full shape."""
    if rows is None:
        return {}
    whole = rows.aligned(value.shape.rank).tensor
    if whole.shape[1:] != value.shape or not value.shape.is_fully_defined():
        whole += tf.zeros_like(value)
    return dict(zip(rows.labels, tf.unstack(whole), strict=True))
