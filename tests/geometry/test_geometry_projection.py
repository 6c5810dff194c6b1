"""What a prescribed flux is built from: the projection onto a part, and the ramp with the slope 1 across it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from ansatz_modes import (
    COMPILED,
    DTYPES,
    PRECISION,
    Mode,
    TensorFunction,
    assert_precise_jet,
    eager,
    value_gradient_curvature,
)
from geometry_cases import EVERY_FLUX_CASE, EVERY_FLUX_CLASS, Case, away_from_edges, sobol

from pinn.geometry import Annulus, Ball, Box, Interval, Shape


def served(shape: Shape) -> tuple[str, ...]:
    return tuple(itertools.chain(*shape.families))


def family_of(shape: Shape, part: str) -> tuple[str, ...]:
    return next(family for family in shape.families if part in family)


def slope_along(
    function: TensorFunction, points: np.ndarray, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value `[N]`, gradient `[N, d]`, and the gradient along the directions `[N]`."""
    x = tf.constant(points)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    gradient = tape.gradient(value, x, unconnected_gradients="zero").numpy()
    return value.numpy(), gradient, np.sum(gradient * directions, axis=1)


@pytest.mark.parametrize("case", **EVERY_FLUX_CASE)
def test_the_families_hold_every_whole_part_in_space_once(case: Case) -> None:
    assert sorted(served(case.shape)) == sorted(set(case.valued) - {"initial"})


@pytest.mark.parametrize("case", **EVERY_FLUX_CASE)
def test_projected_points_lie_on_the_part_at_the_nearest_point(case: Case) -> None:
    """Nearest to round-off: no sampled point of the part is nearer."""
    points = case.shape.interior(sobol(64, case.shape.unit_dimension, 1))
    for name in served(case.shape):
        projected = case.shape.project(tf.constant(points), name)[0].numpy()
        assert max(abs(case.parts[name].off(row)) for row in projected) <= 1e-15 * 4 * case.size
        assert case.shape.inside(projected).all()
        others, _ = case.shape.parts[name].sample(sobol(64, case.shape.parts[name].unit_dimension, 2))
        nearest = np.linalg.norm(points[:, None] - others[None], axis=2).min(axis=1)
        assert np.all(np.linalg.norm(points - projected, axis=1) <= nearest + 1e-14 * case.size)


@pytest.mark.parametrize("case", **EVERY_FLUX_CASE)
def test_points_of_the_part_stay_and_have_the_normals_of_the_samples(case: Case) -> None:
    for name in served(case.shape):
        part = case.shape.parts[name]
        points, normals = part.sample(sobol(64, part.unit_dimension, 3))
        projected, there = case.shape.project(tf.constant(points), name)
        assert projected.numpy() == pytest.approx(points, abs=1e-14)
        assert there.numpy() == pytest.approx(normals, abs=1e-14)


@pytest.mark.parametrize("case", **EVERY_FLUX_CASE)
def test_a_part_of_another_family_is_mapped_into_itself(case: Case) -> None:
    for name in served(case.shape):
        for other in set(case.parts) - set(family_of(case.shape, name)):
            part = case.shape.parts[other]
            points, _ = part.sample(sobol(32, part.unit_dimension, 4))
            projected = case.shape.project(tf.constant(points), name)[0].numpy()
            assert max(abs(case.parts[other].off(row)) for row in projected) <= 1e-15 * 4 * case.size


@pytest.mark.parametrize("case", **EVERY_FLUX_CASE)
def test_the_projection_does_not_change_along_the_normals_of_its_family(case: Case) -> None:
    weights = tf.constant(np.linspace(0.5, 1.3, case.shape.dim)[:, None])
    for name in served(case.shape):
        for other in family_of(case.shape, name):
            part = case.shape.parts[other]
            points, normals = part.sample(sobol(32, part.unit_dimension, 5))
            along = lambda x, name=name: tf.squeeze(case.shape.project(x, name)[0] @ weights, axis=1)  # noqa: E731
            # Round-off of a few products of order R / r <= 3.
            assert slope_along(along, points, normals)[2] == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("case", **EVERY_FLUX_CASE)
def test_the_ramp_has_slope_one_on_its_part_and_none_on_the_others(case: Case) -> None:
    """On the parts of the family value and gradient are those of a level set; across other parts nothing changes."""
    for name, other in itertools.product(served(case.shape), case.parts):
        part = case.shape.parts[other]
        points, normals = part.sample(sobol(32, part.unit_dimension, 6))
        value, gradient, slope = slope_along(lambda x, name=name: case.shape.ramp(x, name), points, normals)
        assert slope == pytest.approx(1.0 if other == name else 0.0, abs=1e-14)
        if other in family_of(case.shape, name):
            assert gradient == pytest.approx(slope[:, None] * normals, abs=1e-14)
            assert value == pytest.approx(np.full(32, value[0]), abs=1e-14)
            assert other == name or abs(value).max() <= 1e-14


RAMPS = [
    ("interval, right", Interval(1.0, 3.0), "x_max", [2.5], 1.5**2 / 4),
    ("interval, left", Interval(1.0, 3.0), "x_min", [2.5], 0.5**2 / 4),
    ("square", Box((0.0, 0.0), (1.0, 2.0)), "y_max", [0.3, 0.5], 0.25 / 4),
    ("disk", Ball((1.0, 0.0), 2.0), "sphere", [2.0, 0.0], 0.5 * 0.5**4),
    ("ring, outer", Annulus((0.0, 0.0), 1.0, 2.0), "outer", [0.0, 1.25], 0.25**2 / 2),
    ("ring, inner", Annulus((0.0, 0.0), 1.0, 2.0), "inner", [0.0, 1.25], 0.75**2 / 2),
    ("in time", Interval(0.0, 2.0).over(0.0, 1.0), "x_max", [1.0, 0.7], 0.25),
]


@pytest.mark.parametrize(
    ("shape", "part", "point", "expected"), [row[1:] for row in RAMPS], ids=[row[0] for row in RAMPS]
)
def test_formulas_of_ramps(shape: Shape, part: str, point: list[float], expected: float) -> None:
    value = shape.ramp(tf.constant([point], tf.float64), part)
    assert value.shape == (1,)
    assert value.numpy()[0] == pytest.approx(expected, rel=1e-15)


def correction(case: Case) -> TensorFunction:
    """A ramp times a function of projected points and normals, summed over one family."""

    def evaluate(x: tf.Tensor) -> tf.Tensor:
        total = tf.zeros_like(x[:, 0])
        for name in case.shape.families[-1]:
            on_part, normals = case.shape.project(x, name)
            total += case.shape.ramp(x, name) * tf.reduce_sum(tf.sin(on_part) + normals * on_part, axis=1)
        return total

    return evaluate


def assert_precise(case: Case, *ways: tuple[tf.DType, Mode]) -> None:
    points = case.shape.interior(away_from_edges(16, case.shape.unit_dimension, 7))
    assert_precise_jet(correction(case), points, *ways)


@pytest.mark.parametrize("case", **EVERY_FLUX_CASE)
def test_float32_is_as_precise_as_it_can_be_up_to_second_derivatives(case: Case) -> None:
    assert_precise(case, (tf.float32, eager))


@pytest.mark.parametrize("case", **EVERY_FLUX_CLASS)
def test_graph_and_xla_agree_with_eager_up_to_second_derivatives(case: Case) -> None:
    assert_precise(case, *COMPILED)


@pytest.mark.parametrize("dtype", **DTYPES)
def test_a_ball_has_finite_derivatives_at_and_near_the_center(dtype: tf.DType) -> None:
    """The ramp times anything of the direction: value, first and second derivatives fall like r^4, r^3, r^2."""
    radii = np.array([0.0, 1e-30, 1e-16, 1e-9, 1e-7, 1e-4])
    points = tf.constant(radii[:, None] * np.array([0.6, 0.8]), dtype)
    ball = Ball((0.0, 0.0), 1.0)

    def function(x: tf.Tensor) -> tf.Tensor:
        on_part, normals = ball.project(x, "sphere")
        return ball.ramp(x, "sphere") * (tf.sin(on_part[:, 0]) + normals[:, 1])

    jet = value_gradient_curvature(function)(points).numpy()
    bound = 100 * radii**2 + 100 * PRECISION[dtype] ** 2  # within one round-off of the center r^2 is as good as 0
    assert np.isfinite(jet).all()
    assert np.all(abs(jet).max(axis=1) <= bound)


BAD_CALLS: dict[str, tuple[Callable[[], object], str]] = {
    "unknown": (lambda: Interval(0, 1).ramp(tf.zeros([3, 1]), "left"), "got 'left': choose from x_min, x_max"),
    "initial": (
        lambda: Ball((0, 0), 1).over(0, 1).project(tf.zeros([3, 3]), "initial"),
        "a flux goes through a part in space, got 'initial': choose from sphere",
    ),
    "shape": (lambda: Interval(0, 1).project(tf.zeros([3, 2]), "x_min"), r"must have the shape \[N, 1\], got \(3, 2\)"),
}


@pytest.mark.parametrize(("call", "match"), BAD_CALLS.values(), ids=list(BAD_CALLS))
def test_a_bad_call_is_refused_with_a_clear_message(call: Callable[[], object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        call()
