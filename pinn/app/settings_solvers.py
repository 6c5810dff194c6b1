"""The options of solvers, one dataclass a choice: see `pinn.app.settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Optional

from omegaconf import MISSING

from pinn.app.limits import name as _name
from pinn.app.limits import number as _number


class Decay(Enum):
    """How Adam's learning rate goes from `learning_rate` to `final_learning_rate`."""

    constant = "constant"
    exponential = "exponential"
    cosine = "cosine"


class Transform(Enum):
    """What a quasi-Newton method minimises: the loss, its root or its logarithm."""

    none = "none"
    sqrt = "sqrt"
    log = "log"


@dataclass
class AdamSettings:
    """Adam with a learning-rate schedule; `warm_up` counts steps, `clip_norm` bounds the gradient's norm."""

    name: str = _name("adam")
    max_steps: int = _number(minimum=1)
    learning_rate: float = _number(above=0)
    schedule: Decay = MISSING
    final_learning_rate: float = _number(above=0)
    warm_up: int = _number(minimum=0)
    beta_1: float = _number(minimum=0, below=1)
    beta_2: float = _number(minimum=0, below=1)
    epsilon: float = _number(above=0)
    clip_norm: Optional[float] = _number(above=0)  # noqa: UP045  (OmegaConf 2.3 reads Optional in every Python)


@dataclass
class BfgsSettings:
    """BFGS with the whole inverse Hessian and a strong-Wolfe line search."""

    name: str = _name("bfgs")
    max_steps: int = _number(minimum=1)
    gradient_tolerance: float = _number(minimum=0)
    transform: Transform = MISSING


@dataclass
class LbfgsSettings(BfgsSettings):
    """L-BFGS with a strong-Wolfe line search; `memory` counts curvature pairs."""

    name: str = _name("lbfgs")
    memory: int = _number(minimum=1)


@dataclass
class SelfScaledBfgsSettings(BfgsSettings):
    """BFGS that rescales its Hessian."""

    name: str = _name("ss_bfgs")


@dataclass
class SelfScaledBroydenSettings(BfgsSettings):
    """The self-scaled member of Broyden's family."""

    name: str = _name("ss_broyden")


@dataclass
class LevenbergMarquardtSettings:
    """Damped Gauss-Newton steps; `damping` is the first one, in units of the mean diagonal of the normal matrix."""

    name: str = _name("levenberg_marquardt")
    max_steps: int = _number(minimum=1)
    damping: float = _number(above=0)
    gradient_tolerance: float = _number(minimum=0)


@dataclass
class EngdSettings(LevenbergMarquardtSettings):
    """Energy natural gradient steps of constant damping, with momentum and a line search."""

    name: str = _name("engd")
    momentum: float = _number(minimum=0, below=1)


@dataclass
class GaussNewtonCgSettings(LevenbergMarquardtSettings):
    """Damped Gauss-Newton steps by conjugate gradients, preconditioned by a sketch of so large a `rank`."""

    name: str = _name("gauss_newton_cg")
    rank: int = _number(minimum=1)
    iterations: int = _number(minimum=1)
    tolerance: float = _number(above=0, below=1)


@dataclass
class LeastSquaresSettings:
    """Linear least squares by an orthogonal factorisation; `cut` is the part of the largest singular value that counts
    as zero.
    """

    name: str = _name("least_squares")
    max_steps: int = _number(minimum=1)
    cut: float = _number(above=0, below=1)


@dataclass
class GaussNewtonSettings(LeastSquaresSettings):
    """Undamped Gauss-Newton steps by the same factorisation."""

    name: str = _name("gauss_newton")


@dataclass
class ChainSettings:
    """Solvers from the cheapest to the dearest, each from where the one before ends; null leaves one out."""

    name: str = _name("chain")
    adam: Optional[AdamSettings] = None  # noqa: UP045
    lbfgs: Optional[LbfgsSettings] = None  # noqa: UP045
    bfgs: Optional[BfgsSettings] = None  # noqa: UP045
    ss_bfgs: Optional[SelfScaledBfgsSettings] = None  # noqa: UP045
    ss_broyden: Optional[SelfScaledBroydenSettings] = None  # noqa: UP045
    gauss_newton_cg: Optional[GaussNewtonCgSettings] = None  # noqa: UP045
    levenberg_marquardt: Optional[LevenbergMarquardtSettings] = None  # noqa: UP045
    engd: Optional[EngdSettings] = None  # noqa: UP045
    gauss_newton: Optional[GaussNewtonSettings] = None  # noqa: UP045
    least_squares: Optional[LeastSquaresSettings] = None  # noqa: UP045


@dataclass
class AutoSolverSettings:
    """The program picks the solver for the problem and the dtype."""

    name: str = _name("auto")


SCHEMAS: Mapping[str, type] = {
    "adam_settings": AdamSettings,
    "lbfgs_settings": LbfgsSettings,
    "bfgs_settings": BfgsSettings,
    "ss_bfgs_settings": SelfScaledBfgsSettings,
    "ss_broyden_settings": SelfScaledBroydenSettings,
    "levenberg_marquardt_settings": LevenbergMarquardtSettings,
    "engd_settings": EngdSettings,
    "gauss_newton_cg_settings": GaussNewtonCgSettings,
    "gauss_newton_settings": GaussNewtonSettings,
    "least_squares_settings": LeastSquaresSettings,
    "chain_settings": ChainSettings,
    "auto_solver_settings": AutoSolverSettings,
}
