"""Objects become names again: the config that reruns a run, written from the objects that ran."""

from __future__ import annotations

import inspect
import math
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any

import numpy as np

from pinn.app.build import FIELDS, STAGES, TARGET, solver_from, without_name
from pinn.app.settings import CUSTOM
from pinn.app.warm import Started
from pinn.fields import FieldRecipe
from pinn.problems import Problem
from pinn.solvers import Adam, Chain, Constant, Cosine, ExponentialDecay, Schedule, Solver
from pinn.training import BALANCES, Balance, Sampling

_PLAIN = (bool, int, str, type(None))


def describe_problem(problem: Problem) -> dict[str, Any]:
    """The mapping from which `problem_from` makes an equal problem; the target `custom` for a problem of parameters
    that no config can hold, such as a function.
    """
    cls = type(problem)
    if not _is_plain(problem):
        return {TARGET: CUSTOM}
    shown = {field: name for name, field in cls.aliases.items()}
    # What the package ships is named by its room, so that files may move inside it.
    module = "pinn.problems" if cls.__module__.startswith("pinn.problems.") else cls.__module__
    return {TARGET: f"{module}.{cls.__qualname__}"} | {shown.get(k, k): v for k, v in _as_mapping(problem).items()}


def describe_field(recipe: FieldRecipe | None) -> dict[str, Any]:
    """The mapping from which `field_from` makes an equal recipe; the name `custom` for a network made by hand."""
    if isinstance(recipe, Started):
        return describe_field(recipe.recipe)
    for name, cls in FIELDS.items():
        if isinstance(recipe, cls):
            return {"name": name, **_as_mapping(recipe)}
    return {"name": CUSTOM}


def describe_sampling(sampling: Sampling) -> dict[str, Any]:
    """The mapping from which `sampling_from` makes an equal sampling."""
    options = {key: value for key, value in _as_mapping(sampling).items() if key != "adapt"}
    if sampling.adapt is None:
        return {"name": options.pop("kind"), **options}
    return {"name": sampling.adapt.name, **options, **_as_mapping(sampling.adapt)}


def describe_balance(balance: Balance) -> dict[str, Any]:
    """The mapping from which `balance_from` makes an equal balance; the name `custom` for a class of one's own."""
    if type(balance) not in BALANCES.values():
        return {"name": CUSTOM}
    return {"name": balance.name, **_as_mapping(balance)}


def describe_solver(solver: Solver) -> dict[str, Any]:
    """The mapping from which `solver_from` makes an equal solver; the name `custom` for one that it cannot make, such
    as a chain with other stages than its own.
    """
    options = _solver_options(solver)
    try:
        made = solver_from(options)
    except (ValueError, TypeError):
        return {"name": CUSTOM}
    return options if made == _with_schedules(solver) else {"name": CUSTOM}


def _solver_options(solver: Solver) -> dict[str, Any]:
    if isinstance(solver, Chain):
        stages = {stage.name: without_name(_solver_options(stage)) for stage in solver.stages}
        # Stages that are left out say so: the choice of a config that these options come on top of has some.
        return {"name": solver.name, **dict.fromkeys(STAGES), **stages}
    options = _as_mapping(solver)
    if isinstance(solver, Adam):
        options |= _describe_rate(solver.learning_rate)
    return {"name": solver.name, **options}


def _with_schedules(solver: Solver) -> Solver:
    """The same solver with its learning rates as schedules, as `solver_from` makes them."""
    if isinstance(solver, Chain):
        return Chain(tuple(map(_with_schedules, solver.stages)))
    if isinstance(solver, Adam) and not isinstance(solver.learning_rate, Schedule):
        return replace(solver, learning_rate=Constant(float(solver.learning_rate)))
    return solver


def _describe_rate(rate: Schedule | float) -> dict[str, Any]:
    match rate:
        case Cosine():
            return {
                "learning_rate": rate.peak,
                "schedule": "cosine",
                "final_learning_rate": rate.final,
                "warm_up": rate.warmup_steps,
            }
        case ExponentialDecay():
            return {"learning_rate": rate.initial, "schedule": "exponential", "final_learning_rate": rate.final}
        case Constant():
            return {"learning_rate": rate.value, "schedule": "constant"}
        case int() | float():
            return {"learning_rate": float(rate), "schedule": "constant"}
    return {"learning_rate": CUSTOM}


def _is_plain(record: Any) -> bool:
    """Whether `_as_mapping` says all there is to say of a record."""
    if not is_dataclass(record):
        return not inspect.signature(type(record)).parameters
    options = _as_mapping(record)
    return all(f.name in options or _is_default(f, getattr(record, f.name)) for f in fields(record) if f.init)


def _is_default(field: Field[Any], value: Any) -> bool:
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return value is default or (is_dataclass(value) and value == default)


def _as_mapping(record: Any) -> dict[str, Any]:
    """The options of a record that a config can hold; a part that is a record itself (a line search) is none."""
    if not is_dataclass(record):
        return {}
    options = {f.name: plain(getattr(record, f.name)) for f in fields(record) if f.init}
    return {name: value for name, value in options.items() if _is_yaml(value)}


def plain(value: Any) -> Any:
    """The value without NumPy, with lists for tuples."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def _is_yaml(value: Any) -> bool:
    """Whether a config holds the value; `construct` takes no number that is not finite."""
    if isinstance(value, dict):
        return all(type(key) is str and _is_yaml(item) for key, item in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    return all(map(_is_yaml, value)) if isinstance(value, list) else type(value) in _PLAIN
