"""Runs of a comparison: one method on one problem, its error along the way."""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from peers import HERE, PYTHON

from pinn.app.attempt import attempt
from pinn.app.automatic import SCALES
from pinn.app.bench import VALIDATION_POINTS, Bench
from pinn.app.build import balance_from, field_from, problem_from, sampling_from, solver_from
from pinn.app.choices import Choices, require
from pinn.app.running import on
from pinn.app.solution import Solution
from pinn.problems import Problem
from pinn.solvers import Solver
from pinn.training import boundary_points, natural_weight

DEEPXDE = "DeepXDE"
STRATEGIES = ("L-BFGS", "Adam, L-BFGS", "Adam, L-BFGS, NNCG")
"""Those of `rivals/deepxde_accuracy.py`."""

_OVERTIME = 1.2


@dataclass(frozen=True)
class Run:
    """How the error of one method fell on one problem.

    Attributes:
        method, family: names.
        seed: of weights and points.
        seconds: `[k]`, of work without compiling.
        errors: `[k]`, relative L2 on the points held out, after that work.
        evaluations: `[k]`, of the objective, cumulated; NaN where they were not counted.
        setup: seconds of building and compiling.
    """

    method: str
    family: str
    seed: int
    seconds: np.ndarray
    errors: np.ndarray
    evaluations: np.ndarray
    setup: float

    @property
    def best(self) -> int:
        """Where the error is least."""
        return int(np.nanargmin(self.errors))

    def seconds_to(self, goal: float) -> float:
        """The seconds after which the error was first at most the goal; infinity if it never was."""
        met = self.seconds[self.errors <= goal]
        return float(met.min()) if met.size else math.inf


def solved(config: Mapping[str, Any], *, watched: int) -> Solution:
    """What `pinn` would make of a config, with the error watched on so many of the points held out.

    Raises:
        ValueError, TypeError: a config that cannot work.
    """
    problem = problem_from(config["problem"])
    solver = solver_from(config["solver"])
    chosen = Choices(
        field=field_from(config["field"]),
        solver=solver if isinstance(solver, Solver) else None,
        sampling=sampling_from(config["sampling"]),
        engine=config["engine"]["name"],
        conditions=config["conditions"],
        weights=config["weights"],
        balance=balance_from(config["balance"]),
        accuracy=None,
        seed=config["seed"],
        dtype=config["dtype"],
        device=config["device"],
        time_limit=config["time_limit"],
        reference=config["reference"],
    )
    require(problem, chosen, None, None)
    if chosen.field is None:
        raise ValueError("field: expected a network by its name, such as field=mlp, for all solvers alike; got auto")
    with on(chosen.device) as running_on:
        bench = replace(Bench.of(problem, chosen, running_on, None, None), watched=watched)
        return attempt(bench, chosen.field, chosen.solver, time_limit=chosen.time_limit).solution


def of_network(config: Mapping[str, Any], method: str, family: str) -> tuple[Run, Solution]:
    """Train a network, watched on all 16384 points held out: the watching is part of its seconds."""
    solution = solved(config, watched=VALIDATION_POINTS)
    history = solution.history
    measured = np.isfinite(history["error"])
    if not measured.any():
        raise ValueError(f"no step was taken: {solution.summary['stop_reason']}")
    columns = (history[name][measured] for name in ("seconds", "error", "evaluations"))
    return Run(method, family, config["seed"], *columns, _setup(solution)), solution


def of_features(configs: Sequence[Mapping[str, Any]], method: str, family: str) -> tuple[Run, Solution]:
    """Random features, one point of the curve for each number of them.

    Where the steepness is left open, a step of least squares is taken for each one that is tried; these are counted.
    """
    rows, setup = [], 0.0
    for config in configs:
        solution = solved(config, watched=1)  # looking at many features at many points would take as long as a step
        history, errors = solution.history, solution.errors
        assert errors is not None
        tried = len(SCALES) if config["field"]["scale"] is None else 0
        seconds = history["seconds"][-1] + tried * history["seconds"][0]
        rows.append((seconds, errors.relative_l2, np.nanmax(history["evaluations"]) + 2 * tried))
        setup = max(setup, _setup(solution))
    seconds, found, evaluations = (np.array(column) for column in zip(*rows, strict=True))
    return Run(method, family, configs[0]["seed"], seconds, found, evaluations, setup), solution


def _setup(solution: Solution) -> float:
    return float(solution.summary["seconds"]["build"] + solution.summary["seconds"]["compile"])


def of_deepxde(config: Mapping[str, Any], strategy: str, solution: Solution) -> Run:
    """DeepXDE in its own environment: the same points and network, in float64.

    Args:
        config: with the field, the seed and the time limit.
        strategy: one of `STRATEGIES`.
        solution: one of ours, whose points it takes.

    Raises:
        FileNotFoundError: the rivals have no environment.
        RuntimeError: it cannot serve the problem, or ended by itself before it had measured anything.
    """
    if not PYTHON.exists():
        raise FileNotFoundError(f"{PYTHON}: the rivals have no environment yet; make it by: make rivals")
    problem, field, seed = solution.problem, config["field"], config["seed"]
    if (
        not type(problem).__module__.startswith("pinn.problems.")
        or field["name"] != "mlp"
        or field["activation"] != "tanh"
    ):
        raise RuntimeError("it is asked for shipped problems and tanh networks (field=mlp) only")
    request = {
        "problem": problem.name,
        "parameters": asdict(problem),  # type: ignore[call-overload]
        "widths": [field["width"]] * field["depth"],
        "weights": {
            "value" if condition.fixes_value else "flux": natural_weight(condition, problem.domain)
            for condition in problem.conditions()
        },
        "strategy": strategy,
        "seconds": config["time_limit"],
        "seed": seed,
    }
    with tempfile.TemporaryDirectory() as folder:
        asked, points = Path(folder) / "request.json", Path(folder) / "points.npz"
        asked.write_text(json.dumps(request), encoding="utf-8")
        np.savez(points, **_points(problem, solution, config))
        command = [str(PYTHON), "-W", "ignore", str(HERE / "rivals" / "deepxde_accuracy.py"), str(asked), str(points)]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=20.0 * config["time_limit"] + 600.0
        )
    lines = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    # A step of Newton's method may end long after the limit: it is no result within the time.
    rows = [line for line in lines if "error" in line and line["seconds"] <= _OVERTIME * config["time_limit"]]
    last = lines[-1] if lines else {}
    if "refused" in last or not rows:
        said = ended.stderr.strip().splitlines()[-1:]
        raise RuntimeError(last.get("refused") or (said[0] if said else "it ended without a word"))
    columns = (np.array([row[name] for row in rows], np.float64) for name in ("seconds", "error", "evaluations"))
    return Run(f"{DEEPXDE}, {strategy}", DEEPXDE, seed, *columns, float(last.get("done", math.nan)))


def _points(problem: Problem, solution: Solution, config: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Ours; those on the boundary are drawn like ours where our field holds its values exactly and needs none."""
    collocation = solution.collocation
    sampling, domain = sampling_from(config["sampling"]), problem.domain
    drawn, _ = boundary_points(
        domain.select("boundary"), sampling.counts(domain).boundary, kind=sampling.kind, seed=(config["seed"], 1)
    )
    boundary = collocation.get("dirichlet_boundary", drawn)
    return {"interior": collocation["equation"], "boundary": boundary, "held_out": solution.validation}
