"""Names become objects: the only place where a config meets classes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from pinn.app.construct import construct, reject_unknown
from pinn.fields import FieldRecipe, FourierFeatures, Mlp
from pinn.problems import Problem
from pinn.solvers import Adam, Chain, Constant, Cosine, ExponentialDecay, Lbfgs, Schedule, Solver
from pinn.training import Sampling

TARGET = "_target_"
FIELDS: dict[str, type] = {"mlp": Mlp, "fourier": FourierFeatures}


def problem_from(options: Mapping[str, Any]) -> Problem:
    """The problem of a config: `_target_` names its class, the other keys are its parameters.

    The class must be a `Problem`, from `pinn.problems` or from a module that can be imported from the working folder;
    nothing else is ever instantiated.

    Raises:
        ValueError: no target, a module or class that cannot be found or is no problem, an unknown or missing
            parameter, a value that the problem refuses.
    """
    target = options.get(TARGET)
    if not isinstance(target, str) or "." not in target:
        raise ValueError(f"problem.{TARGET}: expected module.Class, such as my_file.MyProblem; got {target!r}")
    cls = _problem_class(target)
    return construct(cls, {str(k): v for k, v in options.items() if k != TARGET}, "problem", cls.aliases)


def field_from(options: Mapping[str, Any]) -> FieldRecipe:
    """The network recipe of a config: `name` chooses it, the other keys are its options."""
    return construct(_choice("field", options.get("name"), FIELDS), without_name(options), "field")


def sampling_from(options: Mapping[str, Any]) -> Sampling:
    """The sampling of a config: `name` is the kind."""
    return construct(Sampling, {"kind": options.get("name"), **without_name(options)}, "sampling")


def solver_from(options: Mapping[str, Any], *, dtype: str) -> Solver:
    """The solver of a config: `auto`, `adam`, `lbfgs`, or `chain` with its stages `adam` and `lbfgs`."""
    makers = {"auto": lambda _: auto_solver(dtype), "adam": _adam, "lbfgs": _lbfgs, "chain": _chain}
    return _choice("solver", options.get("name"), makers)(without_name(options))


def auto_solver(dtype: str) -> Solver:
    """The solver that is used when none is named.

    | dtype | solver | why |
    |---|---|---|
    | `float64` | Adam for 1000 steps, then L-BFGS for 4000 | Adam finds the valley, L-BFGS follows it down |
    | `float32` | Adam for 5000 steps with a falling rate | round-off ends a quasi-Newton descent too early |
    """
    if dtype == "float32":
        return Adam(learning_rate=Cosine(peak=5e-3, total_steps=5000, final=1e-5), max_steps=5000)
    return Chain((Adam(learning_rate=5e-3, max_steps=1000), Lbfgs(max_steps=4000)))


def without_name(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a choice without the name that chose it."""
    return {key: value for key, value in options.items() if key != "name"}


def _adam(options: Mapping[str, Any]) -> Adam:
    rest = dict(options)
    schedule = _schedule(
        kind=rest.pop("schedule", "constant"),
        start=rest.pop("learning_rate", 1e-3),
        end=rest.pop("final_learning_rate", 0.0),
        warm_up=rest.pop("warm_up", 0),
        steps=rest.get("max_steps", Adam.max_steps),
    )
    return construct(Adam, {**rest, "learning_rate": schedule}, "solver")


def _schedule(*, kind: str, start: float, end: float, warm_up: int, steps: int) -> Schedule:
    """The schedule from `start` to `end` over all steps of the solver."""
    makers = {
        "constant": lambda: Constant(start),
        "exponential": lambda: ExponentialDecay(initial=start, decay_rate=end / start, decay_steps=steps, final=end),
        "cosine": lambda: Cosine(peak=start, total_steps=steps, warmup_steps=warm_up, final=end),
    }
    if warm_up and kind != "cosine":
        raise ValueError(f"solver.warm_up: expected 0 unless schedule=cosine; got {warm_up} with schedule={kind}")
    if kind != "constant" and not 0 < end < start:
        raise ValueError(
            f"solver.final_learning_rate: expected a number between 0 and learning_rate={start}; got {end}"
        )
    return _choice("solver.schedule", kind, makers)()


def _lbfgs(options: Mapping[str, Any]) -> Lbfgs:
    return construct(Lbfgs, options, "solver")


def _chain(options: Mapping[str, Any]) -> Chain:
    stages = {"adam": _adam, "lbfgs": _lbfgs}
    reject_unknown("solver", options, list(stages))
    return Chain(tuple(stages[name](without_name(stage)) for name, stage in options.items()))


def _choice(key: str, name: Any, makers: Mapping[str, Any]) -> Any:
    if name not in makers:
        raise ValueError(f"{key}: expected one of {', '.join(makers)}; got {name!r}")
    return makers[name]


def _problem_class(target: str) -> type[Problem]:
    module_name, _, class_name = target.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # a person's own module can fail in any way; all of them are that person's to mend
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


def _is_problem(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, Problem) and not inspect.isabstract(value)
