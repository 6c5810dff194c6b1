"""Options become objects, and objects become options again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import yaml
from build_cases import HERE, Bare, Inside, Needy, Plate, Scaled, build_solver

from pinn.app.automatic import auto_solver
from pinn.app.build import FIELDS, balance_from, field_from, problem_from, sampling_from, solver_from
from pinn.app.describe import describe_balance, describe_field, describe_problem, describe_sampling, describe_solver
from pinn.app.locate import conf_folder
from pinn.fields import EvolvingFeatures, FourierFeatures, Mlp, Patches, RandomFeatures, Slabs
from pinn.geometry import Box
from pinn.problems import Heat1D, LaplaceAnnulus, PoissonExpression, PoissonND, Problem
from pinn.solvers import (
    Adam,
    Bfgs,
    Chain,
    Constant,
    Cosine,
    Engd,
    ExponentialDecay,
    GaussNewtonCg,
    Lbfgs,
    LevenbergMarquardt,
    Solver,
)
from pinn.solvers.line_search import StrongWolfe
from pinn.training import BALANCES, SAMPLERS, Balance, Causal, Fixed, Rad, Rar, Sampling

SHIPPED = sorted((conf_folder() / "problem").glob("*.yaml"))

# options -> what they make
FIELDS_MADE = {
    "mlp": ({"name": "mlp", "width": 3, "depth": 1, "activation": "sine"}, Mlp(width=3, depth=1, activation="sine")),
    "mlp, its own defaults": ({"name": "mlp"}, Mlp()),
    "fourier, a whole number for a scale": (
        {"name": "fourier", "features": 5, "scale": 2},
        FourierFeatures(features=5, scale=2.0),
    ),
}
SAMPLINGS_MADE = {
    "default": ({"name": "sobol"}, Sampling()),
    "graded": ({"name": "sobol", "towards": ["x_min"], "width": 1}, Sampling(towards=("x_min",), width=1.0)),
    "all": (
        {"name": "grid", "interior": 9, "boundary": None, "initial": 3, "resample_every": 7},
        Sampling(kind="grid", interior=9, initial=3, resample_every=7),
    ),
    "rad": (
        {"name": "rad", "kind": "grid", "interior": 9, "resample_every": 7, "candidates": 50, "power": 2, "uniform": 0},
        Sampling(kind="grid", interior=9, resample_every=7, adapt=Rad(candidates=50, power=2.0, uniform=0.0)),
    ),
    "rar": (
        {"name": "rar", "resample_every": 7, "candidates": None, "share": 0.25, "added": 4},
        Sampling(resample_every=7, adapt=Rar(share=0.25, added=4)),
    ),
}
BALANCES_MADE: dict[str, tuple[dict[str, Any], Balance]] = {
    **{name: ({"name": name}, cls()) for name, cls in BALANCES.items()},
    "options": (
        {"name": "causal", "every": 7, "bins": 3, "ladder": [1, 2.5], "threshold": 0.5},
        Causal(every=7, bins=3, ladder=(1.0, 2.5), threshold=0.5),
    ),
}
SOLVERS_MADE: dict[str, tuple[dict[str, Any], Solver]] = {
    "adam": (
        {"name": "adam", "max_steps": 7, "clip_norm": 2},
        Adam(learning_rate=Constant(1e-3), max_steps=7, clip_norm=2.0),
    ),
    "adam, a final rate that a constant one ignores": (
        {"name": "adam", "learning_rate": 0.5, "schedule": "constant", "final_learning_rate": 1e-5},
        Adam(learning_rate=Constant(0.5)),
    ),
    "adam, exponential to the final rate at the last step": (
        {
            "name": "adam",
            "schedule": "exponential",
            "learning_rate": 0.5,
            "final_learning_rate": 0.125,
            "max_steps": 90,
        },
        Adam(learning_rate=ExponentialDecay(0.5, decay_rate=0.25, decay_steps=90, final=0.125), max_steps=90),
    ),
    "adam, cosine after a warm-up": (
        {
            "name": "adam",
            "schedule": "cosine",
            "learning_rate": 1,
            "final_learning_rate": 0.1,
            "max_steps": 90,
            "warm_up": 9,
        },
        Adam(learning_rate=Cosine(1.0, total_steps=90, warmup_steps=9, final=0.1), max_steps=90),
    ),
    "adam, cosine over its own number of steps": (
        {"name": "adam", "schedule": "cosine", "learning_rate": 1.0, "final_learning_rate": 0.1},
        Adam(learning_rate=Cosine(1.0, total_steps=Adam.max_steps, final=0.1)),
    ),
    "lbfgs": ({"name": "lbfgs", "memory": 3, "gradient_tolerance": 0}, Lbfgs(memory=3)),
    "chain": (
        {"name": "chain", "lbfgs": {"memory": 3}, "adam": {"name": "adam", "max_steps": 7}},
        Chain((Adam(learning_rate=Constant(1e-3), max_steps=7), Lbfgs(memory=3))),
    ),
    "chain of defaults": ({"name": "chain"}, Chain((Adam(learning_rate=Constant(1e-3)), Lbfgs()))),
    "bfgs": ({"name": "bfgs", "transform": "none"}, Bfgs(transform="none")),
    "levenberg_marquardt": ({"name": "levenberg_marquardt", "damping": 1}, LevenbergMarquardt(damping=1.0)),
    "engd": ({"name": "engd", "momentum": 0}, Engd(momentum=0.0)),
    "gauss_newton_cg": ({"name": "gauss_newton_cg", "rank": 7}, GaussNewtonCg(rank=7)),
    "chain of other stages": (
        {"name": "chain", "bfgs": {"max_steps": 9}, "adam": {}},
        Chain((Adam(learning_rate=Constant(1e-3)), Bfgs(max_steps=9))),
    ),
}
PROBLEMS_MADE = {
    "defaults": ({"_target_": "pinn.problems.Heat1D"}, Heat1D()),
    "parameters": ({"_target_": "pinn.problems.Heat1D", "diffusivity": 2, "duration": 0.5}, Heat1D(2.0, 0.5)),
    "the module inside the package": ({"_target_": "pinn.problems.poisson.PoissonND", "dimension": 3}, PoissonND(3)),
    "lists as tuples, by the name in a config": (
        {"_target_": "pinn.problems.PoissonExpression", "exact": "x*y", "lower": [-1, 0], "upper": [1, 2]},
        PoissonExpression("x*y", (-1.0, 0.0), (1.0, 2.0)),
    ),
    "one's own": (
        {"_target_": f"{HERE}.Plate", "size": [3, 4], "layers": [1, 2], "load": 5, "table": {"a": 1.0}},
        Plate((3.0, 4.0), [1, 2], 5.0, table={"a": 1.0}),
    ),
    "an alias without a default": ({"_target_": f"{HERE}.Needy", "load_factor": 2}, Needy(force=2.0)),
}


@pytest.mark.parametrize(("options", "made"), FIELDS_MADE.values(), ids=FIELDS_MADE)
def test_a_field_from_options(options: dict[str, Any], made: Mlp) -> None:
    assert field_from(options) == made


@pytest.mark.parametrize(("options", "made"), SAMPLINGS_MADE.values(), ids=SAMPLINGS_MADE)
def test_a_sampling_from_options(options: dict[str, Any], made: Sampling) -> None:
    assert sampling_from(options) == made


@pytest.mark.parametrize(("options", "made"), BALANCES_MADE.values(), ids=BALANCES_MADE)
def test_a_balance_from_options_and_back(options: dict[str, Any], made: Balance) -> None:
    assert balance_from(options) == made
    assert balance_from(as_yaml(describe_balance(made))) == made


def test_a_balance_of_ones_own_has_no_name_in_a_config() -> None:
    class Mine(Fixed):  # type: ignore[misc]
        """Another class."""

    assert describe_balance(Mine()) == {"name": "custom"}


@pytest.mark.parametrize(("options", "made"), SOLVERS_MADE.values(), ids=SOLVERS_MADE)
def test_a_solver_from_options(options: dict[str, Any], made: Solver) -> None:
    assert build_solver(options) == made


@pytest.mark.parametrize(("options", "made"), PROBLEMS_MADE.values(), ids=PROBLEMS_MADE)
def test_a_problem_from_options(options: dict[str, Any], made: Problem) -> None:
    found = problem_from(options)
    assert found == made
    # 3 == 3.0: equality alone does not see a whole number left where a float was declared.
    assert repr(found) == repr(made)


def test_options_are_not_changed() -> None:
    options = {"name": "chain", "adam": {"name": "adam", "schedule": "constant"}, "lbfgs": {"memory": 2}}
    before = yaml.safe_dump(options)
    build_solver(options)
    assert yaml.safe_dump(options) == before


def test_the_automatic_solver_depends_on_precision_field_and_size() -> None:
    assert solver_from({"name": "auto"}) == "auto"  # until the field is known
    assert auto_solver("float32", Mlp(), 100).name == "adam"
    assert auto_solver("float64", Mlp(), 5000).name == "bfgs"
    assert [stage.name for stage in auto_solver("float64", Mlp(), 5001).stages] == ["adam", "lbfgs"]  # type: ignore[attr-defined]
    assert auto_solver("float64", RandomFeatures(), 400).name == "least_squares"
    assert "float32" in auto_solver("float32", RandomFeatures(), 400).precisions
    for features in (RandomFeatures(), Patches()):
        assert auto_solver("float64", features, 400, linear=True).name == "least_squares"
        assert auto_solver("float64", features, 400, linear=False).name == "gauss_newton"


@pytest.mark.parametrize("name", ["constant", "exponential", "cosine"])
def test_every_schedule_goes_from_the_first_rate_to_the_last(name: str) -> None:
    last = 1.0 if name == "constant" else 0.125
    options = {"name": "adam", "schedule": name, "learning_rate": 1.0, "final_learning_rate": 0.125, "max_steps": 64}
    rate = build_solver(options).learning_rate  # type: ignore[attr-defined]
    assert float(rate(tf.constant(0.0, tf.float64))) == pytest.approx(1.0)
    assert float(rate(tf.constant(64.0, tf.float64))) == pytest.approx(last)


RECIPES = [
    Mlp(),
    Mlp(7, 3, "sine"),
    FourierFeatures(),
    FourierFeatures(7, 3, "gelu", 5, 0.5),
    RandomFeatures(features=9),
    RandomFeatures(scale=2.0),
    Patches(),
    Patches((3, 5), features=7, activation="tanh", scale=2.0, overlap=0.5, early=0.01),
    EvolvingFeatures(),
    EvolvingFeatures(9, "tanh", scale=(2.0, 3.0), frames=8, tolerance=1e-6),
    Slabs(),
    Slabs(3, patches=(3, 5), features=7, residual=1e-3, most=20, activation="tanh", scale=2.0, overlap=0.5),
]
SAMPLINGS = [Sampling(kind=kind, interior=5, resample_every=3) for kind in SAMPLERS] + [
    Sampling(),
    Sampling(resample_every=3, adapt=Rad(power=2.0, candidates=9)),
    Sampling(towards=("inner", "outer"), grading="exponential", width=0.2),
    Sampling(early=0.05),
    Sampling(kind="uniform", resample_every=3, adapt=Rar(added=2)),
]
SOLVERS = {
    "adam, a number": Adam(learning_rate=0.25, max_steps=5),
    "adam, constant": Adam(learning_rate=Constant(0.25), beta_1=0.5, beta_2=0.75, epsilon=1e-6, clip_norm=3.0),
    "adam, cosine": Adam(learning_rate=Cosine(0.25, total_steps=50, warmup_steps=5, final=1e-4), max_steps=50),
    "adam, exponential": Adam(
        learning_rate=ExponentialDecay(0.25, decay_rate=1e-4 / 0.25, decay_steps=50, final=1e-4), max_steps=50
    ),
    "lbfgs": Lbfgs(memory=3, max_steps=5, gradient_tolerance=1e-9),
    "chain": Chain((Adam(learning_rate=Constant(0.1)), Lbfgs(memory=4))),
    "auto, float64": auto_solver("float64", Mlp(), 100),
    "auto, many weights": auto_solver("float64", Mlp(), 10**6),
    "auto, float32": auto_solver("float32", Mlp(), 100),
    "chain of one": Chain((Adam(learning_rate=Constant(0.1)),)),
    "auto, features": auto_solver("float64", RandomFeatures(), 100),
}
PROBLEMS: list[Problem] = [
    *(problem_from(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in SHIPPED),
    Heat1D(2.0, 0.5),
    PoissonND(3),
    LaplaceAnnulus(0.5, 3.0),
    PoissonExpression("x*y*z", (0.0, 0.0, -1.0), (1.0, 1.0, 1.0)),
    Plate((3.0, 4.0), [1, 2], 5.0, rounds=2, label="mine", clamped=False, kind="thick", table={"a": 1.0}),
    Needy(force=2.0),
    Inside(),
]


def as_yaml(options: Mapping[str, Any]) -> Any:
    """What is left of options after a file: only what a config can hold survives."""
    return yaml.safe_load(yaml.safe_dump(dict(options), sort_keys=False))


def with_schedules(solver: Solver) -> Solver:
    """A number for a learning rate comes back as the schedule that it means."""
    if isinstance(solver, Chain):
        return Chain(tuple(map(with_schedules, solver.stages)))
    if isinstance(solver, Adam) and isinstance(solver.learning_rate, float):
        return replace(solver, learning_rate=Constant(solver.learning_rate))
    return solver


def test_every_shipped_field_and_problem_is_in_the_tables() -> None:
    assert {type(recipe) for recipe in RECIPES} == set(FIELDS.values())
    assert {path.stem for path in SHIPPED} <= {problem.name for problem in PROBLEMS}


@pytest.mark.parametrize("recipe", RECIPES, ids=repr)
def test_a_field_survives_its_description(recipe: Mlp) -> None:
    assert field_from(as_yaml(describe_field(recipe))) == recipe


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=lambda s: s.kind)
def test_a_sampling_survives_its_description(sampling: Sampling) -> None:
    assert sampling_from(as_yaml(describe_sampling(sampling))) == sampling


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_solver_survives_its_description(solver: Solver) -> None:
    assert build_solver(as_yaml(describe_solver(solver))) == with_schedules(solver)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
def test_a_problem_survives_its_description(problem: Problem) -> None:
    found = problem_from(as_yaml(describe_problem(problem)))
    assert found == problem
    assert repr(found) == repr(problem)


def test_a_shipped_problem_is_described_by_its_room_and_ones_own_by_its_module() -> None:
    assert describe_problem(Heat1D())["_target_"] == "pinn.problems.Heat1D"
    assert describe_problem(Plate())["_target_"] == f"{HERE}.Plate"
    assert describe_problem(Bare()) == {"_target_": f"{HERE}.Bare"}
    assert type(problem_from(describe_problem(Bare()))) is Bare


def test_numbers_of_numpy_are_described_as_numbers() -> None:
    made = describe_problem(Plate(np.array([1.0, 2.0]), [np.int64(3)], np.float32(0.5), np.int32(2)))  # type: ignore[arg-type,list-item]
    assert as_yaml(made) == as_yaml(describe_problem(Plate((1.0, 2.0), [3], 0.5, 2)))
    assert as_yaml(describe_field(Mlp(width=np.int64(4))))["width"] == 4  # type: ignore[arg-type]
    assert as_yaml(describe_sampling(Sampling(interior=np.int64(4))))["interior"] == 4  # type: ignore[arg-type]
    assert as_yaml(describe_solver(Adam(max_steps=np.int64(4))))["max_steps"] == 4  # type: ignore[arg-type]


@dataclass(frozen=True)
class Steepest(Adam):
    """A solver of one's own that goes by a name that is taken."""


NOT_DESCRIBABLE: dict[str, Solver] = {
    "chain in another order": Chain((Lbfgs(), Adam())),
    "chain of two alike": Chain((Adam(), Adam(max_steps=3))),
    "chain in a chain": Chain((Chain((Adam(), Lbfgs())), Lbfgs())),
    "exponential that ends elsewhere": Adam(learning_rate=ExponentialDecay(0.1, decay_rate=0.5, decay_steps=9)),
    "cosine over other steps": Adam(learning_rate=Cosine(0.1, total_steps=9, final=1e-3)),
    "cosine down to zero": Adam(learning_rate=Cosine(0.1)),
    "line search of one's own": Lbfgs(line_search=StrongWolfe(curvature=0.5)),
    "class of one's own": Steepest(),
}


@pytest.mark.parametrize("solver", NOT_DESCRIBABLE.values(), ids=NOT_DESCRIBABLE)
def test_a_solver_that_no_config_makes_is_never_described_as_another_one(solver: Solver) -> None:
    assert describe_solver(solver) == {"name": "custom"}
    with pytest.raises(
        ValueError,
        match=r"solver: expected one of auto, chain, adam, lbfgs, .*; got 'custom'",
    ):
        build_solver(describe_solver(solver))


@pytest.mark.parametrize(
    "problem",
    [
        Inside(shape=Box((0.0,), (2.0,))),
        Inside(source=tf.cos),
        Plate(load=math.inf),
        Scaled(2.0),
        Plate(table={"a": object()}),
    ],  # type: ignore[dict-item]
    ids=["a shape", "a function", "infinity", "no dataclass", "an object in a mapping"],
)
def test_a_problem_that_no_config_holds_is_never_described_as_another_one(problem: Problem) -> None:
    assert describe_problem(problem) == {"_target_": "custom"}
    with pytest.raises(ValueError, match=r"problem\._target_: .* made in Python.*pinn\.load\(folder, problem="):
        problem_from(describe_problem(problem))


def test_a_network_made_by_hand_is_custom() -> None:
    assert describe_field(None) == {"name": "custom"}
    with pytest.raises(
        ValueError,
        match=r"field: expected one of auto, mlp, .*, slabs, evolving_features; got 'custom'",
    ):
        field_from(describe_field(None))
