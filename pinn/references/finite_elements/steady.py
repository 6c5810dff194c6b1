"""Steady equations by Newton's method, which needs one step where the equation is linear."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from pinn.references.finite_elements.direct import factorised
from pinn.references.finite_elements.forms import UnsolvedError
from pinn.references.finite_elements.multigrid import multigrid
from pinn.references.finite_elements.space import System

_STEPS, _HALVINGS = 40, 10
_DONE, _ROUND_OFF = 1e-11, 1e-7  # forces that count as none, relative to those of zero; at once, or if they stay
_DIRECT = {1: 10**7, 2: 10**6, 3: 5_000}  # unknowns up to which a factorisation is quick, by the dimension


def steady(system: System, guess: np.ndarray) -> np.ndarray:
    """The values at the nodes, `[N]`, by Newton's method from a guess, with steps that are halved until they help.

    Raises:
        UnsolvedError: no step helps, or a matrix is singular.
    """
    nothing, values = np.zeros_like(guess), np.array(guess)
    nothing[system.fixed] = values[system.fixed] = system.given(0.0)
    first = _size(system, _force(system, nothing))
    vector = _force(system, values)
    size = _size(system, vector)
    for number in range(_STEPS):
        if size <= _DONE * first and (number or system.form.pin is None):
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
    own = matrix[free][:, free]
    solve = factorised(own) if len(free) <= _DIRECT[system.space.dim] else multigrid(own, interpolations(system))
    change[free] = solve(-vector[free])
    return change


def interpolations(system: System) -> list[Any]:
    """Between the free nodes of this level and those of the coarser ones, as far as these are many."""
    found = []
    while system.coarser is not None:
        fine, coarse = system.free, system.coarser.free
        at = system.coarser.space.nodes.at(system.space.nodes.places[fine])
        rows = np.repeat(np.arange(len(fine)), at.nodes.shape[1])
        whole = sparse.csr_matrix((at.values.ravel(), (rows, at.nodes.ravel())), (len(fine), system.coarser.space.size))
        found.append(whole[:, coarse])
        system = system.coarser
    return found


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
    """The step to the solution with a given value at a point, or mean; the source is balanced by a constant."""
    assert system.form.pin is not None
    place, wanted = system.form.pin
    weights = _constants(system)
    column = sparse.csr_matrix(weights[:, np.newaxis])
    if place is None:
        row = column.T / weights.sum()
    else:
        at = system.space.nodes.at(place[np.newaxis])
        row = sparse.csr_matrix((at.values[0], (np.zeros(at.nodes.shape[1], int), at.nodes[0])), (1, len(values)))
    bordered = sparse.bmat([[matrix, column], [row, None]])
    return factorised(bordered)(np.append(-vector, wanted - (row @ values)[0]))[:-1]


def _constants(system: System) -> np.ndarray:
    """The integrals of the basis, `[N]`."""
    return np.asarray(system.mass(lambda x: np.ones(len(x))).sum(axis=1)).ravel()
