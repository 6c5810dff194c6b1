"""What is asked of an engine, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import tensorflow as tf

Field = Callable[[tf.Tensor], tf.Tensor]  # [N, d] -> [N] or [N, m]
Indices = tuple[int, ...]


@dataclass(frozen=True)
class Needs:
    """The derivatives that an expression touches, as positions of axes.

    `partials` holds sorted multi-indices of order one or two: `(0,)` is d/dx_0, `(0, 1)` the mixed second derivative.
    `traces` holds sorted sets of axes whose second derivatives are wanted only as a sum, which some engines get
    cheaper than the terms. The value is always there. A derivative that appears nowhere is not computed.
    """

    partials: frozenset[Indices] = frozenset()
    traces: frozenset[Indices] = frozenset()

    @staticmethod
    def of(partials: Iterable[Indices] = (), traces: Iterable[Indices] = ()) -> Needs:
        """Needs from any iterables, each multi-index brought into sorted order."""
        return Needs(frozenset(tuple(sorted(p)) for p in partials), frozenset(tuple(sorted(t)) for t in traces))

    @property
    def first(self) -> tuple[int, ...]:
        """The axes whose first derivatives are asked for, in order."""
        return tuple(sorted(p[0] for p in self.partials if len(p) == 1))

    @property
    def rows(self) -> int:
        """How many tensors of a field's shape one pass carries: the value, first derivatives, second ones or sums."""
        axes = {i for p in (*self.partials, *self.traces) for i in p}
        pairs = {p for p in self.partials if len(p) == 2}
        sums = [trace for trace in self.traces if not pairs.issuperset((i, i) for i in trace)]
        return 1 + len(axes) + len(pairs) + len(sums)

    @property
    def second(self) -> tuple[Indices, ...]:
        """The pairs `(i, j)`, `i <= j`, whose second derivatives are asked for, those inside traces included."""
        pairs = {p for p in self.partials if len(p) == 2} | {(i, i) for trace in self.traces for i in trace}
        return tuple(sorted(pairs))


@dataclass(frozen=True)
class Derivatives:
    """A field's value and the derivatives asked for, each of the value's shape `[N]` or `[N, m]`."""

    value: tf.Tensor
    partials: Mapping[Indices, tf.Tensor] = field(default_factory=dict)
    traces: Mapping[Indices, tf.Tensor] = field(default_factory=dict)


class Engine(Protocol):
    """One way of computing derivatives of a field, `differentiate(field, points, needs)`.

    Laws: the numbers agree with the `tape` engine's to round-off; they are the same eagerly, in `tf.function` and
        under XLA; they can be
    differentiated again with respect to the points and to every variable that the field uses; a field that does not
    depend on an axis gives zeros. Row `n` of the field may depend on row `n` of the points only.
    """

    @property
    def name(self) -> str:
        """The name by which a config chooses the engine."""

    def differentiate(self, function: Field, points: tf.Tensor, needs: Needs) -> Derivatives:
        """Value and needed derivatives of `function: [N, d] -> [N]` or `[N, m]` at `points [N, d]`."""
