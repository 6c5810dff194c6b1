"""Prescribed films hold exactly beside values and fluxes, between the limits of a flux and of a value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from test_fields_fluxes import (
    CUBE,
    DISK,
    RING,
    ROD,
    SQUARE,
    known,
    known_flux,
    network,
    unit_points,
    value_and_gradient,
)

from pinn.fields import Ansatz
from pinn.fields.ansatz import Datum
from pinn.geometry import Constant, Shape

ZERO = Constant(0.0)


def varying(points: tf.Tensor) -> tf.Tensor:
    return 1.0 + points[:, -1] ** 2


def across(points: tf.Tensor) -> tf.Tensor:
    return 1.0 + points[:, 1] ** 2


# A shape, the parts with values, and the coefficients by part; without one, `None`, it is a flux. Films of two families
# have coefficients that do not change along each other's normals.
CASES: dict[str, tuple[Shape, tuple[str, ...], dict[str, Datum | None]]] = {
    "rod": (ROD, ("x_min",), {"x_max": Constant(2.0)}),
    "rod, two films": (ROD, (), {"x_min": Constant(0.5), "x_max": varying}),
    "rod, film and flux": (ROD, (), {"x_min": None, "x_max": Constant(3.0)}),
    "square, beside values": (SQUARE, ("x_min", "y_min", "y_max"), {"x_max": varying}),
    "square, beside a flux": (SQUARE, ("x_min", "y_max"), {"x_max": Constant(1.5), "y_min": None}),
    "square, four films": (SQUARE, (), dict.fromkeys(SQUARE.parts, Constant(0.7))),
    "cube, film and flux": (CUBE, ("x_min", "y_min", "y_max", "z_min"), {"x_max": across, "z_max": None}),
    "disk": (DISK, (), {"sphere": varying}),
    "ring, film inside, value outside": (RING, ("outer",), {"inner": varying}),
    "square in time": (SQUARE.over(0.0, 1.0), ("x_min", "initial"), {"x_max": varying, "y_max": Constant(2.0)}),
}


def film_data(shape: Shape, part: str, coefficient: Datum | None) -> Datum:
    """n . grad u + a u of `known`."""
    flux = known_flux(shape, part)
    return flux if coefficient is None else lambda points: flux(points) + coefficient(points) * known(points)


def ansatz(name: str) -> Ansatz:
    shape, values, coefficients = CASES[name]
    fluxes = {part: film_data(shape, part, a) for part, a in coefficients.items()}
    films = {part: a for part, a in coefficients.items() if a is not None}
    return Ansatz(shape, (dict.fromkeys(values, known),), (fluxes,), films=(films,))


def missed(name: str, field: Callable[[tf.Tensor], tf.Tensor]) -> dict[str, float]:
    """The largest residual on each part, at its corners too."""
    shape, values, coefficients = CASES[name]
    found = {}
    for part in (*values, *coefficients):
        sampled, normals = shape.parts[part].sample(unit_points(12, shape.parts[part].unit_dimension, 1))
        points = tf.constant(sampled)
        value, gradient = value_and_gradient(field, points)
        if part in values:
            found[part] = abs(value - known(points).numpy()).max()
            continue
        film = coefficients[part]
        coefficient = 0.0 if film is None else film(points).numpy()
        seen = np.sum(gradient * normals, axis=1) + coefficient * value
        found[part] = abs(seen - film_data(shape, part, film)(points).numpy()).max()
    return found


@pytest.mark.parametrize("name", CASES)
def test_films_hold_whatever_the_network_says(name: str) -> None:
    """To round-off of derivatives of up to the third order of a small network; the bare network misses all of them."""
    bare = network(CASES[name][0])
    assert max(missed(name, ansatz(name)(bare)).values()) < 1e-11
    assert min(missed(name, bare).values()) > 1e-3


@pytest.mark.parametrize("name", ["rod", "disk"])
def test_another_coefficient_is_missed(name: str) -> None:
    built = ansatz(name)
    part = next(iter(CASES[name][2]))
    wrong = Ansatz(built.shape, built.values, built.fluxes, films=({part: Constant(0.9)},))
    assert missed(name, wrong(network(built.shape)))[part] > 1e-3


def test_between_a_flux_and_a_value() -> None:
    """Without a coefficient the field is that of a flux to the last bit; with a huge one its value is h / a."""
    points = tf.constant(RING.interior(unit_points(8, 2, 3)))
    flux = {"inner": Constant(0.3)}
    fields = [Ansatz(RING, ({},), (flux,), films=films)(network(RING)) for films in ((), ({"inner": ZERO},))]
    np.testing.assert_array_equal(*(field(points) for field in fields))
    value = Ansatz(RING, ({},), ({"inner": Constant(3e12)},), films=({"inner": Constant(1e12)},))(network(RING))
    on_inner = tf.constant(RING.parts["inner"].sample(np.linspace(0, 1, 5)[:, None])[0])
    np.testing.assert_allclose(value(on_inner)[:, 0], 3.0, atol=1e-10)


def test_the_weights_feel_a_film() -> None:
    model = network(DISK)
    points = tf.constant(DISK.interior(unit_points(8, 2, 4)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(ansatz("disk")(model)(points) ** 2)
    slopes = tape.gradient(loss, model.trainable_variables)
    assert all(np.isfinite(slope).all() for slope in slopes)
    assert all(abs(np.asarray(slope)).max() > 1e-6 for slope in slopes)


def test_each_component_has_its_own_film() -> None:
    model = network(ROD, components=2)
    flux = {"x_max": Constant(1.0)}
    field = Ansatz(ROD, ({}, {}), (flux, flux), films=({}, {"x_max": Constant(4.0)}))(model)
    end = tf.constant([[1.5]], tf.float64)
    for component, coefficient in enumerate((0.0, 4.0)):
        value, slope = value_and_gradient(field, end, component)
        assert slope[0, 0] + coefficient * value[0] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.no_cover  # the lines of the others, in another way
def test_xla_agrees_in_float32() -> None:
    model = network(RING, dtype="float32")
    points = tf.constant(RING.interior(unit_points(8, 2, 5)), tf.float32)
    field = ansatz("ring, film inside, value outside")(model)
    compiled = tf.function(field, jit_compile=True, autograph=False)(points)
    assert compiled.dtype == tf.float32
    np.testing.assert_allclose(compiled, field(points), rtol=1e-4, atol=1e-4)


BAD_INPUT: dict[str, tuple[tuple[dict[str, Datum], ...], type[Exception], str]] = {
    "components": (({}, {}), ValueError, "values for 1 components and films for 2: give an empty mapping"),
    "no flux": (({"x_min": ZERO},), ValueError, "'x_min' has a film and no flux"),
    "negative": (({"x_max": Constant(-1.0)},), ValueError, "coefficient below 0, got -1.0: make it a penalty"),
    "a number": (({"x_max": 1.0},), TypeError, r"use Constant\(0.0\)"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_films_that_cannot_be_exact_are_refused(name: str) -> None:
    films, error, match = BAD_INPUT[name]
    with pytest.raises(error, match=match):
        Ansatz(ROD, ({},), ({"x_max": ZERO},), films=films)
