"""Libraries that only some shapes need."""

from __future__ import annotations

import importlib
from types import ModuleType


def optional(module: str, needed_by: str, *, extra: str = "shapes") -> ModuleType:
    """The module, imported when it is first needed.

    Raises:
        ModuleNotFoundError: it is not installed; the message says for what it is needed, and how to get it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (module, module.partition(".")[0]):
            raise
        raise ModuleNotFoundError(
            f"{needed_by} needs the library {module!r}, which is not installed: pip install 'pinn[{extra}]'.",
            name=module,
        ) from None
