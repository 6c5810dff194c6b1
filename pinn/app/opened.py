"""The run that a verb is about, from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinn import __version__
from pinn.app.asked import SUMMARY
from pinn.app.process import working_directory_importable
from pinn.app.quiet import import_tensorflow

if TYPE_CHECKING:
    from pinn.app.solution import Solution


def summary_in(folder: Path) -> Mapping[str, Any]:
    """What the run in a folder says of itself.

    Raises:
        ValueError: the folder is none of a finished run, or its summary is damaged.
    """
    path = folder / SUMMARY
    if not path.is_file():
        reason = "which has none" if folder.is_dir() else "which is not there" if not folder.exists() else "a file"
        raise ValueError(
            f"expected the folder of a finished run, with its {SUMMARY}; got {folder}, {reason}.\n"
            "'ls outputs/*/*' shows the runs."
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: expected the summary of a run; it is damaged. Run it again.") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path}: expected the summary of a run; got something else. Run it again.")
    return found


def opened(folder: Path) -> Solution:
    """The solution in a run folder, of this version: the field of another may be built otherwise.

    Raises:
        ValueError: the folder is none of a finished run, the run is of another version, or a file of it is damaged.
    """
    versions = summary_in(folder).get("versions")
    was = versions.get("pinn") if isinstance(versions, dict) else "unknown"
    if was != __version__:
        raise ValueError(
            f"{folder}: expected a run of pinn {__version__}; got one of pinn {was}.\n"
            f"Run it again by 'pinn {folder / 'config.yaml'}', or read it with that version."
        )
    import_tensorflow()
    from pinn.app.solution import load

    with working_directory_importable():
        return load(folder)
