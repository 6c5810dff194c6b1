"""What a config may say: one dataclass a choice, checked by Hydra while it composes, without TensorFlow.

A dataclass, here or in `settings_fields`, `settings_solvers` and `settings_points`, fixes names, types and ranges; the
values stand in `conf/`, one yaml a choice, and nowhere else. An unknown key, a value of the wrong type and a word that
is not on offer fail during composition; a number out of its range fails in `pinn.app.limits.check`, before anything
heavy is imported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional, cast

from omegaconf import MISSING, DictConfig, OmegaConf

from pinn.app import settings_fields, settings_points, settings_solvers
from pinn.app.limits import names as _names
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


class Truth(Enum):
    """What stands for the truth where a problem knows none: a reference by finite elements, or nothing."""

    auto = "auto"
    none = "none"
    finite_elements = "finite_elements"


class Format(Enum):
    """A format in which the solution leaves the program, beside the files of every run."""

    keras = "keras"
    saved_model = "saved_model"
    vtk = "vtk"


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
class MlflowSettings:
    """Where `record=mlflow` writes: the `uri` of a tracking server or a database, and the name of the `experiment`."""

    uri: Optional[str] = MISSING  # noqa: UP045
    experiment: Optional[str] = MISSING  # noqa: UP045


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
    reference: Truth = MISSING
    checkpoint: CheckpointSettings = dataclasses.field(default_factory=CheckpointSettings)
    record: Any = _names("mlflow", "tensorboard")  # noqa: RUF009 - as of all the others
    mlflow: MlflowSettings = dataclasses.field(default_factory=MlflowSettings)
    resume: Optional[str] = MISSING  # noqa: UP045
    init_from: Optional[str] = MISSING  # noqa: UP045
    export: list[Format] = dataclasses.field(default_factory=list)
    report: bool = MISSING
    progress: bool = MISSING


SCHEMAS: Mapping[str, type] = {
    "settings": Settings,
    **settings_fields.SCHEMAS,
    **settings_solvers.SCHEMAS,
    **settings_points.SCHEMAS,
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
