"""Points that go where the residual is large: one scheme a file."""

from pinn.training.adaptive.base import Adaptive
from pinn.training.adaptive.rad import Rad, density
from pinn.training.adaptive.rar import Rar

ADAPTIVE: dict[str, type[Adaptive]] = {cls.name: cls for cls in (Rad, Rar)}

__all__ = ["ADAPTIVE", "Adaptive", "Rad", "Rar", "density"]
