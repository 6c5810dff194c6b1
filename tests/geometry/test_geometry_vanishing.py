"""The factor phi of an ansatz: zero on the named parts and nowhere else, with a slope."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from ansatz_modes import subsets
from geometry_cases import EVERY_VALUED_CASE, Case, clear_of_edges, sobol

from pinn.geometry import Annulus, Ball, Box, Interval, Shape


@pytest.mark.parametrize("case", **EVERY_VALUED_CASE)
def test_it_is_zero_on_the_named_parts_and_positive_elsewhere(case: Case) -> None:
    """Zero to round-off: on a face exactly, on a sphere to a few units in the last place of r / R."""
    inner = case.shape.interior(sobol(512, case.shape.unit_dimension, 1))
    inner = inner[case.shape.signed_distance(inner) < -1e-3 * case.size]
    for names in subsets(case.valued):
        assert np.all(case.shape.vanishing(tf.constant(inner), names).numpy() > 0)
        for name in case.parts:
            points, _ = clear_of_edges(case, name, 64, 2)
            values = case.shape.vanishing(tf.constant(points), names).numpy()
            if name in names:
                assert abs(values).max() <= 2e-14
            else:
                assert values.min() > 1e-3


@pytest.mark.parametrize("case", **EVERY_VALUED_CASE)
def test_it_grows_from_every_named_part(case: Case) -> None:
    """The derivative along the outward normal is negative, and its tangential derivatives are zero (a level set)."""
    for names in subsets(case.valued):
        for name in names:
            points, normals = clear_of_edges(case, name, 32, 3)
            gradient = _gradient(case.shape, tf.constant(points), names)
            slope = np.sum(gradient * normals, axis=1)
            assert slope.max() < -1e-3
            assert gradient == pytest.approx(slope[:, None] * normals, abs=1e-12)


def _gradient(shape: Shape, points: tf.Tensor, names: tuple[str, ...]) -> np.ndarray:
    with tf.GradientTape() as tape:
        tape.watch(points)
        value = shape.vanishing(points, names)
    return tape.gradient(value, points).numpy()


@pytest.mark.parametrize("case", **EVERY_VALUED_CASE)
def test_its_maximum_is_about_one(case: Case) -> None:
    """At most 1 everywhere, and more than a half at one of 4096 Sobol points (five dimensions are the worst).

    A shape whose case says so has less: its function is a product of several.
    """
    points = tf.constant(case.shape.interior(sobol(4096, case.shape.unit_dimension, 4)))
    for names in subsets(case.valued):
        assert case.peak < case.shape.vanishing(points, names).numpy().max() <= 1 + 1e-12


FORMULAS = [
    ("interval, both", Interval(1.0, 3.0), ("x_min", "x_max"), [1.5], 4 * 0.25 * 0.75),
    ("interval, left", Interval(1.0, 3.0), "x_min", [1.5], 0.25),
    ("interval, right", Interval(1.0, 3.0), "x_max", [1.5], 0.75),
    ("square", Box((0.0, 0.0), (1.0, 1.0)), "boundary", [0.5, 0.25], 0.75),
    ("square, two faces", Box((0.0, 0.0), (1.0, 1.0)), ["x_min", "y_max"], [0.5, 0.25], 0.5 * 0.75),
    ("disk", Ball((1.0, 0.0), 2.0), "sphere", [2.0, 0.0], 0.75),
    ("ring, both", Annulus((0.0, 0.0), 1.0, 2.0), "boundary", [0.0, 1.25], 4 * 0.25 * 0.75),
    ("ring, inner", Annulus((0.0, 0.0), 1.0, 2.0), "inner", [0.0, 1.25], 0.25),
    ("ring, outer", Annulus((0.0, 0.0), 1.0, 2.0), "outer", [0.0, 1.25], 0.75),
    ("in time", Interval(0.0, 1.0).over(0.0, 2.0), ["x_min", "initial"], [0.5, 1.0], 0.25),
    ("at all times", Interval(0.0, 1.0).over(0.0, 2.0), "boundary", [0.5, 1.0], 1.0),
    ("initial only", Interval(0.0, 1.0).over(0.0, 2.0), "initial", [0.5, 1.5], 0.75),
    ("nothing", Interval(0.0, 1.0).over(0.0, 2.0), (), [0.5, 1.5], 1.0),
]


@pytest.mark.parametrize(
    ("shape", "parts", "point", "expected"), [row[1:] for row in FORMULAS], ids=[row[0] for row in FORMULAS]
)
def test_formulas(shape: Shape, parts: str | list[str], point: list[float], expected: float) -> None:
    value = shape.vanishing(tf.constant([point], tf.float64), parts)
    assert value.shape == (1,)
    assert value.numpy()[0] == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_it_is_exactly_zero_on_faces_whose_coordinates_are_no_binary_fractions(dtype: tf.DType) -> None:
    domain = Box((0.1, -0.3), (0.7, 1.9)).over(0.3, 0.9)
    for name, part in domain.parts.items():
        points = tf.constant(part.sample(sobol(64, part.unit_dimension, 5))[0], dtype)
        assert not domain.vanishing(points, name).numpy().any()
