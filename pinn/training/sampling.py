"""Collocation points: where the residual and the conditions are asked to vanish."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple, final

import numpy as np
from scipy.stats import qmc

from pinn.geometry import BoundaryPart, Grading, Shape, graded, parts_of_octaves
from pinn.training.adaptive import Adaptive

Unit = np.ndarray  # [n, k] in the unit cube


# More axes need more points, and far more of them on the boundary, which has two faces an axis.
_MANY_AXES = 4
_FEW, _MANY = (1000, 240, 120), (2000, 800, 400)


@final
@dataclass(frozen=True)
class Sampling:
    """How many points, how they are spread, and how often they are drawn anew.

    A count that is left out depends on the number of axes, time included:

    | axes | interior | boundary | initial |
    |---|---|---|---|
    | up to 3 | 1000 | 240 | 120 |
    | 4 and more | 2000 | 800 | 400 |

    Args:
        kind: one of `SAMPLERS`.
        interior: points for the equation.
        boundary: points for the conditions on the boundary, shared among them by measure.
        initial: points for a condition at the initial time.
        resample_every: draw new points every so many steps; 0 keeps the first ones.
        towards: a part of the boundary, or several, at which the points of the equation crowd; None spreads them
            evenly.
        grading: the law by which their density falls with the distance, one of `pinn.geometry.LAWS`.
        width: of that law, in units of the longest side of the domain's bounds.
        early: points of all terms crowd towards the initial time, for what begins there at once: from this part of the
            duration on, each octave of the time since the start has as many. None spreads them evenly.
        adapt: places the points of the equation where its residual is large, each time that points are drawn anew;
            `kind` is for the first ones, and for the conditions.

    Raises:
        ValueError: an unknown kind or law, a count below one, a width that is not positive, a negative interval;
            adaptive points that are never drawn anew.
    """

    kind: str = "sobol"
    interior: int | None = None
    boundary: int | None = None
    initial: int | None = None
    resample_every: int = 0
    towards: str | tuple[str, ...] | None = None
    grading: str = "inverse"
    width: float = 0.1
    early: float | None = None
    adapt: Adaptive | None = None

    def __post_init__(self) -> None:
        if self.kind not in SAMPLERS:
            raise ValueError(f"sampling: expected one of {', '.join(SAMPLERS)}; got {self.kind!r}")
        for name in ("interior", "boundary", "initial"):
            count = getattr(self, name)
            if count is not None and not (_is_whole(count) and count >= 1):
                raise ValueError(f"sampling.{name}: expected a whole number of at least 1 point; got {count!r}")
        if not (_is_whole(self.resample_every) and self.resample_every >= 0):
            raise ValueError(
                "sampling.resample_every: expected a number of steps, or 0 for fixed points; "
                f"got {self.resample_every!r}"
            )
        try:
            graded = Grading("boundary" if self.towards is None else self.towards, self.grading, self.width)
        except (TypeError, ValueError) as error:
            raise ValueError(f"sampling.{error}") from None
        object.__setattr__(self, "towards", None if self.towards is None else graded.towards)
        if self.early is not None and not 0.0 < self.early < math.inf:
            raise ValueError(f"sampling.early: expected a positive part of the duration; got {self.early!r}")
        if self.adapt is not None and self.early is not None:
            raise ValueError(
                f"sampling.early: expected points that stay where they crowd; got sampling={self.adapt.name}, which "
                "places them itself. Leave one of them out."
            )
        if self.adapt is not None and not isinstance(self.adapt, Adaptive):
            raise TypeError(f"sampling.adapt: expected Rad(), Rar() or None; got {self.adapt!r}")
        if self.adapt is not None and self.resample_every == 0:
            raise ValueError(
                f"sampling.resample_every: expected the number of steps after which points adapt (sampling="
                f"{self.adapt.name}); got 0, which keeps the first ones. Write sampling.resample_every=200"
            )

    @property
    def graded(self) -> Grading | None:
        """Where the points of the equation crowd, and by which law; None for evenly spread ones."""
        return None if self.towards is None else Grading(self.towards, self.grading, self.width)

    def in_time(self, points: np.ndarray, shape: Shape) -> np.ndarray:
        r"""Points `[N, d]` of a shape, with times that crowd where `early` asks for it, if it has time.

        Evenly spread times become those of `pinn.geometry.parts_of_octaves`, with the density `1 / (\tau + \epsilon)`
        up to a factor.
        """
        if self.early is None or shape.time_axis is None:
            return points
        start, end = (float(bound[-1]) for bound in shape.bounds)
        moved = points.copy()
        tau = (points[:, -1] - start) / (end - start)
        moved[:, -1] = start + (end - start) * parts_of_octaves(tau, self.early)
        return moved

    def counts(self, shape: Shape) -> Counts:
        """The counts for a domain, those that were left out filled in."""
        interior, boundary, initial = _MANY if shape.dim >= _MANY_AXES else _FEW
        return Counts(
            interior if self.interior is None else self.interior,
            boundary if self.boundary is None else self.boundary,
            initial if self.initial is None else self.initial,
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


class Counts(NamedTuple):
    """Numbers of points inside, on the boundary, and at the initial time."""

    interior: int
    boundary: int
    initial: int


def interior_points(
    shape: Shape, count: int, *, kind: str, seed: Sequence[int], grading: Grading | None = None
) -> np.ndarray:
    """Points spread uniformly in the shape, or graded, `[n, d]`; a grid rounds `count` to a full one.

    Args:
        shape: the domain.
        count: how many points.
        kind: one of `SAMPLERS`.
        seed: any sequence of numbers; equal seeds give equal points.
        grading: where they crowd, if anywhere.

    Raises:
        ValueError: they crowd at a part that the shape does not have.
    """
    unit = SAMPLERS[kind](count, shape.unit_dimension, np.random.default_rng(seed))
    return shape.interior(unit if grading is None else graded(shape, unit, grading))


def boundary_points(
    parts: Sequence[BoundaryPart], count: int, *, kind: str, seed: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Points spread uniformly over some parts and their outward normals, each `[n, d]`; every part gets at least
    one.
    """
    measures = np.array([part.measure for part in parts])
    generator = np.random.default_rng(seed)
    sampled = [
        part.sample(SAMPLERS[kind](n, part.unit_dimension, generator))
        for part, n in zip(parts, _shares(count, measures), strict=True)
    ]
    return np.concatenate([points for points, _ in sampled]), np.concatenate([normals for _, normals in sampled])


def _shares(count: int, measures: np.ndarray) -> list[int]:
    """`count` divided in proportion to the measures, by largest remainders, none below one."""
    exact = count * measures / measures.sum()
    shares = np.maximum(np.floor(exact).astype(int), 1)
    for k in np.argsort(shares - exact, kind="stable")[: max(count - int(shares.sum()), 0)]:
        shares[k] += 1
    return [int(n) for n in shares]


def _uniform(count: int, dimension: int, generator: np.random.Generator) -> Unit:
    return generator.random((count, dimension))


def _sobol(count: int, dimension: int, generator: np.random.Generator) -> Unit:
    # The sequence keeps its balance in blocks of powers of two: draw one and use its beginning.
    engine = qmc.Sobol(dimension, scramble=True, rng=generator)
    return engine.random_base2(max(math.ceil(math.log2(count)), 0))[:count]


def _latin_hypercube(count: int, dimension: int, generator: np.random.Generator) -> Unit:
    return qmc.LatinHypercube(dimension, rng=generator).random(count)


def _grid(count: int, dimension: int, generator: np.random.Generator) -> Unit:  # noqa: ARG001 - a grid has no chance in it
    side = max(round(count ** (1.0 / dimension)), 1)
    ticks = (np.arange(side) + 0.5) / side
    return np.stack(np.meshgrid(*[ticks] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)


def _or_single_point(
    sampler: Callable[[int, int, np.random.Generator], Unit],
) -> Callable[[int, int, np.random.Generator], Unit]:
    """A part of dimension zero is one point, and one sample of it says everything."""
    return lambda count, dimension, generator: sampler(count, dimension, generator) if dimension else np.zeros((1, 0))


SAMPLERS: dict[str, Callable[[int, int, np.random.Generator], Unit]] = {
    "uniform": _or_single_point(_uniform),
    "sobol": _or_single_point(_sobol),
    "latin_hypercube": _or_single_point(_latin_hypercube),
    "grid": _or_single_point(_grid),
}
