"""The options of fields, one dataclass a choice: see `pinn.app.settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from omegaconf import MISSING

from pinn.app.limits import name as _name
from pinn.app.limits import number as _number


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
    """Fixed random ridges under one linear layer; `scale` is a number, a list with one for each axis, or null."""

    name: str = _name("random_features")
    features: int = _number(minimum=1)
    activation: str = MISSING
    scale: Any = MISSING
    interactions: Optional[int] = _number(minimum=1)  # noqa: UP045


@dataclass
class PatchesSettings:
    """Random features on overlapping patches; `patches` along each axis is a number, or a list of them."""

    name: str = _name("patches")
    patches: Any = MISSING
    features: int = _number(minimum=1)
    activation: str = MISSING
    scale: Optional[float] = _number(above=0)  # noqa: UP045
    overlap: float = _number(above=0)
    early: Optional[float] = _number(above=0)  # noqa: UP045


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
class EvolvingFeaturesSettings:
    """Random features of space with coefficients that are splines of time; `scale` is a number, a list with one for
    each axis of space, or null.
    """

    name: str = _name("evolving_features")
    features: int = _number(minimum=1)
    activation: str = MISSING
    scale: Any = MISSING
    frames: int = _number(minimum=4)
    tolerance: float = _number(above=0)


SCHEMAS: Mapping[str, type] = {
    "auto_field_settings": AutoFieldSettings,
    "mlp_settings": MlpSettings,
    "fourier_settings": FourierSettings,
    "random_features_settings": RandomFeaturesSettings,
    "patches_settings": PatchesSettings,
    "slabs_settings": SlabsSettings,
    "evolving_features_settings": EvolvingFeaturesSettings,
}
