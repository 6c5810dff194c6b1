"""Fields of slabs: whether they can serve a problem, and how their march is made ready."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pinn.app.bench import Bench
from pinn.app.refusals import reason_of
from pinn.app.work import Watch, Work
from pinn.calculus import engine_named
from pinn.fields import Slabs, Slabwork, points_on_face
from pinn.geometry import INITIAL
from pinn.problems import BoundaryCondition
from pinn.solvers import GaussNewton, Solver
from pinn.training import EQUATION, March, Sampling, SlabTerms, Training

_LEAST = 256  # points of a condition: a program works on as many at once


def refusal(bench: Bench, solver: Solver | None = None) -> str | None:
    """Why a field of slabs cannot serve, in words that say what was expected and what to do; `None` if it can."""
    problem, chosen = bench.problem, bench.chosen
    shape, ansatz = problem.domain, bench.enforcement.ansatz
    if shape.time_axis is None:
        return f"expected a problem with time; {problem.name} has none. Say field=patches"
    time = len(shape.axes) - 1
    late = [
        c
        for c in bench.enforcement.penalties
        if not isinstance(c, BoundaryCondition) or INITIAL in {part.name for part in shape.select(c.on)}
    ]
    second = bench.terms(chosen.sampling)[0].needs.second
    own_points = replace(chosen.sampling, boundary=None) != Sampling()
    others = (
        (bool(late), "expected exact conditions at the initial time, no given points and no mean. Say conditions=auto"),
        (any(ansatz.fluxes), "expected fluxes that are terms of the loss. Say conditions=auto"),
        (own_points, "expected no choice of points inside, since every patch has its own. Leave sampling out"),
        ((time, time) in second, "expected an equation of first order in time; got one of second order"),
    )
    return reason_of(bench, solver, served_by=GaussNewton, others=others)


def marching(bench: Bench, field: Slabs, solver: Solver | None) -> Work:
    """A field of slabs and its march.

    Raises:
        ValueError: it cannot serve the problem.
    """
    reason = refusal(bench, solver)
    if reason is not None:
        raise ValueError(f"field=slabs: {reason}")
    bench.running_on.say_alone("field=slabs")
    chosen, shape = bench.chosen, bench.problem.domain
    network, engine = bench.network(field), engine_named(chosen.engine)
    lower, upper = shape.bounds
    grid = field.grid(lower[:-1], upper[:-1], bench.enforcement.periodic[:-1])
    slabwork = Slabwork.of(field, network.model, (float(lower[-1]), float(upper[-1])))
    newton = solver if isinstance(solver, GaussNewton) else GaussNewton()
    sampling = replace(chosen.sampling, boundary=chosen.sampling.boundary or _boundary(field, grid.counts))
    terms = bench.terms(sampling)
    slabs = SlabTerms(slabwork, terms, bench.enforcement.ansatz, engine=engine, shape=shape, seed=chosen.seed)
    march = March(slabs, grid=grid, solver=newton)

    def points() -> Mapping[str, np.ndarray]:
        return {EQUATION: np.concatenate([np.zeros((0, shape.dim)), *march.done.points])}

    def train(watch: Watch) -> Training:
        found = march.run(time_limit=watch.time_limit, observer=watch.everyone, resume=watch.resume)
        slabwork.publish(network.model)
        return found

    return Work(
        field,
        newton,
        network,
        bench.evaluator(network.model),
        engine,
        train=train,
        estimate=lambda _weights: march.done.residual if march.done.slabs == field.slabs else math.inf,
        points=points,
        weights_of_terms=lambda: {term.name: term.weight for term in terms},
    )


def _boundary(field: Slabs, counts: tuple[int, ...]) -> int:
    """Points on the boundary of space for a slab: those of all faces of patches along it."""
    faces = sum(math.prod(counts) // count for count in counts)
    return max(2 * _LEAST * len(counts), 2 * faces * points_on_face(field.features, len(counts) + 1))
