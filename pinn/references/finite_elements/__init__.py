"""Finite elements of second degree for scalar equations on simplices, steady and in time, linear and not."""

from pinn.references.finite_elements.forms import Evolution, Terms, UnsolvedError, WeakForm
from pinn.references.finite_elements.kept import cache_folder, content, keep, recalled
from pinn.references.finite_elements.solution import KIND, Level, finite_elements, referring
from pinn.references.finite_elements.triangulation import Triangulation

__all__ = [
    "KIND",
    "Evolution",
    "Level",
    "Terms",
    "Triangulation",
    "UnsolvedError",
    "WeakForm",
    "cache_folder",
    "content",
    "finite_elements",
    "keep",
    "recalled",
    "referring",
]
