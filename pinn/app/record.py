"""What a run says of itself: its summary, and the config that gives it again."""

from __future__ import annotations

import inspect
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pinn.app.automatic import AUTO
from pinn.app.choices import Choices
from pinn.app.describe import (
    describe_balance,
    describe_field,
    describe_problem,
    describe_sampling,
    describe_solver,
    plain,
)
from pinn.app.origin import Origin
from pinn.app.warm import Started
from pinn.calculus import Engine
from pinn.fields import FieldRecipe
from pinn.problems import Problem
from pinn.solvers import Solver
from pinn.training import Training
from pinn.validation import Report

SELF_CONSISTENCY = "residual on points held out, relative to that of the field with nothing learned"


def summary_of(
    problem: Problem,
    chosen: Choices,
    field: FieldRecipe | keras.Model,
    solver: Solver,
    *,
    training: Training,
    report: Report,
    seconds: Mapping[str, float],
    weights: int,
    points: Mapping[str, np.ndarray],
    weights_of_terms: Mapping[str, float],
    device: str,
    replicas: int,
    engine: Engine,
    names: Sequence[str],
    exact: Sequence[str],
    estimate: float | None,
    why_not: str,
    origin: Origin,
) -> dict[str, Any]:
    """The summary, all of it numbers, words and `None`.

    Where there is no reference, `self_consistency` says what there is instead, and why: the residual on points held
    out, relative to that of the field with nothing learned. It is no bound of the error.
    """
    return {
        "problem": problem.name,
        "about": _about(problem),
        "verdict": "fail" if training.failure else report.verdict,
        "tolerance": report.tolerance,
        "errors": asdict(report.errors) if report.errors else None,
        "residual": asdict(report.residual) | {"gap": gap_of(training.history.columns(), report.residual.rms, names)},
        "reference": asdict(report.reference) if report.reference else None,
        "self_consistency": None
        if estimate is None
        else {"kind": SELF_CONSISTENCY, "value": estimate, "why_no_reference": why_not or None},
        "seconds": dict(seconds),
        "steps": training.steps,
        "stop_reason": training.stop_reason if not training.failure else f"{training.stop_reason}; {training.failure}",
        "engine": engine.name,
        "solver": solver.name,
        "field": _field_name(field),
        "weights": weights,
        "balance": chosen.balance.name,
        "conditions": {"exact": list(exact), "penalty": list(names)},
        "weights_of_terms": dict(weights_of_terms),
        "points": {**{name: len(p) for name, p in points.items()}, "validation": report.points},
        "dtype": chosen.dtype,
        "seed": chosen.seed,
        "device": device,
        "replicas": replicas,
        "date": origin.date,
        "versions": _versions() | {"commit": origin.commit},
        "citation": problem.citation,
    }


def gap_of(history: Mapping[str, np.ndarray], elsewhere: float, names: Sequence[str]) -> float | None:
    """How many times larger the equation's residual is elsewhere than on the points it was trained on, root mean
    squares both.

    Near 1 for a field that solves the equation everywhere. A large gap says that the loss is small and the answer may
    be wrong: the field has learned the points.

    Args:
        history: of the training.
        elsewhere: the residual on points that were not trained on.
        names: those of the conditions, whose residuals are not the equation's.
    """
    columns = [column for name, column in history.items() if name.startswith("loss/") and name[5:] not in names]
    last = [float(column[-1]) for column in columns if len(column) and np.isfinite(column[-1])]
    trained = math.sqrt(sum(last) / len(last)) if last else 0.0
    return elsewhere / trained if trained > 0.0 and math.isfinite(elsewhere) else None


def _about(problem: Problem) -> str | None:
    """The first paragraph of the docstring of the problem's class; nothing for one that has none of its own."""
    cls = type(problem)
    text = inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0]
    # A dataclass without a docstring is given its signature for one.
    return None if not text or text.startswith(f"{cls.__name__}(") else text


def _field_name(field: FieldRecipe | keras.Model) -> str:
    return field.name if isinstance(field, keras.Layer) else str(describe_field(field)["name"])


def _versions() -> dict[str, str | None]:
    from pinn import __version__

    return {
        "pinn": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def config_of(
    problem: Problem, chosen: Choices, field: FieldRecipe | keras.Model | None, solver: Solver | None
) -> dict[str, Any]:
    """The config that gives the run again, with the field and the solver that were taken; `None` is `auto`."""
    config = {
        "name": problem.name,
        "problem": describe_problem(problem),
        **pair_of(field, solver),
        "sampling": describe_sampling(chosen.sampling),
        "balance": describe_balance(chosen.balance),
        "engine": {"name": chosen.engine},
        "accuracy": chosen.accuracy,
        "conditions": chosen.conditions,
        "weights": dict(chosen.weights),
        "seed": chosen.seed,
        "dtype": chosen.dtype,
        "device": chosen.device,
        "time_limit": chosen.time_limit,
        "reference": chosen.reference,
        "init_from": field.source if isinstance(field, Started) else None,
    }
    return {key: plain(value) for key, value in config.items()}


def pair_of(field: FieldRecipe | keras.Model | None, solver: Solver | None) -> dict[str, Any]:
    """The part of a config that chooses a field and a solver."""
    recipe = None if isinstance(field, keras.Layer) else field
    return {
        "field": {"name": AUTO} if field is None else plain(describe_field(recipe)),
        "solver": {"name": AUTO} if solver is None else plain(describe_solver(solver)),
    }
