"""What a sweep was begun with: in its folder, to go on by `--resume`, and in its database, for those who join it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from optuna.storages import RDBStorage

from pinn.app.search import storage as storages
from pinn.app.search.options import DEFINING, Options, contradiction, with_said
from pinn.files import replacing

BEGUN = "sweep.yaml"
NAME = "sweep"
"""Of a sweep in the database of its own folder."""

_MOMENT = 5.0  # seconds
_HIDDEN = "***"  # a password in a URL that is shown


def remember(options: Options, name: str, folder: Path) -> None:
    """Write what a sweep is begun with, its password left out.

    Raises:
        OSError: the folder cannot be written.
    """
    storage = None if options.storage is None else storages.shown(options.storage)
    with replacing(folder / BEGUN) as stream:
        stream.write(
            OmegaConf.to_yaml(OmegaConf.create(options.settings() | {"storage": storage, "name": name})).encode()
        )


def resumed(folder: Path, given: Mapping[str, Any]) -> Options:
    """The options of the sweep in a folder, with what is said anew.

    Raises:
        ValueError: there is none, or it contradicts what is said.
    """
    path = folder / BEGUN
    if not path.is_file():
        there = "which has none" if folder.exists() else "which is not there"
        raise ValueError(
            f"--resume: expected the folder of a sweep, with its {BEGUN}; got {folder}, {there}. "
            "'ls -d outputs/sweeps/*' shows them."
        )
    found = OmegaConf.load(path)
    begun = {str(key): found[key] for key in found} if isinstance(found, DictConfig) else {}
    if not isinstance(begun.get("words"), ListConfig):
        raise ValueError(f"{path}: expected the options of a sweep; got others. Begin a sweep anew.")
    begun["words"] = list(begun["words"])
    return _same_place(with_said(begun, given, str(folder)), begun)


def _same_place(options: Options, begun: Mapping[str, Any]) -> Options:
    """A sweep is gone on with in its database; a password, which is not kept, is said again."""
    was, now = begun.get("storage"), options.storage
    if now is not None and _HIDDEN in now:
        raise ValueError(f"--storage: expected {now} with its password, which is not kept. Give --storage again.")
    if (None if now is None else storages.shown(now)) != was or options.name != begun.get("name"):
        raise ValueError(
            f"--storage, --name: expected those that the sweep was begun with, {was or 'SQLite in its folder'} and "
            f"{begun.get('name')}. Leave them out."
        )
    return options


def joined(options: Options, given: Mapping[str, Any]) -> Options:
    """The options of a sweep of this name that others have begun in the same database, with what is said anew; or those
    that were given, where there is none.

    Raises:
        ValueError: it contradicts what is said.
    """
    if options.storage is None or options.name is None:
        return options
    database = storages.opened(options.storage)
    try:
        begun = definition(database, options.name)
    finally:
        database.engine.dispose()
    return options if begun is None else with_said(begun, given, storages.shown(options.storage))


def definition(database: RDBStorage, name: str) -> Mapping[str, Any] | None:
    """What the sweep of this name was begun with; `None` where there is none. It is said a moment after the name."""
    try:
        study = database.get_study_id_from_name(name)
    except KeyError:
        return None
    deadline = time.monotonic() + _MOMENT
    while True:
        said = database.get_study_user_attrs(study)
        if said.keys() >= set(DEFINING):
            return said
        if time.monotonic() > deadline:
            raise ValueError(f"--name {name}: expected a name of its own; another study in the database has this one.")
        time.sleep(0.1)


def agreed(database: RDBStorage, name: str, options: Options) -> bool:
    """Whether a sweep of this name is new in the database.

    Raises:
        ValueError: it is there, begun with something else.
    """
    begun = definition(database, name)
    if begun is None:
        return True
    contradiction(begun, options.definition(), f"the database under the name {name}")
    return False
