"""BFGS and its self-scaled relatives: quasi-Newton methods that keep the whole inverse Hessian."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from scipy.linalg.blas import dsymv, dsyr, dsyr2
from scipy.linalg.lapack import dtpttr, dtrttp

from pinn.solvers.checks import fits_in_memory, of_inverse_hessian
from pinn.solvers.quasi_newton import Metric, QuasiNewton, sound
from pinn.solvers.solver import State


class Member(NamedTuple):
    r"""Which update of Broyden's family, and how it is scaled: `\tau` and `\varphi` of `BroydenMetric`."""

    tau: float
    phi: float


EXACT = 1e-14  # a of a pair that the metric knew already, kept from zero


class Curvatures(NamedTuple):
    r"""What a pair says of a metric, without units.

    Attributes:
        b: :math:`s^T H^{-1} s / s^T y`, above 1 where the metric takes the curvature for larger than it is.
        h: :math:`y^T H y / s^T y`; :math:`b h \ge 1` by Cauchy and Schwarz.
        size: the number of weights `P`.
    """

    b: float
    h: float
    size: int


Family = Callable[[Curvatures], Member]


@dataclass
class BroydenMetric:
    r"""The inverse Hessian `H [P, P]` by rank-two updates of Broyden's family, with self-scaling.

    .. math::
       H \leftarrow \frac{1}{\tau} \Bigl(H - \frac{H y y^T H}{y^T H y} + \varphi\, v v^T\Bigr)
       + \frac{s s^T}{s^T y}, \qquad
       v = \sqrt{y^T H y} \Bigl(\frac{s}{s^T y} - \frac{H y}{y^T H y}\Bigr)

    :math:`\varphi = 1, \tau = 1` is BFGS. Whatever both are, :math:`H y = s` holds afterwards. Before the first pair is
    learned, the identity is scaled by `s . y / y . y` (Nocedal and Wright, formula 6.20).

    Only one triangle is kept up to date and read. An update is three passes over it, in place, by symmetric BLAS.

    Attributes:
        H: `[P, P]`, of which the lower triangle counts.
        family: chooses the member of the family for each pair.
        pairs, scale: as for `Metric`; the scale is `s . y / y . y` of the last pair.
    """

    H: np.ndarray
    family: Family
    pairs: int = 0
    scale: float = 0.0

    def apply(self, vector: np.ndarray) -> np.ndarray:
        """Return `H vector`, `[P]`."""
        return self.scale * vector if self.pairs == 0 else np.asarray(dsymv(1.0, self.H.T, vector))

    def push(self, s: np.ndarray, y: np.ndarray, modelled: float) -> bool:
        """Learn a pair, unless it is not `sound` or `H` has lost its positive curvature along it to round-off."""
        if not sound(s, y):
            return False
        curvature, gamma = float(s @ y), float(s @ y) / float(y @ y)
        fresh = self.pairs == 0
        if fresh:
            modelled = float(s @ s) / gamma
        Hy = gamma * y if fresh else self.apply(y)
        along = float(y @ Hy)
        if not (0.0 < along < math.inf and 0.0 < modelled < math.inf):
            return False
        if fresh:
            self.H[...] = 0.0
            np.fill_diagonal(self.H, gamma)
        self._update(s, Hy, curvature, along, self.family(Curvatures(modelled / curvature, along / curvature, s.size)))
        self.pairs, self.scale = self.pairs + 1, gamma
        return True

    def _update(self, s: np.ndarray, Hy: np.ndarray, curvature: float, along: float, member: Member) -> None:
        """The formula above with its products multiplied out, for `curvature = s . y` and `along = y . H y`."""
        tau, phi = member
        by_s = phi * along / (tau * curvature**2) + 1.0 / curvature  # of s s^T
        mixed = -phi / (tau * curvature)  # of s Hy^T + Hy s^T
        by_Hy = (phi - 1.0) / (tau * along)  # of Hy Hy^T
        upper = self.H.T  # the same memory in the order that BLAS works on in place
        if tau != 1.0:
            np.divide(self.H, tau, out=self.H)
        dsyr2(1.0, s, mixed * Hy + 0.5 * by_s * s, a=upper, overwrite_a=True)
        if by_Hy != 0.0:
            dsyr(by_Hy, Hy, a=upper, overwrite_a=True)

    def clear(self) -> None:
        """Forget all pairs; the scale stays."""
        self.pairs = 0

    def rescale(self, factor: float) -> None:
        """Multiply `H` by a positive factor."""
        self.H *= factor
        self.scale *= factor

    def arrays(self) -> State:
        """The triangle of the matrix that counts, row by row, and the counters, as entries of a state."""
        return {"H": dtrttp(self.H.T)[0], "pairs": np.array(self.pairs, np.int64), "scale": np.array(self.scale)}


@dataclass(frozen=True, kw_only=True)
class DenseQuasiNewton(QuasiNewton):
    """`QuasiNewton` with a `BroydenMetric`: 8 P^2 bytes until it stops, and half as many in each of up to three states,
    the one before, the one after and one that is being written to a checkpoint.

    Measured on Poisson's equation in the square (2x32 tanh network, 1000 points, exact boundary values, float64, two
    seeds, relative L2 error after 12 s): `bfgs` on `log` 1.6e-9 and 2.6e-10, `ss_bfgs` on `log` 1.7e-9 and 4.4e-10,
    `ss_broyden` on `sqrt` 9.7e-9 and 6.3e-9, on `log` 5.4e-8 and 9.7e-9, `bfgs` on `sqrt` 4.6e-8 and 1.2e-7; on the
    loss itself `bfgs` reaches 2e-6 in 8 s. Hence the defaults.
    """

    transform: str = "log"

    @staticmethod
    @abstractmethod
    def family(pair: Curvatures) -> Member:
        """Choose the member of Broyden's family for a pair."""

    def new_metric(self, size: int) -> Metric:
        fits_in_memory(*of_inverse_hessian(type(self).__name__, size))
        return BroydenMetric(np.zeros((size, size)), self.family)

    def read_metric(self, state: State) -> Metric:
        H = dtpttr(state["weights"].size, state["H"])[0].T
        return BroydenMetric(H, self.family, int(state["pairs"]), float(state["scale"]))


@dataclass(frozen=True, kw_only=True)
class Bfgs(DenseQuasiNewton):
    r"""BFGS: :math:`\tau = 1, \varphi = 1`. Superlinear near a minimum; it unlearns wrong curvatures slowly.

    Args:
        max_steps, gradient_tolerance, line_search, transform: as for `QuasiNewton`.

    State: `weights`, `gradient` `[P]`; `H` `[P (P + 1) / 2]`, the lower triangle by rows; `loss` (NaN while not
    evaluated), `learned_at`, `decrease`, `pairs`, `scale`, `step`, `stop` `[]`.

    Source: J. Nocedal, S. Wright, "Numerical Optimization", 2006, algorithm 6.1.
    """

    name: ClassVar[str] = "bfgs"

    @staticmethod
    def family(pair: Curvatures) -> Member:  # noqa: ARG004
        return Member(tau=1.0, phi=1.0)


@dataclass(frozen=True, kw_only=True)
class SelfScaledBfgs(DenseQuasiNewton):
    r"""BFGS that shrinks its Hessian where that is too large: :math:`\tau = \min(1, 1 / b), \varphi = 1`.

    Args, state: as for `Bfgs`.

    Source: M. Al-Baali, "Numerical experience with a class of self-scaling quasi-Newton algorithms", Journal of
    Optimization Theory and Applications 96 (1998), 533-553.
    """

    name: ClassVar[str] = "ss_bfgs"

    @staticmethod
    def family(pair: Curvatures) -> Member:
        return Member(tau=min(1.0, 1.0 / pair.b), phi=1.0)


@dataclass(frozen=True, kw_only=True)
class SelfScaledBroyden(DenseQuasiNewton):
    r"""The member of Broyden's family that corrects large eigenvalues best, with self-scaling.

    With :math:`a = b h - 1, c = \sqrt{a / (a + 1)}, \rho = \min(1, h (1 - c))`

    .. math::
       \theta &= \max\bigl((\rho - 1) / a, \min(1 / \rho, (1 - b) / b)\bigr), \qquad
       \varphi = \frac{1 - \theta}{1 + a \theta}, \qquad \sigma = 1 + a \theta \\
       \tau &= \min(1, 1/b) \cdot \min(\sigma^{-1/(P-1)}, 1 / \theta)
       \quad \text{if } \theta > 0, \text{ else }
       \min\bigl(\min(1, 1/b)\, \sigma^{-1/(P-1)}, \sigma\bigr)

    Args, state: as for `Bfgs`.

    Source: M. Al-Baali, H. Khalfan, "Wide interval for efficient self-scaling quasi-Newton algorithms", Optimization
    Methods and Software 20 (2005), 679-691; for networks J. Urban, P. Stefanou, J. Pons, Journal of Computational
    Physics 523 (2025), 113656.
    """

    name: ClassVar[str] = "ss_broyden"

    transform: str = "sqrt"

    @staticmethod
    def family(pair: Curvatures) -> Member:
        b, h = pair.b, pair.h
        a = max(b * h - 1.0, EXACT)
        rho = min(1.0, h * (1.0 - math.sqrt(a / (a + 1.0))))
        theta = max((rho - 1.0) / a, min(1.0 / rho, (1.0 - b) / b))
        sigma = 1.0 + a * theta
        shrink = min(1.0, 1.0 / b)
        root = abs(sigma) ** (-1.0 / max(pair.size - 1, 1))
        tau = shrink * min(root, 1.0 / theta) if theta > 0.0 else min(shrink * root, sigma)
        return Member(tau=tau, phi=(1.0 - theta) / sigma)
