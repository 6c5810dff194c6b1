"""Parts that are named by a predicate: which become what, and messages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from geometry_named_cases import right_end

from pinn.geometry import Ball, Box, Interval

SQUARE = Box((0.0, 0.0), (2.0, 1.0))


def test_whole_parts_keep_their_names_and_divided_ones_become_two() -> None:
    shape = SQUARE.with_part("right", right_end)
    assert {name: part.groups for name, part in shape.parts.items()} == {
        "x_min": (),
        "x_max": ("right",),
        "y_min_right": ("y_min", "right"),
        "y_min_rest": ("y_min",),
        "y_max_right": ("y_max", "right"),
        "y_max_rest": ("y_max",),
    }
    assert [part.name for part in shape.select("right")] == ["x_max", "y_min_right", "y_max_right"]
    assert [part.name for part in shape.select("y_min")] == ["y_min_right", "y_min_rest"]
    assert {name for name, part in shape.parts.items() if part.valued} == {"x_min", "x_max"}
    assert shape.families == (("x_min", "x_max"),)


def test_names_can_follow_each_other() -> None:
    shape = SQUARE.with_part("top", lambda p: p.y > 1 - 1e-9).with_part("left", lambda p: p.x < 0.01)
    assert [part.name for part in shape.select("top")] == ["y_max_left", "y_max_rest"]
    assert [part.name for part in shape.select("left")] == ["x_min", "y_min_left", "y_max_left"]


def test_an_end_of_an_interval_can_be_named() -> None:
    shape = Interval(0.0, 1.0).with_part("outlet", lambda p: p.x > 0.5)
    assert [part.name for part in shape.select("outlet")] == ["x_max"]


def test_a_cap_of_a_sphere_has_its_area() -> None:
    """Archimedes: the area of a zone is 2 pi R h."""
    shape = Ball((0.0, 0.0, 0.0), 1.0).with_part("cap", lambda p: p.z + 0.3 * p.x > 0.8)
    (cap,) = shape.select("cap")
    height = 1 - 0.8 / np.hypot(1.0, 0.3)
    assert cap.measure == pytest.approx(2 * np.pi * height, rel=1e-3)
    points, _ = cap.sample(np.random.default_rng(0).random((500, cap.unit_dimension)))
    assert np.all(points[:, 2] + 0.3 * points[:, 0] > 0.8)


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "nothing": (lambda: SQUARE.with_part("top", lambda p: p.y > 2), "no point of the boundary belongs to .*'top'"),
    "taken": (lambda: SQUARE.with_part("y_max", lambda p: p.y > 0.9), "the name 'y_max' is taken"),
    "reserved": (lambda: SQUARE.with_part("boundary", lambda p: p.y > 0.9), "the name 'boundary' is taken"),
    "the rest": (lambda: SQUARE.with_part("rest", right_end), "the name 'rest' is taken"),
    "no axis": (lambda: SQUARE.with_part("top", lambda p: p.z > 0), "'top' cannot be answered: .*'z'; .* axes x, y"),
    "one answer": (lambda: SQUARE.with_part("top", lambda p: True), r"must answer once a point, .*got the shape \[\]"),
}


@pytest.mark.parametrize(("call", "match"), BAD.values(), ids=list(BAD))
def test_bad_names_are_refused_with_the_remedy(call: Callable[[], object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        call()
