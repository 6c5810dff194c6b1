"""Shapes from descriptions: equal to those made in Python, and every mistake with its place."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pinn.geometry import Annulus, Ball, Box, Ellipsoid, Interval, Polygon, RegularPolygon, Shape, Simplex, shape_from

BALL: dict[str, Any] = {"type": "ball", "center": [0.5, 0.5], "radius": 0.2}
BOX: dict[str, Any] = {"type": "box", "lower": [0, 0], "upper": [2, 1]}

DESCRIBED: dict[str, tuple[dict[str, Any], Shape]] = {
    "interval": ({"type": "interval", "lower": 0, "upper": 1, "axis": "r"}, Interval(0, 1, axis="r")),
    "box": (BOX, Box((0, 0), (2, 1))),
    "ball": (BALL, Ball((0.5, 0.5), 0.2)),
    "annulus": ({"type": "annulus", "center": [0, 0], "inner": 1, "outer": 2}, Annulus((0, 0), 1, 2)),
    "ellipsoid": ({"type": "ellipsoid", "center": [0, 0], "radii": [2, 1]}, Ellipsoid((0, 0), (2, 1))),
    "polygon": (
        {"type": "polygon", "vertices": [[0, 0], [1, 0], [0, 1]], "holes": [[[0.1, 0.1], [0.3, 0.1], [0.1, 0.3]]]},
        Polygon([(0, 0), (1, 0), (0, 1)], [[(0.1, 0.1), (0.3, 0.1), (0.1, 0.3)]]),
    ),
    "simplex": ({"type": "simplex", "vertices": [[0, 0], [1, 0], [0, 1]]}, Simplex([(0, 0), (1, 0), (0, 1)])),
    "product": (
        {"type": "product", "of": [BALL, {"type": "interval", "lower": 0, "upper": 1, "axis": "z"}]},
        Ball((0.5, 0.5), 0.2) * Interval(0, 1, axis="z"),
    ),
    "regular": ({"type": "regular_polygon", "sides": 5, "radius": 2}, RegularPolygon(5, radius=2)),
    "hole": (BOX | {"difference": [BALL]}, Box((0, 0), (2, 1)) - Ball((0.5, 0.5), 0.2)),
    "union": ({"type": "union", "of": [BOX, BALL]}, Box((0, 0), (2, 1)) | Ball((0.5, 0.5), 0.2)),
    "intersection": ({"type": "intersection", "of": [BOX, BALL]}, Box((0, 0), (2, 1)) & Ball((0.5, 0.5), 0.2)),
    "moved": (
        BOX | {"translate": [1, 0], "rotate": math.pi / 6, "scale": 2},
        Box((0, 0), (2, 1)).scaled(2).rotated(math.pi / 6).translated((1, 0)),
    ),
    "turned in space": (
        {"type": "box", "lower": [0, 0, 0], "upper": [1, 1, 1], "rotate": {"angle": 0.5, "plane": ["y", "z"]}},
        Box((0,) * 3, (1,) * 3).rotated(0.5, plane=("y", "z")),
    ),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_description_is_the_shape(name: str) -> None:
    description, expected = DESCRIBED[name]
    assert shape_from(description) == expected


BAD: dict[str, tuple[Any, str]] = {
    "no mapping": ("ball", r"^shape: expected a description such as \{type: ball, ...\}; got 'ball'"),
    "no type": ({"radius": 1}, "^shape.type: a value is missing; expected one of interval, box, ball"),
    "type": ({"type": "bal"}, "^shape.type: expected one of .*; got 'bal'. Did you mean ball?"),
    "key": (
        BALL | {"radii": 1},
        "^shape.radii: unknown for ball; expected one of center, radius, .*Did you mean radius",
    ),
    "missing": ({"type": "ball", "center": [0, 0]}, "^shape.radius: a value is missing; ball needs center, radius"),
    "value": (BALL | {"radius": -1}, "^shape: radius must be greater than 0, got -1.0"),
    "text": (BALL | {"radius": "wide"}, "^shape: radius must be a real number, got 'wide'"),
    "hole": (
        BOX | {"difference": [BALL, BALL | {"radius": 0}]},
        r"^shape.difference\[1\]: radius must be greater than 0",
    ),
    "hole outside": (BOX | {"difference": [BALL | {"center": [9, 9]}]}, "^shape: hole_1 lies outside the shape"),
    "factors": ({"type": "product", "of": [BALL, BOX]}, "^shape: both factors have the axis 'x'"),
    "one factor": ({"type": "product", "of": [BALL]}, "^shape: a product takes two shapes or more, got 1"),
    "holes as one": (BOX | {"difference": BALL}, "^shape.difference: expected a list of shapes; got"),
    "empty": ({"type": "intersection", "of": [BOX, BALL | {"center": [9, 9]}]}, "^shape: the intersection is empty"),
    "nested": (
        {"type": "union", "of": [BOX, {"type": "union", "of": [BALL, {"type": "cube"}]}]},
        r"^shape.of\[1\].of\[1\].type: expected one of .*; got 'cube'",
    ),
    "polygon": (
        {"type": "polygon", "vertices": [[0, 0], [1, 1], [1, 0], [0, 1]]},
        "^shape: the outline must not cross",
    ),
    "move": (BOX | {"translate": [1]}, "^shape.translate: the offset must have 2 numbers"),
    "turn": (
        BOX | {"rotate": {"angle": 1, "axis": "z"}},
        r"^shape.rotate: expected an angle, or \{.*\}; got \{.*'axis'",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_said_with_its_place(name: str) -> None:
    description, match = BAD[name]
    with pytest.raises(ValueError, match=match):
        shape_from(description)
