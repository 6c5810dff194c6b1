"""What a run chooses by itself: the solver, and the steepness of random features."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from pinn.fields import FieldRecipe, FlatField, RandomFeatures
from pinn.solvers import Adam, Advance, Bfgs, Chain, Cosine, Lbfgs, LeastSquares, Solver
from pinn.training import ResidualObjective

AUTO = "auto"

MOST_DENSE_WEIGHTS = 5000
"""Up to here BFGS is taken. Its linear algebra takes 0.8, 8 and 28 ms an iteration for 1185, 2500 and 5000 weights, one
evaluation of the first of these networks 3 ms."""

SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Steepnesses of random features that are tried: slow waves need wide ridges, layers need steep ones."""


def auto_solver(dtype: str, field: FieldRecipe | keras.Model, weights: int) -> Solver:
    """The solver that is used when none is named.

    | field | dtype | weights | solver | why |
    |---|---|---|---|---|
    | random features | `float64` | any | `LeastSquares` | the last layer of a linear equation is solved at once |
    | any other | `float64` | up to 5000 | `Bfgs`, 3000 steps | the whole Hessian, on the logarithm of the loss |
    | any other | `float64` | more | Adam, 1000 steps, then `Lbfgs`, 4000 | that Hessian would cost more than it saves |
    | any | `float32` | any | Adam, 5000 steps with a falling rate | round-off ends a quasi-Newton descent too early |

    Measured with the defaults of all shipped problems (2x32 network, two cores): `Bfgs` ends between 7e-12 and 1e-6 in
    8 to 32 s.
    """
    if dtype == "float32":
        return Adam(learning_rate=Cosine(peak=5e-3, total_steps=5000, final=1e-5), max_steps=5000)
    if isinstance(field, RandomFeatures):
        return LeastSquares()
    if weights <= MOST_DENSE_WEIGHTS:
        return Bfgs(max_steps=3000)
    return Chain((Adam(learning_rate=5e-3, max_steps=1000), Lbfgs(max_steps=4000)))


def auto_scale(
    recipe: RandomFeatures,
    network: FlatField,
    solver: LeastSquares,
    *,
    advance: Advance,
    others: ResidualObjective,
    seed: int,
) -> RandomFeatures:
    """The recipe with the scale of `SCALES` whose least-squares solution has the least loss on `others`' points.

    The network gets the ridges of that scale. The ridges are data of one compiled program, `advance` of the solver, so
    that each scale costs a solution and no compiling.

    Raises:
        ValueError: the residuals are not linear in the weights.
    """
    start = solver.start(network.weights())
    held_out = tf.function(others.loss, autograph=False).get_concrete_function(
        tf.TensorSpec([network.size], network.dtype)
    )
    found: dict[float, float] = {}
    for scale in SCALES:
        replace(recipe, scale=scale).redraw(network.model, seed)
        state, _ = advance(start, 1)
        loss = float(held_out(tf.constant(solver.best(state))))
        found[scale] = loss if np.isfinite(loss) else np.inf
    best = replace(recipe, scale=min(found, key=lambda scale: found[scale]))
    best.redraw(network.model, seed)
    return best
