"""References: solutions by classical methods, with their own accuracy, for problems of which no formula is known."""

from pinn.references.harmonic import harmonic_expansion
from pinn.references.reference import ReferenceSolution
from pinn.references.sines import sine_evolution
from pinn.references.spectral import periodic_evolution

__all__ = ["ReferenceSolution", "harmonic_expansion", "periodic_evolution", "sine_evolution"]
