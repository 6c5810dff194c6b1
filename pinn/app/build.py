"""Names become objects: the only place where a config meets classes."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pinn.app.automatic import AUTO
from pinn.app.construct import coerced, construct, reject_unknown
from pinn.app.settings import CUSTOM
from pinn.fields import EvolvingFeatures, FieldRecipe, FourierFeatures, Mlp, Patches, RandomFeatures, Slabs
from pinn.problems import Problem
from pinn.solvers import (
    Adam,
    Bfgs,
    Chain,
    Constant,
    Cosine,
    Engd,
    ExponentialDecay,
    GaussNewton,
    GaussNewtonCg,
    Lbfgs,
    LeastSquares,
    LevenbergMarquardt,
    Schedule,
    SelfScaledBfgs,
    SelfScaledBroyden,
    Solver,
)
from pinn.training import ADAPTIVE, BALANCES, Balance, Sampling

TARGET = "_target_"
FIELDS: dict[str, type] = {
    "mlp": Mlp,
    "fourier": FourierFeatures,
    "random_features": RandomFeatures,
    "patches": Patches,
    "slabs": Slabs,
    "evolving_features": EvolvingFeatures,
}


def problem_from(options: Mapping[str, Any]) -> Problem:
    """The problem of a config: `_target_` names its class, the other keys are its parameters.

    The class must be a `Problem`, from `pinn.problems`, from a module in the working folder, or from one that was
    imported before; nothing else is ever imported or instantiated.

    Raises:
        ValueError: no target, a module or class that cannot be found or is no problem, an unknown or missing
            parameter, a value that the problem refuses.
    """
    target = options.get(TARGET) if isinstance(options, Mapping) else options
    if target == CUSTOM:
        raise ValueError(
            f"problem.{TARGET}: expected module.Class; the problem was made in Python, of parameters that no config "
            "can hold. Give it again: pinn.load(folder, problem=...)"
        )
    if not isinstance(target, str) or "." not in target:
        raise ValueError(f"problem.{TARGET}: expected module.Class, such as my_file.MyProblem; got {target!r}")
    cls = _problem_class(target)
    parameters = {str(k): v for k, v in options.items() if k != TARGET}
    try:
        return construct(cls, parameters, "problem", cls.aliases)
    except (ValueError, TypeError):
        raise
    except Exception as error:  # a person's own class can fail in any way
        raise ValueError(
            f"problem: expected parameters that {cls.__name__} can be made of; got {parameters}: "
            f"{type(error).__name__}: {error}"
        ) from error


def field_from(options: Mapping[str, Any]) -> FieldRecipe | None:
    """The network recipe of a config: `name` chooses it, the other keys are its options.

    `None` for `auto`, where the run is to choose; an option of a network that is named there asks for a network.
    """
    if options.get("name") == AUTO:
        asked = {key: value for key, value in without_name(options).items() if value is not None}
        return construct(Mlp, asked, "field") if asked else None
    return construct(_choice("field", options.get("name"), {AUTO: None, **FIELDS}), without_name(options), "field")


def sampling_from(options: Mapping[str, Any]) -> Sampling:
    """The sampling of a config: `name` is the kind, or one of `ADAPTIVE`, whose options are beside the others."""
    name, rest = options.get("name"), without_name(options)
    if name not in ADAPTIVE:
        return construct(Sampling, {"kind": name, **rest}, "sampling")
    common = [f.name for f in fields(Sampling) if f.name != "adapt"]
    own = [f.name for f in fields(ADAPTIVE[name])]
    reject_unknown("sampling", rest, [*common, *own])
    scheme = construct(ADAPTIVE[name], {key: rest[key] for key in own if key in rest}, "sampling")
    return construct(Sampling, {key: rest[key] for key in common if key in rest} | {"adapt": scheme}, "sampling")


def balance_from(options: Mapping[str, Any]) -> Balance:
    """The balance of a config: `name` chooses it, the other keys are its options."""
    cls = _choice("balance", options.get("name"), BALANCES)
    return construct(cls, without_name(options), "balance")


def solver_from(options: Mapping[str, Any]) -> Solver | str:
    """The solver of a config: one of `STAGES`, `chain` with some of those as its stages, or the word `auto`, for which
    the run chooses one when it knows the field.
    """
    makers: dict[str, Callable[..., Solver | str]] = {AUTO: lambda _: AUTO, "chain": _chain, **STAGES}
    return _choice("solver", options.get("name"), makers)(without_name(options))


def without_name(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a choice without the name that chose it."""
    return {key: value for key, value in options.items() if key != "name"}


def _adam(options: Mapping[str, Any], group: str = "solver") -> Adam:
    rest = dict(options)
    schedule = _schedule(
        group,
        kind=rest.pop("schedule", "constant"),
        start=coerced(f"{group}.learning_rate", rest.pop("learning_rate", 1e-3), float),
        end=coerced(f"{group}.final_learning_rate", rest.pop("final_learning_rate", 0.0), float),
        warm_up=coerced(f"{group}.warm_up", rest.pop("warm_up", 0), int),
        steps=coerced(f"{group}.max_steps", rest.get("max_steps", Adam.max_steps), int),
    )
    return construct(Adam, {**rest, "learning_rate": schedule}, group)


def _schedule(group: str, *, kind: str, start: float, end: float, warm_up: int, steps: int) -> Schedule:
    """The schedule from `start` to `end` over all steps of the solver."""
    makers = {
        "constant": lambda: Constant(start),
        "exponential": lambda: ExponentialDecay(initial=start, decay_rate=end / start, decay_steps=steps, final=end),
        "cosine": lambda: Cosine(peak=start, total_steps=steps, warmup_steps=warm_up, final=end),
    }
    make = _choice(f"{group}.schedule", kind, makers)
    if not start > 0:
        raise ValueError(f"{group}.learning_rate: expected a number above 0; got {start}")
    if warm_up and kind != "cosine":
        raise ValueError(f"{group}.warm_up: expected 0 unless schedule=cosine; got {warm_up} with schedule={kind}")
    if not 0 <= warm_up < max(steps, 1):
        raise ValueError(f"{group}.warm_up: expected at least 0 and fewer than max_steps={steps}; got {warm_up}")
    if kind != "constant" and not 0 < end < start:
        raise ValueError(
            f"{group}.final_learning_rate: expected a number between 0 and learning_rate={start}; got {end}"
        )
    return make()


def _maker(cls: type[Solver]) -> Callable[..., Solver]:
    """What makes a solver of its options in a config."""
    return lambda options, group="solver": construct(cls, options, group)


STAGES: dict[str, Callable[..., Solver]] = {
    "adam": _adam,
    **{
        cls.name: _maker(cls)
        for cls in (
            Lbfgs,
            Bfgs,
            SelfScaledBfgs,
            SelfScaledBroyden,
            GaussNewtonCg,
            LevenbergMarquardt,
            Engd,
            GaussNewton,
            LeastSquares,
        )
    },
}
"""What makes each solver that is none of others, in the order in which a chain runs them."""


def _chain(options: Mapping[str, Any]) -> Chain:
    """Always the same order, whatever that of the options: those of a config have none."""
    reject_unknown("solver", options, list(STAGES))
    names = [name for name in STAGES if options.get(name) is not None] or ["adam", "lbfgs"]
    return Chain(tuple(STAGES[name](without_name(options.get(name, {})), f"solver.{name}") for name in names))


def _choice(key: str, name: Any, makers: Mapping[str, Any]) -> Any:
    if not isinstance(name, str) or name not in makers:
        raise ValueError(f"{key}: expected one of {', '.join(makers)}; got {name!r}")
    return makers[name]


def _problem_class(target: str) -> type[Problem]:
    module_name, _, class_name = target.rpartition(".")
    if not _may_be_imported(module_name):
        raise ValueError(
            f"problem.{TARGET}: expected a class of pinn.problems, or of a module in the working folder; "
            f"got {target!r}. One from elsewhere goes into a file there: from {module_name} import {class_name}"
        )
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # a person's own module can fail in any way; all are that person's to mend
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"problem.{TARGET}: expected a module that can be imported; {module_name!r} failed: "
            f"{type(error).__name__}: {first}"
        ) from error
    cls: Any = getattr(module, class_name, None)
    if not _is_problem(cls):
        offered = ", ".join(name for name, value in vars(module).items() if _is_problem(value))
        raise ValueError(
            f"problem.{TARGET}: expected a complete Problem class of {module_name} ({offered or 'it has none'}); "
            f"got {class_name!r}"
        )
    return cls


def _may_be_imported(module_name: str) -> bool:
    """Whether a config may have a module imported, which runs its code: a module of this package, of the working folder
    itself, or one that has been imported before.
    """
    package = module_name.partition(".")[0]
    if package == "pinn" or module_name in sys.modules:
        return True
    found = importlib.util.find_spec(package)  # which imports nothing, since the name has no dot
    if found is None:
        return False
    places = found.submodule_search_locations or ([found.origin or ""] if found.has_location else [])
    return bool(places) and all(Path(place).resolve().parent == Path.cwd().resolve() for place in places)


def _is_problem(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, Problem) and not inspect.isabstract(value)
