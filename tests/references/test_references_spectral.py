"""Fourier series against solutions written down elsewhere: kinks that diffuse, a reaction alone, both together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pinn.problems import AllenCahn1D
from pinn.references import ReferenceSolution, periodic_evolution
from pinn.references.exponential import Etdrk4

PLACES = np.random.default_rng(0).uniform((-1.0, 0.01), (1.0, 0.5), (300, 2))


def solved(initial: object, nonlinear: object = np.zeros_like, **options: object) -> ReferenceSolution:
    usual = {"linear": 0.0, "diffusivity": 0.1, "interval": (-1.0, 1.0), "duration": 0.5, "modes": 96, "steps": 200}
    return periodic_evolution(initial, nonlinear, **{**usual, **options})


def test_a_kink_diffuses_as_its_series_says() -> None:
    """`x^2 = 1/3 + sum 4 (-1)^k / (pi k)^2 cos(pi k x)`, whose slope jumps where the ends meet; it grows as well."""
    found = solved(lambda x: x**2, linear=0.7)
    x, t = PLACES[:, :1], PLACES[:, 1:]
    k = np.arange(1, 400)
    decay = 4 * (-1.0) ** k / (math.pi * k) ** 2 * np.exp(-0.1 * (math.pi * k) ** 2 * t)
    value = np.exp(0.7 * t[:, 0]) * (1 / 3 + np.sum(decay * np.cos(math.pi * k * x), axis=1))
    slope = np.exp(0.7 * t[:, 0]) * np.sum(-math.pi * k * decay * np.sin(math.pi * k * x), axis=1)
    np.testing.assert_allclose(found.value(PLACES), value, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.gradient(PLACES)[:, 0], slope, rtol=0, atol=1e-11)
    # At the start the series ends with the mode 96: what is left of the sum of 1 / k^2.
    start = np.array([[1.0, 0.0], [0.5, 0.0]])
    assert abs(found.value(start)[0] - 1.0) < 4 / math.pi**2 / 96
    assert abs(found.value(start)[1] - 0.25) < 1e-4


def test_a_reaction_alone_is_its_ordinary_equation() -> None:
    """`u' = r (u - u^3)` from `u_0`: `u_0 e^{rt} / sqrt(1 + u_0^2 (e^{2rt} - 1))`."""
    found = solved(lambda x: np.full_like(x, 0.2), lambda u: -5.0 * u**3, linear=5.0)
    grown = np.exp(5.0 * PLACES[:, 1])
    expected = 0.2 * grown / np.sqrt(1 + 0.04 * (grown**2 - 1))
    np.testing.assert_allclose(found.value(PLACES), expected, rtol=1e-9)


def test_the_estimate_is_above_the_error() -> None:
    """Against a solution of four times the modes and steps."""
    options = {"nonlinear": lambda u: -5.0 * u**3, "linear": 5.0, "diffusivity": 2e-3}
    coarse = solved(lambda x: x**2 * np.cos(math.pi * x), modes=48, steps=60, **options)
    fine = solved(lambda x: x**2 * np.cos(math.pi * x), modes=192, steps=240, **options)
    truth = fine.value(PLACES)
    error = np.linalg.norm(coarse.value(PLACES) - truth) / np.linalg.norm(truth)
    assert error < coarse.accuracy < 1e-2
    assert fine.accuracy < coarse.accuracy / 4


def test_nothing_is_known_of_nothing_to_round_off() -> None:
    assert solved(np.zeros_like).accuracy == 0.0


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"diffusivity": 0.0}, "diffusivity: expected a positive number; got 0.0"),
        ({"interval": (1.0, -1.0)}, "interval: expected a positive number; got -2.0"),
        ({"duration": math.inf}, "duration: expected a positive number; got inf"),
        ({"modes": 1}, "modes: expected at least 2, since half of them are tried as well; got 1"),
        ({"nonlinear": lambda u: u**3, "linear": 9.0}, "expected a solution that stays finite; it is lost at t="),
    ],
)
def test_what_has_no_solution_is_refused(options: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        solved(np.ones_like, **{"steps": 20, "modes": 8, **options})


def test_steps_are_of_fourth_order_on_a_stiff_equation() -> None:
    """`a' = -1000 a + sin a` beside `a' = sin a`, against a thousand small steps."""
    linear, start = np.array([-1000.0, 0.0]), np.array([1.0, 1.0])

    def after(count: int) -> np.ndarray:
        step, state = Etdrk4.of(linear, 1.0 / count), start
        for _ in range(count):
            state = step(state, np.sin)
        return state

    exact = 2 * math.atan(math.exp(1.0) * math.tan(0.5))
    errors = [abs(after(count)[1] - exact) for count in (8, 16, 32)]
    rates = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(rates, 4.0, atol=0.3)
    assert abs(after(8)[0]) < 1e-6


@pytest.mark.parametrize("place", [(0.3, 0.2), (-0.9, 0.4), (0.5, 0.31)])
def test_the_reference_of_allen_and_cahn_solves_its_equation(place: tuple[float, float]) -> None:
    problem = AllenCahn1D(diffusivity=1e-2, duration=0.5)
    value, (x, t) = problem.reference().value, place
    at = lambda dx, dt: float(value(np.array([[x + dx, t + dt]]))[0])  # noqa: E731
    h = 1e-3
    in_time = (8 * (at(0, h) - at(0, -h)) - at(0, 2 * h) + at(0, -2 * h)) / (12 * h)
    second = (16 * (at(h, 0) + at(-h, 0)) - 30 * at(0, 0) - at(2 * h, 0) - at(-2 * h, 0)) / (12 * h**2)
    u = at(0, 0)
    assert in_time - 1e-2 * second - 5 * (u - u**3) == pytest.approx(0.0, abs=1e-6)
    assert problem.reference() is problem.reference()
