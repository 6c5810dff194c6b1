"""Names of a package that are looked up when they are first used, so that importing the package imports little."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def exports(package: str, homes: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package.

    Args:
        package: its name, `__name__`.
        homes: the modules that its names live in, by their full names.

    Returns:
        `__getattr__`, which raises `AttributeError` for a name that is not offered, and `__dir__`.
    """
    home = {name: module for module, names in homes.items() for name in names}

    def look_up(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it offers {', '.join(sorted(home))}")
        return getattr(import_module(home[name]), name)

    return look_up, lambda: sorted(home)
