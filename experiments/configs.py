"""Problems by the names and overrides of the command `pinn`, for the scripts here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from hydra import compose, initialize_config_dir

from pinn.app.arguments import translate
from pinn.app.limits import check
from pinn.app.locate import conf_folder
from pinn.app.messages import BAD_INPUT, SOLVED, USER_ERRORS, explain
from pinn.app.settings import plain, register

_OWN_CONF = "--config-dir="


def composed(words: Sequence[str]) -> dict[str, Any]:
    """The config that `pinn` would run with these words, such as `problem=poisson_nd problem.dimension=3`.

    Raises:
        ValueError, HydraException: words that make no config; `pinn.app.messages.explain` says why.
    """
    register()
    if os.getcwd() not in sys.path:  # problems of one's own lie in the working folder, as for the command
        sys.path.insert(0, os.getcwd())
    translated = translate(words)
    overrides = [word for word in translated if not word.startswith(_OWN_CONF)]
    folders = [word.removeprefix(_OWN_CONF) for word in translated if word.startswith(_OWN_CONF)]
    search = [f"hydra.searchpath=[file://{folder}]" for folder in folders]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("config", overrides=["name=run", *overrides, *search])
    check(config)
    return plain(config)


def refusing(script: str, run: Callable[[], object]) -> int:
    """Run a script's work; bad input is said in a line or two, as the command says it, and gives the exit status 2."""
    try:
        run()
    except USER_ERRORS as error:
        print(f"{script}: {explain(error)}", file=sys.stderr)
        return BAD_INPUT
    return SOLVED
