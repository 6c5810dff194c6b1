"""The engine that chooses: one pass where that is faster, nested tapes where they are, and where one pass cannot."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import final

import tensorflow as tf

from pinn.calculus.checks import components
from pinn.calculus.forward import Forward, UnsupportedOpError
from pinn.calculus.forward.interpreter import trace
from pinn.calculus.needs import Derivatives, Engine, Field, Needs
from pinn.calculus.tape import Tape

# Costs of a training step by tapes in units of one row of a pass, measured as the table in `Auto` says.
_TAPE_GRADIENT = 1.5  # of one component: value and first derivatives along all axes
_TAPE_SWEEP = 2.5  # more for each axis with a second derivative, again for one component


class EngineFallbackWarning(UserWarning):
    """A field uses an operation that the one-pass engine has no rule for; it is differentiated by tapes."""


@final
@dataclass(eq=False)
class Auto:
    r"""The engine that is expected to be the faster, learned from what is asked.

    A pass carries one row for the value, one for each first derivative and one for each (sum of) second derivatives,
    whatever the number `m` of components. Tapes cost a sweep for each axis with a second derivative, again for each
    component. Measured: a compiled training step of a `d-64-64-64-64-1` tanh network in float32 on 2048 points, and of
    a `d-16-16-16-16-1` one in float64 on 256 points; time of `forward` in units of `tape`
    (`python experiments/benchmark_engines.py`):

    | asked | rows | sweeps | d=2 | d=3 | d=10 | d=30 | chosen |
    |---|---|---|---|---|---|---|---|
    | first derivatives | d + 1 | 0 | 1.1, 1.2 | 1.3, 1.2 | 7.4, 2.7 | 17, 4.7 | `tape` |
    | Laplacian | d + 2 | d | 0.6, 0.6 | 0.5, 0.5 | 0.5, 0.6 | 0.4, 0.3 | `forward` |
    | `u_t` and Laplacian in space | d + 2 | d - 1 | 0.9, 0.8 | 0.7, 0.8 | 0.5, 0.5 | 0.4, 0.3 | `forward` |
    | Hessian diagonal | 2d + 1 | d | 0.7, 0.8 | 0.6, 0.7 | 0.8, 0.6 | 0.7, 0.4 | `forward` |
    | full Hessian | d^2 + d + 1 | d | 2.3, 1.0 | 1.5, 1.3 | 3.7, 5.2 | - | `tape` |

    Width and number of points move these ratios by less than what is asked does, so they have no say: `forward` is
    taken when its rows are at most `m (1.5 + 2.5 sweeps)`, where a mixed derivative counts as two rows. Fields of many
    components therefore go forward even for first derivatives.

    A function with an operation that `forward` has no rule for is differentiated by `tape`, with one warning that
    names the operation. A function that couples points is refused, as by `forward`.

    The name says what was taken: `auto` before the first use, then `forward`, `tape` or `forward+tape`.
    """

    _taken: dict[str, None] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """What was taken so far, in order of the alphabet."""
        return "+".join(sorted(self._taken)) or "auto"

    def differentiate(self, function: Field, points: tf.Tensor, needs: Needs) -> Derivatives:
        """Value and needed derivatives of `function: [N, d] -> [N]` or `[N, m]` at `points [N, d]`.

        Raises:
            BatchCoupledError: a row of the field depends on other points than its own.
            ValueError: the field has a wrong shape or dtype.
        """
        if not needs.first and not needs.second:
            return Forward().differentiate(function, points, needs)
        if not _forward_is_faster(function, points, needs):
            return self._by(Tape(), function, points, needs)
        try:
            return self._by(Forward(), function, points, needs)
        except UnsupportedOpError as refusal:
            self._warn(refusal)
            return self._by(Tape(), function, points, needs)

    def _by(self, engine: Engine, function: Field, points: tf.Tensor, needs: Needs) -> Derivatives:
        found = engine.differentiate(function, points, needs)
        self._taken[engine.name] = None
        return found

    def _warn(self, refusal: UnsupportedOpError) -> None:
        if refusal.op_type in self._warned:
            return
        self._warned.add(refusal.op_type)
        warnings.warn(
            f"the operation {refusal.op_type} cannot be differentiated in one pass ({refusal.reason}): the field that "
            "uses it is differentiated by nested tapes, which is exact and slower. engine='tape' says so without this "
            f"warning; pinn.calculus.register_rule({refusal.op_type!r}, rule) adds a rule.",
            EngineFallbackWarning,
            stacklevel=2,
        )


def _forward_is_faster(function: Field, points: tf.Tensor, needs: Needs) -> bool:
    """Whether one pass is expected to beat tapes; the function is looked at only where its components decide."""
    mixed = sum(len(set(indices)) == 2 for indices in needs.partials)
    rows = needs.rows + mixed  # along two different axes it takes two products instead of one
    for_one = _TAPE_GRADIENT + _TAPE_SWEEP * len({i for i, _ in needs.second})
    return rows <= for_one or rows <= for_one * _components(function, points)


@tf.autograph.experimental.do_not_convert
def _components(function: Field, points: tf.Tensor) -> int:
    """The number of components, from a graph that never runs; in passing, functions that couple points are refused."""

    def value(p: tf.Tensor) -> tf.Tensor:
        return Forward().differentiate(function, p, Needs.of(partials=[(0,)])).value

    spec = tf.TensorSpec(points.shape, points.dtype)
    try:
        return components(tf.function(value, autograph=False).get_concrete_function(spec).structured_outputs)
    except UnsupportedOpError:
        return components(trace(function, points).structured_outputs)
