"""Steady equations by Newton's method, which needs one step where the equation is linear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from pinn.references.finite_elements.forms import UnsolvedError
from pinn.references.finite_elements.space import System

_STEPS, _HALVINGS = 40, 10
_DONE, _ROUND_OFF = 1e-11, 1e-7  # forces that count as none, relative to those of the start; at once, or if they stay

Solve = Callable[[np.ndarray], np.ndarray]


def steady(system: System, guess: np.ndarray) -> np.ndarray:
    """The values at the nodes, `[N]`, by Newton's method from a guess, with steps that are halved until they help.

    Raises:
        UnsolvedError: no step helps, or a matrix is singular.
    """
    values = np.array(guess)
    values[system.fixed] = system.given(0.0)
    vector = _force(system, values)
    first = size = _size(system, vector)
    for _ in range(_STEPS):
        if size <= _DONE * first:
            return values
        change = _change(system, values, vector)
        values, vector, now = _helped(system, values, change, size)
        if now >= 0.5 * size and size <= _ROUND_OFF * first:
            return values
        size = now
    raise UnsolvedError("Newton's method for the finite elements did not converge")


def _force(system: System, values: np.ndarray) -> np.ndarray:
    return system(0.0, values, derivative=False)[0]


def _size(system: System, vector: np.ndarray) -> float:
    """Of the forces where no value is given; a pin leaves a constant source free."""
    if system.form.pin is None:
        return float(np.linalg.norm(vector[system.free]))
    ones = _constants(system)
    return float(np.linalg.norm(vector - ones * (ones @ vector) / (ones @ ones)))


def _change(system: System, values: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """The step of Newton's method."""
    _, matrix = system(0.0, values, derivative=True)
    if system.form.pin is not None:
        return _pinned(system, values, vector, matrix)
    free, change = system.free, np.zeros_like(values)
    change[free] = factorised(matrix[free][:, free])(-vector[free])
    return change


def _helped(
    system: System, values: np.ndarray, change: np.ndarray, size: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """The values after the largest of the step and its halves that leaves less of the forces."""
    for halving in range(_HALVINGS):
        tried = values + change / 2**halving
        vector = _force(system, tried)
        now = _size(system, vector)
        if now < size or now <= 1e-14 or system.form.pin is not None:
            return tried, vector, now
    raise UnsolvedError("Newton's method for the finite elements found no step that helps")


def _pinned(system: System, values: np.ndarray, vector: np.ndarray, matrix: Any) -> np.ndarray:
    """The step to the solution with a given value at a point; the source is balanced by a constant."""
    assert system.form.pin is not None
    place, wanted = system.form.pin
    at = system.space.nodes.at(place[np.newaxis])
    row = sparse.csr_matrix((at.values[0], (np.zeros(at.nodes.shape[1], int), at.nodes[0])), (1, len(values)))
    column = sparse.csr_matrix(_constants(system)[:, np.newaxis])
    bordered = sparse.bmat([[matrix, column], [row, None]])
    return factorised(bordered)(np.append(-vector, wanted - (row @ values)[0]))[:-1]


def _constants(system: System) -> np.ndarray:
    """The integrals of the basis, `[N]`."""
    return np.asarray(system.mass(lambda x: np.ones(len(x))).sum(axis=1)).ravel()


def factorised(matrix: Any) -> Solve:
    """The solution of a sparse system as a function of its right-hand side.

    Raises:
        UnsolvedError: the matrix is singular.
    """
    columns = sparse.csc_matrix(matrix)
    try:
        found = splu(columns, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True})
    except RuntimeError as error:
        raise UnsolvedError(
            "the matrix of the finite elements is singular: the conditions leave something free"
        ) from error
    return found.solve
