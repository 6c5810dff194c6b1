"""References: solutions by classical methods, with their own accuracy, for problems of which no formula is known."""

from pinn.references.reference import ReferenceSolution
from pinn.references.spectral import periodic_evolution

__all__ = ["ReferenceSolution", "periodic_evolution"]
