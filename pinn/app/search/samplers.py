"""Samplers and pruners by name. Each trial is drawn by its number: a sweep that is resumed goes on as it would have.

| sampler | proposes | needs |
|---|---|---|
| `tpe` | where good trials are dense and bad ones are not (Bergstra et al. 2011), the default | |
| `random` | anything | |
| `qmc` | Sobol points | |
| `grid` | every combination of choices and ranges | |
| `gp` | by a Gaussian process, for few and costly trials | PyTorch |
| `cmaes` | by the covariance of good trials (Hansen 2016), for numbers | cmaes |
| `nsga2`, `nsga3` | by evolution (Deb et al. 2002, 2014), for several objectives | |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, final

import numpy as np
import optuna
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from pinn.app.search.names import LOOKS
from pinn.app.search.spaces import Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_WARM = LOOKS // 5 + 1  # the first part of each training is let go on, however bad it looks
_STARTUP = 5  # trials that are compared with no other

Make = Callable[[int, Sequence[Space]], BaseSampler]


@final
@dataclass(frozen=True)
class _Kind:
    """How a sampler is made from a seed and the spaces; the package it needs; whether its seed is that of all trials,
    since its draws form one sequence.
    """

    make: Make
    package: str = ""
    remedy: str = ""
    one_sequence: bool = False


def _grid(seed: int, spaces: Sequence[Space]) -> BaseSampler:
    return optuna.samplers.GridSampler({space.key: _countable(space) for space in spaces}, seed=seed)


SAMPLERS: Mapping[str, _Kind] = {
    "tpe": _Kind(lambda seed, _: optuna.samplers.TPESampler(seed=seed)),
    "random": _Kind(lambda seed, _: optuna.samplers.RandomSampler(seed=seed)),
    "qmc": _Kind(lambda seed, _: optuna.samplers.QMCSampler(seed=seed, scramble=True), one_sequence=True),
    "grid": _Kind(_grid, one_sequence=True),
    "gp": _Kind(lambda seed, _: optuna.samplers.GPSampler(seed=seed), "torch", "pip install torch"),
    "cmaes": _Kind(lambda seed, _: optuna.samplers.CmaEsSampler(seed=seed), "cmaes", "pip install cmaes"),
    "nsga2": _Kind(lambda seed, _: optuna.samplers.NSGAIISampler(seed=seed)),
    "nsga3": _Kind(lambda seed, _: optuna.samplers.NSGAIIISampler(seed=seed)),
}

PRUNERS: Mapping[str, Callable[[], optuna.pruners.BasePruner]] = {
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=_STARTUP, n_warmup_steps=_WARM),
    "hyperband": lambda: optuna.pruners.HyperbandPruner(min_resource=1, max_resource=LOOKS, reduction_factor=3),
    "none": optuna.pruners.NopPruner,
}


def sampler(name: str, seed: int, spaces: Sequence[Space]) -> BaseSampler:
    """The sampler with this name.

    Raises:
        ValueError: its package is not installed, or the spaces do not suit it.
    """
    kind = SAMPLERS[name]
    if kind.package and find_spec(kind.package) is None:
        raise ValueError(f"--sampler {name}: expected the package {kind.package}; it is not installed. {kind.remedy}")
    return _Numbered(lambda number: kind.make(seed if kind.one_sequence else _seed(seed, number), spaces))


def grid_size(spaces: Sequence[Space]) -> int:
    """How many combinations the spaces have.

    Raises:
        ValueError: an interval has no number of values.
    """
    return int(np.prod([len(_countable(space)) for space in spaces]))


def _countable(space: Space) -> Sequence[Any]:
    values = space.domain.values()
    if values is None:
        raise ValueError(
            f"--sampler grid: expected a choice or a range for every key; {space.key} is an interval.\n"
            f"Write {space.element}=range(START,STOP,STEP), or take another sampler."
        )
    return values


def _seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0])


@final
class _Numbered(BaseSampler):
    """Asks a sampler made for the trial by its number: its draws depend on nothing but what is known by then."""

    def __init__(self, make: Callable[[int], BaseSampler]) -> None:
        self._make = make
        self._number = -1
        self._sampler = make(0)

    def _of(self, trial: FrozenTrial) -> BaseSampler:
        if trial.number != self._number:
            self._number, self._sampler = trial.number, self._make(trial.number)
        return self._sampler

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._of(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._of(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._of(trial).sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._of(trial).before_trial(study, trial)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        with suppress(RuntimeError):  # a full grid wants to end Optuna's own loop, which is not used
            self._make(trial.number).after_trial(study, trial, state, values)
