"""Simplices of any dimension and form, against quadratic programming written out, and messages for what is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from geometry_simplex_cases import facet_part, in_hull, simplex_moments
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from pinn.geometry import Constant, Simplex


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_any_simplex(dim: int, seed: int) -> None:
    """Measures of the body and its facets, membership, and the distance to the nearest point of the hull."""
    rng = np.random.default_rng(seed)
    corners = rng.normal(size=(dim + 1, dim))
    assume(simplex_moments(corners).measure > 1e-3 / math.factorial(dim))
    shape = Simplex(tuple(map(tuple, corners)))
    facets = [facet_part(np.delete(corners, i, axis=0)) for i in range(dim + 1)]
    assert shape.measure == pytest.approx(simplex_moments(corners).measure, rel=1e-10)
    assert [part.measure for part in shape.parts.values()] == pytest.approx([f.measure for f in facets], rel=1e-10)
    points = rng.normal(size=(40, dim))
    inside = [in_hull(corners, p) for p in points]
    expected = [
        -min(abs(f.off(p)) for f in facets) if within else to_hull(p, corners)
        for p, within in zip(points, inside, strict=True)
    ]
    assert shape.signed_distance(points) == pytest.approx(np.array(expected), abs=1e-7)
    assert shape.inside(points).tolist() == inside
    assert shape.inside(shape.interior(rng.random((40, dim)))).all()


def to_hull(p: np.ndarray, corners: np.ndarray) -> float:
    """Least squares with weights that are not negative; a heavy last row makes their sum 1, to 1e-8."""
    heavy = 1e4
    system = np.vstack([corners.T, np.full(len(corners), heavy)])
    weights = nnls(system, np.append(p, heavy), maxiter=1000)[0]
    return float(np.linalg.norm(weights @ corners / weights.sum() - p))


def test_the_sum_of_all_facets_closes() -> None:
    """The integral of the outward normal over a closed surface is zero."""
    shape = Simplex([(0, 0, 0, 0), (1, 0, 0, 0), (0, 2, 0, 0), (0.3, 0, 1, 0), (0, 0.1, 0.2, 1.5)])
    flux = sum(part.measure * part.sample(np.full((1, 3), 0.5))[1][0] for part in shape.parts.values())
    assert abs(flux).max() < 1e-14


def test_a_triangle_vanishes_by_its_barycentric_coordinates() -> None:
    triangle = Simplex([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    points = tf.constant([[1 / 3, 1 / 3], [0.5, 0.25]], tf.float64)
    assert triangle.vanishing(points, "boundary").numpy() == pytest.approx([1.0, 27 / 32], rel=1e-14)
    assert triangle.vanishing(points, ["facet_1", "facet_2"]).numpy() == pytest.approx([4 / 9, 0.5], rel=1e-14)
    assert triangle.vanishing(points, "facet_1").numpy() == pytest.approx([1 / 3, 0.5], rel=1e-14)


def test_a_lift_is_finite_at_the_pole() -> None:
    triangle = Simplex([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    corner = tf.constant([[0.0, 0.0]], tf.float64)
    data = {"facet_0": lambda p: 1.0 + p[:, 1], "facet_1": Constant(1.0), "facet_2": Constant(1.0)}
    with tf.GradientTape() as tape:
        tape.watch(corner)
        value = triangle.lift(corner, data)
    assert value.numpy() == pytest.approx([1.0], abs=1e-15)
    assert tape.gradient(value, corner).numpy() == pytest.approx(np.zeros((1, 2)), abs=1e-12)


BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "in a line": (lambda: Simplex([(0, 0), (1, 1), (2, 2)]), ValueError, "degenerate: its vertices lie in a plane"),
    "twice": (lambda: Simplex([(0, 0), (1, 1), (1, 1)]), ValueError, "degenerate"),
    "too few": (lambda: Simplex([(0.0,), (1.0,)]), ValueError, "3 vertices or more, got 2: in one dimension use Int"),
    "too many": (
        lambda: Simplex([(0, 0), (1, 0), (0, 1), (1, 1)]),
        ValueError,
        r"a simplex of 4 vertices has 3 coordinates a vertex, got 2 in vertices\[0\]",
    ),
    "infinite": (lambda: Simplex([(0, 0), (math.inf, 0), (0, 1)]), ValueError, r"vertices\[1\]\[0\] must be finite"),
    "text": (lambda: Simplex("triangle"), TypeError, "vertices must be a sequence of points"),
    "axes": (lambda: Simplex([(0, 0), (1, 0), (0, 1)], axes=("x",)), ValueError, "axes must name 2 coordinates"),
    "part": (lambda: Simplex([(0, 0), (1, 0), (0, 1)]).select("top"), ValueError, "'top': choose from facet_0, "),
}


@pytest.mark.parametrize(("call", "error", "match"), BAD.values(), ids=list(BAD))
def test_what_is_no_simplex_is_refused_with_the_remedy(call: Callable[[], Any], error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        call()
