"""Options become objects and objects become options again; every wrong option is named by its key."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
import tensorflow as tf
import yaml

from pinn.app.automatic import auto_solver
from pinn.app.build import FIELDS, balance_from, field_from, problem_from, sampling_from, solver_from
from pinn.app.construct import coerced, construct
from pinn.app.describe import describe_balance, describe_field, describe_problem, describe_sampling, describe_solver
from pinn.app.locate import conf_folder
from pinn.calculus import Jet, PointSet
from pinn.fields import EvolvingFeatures, FourierFeatures, Mlp, Patches, RandomFeatures, Slabs
from pinn.geometry import Box, Shape
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

HERE = __name__
SHIPPED = sorted((conf_folder() / "problem").glob("*.yaml"))


def build_solver(options: Mapping[str, Any]) -> Solver:
    made = solver_from(options)
    assert isinstance(made, Solver)
    return made


@dataclass(frozen=True)
class Plate(Problem):
    """Parameters of every kind that a config can hold."""

    size: tuple[float, float] = (1.0, 2.0)
    layers: list[int] = field(default_factory=list)
    load: float | None = None
    rounds: int = 1
    label: str = "plate"
    clamped: bool = True
    kind: Literal["thin", "thick"] = "thin"
    table: dict[str, float] = field(default_factory=dict)
    cutoff: float = math.inf

    @property
    def domain(self) -> Shape:
        return Box((0.0, 0.0), self.size)

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()


@dataclass(frozen=True)
class Needy(Plate):
    """A parameter without a default, under another name."""

    force: float = field(kw_only=True)
    aliases: ClassVar[Mapping[str, str]] = {"load_factor": "force"}


@dataclass(frozen=True)
class Inside(Plate):
    """A shape and a function as parameters."""

    shape: Shape = field(default_factory=lambda: Box((0.0,), (1.0,)))
    source: Callable[[tf.Tensor], tf.Tensor] = tf.sin


@dataclass(frozen=True)
class Fragile(Plate):
    """Fails like no other."""

    def __post_init__(self) -> None:
        raise ZeroDivisionError("no layers")


class Bare(Problem):
    """No dataclass at all."""

    domain = Box((0.0,), (1.0,))

    def residual(self, p: PointSet, u: Jet) -> tf.Tensor:
        return u.laplacian()


class Unfinished(Problem):
    """Without a residual it is no problem yet."""

    domain = Box((0.0,), (1.0,))


class Scaled(Bare):
    """No dataclass, with an argument that nobody can read back."""

    def __init__(self, scale: float) -> None:
        self._scale = scale


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


P = {"_target_": f"{HERE}.Plate"}
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


# value, declared type -> the value that is passed on
COERCED: dict[str, tuple[Any, Any, Any]] = {
    "whole number": (3, int, 3),
    "whole number as float": (3, float, 3.0),
    "none": (None, float | None, None),
    "first that fits": ("3", int | str, "3"),
    "number in an optional": (3, float | None, 3.0),
    "tuple of any length": ([1, 2, 3], tuple[float, ...], (1.0, 2.0, 3.0)),
    "empty tuple": ([], tuple[float, ...], ()),
    "tuple of tuples": ([[0, 1], [2, 3]], tuple[tuple[float, float], ...], ((0.0, 1.0), (2.0, 3.0))),
    "bare tuple": ([1, "a"], tuple, (1, "a")),
    "list": ((1, 2), list[int], [1, 2]),
    "anything": ({"a": 1}, Any, {"a": 1}),
    "undeclared": ("a", Literal["a", "b"], "a"),
}


@pytest.mark.parametrize(("value", "declared", "passed"), COERCED.values(), ids=COERCED)
def test_values_as_their_declared_types(value: Any, declared: Any, passed: Any) -> None:
    found = coerced("key", value, declared)
    assert found == passed
    assert type(found) is type(passed)
    assert repr(found) == repr(passed)


def test_an_option_whose_type_is_known_to_type_checkers_only_is_passed_on() -> None:
    @dataclass(frozen=True)
    class Hidden:
        part: NotImportedHere  # type: ignore[name-defined]  # noqa: F821

    assert construct(Hidden, {"part": "as it is"}, "group").part == "as it is"
    with pytest.raises(ValueError, match=r"group\.part: a value is missing"):
        construct(Hidden, {}, "group")


def test_an_option_that_the_class_computes_itself_is_unknown() -> None:
    @dataclass(frozen=True)
    class Computed:
        given: int = 1
        found: int = field(init=False, default=2)

    assert construct(Computed, {"given": 3}, "group") == Computed(3)
    with pytest.raises(ValueError, match=r"group\.found: unknown; expected one of given\."):
        construct(Computed, {"found": 3}, "group")


def test_a_default_that_is_made_anew_is_no_missing_value() -> None:
    first, second = problem_from(P), problem_from(P)
    assert first.layers == []
    assert first.layers is not second.layers
