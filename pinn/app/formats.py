"""The formats in which a solution leaves the program, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from pinn.app.messages import unknown

if TYPE_CHECKING:
    from pinn.app.solution import Solution
    from pinn.problems import Problem

FORMATS = {
    "keras": "pinn.app.export_keras",
    "saved_model": "pinn.app.export_saved_model",
    "vtk": "pinn.app.export_vtk",
}
"""The name of a format: its module, with `refuse(problem, wishes)` for what can be said before any training, and
`export(solution, folder, wishes)`, which returns the file or folder to open.
"""


@final
@dataclass(frozen=True)
class Wishes:
    """What may be asked of an export.

    Args:
        resolution: cells along the longest side of the domain.
        times: moments of an evolution, its beginning and its end among them.

    Raises:
        ValueError: less than one cell, or than two moments.
    """

    resolution: int | None = None
    times: int | None = None

    def __post_init__(self) -> None:
        for name, value, least in (("resolution", self.resolution, 1), ("times", self.times, 2)):
            if value is not None and value < least:
                raise ValueError(f"{name}: expected a whole number of at least {least}; got {value}")


class NotExportedError(Exception):
    """A solution that has no such format; the message says why, and what there is instead."""


def require(formats: Iterable[str], problem: Problem, wishes: Wishes) -> None:
    """Raise `ValueError` where a format is not known or, as far as can be said before training, cannot hold the
    problem.
    """
    names = list(formats)
    require_known(names)
    for name in names:
        _module(name).refuse(problem, wishes)


def export(solution: Solution, folder: Path, formats: Sequence[str], wishes: Wishes) -> dict[str, Path]:
    """Write a solution in some formats into a folder: by format, the file or folder to open.

    Raises:
        ValueError: as `require`.
        NotExportedError: a format cannot hold this solution; what came before it is written.
        OSError: the folder cannot be written.
    """
    require(formats, solution.problem, wishes)
    return {name: _module(name).export(solution, folder, wishes) for name in dict.fromkeys(formats)}


def require_known(formats: Iterable[str]) -> None:
    """Raise `ValueError` where there is no such format."""
    for name in formats:
        if name not in FORMATS:
            raise ValueError(unknown("export", name, FORMATS))


def _module(name: str) -> Any:
    return import_module(FORMATS[name])
