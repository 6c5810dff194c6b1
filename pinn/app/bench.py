"""A problem made ready: what every field and every solver that is tried on it has in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import keras
import numpy as np
import tensorflow as tf

from pinn.app.checkpoints import REPLICAS, Checkpoints
from pinn.app.choices import Choices
from pinn.app.origin import Origin
from pinn.app.record import config_of
from pinn.app.running import Running
from pinn.app.solution import field_evaluator
from pinn.app.truth import Truth, truth_of
from pinn.calculus import engine_named
from pinn.fields import FieldRecipe, FlatField, Layout
from pinn.problems import Problem, rehearse
from pinn.training import (
    Enforcement,
    Observer,
    Sampling,
    enforce,
    interior_points,
    intricacy,
    linear,
    require_fit,
    terms_of,
    wave_numbers,
)
from pinn.training.terms import Term
from pinn.validation import Evaluator

VALIDATION_POINTS = 2**14
# No epoch of training points gets as far as this seed.
_VALIDATION_STREAM = 2**31


@final
@dataclass(frozen=True)
class Bench:
    """A problem made ready for attempts.

    Args:
        problem: what is to be solved.
        chosen: everything chosen besides the field and the solver.
        enforcement: which conditions hold exactly.
        held_out: points to validate on, `[N, d]`.
        running_on: the devices.
        observer: told about progress.
        checkpoints: where trainings are kept, and go on from.
        asked: the config of the whole run, which they belong to.
        truth: what a field is measured by, where that is not what the problem knows.
        origin: when the run was begun, and from which commit.
        watched: how many of the points the error is watched on while training.
    """

    problem: Problem
    chosen: Choices
    enforcement: Enforcement
    held_out: np.ndarray
    running_on: Running
    observer: Observer | None
    checkpoints: Checkpoints | None
    asked: Mapping[str, Any]
    truth: Truth
    origin: Origin
    watched: int = 2**11

    @classmethod
    def of(
        cls,
        problem: Problem,
        chosen: Choices,
        running_on: Running,
        observer: Observer | None,
        checkpoints: Checkpoints | None,
    ) -> Bench:
        """Rehearse the problem and draw the points.

        Raises:
            ValueError, TypeError: a problem or conditions that cannot work.
        """
        origin = Origin.here()
        rehearse(problem, tf.as_dtype(chosen.dtype))
        held_out = interior_points(
            problem.domain, VALIDATION_POINTS, kind="sobol", seed=(chosen.seed, _VALIDATION_STREAM)
        )
        require_fit(chosen.balance, problem.domain, resample_every=chosen.sampling.resample_every)
        enforcement = enforce(problem, chosen.conditions)
        asked = config_of(problem, chosen, chosen.field, chosen.solver) | {REPLICAS: running_on.number}
        points = held_out.astype(chosen.dtype)
        truth = truth_of(problem, chosen.reference, chosen.tolerance)
        return cls(problem, chosen, enforcement, points, running_on, observer, checkpoints, asked, truth, origin)

    @property
    def discernible(self) -> float:
        """The smallest relative error that can be told from none: the accuracy of what a field is measured by."""
        return 0.0 if self.truth.substitute is None else self.truth.substitute.accuracy

    def with_points(self, sampling: Sampling) -> Bench:
        """The bench with these points, where nobody has chosen others."""
        free = self.chosen.sampling == Sampling() and not self.chosen.balance.pointwise
        return replace(self, chosen=replace(self.chosen, sampling=sampling)) if free else self

    def is_linear(self) -> bool:
        """Whether the equation and all conditions are linear in the field."""
        dtype = tf.as_dtype(self.chosen.dtype)
        terms = terms_of(
            self.problem, self.problem.conditions(), self.chosen.sampling, dtype=dtype, weights=self.chosen.weights
        )
        return linear(terms, components=self.problem.components, dtype=dtype, engine=engine_named(self.chosen.engine))

    def fineness(self) -> tuple[float, ...]:
        """How fine a field must be along each axis, in waves on half of it: as fine as the data of the equation are,
        and as the boundary is.
        """
        shape = self.problem.domain
        waves = wave_numbers(
            self.terms(self.chosen.sampling)[0],
            self.enforcement.ansatz,
            shape,
            components=self.problem.components,
            dtype=tf.as_dtype(self.chosen.dtype),
            engine=engine_named(self.chosen.engine),
        )
        return tuple(float(k) for k in np.maximum(waves, intricacy(shape)))

    def evaluator(self, model: keras.Model) -> Evaluator:
        """What measures a network; a truth that is not finite is found here, before any training."""
        chosen = self.chosen
        found = field_evaluator(
            self.problem,
            model,
            self.enforcement.ansatz,
            engine=engine_named(chosen.engine),
            dtype=chosen.dtype,
            substitute=self.truth.made,
        )
        if found.known:
            found.exact(self.held_out)
        return found

    def network(self, field: FieldRecipe | keras.Model) -> FlatField:
        """The network of a recipe, or one made by hand.

        Raises:
            ValueError: it does not fit the problem.
        """
        network = FlatField(self._model(field), tf.as_dtype(self.chosen.dtype))
        _require_shape(network, self.problem)
        return network

    def terms(self, sampling: Sampling) -> tuple[Term, ...]:
        """The equation and the conditions that are penalties."""
        return terms_of(
            self.problem,
            self.enforcement.penalties,
            sampling,
            dtype=tf.as_dtype(self.chosen.dtype),
            weights=self.chosen.weights,
            natural=not self.chosen.balance.absolute,
        )

    def _model(self, field: FieldRecipe | keras.Model) -> keras.Model:
        if isinstance(field, keras.Layer):
            if any(self.enforcement.periodic):
                raise ValueError(
                    "field: expected a recipe of pinn.fields, which is made periodic along an axis; got a model made "
                    "by hand. Leave the field out, or drop the periodic condition."
                )
            return field
        lower, upper = self.problem.domain.bounds
        components, periodic = self.problem.components, self.enforcement.periodic
        return field.build(Layout(lower, upper, components, self.chosen.dtype, self.chosen.seed, periodic))


def _require_shape(network: FlatField, problem: Problem) -> None:
    """Try the network at one point: a model made by hand may have any number of inputs and outputs."""
    point = tf.constant(np.mean(problem.domain.bounds, axis=0, keepdims=True), network.dtype)
    expected = f"field: expected a model [N, {point.shape[1]}] -> [N, {problem.components}]"
    try:
        value = network(tf.constant(network.weights()), point)
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        raise ValueError(f"{expected}; got one that fails: {str(error).splitlines()[0]}") from error
    if value.shape != (1, problem.components):
        raise ValueError(f"{expected}; got one that makes {value.shape.as_list()} of one point")
