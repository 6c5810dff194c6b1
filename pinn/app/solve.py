"""Problem in, solution out: the one call behind the command and the notebook."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import keras

from pinn.app.attempt import Attempt, attempt, serves
from pinn.app.bench import Bench
from pinn.app.checkpoints import Checkpoints
from pinn.app.choices import choices_of, require
from pinn.app.cluster import is_follower
from pinn.app.describe import describe_field
from pinn.app.ladder import BEST, GOOD_ENOUGH, MOST_AXES, Rung, climb, rungs
from pinn.app.running import on
from pinn.app.solution import Solution
from pinn.fields import FieldRecipe, Mlp, RandomFeatures
from pinn.problems import Problem
from pinn.solvers import LeastSquares, Solver
from pinn.training import Balance, Observer, Sampling


def solve(
    problem: Problem,
    field: FieldRecipe | keras.Model | None = None,
    solver: Solver | str = "auto",
    accuracy: float | str | None = None,
    seed: int = 0,
    *,
    sampling: Sampling | None = None,
    balance: Balance | None = None,
    engine: str = "auto",
    conditions: str = "auto",
    weights: Mapping[str, float] | None = None,
    dtype: str = "float64",
    device: str = "auto",
    time_limit: float | None = None,
    reference: str = "auto",
    observer: Observer | None = None,
    checkpoints: Checkpoints | None = None,
) -> Solution:
    """Train a neural field until the residual of a problem vanishes, and measure it against the truth.

    Args:
        problem: the equation, its domain and conditions; with `exact` the verdict is against the exact solution.
        field: a recipe such as `Mlp(width=64)`, or a Keras model `[N, d] -> [N, m]`, which is trained in place.
            By default the accuracy ladder is climbed: see `pinn.app.ladder.rungs`.
        solver: `auto` (see `pinn.app.automatic.auto_solver`) or a solver.
        accuracy: the relative L2 error asked for: where the exact solution is known training ends when it is reached,
            and the verdict says whether it was met. `best` climbs the whole ladder and keeps what is best.
        seed: of the weights and the points: the same seed gives the same solution, bit for bit.
        sampling: how many collocation points and how they are spread. Default `Sampling()`.
        balance: weighs the terms of the loss anew while they are trained, see `pinn.training.BALANCES`; `weights`
            multiply what it finds. Default: the weights stay.
        engine: how derivatives are computed, see `pinn.calculus.engine_named`.
        conditions: `auto`, `exact` or `penalty`, see `pinn.training.enforce`.
        weights: factors of the terms of the loss by name; `conditions` sets all conditions at once. Default: see
            `pinn.training.natural_weight`.
        dtype: `float64` or `float32`.
        device: `auto`, `cpu`, `gpu`, `gpu:1`, ...; several share the points, `gpu:0,1`, `all` or `multiworker`, see
            `pinn.app.devices`. Of several processes the first one writes what there is to write.
        time_limit: seconds of training.
        reference: what stands for the truth: `auto`, `none` or `finite_elements`, see `pinn.app.truth`.
        observer: told about progress after every block of steps.
        checkpoints: where the training is kept, and goes on from if it was kept there before: see `Checkpoints`.

    Returns:
        The best field found, also when training failed or was interrupted: `solution.summary["stop_reason"]` says so.

    Raises:
        ValueError, TypeError: input that cannot work, or that contradicts the checkpoints, before any training.
    """
    chosen = choices_of(
        field,
        solver,
        accuracy,
        seed,
        sampling=sampling,
        balance=balance,
        engine=engine,
        conditions=conditions,
        weights=weights,
        dtype=dtype,
        device=device,
        time_limit=time_limit,
        reference=reference,
    )
    require(problem, chosen, observer, checkpoints)
    with on(device) as running_on:
        if checkpoints is not None and is_follower(device, os.environ):
            checkpoints = replace(checkpoints, reads_only=True)
        bench = Bench.of(problem, chosen, running_on, observer, checkpoints)
        if field is None and chosen.solver is None:
            return _climbed(bench)
        (rung,) = planned(bench)
        return attempt(bench, rung.field, rung.solver, time_limit=time_limit).solution


def planned(bench: Bench) -> tuple[Rung, ...]:
    """The pairs of field and solver that a run tries, in this order: the rungs of the ladder, or the one that was
    chosen.
    """
    chosen, shape = bench.chosen, bench.problem.domain
    if chosen.field is not None or chosen.solver is not None:
        default = RandomFeatures() if isinstance(chosen.solver, LeastSquares) else Mlp()
        return (Rung(default if chosen.field is None else chosen.field, chosen.solver, "it was chosen"),)
    tried = rungs(
        linear=bench.is_linear(),
        axes=shape.dim,
        timed=shape.time_axis is not None,
        dtype=chosen.dtype,
        goal=_goal(bench),
        numbers=bench.fineness() if shape.dim <= MOST_AXES else (),
        components=bench.problem.components,
    )
    ladder = tuple(rung for rung in tried if serves(bench, rung.field))
    return ladder if chosen.accuracy is not None else ladder[:-1] or ladder


def _goal(bench: Bench) -> float:
    """The error at which the climb ends: none that the truth is too coarse to tell."""
    chosen = bench.chosen
    goal = 0.0 if chosen.accuracy == BEST else GOOD_ENOUGH if chosen.tolerance is None else chosen.tolerance
    return max(goal, bench.discernible)


def _climbed(bench: Bench) -> Solution:
    """The best solution of the ladder; its summary says which rung it is from and why, and its seconds are of all."""
    began = time.perf_counter()
    chosen, goal, ladder = bench.chosen, _goal(bench), planned(bench)
    left = math.inf if chosen.time_limit is None else chosen.time_limit
    steps = 0

    def reach(number: int, rung: Rung) -> Attempt:
        nonlocal left, steps
        placed = replace(bench.with_points(rung.sampling), observer=_on_rung(bench.observer, number, ladder, steps))
        found = attempt(placed, rung.field, rung.solver, number=number, time_limit=left)
        steps += found.solution.summary["steps"]
        left -= found.solution.summary["seconds"]["train"]
        (ended,) = bench.running_on.together((float(found.ended or left <= 0.0),))
        return replace(found, ended=bool(ended))

    best, made = climb(ladder, reach, goal)
    rung = ladder[[found is best for found in made].index(True)]
    summary = dict(best.solution.summary)
    summary["seconds"] = {**summary["seconds"], "total": time.perf_counter() - began}
    estimate = "" if summary["self_consistency"] is None else f"; self-consistency {best.error:.1e}"
    summary["choice"] = f"{summary['field']} by {summary['solver']}, because {rung.why}{estimate}"
    summary["tried"] = [
        {
            "field": found.solution.summary["field"],
            "solver": found.solution.summary["solver"],
            "error": found.error,
            "steps": found.solution.summary["steps"],
            "seconds": found.solution.summary["seconds"]["total"],
            "why": rung.why,
            "taken": found is best,
        }
        for rung, found in zip(ladder, made, strict=False)
    ]
    return replace(best.solution, summary=summary)


def _on_rung(observer: Observer | None, number: int, ladder: Sequence[Rung], before: int) -> Observer | None:
    """The observer, told which rung it looks at, and how many steps were done on those before."""
    if observer is None or len(ladder) == 1:
        return observer
    name = describe_field(ladder[number].field)["name"]
    rung = f"rung {number + 1} of {len(ladder)}: {name}"
    return lambda event: observer(replace(event, rung=rung, steps_before=before))
