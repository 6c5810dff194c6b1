"""Set operations: names, boundaries that coincide, values on holes, and messages for what cannot be."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from pinn.geometry import Annulus, Ball, Box, Constant, Difference, Interval, Shape

SQUARE = Box((0.0, 0.0), (1.0, 1.0))
DISC = Ball((0.5, 0.5), 0.2)

NAMES: dict[str, tuple[Shape, dict[str, tuple[str, ...]]]] = {
    "one hole": (SQUARE - DISC, {"x_min": (), "x_max": (), "y_min": (), "y_max": (), "hole_1": ("holes",)}),
    "two holes": (
        Ball((0.0, 0.0), 2.0) - Ball((1.0, 0.0), 0.5) - Ball((-1.0, 0.0), 0.5),
        {"sphere": (), "hole_1": ("holes",), "hole_2": ("holes",)},
    ),
    "a hole of several parts": (
        Ball((0.5, 0.5), 2.0) - SQUARE,
        {"sphere": ()} | {f"hole_1_{name}": ("hole_1", "holes") for name in SQUARE.parts},
    ),
    "an opening in the side": (
        SQUARE - Box((0.4, -1.0), (0.6, 2.0)),
        {"x_min": (), "x_max": (), "y_min": (), "y_max": ()}
        | {f"hole_1_{name}": ("hole_1", "holes") for name in ("x_min", "x_max")},
    ),
    "the same name twice": (
        Ball((0.0, 0.0), 1.0) | Ball((1.0, 0.0), 1.0),
        {"sphere_1": ("sphere",), "sphere_2": ("sphere",)},
    ),
    "a shape inside another one": (SQUARE | DISC, dict.fromkeys(SQUARE.parts, ())),
    "side by side": (
        SQUARE | Box((1.0, 0.0), (2.0, 1.0)),
        {"x_min_1": ("x_min",), "y_min_1": ("y_min",), "y_max_1": ("y_max",)}
        | {"x_max_2": ("x_max",), "y_min_2": ("y_min",), "y_max_2": ("y_max",)},
    ),
    "with itself": (SQUARE & SQUARE, {f"{name}_1": (name,) for name in SQUARE.parts}),
    "four alike": (
        Ball((0.0, 0.0), 1.0) | Ball((1.0, 0.0), 1.0) | Ball((2.0, 0.0), 1.0) | Ball((3.0, 0.0), 1.0),
        {f"sphere_{i}": ("sphere",) for i in range(1, 5)},
    ),
    "a number that is taken": (
        (Ball((0.0, 0.0), 1.0) | Ball((1.0, 0.0), 1.0)).scaled(1.0) | Ball((2.0, 0.0), 1.0) | Ball((3.0, 0.0), 1.0),
        {"sphere_1": ("sphere",), "sphere_2_1": ("sphere_2", "sphere")}
        | {"sphere_2_2": ("sphere_2", "sphere"), "sphere_3": ("sphere",)},
    ),
    "a hole in what has one": (
        (SQUARE - DISC).scaled(1.0) - Ball((0.2, 0.2), 0.1),
        dict.fromkeys(SQUARE.parts, ()) | {"hole_1": ("holes",), "hole_2": ("holes",)},
    ),
    "on an interval": (Interval(0.0, 3.0) - Interval(1.0, 2.0), {"x_min": (), "x_max": ()} | {
        f"hole_1_{name}": ("hole_1", "holes") for name in ("x_min", "x_max")
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_and_groups(name: str) -> None:
    shape, expected = NAMES[name]
    assert {key: part.groups for key, part in shape.parts.items()} == expected


def test_a_half_space_cuts_a_ball_however_large_it_is() -> None:
    """The disk between the halves is 2e-5 of the face of the box."""
    half = Ball((0.0, 0.0, 0.0), 1.0) & Box((-200.0, -200.0, -400.0), (200.0, 200.0, 0.0))
    assert set(half.parts) == {"sphere", "z_max"}
    assert half.parts["z_max"].measure == pytest.approx(math.pi, rel=1e-3)


def test_a_group_selects_its_parts() -> None:
    wall = SQUARE - Box((0.4, 0.4), (0.6, 0.6)) - Ball((0.2, 0.2), 0.1)
    assert [part.name for part in wall.select("hole_1")] == [f"hole_1_{name}" for name in SQUARE.parts]
    assert len(wall.select("holes")) == 5


def test_the_normals_of_a_hole_point_into_it() -> None:
    points, normals = (SQUARE - DISC).parts["hole_1"].sample([[0.0], [0.25]])
    assert points == pytest.approx(np.array([[0.7, 0.5], [0.5, 0.7]]))
    assert normals == pytest.approx(np.array([[-1.0, 0.0], [0.0, -1.0]]))


VALUED = [
    ("balls leave smooth holes", SQUARE - DISC, {"x_min", "x_max", "y_min", "y_max", "hole_1"}),
    ("boxes do not", SQUARE - Box((0.4, 0.4), (0.6, 0.6)), {"x_min", "x_max", "y_min", "y_max"}),
    ("unions carry none", SQUARE | Ball((1.0, 0.5), 0.2), set()),
    ("an intersection all", SQUARE & Ball((0.0, 0.0), 0.5), {"x_min", "y_min", "sphere"}),
    ("a cut ring keeps its own", Annulus((0.0, 0.0), 1.0, 2.0) - Ball((2.0, 0.0), 0.5), {"inner", "outer", "hole_1"}),
]


@pytest.mark.parametrize(("shape", "expected"), [row[1:] for row in VALUED], ids=[row[0] for row in VALUED])
def test_which_parts_carry_values(shape: Shape, expected: set[str]) -> None:
    assert {name for name, part in shape.parts.items() if part.valued} == expected


def test_the_lift_of_constants_is_a_blend_by_inverse_distances() -> None:
    """On the line y = 1/2 at x = 0.8: phi = 4 * 0.8 * 0.2 * 1 on the sides, (q - 1) / (q + 1), q = 0.09 / 0.04."""
    walls, hole = 4 * 0.8 * 0.2, (0.09 / 0.04 - 1) / (0.09 / 0.04 + 1)
    data = dict.fromkeys(SQUARE.parts, Constant(2.0)) | {"hole_1": Constant(5.0)}
    value = (SQUARE - DISC).lift(tf.constant([[0.8, 0.5]], tf.float64), data).numpy()
    assert value == pytest.approx([(2.0 * hole + 5.0 * walls) / (walls + hole)], rel=1e-14)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_data_of_parts_that_cross_are_met_on_both_and_finite_where_they_cross(dtype: tf.DType) -> None:
    domain = SQUARE - Ball((1.0, 0.5), 0.3)
    both = tf.constant([[1.0, 0.8], [1.0, 0.2]], dtype)
    data = {"x_max": lambda p: p[:, 1], "hole_1": lambda p: p[:, 1]}
    assert domain.lift(both, data).numpy() == pytest.approx([0.8, 0.2], rel=1e-5)
    assert domain.vanishing(both, list(data)).numpy() == pytest.approx([0.0, 0.0], abs=1e-6)


def test_many_holes_keep_their_values_apart() -> None:
    """Each of 17 discs carries its own number, and the walls another one."""
    centers = [(2.5 * i - 5.0, 2.5 * j - 3.75) for i in range(5) for j in range(4)][:17]
    domain = Difference(Box((-8.0, -8.0), (8.0, 8.0)), [Ball(center, 0.8) for center in centers])
    data = {"x_min": Constant(-1.0)} | {f"hole_{i}": Constant(float(i)) for i in range(1, 18)}
    for name in ("x_min", "hole_1", "hole_9", "hole_17"):
        value = data[name]
        points, _ = domain.parts[name].sample(np.linspace(0.0, 1.0, 8)[:, None])
        for dtype, tolerance in ((tf.float32, 1e-4), (tf.float64, 1e-12)):
            lifted = domain.lift(tf.constant(points, dtype), data).numpy()
            assert lifted == pytest.approx(np.full(8, value.value), abs=tolerance)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9), st.floats(0.02, 0.3)), min_size=1, max_size=4))
def test_any_discs_leave_what_no_disc_covers(discs: list[tuple[float, float, float]]) -> None:
    """Membership is that of the definition, boundary points belong to the boundary, and the flux of (x, y) is twice the
    area (divergence theorem)."""
    domain = Difference(SQUARE, [Ball((x, y), r) for x, y, r in discs])
    points = np.random.default_rng(0).random((200, 2))
    free = [all(math.dist(p, (x, y)) >= r for x, y, r in discs) for p in points]
    assert domain.inside(points).tolist() == free
    assert domain.inside(domain.interior(points)).all()
    flux = 0.0
    for part in domain.parts.values():
        on_part, normals = part.sample((np.arange(1000)[:, None] + 0.5) / 1000)
        assert abs(domain.signed_distance(on_part)).max() < 1e-9
        flux += part.measure * np.sum(on_part * normals, axis=1).mean()
    assert flux == pytest.approx(2 * domain.measure, abs=2e-3)  # the midpoint rule, with steps where a part is cut


BAD: dict[str, tuple[Callable[[], object], type[Exception], str]] = {
    "empty intersection": (lambda: SQUARE & Ball((3.0, 3.0), 1.0), ValueError, "the intersection is empty: .*Move"),
    "boxes overlap, shapes do not": (
        lambda: Ball((0.0, 0.0), 1.0) & Ball((1.9, 1.9), 1.0),
        ValueError,
        "nothing is left of Intersection.*move or resize",
    ),
    "nothing left": (lambda: DISC - SQUARE, ValueError, "nothing is left of Difference.*move or resize"),
    "hole outside": (lambda: SQUARE - DISC - Ball((3.0, 0.0), 1.0), ValueError, "hole_2 lies outside .*move it inside"),
    "hole beyond a corner": (lambda: SQUARE - Ball((1.2, 1.2), 0.25), ValueError, "hole_1 lies outside"),
    "dimensions": (lambda: SQUARE - Ball((0.0, 0.0, 0.0), 1.0), ValueError, r"same axes, got \('x', 'y'\) and \('x'"),
    "no shape": (lambda: SQUARE | 3, TypeError, "Union takes shapes in space, .* got 3"),
    "time": (lambda: SQUARE | SQUARE.over(0.0, 1.0), TypeError, "Union takes shapes in space"),
    "a hole without a list": (
        lambda: Difference(SQUARE, DISC),
        TypeError,
        "Difference takes a sequence of shapes, got Ball",
    ),
    "no holes": (lambda: Difference(SQUARE, ()), ValueError, "Difference takes two shapes or more, got 1"),
    "part": (lambda: (SQUARE - DISC).select("hole_2"), ValueError, "'hole_2': choose from x_min, .*hole_1, holes, or"),
    "value on a square hole": (
        lambda: (SQUARE - Box((0.4, 0.4), (0.6, 0.6))).vanishing(tf.zeros([1, 2]), "hole_1"),
        ValueError,
        "no value can be exact on 'hole_1_x_min' of this shape: use a penalty",
    ),
}


@pytest.mark.parametrize(("call", "error", "match"), BAD.values(), ids=list(BAD))
def test_what_cannot_be_is_refused_with_the_remedy(call: Callable[[], object], error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        call()
