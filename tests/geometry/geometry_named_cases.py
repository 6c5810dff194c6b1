"""Cases of shapes with named parts: a rectangle whose right end has a name, which divides two of its sides."""

from __future__ import annotations

from typing import Any

from geometry_moments import Case, box_moments, on_axis

from pinn.geometry import Box


def right_end(p: Any) -> Any:
    return p.x > 1.2


LOWER, UPPER = (0.0, -1.0), (2.0, 0.5)
NAMED_CASES = (
    Case(
        "rectangle_with_a_named_end",
        Box(LOWER, UPPER).with_part("right", right_end),
        box_moments(LOWER, UPPER),
        {
            "x_min": on_axis(box_moments((0.0, -1.0), (0.0, 0.5)), 0, 0.0),
            "x_max": on_axis(box_moments((2.0, -1.0), (2.0, 0.5)), 0, 2.0),
            "y_min_right": on_axis(box_moments((1.2, -1.0), (2.0, -1.0)), 1, -1.0),
            "y_min_rest": on_axis(box_moments((0.0, -1.0), (1.2, -1.0)), 1, -1.0),
            "y_max_right": on_axis(box_moments((1.2, 0.5), (2.0, 0.5)), 1, 0.5),
            "y_max_rest": on_axis(box_moments((0.0, 0.5), (1.2, 0.5)), 1, 0.5),
        },
        lambda p: 0.0 <= p[0] <= 2.0 and -1.0 <= p[1] <= 0.5,
        accuracy=1e-12,
    ),
)
