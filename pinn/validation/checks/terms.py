"""The terms of an expression: what it loses when one derivative of the field is taken to be zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import tensorflow as tf

from pinn.calculus import Derivatives, Field
from pinn.problems import Problem
from pinn.validation.checks.trial import Trial

SOURCE = "source"
_ROUND_OFF = 1e-12  # of the largest term: what is less is no term


def term_sizes(trial: Trial, field: Field) -> dict[str, dict[str, float]]:
    """The root mean square of each term by the name of the row and of the term, such as `u_t`, `Δu`, `source`.

    The term of a derivative is what the residual loses without it; of a product each factor is said to be the whole of
    it. A Laplacian counts with the absolute values of its parts, which may cancel. The source is what is left without
    any. Terms that vanish are left out.

    Cost: the derivatives twice, and the expression twice for each of them.
    """
    derivatives = trial.derivatives(field)
    gross = replace(derivatives, traces=trial.parts_of_traces(field))
    sizes: dict[str, dict[str, float]] = {row: {} for row in trial.rows_of(derivatives)}
    for term, size in _sizes(trial, gross):
        for row, values in size.items():
            sizes[row][term] = values
    for row, rest in trial.rows_of(_none(derivatives)).items():
        sizes[row][SOURCE] = rms(rest)
    return {row: _kept(found) for row, found in sizes.items()}


def _sizes(trial: Trial, derivatives: Derivatives) -> Iterator[tuple[str, dict[str, float]]]:
    whole = trial.rows_of(derivatives)
    for term, without in _without_each(trial.problem, derivatives):
        rows = trial.rows_of(without)
        yield term, {row: rms(values - rows[row]) for row, values in whole.items()}


def derivative_sizes(derivatives: Derivatives) -> float:
    """The largest root mean square of all derivatives, the value left out where there are others."""
    others = [*derivatives.partials.values(), *derivatives.traces.values()]
    return max(rms(np.asarray(each)) for each in others or [derivatives.value])


def rms(values: np.ndarray) -> float:
    """The root mean square of what is finite; 0 where nothing is."""
    finite = np.asarray(values)[np.isfinite(values)]
    return float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0


def _kept(sizes: dict[str, float]) -> dict[str, float]:
    least = _ROUND_OFF * max(sizes.values(), default=0.0)
    return {term: size for term, size in sizes.items() if size > least}


def _none(derivatives: Derivatives) -> Derivatives:
    return Derivatives(
        tf.zeros_like(derivatives.value),
        {key: tf.zeros_like(each) for key, each in derivatives.partials.items()},
        {key: tf.zeros_like(each) for key, each in derivatives.traces.items()},
    )


def _without_each(problem: Problem, derivatives: Derivatives) -> Iterator[tuple[str, Derivatives]]:
    """The derivatives with one of them, of one component, taken to be zero, and the name of that one."""
    for component in range(problem.components):
        u = "u" if problem.components == 1 else f"u{component}"
        yield u, replace(derivatives, value=_blanked(derivatives.value, component))
        for key, each in derivatives.partials.items():
            partials = {**derivatives.partials, key: _blanked(each, component)}
            axes = [problem.domain.axes[i] for i in key]
            yield f"{u}_{''.join(axes)}", replace(derivatives, partials=partials)
        for key, each in derivatives.traces.items():
            traces = {**derivatives.traces, key: _blanked(each, component)}
            yield f"{_laplacian(problem, key)}{u}", replace(derivatives, traces=traces)


def _blanked(values: tf.Tensor, component: int) -> tf.Tensor:
    if values.shape.rank == 1:
        return tf.zeros_like(values)
    return values * tf.constant(1.0 - np.eye(values.shape[1])[component])


def _laplacian(problem: Problem, axes: tuple[int, ...]) -> str:
    named = tuple(problem.domain.axes[i] for i in axes)
    return "Δ" if named == problem.domain.space_axes else f"Δ_{''.join(named)} "
