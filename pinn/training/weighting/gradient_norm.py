"""Weights that let every term pull alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from pinn.training.weighting.base import Observed
from pinn.training.weighting.inverse import InverseBalance


@final
@dataclass(frozen=True, kw_only=True)
class GradientNorm(InverseBalance):
    r"""Makes the gradients of all terms equally long: `s_k = |\nabla_w mean |r_k|^2|`, see `InverseBalance`.

    A stiff term, such as a residual with high derivatives, has a gradient that drowns those of the conditions; a
    descent then solves the equation with any boundary values at all.

    Cost of an update: one gradient of each term.

    Source: S. Wang, Y. Teng, P. Perdikaris, SIAM Journal on Scientific Computing 43 (2021), A3055-A3081, as normalised
    in S. Wang, S. Sankaran, H. Wang, P. Perdikaris, "An expert's guide to training physics-informed neural networks",
    arXiv 2308.08468 (2023), formula (3.3); there `\alpha = 0.9` and an update every 1000 steps.
    """

    name: ClassVar[str] = "gradient_norm"

    def sizes(self, observed: Observed) -> np.ndarray:
        return observed.gradient_norms()
