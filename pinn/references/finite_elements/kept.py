"""Solutions by finite elements that were computed before, kept by what they are solutions of."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from pinn.files import replacing
from pinn.references.finite_elements.forms import WeakForm
from pinn.references.finite_elements.quadratic import Nodes
from pinn.references.finite_elements.solution import Level
from pinn.references.finite_elements.triangulation import Triangulation

FOLDER = "PINN_CACHE"
"""The environment variable that names the folder; by default `pinn` in that of the user for caches."""

_FORMAT = "1"  # of the files, and of the method: a number for each that gives other values
_TIMES = 7


def cache_folder() -> Path:
    """Where solutions are kept."""
    chosen = os.environ.get(FOLDER)
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pinn"


def content(form: WeakForm, triangulation: Triangulation, words: Iterable[str]) -> str:
    """A name for what is solved: a hash of the mesh, of the form at the nodes of the mesh, and of some words.

    The form is asked for what it says there of zero and of random values, at some times: whatever changes an equation
    or a condition changes its name, be it a parameter, a file or a line of code.
    """
    found = hashlib.sha256("\n".join([_FORMAT, *words]).encode())
    for array in _asked(form, triangulation):
        found.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return found.hexdigest()[:32]


def _asked(form: WeakForm, triangulation: Triangulation) -> Iterable[np.ndarray]:
    yield from (triangulation.points, triangulation.cells, *triangulation.parts.values())
    x, random = triangulation.refined().points, np.random.default_rng(0)
    states = [(np.zeros(len(x)), np.zeros_like(x)), (random.normal(size=len(x)), random.normal(size=x.shape))]
    evolution = form.evolution
    start, end = (0.0, 0.0) if evolution is None else (evolution.start, evolution.end)
    for t in np.linspace(start, end, 1 if evolution is None else _TIMES):
        for u, slope in states:
            yield from form.volume(x, t, u, slope)
        for part, facets in triangulation.parts.items():
            middles = triangulation.points[facets].mean(axis=1)
            if part in form.values:
                yield form.values[part](middles, t)
            if part in form.inflows:
                for u, slope in states:
                    normals = slope[: len(middles)]
                    yield from form.inflows[part](middles, normals, t, u[: len(middles)])
    if evolution is not None:
        yield np.array([start, end])
        weights = (evolution.first, evolution.second, evolution.value, evolution.velocity)
        yield from (np.zeros(1) if weight is None else weight(x) for weight in weights)
    if form.pin is not None:
        place, value = form.pin
        yield from (np.zeros(0) if place is None else place, np.array([value]))


def recalled(path: Path) -> tuple[Level, float] | None:
    """A solution that was kept and its accuracy; `None` where there is none, or the file is damaged."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            nodes = Nodes(arrays["places"], arrays["cells"])
            found = Level(nodes, arrays["times"], arrays["values"]), float(arrays["accuracy"])
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return found


def keep(level: Level, accuracy: float, path: Path) -> None:
    """Write a solution; a folder that cannot be written keeps nothing, and nobody is the worse for it."""
    try:
        with replacing(path) as stream:
            np.savez(
                stream,
                allow_pickle=False,
                places=level.nodes.places,
                cells=level.nodes.cells.astype(np.int32),
                times=level.times,
                values=level.values,
                accuracy=np.array(accuracy),
            )
    except OSError:
        return
