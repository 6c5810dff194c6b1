"""True error against seconds and against evaluations: all solvers, DeepXDE, and a classical solver on one picture.

    .venv/bin/python experiments/work_precision.py problem=poisson_2d

| word | default | |
|---|---|---|
| `seconds=30` | 30 | of training, for each run; compiling is apart |
| `solvers=bfgs,adam` | all | names as of `pinn solver=` |
| `features=50,100` | 50,100,200,400,800 | numbers of random features, for `least_squares` |
| `seeds=3` | 1 | runs of each method; the table has medians |
| `rivals=false` | true | DeepXDE in its environment (`make rivals`) |
| `patience=20` | 20 | seconds that a grid of finite differences may take |
| `steps=3` | 1000000 | of a solver at most |
| `folder=DIR` | outputs/work_precision/PROBLEM | for `curves.csv` and `work_precision.png` |
| `figure=FILE.png` | none | the picture once more |

All other words are those of the command: the problem and its options, `field=`, `sampling=`, `conditions=`. Errors are
relative L2 on 16384 points that nobody trained on. Beside each result stands what finite differences take for the same
error (`classical.py`); where the domain is no box, a line says that there is no such curve. An evaluation is one of the
loss with its gradient, or of all residuals with what a Gauss-Newton step needs of their Jacobian.

On a machine that others use too, threads wait for each other; give everybody one:

    TF_NUM_INTRAOP_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 .venv/bin/python experiments/work_precision.py
"""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
from classical import Rung, equal_accuracy, ladders
from configs import composed, refusing
from races import STRATEGIES, Run, of_deepxde, of_features, of_network

from pinn.app.build import STAGES, problem_from
from pinn.app.messages import explain, unknown
from pinn.app.solution import Solution
from pinn.problems import Problem
from pinn.report import ErrorCurve, save_figure, work_precision_figure, write_columns
from pinn.solvers import LeastSquares

FAMILIES = {
    "adam": "first order",
    **dict.fromkeys(("lbfgs", "bfgs", "ss_bfgs", "ss_broyden"), "quasi-Newton"),
    **dict.fromkeys(("levenberg_marquardt", "engd", "gauss_newton_cg"), "Gauss-Newton"),
    LeastSquares.name: "random features",
}
CLASSICAL = "finite differences"
_OURS_TO_SET = {"solver": "solvers", "time_limit": "seconds", "seed": "seeds", "accuracy": "seconds"}


@dataclass(frozen=True)
class Request:
    """What is asked for; see the head of this file."""

    words: tuple[str, ...]
    solvers: tuple[str, ...] = tuple(FAMILIES)
    features: tuple[int, ...] = (50, 100, 200, 400, 800)
    seconds: float = 30.0
    patience: float = 20.0
    seeds: int = 1
    steps: int = 1_000_000
    rivals: bool = True
    folder: Path | None = None
    figure: Path | None = None


def read(words: Sequence[str]) -> Request:
    """The words of the command line, those for `pinn` apart.

    Raises:
        ValueError: a value that cannot be meant.
    """
    own: dict[str, Any] = {}
    rest: list[str] = []
    for word in words:
        key, _, value = word.partition("=")
        if key in _OURS_TO_SET:
            raise ValueError(f"{key}: expected {_OURS_TO_SET[key]}=, since all solvers are compared; got {word}")
        if key in _READERS:
            own[key] = _READERS[key](key, value)
        else:
            rest.append(word)
    return Request(tuple(rest), **own)


def _number(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{key}: expected a positive number; got {text!r}")
    return value


def _whole(key: str, text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise ValueError(f"{key}: expected a whole number of at least 1; got {text!r}")
    return int(text)


def _truth(key: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{key}: expected true or false; got {text!r}")
    return text == "true"


def _solvers(key: str, text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in STAGES:
            raise ValueError(unknown(key, name, STAGES))
    return names


_READERS: dict[str, Callable[[str, str], Any]] = {
    "solvers": _solvers,
    "features": lambda key, text: tuple(_whole(key, part) for part in text.split(",")),
    "seconds": _number,
    "patience": _number,
    "seeds": _whole,
    "steps": _whole,
    "rivals": _truth,
    "folder": lambda _, text: Path(text),
    "figure": lambda _, text: Path(text),
}
assert {*_READERS, "words"} == {field.name for field in fields(Request)}


def config_of(request: Request, solver: str, seed: int, features: int | None = None) -> dict[str, Any]:
    """The config of one run."""
    words = [word for word in request.words if features is None or not word.startswith(("field=", "field."))]
    if features is not None:
        words += ["field=random_features", f"field.features={features}"]
    elif not any(word.startswith("field=") for word in words):
        words.append("field=mlp")
    limit = [] if features is not None else [f"solver.max_steps={request.steps}"]
    return composed([*words, f"solver={solver}", *limit, f"seed={seed}", f"time_limit={request.seconds}"])


def ours(request: Request) -> Iterator[tuple[Run, Solution]]:
    """All solvers; one that cannot work on the problem says so and is left out."""
    for solver in request.solvers:
        family = FAMILIES.get(solver, solver)
        for seed in range(request.seeds):
            try:
                if solver == LeastSquares.name:
                    configs = [config_of(request, solver, seed, features) for features in request.features]
                    yield of_features(configs, solver, family)
                else:
                    yield of_network(config_of(request, solver, seed), solver, family)
            except (ValueError, TypeError) as error:
                print(f"{solver}: left out: {explain(error)}", flush=True)


def rivals(request: Request, solutions: Mapping[int, Solution]) -> Iterator[Run]:
    """DeepXDE by each of its strategies, on the points of our solutions by seed; each reason to leave one out is said
    once.
    """
    said: set[str] = set()
    for strategy in STRATEGIES:
        for seed, solution in solutions.items():
            try:
                yield of_deepxde(config_of(request, "adam", seed), strategy, solution)
            except (RuntimeError, FileNotFoundError) as error:
                if str(error) not in said:
                    print(f"DeepXDE, {strategy}: left out: {error}", flush=True)
                said.add(str(error))


def classical(problem: Problem, points: np.ndarray, patience: float) -> dict[int, list[Rung]]:
    """The ladders of finite differences, or a line that says why there are none."""
    try:
        return ladders(problem, points, patience=patience)
    except ValueError as error:
        print(f"no classical curve: {error}", flush=True)
        return {}


def table(runs: Sequence[Run], grids: Mapping[int, list[Rung]]) -> list[str]:
    """One line a method, medians of its seeds: error, its classical price, set-up, work, and time to each decade."""
    everything = [*runs, *_grid_runs(grids)]
    least = min(float(np.nanmin(run.errors)) for run in everything)
    goals = [10.0**-k for k in range(3, max(4, math.floor(-math.log10(least)) + 1))]
    heads = "".join(f"{f'{goal:.0e}':>8}" for goal in goals)
    lines = [
        f"{'':27}{'error':>9}  {CLASSICAL + ' for this error':37}{'set-up':>7}{'work':>8}{'evaluations':>13}{heads}"
    ]
    for method in dict.fromkeys(run.method for run in everything):
        same = [run for run in everything if run.method == method]
        error = statistics.median(float(run.errors[run.best]) for run in same)
        price = "" if not grids or same[0].family == CLASSICAL else str(equal_accuracy(grids, error))
        work = statistics.median(float(run.seconds[run.best]) for run in same)
        setup = statistics.median(run.setup for run in same)
        evaluations = statistics.median(float(run.evaluations[run.best]) for run in same)
        reached = [statistics.median(run.seconds_to(goal) for run in same) for goal in goals]
        lines.append(
            f"{method:27}{error:9.1e}  {price:37}{_cell(setup, '.1f'):>7}{_cell(work, '.3g'):>8}"
            f"{_cell(evaluations, '.0f'):>13}" + "".join(f"{_cell(seconds, '.2g'):>8}" for seconds in reached)
        )
    return lines


def _cell(value: float, form: str) -> str:
    return f"{value:{form}}" if math.isfinite(value) else "-"


def _grid_runs(grids: Mapping[int, list[Rung]]) -> list[Run]:
    """The ladders as runs, one for each order, which neither compile nor evaluate an objective."""
    runs = []
    for order, rungs in grids.items():
        seconds, errors = np.array([rung.seconds for rung in rungs]), np.array([rung.error for rung in rungs])
        runs.append(
            Run(f"{CLASSICAL}, order {order}", CLASSICAL, 0, seconds, errors, np.full(len(rungs), np.nan), math.nan)
        )
    return runs


def curves(runs: Sequence[Run], grids: Mapping[int, list[Rung]]) -> list[ErrorCurve]:
    """What the picture shows, the classical reference first."""
    return [
        ErrorCurve(
            name=run.method.removeprefix(f"{run.family}, "),
            family=run.family,
            seconds=run.seconds,
            errors=run.errors,
            evaluations=run.evaluations if np.isfinite(run.evaluations).any() else None,
            reference=run.family == CLASSICAL,
        )
        for run in [*_grid_runs(grids), *runs]
    ]


def save(runs: Sequence[Run], grids: Mapping[int, list[Rung]], path: Path) -> None:
    """All curves as rows of one file."""
    rows = [
        (run.method, run.family, run.seed, *values)
        for run in [*_grid_runs(grids), *runs]
        for values in zip(run.seconds, run.evaluations, run.errors, strict=True)
    ]
    names = ("method", "family", "seed", "seconds", "evaluations", "error")
    write_columns(dict(zip(names, zip(*rows, strict=True), strict=True)), path)


def compare(request: Request) -> None:
    """Run everything, print the table, write picture and curves."""
    problem = problem_from(config_of(request, "adam", 0)["problem"])
    if problem.exact is None:
        raise ValueError(f"{problem.name}: errors need the exact solution; it is not known")
    runs: list[Run] = []
    solutions: dict[int, Solution] = {}
    for run, solution in ours(request):
        runs.append(run)
        solutions.setdefault(run.seed, solution)
        print(f"{run.method}: {run.errors[run.best]:.1e} after {run.seconds[run.best]:.3g} s", flush=True)
    if not runs:
        raise ValueError(f"solvers: none of {', '.join(request.solvers)} works on {problem.name}")
    runs += rivals(request, solutions) if request.rivals else []
    grids = classical(problem, next(iter(solutions.values())).validation, request.patience)
    print(f"\n{problem.name}: true error within {request.seconds:g} s; the last columns are seconds to an error")
    print("\n".join(table(runs, grids)), flush=True)
    folder = request.folder or Path("outputs") / "work_precision" / problem.name
    save(runs, grids, folder / "curves.csv")
    picture = work_precision_figure(
        curves(runs, grids),
        title=f"{problem.name}:  true error against work",
        subtitle="on 16 384 points that nobody trained on; compiling is not counted",
    )
    for path in (folder / "work_precision.png", *([request.figure] if request.figure else [])):
        print(save_figure(picture, path))


def main(words: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 2 for bad input, which is said in a line or two."""
    given = sys.argv[1:] if words is None else words
    if "--help" in given or "-h" in given:
        print(__doc__)
        return 0
    return refusing("work_precision", lambda: compare(read(given)))


if __name__ == "__main__":
    sys.exit(main())
