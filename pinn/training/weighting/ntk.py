"""Weights that let every term converge at the same pace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinn.training.weighting.base import Observed
from pinn.training.weighting.inverse import InverseBalance


@final
@dataclass(frozen=True, kw_only=True)
class Ntk(InverseBalance):
    r"""Makes the traces of the terms' neural tangent kernels `K_k = J_k J_k^T` alike: `s_k = tr(K_k) / N_k`, see
    `InverseBalance`.

    Under gradient flow residuals decay along the eigenvectors of the kernel, at the rates of its eigenvalues; the mean
    eigenvalue of a term is the trace over the number of its points, since the term is a mean over them. The trace is
    computed exactly, as the squared lengths of the gradients of all residuals: an estimate by random probes, whose
    scatter is that of the leading eigenvalue, would need many of them.

    Cost of an update: one Jacobian of the residuals, block by block.

    Source: S. Wang, X. Yu, P. Perdikaris, "When and why PINNs fail to train: a neural tangent kernel perspective",
    Journal of Computational Physics 449 (2022), 110768, section 7; moving average as in arXiv 2308.08468.
    """

    name: ClassVar[str] = "ntk"

    def sizes(self, observed: Observed) -> np.ndarray:
        return observed.traces()
