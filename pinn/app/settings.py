"""What a config may say: one dataclass a choice, checked by Hydra while it composes, without TensorFlow.

A dataclass here fixes names, types and ranges; the values stand in `conf/`, one yaml a choice, and nowhere else. An
unknown key, a value of the wrong type and a word that is not on offer fail during composition; a number out of its
range fails in `pinn.app.limits.check`, before anything heavy is imported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional, cast

from omegaconf import MISSING, DictConfig, OmegaConf

from pinn.app.limits import name as _name
from pinn.app.limits import number as _number

GROUPS = ("problem", "field", "solver", "sampling", "balance", "engine", "experiment")
CUSTOM = "custom"


class Dtype(Enum):
    """Floating point format of points, weights and residuals."""

    float32 = "float32"
    float64 = "float64"


class Conditions(Enum):
    """How boundary and initial conditions are imposed: by the form of the field, or by terms of the loss."""

    auto = "auto"
    exact = "exact"
    penalty = "penalty"


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
class MlpSettings:
    """A multilayer perceptron."""

    name: str = _name("mlp")
    width: int = _number(minimum=1)
    depth: int = _number(minimum=1)
    activation: str = MISSING


@dataclass
class AutoFieldSettings:
    """The program picks the field; any option that is not null asks for a multilayer perceptron."""

    name: str = _name("auto")
    width: Optional[int] = _number(minimum=1)  # noqa: UP045
    depth: Optional[int] = _number(minimum=1)  # noqa: UP045
    activation: Optional[str] = MISSING  # noqa: UP045


@dataclass
class FourierSettings:
    """Random Fourier features of the inputs, then a multilayer perceptron."""

    name: str = _name("fourier")
    width: int = _number(minimum=1)
    depth: int = _number(minimum=1)
    activation: str = MISSING
    features: int = _number(minimum=1)
    scale: float = _number(above=0)


@dataclass
class RandomFeaturesSettings:
    """Fixed random ridges under one linear layer; a `scale` of null is chosen by the run."""

    name: str = _name("random_features")
    features: int = _number(minimum=1)
    activation: str = MISSING
    scale: Optional[float] = _number(above=0)  # noqa: UP045


@dataclass
class PatchesSettings:
    """Random features on overlapping patches; `patches` along each axis is a number, or a list of them."""

    name: str = _name("patches")
    patches: Any = MISSING
    features: int = _number(minimum=1)
    activation: str = MISSING
    scale: Optional[float] = _number(above=0)  # noqa: UP045
    overlap: float = _number(above=0)


@dataclass
class SlabsSettings:
    """Slabs of time with patches of their own; `patches` along each axis of space is a number, or a list of them."""

    name: str = _name("slabs")
    slabs: int = _number(minimum=1)
    patches: Any = MISSING
    features: int = _number(minimum=1)
    residual: float = _number(above=0)
    most: int = _number(minimum=2)
    activation: str = MISSING
    scale: float = _number(above=0)
    overlap: float = _number(above=0)


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


@dataclass
class SamplingSettings:
    """How many points, how they are drawn, and after how many steps they are drawn anew (0: never)."""

    name: str = MISSING
    interior: Optional[int] = _number(minimum=1)  # noqa: UP045
    boundary: Optional[int] = _number(minimum=1)  # noqa: UP045
    initial: Optional[int] = _number(minimum=1)  # noqa: UP045
    resample_every: int = _number(minimum=0)


@dataclass
class AdaptiveSettings(SamplingSettings):
    """Points where the residual is large, drawn from so many `candidates`; `kind` is how the first ones are spread."""

    kind: str = MISSING
    candidates: Optional[int] = _number(minimum=1)  # noqa: UP045


@dataclass
class RadSettings(AdaptiveSettings):
    """All points of the equation by the density `|residual|^power / mean + uniform`."""

    name: str = _name("rad")
    power: float = _number(minimum=0)
    uniform: float = _number(minimum=0)


@dataclass
class RarSettings(AdaptiveSettings):
    """A `share` of the points of the equation is a ring; each time `added` candidates take the places of its oldest."""

    name: str = _name("rar")
    share: float = _number(minimum=0, below=1)
    added: Optional[int] = _number(minimum=1)  # noqa: UP045


@dataclass
class FixedBalanceSettings:
    """The terms of the loss keep their weights."""

    name: str = _name("fixed")


@dataclass
class BalanceSettings:
    """The terms are weighed anew after `every` so many steps."""

    name: str = MISSING
    every: int = _number(minimum=1)


@dataclass
class GradientNormSettings(BalanceSettings):
    """Gradients of equal length, with a moving average of so much `memory`."""

    name: str = _name("gradient_norm")
    memory: float = _number(minimum=0, below=1)


@dataclass
class NtkSettings(BalanceSettings):
    """Tangent kernels of equal trace, with a moving average of so much `memory`."""

    name: str = _name("ntk")
    memory: float = _number(minimum=0, below=1)


@dataclass
class SelfAdaptiveSettings(BalanceSettings):
    """Point weights that climb the loss at a `rate`."""

    name: str = _name("self_adaptive")
    rate: float = _number(above=0)


@dataclass
class RelobraloSettings(BalanceSettings):
    """Weights by relative progress; `saudade` is how often the last update is looked back to."""

    name: str = _name("relobralo")
    temperature: float = _number(above=0)
    memory: float = _number(minimum=0, below=1)
    saudade: float = _number(minimum=0)


@dataclass
class CausalSettings(BalanceSettings):
    """Weights that wait for earlier `bins` of time, the more strictly the higher the rung of the `ladder`."""

    name: str = _name("causal")
    bins: int = _number(minimum=2)
    ladder: list[float] = MISSING
    threshold: float = _number(above=0, below=1)


@dataclass
class EngineSettings:
    """Which engine takes derivatives."""

    name: str = MISSING


@dataclass
class CheckpointSettings:
    """A checkpoint after `every` so many steps and after so many `seconds`; the newest `keep` are kept."""

    every: Optional[int] = _number(minimum=1)  # noqa: UP045
    seconds: Optional[float] = _number(above=0)  # noqa: UP045
    keep: int = _number(minimum=1)


@dataclass
class Settings:
    """The whole config. `problem` is free-form: its keys are the parameters of the problem's class."""

    name: str = MISSING
    problem: Any = MISSING
    field: Any = MISSING
    solver: Any = MISSING
    sampling: Any = MISSING
    balance: Any = MISSING
    engine: Any = MISSING
    accuracy: Any = _number(above=0, word="best")  # noqa: RUF009 - as of all the others
    conditions: Conditions = MISSING
    weights: dict[str, float] = dataclasses.field(default_factory=dict)
    seed: int = _number(minimum=0)
    dtype: Dtype = MISSING
    device: str = MISSING
    time_limit: Optional[float] = _number(above=0)  # noqa: UP045
    checkpoint: CheckpointSettings = dataclasses.field(default_factory=CheckpointSettings)
    resume: Optional[str] = MISSING  # noqa: UP045
    init_from: Optional[str] = MISSING  # noqa: UP045
    progress: bool = MISSING


SCHEMAS: Mapping[str, type] = {
    "settings": Settings,
    "auto_field_settings": AutoFieldSettings,
    "mlp_settings": MlpSettings,
    "fourier_settings": FourierSettings,
    "random_features_settings": RandomFeaturesSettings,
    "patches_settings": PatchesSettings,
    "slabs_settings": SlabsSettings,
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
    "sampling_settings": SamplingSettings,
    "rad_settings": RadSettings,
    "rar_settings": RarSettings,
    "fixed_balance_settings": FixedBalanceSettings,
    "gradient_norm_settings": GradientNormSettings,
    "ntk_settings": NtkSettings,
    "self_adaptive_settings": SelfAdaptiveSettings,
    "relobralo_settings": RelobraloSettings,
    "causal_settings": CausalSettings,
    "engine_settings": EngineSettings,
}


def register() -> None:
    """Hands the schemas to Hydra, and the empty choice `problem=custom` for a problem given wholly by overrides.

    They are root configs, not a group, so that `pinn --help` lists only what a person chooses from.
    """
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    for name, schema in SCHEMAS.items():
        store.store(name=name, node=schema, provider="pinn")
    store.store(group="problem", name=CUSTOM, node={}, provider="pinn")


def plain(config: DictConfig) -> dict[str, Any]:
    """The config as plain dicts, lists, numbers and strings: interpolations resolved, choices by their names."""
    return cast(dict[str, Any], OmegaConf.to_container(config, resolve=True, throw_on_missing=True, enum_to_str=True))
