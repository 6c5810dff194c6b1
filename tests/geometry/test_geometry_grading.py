"""Graded points: densities as they are defined, on every shape inside and in even order, distances, and messages."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from geometry_cases import ONE_CASE_A_CLASS, Case, sobol

from pinn.geometry import LAWS, Annulus, Ball, Box, Grading, Interval, Shape, distance_to, graded


@pytest.mark.parametrize("case", ONE_CASE_A_CLASS, ids=[case.name for case in ONE_CASE_A_CLASS])
def test_graded_points_are_inside_and_nearer(case: Case) -> None:
    shape, part = case.shape, next(iter(case.shape.parts))
    unit = sobol(512, shape.unit_dimension, 1)
    moved = graded(shape, unit, Grading(part, "exponential", 0.05))
    points = shape.interior(moved)
    assert shape.inside(points).all()
    distance = distance_to(shape, part)
    assert distance(points).mean() < 0.5 * distance(shape.interior(unit)).mean()


def cumulative(law: str, s: np.ndarray) -> np.ndarray:
    """The integrals of the laws from 0 to s."""
    return {"inverse": np.log(1 + s), "inverse_square": s / (1 + s), "exponential": 1 - np.exp(-s)}[law]


@pytest.mark.parametrize("law", LAWS)
def test_the_density_follows_its_law(law: str) -> None:
    """On an interval the distribution of the distance is known; cells in which the density is constant leave 1 %."""
    points = Interval(0.0, 2.0).interior(graded(Interval(0.0, 2.0), sobol(4096, 1, 2), Grading("x_max", law, 0.1)))
    distance = np.sort(2.0 - points[:, 0])
    expected = cumulative(law, distance / 0.2) / cumulative(law, np.array(10.0))
    assert abs(expected - (np.arange(4096) + 0.5) / 4096).max() < 0.01


def test_graded_points_are_as_even_as_their_coordinates() -> None:
    """A mean over 1024 graded Sobol points of a box is ten times better than chance."""
    box, grading = Box((0.0, 0.0), (1.0, 2.0)), Grading("y_min", "inverse", 0.1)
    wave = lambda p: np.sin(3 * p[:, 0]) * np.cos(p[:, 1])  # noqa: E731
    exact = wave(box.interior(graded(box, sobol(2**16, 2, 0), grading))).mean()
    values = [wave(box.interior(graded(box, sobol(1024, 2, seed), grading))) for seed in range(8)]
    error = np.sqrt(np.mean([(value.mean() - exact) ** 2 for value in values]))
    assert error < 0.1 * values[0].std() / math.sqrt(1024)


DISTANCES: list[tuple[str, Shape, str, Callable[[np.ndarray], np.ndarray]]] = [
    ("face", Box((0.0, 0.0), (1.0, 1.0)), "x_max", lambda p: 1 - p[:, 0]),
    ("inner", Annulus((0.0, 0.0), 0.5, 1.0), "inner", lambda p: np.linalg.norm(p, axis=1) - 0.5),
    ("boundary", Ball((0.0, 0.0, 0.0), 1.0), "boundary", lambda p: 1 - np.linalg.norm(p, axis=1)),
    ("initial", Interval(0.0, 1.0).over(0.0, 1.0), "initial", lambda p: p[:, 1]),
    ("end", Interval(0.0, 1.0), "x_max", lambda p: 1 - p[:, 0]),
]


@pytest.mark.parametrize(("shape", "on", "exact"), [row[1:] for row in DISTANCES], ids=[row[0] for row in DISTANCES])
def test_distances_to_parts(shape: Shape, on: str, exact: Callable[[np.ndarray], np.ndarray]) -> None:
    """To a hundredth and the gaps between samples, 1e-3 of a curve; to round-off where the part is what is nearest."""
    points = shape.interior(sobol(256, shape.unit_dimension, 3))
    found, expected = distance_to(shape, on)(points), exact(points)
    assert found == pytest.approx(expected, rel=0.01, abs=1e-3)
    nearest = expected <= -shape.signed_distance(points) + 1e-12
    assert found[nearest] == pytest.approx(expected[nearest], abs=1e-12)


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "part": (
        lambda: graded(Ball((0, 0), 1), np.full((1, 2), 0.5), Grading("top")),
        "unknown boundary part 'top': choose from sphere",
    ),
    "law": (lambda: Grading("top", "cubic"), "grading: expected one of inverse, inverse_square, exponential; got 'cub"),
    "width": (lambda: Grading("top", width=-1), "width must be greater than 0, got -1.0"),
    "no part": (lambda: Grading(()), "towards: expected the name of a part, or several names"),
    "coordinates": (lambda: graded(Ball((0, 0), 1), [[2.0, 0.0]], Grading("sphere")), r"must lie in \[0, 1\]"),
}


@pytest.mark.parametrize(("call", "match"), BAD.values(), ids=list(BAD))
def test_a_bad_grading_is_refused_with_the_remedy(call: Callable[[], object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        call()
