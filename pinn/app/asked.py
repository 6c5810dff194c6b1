"""What runs were asked for: kept in a folder from the first moment on, and read back as settings and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from pinn.app.settings import GROUPS, Settings
from pinn.files import replacing

ASKED = "asked.yaml"
CHECKPOINTS = "checkpoint"
SUMMARY = "summary.json"


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
    return saved_settings(path)


def saved_settings(path: Path) -> dict[str, Any]:
    """The settings of a run that are kept in a file, which may be from anybody: none of Hydra's own keys, by which a
    config calls any function it likes, and no choice of files elsewhere.

    Raises:
        ValueError: a file of something else.
    """
    found = OmegaConf.load(path)
    if not isinstance(found, DictConfig) or not isinstance(found.get("problem"), DictConfig):
        raise ValueError(f"{path}: expected the settings of a run, with a key 'problem'; got others. Run it again.")
    known = sorted(option.name for option in fields(Settings))
    settings = {str(key): value for key, value in OmegaConf.to_container(found).items()}  # type: ignore[union-attr]
    for key in settings:
        if key not in known:
            raise ValueError(f"{key}: no such key; expected one of {', '.join(known)} in {path}. Leave it out.")
    for group in GROUPS:
        _check_choice(path, group, settings.get(group, {}))
    return settings


def _check_choice(path: Path, group: str, options: Any) -> None:
    if not isinstance(options, Mapping):
        raise ValueError(f"{path}: {group}: expected options such as {{name: ...}}; got {options!r}.")
    if group != "problem" and not re.fullmatch(r"\w+", str(options.get("name", group))):
        raise ValueError(f"{path}: {group}.name: expected the name of a choice; got {options['name']!r}.")


def _instead(folder: Path) -> str:
    if not folder.exists():
        return ", which is not there."
    if (folder / "config.yaml").is_file():
        return (
            f", of a run from Python or of another version.\nRun it again by {folder / 'config.yaml'}, or begin from "
            f"its field by init_from={folder}"
        )
    return ", which has none. 'ls outputs/*/*' shows the runs."
