"""The case of products: a cylinder, whose coordinates across and along its axis are independent."""

from __future__ import annotations

import math

import numpy as np
from geometry_moments import Case, Part, ball_moments, box_moments, crossed, on_axis, sphere_part

from pinn.geometry import Ball, Interval

CENTER, RADIUS, BOTTOM, TOP = (0.3, -0.2), 0.7, -0.5, 1.0
_DISC, _LENGTH = ball_moments(CENTER, RADIUS), box_moments((BOTTOM,), (TOP,))
_CIRCLE = sphere_part(np.array(CENTER), RADIUS)
_SIDE = crossed(_CIRCLE, _LENGTH)

CYLINDER = Case(
    "cylinder",
    Ball(CENTER, RADIUS) * Interval(BOTTOM, TOP, axis="z"),
    crossed(_DISC, _LENGTH),
    {
        "sphere": Part(_SIDE.measure, _SIDE.mean, _SIDE.covariance, lambda p: _CIRCLE.off(p[:2])),
        "z_min": on_axis(crossed(_DISC, box_moments((BOTTOM,), (BOTTOM,))), 2, BOTTOM),
        "z_max": on_axis(crossed(_DISC, box_moments((TOP,), (TOP,))), 2, TOP),
    },
    lambda p: math.dist(p[:2], CENTER) <= RADIUS and BOTTOM <= p[2] <= TOP,
)

PRODUCT_CASES = (CYLINDER,)
