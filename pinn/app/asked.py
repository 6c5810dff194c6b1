"""What a run was asked for, kept in its folder from the first moment on, so that it can be resumed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pinn.files import replacing

ASKED = "asked.yaml"
CHECKPOINTS = "checkpoint"


def remember(settings: Mapping[str, Any], folder: Path) -> None:
    """Write the resolved settings of a run; one that is resumed is the run that it resumes.

    Raises:
        OSError: the folder cannot be written.
    """
    with replacing(folder / ASKED) as stream:
        stream.write(OmegaConf.to_yaml(OmegaConf.create({**settings, "resume": None})).encode())


def recall(folder: Path) -> dict[str, Any]:
    """The settings of the run in a folder.

    Raises:
        ValueError: the folder is none of a run that can be resumed.
    """
    path = folder / ASKED
    if not path.is_file():
        raise ValueError(f"resume: expected the folder of a run, with its {ASKED}; got {folder}{_instead(folder)}")
    found = OmegaConf.load(path)
    if not isinstance(found, DictConfig) or not isinstance(found.get("problem"), DictConfig):
        raise ValueError(f"resume: expected settings with a key 'problem' in {path}; got others. Run it again.")
    return {str(key): value for key, value in OmegaConf.to_container(found).items()}  # type: ignore[union-attr]


def _instead(folder: Path) -> str:
    if not folder.exists():
        return ", which is not there."
    if (folder / "config.yaml").is_file():
        return (
            f", of a run from Python or of another version.\nRun it again by {folder / 'config.yaml'}, or begin from "
            f"its field by init_from={folder}"
        )
    return ", which has none. 'ls outputs/*/*' shows the runs."
