"""Harmonic series against functions written down elsewhere, and the reference of the plate with four discs."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.problems import LaplaceDiscs
from pinn.references import harmonic_expansion

RADIUS, POLE = 0.2, np.array([[0.3, -0.1]])


def boundary() -> np.ndarray:
    """A unit circle with one round hole, `[N, 2]`."""
    angles = 2 * np.pi * np.arange(400) / 400
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([circle, POLE + RADIUS * circle])


def truth(p: np.ndarray) -> np.ndarray:
    """`e^x cos y` and the logarithm and a dipole of a point inside of the hole, but not in its middle."""
    z = p[:, 0] + 1j * p[:, 1] - (0.32 - 0.1j)
    return np.exp(p[:, 0]) * np.cos(p[:, 1]) + np.log(np.abs(z)) + 0.1 * (1 / z).real


def inside() -> np.ndarray:
    points = np.random.default_rng(0).uniform(-0.7, 0.7, (4000, 2))
    return points[np.linalg.norm(points - POLE, axis=1) > RADIUS]


def test_a_harmonic_function_is_found_with_its_slopes() -> None:
    points = inside()
    found = harmonic_expansion(boundary(), truth(boundary()), poles=POLE, radius=RADIUS)
    np.testing.assert_allclose(found.value(points), truth(points), rtol=0, atol=1e-11)
    h = 1e-5
    steps = h * np.eye(2)
    slopes = np.stack([(truth(points + s) - truth(points - s)) / (2 * h) for s in steps], axis=1)
    np.testing.assert_allclose(found.gradient(points), slopes, rtol=0, atol=1e-7)


def test_the_accuracy_of_a_short_series_is_above_its_error() -> None:
    points = inside()
    errors = []
    for order in (3, 6):
        found = harmonic_expansion(boundary(), truth(boundary()), poles=POLE, radius=RADIUS, degree=6, order=order)
        error = np.linalg.norm(found.value(points) - truth(points)) / np.linalg.norm(truth(points))
        assert error < found.accuracy < 1e-1
        errors.append(found.accuracy)
    assert errors[1] < errors[0]


@pytest.mark.parametrize("problem", [LaplaceDiscs(), LaplaceDiscs(radius=0.15, offset=0.25)], ids=repr)
def test_the_reference_of_the_discs_meets_their_values(problem: LaplaceDiscs) -> None:
    reference = problem.reference()
    assert reference.accuracy < 1e-8
    generator = np.random.default_rng(0)
    for condition, expected in zip(problem.conditions(), (1.0, 0.0), strict=True):
        for part in problem.domain.select(condition.on):
            points, _ = part.sample(generator.uniform(size=(100, part.unit_dimension)))
            np.testing.assert_allclose(reference.value(points), expected, rtol=0, atol=1e-8)
    assert problem.reference() is reference
