"""Checks of solver options: each says what was expected, what came and, where it helps, what to do."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import NamedTuple

from pinn.solvers.memory import memory


def whole_number(owner: str, name: str, value: object, *, least: int) -> None:
    """Raise unless `value` is an integer of at least `least` (booleans are refused)."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{owner}: {name} must be a whole number, got {value!r}.")
    if value < least:
        raise ValueError(f"{owner}: {name} must be at least {least}, got {value}.")


def between(owner: str, name: str, value: object, low: float, high: float = math.inf, *, closed: bool = False) -> None:
    """Raise unless `low < value < high`; with `closed`, the lower end belongs to the interval."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{owner}: {name} must be a number, got {value!r}.")
    number = float(value)
    if not (low < number < high or (closed and number == low)):
        relation = "<=" if closed else "<"
        upper = "" if math.isinf(high) else f" < {high:g}"
        raise ValueError(f"{owner}: {name} must satisfy {low:g} {relation} {name}{upper} and be finite, got {value}.")


class Demand(NamedTuple):
    """What a solver will hold in memory: whose it is, what, how many bytes with its working copies, and what to do
    where there are not so many.
    """

    owner: str
    what: str
    size: int
    remedy: str


def of_jacobian(owner: str, rows: int, weights: int) -> Demand:
    """A Jacobian, its product with itself in the smaller of both sizes, and a factor of that."""
    size = 8 * (2 * rows * weights + 3 * min(rows, weights) ** 2)
    what = f"the Jacobian of {rows} residuals and {weights} weights"
    return Demand(owner, what, size, "take solver=lbfgs, or fewer points or weights")


def of_inverse_hessian(owner: str, weights: int) -> Demand:
    """An inverse Hessian, with what its updates and its states copy of it."""
    return Demand(owner, f"the inverse Hessian of {weights} weights", 20 * weights**2, "solver=lbfgs needs little")


def fits_in_memory(owner: str, what: str, size: int, remedy: str) -> None:
    """Raise unless `size` bytes fit into the memory that this process can have.

    Raises:
        ValueError: names both sizes in GiB, and the remedy.
    """
    available = memory()
    if size > available:
        raise ValueError(
            f"{owner}: {what} needs {size / 2**30:.3g} GiB with its working copies, and there are "
            f"{available / 2**30:.3g} for this process: {remedy}."
        )
