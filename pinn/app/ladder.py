"""The accuracy ladder: fields and solvers from the quickest to the most capable, climbed until one is good enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from pinn.fields import EvolvingFeatures, FieldRecipe, Mlp, Patches, RandomFeatures, Slabs
from pinn.solvers import Bfgs, Chain, GaussNewton, LeastSquares, LevenbergMarquardt, SelfScaledBroyden, Solver
from pinn.training import Rad, Sampling

BEST = "best"
GOOD_ENOUGH = 1e-8
"""The relative error at which the climb ends when nobody has asked for any."""

MOST_AXES = 3
"""Beyond them random ridges are too far apart to be a basis."""

_MOST_PAIRED_AXES = 10  # 45 pairs of axes, with a score of ridges each
_WHY_PAIRS = "in many dimensions a solution is often a sum of functions of few coordinates each"

_WHY_FINER = "one set of random features was not accurate enough"

_ALLOWED, _LEAST_RESIDUAL = 3.0, 1e-9
"""The relative residual down to which slabs cut their patches, in units of the error that is good enough: the errors of
`burgers_1d` are a hundredth of its residuals, those of `allen_cahn_1d` as large. And where round-off begins."""

_SQUARE = 2  # axes of equal length that a square of patches serves
_FEW_PATCHES, _MANY_PATCHES = (60, 150), (100, 250)
"""How many in three axes, and their features: a minute, and some."""
_EARLY_PATCHES, _EARLY = (216, 200), 0.01
"""The same where the last axis is time, and from which part of the duration on its octaves are alike: many patches do
not fit what begins at once, however small they are in space."""

_EVOLVING = EvolvingFeatures(2000, frames=2000)
"""Waves in the plane that reach layers a fiftieth of it wide, and frames for hundreds of changes."""

_WAVES = 2600
"""Waves on the whole domain: with as many the solution of `heat_2d_multiscale` is good to 7e-6, in a minute."""

_WIDER, _BESIDE = 1.3, 1.5
"""Wave numbers of features for those of the data: what the domain and the solution add to them."""


USUAL = Sampling()
WAVE_POINTS = Sampling(interior=3 * _WAVES, boundary=1600, initial=800)
"""Three points a wave."""
MANY = Sampling(interior=3000, boundary=1000, initial=1000)
"""Points where features are to be found in many dimensions, or for several components."""
FOLLOWING = Sampling(interior=3000, resample_every=500, adapt=Rad())
"""Points that are drawn anew where the residual is large."""


@dataclass(frozen=True)
class Rung:
    """A field, the solver for it (`None`: what `auto_solver` takes), and why this pair is here; and the points, where
    nobody has chosen any.
    """

    field: FieldRecipe
    solver: Solver | None
    why: str
    sampling: Sampling = USUAL


def rungs(
    *,
    linear: bool,
    axes: int,
    timed: bool,
    dtype: str,
    goal: float,
    numbers: Sequence[float] = (),
    components: int = 1,
) -> tuple[Rung, ...]:
    """What is tried, in this order, until the accuracy is reached.

    | rung | field | solver | for | reaches |
    |---|---|---|---|---|
    | 1 | `RandomFeatures(600)` | `LeastSquares`; `GaussNewton` for equations that are not linear | up to 3 axes, `float64` | 5e-9 between two circles, 7e-11 for heat in the plane, 4e-14 and below for the other shipped problems that are smooth |
    | | the same on 3000 points | `GaussNewton` | systems that are not linear | `kovasznay`: 1e-11, where 1000 points end at 1e-6 |
    | 2 | `Patches(8, 100)` | `LeastSquares` | linear equations with 2 axes, `float64` | sin 8πx sin 6πy on the unit square: 4e-9 |
    | | `Patches(16, 100)` | `LeastSquares` | the same, a minute longer | `laplace_discs`: 3e-5, where eight by eight end at 3e-4 |
    | | `RandomFeatures(2600, "sine")`, with wave numbers like those of the data along each axis | `LeastSquares` | linear equations with 3 axes, `float64` | `heat_2d_multiscale`: 7e-6 |
    | | `Patches(..., 150)`, sixty along the axes that need them; then a hundred with 250 features, or in time 216 with 200, finer towards the start | `LeastSquares` | linear equations with 3 axes, `float64` | seventeen holes in a plate over time: 3.3e-3 |
    | | `Patches(8, 60)` | `GaussNewton` | equations that are not linear, with 2 axes of space, `float64` | the velocities of `lid_driven_cavity`: 4e-3 |
    | | `EvolvingFeatures(2000)` | `LeastSquares` for the slopes | equations that are not linear, with 2 axes of space and time, `float64` | `heat_long_time` for 100 units of time: 1.5e-2 |
    | 3 | `Slabs(20)`, then `Slabs(40)` cut ten times as fine | `GaussNewton` | one axis of space and time, `float64` | Burgers with its front: 9e-8; Allen-Cahn: 3e-7 |
    | | `RandomFeatures(1000, interactions=2)` | `LeastSquares` | linear equations with 4 to 10 axes, `float64` | `poisson_nd` with five axes 4e-14, `heat_nd` with five 6e-11, `laplace_pairs` with ten 7e-5 |
    | 4 | `Mlp(32, 2)` | `Bfgs`, 5000 steps; `float32`: Adam | linear equations; any in `float32` | 1e-6 in the ball; after 3000 steps 1.2e-6 for heat in the ball with six axes |
    | | `Mlp(20, 3)` | `SelfScaledBroyden`, 6000 steps, on points that follow the residual | the others | Burgers with its front: 9e-5 |
    | 5 | `Mlp(40, 3)` | `Bfgs`, 6000 steps | linear equations, `float64` | a larger network, and more steps |
    | | `Mlp(20, 3)` | `SelfScaledBroyden`, 8000 steps, then `LevenbergMarquardt`, 250; twice the points | the others | Burgers with its front: 3e-6, in five minutes |

    An equation that is not linear may have fronts. Points that stay miss them, and the loss does not tell: so the points
    are drawn anew where the residual is large, if nobody has chosen other ones.

    Without an exact solution the accuracy is judged by the residual on points held out, relative to that of the field
    with nothing learned. Without an accuracy asked for the climb ends below the last rung, or at 1e-8.
    Patches are left out where fewer points are asked for than they have features, and with exact fluxes; slabs where
    they refuse (see `pinn.app.marching.refusal`).

    Args:
        linear: whether the equation is linear in u.
        axes: how many the domain has, time included.
        timed: whether the last of them is time.
        dtype: `float32` or `float64`.
        goal: the error that is good enough.
        numbers: how fine a field must be along each axis, in any unit; alike where nothing is said.
        components: of the field.
    """  # noqa: E501 - the table
    precise = dtype == "float64"
    found = _of_features(linear, tuple(numbers) or (1.0,) * axes, timed=timed) if precise and axes <= MOST_AXES else []
    if found and not linear and components > 1:
        found.append(replace(found[0], why="features of several components ask for more points", sampling=MANY))
    if found and not linear and axes == _SQUARE and not timed:
        found.append(Rung(Patches(8, features=60), GaussNewton(), _WHY_FINER))
    if found and not linear and axes == MOST_AXES and timed:
        found.append(Rung(_EVOLVING, None, "one set of features for all times was not accurate enough"))
    if precise and linear and MOST_AXES < axes <= _MOST_PAIRED_AXES:
        found = [Rung(RandomFeatures(1000, interactions=2), LeastSquares(), _WHY_PAIRS, MANY)]
    if precise and timed and axes == _SQUARE:
        found += _of_slabs(goal)
    why = "a network serves any equation" if not found else "random features were not accurate enough"
    if not precise:
        return (Rung(Mlp(), None, why),)
    return tuple(found + _of_networks(why, linear=linear))


def _of_features(linear: bool, numbers: tuple[float, ...], *, timed: bool) -> list[Rung]:
    """The rungs without training."""
    axes = len(numbers)
    why = f"the equation is {'' if linear else 'not '}linear in u and has {axes} {'axis' if axes == 1 else 'axes'}"
    found = [Rung(RandomFeatures(600), LeastSquares() if linear else GaussNewton(), why)]
    if linear and axes == _SQUARE:
        found.append(Rung(Patches(8, features=100), LeastSquares(), _WHY_FINER))
        found.append(Rung(Patches(16, features=100), LeastSquares(), "fewer patches were not accurate enough"))
    if linear and axes == MOST_AXES:
        scales = tuple(_WIDER * number + _BESIDE for number in numbers)
        found.append(Rung(RandomFeatures(_WAVES, "sine", scales), LeastSquares(), _WHY_FINER, WAVE_POINTS))
        (few, some), (many, more) = _FEW_PATCHES, _EARLY_PATCHES if timed else _MANY_PATCHES
        finest = Patches(patches_along(numbers, many), more, early=_EARLY if timed else None)
        found += [
            Rung(
                Patches(patches_along(numbers, few), some), LeastSquares(), "one set of waves was not accurate enough"
            ),
            Rung(finest, LeastSquares(), "fewer patches were not accurate enough"),
        ]
    return found


def patches_along(numbers: Sequence[float], most: int) -> tuple[int, ...]:
    """How many patches along each axis, at most so many in all: one more where the number of waves in a patch is
    largest, as long as there is room. An axis with less than a wave stays whole, unless all have.
    """
    counts = [1] * len(numbers)
    cut = [axis for axis, number in enumerate(numbers) if number > 1.0] or list(range(len(counts)))
    while True:
        widest = max(cut, key=lambda axis: numbers[axis] / counts[axis])
        if math.prod(counts) // counts[widest] * (counts[widest] + 1) > most:
            return tuple(counts)
        counts[widest] += 1


def _of_slabs(goal: float) -> list[Rung]:
    """The rungs that march in time."""
    residual = max(_ALLOWED * goal, _LEAST_RESIDUAL)
    finer = max(goal / _ALLOWED, _LEAST_RESIDUAL)
    return [
        Rung(Slabs(20, residual=residual), None, "one set of features for all times was not accurate enough"),
        Rung(Slabs(40, residual=finer), None, "fewer slabs and patches were not accurate enough"),
    ]


def _of_networks(why: str, *, linear: bool) -> list[Rung]:
    """The rungs with training, in `float64`."""
    if linear:
        larger, then = Mlp(width=40, depth=3), "a smaller network was not accurate enough"
        return [Rung(Mlp(), Bfgs(max_steps=5000), why), Rung(larger, Bfgs(max_steps=6000), then)]
    network, then = Mlp(width=20, depth=3), "fewer points and steps were not accurate enough"
    longer = Chain((SelfScaledBroyden(max_steps=8000), LevenbergMarquardt(max_steps=250)))
    return [
        Rung(network, SelfScaledBroyden(max_steps=6000), why, FOLLOWING),
        Rung(network, longer, then, replace(FOLLOWING, interior=6000)),
    ]


class Attempt(Protocol):
    """What a rung came to.

    Attributes:
        error: the relative error, true or estimated.
        ended: whether no further rung should be tried, since time is up or somebody has interrupted.
    """

    @property
    def error(self) -> float: ...

    @property
    def ended(self) -> bool: ...


A = TypeVar("A", bound=Attempt)


def climb(ladder: Sequence[Rung], attempt: Callable[[int, Rung], A], goal: float) -> tuple[A, list[A]]:
    """Try one rung after the other, with its number, until an error is at most the goal; return the best attempt, and
    all of them.
    """
    made: list[A] = []
    for number, rung in enumerate(ladder):
        made.append(attempt(number, rung))
        if made[-1].error <= goal or made[-1].ended:
            break
    return min(made, key=lambda found: found.error), made
