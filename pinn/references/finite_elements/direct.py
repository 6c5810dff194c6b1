"""Sparse systems by a direct factorisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from pinn.references.finite_elements.forms import UnsolvedError

Solve = Callable[[np.ndarray], np.ndarray]


def factorised(matrix: Any) -> Solve:
    """The solution of a sparse system as a function of its right-hand side.

    Raises:
        UnsolvedError: the matrix is singular.
    """
    try:
        found = splu(
            sparse.csc_matrix(matrix),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.01,
            options={"SymmetricMode": True},
        )
    except RuntimeError as error:
        raise UnsolvedError(
            "the matrix of the finite elements is singular: the conditions leave something free"
        ) from error
    return found.solve
