"""Cases of set operations: moments by adding and subtracting those of boxes and balls."""

from __future__ import annotations

import math

import numpy as np
from geometry_moments import Case, Moments, Part, ball_moments, box_moments, on_axis, sphere_part, summed

from pinn.geometry import Ball, Box

ACCURACY = 2e-5  # of measures that trees of cells find


def _within(p: np.ndarray, lower: tuple[float, ...], upper: tuple[float, ...]) -> bool:
    return all(a <= x <= b for x, a, b in zip(p, lower, upper, strict=True))


def _sides(lower: tuple[float, float], upper: tuple[float, float]) -> dict[str, Part]:
    (a, b), (c, d) = lower, upper
    return {
        "x_min": on_axis(box_moments((a, b), (a, d)), 0, a),
        "x_max": on_axis(box_moments((c, b), (c, d)), 0, c),
        "y_min": on_axis(box_moments((a, b), (c, b)), 1, b),
        "y_max": on_axis(box_moments((a, d), (c, d)), 1, d),
    }


LOWER, UPPER = (0.0, 0.0), (2.0, 1.5)
DISCS = (((0.6, 0.6), 0.3), ((1.5, 1.0), 0.25))
PLATE = Case(
    "plate_with_two_holes",
    Box(LOWER, UPPER) - Ball(*DISCS[0]) - Ball(*DISCS[1]),
    summed((1, box_moments(LOWER, UPPER)), *((-1, ball_moments(*disc)) for disc in DISCS)),
    _sides(LOWER, UPPER) | {f"hole_{i}": sphere_part(np.array(c), r) for i, (c, r) in enumerate(DISCS, start=1)},
    lambda p: _within(p, LOWER, UPPER) and all(math.dist(p, c) >= r for c, r in DISCS),
    ACCURACY,
    peak=0.3,
)

# The corner of a square is cut out: two sides are shortened, and two of the four sides of the hole lie inside.
L_SHAPE = Case(
    "l_shape",
    Box((-1.0, -1.0), (1.0, 1.0)) - Box((0.3, 0.2), (1.0, 1.0)),
    summed((1, box_moments((-1.0, -1.0), (1.0, 1.0))), (-1, box_moments((0.3, 0.2), (1.0, 1.0)))),
    {
        "x_min": on_axis(box_moments((-1.0, -1.0), (-1.0, 1.0)), 0, -1.0),
        "x_max": on_axis(box_moments((1.0, -1.0), (1.0, 0.2)), 0, 1.0),
        "y_min": on_axis(box_moments((-1.0, -1.0), (1.0, -1.0)), 1, -1.0),
        "y_max": on_axis(box_moments((-1.0, 1.0), (0.3, 1.0)), 1, 1.0),
        "hole_1_x_min": on_axis(box_moments((0.3, 0.2), (0.3, 1.0)), 0, 0.3),
        "hole_1_y_min": on_axis(box_moments((0.3, 0.2), (1.0, 0.2)), 1, 0.2),
    },
    lambda p: _within(p, (-1.0, -1.0), (1.0, 1.0)) and not (p[0] > 0.3 and p[1] > 0.2),
    ACCURACY,
    "inside",
    Box((-1.0, -1.0), (1.0, 1.0)),
    reentrant=True,
)


def _half_ball(center: tuple[float, float, float], radius: float, axis: int) -> Moments:
    """The half of a ball on the upper side of its center: mean 3 R / 8, second moment R^2 / 5."""
    full = ball_moments(center, radius)
    shift = np.eye(3)[axis] * 3 * radius / 8
    return Moments(full.measure / 2, full.mean + shift, full.covariance - np.outer(shift, shift))


def _half_sphere(center: tuple[float, float, float], radius: float, axis: int) -> Part:
    """Its mean is R / 2 (Archimedes), its second moment R^2 / 3."""
    full = sphere_part(np.array(center), radius)
    shift = np.eye(3)[axis] * radius / 2
    return Part(full.measure / 2, full.mean + shift, full.covariance - np.outer(shift, shift), full.off)


CUBE_SIDES = (("x", 0), ("y", 1), ("z", 2))
INSIDE_BALL, FACE_BALL = ((0.6, 0.5, 0.6), 0.2), ((0.0, 0.5, 0.5), 0.3)
_DISC = Moments(math.pi * 0.09, np.array([0.0, 0.5, 0.5]), np.diag([0.0, 0.0225, 0.0225]))
_FACES = {
    f"{axis}_{end}": on_axis(box_moments(*(tuple(np.insert([a, a], i, value)) for a in (0.0, 1.0))), i, value)
    for axis, i in CUBE_SIDES
    for end, value in (("min", 0.0), ("max", 1.0))
}
CUBE = Case(
    "cube_with_two_holes",
    Box((0.0,) * 3, (1.0,) * 3) - Ball(*INSIDE_BALL) - Ball(*FACE_BALL),
    summed(
        (1, box_moments((0.0,) * 3, (1.0,) * 3)), (-1, ball_moments(*INSIDE_BALL)), (-1, _half_ball(*FACE_BALL, axis=0))
    ),
    _FACES
    | {
        "x_min": on_axis(summed((1, _FACES["x_min"]), (-1, _DISC)), 0, 0.0),
        "hole_1": sphere_part(np.array(INSIDE_BALL[0]), INSIDE_BALL[1]),
        "hole_2": _half_sphere(*FACE_BALL, axis=0),
    },
    lambda p: _within(p, (0.0,) * 3, (1.0,) * 3) and all(math.dist(p, c) >= r for c, r in (INSIDE_BALL, FACE_BALL)),
    ACCURACY,
    "inside",
    Box((-0.3, 0.0, 0.0), (1.0, 1.0, 1.0)),
    peak=0.15,
)

# A quarter of a disk: E x = 4 R / (3 pi), E x^2 = R^2 / 4, E x y = R^2 / (2 pi); on the arc 2 R / pi, R^2 / 2 and
# R^2 / pi.
R = 1.2


def _quarter(measure: float, first: float, second: float, mixed: float) -> Moments:
    mean = np.array([first, first])
    return Moments(measure, mean, np.array([[second, mixed], [mixed, second]]) - np.outer(mean, mean))


_ARC = _quarter(math.pi * R / 2, 2 * R / math.pi, R**2 / 2, R**2 / math.pi)
QUARTER = Case(
    "quarter_disk",
    Box((0.0, 0.0), (2.0, 2.0)) & Ball((0.0, 0.0), R),
    _quarter(math.pi * R**2 / 4, 4 * R / (3 * math.pi), R**2 / 4, R**2 / (2 * math.pi)),
    {
        "x_min": on_axis(box_moments((0.0, 0.0), (0.0, R)), 0, 0.0),
        "y_min": on_axis(box_moments((0.0, 0.0), (R, 0.0)), 1, 0.0),
        "sphere": Part(_ARC.measure, _ARC.mean, _ARC.covariance, lambda p: math.hypot(*p) - R),
    },
    lambda p: min(p) >= 0 and math.hypot(*p) <= R,
    ACCURACY,
    "inside",
    Box((-R, -R), (2.0, 2.0)),
    peak=0.04,
)

# Two rectangles that overlap and share the line y = 0: it is one side of both, and counted once.
STEPS = Case(
    "two_rectangles",
    Box((0.0, 0.0), (1.0, 1.0)) | Box((0.5, 0.0), (2.0, 0.6)),
    summed((1, box_moments((0.0, 0.0), (1.0, 1.0))), (1, box_moments((1.0, 0.0), (2.0, 0.6)))),
    {
        "x_min_1": on_axis(box_moments((0.0, 0.0), (0.0, 1.0)), 0, 0.0),
        "x_max_1": on_axis(box_moments((1.0, 0.6), (1.0, 1.0)), 0, 1.0),
        "y_min_1": on_axis(box_moments((0.0, 0.0), (1.0, 0.0)), 1, 0.0),
        "y_max_1": on_axis(box_moments((0.0, 1.0), (1.0, 1.0)), 1, 1.0),
        "x_max_2": on_axis(box_moments((2.0, 0.0), (2.0, 0.6)), 0, 2.0),
        "y_min_2": on_axis(box_moments((1.0, 0.0), (2.0, 0.0)), 1, 0.0),
        "y_max_2": on_axis(box_moments((1.0, 0.6), (2.0, 0.6)), 1, 0.6),
    },
    lambda p: _within(p, (0.0, 0.0), (1.0, 1.0)) or _within(p, (0.5, 0.0), (2.0, 0.6)),
    ACCURACY,
    "outside",
)

SET_CASES = (PLATE, L_SHAPE, CUBE, QUARTER, STEPS)
