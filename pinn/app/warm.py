"""Warm starts: a new run from the field of another one, of another problem, other points or other settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import keras
import numpy as np
from omegaconf import OmegaConf

from pinn.app.automatic import AUTO
from pinn.app.build import field_from
from pinn.app.devices import settle_early
from pinn.fields import FieldRecipe, FourierFeatures, Layout, Mlp

_MODEL, _CONFIG = "model.keras", "config.yaml"


@final
@dataclass(frozen=True, eq=False)
class Started:
    """A recipe whose network begins with given weights.

    The network is made for the new domain, with its scaling of the inputs; whatever it has of weights, those that stay
    fixed too, is taken from the other.

    Args:
        recipe: of the network.
        weights: all of the model's, in the order of Keras.
        source: the folder that they are from.
    """

    recipe: FieldRecipe
    weights: Sequence[np.ndarray]
    source: str

    def build(self, layout: Layout) -> keras.Model:
        """The network on a domain.

        Raises:
            ValueError: the weights have other shapes.
        """
        model = self.recipe.build(layout)
        expected, got = [list(v.shape) for v in model.weights], [list(w.shape) for w in self.weights]
        if expected != got:
            raise ValueError(
                f"init_from: expected weights of the shapes {_listed(expected)}; got {_listed(got)} in {self.source}.\n"
                "Leave field out to take the run's; its numbers of inputs and outputs must be those of the problem."
            )
        model.set_weights(list(self.weights))
        return model


def started(source: str, options: Mapping[str, Any]) -> Started:
    """The recipe of a config that begins with the weights of a run; its own recipe where the config leaves the choice.

    Args:
        source: folder of a finished run.
        options: of the field, as in a config.

    Raises:
        ValueError: no such run, one that cannot be read, or a field that is solved for and not trained.
    """
    folder = Path(source)
    for name in (_MODEL, _CONFIG):
        if not (folder / name).is_file():
            raise ValueError(
                f"init_from: expected the folder of a run that was saved, with its {name}; got {source}.\n"
                "A run that was ended before goes on by resume=FOLDER."
            )
    settle_early()
    try:
        config: Any = OmegaConf.to_container(OmegaConf.load(folder / _CONFIG))
        own: Mapping[str, Any] = config["field"]
        weights = keras.saving.load_model(folder / _MODEL, compile=False).get_weights()
    except Exception as error:  # a damaged file fails in many ways
        raise ValueError(f"init_from: expected a run as it was saved; {source} is damaged ({error})") from error
    asked = options if _is_chosen(options) else own
    recipe = field_from(asked)
    if not isinstance(recipe, Mlp | FourierFeatures):
        raise ValueError(
            f"init_from: expected a field that is trained, mlp or fourier; got {asked['name']}, which is solved for at "
            "once. Leave init_from out, or take another run."
        )
    return Started(recipe, weights, source)


def _is_chosen(options: Mapping[str, Any]) -> bool:
    return options.get("name") != AUTO or any(value is not None for key, value in options.items() if key != "name")


def _listed(shapes: Sequence[list[int]]) -> str:
    return ", ".join(map(str, shapes))
