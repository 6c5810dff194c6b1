"""Collocation points: inside, on the boundary, as many as asked, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from pinn.geometry import Annulus, Ball, Box, Interval
from pinn.problems import Heat1D
from pinn.training import SAMPLERS, Rad, Sampling, boundary_points, interior_points, terms_of

SHAPES = {
    "interval": Interval(0.0, 2.0),
    "box": Box((0.0, 1.0), (1.0, 3.0)),
    "ball": Ball((0.0, 0.0, 0.0), 1.5),
    "annulus_in_time": Annulus((0.0, 0.0), 1.0, 2.0).over(0.0, 3.0),
}


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("name", SHAPES)
def test_points_are_inside_and_repeatable(name: str, kind: str) -> None:
    shape = SHAPES[name]
    points, again, other = (interior_points(shape, 300, kind=kind, seed=(seed, 0)) for seed in (1, 1, 2))
    assert points.shape[1] == shape.dim
    assert len(points) == 300 or kind == "grid"
    assert shape.inside(points).all()
    np.testing.assert_array_equal(points, again)
    assert kind == "grid" or not np.array_equal(points, other)


def test_a_grid_is_a_full_grid_of_about_the_size_asked_for() -> None:
    points = interior_points(SHAPES["box"], 90, kind="grid", seed=(0,))
    assert len(points) == 81
    assert len(np.unique(points[:, 0])) == len(np.unique(points[:, 1])) == 9


@pytest.mark.parametrize("kind", ["sobol", "latin_hypercube", "grid"])
def test_even_points_integrate_better_than_chance(kind: str) -> None:
    """The integral of exp(x + y) over the unit square, (e - 1)^2, by 1024 points; chance would be off by 1 %."""
    points = interior_points(Box((0.0, 0.0), (1.0, 1.0)), 1024, kind=kind, seed=(0,))
    error = abs(np.mean(np.exp(points.sum(axis=1))) - (np.e - 1) ** 2)
    chance = np.std(np.exp(points.sum(axis=1))) / np.sqrt(1024)
    assert error < 0.5 * chance


@pytest.mark.parametrize("kind", SAMPLERS)
def test_boundary_points_share_by_measure(kind: str) -> None:
    parts = Box((0.0, 0.0), (1.0, 3.0)).select("boundary")
    points, normals = boundary_points(parts, 80, kind=kind, seed=(0,))
    assert len(points) == 80
    np.testing.assert_array_equal(np.linalg.norm(normals, axis=1), 1.0)
    vertical = np.abs(normals[:, 0]) == 1.0
    assert vertical.sum() == 60  # the two sides of length 3 hold three quarters of the boundary
    assert np.all(np.isin(points[vertical, 0], (0.0, 1.0)))


def test_ends_of_an_interval_are_single_points() -> None:
    points, normals = boundary_points(Interval(0.0, 2.0).select("boundary"), 100, kind="uniform", seed=(0,))
    np.testing.assert_array_equal(points, [[0.0], [2.0]])
    np.testing.assert_array_equal(normals, [[-1.0], [1.0]])


def test_every_part_gets_a_point() -> None:
    parts = Box((0.0, 0.0), (1.0, 1000.0)).select("boundary")
    _, normals = boundary_points(parts, 10, kind="uniform", seed=(0,))
    assert {tuple(n) for n in normals} == {(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)}


def test_counts_that_are_left_out_follow_the_number_of_axes() -> None:
    plane, cube_in_time = Box((0.0,) * 2, (1.0,) * 2), Box((0.0,) * 3, (1.0,) * 3).over(0.0, 1.0)
    assert Sampling().counts(plane) == (1000, 240, 120)
    assert Sampling(boundary=7).counts(plane.over(0.0, 1.0)) == (1000, 7, 120)
    assert Sampling(initial=9).counts(cube_in_time) == (2000, 800, 9)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_points_can_crowd_at_a_part(kind: str) -> None:
    """In an interval of length 2, at distances d from its left end, E d for the density 1 / (1 + d / 0.1)."""
    grading = Sampling(towards="x_min", width=0.05).graded
    points = interior_points(SHAPES["interval"], 4096, kind=kind, seed=(0,), grading=grading)
    mean = (2.0 - 0.1 * np.log(21.0)) / np.log(21.0)
    assert points.mean() == pytest.approx(mean, rel=0.05 if kind == "uniform" else 0.01)
    assert len(np.unique(points)) == len(points)


BAD_INPUT = {
    "kind": (
        {"kind": "hammersley"},
        "sampling: expected one of uniform, sobol, latin_hypercube, grid; got 'hammersley'",
    ),
    "interior": ({"interior": 0}, "sampling.interior: expected a whole number of at least 1 point; got 0"),
    "boundary": ({"boundary": -3}, "sampling.boundary: .*got -3"),
    "interval": ({"resample_every": -1}, "sampling.resample_every: expected a number of steps"),
    "early": ({"early": 0.0}, "sampling.early: expected a positive part of the duration; got 0.0"),
    "early and adaptive": (
        {"early": 0.1, "adapt": Rad(), "resample_every": 5},
        "sampling.early: expected points that stay where they crowd; got sampling=rad",
    ),
    "part": ({"towards": ()}, r"sampling.towards: expected the name of a part, or several names; got \(\)"),
    "law": (
        {"grading": "cubic"},
        "sampling.grading: expected one of inverse, .*; got 'cubic'",
    ),
    "width": ({"towards": "outer", "width": 0.0}, "sampling.width must be greater than 0, got 0.0"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused_in_a_sentence(name: str) -> None:
    options, message = BAD_INPUT[name]
    with pytest.raises(ValueError, match=message):
        Sampling(**options)


def test_early_points_of_all_terms_are_as_many_in_each_octave_of_time() -> None:
    problem, early = Heat1D(), Sampling(interior=4096, boundary=2048, early=0.01)
    end = problem.domain.bounds[1][-1]
    equation, edges, start = terms_of(problem, problem.conditions(), early, dtype=tf.float64, weights={})
    for term in (equation, edges):
        points, _ = term.draw((0,))
        assert problem.domain.inside(points).all()
        part = points[:, -1] / end
        for limit in (0.01, 0.1, 0.5):
            expected = np.log(1 + limit / 0.01) / np.log(101.0)
            assert np.mean(part < limit) == pytest.approx(expected, abs=0.02)
    assert np.all(start.draw((0,))[0][:, -1] == 0.0)


def test_early_points_in_a_domain_without_time_are_where_they_were() -> None:
    points = interior_points(SHAPES["box"], 50, kind="sobol", seed=(0,))
    np.testing.assert_array_equal(Sampling(early=0.1).in_time(points, SHAPES["box"]), points)
