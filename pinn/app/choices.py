"""Everything that was chosen for a run besides the problem, checked before anything is built."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from numbers import Real
from typing import Any, final

import keras
import numpy as np

from pinn.app.automatic import AUTO
from pinn.app.checkpoints import Checkpoints
from pinn.app.ladder import BEST
from pinn.app.truth import REFERENCES
from pinn.fields import FieldRecipe
from pinn.problems import Problem
from pinn.solvers import Solver
from pinn.training import Balance, Fixed, Observer, Sampling

DTYPES = ("float32", "float64")


@final
@dataclass(frozen=True)
class Choices:
    """The arguments of `pinn.solve` with their defaults filled in.

    `field` and `solver` are None where the run is to choose them.
    """

    field: FieldRecipe | keras.Model | None
    solver: Solver | None
    sampling: Sampling
    balance: Balance
    engine: str
    conditions: str
    weights: Mapping[str, float]
    accuracy: float | str | None
    seed: int
    dtype: str
    device: str
    time_limit: float | None
    reference: str

    @property
    def tolerance(self) -> float | None:
        """The relative error asked for as a number, if it is one."""
        return None if self.accuracy is None or isinstance(self.accuracy, str) else float(self.accuracy)


def choices_of(
    field: FieldRecipe | keras.Model | None = None,
    solver: Solver | str = AUTO,
    accuracy: float | str | None = None,
    seed: int = 0,
    *,
    sampling: Sampling | None = None,
    balance: Balance | None = None,
    engine: str = "auto",
    conditions: str = "auto",
    weights: Mapping[str, float] | None = None,
    dtype: str = "float64",
    device: str = "auto",
    time_limit: float | None = None,
    reference: str = "auto",
) -> Choices:
    """What was chosen, of arguments that may be left out; see `pinn.solve`.

    Raises:
        ValueError: a solver that is neither one nor `auto`.
    """
    return Choices(
        field=field,
        solver=_solver(solver),
        sampling=Sampling() if sampling is None else sampling,
        balance=Fixed() if balance is None else balance,
        engine=engine,
        conditions=conditions,
        weights={} if weights is None else weights,
        accuracy=accuracy,
        seed=int(seed) if isinstance(seed, np.integer) else seed,
        dtype=dtype,
        device=device,
        time_limit=time_limit,
        reference=reference,
    )


def _solver(solver: Solver | str) -> Solver | None:
    if isinstance(solver, Solver):
        return solver
    if solver != AUTO:
        raise ValueError(f"solver: expected 'auto' or a solver such as pinn.solvers.Adam(); got {solver!r}")
    return None


def require(problem: Problem, chosen: Choices, observer: Observer | None, checkpoints: Checkpoints | None) -> None:
    """Check what annotations promise and a notebook does not enforce.

    Raises:
        TypeError: an object of another kind than the argument's.
        ValueError: a number or a word that cannot work.
    """
    _require_objects(problem, chosen, observer, checkpoints)
    if chosen.dtype not in DTYPES:
        raise ValueError(f"dtype: expected one of {', '.join(DTYPES)}; got {chosen.dtype!r}")
    if chosen.reference not in REFERENCES:
        raise ValueError(f"reference: expected one of {', '.join(REFERENCES)}; got {chosen.reference!r}")
    _require_accuracy(chosen.accuracy)
    if chosen.time_limit is not None and not _is_positive(chosen.time_limit):
        raise ValueError(f"time_limit: expected a positive number of seconds; got {chosen.time_limit!r}")
    if isinstance(chosen.seed, bool) or not isinstance(chosen.seed, int) or chosen.seed < 0:
        raise ValueError(f"seed: expected a whole number of at least 0; got {chosen.seed!r}")
    for name, weight in chosen.weights.items():
        if not _is_positive(weight):
            raise ValueError(f"weights.{name}: expected a positive number; got {weight!r}")


def _require_accuracy(accuracy: Any) -> None:
    if accuracy is None or accuracy == BEST:
        return
    if not (_is_positive(accuracy) and math.isfinite(accuracy)):
        raise ValueError(f"accuracy: expected a positive relative error such as 1e-4, or 'best'; got {accuracy!r}")


def _require_objects(
    problem: Problem, chosen: Choices, observer: Observer | None, checkpoints: Checkpoints | None
) -> None:
    is_field = (
        chosen.field is None or isinstance(chosen.field, keras.Layer) or callable(getattr(chosen.field, "build", None))
    )
    kinds: tuple[tuple[str, Any, bool, str], ...] = (
        ("problem", problem, isinstance(problem, Problem), "a pinn.Problem"),
        ("field", chosen.field, is_field, "a recipe such as pinn.fields.Mlp(width=64), or a Keras model"),
        ("sampling", chosen.sampling, isinstance(chosen.sampling, Sampling), "a pinn.training.Sampling"),
        ("balance", chosen.balance, isinstance(chosen.balance, Balance), "a balance such as pinn.training.Ntk()"),
        ("weights", chosen.weights, isinstance(chosen.weights, Mapping), "a mapping such as {'conditions': 10.0}"),
        ("dtype", chosen.dtype, isinstance(chosen.dtype, str), f"one of {', '.join(DTYPES)}, as text"),
        ("engine", chosen.engine, isinstance(chosen.engine, str), "the name of an engine, such as 'auto'"),
        ("device", chosen.device, isinstance(chosen.device, str), "'auto', 'all', 'cpu', 'gpu:1' or 'gpu:0,1'"),
        ("observer", observer, observer is None or callable(observer), "a function of one event"),
        ("checkpoints", checkpoints, isinstance(checkpoints, Checkpoints | None), "pinn.Checkpoints('folder')"),
    )
    for name, value, fits, expected in kinds:
        if is_dataclass(value) and isinstance(value, type):
            raise TypeError(f"{name}: expected {expected}; got the class {value.__name__}. Write {value.__name__}()")
        if not fits:
            raise TypeError(f"{name}: expected {expected}; got {value!r}")


def _is_positive(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and float(value) > 0
