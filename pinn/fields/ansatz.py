r"""The ansatz: a field that satisfies conditions exactly, whatever the network says.

**Values.** For prescribed values `g` on some parts of the boundary the field of one component is

    `B(x) = G(x) + \phi(x) N(x)`

with the network `N`, a smooth extension `G` of the prescribed values, and a smooth `\phi` that vanishes exactly on
those parts. Both come from the shape (`Shape.lift`, `Shape.vanishing`), and `G` sees the prescribed values on the
boundary only: nothing of the solution leaks inside.

**Velocities.** A prescribed `\partial_t u` at the initial time, beside the value there, is met by a lift that moves and
one more factor that vanishes at the start; see `pinn.fields.motion`.

**Fluxes.** For prescribed normal derivatives `h_f` on parts `f` the field is corrected, one family of parts (the two
faces of an axis, the spheres around one center) after the other:

    `(C B)(x) = B(x) - \sum_f \omega_f(x) c_f(x)`,    `c_f(x) = \partial_n B(\pi_f x) - h_f(\pi_f x)`

with the projection `\pi_f` onto the part and a ramp `\omega_f` (`Shape.project`, `Shape.ramp`). Every condition then
holds, corners included, for the following reasons.

- *The fluxes of the family.* On `f` the ramp has the outward slope 1, and `c_f` does not change along the normal, so
  that `\partial_n C B = \partial_n B - c_f = h_f`. On the other part of the family `\omega_f` has the slope 0.
- *The values on a part of the family.* There `\omega_f` is zero (a part carries a value or a flux, never both).
- *The values on a part `e` of another family, or at the initial time.* `\pi_f` maps `e` into itself, hence onto the
  edge of `e` and `f`. `B = g_e` on `e`, and there the normal of `f` is tangential, so `c_f = \partial_n g_e - h_f`:
  zero if the value and the flux are compatible at the edge.
- *The fluxes of a family that was corrected before.* Across such a part `e` the ramp `\omega_f` has no slope, and
  `\partial_(n_e) c_f = \partial_(n_f) \partial_(n_e) B - \partial_(n_e) h_f = \partial_(n_f) h_e - \partial_(n_e) h_f`
  on the edge: zero if the fluxes are compatible, that is, if both are those of one twice differentiable function.

*Incompatible data.* The fluxes of the last family hold in any case. A value on a part `e` is missed by exactly
`\omega_f (\partial_n g_e - h_f)(\pi_f x)`, and a flux of an earlier family by the ramp times the mismatch of the mixed
derivatives at the edge: the error is the mismatch carried from the edge into the part, where it fades like the ramp.
Data that are to disagree in a corner are better left as penalties.

**Films.** A prescribed `\partial_n u + a u = h` on a part f, the condition of Robin, is met by

    `c_f(x) = (\partial_n B + a B - h)(\pi_f x) / (1 + a \omega_f)(\pi_f x)`

in the place of the excess flux: with L = `\partial_n + a`, `L C B = L B - (1 + a \omega_f) c_f = h_f` on f. Where a is
0 this is a flux, and where it is large, `C B` is `h / a` on f whatever B: a value. The reasons above hold with L for
`\partial_n`. Films and fluxes of two families are compatible if a does not change along the normal of the other part:
else `L_e L_f` and `L_f L_e` differ, and a part of an earlier family is missed as by fluxes that are incompatible.

*Cost.* With `n_i` fluxes in family i the network is evaluated `\prod_i (1 + n_i)` times a point, with derivatives of as
many orders more as there are families with fluxes. Without fluxes it is evaluated once.

Source: I. E. Lagaris, A. Likas and D. I. Fotiadis, Artificial Neural Networks for Solving Ordinary and Partial
    Differential Equations, IEEE Trans. Neural Netw. 9 (1998); transfinite interpolation after W. J. Gordon and C. A.
    Hall (1973); conditions on derivatives as projections in T. Leake and D. Mortari, Deep Theory of Functional
    Connections, Mach. Learn. Knowl. Extr. 2 (2020); films by distances in N. Sukumar and A. Srivastava, Exact
    imposition of boundary conditions with distance functions in physics-informed deep neural networks, Comput. Methods
    Appl. Mech. Eng. 389 (2022).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, final

import tensorflow as tf

from pinn.fields.motion import set_off
from pinn.fields.seam import Seam
from pinn.geometry import Constant, Shape
from pinn.geometry.shape import INITIAL

Datum = Callable[[tf.Tensor], tf.Tensor]  # [N, d] on the part -> [N]
Data = Mapping[str, Datum]  # by part
Network = Callable[[tf.Tensor], tf.Tensor]  # [N, d] -> [N, m]


class _Flux(NamedTuple):
    """What is prescribed of the flux through a part: its value, and the coefficient of the film if there is one."""

    value: Datum
    film: Datum | None


@final
@dataclass(frozen=True)
class Ansatz:
    r"""Turns a network `[N, d] -> [N, m]` into a field of the same shape with exact values and fluxes on the boundary.

    Args:
        shape: the domain.
        values: for each component the prescribed values by part; an empty mapping leaves the values to the network.
        fluxes: for each component the prescribed outward normal derivatives by part; nothing at all, `()`, if no
            component has any.
        velocities: for each component the prescribed time derivative at the start, or `None`; nothing at all, `()`, if
            no component has any.
        seam: what is added to the lift of the first component where an axis is periodic, see `pinn.fields.seam`.
        films: for each component, by part, the coefficient `a >= 0` where what `fluxes` prescribes is `\partial_n u + a
            u`; nothing at all, `()`, if no component has any.

    Raises:
        ValueError: `fluxes`, `velocities` or `films` are not as many as `values`, a part is unknown or given twice, a
            value on a part that is not `valued`, a flux through a part of no family (such as "initial"), a value and a
            flux for one component on one part, a velocity without a value at the initial time, or a film without a
            flux or with a number below 0.
        TypeError: fluxes or films that are not callable.
    """

    shape: Shape
    values: tuple[Data, ...]
    fluxes: tuple[Data, ...] = ()
    velocities: tuple[Datum | None, ...] = ()
    seam: Seam | None = None
    films: tuple[Data, ...] = ()

    def __post_init__(self) -> None:
        for what, given, nothing in (
            ("fluxes", self.fluxes, "an empty mapping"),
            ("velocities", self.velocities, "None"),
            ("films", self.films, "an empty mapping"),
        ):
            if given and len(given) != len(self.values):
                raise ValueError(
                    f"the ansatz has values for {len(self.values)} components and {what} for {len(given)}: "
                    f"give {nothing} to a component without any."
                )
        for values in self.values:
            self._require_valued(values)
        for values, velocity in zip(self.values, self.velocities, strict=False):
            if velocity is not None and INITIAL not in values:
                raise ValueError(
                    f"no velocity can be exact without a value at the start: give one on {INITIAL!r} to that component."
                )
        for values, fluxes in zip(self.values, self.fluxes, strict=False):
            valued = {part.name for name in values for part in self.shape.select(name)}
            for part in self.shape.by_part(fluxes):
                self._require_served(part)
                if part in valued:
                    raise ValueError(f"{part!r} has a value and a flux: the ansatz can only satisfy one of them.")
        for fluxes, films in zip(self.fluxes or ({},) * len(self.films), self.films, strict=False):
            self._require_films(self.shape.by_part(films), self.shape.by_part(fluxes))

    def _require_valued(self, values: Data) -> None:
        for part in (part for name in values for part in self.shape.select(name)):
            if not part.valued:
                raise ValueError(
                    f"no value can be exact on {part.name!r} of this shape: make it a penalty, as conditions=auto does."
                )

    def _require_served(self, part: str) -> None:
        served = [name for family in self.shape.families for name in family]
        if not served:
            raise ValueError(
                f"no flux can be exact on {part!r} of this shape: make it a penalty, as conditions=auto does."
            )
        if part not in served:
            raise ValueError(f"no flux can be exact on {part!r}: choose from {', '.join(served)}.")

    def _require_films(self, films: Data, fluxes: Data) -> None:
        for part, film in films.items():
            if part not in fluxes:
                raise ValueError(f"{part!r} has a film and no flux: give what holds there among the fluxes.")
            if isinstance(film, Constant) and film.value < 0:
                raise ValueError(
                    f"no film can be exact on {part!r} with a coefficient below 0, got {film.value}: make it a "
                    "penalty, as conditions=auto does."
                )

    @property
    def is_trivial(self) -> bool:
        """Whether no component has a prescribed value or flux, so that the field is the network."""
        return not any(self.values) and not any(self.fluxes)

    def __call__(self, network: Network) -> Network:
        """The field `[N, d] -> [N, m]` built on the network."""
        field = self._with_values(network) if any(self.values) else network
        by_component = self._fluxes_by_part()
        for family in self.shape.families:
            by_part = {part: [fluxes.get(part) for fluxes in by_component] for part in family}
            prescribed = {part: given for part, given in by_part.items() if any(flux is not None for flux in given)}
            if prescribed:
                field = self._with_fluxes(field, prescribed)
        return field

    def _fluxes_by_part(self) -> list[dict[str, _Flux]]:
        """For each component what is prescribed of the flux through each part."""
        films = [self.shape.by_part(films) for films in self.films or ({},) * len(self.fluxes)]
        fluxes = [self.shape.by_part(fluxes) for fluxes in self.fluxes]
        return [
            {part: _Flux(value, coefficients.get(part)) for part, value in given.items()}
            for given, coefficients in zip(fluxes, films, strict=True)
        ]

    def _with_values(self, network: Network) -> Network:
        velocities = self.velocities or (None,) * len(self.values)

        def field(points: tf.Tensor) -> tf.Tensor:
            parts = tf.unstack(network(points), num=len(self.values), axis=1)
            given = zip(self.values, velocities, parts, strict=True)
            first, *others = [self._impose(data, v, points, n) for data, v, n in given]
            return tf.stack([first if self.seam is None else first + self.seam(points), *others], axis=1)

        return field

    def _impose(self, data: Data, velocity: Datum | None, points: tf.Tensor, network: tf.Tensor) -> tf.Tensor:
        if not data:
            return network
        lift = partial(self.shape.lift, data=data)
        free = self.shape.vanishing(points, tuple(data)) * network
        if velocity is None:
            return lift(points) + free
        return set_off(self.shape, lift, velocity)(points) + self.shape.vanishing(points, INITIAL) * free

    def _with_fluxes(self, base: Network, prescribed: Mapping[str, list[_Flux | None]]) -> Network:
        """`C B` of one family: by part the flux of each component, None where it has none."""

        def field(points: tf.Tensor) -> tf.Tensor:
            value = base(points)
            for part, fluxes in prescribed.items():
                projected, normals = self.shape.project(points, part)
                excess = _excess(base, fluxes, projected, normals, self.shape.ramp(projected, part))
                value = value - self.shape.ramp(points, part)[:, tf.newaxis] * excess
            return value

        return field


def _excess(
    base: Network, fluxes: list[_Flux | None], points: tf.Tensor, normals: tf.Tensor, ramp: tf.Tensor
) -> tf.Tensor:
    r"""`c` at points of a part, `[N, m]`, with zeros for components without a flux; `ramp` is `\omega` there, `[N]`.

    The derivative is taken along the normal only: by the length s of a step from the points, at s = 0.
    """
    step = tf.zeros_like(points[:, 0])
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(step)
        components = tf.unstack(base(points + step[:, tf.newaxis] * normals), num=len(fluxes), axis=1)

    def of_component(flux: _Flux | None, u: tf.Tensor) -> tf.Tensor:
        if flux is None:
            return tf.zeros_like(step)
        excess = tape.gradient(u, step, unconnected_gradients=tf.UnconnectedGradients.ZERO) - flux.value(points)
        if flux.film is None:
            return excess
        film = flux.film(points)
        return (excess + film * u) / (1.0 + film * ramp)

    return tf.stack([of_component(flux, u) for flux, u in zip(fluxes, components, strict=True)], axis=1)
