"""Uniform maps: moments, uniformity, the divergence theorem, and the rate that low-discrepancy points deserve."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from geometry_cases import EVERY_CASE, Array, Case, Moments, sobol

from pinn.geometry import Ball, Box

SIGMAS = 5.0  # a comparison of an honest estimate fails with a probability of 6e-7
ROUND_OFF = 1e-12  # in units of the size: a mean of 20 000 numbers, each good to a few 1e-16


def assert_moments(points: Array, expected: Moments, size: float) -> None:
    """Sample means of x and (x - mean)(x - mean)^T lie within five of their own standard errors."""
    n, d = points.shape
    deviations = points - expected.mean
    products = (deviations[:, :, None] * deviations[:, None, :]).reshape(n, d * d)
    for sample, exact, scale in ((points, expected.mean, size), (products, expected.covariance.ravel(), size**2)):
        bound = SIGMAS * sample.std(axis=0) / math.sqrt(n) + ROUND_OFF * scale
        assert np.all(abs(sample.mean(axis=0) - exact) <= bound)


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_the_interior_has_the_moments_of_the_uniform_distribution(case: Case) -> None:
    unit = np.random.default_rng(1).random((20_000, case.shape.unit_dimension))
    assert case.shape.measure == pytest.approx(case.interior.measure, rel=case.accuracy)
    assert_moments(case.shape.interior(unit), case.interior, case.size)


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_every_part_has_the_moments_of_the_uniform_distribution(case: Case) -> None:
    parts = case.shape.parts
    assert list(parts) == list(case.parts)
    for name, part in parts.items():
        unit = np.random.default_rng(2).random((20_000, part.unit_dimension))
        points, normals = part.sample(unit)
        assert part.name == name
        assert points.shape == normals.shape == (20_000, case.shape.dim)
        assert part.measure == pytest.approx(case.parts[name].measure, rel=case.accuracy)
        assert_moments(points, case.parts[name], case.size)


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_the_measure_is_the_share_of_the_bounding_box_that_is_inside(case: Case) -> None:
    lower, upper = case.shape.bounds
    n = 10_000
    points = np.random.default_rng(3).uniform(lower, upper, (n, case.shape.dim))
    inside = np.array([case.contains(p) for p in points])
    share = case.shape.measure / float(np.prod(upper - lower))
    assert np.array_equal(case.shape.inside(points), inside)
    assert abs(inside.mean() - share) <= SIGMAS * math.sqrt(share * (1 - share) / n) + 1e-15


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_the_interior_is_uniform_at_all_wave_numbers(case: Case) -> None:
    """The characteristic function of mapped points equals that of points accepted from the bounding box."""
    rng, n, d = np.random.default_rng(4), 10_000, case.shape.dim
    lower, upper = case.shape.bounds
    mapped = case.shape.interior(rng.random((n, case.shape.unit_dimension)))
    candidates = rng.uniform(lower, upper, (n, d))
    accepted = candidates[[case.contains(p) for p in candidates]]
    waves = rng.normal(0.0, 4.0 / case.size, (d, 30))
    for wave in (np.cos, np.sin):
        ours, theirs = wave(mapped @ waves), wave(accepted @ waves)
        error = np.sqrt(ours.var(axis=0) / len(ours) + theirs.var(axis=0) / len(theirs))
        assert np.all(abs(ours.mean(axis=0) - theirs.mean(axis=0)) <= SIGMAS * error)


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_sobol_points_keep_their_rate_through_the_map(case: Case) -> None:
    """The error of a quadratic integrand falls faster than n^-0.8, where random points would give n^-0.5.

    Theory: about n^-1, and up to n^-1.5 where the map is smooth; regression over five octaves, 16 scramblings each.
    """
    weights = np.random.default_rng(5).normal(size=case.shape.dim)
    exact = weights @ case.interior.covariance @ weights
    counts = 2 ** np.arange(5, 11)
    errors = [
        math.sqrt(np.mean([_quadratic_error(case, weights, exact, n, seed) ** 2 for seed in range(16)])) for n in counts
    ]
    assert np.polyfit(np.log(counts), np.log(errors), 1)[0] < -0.8


def _quadratic_error(case: Case, weights: Array, exact: float, n: int, seed: int) -> float:
    along = (case.shape.interior(sobol(n, case.shape.unit_dimension, seed)) - case.interior.mean) @ weights
    return float(np.mean(along**2 + along) - exact)


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_boundary_points_lie_on_their_part_with_unit_normals(case: Case) -> None:
    for name, part in case.shape.parts.items():
        points, normals = part.sample(sobol(256, part.unit_dimension, 6))
        off = np.array([case.parts[name].off(p) for p in points])
        coordinates = float(abs(np.array(case.shape.bounds)).max())
        assert abs(off).max() <= 4 * np.finfo(float).eps * coordinates  # a few roundings of numbers of this size
        assert abs(np.linalg.norm(normals, axis=1) - 1).max() <= 1e-15
        if case.shape.time_axis is not None:
            assert np.all(normals[:, -1] == (-1.0 if name == "initial" else 0.0))


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_divergence_theorem(case: Case) -> None:
    """The integral of div F over the shape equals the flux of F, for a cubic field F that has no flux at the end time.

    Each of 16 scramblings gives an independent estimate D of the difference; its mean is within 6 standard errors of
    zero (Student, 15 degrees of freedom: 2e-5), and these are below 1 % of the flux, so that a wrong sign, measure or
    normal cannot hide.
    """
    field = CubicField(case)
    pairs = np.array([field.both_sides(case, seed) for seed in range(16)])
    differences, sizes = pairs[:, 0] - pairs[:, 1], pairs[:, 2]
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    assert abs(differences.mean()) <= 6 * error + ROUND_OFF * sizes.mean()
    assert error <= 0.01 * sizes.mean()


class CubicField:
    """F_i = s_i(t) ((a_i . y)^3 + (b_i . y)^2 + c_i), y = x - mean; for the time component s = end - t, else 1."""

    def __init__(self, case: Case) -> None:
        d = case.shape.dim
        rng = np.random.default_rng(7)
        self.a, self.b, self.c = rng.normal(size=(d, d)), rng.normal(size=(d, d)), rng.normal(size=d)
        self.mean, self.end = case.interior.mean, case.shape.bounds[1][-1]
        self.timed = case.shape.time_axis is not None

    def value(self, x: Array) -> Array:
        y = x - self.mean
        field = (y @ self.a.T) ** 3 + (y @ self.b.T) ** 2 + self.c
        if self.timed:
            field[:, -1] *= self.end - x[:, -1]
        return field

    def divergence(self, x: Array) -> Array:
        y = x - self.mean
        slopes = 3 * (y @ self.a.T) ** 2 * np.diag(self.a) + 2 * (y @ self.b.T) * np.diag(self.b)
        if self.timed:
            bare = (y @ self.a[-1]) ** 3 + (y @ self.b[-1]) ** 2 + self.c[-1]
            slopes[:, -1] = (self.end - x[:, -1]) * slopes[:, -1] - bare
        return slopes.sum(axis=1)

    def both_sides(self, case: Case, seed: int) -> tuple[float, float, float]:
        shape = case.shape
        volume = shape.measure * self.divergence(shape.interior(sobol(1024, shape.unit_dimension, seed))).mean()
        flux, size = 0.0, 0.0
        for k, part in enumerate(shape.parts.values()):
            points, normals = part.sample(sobol(1024, part.unit_dimension, 1000 + 100 * seed + k))
            through = np.sum(self.value(points) * normals, axis=1)
            flux += part.measure * through.mean()
            size += part.measure * abs(through).mean()
        return float(volume), float(flux), float(size)


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_the_whole_closed_unit_cube_maps_into_the_shape(case: Case) -> None:
    """Corners and the midpoint of the cube (the first points of an unscrambled Sobol sequence) are no exceptions."""
    points = case.shape.interior(cube_lattice(case.shape.unit_dimension))
    assert np.isfinite(points).all()
    assert case.shape.inside(points).all()
    for part in case.shape.parts.values():
        points, normals = part.sample(cube_lattice(part.unit_dimension))
        assert case.shape.inside(points).all()
        assert abs(np.linalg.norm(normals, axis=1) - 1).max() <= 1e-15


def cube_lattice(k: int) -> Array:
    """All points of the unit cube with coordinates 0, 1/2 and 1: `[3^k, k]`."""
    return np.array(list(itertools.product((0.0, 0.5, 1.0), repeat=k)))


def test_the_radius_of_a_ball_grows_with_its_coordinate() -> None:
    unit = np.column_stack([np.linspace(0, 1, 50), *np.full((5, 50), 0.3)])
    radius = np.linalg.norm(Ball((0.0,) * 5, 2.0).interior(unit), axis=1)
    assert np.all(np.diff(radius) > 0)
    assert radius[-1] == pytest.approx(2.0, rel=1e-15)


def test_a_point_of_a_one_dimensional_boundary_is_repeated() -> None:
    points, normals = Box((1.0,), (3.0,)).parts["x_max"].sample(np.empty((4, 0)))
    assert points.tolist() == [[3.0]] * 4
    assert normals.tolist() == [[1.0]] * 4
