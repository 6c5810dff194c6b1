"""A wall of two layers that touch imperfectly, with a field for each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import tensorflow as tf

from pinn.calculus import Jet, PointSet
from pinn.geometry import Interval, Shape
from pinn.problems.checks import require_finite, require_positive
from pinn.problems.conditions import Condition, Dirichlet
from pinn.problems.interface import Contact, FluxBalance
from pinn.problems.problem import Problem


@final
@dataclass(frozen=True)
class LayeredWall(Problem):
    r"""Steady heat flow through two heated layers of very different conductivity with a contact resistance.

    `\nabla \cdot (k \nabla u) + q = 0` in a wall of the thicknesses `a` and `b`, at the temperature 1 on the left and 0
    on the right. It is folded at the contact: the coordinate `x` of `(0, 1)` runs from each outer face to the contact
    at 1, so that `k_1 u_1'' / a^2 + q_1 = 0` and `k_2 u_2'' / b^2 + q_2 = 0`; both meet in the balance of fluxes and in
    the fall of the temperature by `R` times the flux. Exact: with the flux `\phi` to the right through the contact,
    `\phi (R + a / k_1 + b / k_2) = 1 + q_1 a^2 / (2 k_1) - q_2 b^2 / (2 k_2)`, the parabolas `u_1 = 1 + (q_1 a - \phi)
    s / k_1 - q_1 s^2 / (2 k_1)` with `s = a x`, and `u_2 = (q_2 b + \phi) s / k_2 - q_2 s^2 / (2 k_2)` with `s = b x`.

    Args:
        conductivities: `k_1, k_2 > 0`.
        thicknesses: `a, b > 0`.
        heating: `q_1, q_2`, by volume.
        resistance: `R > 0`, of the contact.
    """

    conductivities: tuple[float, float] = (1.0, 100.0)
    thicknesses: tuple[float, float] = (0.3, 0.7)
    heating: tuple[float, float] = (5.0, 200.0)
    resistance: float = 0.1

    components: ClassVar[int] = 2
    citation: ClassVar[str] = "H. S. Carslaw and J. C. Jaeger, Conduction of Heat in Solids, 2nd ed., Oxford 1959."

    def __post_init__(self) -> None:
        for name in ("conductivities", "thicknesses", "heating"):
            values = getattr(self, name)
            if len(values) != 2:
                raise ValueError(f"{name}: expected two numbers, one a layer; got {values}")
            check = require_finite if name == "heating" else require_positive
            check(**{f"{name}[{i}]": value for i, value in enumerate(values)})
        require_positive(resistance=self.resistance)

    @property
    def domain(self) -> Shape:
        """From the outer faces, at 0, to the contact, at 1."""
        return Interval(0.0, 1.0)

    def residual(self, p: PointSet, u: Jet) -> Mapping[str, tf.Tensor]:  # noqa: ARG002 - heated evenly
        """`u'' + q d^2 / k` in both layers, of thickness d."""
        layers = zip(u, self.conductivities, self.thicknesses, self.heating, strict=True)
        return {f"layer_{i}": each.laplacian() + q * d**2 / k for i, (each, k, d, q) in enumerate(layers, start=1)}

    def conditions(self) -> Sequence[Condition]:
        """The temperatures of the outer faces, and the contact."""
        k1, k2 = (k / d for k, d in zip(self.conductivities, self.thicknesses, strict=True))
        return (
            Dirichlet(1.0, on="x_min", component=0),
            Dirichlet(0.0, on="x_min", component=1),
            FluxBalance(on="x_max", conductivities=(k1, k2)),
            Contact(on="x_max", resistance=self.resistance, conductivity=k1),
        )

    def exact(self, p: PointSet) -> tf.Tensor:
        """Both parabolas, `[N, 2]`."""
        (k1, k2), (a, b), (q1, q2) = self.conductivities, self.thicknesses, self.heating
        driving = 1.0 + q1 * a**2 / (2 * k1) - q2 * b**2 / (2 * k2)
        flux = driving / (self.resistance + a / k1 + b / k2)
        left, right = a * p.x, b * p.x
        hot = 1.0 + (q1 * a - flux) * left / k1 - q1 * left**2 / (2 * k1)
        cold = (q2 * b + flux) * right / k2 - q2 * right**2 / (2 * k2)
        return tf.stack([hot, cold], axis=1)
