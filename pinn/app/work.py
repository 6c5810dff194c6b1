"""A field and a solver, made ready to train, and trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import keras
import numpy as np

from pinn.app.checkpoints import Checkpoints
from pinn.app.record import pair_of
from pinn.app.termination import leave_if_requested
from pinn.calculus import Engine
from pinn.fields import FieldRecipe, FlatField
from pinn.solvers import Solver
from pinn.training import Event, Keeper, Observer, Snapshot, Training
from pinn.validation import Evaluator


@final
@dataclass(frozen=True)
class Watch:
    """Who watches a training, for how many seconds (`None`: all it takes), who keeps it, and from where it goes on."""

    observer: Observer | None
    time_limit: float | None
    keeper: Keeper | None = None
    resume: Snapshot | None = None

    @property
    def everyone(self) -> Observer:
        """The observer and the keeper as one, for trainings that tell both at the same moments."""

        def observe(event: Event) -> None:
            for told in (self.observer, self.keeper):
                if told is not None:
                    told(event)

        return observe


@final
@dataclass(frozen=True)
class Work:
    """All there is to do for one field, and to be known about it afterwards.

    Attributes:
        field, solver: what is trained, and by what.
        network: the model and its weights.
        evaluator: what measures the field.
        engine: of the derivatives.
        train: what comes of it.
        estimate: weights `[P]` -> the relative error as far as it can be told without a truth.
        points: those trained on, by term, after the training.
        weights_of_terms: how much each term counts in the loss, after the training.
        replicas: how many devices share the points.
    """

    field: FieldRecipe | keras.Model
    solver: Solver
    network: FlatField
    evaluator: Evaluator
    engine: Engine
    train: Callable[[Watch], Training]
    estimate: Callable[[np.ndarray], float]
    points: Callable[[], Mapping[str, np.ndarray]]
    weights_of_terms: Callable[[], Mapping[str, float]]
    replicas: int = 1


def trained(
    work: Work,
    time_limit: float | None,
    *,
    observer: Observer | None,
    checkpoints: Checkpoints | None,
    asked: Mapping[str, Any],
    number: int,
) -> Training:
    """The training of a work, kept in checkpoints and gone on from them where there are any.

    Args:
        work: what is trained.
        time_limit: seconds.
        observer: told about progress.
        checkpoints: those of the whole run.
        asked: the config of the whole run.
        number: of this work among those that the run tries.
    """
    if checkpoints is None:
        return work.train(Watch(observer, time_limit))
    keeper, found = checkpoints.attempt(number, asked, pair_of(work.field, work.solver))
    with keeper:
        training = work.train(Watch(observer, time_limit, keeper, found))
        keeper.keep(training.snapshot)
    if training.interrupted:
        leave_if_requested()
    return training
