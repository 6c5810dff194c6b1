"""Sine series against solutions written down elsewhere: two modes that decay, and a source that they follow."""

from __future__ import annotations

import numpy as np
import pytest

from pinn.problems import HeatLongTime
from pinn.references import sine_evolution

PLACES = np.random.default_rng(0).uniform(0.0, (0.5, 1.0, 0.4), (300, 3))
OPTIONS = {"diffusivity": 0.1, "lengths": (0.5, 1.0), "duration": 0.4, "modes": (8, 8), "frames": 40, "steps": 2}


def modes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sin(2 * np.pi * x) * np.sin(3 * np.pi * y)


def test_a_mode_decays_and_follows_its_source() -> None:
    """`a' = -13 D pi^2 a + 1 + t^2`: the particular solution is a polynomial of second degree."""
    found = sine_evolution(modes, lambda u, x, y, t: (1 + t * t) * modes(x, y), **OPTIONS)
    x, y, t = PLACES.T
    rate = 13 * 0.1 * np.pi**2
    particular = t**2 / rate - 2 * t / rate**2 + 1 / rate + 2 / rate**3
    amplitude = (1 - 1 / rate - 2 / rate**3) * np.exp(-rate * t) + particular
    np.testing.assert_allclose(found.value(PLACES), amplitude * modes(x, y), rtol=0, atol=3e-6)
    slope = amplitude * 2 * np.pi * np.cos(2 * np.pi * x) * np.sin(3 * np.pi * y)
    np.testing.assert_allclose(found.gradient(PLACES)[:, 0], slope, rtol=0, atol=2e-5)
    slope = amplitude * 3 * np.pi * np.sin(2 * np.pi * x) * np.cos(3 * np.pi * y)
    np.testing.assert_allclose(found.gradient(PLACES)[:, 1], slope, rtol=0, atol=3e-5)
    assert found.accuracy < 1e-4


@pytest.mark.parametrize("place", [(0.1, 0.3, 0.7), (0.9, 0.2, 0.2)])
def test_the_reference_of_the_pulsating_reaction_solves_its_equation(place: tuple[float, float, float]) -> None:
    problem = HeatLongTime(diffusivity=0.01, duration=1.0)
    value, h = problem.reference().value, 0.01
    at = lambda *step: float(value(np.array([np.add(place, step)]))[0])  # noqa: E731
    here, (x, y, t) = at(0, 0, 0), place
    along = [(16 * (at(*s) + at(*-s)) - at(*2 * s) - at(*-2 * s) - 30 * here) / (12 * h**2) for s in h * np.eye(3)[:2]]
    in_time = (8 * (at(0, 0, h) - at(0, 0, -h)) - at(0, 0, 2 * h) + at(0, 0, -2 * h)) / (12 * h)
    source = 5 * np.sin(here**2) * (1 + 2 * np.sin(np.pi * t / 4)) * np.sin(4 * np.pi * x) * np.sin(2 * np.pi * y)
    assert in_time - 0.01 * sum(along) - source == pytest.approx(0.0, abs=1e-2)  # of about 1; cubics between frames
    assert problem.reference() is problem.reference()
