"""Signed distance and membership against brute force, and normals against the gradient of the distance."""

from __future__ import annotations

import numpy as np
import pytest
from geometry_cases import CASES, EVERY_CASE, Array, Case, clear_of_edges, sobol
from scipy.spatial import cKDTree

from pinn.geometry import Annulus, Ball, Box

FLAT_CASES = [case for case in CASES if case.shape.dim <= 3]  # dense clouds of boundary points are affordable here


def boundary_cloud(case: Case) -> tuple[Array, float]:
    """Dense points on the whole boundary (for a time product also at the end), and the radius of the gaps between them.

    M Sobol points on a k-dimensional part of measure m leave gaps of about (m / M)^(1/k); four times that is safe, at
    the edge of a part and on the curved images of the unit cube as well.
    """
    shape = case.shape
    dimension, count = shape.dim - 1, 2**14
    points = {name: part.sample(sobol(count, part.unit_dimension, 1))[0] for name, part in shape.parts.items()}
    if shape.time_axis is not None:
        points["end"] = points["initial"].copy()
        points["end"][:, -1] = shape.bounds[1][-1]
    largest = max(part.measure for part in case.parts.values())
    return np.concatenate(list(points.values())), 4 * (largest / count) ** (1 / dimension) if dimension else 0.0


@pytest.mark.parametrize("case", FLAT_CASES, ids=[case.name for case in FLAT_CASES])
def test_signed_distance_is_that_to_the_nearest_boundary_point(case: Case) -> None:
    """With gaps of radius h, the nearest cloud point is at |s| <= D <= |s| + h, by the triangle inequality.

    Inside, where the nearest boundary point is met at a right angle, even D^2 <= s^2 + h^2. Where a shape has a bound
    only, |s| <= D is all that it promises.
    """
    lower, upper = case.shape.bounds
    margin = 0.3 * (upper - lower)
    points = np.random.default_rng(2).uniform(lower - margin, upper + margin, (400, case.shape.dim))
    cloud, gap = boundary_cloud(case)
    nearest, _ = cKDTree(cloud).query(points)
    distance = case.shape.signed_distance(points)
    inside = np.array([case.contains(p) for p in points])
    assert distance.shape == (400,)
    assert np.all(abs(distance) <= nearest + 1e-14 * case.size)
    exact = {"everywhere": inside | True, "inside": inside, "outside": ~inside}[case.distance]
    assert np.all((nearest <= abs(distance) + gap + 1e-14 * case.size)[exact])
    right_angled = inside & exact & (not case.reentrant)
    assert np.all((nearest**2 <= distance**2 + gap**2 + 1e-14 * case.size**2)[right_angled])
    assert np.array_equal(distance < 0, inside)
    assert 20 < inside.sum() < 380  # both signs are really there


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_a_step_along_the_normal_changes_the_distance_by_its_length(case: Case) -> None:
    for name in case.parts:
        points, normals = clear_of_edges(case, name, 50, 3)
        for step in (-0.05, -0.01, 0.0, 0.02):
            distance = case.shape.signed_distance(points + step * normals)
            assert distance == pytest.approx(np.full(len(points), step), abs=1e-14)  # coordinates of order 1


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_the_normal_is_the_gradient_of_the_signed_distance(case: Case) -> None:
    step = 1e-5  # central differences: truncation about step^2 = 1e-10, round-off about 1e-16 / step = 1e-11
    for name in case.parts:
        points, normals = clear_of_edges(case, name, 50, 4)
        for i, along in enumerate(np.eye(case.shape.dim)):
            ahead, behind = (case.shape.signed_distance(points + sign * step * along) for sign in (1, -1))
            assert (ahead - behind) / (2 * step) == pytest.approx(normals[:, i], abs=2e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", **EVERY_CASE)
def test_boundary_points_are_inside_and_points_beyond_are_not(case: Case, dtype: type) -> None:
    """Forgiven are 8 units in the last place of the largest coordinate, in the precision of the points."""
    coordinates = float(abs(np.array(case.shape.bounds)).max())
    beyond = 40 * float(np.finfo(dtype).eps) * coordinates
    for part in case.shape.parts.values():
        points, normals = part.sample(sobol(256, part.unit_dimension, 5))
        assert case.shape.inside(points.astype(dtype)).all()
        assert not case.shape.inside((points + beyond * normals).astype(dtype)).any()


@pytest.mark.parametrize("case", **EVERY_CASE)
def test_bounds_are_the_smallest_box(case: Case) -> None:
    lower, upper = case.shape.bounds
    clouds = [part.sample(sobol(4096, part.unit_dimension, 6))[0] for part in case.shape.parts.values()]
    points = np.concatenate([*clouds, case.shape.interior(sobol(4096, case.shape.unit_dimension, 7))])
    assert np.all(points >= lower - 1e-15 * case.size)
    assert np.all(points <= upper + 1e-15 * case.size)
    reach = 0.25 * case.size  # 4096 points of the five-dimensional sphere come no closer to its poles
    assert np.all(points.min(axis=0) <= lower + reach)
    assert np.all(points.max(axis=0) >= upper - reach)


KNOWN = [
    ("corner", Box((0.0, 0.0), (1.0, 1.0)), [4.0, 5.0], 5.0),
    ("center of a box", Box((0.0, 0.0), (1.0, 4.0)), [0.5, 2.0], -0.5),
    ("center of a ball", Ball((1.0, 1.0), 2.0), [1.0, 1.0], -2.0),
    ("in the hole", Annulus((0.0, 0.0), 1.0, 3.0), [0.0, 0.0], 1.0),
    ("after the end", Ball((0.0, 0.0), 1.0).over(0.0, 1.0), [4.0, 0.0, 5.0], 5.0),
    ("before the end", Ball((0.0, 0.0), 1.0).over(0.0, 1.0), [0.0, 0.0, 0.75], -0.25),
]


@pytest.mark.parametrize(("shape", "point", "expected"), [row[1:] for row in KNOWN], ids=[row[0] for row in KNOWN])
def test_known_distances(shape: Box, point: list[float], expected: float) -> None:
    assert shape.signed_distance([point])[0] == pytest.approx(expected, abs=1e-15)
