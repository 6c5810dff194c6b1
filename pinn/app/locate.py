"""Where the config folder lies: inside an installed package, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

import pinn

PRIMARY = "config.yaml"


def conf_folder(package: Path | None = None) -> Path:
    """The first of `<package>/conf` and `<package>/../conf` that holds `config.yaml`, as an absolute path.

    Args:
        package: folder of the package; the installed `pinn` when left out.

    Raises:
        FileNotFoundError: neither folder is there; the message names both.
    """
    home = (Path(pinn.__file__).parent if package is None else package).resolve()
    candidates = (home / "conf", home.parent / "conf")
    for folder in candidates:
        if (folder / PRIMARY).is_file():
            return folder
    raise FileNotFoundError(
        f"conf: expected {PRIMARY} in {candidates[0]} or {candidates[1]}; found it in neither. Install pinn again."
    )


def user_conf_folder(folder: Path | None = None) -> Path | None:
    """The user's own `conf` in the working directory, or `None` where there is none or it is the package's own."""
    own = ((Path.cwd() if folder is None else folder) / "conf").resolve()
    return own if own.is_dir() and own != conf_folder() else None
