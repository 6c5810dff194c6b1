"""What a run chooses by itself: the solver, the scale of random features, and how many points patches take."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from pinn.fields import FieldRecipe, FlatField, Patches, RandomFeatures
from pinn.geometry import Shape
from pinn.solvers import Adam, Advance, Bfgs, Chain, Cosine, GaussNewton, Lbfgs, LeastSquares, Solver, SparseLinearizer
from pinn.training import ResidualObjective, Sampling

AUTO = "auto"

MOST_DENSE_WEIGHTS = 5000
"""Up to here BFGS is taken. Its linear algebra takes 0.8, 8 and 28 ms an iteration for 1185, 2500 and 5000 weights, one
evaluation of the first of these networks 3 ms."""

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Steepnesses of random features that are tried: slow waves need wide ridges, layers need steep ones."""

PATCH_SCALES = (1.5, 3.0, 4.5, 6.0, 9.0)
"""Wave numbers that are tried for patches."""

_TRIAL_STEPS = 3
"""Steps of a solver that does not solve at once, before scales are compared."""


def auto_solver(dtype: str, field: FieldRecipe | keras.Model, weights: int, *, linear: bool = True) -> Solver:
    """The solver that is used when none is named.

    | field | dtype | equation | weights | solver | why |
    |---|---|---|---|---|---|
    | random features, patches | `float64` | linear | any | `LeastSquares` | solved at once |
    | random features, patches | `float64` | nonlinear | any | `GaussNewton` | Newton's method on it |
    | any other | `float64` | any | up to 5000 | `Bfgs`, 3000 steps | the whole Hessian, on the logarithm of the loss |
    | any other | `float64` | any | more | Adam, 1000 steps, then `Lbfgs`, 4000 | that Hessian would cost too much |
    | any | `float32` | any | any | Adam, 5000 steps, falling rate | round-off ends a quasi-Newton descent too early |

    Measured with the defaults of all shipped problems (2x32 network, two cores): `Bfgs` ends between 7e-12 and 1e-6 in
    8 to 32 s.
    """
    if dtype == "float32":
        return Adam(learning_rate=Cosine(peak=5e-3, total_steps=5000, final=1e-5), max_steps=5000)
    if isinstance(field, RandomFeatures | Patches):
        return LeastSquares() if linear else GaussNewton()
    if weights <= MOST_DENSE_WEIGHTS:
        return Bfgs(max_steps=3000)
    return Chain((Adam(learning_rate=5e-3, max_steps=1000), Lbfgs(max_steps=4000)))


def auto_sampling(field: FieldRecipe | keras.Model, sampling: Sampling, shape: Shape) -> Sampling:
    """The sampling with counts that were left out filled in where the field is of patches, which take more points the
    more patches there are, and crowd where they do.

    Raises:
        ValueError: fewer points were asked for than there are features.
    """
    if not isinstance(field, Patches):
        return sampling
    least = field.points(shape)
    if sampling.interior is not None and sampling.interior < least.features:
        raise ValueError(
            f"field=patches: expected at least as many points as features; got sampling.interior={sampling.interior} "
            f"for {least.features} features in the domain. Leave it out (it takes {least.interior}), or take fewer "
            "patches or features."
        )
    usual = sampling.counts(shape)
    return replace(
        sampling,
        interior=least.interior if sampling.interior is None else sampling.interior,
        boundary=max(least.boundary, usual.boundary) if sampling.boundary is None else sampling.boundary,
        initial=max(least.initial, usual.initial) if sampling.initial is None else sampling.initial,
        early=field.early if sampling.early is None and sampling.adapt is None else sampling.early,
    )


def auto_scale(
    recipe: RandomFeatures,
    network: FlatField,
    solver: Solver,
    *,
    advance: Advance,
    others: ResidualObjective,
    seed: int,
) -> RandomFeatures:
    """The recipe with the scale of `SCALES` whose solution has the least loss on `others`' points.

    The network gets the ridges of that scale. They are data of one compiled program, `advance` of the solver, so that
    each scale costs a solution (or a few steps of a solver that does not solve at once) and no compiling.

    Raises:
        ValueError: the residuals are not linear in the weights, and the solver needs them so.
    """
    start = solver.start(network.weights())
    steps = 1 if isinstance(solver, LeastSquares) else _TRIAL_STEPS
    held_out = tf.function(others.loss, autograph=False).get_concrete_function(
        tf.TensorSpec([network.size], network.dtype)
    )
    found: dict[float, float] = {}
    for scale in SCALES:
        replace(recipe, scale=scale).redraw(network.model, seed)
        state, _ = advance(start, steps)
        loss = float(held_out(tf.constant(solver.best(state))))
        found[scale] = loss if np.isfinite(loss) else np.inf
    best = replace(recipe, scale=min(found, key=lambda scale: found[scale]))
    best.redraw(network.model, seed)
    return best


def auto_patch_scale(recipe: Patches, network: FlatField, objective: ResidualObjective, *, seed: int) -> Patches:
    """The recipe with the scale of `PATCH_SCALES` that serves the equation best, linear or made linear where the
    weights are: its solution on the points of `objective` is judged by the loss on those of another epoch.

    The network gets the features of that scale. The objective may know a few patches only.
    """
    start = network.weights()
    found: dict[float, float] = {}
    for scale in PATCH_SCALES:
        replace(recipe, scale=scale).redraw(network.model, seed)
        objective.resample(0, start)
        here = SparseLinearizer(objective)(start)
        change = here.least(float(np.finfo(np.float64).eps)) if here.finite else np.full_like(start, np.nan)
        objective.resample(1, start)
        left = SparseLinearizer(objective)(start).predicted(change)
        loss = float(left @ left)
        found[scale] = loss if np.isfinite(loss) else np.inf
    best = replace(recipe, scale=min(found, key=lambda scale: found[scale]))
    best.redraw(network.model, seed)
    return best
