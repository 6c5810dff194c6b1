"""Objects become names again: the config that reruns a run, written from the objects that ran."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from pinn.app.build import FIELDS, TARGET, without_name
from pinn.fields import FieldRecipe
from pinn.problems import Problem
from pinn.solvers import Adam, Chain, Constant, Cosine, ExponentialDecay, Schedule, Solver
from pinn.training import Sampling

CUSTOM = "custom"


def describe_problem(problem: Problem) -> dict[str, Any]:
    """The mapping from which `problem_from` makes an equal problem."""
    cls = type(problem)
    shown = {field: name for name, field in cls.aliases.items()}
    # What the package ships is named by its room, so that files may move inside it.
    module = "pinn.problems" if cls.__module__.startswith("pinn.problems.") else cls.__module__
    return {TARGET: f"{module}.{cls.__qualname__}"} | {shown.get(k, k): v for k, v in _as_mapping(problem).items()}


def describe_field(recipe: FieldRecipe | None) -> dict[str, Any]:
    """The mapping from which `field_from` makes an equal recipe; the name `custom` for a network made by hand."""
    for name, cls in FIELDS.items():
        if isinstance(recipe, cls):
            return {"name": name, **_as_mapping(recipe)}
    return {"name": CUSTOM}


def describe_sampling(sampling: Sampling) -> dict[str, Any]:
    """The mapping from which `sampling_from` makes an equal sampling."""
    options = _as_mapping(sampling)
    return {"name": options.pop("kind"), **options}


def describe_solver(solver: Solver) -> dict[str, Any]:
    """The mapping from which `solver_from` makes an equal solver."""
    if isinstance(solver, Chain):
        return {"name": solver.name} | {stage.name: without_name(describe_solver(stage)) for stage in solver.stages}
    options = _as_mapping(solver)
    if isinstance(solver, Adam):
        options |= _describe_rate(solver.learning_rate)
    return {"name": solver.name, **options}


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


def _as_mapping(record: Any) -> dict[str, Any]:
    if not is_dataclass(record):
        return {}
    options = {f.name: getattr(record, f.name) for f in fields(record) if f.init}
    # Parts that are records themselves (a line search) are no options of a config.
    return {name: _plain(value) for name, value in options.items() if not is_dataclass(value)}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
