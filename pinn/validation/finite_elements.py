"""References by finite elements for problems of which no exact solution is known."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Iterator

from pinn.geometry import SpatialShape, TimeProduct
from pinn.geometry.meshing import UnmeshableError, mesh
from pinn.geometry.meshing.simplices import snapped
from pinn.problems import Problem
from pinn.references import ReferenceSolution
from pinn.references.finite_elements import (
    Triangulation,
    UnsolvedError,
    WeakForm,
    cache_folder,
    content,
    finite_elements,
    keep,
    recalled,
    referring,
)
from pinn.validation.weak_form import weak_form

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def finite_element_reference(problem: Problem, *, accuracy: float) -> ReferenceSolution:
    """The solution of a problem by finite elements of second degree, computed once and then kept in a folder of caches.

    Args:
        problem: a scalar equation of second order on a shape in up to three dimensions, steady or in time.
        accuracy: the relative error in the mean square to aim at; the memory may end before.

    Raises:
        UnsolvedError: the problem is none that they serve, or the method fails; the message says why.
        ModuleNotFoundError: scikit-fem or netgen is not installed; the message says how to get them.

    Cost: seconds in the plane. Where an equation has several solutions it is the one that Newton's method finds from
        zero.
    """
    missing = [name for name in ("skfem", "netgen") if importlib.util.find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            "a reference by finite elements needs scikit-fem and netgen-mesher: pip install 'pinn[references]'",
            name=missing[0],
        )
    try:
        form = weak_form(problem)
        start = _triangulated(problem, form)
    except UnsolvedError:
        raise
    except Exception as error:  # a person's own class can fail in any way, and so can a mesher
        raise UnsolvedError(f"finite elements failed: {str(error).strip().splitlines()[0]}") from error
    path = cache_folder() / f"{content(form, start, _words(problem, accuracy))}.npz"
    found = recalled(path)
    if found is None:
        found = finite_elements(form, start, accuracy=accuracy)
        keep(*found, path)
    return referring(*found)


def _triangulated(problem: Problem, form: WeakForm) -> Triangulation:
    shape = problem.domain.space if isinstance(problem.domain, TimeProduct) else problem.domain
    assert isinstance(shape, SpatialShape)
    kinds = dict.fromkeys(form.values, "value") | dict.fromkeys(form.inflows, "flux")
    try:
        made = mesh(shape, kinds)
    except UnmeshableError as error:
        raise UnsolvedError(str(error)) from error
    return Triangulation(made.points, made.cells, made.parts, lambda points: snapped(shape, points))


def _words(problem: Problem, accuracy: float) -> Iterator[str]:
    """What tells problems apart besides what they say at the nodes of a mesh."""
    yield from (f"{accuracy!r}", _ADDRESS.sub("", repr(problem)))
    try:
        yield inspect.getsource(type(problem))
    except (OSError, TypeError):  # typed into a prompt
        yield type(problem).__qualname__
