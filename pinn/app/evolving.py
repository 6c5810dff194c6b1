"""Fields of evolving features: whether they can serve a problem, and how their way through time is made ready."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pinn.app.bench import Bench
from pinn.app.collocation import held_out, self_consistency
from pinn.app.refusals import reason_of
from pinn.app.work import Watch, Work
from pinn.calculus import engine_named
from pinn.fields import EvolvingFeatures
from pinn.geometry import INITIAL, TimeProduct
from pinn.problems import BoundaryCondition
from pinn.solvers import LeastSquares, Solver
from pinn.training import EQUATION, Evolution, Integration, Sampling, Training, interior_points, no_evolution

NAME = "evolving_features"
_POINTS_A_FEATURE = 2
_TRIED = 64  # points of the equation


def refusal(bench: Bench, solver: Solver | None = None) -> str | None:
    """Why evolving features cannot serve, in words that say what was expected and what to do; `None` if they can."""
    problem, chosen = bench.problem, bench.chosen
    shape, enforcement = problem.domain, bench.enforcement
    if shape.time_axis is None:
        return f"expected a problem with time; {problem.name} has none. Say field=random_features"
    left = [condition.name for condition in enforcement.penalties]
    starts = [
        c
        for c in problem.conditions()
        if isinstance(c, BoundaryCondition) and INITIAL in {part.name for part in shape.select(c.on)}
    ]
    points = replace(chosen.sampling, interior=None, kind=Sampling().kind) != Sampling()
    others = (
        (not starts, "expected a condition at the initial time; got none"),
        (bool(left), f"expected conditions that hold exactly, values or periodic ones; got {', '.join(left)}"),
        (any(enforcement.ansatz.fluxes), "expected no exact fluxes, which look at the field elsewhere"),
        (points, "expected no choice of points but how many there are inside, and of what kind"),
    )
    said = reason_of(bench, solver, served_by=LeastSquares, others=others)
    return said or no_evolution(bench.terms(chosen.sampling)[0], bench.held_out[:_TRIED])


def evolving(bench: Bench, field: EvolvingFeatures, solver: Solver | None) -> Work:
    """A field of evolving features and its way through time.

    Raises:
        ValueError: it cannot serve the problem.
    """
    reason = refusal(bench, solver)
    if reason is not None:
        raise ValueError(f"field={NAME}: {reason}.")
    bench.running_on.say_alone(f"field={NAME}")
    chosen, shape = bench.chosen, bench.problem.domain
    network, engine = bench.network(field), engine_named(chosen.engine)
    lower, upper = shape.bounds
    span = (float(lower[-1]), float(upper[-1]))
    (term,) = bench.terms(chosen.sampling)
    count = chosen.sampling.interior or _POINTS_A_FEATURE * field.features
    assert isinstance(shape, TimeProduct)  # the one shape with time
    places = interior_points(shape.space, count, kind=chosen.sampling.kind, seed=(chosen.seed,))
    evolution = Evolution(
        term,
        bench.enforcement.ansatz,
        field.in_space(network.model),
        places,
        span,
        engine=engine,
        tolerance=field.tolerance,
    )
    integration = Integration(evolution, field)
    others = held_out(bench, network)

    def train(watch: Watch) -> Training:
        return integration.run(time_limit=watch.time_limit, observer=watch.everyone, resume=watch.resume)

    def estimate(weights: np.ndarray) -> float:
        return self_consistency(others, weights) if integration.finished else math.inf

    def points() -> Mapping[str, np.ndarray]:
        times = np.linspace(*span, len(places))
        return {EQUATION: np.column_stack([places, times])}

    return Work(
        field,
        LeastSquares(),
        network,
        bench.evaluator(network.model),
        engine,
        train=train,
        estimate=estimate,
        points=points,
        weights_of_terms=lambda: {EQUATION: term.weight},
    )
