"""What a config cannot build: each mistake with the key, what was expected and what came."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from build_cases import HERE, P, build_solver

from pinn.app.build import balance_from, field_from, problem_from, sampling_from

ADAM = {"name": "adam"}
COSINE = {"name": "adam", "schedule": "cosine", "learning_rate": 0.1, "final_learning_rate": 0.01}

# maker, options -> what is said
WRONG: dict[str, tuple[Callable[[Any], Any], Any, str]] = {
    "field, unknown": (
        field_from,
        {"name": "mpl"},
        "field: expected one of auto, mlp, fourier, random_features, patches, slabs, evolving_features; got 'mpl'",
    ),
    "field, none": (
        field_from,
        {},
        "field: expected one of auto, mlp, fourier, random_features, patches, slabs, evolving_features; got None",
    ),
    "field, a list": (
        field_from,
        {"name": ["mlp"]},
        r"field: expected one of auto, mlp, .*; got \['mlp'\]",
    ),
    "field, near miss": (
        field_from,
        {"name": "mlp", "widht": 3},
        r"field\.widht: unknown; expected one of width, depth, activation\. Did you mean width\?",
    ),
    "field, nothing near": (
        field_from,
        {"name": "mlp", "zzz": 3},
        r"field\.zzz: unknown; expected one of width, depth, activation\.$",
    ),
    "field, fraction": (field_from, {"name": "mlp", "width": 2.0}, r"field\.width: expected a whole number; got 2\.0"),
    "field, switch": (field_from, {"name": "mlp", "width": True}, r"field\.width: expected a whole number; got True"),
    "field, number for text": (
        field_from,
        {"name": "mlp", "activation": 3},
        r"field\.activation: expected text; got 3",
    ),
    "field, text for number": (
        field_from,
        {"name": "fourier", "scale": "big"},
        r"field\.scale: expected a number; got 'big'",
    ),
    "field, not finite": (
        field_from,
        {"name": "fourier", "scale": math.inf},
        r"field\.scale: expected a finite number; got inf",
    ),
    "field, refused by its class": (field_from, {"name": "mlp", "width": 0}, r"field\.width: .* at least 1; got 0"),
    "sampling, unknown": (sampling_from, {"name": "halton"}, "sampling: expected one of .*sobol.*; got 'halton'"),
    "sampling, none": (sampling_from, {}, r"sampling\.kind: expected text; got None"),
    "sampling, fraction": (
        sampling_from,
        {"name": "grid", "interior": 1.5},
        r"sampling\.interior: expected a whole number; got 1\.5",
    ),
    "balance, unknown": (balance_from, {"name": "ntc"}, "balance: expected one of fixed, .*ntk.*; got 'ntc'"),
    "balance, fixed has no options": (
        balance_from,
        {"name": "fixed", "every": 3},
        r"balance\.every: unknown",
    ),
    "balance, a range": (
        balance_from,
        {"name": "ntk", "memory": 1},
        r"balance\.memory: expected a number at least 0 and below 1; got 1\.0",
    ),
    "adaptive points that stay": (
        sampling_from,
        {"name": "rad", "resample_every": 0},
        r"sampling\.resample_every: .*\(sampling=rad\); got 0",
    ),
    "adaptive points, near miss": (
        sampling_from,
        {"name": "rar", "resample_every": 9, "boundry": 1},
        r"sampling\.boundry: .*mean boundary\?",
    ),
    "adaptive points, a share": (
        sampling_from,
        {"name": "rar", "resample_every": 9, "share": 1.0},
        r"sampling\.share: expected a number of at least 0 and below 1; got 1\.0",
    ),
    "sampling, near miss": (sampling_from, {"name": "grid", "boundry": 1}, r"sampling\.boundry: .*mean boundary\?"),
    "solver, unknown": (
        build_solver,
        {"name": "sgd"},
        r"solver: expected one of auto, chain, adam, lbfgs, .*; got 'sgd'",
    ),
    "solver, near miss": (build_solver, {"name": "lbfgs", "memroy": 3}, r"solver\.memroy: .*Did you mean memory\?"),
    "adam, near miss": (build_solver, ADAM | {"max_step": 3}, r"solver\.max_step: .*Did you mean max_steps\?"),
    "adam, text for a rate": (
        build_solver,
        ADAM | {"learning_rate": "fast"},
        r"solver\.learning_rate: expected a number; got 'fast'",
    ),
    "adam, no rate": (build_solver, ADAM | {"learning_rate": 0}, r"solver\.learning_rate: .* above 0; got 0"),
    "adam, unknown schedule, whatever else is wrong": (
        build_solver,
        ADAM | {"schedule": "linear", "warm_up": 3},
        r"solver\.schedule: expected one of constant, exponential, cosine; got 'linear'",
    ),
    "adam, warm-up of a constant rate": (
        build_solver,
        ADAM | {"warm_up": 3},
        r"solver\.warm_up: expected 0 unless schedule=cosine; got 3 with schedule=constant",
    ),
    "adam, warm-up of an exponential rate": (
        build_solver,
        COSINE | {"schedule": "exponential", "warm_up": 3},
        r"solver\.warm_up: expected 0 unless schedule=cosine; got 3 with schedule=exponential",
    ),
    "adam, warm-up to the end": (
        build_solver,
        COSINE | {"warm_up": 9, "max_steps": 9},
        r"solver\.warm_up: expected at least 0 and fewer than max_steps=9; got 9",
    ),
    "adam, warm-up from before the start": (
        build_solver,
        COSINE | {"warm_up": -1},
        r"solver\.warm_up: expected at least 0 .*; got -1",
    ),
    "adam, half a step of warm-up": (
        build_solver,
        COSINE | {"warm_up": 0.5},
        r"solver\.warm_up: expected a whole number; got 0\.5",
    ),
    "adam, rising": (
        build_solver,
        COSINE | {"final_learning_rate": 0.2},
        r"solver\.final_learning_rate: expected a number between 0 and learning_rate=0\.1; got 0\.2",
    ),
    "adam, no final rate": (
        build_solver,
        ADAM | {"schedule": "exponential"},
        r"solver\.final_learning_rate: expected a number between 0 and learning_rate=0\.001; got 0\.0",
    ),
    "adam, refused by its class": (build_solver, ADAM | {"beta_1": 1.0}, "beta_1 must satisfy"),
    "chain, unknown stage": (
        build_solver,
        {"name": "chain", "adm": {}},
        r"solver\.adm: unknown; expected one of adam, lbfgs, .*\. Did you mean adam\?",
    ),
    "chain, unknown option of a stage": (
        build_solver,
        {"name": "chain", "lbfgs": {"memroy": 3}},
        r"solver\.lbfgs\.memroy: .*Did you mean memory\?",
    ),
    "chain, schedule of a stage": (
        build_solver,
        {"name": "chain", "adam": {"warm_up": 3}},
        r"solver\.adam\.warm_up: expected 0 unless schedule=cosine",
    ),
    "problem, no target": (problem_from, {"k": 1}, r"problem\._target_: expected module\.Class, .*; got None"),
    "problem, no module": (problem_from, {"_target_": "Heat1D"}, r"problem\._target_: .*; got 'Heat1D'"),
    "problem, a number": (problem_from, {"_target_": 3}, r"problem\._target_: expected module\.Class, .*; got 3"),
    "problem, no such module": (
        problem_from,
        {"_target_": "no_such_module.Mine"},
        r"problem\._target_: expected a class of pinn\.problems, or .*; got 'no_such_module\.Mine'\. One from "
        "elsewhere goes into a file there: from no_such_module import Mine",
    ),
    "problem, no such class": (
        problem_from,
        {"_target_": "pinn.problems.Heat3D"},
        r"expected a complete Problem class of pinn\.problems \(.*Heat1D, Heat2D.*\); got 'Heat3D'",
    ),
    "problem, a module without one": (
        problem_from,
        {"_target_": "os.path"},
        r"expected a complete Problem class of os \(it has none\); got 'path'",
    ),
    "problem, a function": (problem_from, {"_target_": "os.system", "command": "false"}, "Problem class of os"),
    "problem, unfinished": (
        problem_from,
        {"_target_": f"{HERE}.Unfinished"},
        r"expected a complete Problem class of \S+ \(.*Plate, .*Bare, Scaled\); got 'Unfinished'",
    ),
    "problem, an instance": (problem_from, {"_target_": f"{HERE}.HERE"}, "got 'HERE'"),
    "problem, near miss": (problem_from, P | {"lod": 1}, r"problem\.lod: unknown; .*Did you mean load\?"),
    "problem, no options": (
        problem_from,
        {"_target_": "pinn.problems.Poisson2D", "k": 1},
        r"problem\.k: unknown; there are no options here\.$",
    ),
    "problem, the field behind an alias": (
        problem_from,
        {"_target_": "pinn.problems.PoissonExpression", "expression": "x"},
        r"problem\.expression: unknown; expected one of exact, lower, upper, shape\.",
    ),
    "problem, missing": (
        problem_from,
        {"_target_": f"{HERE}.Needy"},
        r"problem\.load_factor: a value is missing; give one by problem\.load_factor=VALUE",
    ),
    "problem, alias of a wrong type": (
        problem_from,
        {"_target_": f"{HERE}.Needy", "load_factor": "much"},
        r"problem\.load_factor: expected a number; got 'much'",
    ),
    "problem, no list": (
        problem_from,
        P | {"size": 3},
        r"problem\.size: expected a list such as \[0\.0, 1\.0\]; got 3",
    ),
    "problem, too long": (problem_from, P | {"size": [1, 2, 3]}, r"problem\.size: expected 2 values; got 3"),
    "problem, in a list": (problem_from, P | {"size": [1, "b"]}, r"problem\.size\[1\]: expected a number; got 'b'"),
    "problem, in a longer list": (
        problem_from,
        P | {"layers": [1, 2, 2.5]},
        r"problem\.layers\[2\]: expected a whole number; got 2\.5",
    ),
    "problem, optional": (problem_from, P | {"load": "much"}, r"problem\.load: expected a number; got 'much'"),
    "problem, nothing for a number": (
        problem_from,
        P | {"rounds": None},
        r"problem\.rounds: expected a whole number; got None",
    ),
    "problem, text for a switch": (
        problem_from,
        P | {"clamped": "yes"},
        r"problem\.clamped: expected true or false; got 'yes'",
    ),
    "problem, one for a switch": (problem_from, P | {"clamped": 1}, r"problem\.clamped: expected true or false; got 1"),
    "problem, not a number": (
        problem_from,
        P | {"load": math.nan},
        r"problem\.load: expected a finite number; got nan",
    ),
    "problem, refused by its class": (
        problem_from,
        {"_target_": "pinn.problems.Heat1D", "diffusivity": -1},
        r"diffusivity: expected a positive number; got -1\.0",
    ),
    "problem, broken": (problem_from, {"_target_": f"{HERE}.Fragile"}, "ZeroDivisionError: no layers"),
}


@pytest.mark.parametrize(("make", "options", "message"), WRONG.values(), ids=WRONG)
def test_wrong_options(make: Callable[[Any], Any], options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        make(options)
    assert len(str(caught.value).splitlines()) == 1


# text of a module -> what is said of it
BROKEN_MODULES = {
    "fails": ("1 / 0\n", "ZeroDivisionError: division by zero"),
    "is no Python": ("def\n", "SyntaxError: invalid syntax"),
    "imports what is not there": (
        "import not_there_at_all\n",
        "ModuleNotFoundError: No module named 'not_there_at_all'",
    ),
    "ends the process": ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
    "says nothing": ("assert False\n", "AssertionError: AssertionError"),
    "says much": ("raise RuntimeError('first\\nsecond')\n", "RuntimeError: first$"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN_MODULES.values(), ids=BROKEN_MODULES)
def test_a_module_that_cannot_be_imported(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_module.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "broken_module", raising=False)
    with pytest.raises(ValueError, match=rf"problem\._target_: .* 'broken_module' failed: {message}"):
        problem_from({"_target_": "broken_module.Mine"})
