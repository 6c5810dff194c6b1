"""A field and a solver, made ready to train."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import keras
import numpy as np

from pinn.calculus import Engine
from pinn.fields import FieldRecipe, FlatField
from pinn.solvers import Solver
from pinn.training import Training
from pinn.validation import Evaluator


@final
@dataclass(frozen=True)
class Work:
    """All there is to do for one field, and to be known about it afterwards.

    Attributes:
        field, solver: what is trained, and by what.
        network: the model and its weights.
        evaluator: what measures the field.
        engine: of the derivatives.
        train: seconds (`None`: as many as it takes) -> what came of it.
        estimate: weights `[P]` -> the relative error as far as it can be told without a truth.
        points: those trained on, by term, after the training.
        weights_of_terms: how much each term counts in the loss, after the training.
    """

    field: FieldRecipe | keras.Model
    solver: Solver
    network: FlatField
    evaluator: Evaluator
    engine: Engine
    train: Callable[[float | None], Training]
    estimate: Callable[[np.ndarray], float]
    points: Callable[[], Mapping[str, np.ndarray]]
    weights_of_terms: Callable[[], Mapping[str, float]]
