"""The accuracy ladder: fields and solvers from the quickest to the most capable, climbed until one is good enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pinn.fields import FieldRecipe, Mlp, RandomFeatures
from pinn.solvers import Bfgs, LeastSquares, Solver

BEST = "best"
GOOD_ENOUGH = 1e-8
"""The relative error at which the climb ends when nobody has asked for any."""

_MOST_AXES = 3  # beyond them random ridges are too far apart to be a basis


@dataclass(frozen=True)
class Rung:
    """A field, the solver for it (`None`: what `auto_solver` takes), and why this pair is here."""

    field: FieldRecipe
    solver: Solver | None
    why: str


def rungs(*, linear: bool, axes: int, dtype: str) -> tuple[Rung, ...]:
    """What is tried, in this order, until the accuracy is reached.

    | rung | field | solver | for | reaches |
    |---|---|---|---|---|
    | 1 | `RandomFeatures(600)` | `LeastSquares` | linear equations, up to 3 axes, `float64` | 5e-9 between two circles, 7e-11 for heat in the plane, 4e-14 and below for the other shipped problems |
    | 2 | `Mlp(32, 2)` | `Bfgs`, 3000 steps; `float32`: Adam | any equation | 9e-7 to 2e-11 on the shipped problems |
    | 3 | `Mlp(40, 3)` | `Bfgs`, 6000 steps | what is left, `float64` | a larger network, and twice the steps |

    Without an exact solution the accuracy is judged by the residual on points held out, relative to that of the field
    with nothing learned. Without an accuracy asked for the climb ends below the third rung, or at 1e-8.
    """  # noqa: E501 - the table
    found = []
    precise = dtype == "float64"
    if linear and axes <= _MOST_AXES and precise:
        why = f"the equation is linear in u and has {axes} {'axis' if axes == 1 else 'axes'}"
        found.append(Rung(RandomFeatures(600), LeastSquares(), why))
    why = "a network serves any equation" if not found else "random features were not accurate enough"
    found.append(Rung(Mlp(), None, why))
    if precise:
        found.append(Rung(Mlp(width=40, depth=3), Bfgs(max_steps=6000), "a smaller network was not accurate enough"))
    return tuple(found)


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


def climb(ladder: Sequence[Rung], attempt: Callable[[Rung], A], goal: float) -> tuple[A, list[A]]:
    """Try one rung after the other until an error is at most the goal; return the best attempt, and all of them."""
    made: list[A] = []
    for rung in ladder:
        made.append(attempt(rung))
        if made[-1].error <= goal or made[-1].ended:
            break
    return min(made, key=lambda found: found.error), made
