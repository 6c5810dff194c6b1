r"""What an equation is for finite elements: a flux and a source, laws of its boundary, and its beginning.

    `m u_tt + c u_t - \nabla . F(x, t, u, \nabla u) + s(x, t, u, \nabla u) = 0`,

with `F . n = q(x, t, u)` on some parts of the boundary and `u = g(x, t)` on the others. Tested with v that vanishes
there: `\int (m u_tt + c u_t + s) v + F . \nabla v - \int_{\partial} q v = 0`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, final

import numpy as np

Array = np.ndarray


class Terms(NamedTuple):
    """Flux and source at N points of a k-dimensional domain, with their derivatives.

    Attributes:
        flux, source: `[N, k]`, `[N]`.
        flux_by_value, flux_by_slope: `[N, k]`, `[N, k, k]`; the last axis is that of the slope.
        source_by_value, source_by_slope: `[N]`, `[N, k]`.
    """

    flux: Array
    source: Array
    flux_by_value: Array
    flux_by_slope: Array
    source_by_value: Array
    source_by_slope: Array


Volume = Callable[[Array, float, Array, Array], Terms]  # x [N, k], t, u [N], slopes [N, k]
Inflow = Callable[[Array, Array, float, Array], tuple[Array, Array]]  # x, normals [N, k], t, u -> q, its derivative
Values = Callable[[Array, float], Array]  # x [N, k], t -> [N]
Weight = Callable[[Array], Array]  # x [N, k] -> [N]


@final
@dataclass(frozen=True)
class Evolution:
    """What an equation in time has besides.

    Attributes:
        start, end: the times.
        first, second: c and m; `None` for zero.
        value, velocity: u and, where there is an m, `u_t` at the start.
    """

    start: float
    end: float
    first: Weight | None
    second: Weight | None
    value: Weight
    velocity: Weight | None = None


@final
@dataclass(frozen=True)
class WeakForm:
    """An equation in its weak form.

    Attributes:
        volume: flux and source.
        inflows: q by part of the boundary.
        values: g by part of the boundary.
        evolution: `None` for a steady equation.
        pin: a point `[k]` and the value there, for a steady equation that leaves a constant free; `None` for the point
            is for the mean over the domain.
    """

    volume: Volume
    inflows: Mapping[str, Inflow] = field(default_factory=dict)
    values: Mapping[str, Values] = field(default_factory=dict)
    evolution: Evolution | None = None
    pin: tuple[Array | None, float] | None = None


class UnsolvedError(Exception):
    """There is no reference; the message is the sentence that says why."""
